//! Measures a plex of three processes on real disks, beside what the machine can do at all.
//!
//! **What it guarantees.** Every figure is a median, with the 99th percentile where there are enough of them, of
//! runs in this one process; the floor (a synced write, a round trip over loopback) is measured in the same run, so
//! that figures of different machines can be compared as ratios.
//!
//! **Its words.** The *floor* is what one synced write and one round trip cost. A *sample* is one timed operation.
//!
//! **What it leaves out.** Verdicts: it prints what it measured, and the target beside it.

#![allow(clippy::expect_used, reason = "a measurement that can't be made ends with why")]

mod activation;
mod client;
mod ddl;
mod floor;
mod sample;
mod source;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let wanted: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match wanted.split_first() {
        Some((&"activation", parts)) if parts.iter().all(|part| activation::PARTS.contains(part)) => {
            activation::measure(parts);
            ExitCode::SUCCESS
        }
        Some((&"ddl", files)) => {
            ddl::measure(files);
            ExitCode::SUCCESS
        }
        _ => {
            say("usage: cargo xtask bench ddl [FILE]... (or IMSPLEX_CORPUS=FOLDER)");
            say("       cargo xtask bench dli [SEGMENTS]");
            say("       cargo xtask bench utilities [MEGABYTES]");
            say(&format!("       cargo xtask bench activation [{}]...", activation::PARTS.join("|")));
            ExitCode::from(8)
        }
    }
}

/// One line of the report.
#[expect(clippy::print_stdout, reason = "the report is what it is for")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}
