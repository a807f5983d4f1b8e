//! What holds for every history of a catalog.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use catalog::job::{JobCard, JobId};
use catalog::stored::CatalogKey;
use catalog::{Catalog, Content, Facts, ImportPlan, InstanceKind, NewInstance, PlanMode, Retention};
use csl::envelope::{PopulateCondition, PopulateMode};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use vocabulary::{DbdName, InstanceStamp, MemberName, Moment, PsbName, ResourceName};

const STAGING_BYTES_MAX: u64 = 200;

/// One call of the catalog's interface.
#[derive(Debug, Clone)]
enum Call {
    Begin { job: u64, mode: PopulateMode, condition: PopulateCondition, delete: bool },
    Add { job: u64, first: u64, instances: Vec<NewInstance> },
    End { job: u64 },
    Unit { job: u64 },
    ActivateUnit { job: u64, retention: Retention },
    Drop { job: u64 },
    Empty,
    Activate { mode: PlanMode, retention: Retention },
    Retain { name: ResourceName, retention: Retention },
    Purge { instances: Vec<(ResourceName, u64)>, past: Option<Retention> },
}

fn dbd() -> impl Strategy<Value = DbdName> {
    prop::sample::select(vec!["ACCTDB", "BRANCH", "CUSTDB"]).prop_map(|name| name.parse().unwrap())
}

fn resource() -> impl Strategy<Value = ResourceName> {
    let psb = prop::sample::select(vec!["CLERK", "TELLER"]).prop_map(|name| name.parse::<PsbName>().unwrap());
    prop_oneof![dbd().prop_map(ResourceName::from), psb.prop_map(ResourceName::from)]
}

fn instance() -> impl Strategy<Value = NewInstance> {
    let facts = (any::<bool>(), prop::collection::btree_set(dbd(), 0..3));
    // Without content it is a drop.
    let content = prop_oneof![
        5 => prop::collection::vec(0u8..3, 1..40),
        1 => Just(Vec::new()),
    ];
    (resource(), 0u64..8, facts, content).prop_map(|(name, second, (gsam, references), content)| {
        NewInstance {
            name,
            stamp: InstanceStamp::at(Moment::default().plus_ms(second * 1_000)),
            facts: Facts { gsam, references },
            content: Content::from(content),
        }
    })
}

fn call() -> impl Strategy<Value = Call> {
    let mode = prop::sample::select(vec![
        PopulateMode::Stage,
        PopulateMode::Stage,
        PopulateMode::Update,
        PopulateMode::Setup,
    ]);
    let condition = prop::sample::select(vec![PopulateCondition::Latest, PopulateCondition::Unconditional]);
    let plan = prop::sample::select(vec![PlanMode::Everything, PlanMode::PsbsOnly]);
    let retention = || (0u16..4, 0u16..2).prop_map(|(instances, days)| Retention { instances, days });
    let doomed = prop::collection::vec((resource(), 0u64..8), 0..6);
    prop_oneof![
        3 => (0u64..3, mode, condition, any::<bool>())
            .prop_map(|(job, mode, condition, delete)| Call::Begin { job, mode, condition, delete }),
        6 => (0u64..3, 0u64..4, prop::collection::vec(instance(), 0..4))
            .prop_map(|(job, first, instances)| Call::Add { job, first, instances }),
        3 => (0u64..3).prop_map(|job| Call::End { job }),
        2 => (0u64..3).prop_map(|job| Call::Unit { job }),
        2 => (0u64..3, retention()).prop_map(|(job, retention)| Call::ActivateUnit { job, retention }),
        1 => (0u64..3).prop_map(|job| Call::Drop { job }),
        1 => Just(Call::Empty),
        3 => (plan, retention()).prop_map(|(mode, retention)| Call::Activate { mode, retention }),
        1 => (resource(), retention()).prop_map(|(name, retention)| Call::Retain { name, retention }),
        1 => (doomed, prop::option::of(retention()))
            .prop_map(|(instances, past)| Call::Purge { instances, past }),
    ]
}

fn history() -> impl Strategy<Value = Vec<Call>> {
    prop::collection::vec(call(), 1..40)
}

/// Makes a call, at a moment that tells its place in the history.
fn make(catalog: &mut Catalog, at: u64, call: &Call) {
    let now = Moment::default().plus_ms(at * 3_600_000);
    match call.clone() {
        Call::Begin { job, mode, condition, delete } => {
            let owner = MemberName::new("IMS1").unwrap();
            let (id, staging_bytes_max) = (JobId(job), STAGING_BYTES_MAX);
            let card = JobCard { id, owner, mode, condition, delete, staging_bytes_max, since: now };
            let _ = catalog.begin_job(card);
        }
        Call::Add { job, first, instances } => drop(catalog.add_to_job(JobId(job), first, instances)),
        Call::End { job } => drop(catalog.end_job(JobId(job), now)),
        Call::Unit { job } => drop(catalog.commit_job(JobId(job))),
        Call::ActivateUnit { job, retention } => {
            if let Ok(plan) = catalog.plan_job(JobId(job)) {
                catalog.activate_job(JobId(job), &plan, retention, now).unwrap();
            }
        }
        Call::Drop { job } => catalog.drop_job(JobId(job)),
        Call::Empty => catalog.empty_staging(),
        Call::Activate { mode, retention } => {
            if let Ok(plan) = catalog.plan(mode) {
                catalog.activate(&plan, retention, now);
            }
        }
        Call::Retain { name, retention } => catalog.retain(&[name], retention),
        Call::Purge { instances, past } => {
            let stamp = |second: u64| InstanceStamp::at(Moment::default().plus_ms(second * 1_000));
            let instances: Vec<_> = instances.iter().map(|(name, second)| (*name, stamp(*second))).collect();
            catalog.purge(&instances, past, now);
        }
    }
}

fn records(catalog: &Catalog) -> BTreeMap<CatalogKey, Vec<u8>> {
    catalog.keys().filter_map(|key| Some((key, catalog.stored(&key)?))).collect()
}

fn restored(records: &BTreeMap<CatalogKey, Vec<u8>>) -> Catalog {
    let mut catalog = Catalog::default();
    for (key, bytes) in records {
        catalog.restore(*key, bytes).unwrap();
    }
    catalog.restored();
    catalog
}

/// An active or pending timestamp names an instance of its record.
fn timestamps_name_instances(catalog: &Catalog) {
    for (name, record) in catalog.records() {
        for stamp in [record.active, record.pending].into_iter().flatten() {
            assert!(record.instance(stamp).is_some(), "{name} has no instance {stamp}");
        }
        assert!(record.active.is_none() || record.active != record.pending, "{name} is active and pending");
    }
}

/// A record is never without an instance.
fn records_have_instances(catalog: &Catalog) {
    for (name, record) in catalog.records() {
        assert!(record.instances().next().is_some(), "{name} is empty");
    }
}

/// The staging data set holds what is pending, and at most as many bytes as it was given.
fn staging_holds_what_is_pending(catalog: &Catalog) {
    let pending = || catalog.records().filter_map(|(_, record)| record.pending_instance());
    let bytes: u64 = pending().map(|instance| instance.content.byte_count()).sum();
    assert_eq!((catalog.staged_bytes(), catalog.staged_count()), (bytes, pending().count() as u64));
    assert!(bytes <= STAGING_BYTES_MAX, "{bytes} bytes are staged");
    let gathered = catalog.job().map_or(0, |job| job.gathered_bytes);
    assert!(gathered <= STAGING_BYTES_MAX, "{gathered} bytes are gathered");
}

/// Who uses a DBD is what the active definitions say.
fn users_are_those_of_the_directory(catalog: &Catalog) {
    let mut users: BTreeSet<(DbdName, ResourceName)> = BTreeSet::new();
    for (name, record) in catalog.records() {
        let references = record.active_instance().into_iter().flat_map(|active| &active.facts.references);
        users.extend(references.map(|dbd| (*dbd, name)));
    }
    for name in ["ACCTDB", "BRANCH", "CUSTDB"] {
        let dbd: DbdName = name.parse().unwrap();
        let told: BTreeSet<_> = catalog.users_of(dbd).map(|user| (dbd, user)).collect();
        assert_eq!(told, users.iter().filter(|(named, _)| *named == dbd).copied().collect());
    }
}

/// The directory level rises by one with each activation, and otherwise stays.
fn level_counts_activations(before: &Catalog, call: &Call, after: &Catalog) {
    let (old, new) = (before.level().0, after.level().0);
    let activates = match call {
        Call::Activate { mode, .. } => before.plan(*mode).is_ok(),
        Call::ActivateUnit { job, .. } => before.plan_job(JobId(*job)).is_ok(),
        Call::End { job } => {
            before.job().is_some_and(|open| open.card.id.0 == *job && open.card.mode == PopulateMode::Setup)
        }
        _ => false,
    };
    assert_eq!(new, if activates { old.next() } else { old });
}

/// The plan of an activation, where the call is one that can be.
fn plan_of(before: &Catalog, call: &Call) -> Option<ImportPlan> {
    match call {
        Call::Activate { mode, .. } => before.plan(*mode).ok(),
        Call::ActivateUnit { job, .. } => before.plan_job(JobId(*job)).ok(),
        _ => None,
    }
}

/// Nothing but an activation changes what is active, and nothing but one that has it in its plan takes a name away.
fn only_activations_change_the_directory(before: &Catalog, call: &Call, after: &Catalog) {
    let may_change = matches!(call, Call::Activate { .. } | Call::ActivateUnit { .. } | Call::End { .. });
    let planned = plan_of(before, call).unwrap_or_default();
    for (name, record) in before.records().filter(|(_, record)| record.active.is_some()) {
        let now = after.record(&name).and_then(|record| record.active);
        let in_plan = planned.changes.iter().any(|change| change.name == name);
        assert!(now.is_some() || in_plan, "{name} is not in the directory any more");
        assert!(may_change || now == record.active, "{name} changed without an activation");
    }
}

/// A prior instance is lost to retention alone, when an activation passes over it, or to a purge that names it.
fn prior_instances_are_kept(before: &Catalog, call: &Call, after: &Catalog) {
    if matches!(call, Call::Activate { .. } | Call::ActivateUnit { .. }) {
        return;
    }
    for (name, record) in before.records() {
        for (stamp, _, _) in record.instances().filter(|(_, kind, _)| *kind == InstanceKind::Prior) {
            let kept = after.record(&name).is_some_and(|record| record.instance(stamp).is_some());
            assert!(kept || is_purged(record, name, stamp, call), "{name} lost its prior instance {stamp}");
        }
    }
}

/// Whether a purge names this instance, and the retention of its definition does not keep it at any time.
fn is_purged(record: &catalog::Record, name: ResourceName, stamp: InstanceStamp, call: &Call) -> bool {
    let Call::Purge { instances, past } = call else { return false };
    let of_second = |second: &u64| InstanceStamp::at(Moment::default().plus_ms(second * 1_000));
    let named = instances.iter().any(|(doomed, second)| (*doomed, of_second(second)) == (name, stamp));
    let late = Moment::default().plus_ms(u64::MAX / 4_000);
    named && past.is_none_or(|past| record.expired(past, late).contains(&stamp))
}

/// Retention never removes the active or the pending instance, nor more than it may.
fn retention_keeps_its_word(before: &Catalog, call: &Call, after: &Catalog) {
    let Call::Activate { mode, retention } = call else { return };
    let Ok(plan) = before.plan(*mode) else { return };
    for change in plan.changes {
        // What was dropped is gone as a whole.
        let Some(record) = after.record(&change.name) else { continue };
        assert_eq!(record.active, Some(change.new));
        let had = before.record(&change.name).unwrap().instances().count();
        let has = record.instances().count();
        let retention = record.retention().unwrap_or(*retention);
        assert!(has >= had.min(usize::from(retention.instances)), "{} kept {has} of {had}", change.name);
    }
}

/// Who keeps what changed has, after each call, what the catalog has.
fn makes_up_the_whole(history: &[Call]) -> Catalog {
    let mut catalog = Catalog::default();
    let mut kept = records(&catalog);
    for (at, call) in history.iter().enumerate() {
        make(&mut catalog, at as u64, call);
        for key in catalog.take_changed() {
            match catalog.stored(&key) {
                Some(bytes) => drop(kept.insert(key, bytes)),
                None => drop(kept.remove(&key)),
            }
        }
        assert_eq!(kept, records(&catalog), "after {call:?}");
    }
    catalog
}

#[test]
fn a_dropped_definition_takes_its_retention_with_it() {
    let name = ResourceName::from("CLERK".parse::<PsbName>().unwrap());
    let staged = |job, content: &[u8]| {
        let stamp = InstanceStamp::at(Moment::default().plus_ms(job * 1_000));
        let facts = Facts { gsam: false, references: BTreeSet::new() };
        let (mode, condition) = (PopulateMode::Stage, PopulateCondition::Unconditional);
        let instances = vec![NewInstance { name, stamp, facts, content: Content::from(content.to_vec()) }];
        [
            Call::Begin { job, mode, condition, delete: false },
            Call::Add { job, first: 0, instances },
            Call::End { job },
            Call::Activate { mode: PlanMode::Everything, retention: Retention::default() },
        ]
    };
    let retain = Call::Retain { name, retention: Retention { instances: 1, days: 0 } };
    let history = [&staged(1, b"a program")[..], &[retain], &staged(2, b"")].concat();
    assert_eq!(makes_up_the_whole(&history).records().count(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_history_keeps_the_invariants(history in history()) {
        let mut catalog = Catalog::default();
        for (at, call) in history.iter().enumerate() {
            let before = catalog.clone();
            make(&mut catalog, at as u64, call);
            timestamps_name_instances(&catalog);
            records_have_instances(&catalog);
            staging_holds_what_is_pending(&catalog);
            users_are_those_of_the_directory(&catalog);
            level_counts_activations(&before, call, &catalog);
            only_activations_change_the_directory(&before, call, &catalog);
            prior_instances_are_kept(&before, call, &catalog);
            retention_keeps_its_word(&before, call, &catalog);
        }
    }

    #[test]
    fn what_changed_makes_up_the_whole(history in history()) {
        makes_up_the_whole(&history);
    }

    #[test]
    fn a_restored_catalog_goes_on_as_the_original(history in history(), cut in 0usize..40) {
        let cut = cut.min(history.len());
        let mut original = Catalog::default();
        for (at, call) in history[..cut].iter().enumerate() {
            make(&mut original, at as u64, call);
        }
        let mut restored = restored(&records(&original));
        for (at, call) in history.iter().enumerate().skip(cut) {
            make(&mut original, at as u64, call);
            make(&mut restored, at as u64, call);
            staging_holds_what_is_pending(&restored);
            users_are_those_of_the_directory(&restored);
        }
        prop_assert_eq!(records(&restored), records(&original));
    }

    #[test]
    fn a_dropped_job_leaves_no_trace(history in history(), parts in prop::collection::vec(
        prop::collection::vec(instance(), 0..4), 0..4
    )) {
        let mut catalog = Catalog::default();
        for (at, call) in history.iter().enumerate() {
            make(&mut catalog, at as u64, call);
        }
        if let Some(open) = catalog.job().map(|job| job.card.id) {
            catalog.drop_job(open);
        }
        let before = records(&catalog);
        let (mode, condition) = (PopulateMode::Stage, PopulateCondition::Latest);
        make(&mut catalog, 0, &Call::Begin { job: 9, mode, condition, delete: true });
        for instances in parts {
            let first = catalog.job().map_or(0, |job| job.gathered.len() as u64);
            make(&mut catalog, 0, &Call::Add { job: 9, first, instances });
        }
        catalog.drop_job(JobId(9));
        prop_assert_eq!(records(&catalog), before);
    }
}
