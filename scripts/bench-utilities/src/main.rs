//! Measures the utilities on a database of so many megabytes beside the bandwidth of the disk.
//!
//! **What it guarantees.** Each utility is the real `ims`, from its start to its end; what it writes is synced by then. What it reads is
//! not in memory when it begins. The bandwidth of the disk is measured in the same run, with as many bytes as the data sets
//! have, before and after: written one behind the other and synced, and read.
//!
//! **Its words.** A megabyte is 1,000,000 bytes. The *size* is that of the data sets of the database, and every rate is that size
//! by the time of the utility, whatever else it reads or writes.
//!
//! **What it leaves out.** Verdicts. A machine that does something else meanwhile gives figures that mean nothing.

#![allow(clippy::expect_used, reason = "a measurement that can't be made ends with why")]

mod database;
mod disk;
mod haldb;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

/// Megabytes where nobody says so.
const MEGABYTES: u64 = 1000;
/// The fewest that mean something.
const MEGABYTES_MIN: u64 = 10;
/// Roots that are changed between copy and recovery.
const CHANGES: usize = 20_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let megabytes = match arguments.as_slice() {
        [] => Some(MEGABYTES),
        [megabytes] => megabytes.parse().ok(),
        _ => None,
    };
    match megabytes.filter(|&megabytes| megabytes >= MEGABYTES_MIN) {
        Some(megabytes) => {
            measure(megabytes);
            ExitCode::SUCCESS
        }
        None => {
            say(&format!("usage: cargo xtask bench utilities [MEGABYTES, {MEGABYTES_MIN} at least]"));
            ExitCode::from(8)
        }
    }
}

fn measure(megabytes: u64) {
    let place = tempfile::tempdir_in(".").expect("a folder");
    haldb::measure(place.path(), megabytes * 1_000_000);
    let bench = Bench { folder: place.path().to_path_buf(), ims: beside("ims") };
    let roots = database::load(&bench.data(), megabytes * 1_000_000);
    std::fs::write(bench.folder.join("source"), database::SOURCE).expect("room");
    std::fs::write(bench.folder.join("deck"), database::changes(roots, CHANGES)).expect("room");
    let bytes = bench.bytes();
    say(&format!("a HIDAM database of {} MB, a root with ten children each", bytes / 1_000_000));
    disk::measure(&bench.folder, bytes);
    let database = ["--database", "BENCHDB"];
    bench.run("unload", &[&database[..], &["--output", "unload"]].concat(), bytes);
    bench.run("reload", &[&database[..], &["--input", "unload"]].concat(), bytes);
    bench.run("copy", &[&database[..], &["--output", "copies"]].concat(), bytes);
    bench.run("check", &database, bytes);
    bench.change();
    bench.run("accumulate", &["--output", "accumulation"], bytes);
    let copies = bench.copies();
    let images: Vec<&str> = std::iter::once("--image").chain(copies.iter().map(String::as_str)).collect();
    bench.run("recover", &images, bytes);
    bench.run("recover", &[&images[..], &["--accumulation", "accumulation"]].concat(), bytes);
    disk::measure(&bench.folder, bytes);
}

struct Bench {
    folder: PathBuf,
    ims: PathBuf,
}

impl Bench {
    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Bytes of the data sets.
    fn bytes(&self) -> u64 {
        let length = |dd: &str| std::fs::metadata(self.data().join(dd)).expect("a data set").len();
        database::DATA_SETS.iter().map(|dd| length(dd)).sum()
    }

    fn copies(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.join("copies")).expect("the copies");
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("a copy").file_name();
        entries.map(|entry| format!("copies/{}", name(entry).to_string_lossy())).collect()
    }

    fn command(&self, utility: &str) -> Command {
        let mut ims = Command::new(&self.ims);
        ims.arg(utility).args(["--data", "data", "--dbd", "source"]).current_dir(&self.folder);
        ims.stdout(Stdio::null()).stderr(Stdio::null());
        ims
    }

    fn run(&self, utility: &str, arguments: &[&str], bytes: u64) {
        disk::forget(&self.folder);
        let begun = Instant::now();
        let status = self.command(utility).args(arguments).status().expect("the utility");
        let seconds = begun.elapsed().as_secs_f64();
        assert!(status.success(), "{utility} {arguments:?}: {status}");
        let rate = bytes as f64 / 1e6 / seconds;
        let with = if arguments.contains(&"--accumulation") { " with accumulation" } else { "" };
        say(&format!("{:<28} {rate:>8.1} MB/s {seconds:>8.2} s", format!("{utility}{with}")));
    }

    /// Changes the database, so that a recovery has something to do.
    fn change(&self) {
        let arguments = ["--psb", "CHANGER", "--psb-source", "source", "--input", "deck"];
        let status = self.command("ddlt0").args(arguments).status().expect("the test program");
        assert!(status.success(), "the changes: {status}");
    }
}

/// Another program that was built with this one.
fn beside(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("this program");
    own.parent().unwrap_or(Path::new(".")).join(name)
}

/// One line of the report.
#[expect(clippy::print_stdout, reason = "the report is what it is for")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}
