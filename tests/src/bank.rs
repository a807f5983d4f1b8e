//! What most stories do with the sample bank: put it into the catalog, change it, look what is there.

use crate::{Cluster, Output};
use std::path::{Path, PathBuf};

/// Activates what is staged, everywhere.
pub const IMPORT: &str = "IMPORT DEFN SOURCE(CATALOG)";

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

impl Output {
    /// Fails the story unless it worked.
    pub fn well(&self) {
        assert_eq!(self.status, Some(0), "{}\n{}", self.stdout, self.stderr);
    }
}
