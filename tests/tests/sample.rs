//! The sample bank: what a newcomer's first plex is filled with has to be right.

use end_to_end::Binaries;
use std::path::{Path, PathBuf};
use std::process::Command;

fn sample(part: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../cluster-config/sample").join(part)
}

/// Compiles and builds everything below these paths, and says so in JSON.
fn acbgen(paths: &[&str]) {
    let mut ims = Command::new(&Binaries::for_stories().ims);
    ims.arg("acbgen").args(paths.iter().map(|path| sample(path)));
    let output = ims.output().unwrap_or_else(|error| panic!("ims could not be run: {error}"));
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{text}");
}

#[test]
fn the_sample_builds_without_a_finding() {
    acbgen(&["dbd", "psb"]);
}

#[test]
fn the_changed_definitions_build_with_those_that_stay() {
    let stay = ["dbd/BRANCH.dbd", "dbd/CUSTDB.dbd", "dbd/CUSTIX.dbd", "dbd/CUSTNX.dbd", "dbd/POSTING.dbd"];
    acbgen(&[&stay[..], &["psb/INQUIRY.psb", "change"]].concat());
}

#[test]
fn a_changed_program_builds_with_databases_that_stay() {
    acbgen(&["dbd", "psb/BATCHPST.psb", "psb/INQUIRY.psb", "change-psb"]);
}
