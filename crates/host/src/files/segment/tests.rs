//! Crashes, damage and want of room, on real files.

use super::{SegmentBounds, SegmentLog, file::segment_path, record::HEADER_BYTES};
use dasd::{DataSetError, LogSet, contract, memory::MemoryLogSet};
use proptest::prelude::*;
use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};
use tempfile::{TempDir, tempdir};

/// Small enough that a few dozen records fill several segments.
const SMALL: SegmentBounds = SegmentBounds { segment_bytes: 1024, cache_bytes: 200 };

fn open(folder: &Path) -> Result<SegmentLog, DataSetError> {
    SegmentLog::open(folder, SMALL)
}

fn content(log: &SegmentLog) -> Vec<String> {
    let records = log.read_range(log.first_position(), log.next_position(), usize::MAX).unwrap();
    records.into_iter().map(|record| String::from_utf8(record).unwrap()).collect()
}

/// A copy of the folder as it is, as a crash of the program would leave it.
fn copy(folder: &Path) -> TempDir {
    let copy = tempdir().unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    copy
}

/// A log with records 1 and 2 forced together, then 3 and 4 forced together; and the same before the second force.
fn two_forces() -> (TempDir, TempDir) {
    let folder = tempdir().unwrap();
    let mut log = open(folder.path()).unwrap();
    for record in ["first", "second"] {
        log.append(record.as_bytes()).unwrap();
    }
    log.force().unwrap();
    let before = copy(folder.path());
    for record in ["the third", "the last"] {
        log.append(record.as_bytes()).unwrap();
    }
    log.force().unwrap();
    (folder, before)
}

fn first_segment(folder: &Path) -> PathBuf {
    segment_path(folder, 1)
}

#[test]
fn a_segment_log_keeps_the_contract() {
    let folder = tempdir().unwrap();
    contract::log_set(|| open(folder.path()).unwrap());
}

#[test]
fn a_log_of_one_large_segment_keeps_it_too() {
    let folder = tempdir().unwrap();
    let bounds = SegmentBounds { segment_bytes: 1 << 20, cache_bytes: 1 << 20 };
    contract::log_set(|| SegmentLog::open(folder.path(), bounds).unwrap());
}

#[test]
fn a_tail_torn_at_any_byte_while_it_was_written_is_cleared() {
    let (after, before) = two_forces();
    let (old, new) =
        (fs::read(first_segment(before.path())).unwrap(), fs::read(first_segment(after.path())).unwrap());
    let changed: Vec<_> = (0..new.len()).filter(|&at| old[at] != new[at]).collect();
    let (from, until) = (changed[0] - 3, changed[changed.len() - 1] + 1);
    for torn in from..until {
        let crashed = copy(before.path());
        let mut bytes = old.clone();
        bytes[from..torn].copy_from_slice(&new[from..torn]);
        fs::write(first_segment(crashed.path()), &bytes).unwrap();
        let mut log = open(crashed.path()).unwrap();
        let whole = if torn < from + HEADER_BYTES + "the third".len() { 2 } else { 3 };
        assert_eq!(log.next_position(), whole + 1, "torn at {torn}");
        log.append(b"new").unwrap();
        log.force().unwrap();
        drop(log);
        assert_eq!(content(&open(crashed.path()).unwrap()).last().unwrap(), "new", "torn at {torn}");
    }
}

#[test]
fn a_tail_whose_later_half_reached_the_disk_first_is_cleared() {
    let (after, before) = two_forces();
    let mut bytes = fs::read(first_segment(after.path())).unwrap();
    let third = bytes.windows(9).position(|window| window == b"the third").unwrap();
    bytes[third - HEADER_BYTES..third + 9].fill(0);
    fs::write(first_segment(before.path()), &bytes).unwrap();
    let mut log = open(before.path()).unwrap();
    assert_eq!(content(&log), ["first", "second"]);
    log.append(b"the other").unwrap();
    log.force().unwrap();
    drop(log);
    let log = open(before.path()).unwrap();
    assert_eq!(content(&log), ["first", "second", "the other"], "the lost record's successor stays away");
}

#[test]
fn a_bit_flipped_in_any_forced_record_is_damage_and_deletes_nothing() {
    let (folder, _) = two_forces();
    let good = fs::read(first_segment(folder.path())).unwrap();
    let end = good.iter().rposition(|&byte| byte != 0).unwrap() + 1;
    for at in 0..end {
        let mut bytes = good.clone();
        bytes[at] ^= 0x10;
        fs::write(first_segment(folder.path()), &bytes).unwrap();
        let error = open(folder.path()).map(|_| at).unwrap_err().to_string();
        assert!(error.contains("00000000000000000001.log, offset "), "{error}");
        assert_eq!(fs::read(first_segment(folder.path())).unwrap(), bytes);
    }
}

#[test]
fn without_the_mark_damage_is_still_known_by_what_was_written_later() {
    let (folder, _) = two_forces();
    fs::remove_file(folder.path().join("forced")).unwrap();
    let mut bytes = fs::read(first_segment(folder.path())).unwrap();
    let second = bytes.windows(6).position(|window| window == b"second").unwrap();
    bytes[second] ^= 1;
    fs::write(first_segment(folder.path()), &bytes).unwrap();
    assert!(matches!(open(folder.path()), Err(DataSetError::Corrupt { .. })));
}

#[test]
fn a_missing_segment_in_the_middle_is_damage() {
    let folder = tempdir().unwrap();
    let mut log = open(folder.path()).unwrap();
    for _ in 0..60 {
        log.append(&[7; 100]).unwrap();
    }
    log.force().unwrap();
    drop(log);
    fs::remove_file(segment_path(folder.path(), 3)).unwrap();
    let error = open(folder.path()).map(drop).unwrap_err();
    assert!(error.to_string().contains("is missing"), "{error}");
}

#[test]
fn a_newer_segment_format_is_refused_with_advice() {
    let (folder, _) = two_forces();
    let mut bytes = fs::read(first_segment(folder.path())).unwrap();
    bytes[9] += 1;
    fs::write(first_segment(folder.path()), &bytes).unwrap();
    let error = open(folder.path()).map(drop).unwrap_err();
    assert!(error.to_string().contains("use the release that wrote it"), "{error}");
}

#[test]
fn a_record_longer_than_a_segment_gets_one_of_its_own() {
    let folder = tempdir().unwrap();
    let mut log = open(folder.path()).unwrap();
    log.append(b"short").unwrap();
    log.append(&[1; 5000]).unwrap();
    log.append(b"after").unwrap();
    log.force().unwrap();
    drop(log);
    let log = open(folder.path()).unwrap();
    assert_eq!(log.read(2).unwrap().unwrap().len(), 5000);
    assert_eq!(log.read(3).unwrap().unwrap(), b"after");
}

#[test]
fn a_full_disk_refuses_and_the_log_goes_on_once_there_is_room() {
    let folder = tempdir().unwrap();
    let mut log = open(folder.path()).unwrap();
    // Every attempt to make the next segment writes to a device that is always full.
    let making = folder.path().join("spare.new");
    let mut accepted = 0;
    let refused = loop {
        if !making.exists() && !folder.path().join("spare").exists() {
            let _ = symlink("/dev/full", &making);
        }
        match log.append(&[3; 90]) {
            Ok(position) => accepted = position,
            Err(refused) => break refused,
        }
    };
    assert!(matches!(refused, DataSetError::Full { .. }), "{refused}");
    assert_eq!(log.next_position(), accepted + 1);
    log.force().unwrap();
    assert_eq!(log.append(&[3; 90]).unwrap(), accepted + 1, "the link is gone, and there is room");
    log.force().unwrap();
    drop(log);
    assert_eq!(open(folder.path()).unwrap().next_position(), accepted + 2);
}

#[test]
fn after_a_failed_sync_the_log_and_its_readers_refuse_everything() {
    let folder = tempdir().unwrap();
    let mut log = open(folder.path()).unwrap();
    let reader = log.reader();
    log.append(b"one").unwrap();
    // What can be written and not synced.
    log.replace_current_file(fs::OpenOptions::new().write(true).open("/dev/null").unwrap());
    assert!(matches!(log.force(), Err(DataSetError::Io { .. })));
    assert!(matches!(log.append(b"two"), Err(DataSetError::Poisoned { .. })));
    assert!(matches!(log.force(), Err(DataSetError::Poisoned { .. })));
    assert!(matches!(log.truncate_after(0), Err(DataSetError::Poisoned { .. })));
    assert!(matches!(reader.read(1), Err(DataSetError::Poisoned { .. })));
}

#[test]
fn readers_see_records_before_they_are_forced_and_after_they_left_the_cache() {
    let folder = tempdir().unwrap();
    let mut log = open(folder.path()).unwrap();
    let reader = log.reader();
    for position in 1..=50u64 {
        log.append(&[position as u8; 50]).unwrap();
        assert_eq!(reader.read(position).unwrap(), Some(vec![position as u8; 50]));
    }
    log.force().unwrap();
    for position in 1..=50u64 {
        assert_eq!(reader.read(position).unwrap(), Some(vec![position as u8; 50]));
    }
}

/// What a program can do with a log.
#[derive(Debug, Clone)]
enum Step {
    Append(usize),
    Force,
    Truncate(u64),
    Discard(u64),
    /// The program ends without notice, and is started again.
    Kill,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0usize..300).prop_map(Step::Append),
        3 => Just(Step::Force),
        1 => (0u64..12).prop_map(Step::Truncate),
        1 => (0u64..12).prop_map(Step::Discard),
        1 => Just(Step::Kill),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// Invariant: whatever is done, the log holds what the log in memory holds. Wherever the program is killed it
    /// keeps all that was forced, and of the rest nothing or the first part.
    #[test]
    fn the_log_behaves_as_the_one_in_memory(steps in prop::collection::vec(step(), 1..60)) {
        let folder = tempdir().unwrap();
        let mut log = open(folder.path()).unwrap();
        let (mut model, mut forced_next) = (MemoryLogSet::new(), 1);
        for (at, step) in steps.into_iter().enumerate() {
            match step {
                Step::Append(bytes) => {
                    let record = vec![at as u8; bytes];
                    prop_assert_eq!(log.append(&record), model.append(&record));
                }
                Step::Force => {
                    log.force().unwrap();
                    model.force().unwrap();
                    forced_next = model.next_position();
                }
                Step::Truncate(back) => {
                    let after = model.next_position().saturating_sub(back).max(model.first_position()) - 1;
                    log.truncate_after(after).unwrap();
                    model.truncate_after(after).unwrap();
                    forced_next = model.next_position();
                }
                Step::Discard(on) => {
                    let before = model.first_position() + on;
                    log.discard_before(before).unwrap();
                    model.discard_before(before).unwrap();
                    forced_next = forced_next.max(before);
                }
                Step::Kill => {
                    drop(log);
                    log = open(folder.path()).unwrap();
                    let kept = log.next_position().checked_sub(forced_next);
                    prop_assert!(kept.is_some(), "{} were forced, {} are left", forced_next, log.next_position());
                    model.crash(kept.unwrap_or(0));
                    forced_next = model.next_position();
                }
            }
            prop_assert_eq!(log.next_position(), model.next_position());
            for position in model.first_position()..model.next_position() {
                prop_assert_eq!(log.read(position).unwrap(), model.read(position).unwrap());
            }
        }
    }
}
