//! What holds of RECON after any changes.
#![allow(clippy::expect_used, reason = "helpers of tests are tests")]

use dbrc::change::{Change, DataSetKey, DatabaseChange, Delete, Init, Notify};
use dbrc::record::{ImageKind, SubsystemKind};
use dbrc::{Access, Recon, ReconChange, ShareLevel};
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;
use vocabulary::{DbdName, DdName, Epoch, MemberName, Moment};

fn dbd() -> impl Strategy<Value = DbdName> {
    select(vec!["ACCTDB", "CUSTDB"]).prop_map(|name| DbdName::new(name).expect("a name"))
}

fn key() -> impl Strategy<Value = DataSetKey> {
    dbd().prop_map(|dbd| (dbd, DdName::new("DATADD").expect("a name")))
}

fn subsystem() -> impl Strategy<Value = MemberName> {
    select(vec!["IMS1", "IMS2", "IMS3"]).prop_map(|name| MemberName::new(name).expect("a name"))
}

fn moment() -> impl Strategy<Value = Moment> {
    (1..40_u64).prop_map(Moment)
}

fn access() -> impl Strategy<Value = Access> {
    select(vec![Access::ReadOnly, Access::Read, Access::Update, Access::Exclusive])
}

fn share_level() -> impl Strategy<Value = ShareLevel> {
    select(vec![ShareLevel::One, ShareLevel::Database, ShareLevel::BlockInHost, ShareLevel::Block])
}

fn who_has_what() -> impl Strategy<Value = ReconChange> {
    let flags = (prop::option::of(share_level()), prop::option::of(any::<bool>()));
    let change = (dbd(), flags).prop_map(|(dbd, (share_level, prohibited))| {
        let to = DatabaseChange { share_level, prohibited, ..DatabaseChange::default() };
        ReconChange::Change(Change::Database { dbd, to })
    });
    prop_oneof![
        4 => (subsystem(), dbd(), access())
            .prop_map(|(subsystem, dbd, access)| ReconChange::Authorize { subsystem, dbd, access }),
        1 => (subsystem(), dbd()).prop_map(|(subsystem, dbd)| ReconChange::Release { subsystem, dbd }),
        1 => (subsystem(), subsystem()).prop_map(|(from, to)| ReconChange::TakeOver { from, to }),
        1 => (subsystem(), moment()).prop_map(|(subsystem, at)| {
            ReconChange::SignOn { subsystem, kind: SubsystemKind::Online, at }
        }),
        1 => (subsystem(), any::<bool>())
            .prop_map(|(subsystem, abnormally)| ReconChange::SignOff { subsystem, abnormally }),
        1 => change,
        1 => dbd().prop_map(|dbd| ReconChange::Delete(Delete::Database(dbd))),
        1 => (dbd(), share_level()).prop_map(|(dbd, share_level)| {
            ReconChange::Init(Init::Database { dbd, share_level, recoverable: true })
        }),
    ]
}

fn what_happened() -> impl Strategy<Value = ReconChange> {
    let image = (key(), moment()).prop_map(|(key, run)| Notify::Image {
        key,
        run,
        dsn: format!("COPY{}", run.0).parse().expect("a name"),
        kind: ImageKind::Batch,
        stop: None,
        record_count: 1,
    });
    let archived =
        (subsystem(), moment(), moment(), 1..9_u64).prop_map(|(subsystem, start, from, length)| {
            let dsn = format!("SLDS{}.S{}", from.0, start.0).parse().expect("a name");
            Notify::LogArchived { subsystem, start, dsn, span: (from, Moment(from.0 + length)) }
        });
    let notify = prop_oneof![
        2 => image,
        1 => (key(), moment()).prop_map(|(key, run)| Notify::Reorganization { key, run }),
        1 => (key(), moment(), prop::option::of(moment()))
            .prop_map(|(key, run, to)| Notify::Recovery { key, run, to }),
        2 => (subsystem(), moment()).prop_map(|(subsystem, start)| Notify::LogOpened { subsystem, start }),
        3 => archived,
        2 => (subsystem(), moment(), moment())
            .prop_map(|(subsystem, start, stop)| Notify::LogClosed { subsystem, start, stop }),
        4 => (key(), subsystem(), moment(), moment()).prop_map(|(key, subsystem, at, log_start)| {
            Notify::Allocation { key, subsystem, at, log_start }
        }),
        2 => (key(), moment(), moment())
            .prop_map(|(key, at, deallocated)| Notify::Deallocation { key, at, deallocated }),
    ];
    notify.prop_map(ReconChange::Notify)
}

fn registered() -> Recon {
    let mut recon = Recon::new();
    for name in ["ACCTDB", "CUSTDB"] {
        let dbd = DbdName::new(name).expect("a name");
        let key = (dbd, DdName::new("DATADD").expect("a name"));
        let dsn = format!("PLEX1.{name}").parse().expect("a name");
        for init in [
            Init::Database { dbd, share_level: ShareLevel::Block, recoverable: true },
            Init::DataSet { key, dsn, genmax: 3, recovery_period_days: 0 },
        ] {
            recon.apply(ReconChange::Init(init)).expect("it is new");
        }
    }
    recon
}

/// Of two authorizations each allows the other.
fn assert_sharers_go_together(recon: &Recon) {
    for (dbd, database) in recon.databases() {
        let held: Vec<_> = database.held.iter().collect();
        for (at, (first, one)) in held.iter().enumerate() {
            for (second, other) in &held[at + 1..] {
                let allowed = one.allows(**other, database.share_level);
                assert!(allowed, "{first} {one} and {second} {other} of {dbd}");
            }
        }
    }
}

fn epochs(recon: &Recon) -> BTreeMap<DbdName, Epoch> {
    recon.databases().map(|(dbd, database)| (dbd, database.epoch)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sharers_go_together_epochs_never_fall_and_a_refusal_changes_nothing(
        changes in prop::collection::vec(who_has_what(), 0..60),
    ) {
        let mut recon = registered();
        for change in changes {
            let before = recon.clone();
            if recon.apply(change).is_err() {
                prop_assert!(recon == before);
            }
            assert_sharers_go_together(&recon);
            prop_assert!(epochs(&before).iter().all(|(dbd, epoch)| recon.epoch_of(dbd) >= *epoch));
        }
    }

    #[test]
    fn a_plan_begins_behind_every_reorganization_and_names_no_log_that_is_inactive(
        changes in prop::collection::vec(what_happened(), 0..80),
    ) {
        let mut recon = registered();
        for change in changes {
            let before = recon.clone();
            if recon.apply(change).is_err() {
                prop_assert!(recon == before);
            }
            let mut swept = recon.clone();
            swept.apply(ReconChange::Delete(Delete::InactiveLogs)).expect("it always can");
            let databases: Vec<DbdName> = recon.databases().map(|(dbd, _)| dbd).collect();
            for dbd in databases {
                let key = (dbd, DdName::new("DATADD").expect("a name"));
                let plan = recon.recovery_plan(key, None);
                if let (Ok(plan), Some(data_set)) = (&plan, recon.data_set(&key)) {
                    prop_assert!(data_set.reorganizations.iter().all(|run| *run < plan.image.0));
                }
                prop_assert_eq!(plan.ok(), swept.recovery_plan(key, None).ok());
            }
        }
    }
}
