//! The audit record: within its bounds, without copies, and the same after a restart.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use csl::om::{OperatorRole, ReasonCode, ReturnCode};
use plex::{AuditBound, AuditBounds, AuditClass, AuditRecord, Plex, PlexChange};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use vocabulary::encoding::DecodeError;
use vocabulary::{MemberName, Moment};

const CLASSES: [AuditClass; 2] = [AuditClass::Change, AuditClass::Query];

fn member(name: &str) -> MemberName {
    MemberName::new(name).unwrap()
}

fn formed() -> Plex {
    let mut plex = Plex::default();
    let members = BTreeMap::from([(member("IMS1"), (1, "ims1.example:4000".to_string()))]);
    let form =
        PlexChange::Form { plex: "PLEX1".parse().unwrap(), id: 7, shared: true, members, at: Moment(1) };
    plex.apply(form).0.unwrap();
    plex
}

fn record(entry: &str, number: u64, class: AuditClass, command: &str) -> AuditRecord {
    AuditRecord {
        number,
        at: Moment(1_000_000 * number),
        user: "alice".to_string(),
        role: OperatorRole::Administer,
        address: "192.0.2.1:40000".to_string(),
        entry: member(entry),
        class,
        verb: "UPDATE".to_string(),
        command: command.to_string(),
        rc: ReturnCode::OK,
        rsn: ReasonCode::NONE,
        took_ms: 3,
    }
}

fn bounds(records: u64, bytes: u64) -> AuditBounds {
    let bound = AuditBound { records, bytes };
    AuditBounds { changes: bound, queries: bound }
}

fn audit(entry: &str, run: u64, records: Vec<AuditRecord>, bounds: AuditBounds) -> PlexChange {
    PlexChange::Audit { member: member(entry), run, records, bounds }
}

fn commands(plex: &Plex, class: AuditClass) -> Vec<String> {
    plex.audit().of(class).map(|record| record.command.clone()).collect()
}

#[test]
fn queries_push_no_change_out() {
    let mut plex = formed();
    let bounds = bounds(2, 1 << 20);
    let import = record("IMS1", 1, AuditClass::Change, "IMPORT");
    let queries =
        (2..100).map(|number| record("IMS1", number, AuditClass::Query, &format!("QUERY {number}")));
    let records = std::iter::once(import).chain(queries).collect();
    plex.apply(audit("IMS1", 5, records, bounds)).0.unwrap();
    assert_eq!(commands(&plex, AuditClass::Change), ["IMPORT"]);
    assert_eq!(commands(&plex, AuditClass::Query), ["QUERY 98", "QUERY 99"]);
}

#[test]
fn a_batch_that_comes_late_from_an_earlier_run_is_not_taken_again() {
    let mut plex = formed();
    let of_run = |number: u64, command: &str| vec![record("IMS1", number, AuditClass::Change, command)];
    let (first, second) = (of_run(1, "FIRST"), of_run(1, "SECOND"));
    for (run, records) in [(5, &first), (5, &first), (9, &second), (5, &first), (9, &second)] {
        plex.apply(audit("IMS1", run, records.clone(), AuditBounds::default())).0.unwrap();
    }
    assert_eq!(commands(&plex, AuditClass::Change), ["FIRST", "SECOND"]);
    assert_eq!(plex.audit().taken(member("IMS1"), 9), 1);
}

/// A batch of a member: its run, the number it begins with, and the lengths of its commands.
fn batch() -> impl Strategy<Value = (&'static str, u64, u64, Vec<(bool, usize)>)> {
    let lengths = prop::collection::vec((any::<bool>(), 0..200_usize), 1..8);
    (prop::sample::select(vec!["IMS1", "IMS2"]), 5..7_u64, 1..12_u64, lengths)
}

proptest! {
    /// Whatever comes, in whatever order and however often: no class is beyond its bound, no record is there twice, and
    /// the records on disk make the same again.
    #[test]
    fn bounds_hold_and_nothing_is_there_twice(
        batches in prop::collection::vec(batch(), 1..20), records_max in 1..9_u64, bytes_max in 100..2_000_u64
    ) {
        let mut plex = formed();
        let mut disk: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        for (entry, run, first, lengths) in batches {
            let records = lengths.iter().enumerate().map(|(at, (looks, length))| {
                let class = if *looks { AuditClass::Query } else { AuditClass::Change };
                record(entry, first + at as u64, class, &format!("{entry} {run} {}{}", first + at as u64, "x".repeat(*length)))
            });
            let change = audit(entry, run, records.collect(), bounds(records_max, bytes_max));
            plex.apply(change).0.unwrap();
            for (key, value) in plex.take_changed() {
                match value {
                    Some(value) => drop(disk.insert(key, value)),
                    None => drop(disk.remove(&key)),
                }
            }
            for class in CLASSES {
                let count = plex.audit().of(class).count() as u64;
                let bytes: usize = plex.audit().of(class).map(|record| record.command.len()).sum();
                prop_assert!(count <= records_max && bytes as u64 <= bytes_max);
            }
            let all: Vec<String> = CLASSES.iter().flat_map(|class| commands(&plex, *class)).collect();
            let different: BTreeSet<&str> = all.iter().filter_map(|text| text.split('x').next()).collect();
            prop_assert_eq!(all.len(), different.len());
            let again = Plex::restored(disk.clone().into_iter().map(Ok::<_, DecodeError>)).unwrap();
            prop_assert_eq!(again.records().collect::<Vec<_>>(), plex.records().collect::<Vec<_>>());
        }
    }
}
