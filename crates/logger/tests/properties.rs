//! Whatever is appended, forced, torn and lost: the log comes back with a beginning of what was appended, and with all
//! that was forced.

#![allow(clippy::unwrap_used, reason = "what fails in the helpers of a test fails the test")]

mod support;

use dasd::memory::Torn;
use logger::{Body, Change, DatabaseChange, IndexEntry, Log, LogError};
use proptest::prelude::*;
use std::sync::atomic::Ordering;
use support::{Disks, append, psb, records};
use vocabulary::{DbdName, LogSequence};

#[derive(Debug, Clone)]
enum Step {
    Append(usize),
    Force,
    Archive,
    /// Power for so many writes, then how far each copy had come.
    Crash(i64, [(usize, usize); 2]),
    /// A copy is replaced by an empty disk.
    Lose(usize, usize),
    /// The disks of the primaries, or of the secondaries, refuse everything from then on.
    Break(usize),
    /// They come back, with what they had, when the log is opened again.
    Mend,
}

fn any_step() -> impl Strategy<Value = Step> {
    let left = || (0usize..6, 0usize..600);
    prop_oneof![
        6 => (0usize..700).prop_map(Step::Append),
        3 => Just(Step::Force),
        1 => Just(Step::Archive),
        2 => (0i64..20, left(), left()).prop_map(|(power, one, two)| Step::Crash(power, [one, two])),
        1 => (0usize..3, 0usize..2).prop_map(|(olds, copy)| Step::Lose(olds, copy)),
        1 => (0usize..2).prop_map(Step::Break),
        1 => Just(Step::Mend),
    ]
}

/// What was appended by the test, as it can be read.
fn readable(log: &Log) -> Vec<(u64, usize)> {
    let all = records(log, 1).unwrap();
    assert!(all.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0), "sequences rise by one: {all:?}");
    all.into_iter().filter(|(_, kind, _)| *kind == (0x24, 0)).map(|(at, _, bytes)| (at, bytes)).collect()
}

fn run(steps: &[Step]) {
    let mut disks = Disks::new(3, 3, 512);
    let mut log = disks.open(0).unwrap();
    let (mut appended, mut forced) = (Vec::new(), 0);
    let mut broken = None;
    for step in steps {
        match *step {
            Step::Append(bytes) => {
                let sequence = append(&log, log.no_unit(), bytes).unwrap();
                appended.push((sequence.0, bytes));
            }
            Step::Force => {
                log.force_all().unwrap();
                forced = appended.len();
            }
            Step::Archive => drop(log.archive().unwrap()),
            Step::Crash(power, left) => {
                disks.power.store(power, Ordering::Relaxed);
                if log.force_all().is_ok() {
                    forced = appended.len();
                }
                drop(log);
                disks.crash_each(left.map(|(kept, torn)| (kept, Torn::After(torn))));
                log = disks.open(0).unwrap();
                let found = readable(&log);
                assert!(found.len() >= forced, "what was forced is there: {forced} of {found:?}");
                assert_eq!(
                    found,
                    appended[..found.len()],
                    "and nothing but a beginning of what was appended"
                );
                appended.truncate(found.len());
                forced = found.len();
            }
            Step::Break(copy) if broken.is_none() => {
                broken = Some(copy);
                disks.copies.iter().for_each(|pair| pair[copy].1.store(true, Ordering::Relaxed));
            }
            Step::Break(_) => {}
            Step::Mend => {
                log.force_all().unwrap();
                forced = appended.len();
                drop(log);
                broken = None;
                disks.copies.iter().flatten().for_each(|copy| copy.1.store(false, Ordering::Relaxed));
                log = disks.open(0).unwrap();
            }
            // Both copies of a pair may not be lost at once.
            Step::Lose(..) if broken.is_some() => {}
            Step::Lose(olds, copy) => {
                log.force_all().unwrap();
                forced = appended.len();
                drop(log);
                disks.replace(olds, copy);
                log = disks.open(0).unwrap();
            }
        }
    }
    log.force_all().unwrap();
    assert_eq!(readable(&log), appended);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_log_comes_back_with_a_beginning_that_has_all_that_was_forced(
        steps in prop::collection::vec(any_step(), 1..60),
    ) {
        run(&steps);
    }

    #[test]
    fn a_change_is_read_as_it_was_appended(
        kind in 0u8..8,
        (at, end, len, owner, block) in (0usize..32768, 0usize..32768, 0usize..32768, any::<u32>(), any::<u32>()),
        bytes in prop::collection::vec(any::<u8>(), 0..2000),
        before in prop::collection::vec(any::<u8>(), 0..2000),
        (more, takes_back) in (any::<bool>(), prop::option::of(any::<u64>().prop_map(LogSequence))),
    ) {
        let bytes = &bytes[..];
        let change = match kind {
            0 => Change::Put { at, bytes },
            1 => Change::Take { at, len },
            2 => Change::Release { at, len, owner },
            3 => Change::Retake { at, bytes },
            4 => Change::Image { bytes },
            5 => Change::Node { level: owner as u8 },
            6 => Change::Insert { at, end, bytes },
            _ => Change::Remove { at, end, len },
        };
        let (dbd, dd): (DbdName, _) = ("ACCTDB".parse().unwrap(), "ACCTDD".parse().unwrap());
        let change = DatabaseChange { dbd, dd, block, more, takes_back, change, before: &before };
        let entry = IndexEntry { dbd, added: more, takes_back, key: bytes, rba: block };
        let disks = Disks::new(3, 8, 512);
        let log = disks.open(0).unwrap();
        let first = log.append(log.no_unit(), &Body::Change(change)).unwrap();
        log.append(log.no_unit(), &Body::Index(entry)).unwrap();
        log.force_all().unwrap();
        let mut reader = log.read(first).unwrap();
        prop_assert_eq!(reader.next().unwrap().unwrap().body(), Some(Body::Change(change)));
        prop_assert_eq!(reader.next().unwrap().unwrap().body(), Some(Body::Index(entry)));
        prop_assert_eq!(reader.next().unwrap(), None);
    }
}

/// The last block is cut off at each of its bytes, on both copies or on one.
#[test]
fn a_tail_that_is_torn_at_any_byte_costs_nothing_that_was_forced() {
    for torn in 0..=512 {
        for other in [torn, 0, 512] {
            let disks = Disks::new(2, 4, 512);
            let log = disks.open(0).unwrap();
            for _ in 0..3 {
                append(&log, log.no_unit(), 100).unwrap();
            }
            log.force_all().unwrap();
            append(&log, log.no_unit(), 300).unwrap();
            // Both copies are written, and not synced.
            disks.power.store(2, Ordering::Relaxed);
            assert!(log.force_all().is_err());
            drop(log);
            disks.crash_each([(0, Torn::After(torn)), (0, Torn::After(other))]);
            let log = disks.open(0).unwrap();
            let found = readable(&log).len();
            // Behind the record the block is zeros, and so is what was never written.
            let whole = torn.max(other) >= 300;
            assert!(found == 3 || whole && found == 4, "{found} records after {torn} and {other} bytes");
            append(&log, log.no_unit(), 5).unwrap();
            log.force_all().unwrap();
            assert_eq!(readable(&log).len(), found + 1);
        }
    }
}

/// Units that force at the same moment share the work.
#[test]
fn many_units_share_a_force() {
    let disks = Disks::new(3, 1000, 512);
    let log = disks.open(0).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let sequence = append(&log, log.no_unit(), 10).unwrap();
                    log.force(sequence).unwrap();
                    assert!(log.is_forced(sequence));
                }
            });
        }
    });
    assert!(log.force_count() <= 400, "never more forces than units");
    assert_eq!(readable(&log).len(), 400);
    // What nobody waits for is written with what somebody waits for.
    let before = log.force_count();
    for _ in 0..99 {
        append(&log, log.no_unit(), 10).unwrap();
    }
    let last = append(&log, log.no_unit(), 10).unwrap();
    log.force(last).unwrap();
    log.force(LogSequence(last.0 - 50)).unwrap();
    assert_eq!(log.force_count(), before + 1, "one force for a hundred records");
}

#[test]
fn what_is_too_long_to_be_saved_is_refused_and_harms_nothing() {
    let disks = Disks::new(3, 3, 512);
    let log = disks.open(0).unwrap();
    let before = log.last();
    let long = vec![0; Log::SAVED_BYTES_MAX + 1];
    let refused = log.save_program(log.no_unit(), psb("LONG"), *b"TOO LONG", &long);
    assert!(matches!(refused, Err(LogError::TooLong { .. })));
    assert_eq!(log.last(), before);
    log.save_program(log.no_unit(), psb("LONG"), *b"NOT LONG", &long[..40_000]).unwrap();
    let saved = log.saved_program(psb("LONG"), None).unwrap().unwrap();
    assert_eq!((&saved.id, saved.bytes.len()), (b"NOT LONG", 40_000));
}
