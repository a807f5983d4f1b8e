//! Measures the DL/I engine beside SQLite, LMDB and redb at the same work, through the schema that comes naturally to each.
//!
//! **What it guarantees.** All stores do the same work in one process, one after the other, in each of five runs; every
//! figure is the median of these. What is durable is synced. The floor, a synced write, is measured in the same runs.
//!
//! **Its words.** The *work* is a number of segments of 100 bytes, a root with ten children. A *unit* is ten gets, or one
//! replacement and one insertion with a durable commit.
//!
//! **What it leaves out.** Verdicts: it prints what it measured, and the target beside it. A machine that does something else
//! meanwhile gives figures that mean nothing.

#![allow(clippy::expect_used, reason = "a measurement that can't be made ends with why")]

mod dli_store;
mod floor;
mod keyed;
mod measure;
mod sqlite;
mod work;

use measure::Part;
use std::process::ExitCode;
use work::Work;

/// How many segments there are where nobody says so.
const SEGMENTS: u32 = 1_000_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let wanted = match arguments.as_slice() {
        [] => Some((SEGMENTS, Part::All)),
        [segments] => segments.parse().ok().zip(Some(Part::All)),
        [segments, part] => segments.parse().ok().zip(Part::of(part)),
        _ => None,
    };
    match wanted.filter(|&(segments, _)| segments >= work::SEGMENTS_MIN) {
        Some((segments, part)) => {
            measure::measure(&Work::new(segments), part);
            ExitCode::SUCCESS
        }
        None => {
            say(&format!(
                "usage: cargo xtask bench dli [SEGMENTS, {} at least [reads|commits]]",
                work::SEGMENTS_MIN
            ));
            ExitCode::from(8)
        }
    }
}

/// One line of the report.
#[expect(clippy::print_stdout, reason = "the report is what it is for")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// What is under way.
#[expect(clippy::print_stderr, reason = "whoever waits wants to know for what")]
pub(crate) fn progress(line: &str) {
    eprintln!("{line}");
}
