//! What DBRC is told of a log.

#![allow(clippy::unwrap_used, reason = "what fails in the helpers of a test fails the test")]

mod support;

use logger::{CheckpointKind, Log, OldsUse};
use std::collections::BTreeMap;
use support::{Disks, append};
use vocabulary::Moment;

fn second(number: u64) -> Moment {
    Moment(1_356_113_770_000_000 + number * 1_000_000)
}

/// A record each second, each forced.
fn work(log: &Log, seconds: std::ops::RangeInclusive<u64>) {
    for number in seconds {
        log.tell(second(number));
        append(log, log.no_unit(), 300).unwrap();
        log.force_all().unwrap();
    }
}

fn written(log: &Log) -> Vec<OldsUse> {
    let told = log.inventory(&log.extents()).unwrap();
    told.oldses.into_iter().map(|(_, used)| used).filter(|used| *used != OldsUse::Free).collect()
}

#[test]
fn a_full_data_set_ends_where_the_next_one_begins_and_is_free_once_it_is_archived() {
    let disks = Disks::new(3, 4, 512);
    let log = disks.open(0).unwrap();
    work(&log, 10..=12);
    assert!(matches!(written(&log)[..], [OldsUse::Active { .. }]), "{:?}", written(&log));
    let before = log.extents();
    work(&log, 13..=13);
    assert_eq!(log.extents(), before, "nothing is told as long as the same one is written");
    work(&log, 14..=16);
    let [OldsUse::Full { stop, .. }, OldsUse::Active { since }] = written(&log)[..] else {
        panic!("{:?}", written(&log))
    };
    assert_eq!(stop, since);
    assert_ne!(log.extents(), before);
    assert!(log.archive().unwrap() && !log.archive().unwrap());
    let told = log.inventory(&log.extents()).unwrap();
    assert_eq!(told.archived.map(|(_, at)| at), Some(since));
    assert_eq!(written(&log), [OldsUse::Active { since }]);
}

#[test]
fn what_is_older_goes_as_far_as_no_restart_needs_it() {
    let disks = Disks::new(3, 4, 512);
    let log = disks.open(0).unwrap();
    work(&log, 10..=60);
    while log.archive().unwrap() {}
    assert_eq!(log.trim_older(second(30)).unwrap(), 0, "without a checkpoint a restart reads all of it");
    let begun = log.begin_checkpoint(CheckpointKind::Simple).unwrap();
    log.end_checkpoint(CheckpointKind::Simple, begun, begun, &BTreeMap::new(), Vec::new()).unwrap();
    assert!(log.trim_older(second(30)).unwrap() > 0);
    let first = log.inventory(&log.extents()).unwrap().first;
    assert!(first <= second(30) && first > second(20), "{first}");
    assert_eq!(log.trim_older(second(30)).unwrap(), 0);
    log.trim_older(second(1_000)).unwrap();
    let plan = logger::RestartPlan::of(&log).unwrap();
    assert_eq!(plan.start, begun, "a restart reads from its checkpoint on");
}
