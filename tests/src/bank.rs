//! What most stories do with the sample bank: put it into the catalog, change it, look what is there.

use crate::{Cluster, Output};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Activates what is staged, everywhere.
pub const IMPORT: &str = "IMPORT DEFN SOURCE(CATALOG)";

/// What members say of the databases of the sample that can't be opened: their access methods and indexes are none that there
/// are. Programs run without them.
pub const NOT_OPENED: &str = "DFS730E";

/// A part of the sample: `dbd`, `psb`, `change`.
pub fn sample(part: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../cluster-config/sample").join(part)
}

impl Cluster {
    /// Puts the sample bank into the empty catalog, active at once.
    pub fn set_up_bank(&self) {
        self.populate("setup", &[sample("dbd"), sample("psb")]).well();
    }

    /// Stages the change of the sample bank: a DBD and two PSBs.
    pub fn stage_change(&self) {
        self.populate("stage", &[sample("change")]).well();
    }

    /// Stages so many databases of a hundred fields each, other than those of every other generation, with what `spoc`
    /// is given before that. They are what fills a log.
    pub fn stage_bulk(&self, before: &[&str], count: usize, generation: usize) -> Output {
        let folder = self.layout().folder.join(format!("bulk-{generation}"));
        let written = write_bulk(&folder, count, generation);
        written.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let stage = ["populate", "--mode", "stage", "--delete"].into_iter();
        self.spoc(before.iter().copied().chain(stage).map(Into::into).chain([folder]))
    }

    /// Puts source into the catalog.
    pub fn populate(&self, mode: &str, paths: &[PathBuf]) -> Output {
        let arguments = ["populate", "--mode", mode].map(Into::into).into_iter();
        self.spoc(arguments.chain(paths.iter().cloned()))
    }

    /// The rows of an answer, whatever its codes.
    pub fn rows(&self, arguments: &[&str]) -> Vec<serde_json::Value> {
        let output = self.spoc(["--output", "json"].iter().chain(arguments));
        let answer = output.json();
        let rows = answer["rows"].as_array();
        rows.unwrap_or_else(|| panic!("no rows: {}\n{}", output.stdout, output.stderr)).clone()
    }

    /// The timestamp of the active instance of a program, as each member has it in its directory.
    pub fn program_stamps(&self, program: &str) -> Vec<(String, String)> {
        let rows = self.rows(&[&format!("QUERY PGM NAME({program}) SHOW(DEFN)")]);
        let text =
            |row: &serde_json::Value, column: &str| row[column].as_str().unwrap_or_default().to_string();
        rows.iter().map(|row| (text(row, "MbrName"), text(row, "TimeStamp"))).collect()
    }

    /// The member that leads, as QUERY MEMBER tells.
    pub fn master(&self) -> String {
        let answer = self.spoc(["--output", "json", "QUERY MEMBER TYPE(IMS)"]).json();
        answer["master"].as_str().unwrap_or_default().to_string()
    }

    /// The same as one member sees it.
    pub fn master_seen_by(&self, member: &str) -> String {
        let answer = self.spoc(["--member", member, "--output", "json", "QUERY MEMBER TYPE(IMS)"]).json();
        answer["master"].as_str().unwrap_or_default().to_string()
    }

    /// The status words of a member that is asked alone, whether or not others can be reached.
    pub fn status_from(&self, member: &str) -> String {
        let query = format!("QUERY MEMBER TYPE(IMS) SHOW(STATUS) ROUTE({member})");
        self.spoc(["--member", member, "--wait", "10", &query]).stdout
    }

    /// The status words of a member, as QUERY MEMBER tells.
    pub fn status_of(&self, member: &str) -> String {
        let rows = self.rows(&["QUERY MEMBER TYPE(IMS) SHOW(STATUS)"]);
        let local = rows.iter().find(|row| row["MbrName"] == member && row["LclStat"].is_string());
        local.map(|row| row["LclStat"].as_str().unwrap_or_default().to_string()).unwrap_or_default()
    }
}

fn write_bulk(folder: &Path, count: usize, generation: usize) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for number in 0..count {
        let mut text = format!(
            "         DBD   NAME=B{number:05},ACCESS=(HDAM,OSAM),RMNAME=(DFSHDC40,1,{})\n         \
             DATASET DD1=B{number:05}D,DEVICE=3390,SIZE=(4096)\n         \
             SEGM  NAME=ROOT,PARENT=0,BYTES=1000\n         FIELD NAME=(KEY,SEQ,U),BYTES=10,START=1\n",
            generation + 1
        );
        for field in 1..100 {
            text += &format!("         FIELD NAME=F{field:05},BYTES=10,START={}\n", 10 * field + 1);
        }
        text += "         DBDGEN\n         FINISH\n         END\n";
        fs::write(folder.join(format!("B{number:05}.dbd")), text)?;
    }
    Ok(())
}

impl Output {
    /// Fails the story unless it worked.
    pub fn well(&self) {
        assert_eq!(self.status, Some(0), "{}\n{}", self.stdout, self.stderr);
    }
}
