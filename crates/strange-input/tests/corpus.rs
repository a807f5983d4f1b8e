//! Every input that was ever worth keeping is read by its door.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use strange_input::DOORS;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.flatten().map(|entry| entry.path()).collect()
}

fn names(folder: &Path) -> BTreeSet<String> {
    let stem = |path: PathBuf| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    files(folder).into_iter().filter_map(stem).collect()
}

fn read_all(door: &str) {
    let mut count = 0;
    for path in files(&fuzz().join("corpus").join(door)) {
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let read = std::panic::catch_unwind(|| strange_input::read(door, &bytes));
        assert!(read.is_ok(), "{} breaks a promise", path.display());
        count += 1;
    }
    assert!(count > 0, "the corpus of {door} is empty");
}

#[test]
fn every_door_has_a_corpus_and_a_fuzzer_and_there_are_no_others() {
    let doors: BTreeSet<String> = DOORS.iter().map(|door| door.name.to_string()).collect();
    assert_eq!(names(&fuzz().join("corpus")), doors);
    assert_eq!(names(&fuzz().join("fuzz_targets")), doors);
}

#[test]
fn every_input_of_macros_is_read() {
    read_all("macros");
}

#[test]
fn every_input_of_ddl_is_read() {
    read_all("ddl");
}

#[test]
fn every_input_of_commands_is_read() {
    read_all("commands");
}

#[test]
fn every_input_of_frames_is_read() {
    read_all("frames");
}

#[test]
fn every_input_of_messages_is_read() {
    read_all("messages");
}

#[test]
fn every_input_of_the_log_is_read() {
    read_all("log");
}

#[test]
fn every_input_of_snapshots_is_read() {
    read_all("snapshot");
}

#[test]
fn every_input_of_the_configuration_is_read() {
    read_all("configuration");
}
