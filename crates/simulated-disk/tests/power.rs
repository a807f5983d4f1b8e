//! What is left of files when power is lost.

#![allow(clippy::unwrap_used, reason = "what fails in the helpers of a test fails the test")]

use proptest::prelude::*;
use simulated_disk::fs::{self, File, OpenOptions};
use simulated_disk::{fail_syncs, lie, lose_power, lose_power_after, mount, power_up};
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

fn disk(seed: u64) -> PathBuf {
    let root = PathBuf::from("/disk");
    mount(&root, seed);
    root
}

fn crash(root: &Path) {
    lose_power(root);
    power_up(root);
}

fn synced(path: &Path, content: &[u8]) -> File {
    let mut file = File::create(path).unwrap();
    file.write_all(content).unwrap();
    file.sync_all().unwrap();
    File::open(path.parent().unwrap()).unwrap().sync_all().unwrap();
    file
}

#[test]
fn what_was_synced_is_there_and_open_files_are_at_their_end() {
    let root = disk(1);
    let file = synced(&root.join("kept"), b"content");
    crash(&root);
    assert_eq!(fs::read(root.join("kept")).unwrap(), b"content");
    assert!(file.write_all_at(b"x", 0).is_err());
    assert!(file.sync_all().is_err());
}

#[test]
fn a_disk_without_power_opens_nothing() {
    let root = disk(1);
    drop(synced(&root.join("kept"), b"content"));
    lose_power(&root);
    assert!(File::open(root.join("kept")).is_err());
    assert!(fs::remove_file(root.join("kept")).is_err());
}

#[test]
fn a_name_that_was_not_synced_may_be_the_old_one() {
    let outcomes: Vec<bool> = (0..50)
        .map(|seed| {
            let root = disk(seed);
            drop(synced(&root.join("old"), b"content"));
            fs::rename(root.join("old"), root.join("new")).unwrap();
            crash(&root);
            let names: Vec<_> = fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).collect();
            assert_eq!(names.len(), 1);
            assert_eq!(fs::read(&names[0]).unwrap(), b"content");
            names[0].ends_with("new")
        })
        .collect();
    assert!(outcomes.contains(&true) && outcomes.contains(&false));
}

#[test]
fn a_file_goes_on_under_another_name_and_under_none() {
    let root = disk(1);
    let mut file = OpenOptions::new().read(true).write(true).create(true).open(root.join("one")).unwrap();
    fs::rename(root.join("one"), root.join("other")).unwrap();
    file.write_all(b"abc").unwrap();
    assert_eq!(fs::read(root.join("other")).unwrap(), b"abc");
    fs::remove_file(root.join("other")).unwrap();
    file.write_all_at(b"x", 1).unwrap();
    let mut content = [0; 3];
    file.read_exact_at(&mut content, 0).unwrap();
    assert_eq!((&content, file.metadata().unwrap().len()), (b"axc", 3));
    assert_eq!((&file).read(&mut content).unwrap(), 0);
}

#[test]
fn a_sync_that_fails_keeps_nothing_and_one_that_lies_neither() {
    for (spoil, told) in [(fail_syncs as fn(&Path), false), (lie, true)] {
        let lost = (0..50).any(|seed| {
            let root = disk(seed);
            let file = synced(&root.join("file"), b"old");
            spoil(&root);
            file.write_all_at(b"new", 0).unwrap();
            assert_eq!(file.sync_all().is_ok(), told);
            crash(&root);
            fs::read(root.join("file")).unwrap() == b"old"
        });
        assert!(lost);
    }
}

#[test]
fn power_fails_in_the_midst_of_what_is_written() {
    let root = disk(1);
    let file = synced(&root.join("file"), b"old");
    lose_power_after(&root, 2);
    file.write_all_at(b"new", 0).unwrap();
    file.sync_all().unwrap();
    assert!(file.write_all_at(b"lost", 0).is_err());
    assert!(File::open(root.join("file")).is_err());
    crash(&root);
    assert_eq!(fs::read(root.join("file")).unwrap(), b"new");
}

proptest! {
    /// Each sector of a write that was not synced is the old one or the new one, whole.
    #[test]
    fn a_write_is_torn_between_sectors(seed: u64, at in 0usize..3_000, length in 1usize..4_000) {
        let root = disk(seed);
        let file = synced(&root.join("file"), &[1; 8_192]);
        file.write_all_at(&vec![2; length], at as u64).unwrap();
        crash(&root);
        let content = fs::read(root.join("file")).unwrap();
        for (nth, sector) in content.chunks(512).enumerate() {
            let written: Vec<u8> = (nth * 512..nth * 512 + sector.len())
                .filter(|place| (at..at + length).contains(place))
                .map(|place| content[place])
                .collect();
            prop_assert!(written.iter().all(|byte| *byte == written[0]));
        }
    }
}
