//! What holds for every sequence of changes.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use catalog::job::{JobCard, JobId};
use catalog::{Content, Facts, NewInstance, Retention};
use csl::envelope::{PopulateCondition, PopulateMode};
use dbrc::change::Init;
use dbrc::{Access, ReconChange, ShareLevel};
use plex::{
    AbortReason, ActivationMode, ActivationOptions, Canvass, CatalogChange, CommandToken, Completion,
    Incarnation, MasterCause, MasterChange, MemberState, Membership, Outcome, Phase, Plex, PlexChange,
    PlexEvent, PlexReply, Refusal, Registration, RosterEntry, StageChange,
};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use std::collections::{BTreeMap, BTreeSet};
use vocabulary::{
    DbdName, InstanceStamp, MemberName, Moment, PlexName, PsbName, ResourceName, encoding::DecodeError,
};

const MEMBERS: [&str; 3] = ["IMS1", "IMS2", "IMS3"];

fn name(member: &str) -> MemberName {
    MemberName::new(member).unwrap()
}

fn member() -> impl Strategy<Value = MemberName> {
    select(MEMBERS.to_vec()).prop_map(name)
}

fn members() -> impl Strategy<Value = BTreeSet<MemberName>> {
    subsequence(MEMBERS.to_vec(), 0..=3).prop_map(|members| members.into_iter().map(name).collect())
}

/// Nearly everybody: what leads somewhere more often than chance would.
fn most_members() -> impl Strategy<Value = BTreeSet<MemberName>> {
    prop_oneof![3 => Just(MEMBERS.into_iter().map(name).collect()), 2 => members()]
}

/// Stands for the activation under way; for a new one where one begins.
const THE_ONE: CommandToken = CommandToken(0);

fn token() -> impl Strategy<Value = CommandToken> {
    prop_oneof![5 => Just(THE_ONE), 1 => (1u64..4).prop_map(CommandToken)]
}

fn registration() -> impl Strategy<Value = PlexChange> {
    // Each member has data folders of its own.
    let places = (0..MEMBERS.len(), 0u64..3);
    (places, 1u64..4, any::<bool>(), prop::bool::weighted(0.1)).prop_map(
        |((at, folder), run, cold, guest)| {
            PlexChange::Register(Registration {
                member: name(MEMBERS[at]),
                node: at as u64 + 1 + folder * 10,
                address: String::new(),
                incarnation: Incarnation(run),
                membership: if guest { Membership::Guest } else { Membership::Sharer },
                cold,
                version: String::new(),
                at: Moment::default(),
            })
        },
    )
}

fn instance() -> impl Strategy<Value = NewInstance> {
    (any::<bool>(), 1u64..9, prop::bool::weighted(0.2)).prop_map(|(gsam, version, is_drop)| {
        let name = if gsam { ResourceName::Dbd("POSTING".parse().unwrap()) } else { teller().into() };
        let stamp = InstanceStamp::at(Moment::default().plus_ms(version * 1_000));
        if is_drop {
            return NewInstance::drop_of(name, stamp);
        }
        let content = Content::from(version.to_be_bytes().to_vec());
        NewInstance { name, stamp, facts: Facts { gsam, references: BTreeSet::new() }, content }
    })
}

fn teller() -> PsbName {
    "TELLER".parse().unwrap()
}

fn staging() -> impl Strategy<Value = PlexChange> {
    let mode = select(vec![PopulateMode::Stage, PopulateMode::Stage, PopulateMode::Setup]);
    let begin = (1u64..3, member(), mode).prop_map(|(job, owner, mode)| {
        StageChange::Begin(JobCard {
            id: JobId(job),
            owner,
            mode,
            condition: PopulateCondition::Latest,
            delete: false,
            staging_bytes_max: 40,
            since: Moment::default(),
        })
    });
    let instances = prop::collection::vec(instance(), 0..3);
    let add = (1u64..3, 0u64..2, instances).prop_map(|(job, first, instances)| StageChange::Add {
        job: JobId(job),
        first,
        instances,
    });
    let change = prop_oneof![
        3 => begin,
        4 => add,
        3 => (1u64..3).prop_map(|job| StageChange::End { job: JobId(job), at: Moment::default() }),
        2 => (1u64..3).prop_map(|job| StageChange::Commit { job: JobId(job), at: Moment::default() }),
        1 => (1u64..3).prop_map(|job| StageChange::Drop { job: JobId(job) }),
        1 => (0u64..9).prop_map(|staging_version| StageChange::Empty { staging_version }),
    ];
    change.prop_map(PlexChange::Stage)
}

/// Each is made to be ready in its present run by [`made`].
fn canvass() -> impl Strategy<Value = Option<Canvass>> {
    let canvass = |ready: BTreeSet<MemberName>| Canvass {
        term: 1,
        ready: ready.into_iter().map(|member| (member, Incarnation(0))).collect(),
        retention: Retention::default(),
    };
    prop::option::weighted(0.3, most_members().prop_map(canvass))
}

/// An activation begins with the version of staging as it is then; [`made`] puts it in.
fn preparation() -> impl Strategy<Value = PlexChange> {
    let mode = select(vec![
        ActivationMode::Plain,
        ActivationMode::UpdatePsb,
        ActivationMode::RefreshPsb,
        ActivationMode::Either,
    ]);
    (token(), member(), mode, members(), any::<bool>(), canvass()).prop_map(
        |(token, master, mode, targets, delpenderr, canvass)| {
            let targets = if mode == ActivationMode::Plain { BTreeSet::new() } else { targets };
            let options = ActivationOptions { mode, targets, delpenderr };
            PlexChange::Prepare { token, master, options, staging_version: 0, canvass, at: Moment::default() }
        },
    )
}

fn unit_preparation() -> impl Strategy<Value = PlexChange> {
    (token(), 1u64..3, member(), canvass()).prop_map(|(token, job, master, canvass)| {
        let (job, at) = (JobId(job), Moment::default());
        PlexChange::PrepareUnit { token, job, master, staging_version: 0, canvass, at }
    })
}

fn progress() -> impl Strategy<Value = PlexChange> {
    let at = Moment::default();
    let commit = (token(), most_members()).prop_map(move |(token, votes)| PlexChange::Commit {
        token,
        votes,
        retention: Retention::default(),
        at,
    });
    let silent = (token(), members()).prop_map(move |(token, silent)| PlexChange::Abort {
        token,
        reason: AbortReason::NotAgreed { in_use: BTreeMap::new(), silent },
        at,
    });
    let lost = (token(), member()).prop_map(move |(token, master)| PlexChange::Abort {
        token,
        reason: AbortReason::MasterLost(master),
        at,
    });
    let takeover = (token(), member()).prop_map(move |(token, to)| PlexChange::TakeOver { token, to, at });
    let end = (token(), most_members()).prop_map(move |(token, members)| {
        let completion = Completion { refresh_pending: BTreeSet::from([teller()]), ..Completion::default() };
        let completed = members.into_iter().map(|member| (member, completion.clone())).collect();
        PlexChange::End { token, completed, at }
    });
    prop_oneof![4 => commit, 1 => silent, 1 => lost, 1 => takeover, 3 => end]
}

fn utility() -> impl Strategy<Value = PlexChange> {
    let stamp = |version: u64| InstanceStamp::at(Moment::default().plus_ms(version * 1_000));
    let retention = || (0u16..3).prop_map(|instances| Retention { instances, days: 0 });
    let retain =
        retention().prop_map(|retention| CatalogChange::Retain { names: vec![teller().into()], retention });
    let doomed =
        prop::collection::vec((1u64..9).prop_map(move |version| (teller().into(), stamp(version))), 0..4);
    let purge = (doomed, prop::option::of(retention())).prop_map(|(instances, past)| CatalogChange::Purge {
        token: CommandToken(1),
        instances,
        past,
        at: Moment::default().plus_ms(60_000),
    });
    prop_oneof![retain, purge].prop_map(PlexChange::Catalog)
}

fn recon() -> impl Strategy<Value = PlexChange> {
    let dbd = DbdName::new("TELLDB").unwrap();
    let init = Init::Database { dbd, share_level: ShareLevel::Block, recoverable: true };
    let authorize = member().prop_map(move |subsystem| {
        let access = Access::Update;
        ReconChange::Authorize { subsystem, dbd, access }
    });
    prop_oneof![Just(ReconChange::Init(init)), authorize].prop_map(PlexChange::Recon)
}

fn mastery() -> impl Strategy<Value = PlexChange> {
    (member(), 1u64..100).prop_map(|(member, term)| {
        let since = Moment::default();
        let (incarnation, node, why) = (Incarnation(1), 1, MasterCause::ElectedAgain);
        let change =
            MasterChange { member, incarnation, node, term, since, prior: None, why, last_heard: None };
        PlexChange::Lead(change)
    })
}

fn change() -> impl Strategy<Value = PlexChange> {
    let state = select(vec![MemberState::Stopped, MemberState::Lost]);
    let depart = (member(), 1u64..4, state).prop_map(|(member, run, state)| PlexChange::Depart {
        member,
        incarnation: Incarnation(run),
        state,
        at: Moment::default(),
    });
    prop_oneof![
        4 => registration(),
        2 => depart,
        1 => mastery(),
        1 => recon(),
        1 => utility(),
        1 => member().prop_map(|member| PlexChange::Remove { member }),
        6 => staging(),
        4 => preparation(),
        4 => unit_preparation(),
        8 => progress(),
    ]
}

fn log() -> impl Strategy<Value = Vec<PlexChange>> {
    prop::collection::vec(change(), 1..60)
}

fn formed() -> Plex {
    let mut plex = Plex::default();
    let members = MEMBERS.into_iter().zip(1..).map(|(member, node)| (name(member), (node, String::new())));
    let (members, at) = (members.collect(), Moment::default());
    let plex_name = PlexName::new("PLEX1").unwrap();
    let (reply, _) = plex.apply(PlexChange::Form { plex: plex_name, id: 7, shared: true, members, at });
    assert_eq!(reply, Ok(()));
    plex
}

/// The change as its proposer would have made it now.
fn made(plex: &Plex, change: &PlexChange) -> PlexChange {
    let mut change = change.clone();
    let next = CommandToken(plex.history().next_back().map_or(1, |last| last.token.0 + 1));
    let current = plex.activation().map_or(next, |activation| activation.token);
    match &mut change {
        PlexChange::Prepare { token, staging_version, canvass, .. }
        | PlexChange::PrepareUnit { token, staging_version, canvass, .. } => {
            *staging_version = plex.catalog().staging_version();
            let run_of = |member| plex.roster().get(member).map_or(Incarnation(0), |entry| entry.incarnation);
            canvass
                .iter_mut()
                .flat_map(|canvass| &mut canvass.ready)
                .for_each(|(member, run)| *run = run_of(member));
            *token = if *token == THE_ONE { next } else { *token };
        }
        PlexChange::Commit { token, .. }
        | PlexChange::Abort { token, .. }
        | PlexChange::TakeOver { token, .. }
        | PlexChange::End { token, .. } => *token = if *token == THE_ONE { current } else { *token },
        _ => {}
    }
    change
}

type Records = BTreeMap<Vec<u8>, Vec<u8>>;

fn records(plex: &Plex) -> Records {
    plex.records().collect()
}

fn restored(records: &Records) -> Plex {
    let records = records.iter().map(|(key, value)| Ok::<_, DecodeError>((key.clone(), value.clone())));
    Plex::restored(records).unwrap()
}

/// Commit is refused unless every participant that is not down is named among its votes.
fn commit_has_every_vote(before: &Plex, change: &PlexChange, events: &[PlexEvent]) {
    if !events.contains(&PlexEvent::Committed) {
        return;
    }
    let sharer = |(_, entry): &(&MemberName, &RosterEntry)| entry.takes_part();
    let (votes, awaited): (BTreeSet<MemberName>, BTreeSet<MemberName>) = match change {
        PlexChange::Commit { votes, .. } => (votes.clone(), before.activation().unwrap().awaited().collect()),
        PlexChange::Prepare { canvass: Some(canvass), .. }
        | PlexChange::PrepareUnit { canvass: Some(canvass), .. } => {
            let sharers = before.roster().iter().filter(sharer);
            (canvass.ready.keys().copied().collect(), sharers.map(|(member, _)| *member).collect())
        }
        other => panic!("{other:?} commits"),
    };
    assert!(awaited.is_subset(&votes), "{votes:?} are not all of {awaited:?}");
}

/// After Commit there is no Abort; after Abort there is no Commit; an activation ends once.
fn outcomes_stand(
    committed: &mut BTreeSet<CommandToken>,
    ended: &mut BTreeSet<CommandToken>,
    plex: &Plex,
    events: &[PlexEvent],
) {
    for event in events {
        match event {
            PlexEvent::Committed => {
                let token = plex.activation().unwrap().token;
                assert!(committed.insert(token) && !ended.contains(&token), "{token} was decided before");
            }
            PlexEvent::Ended(finished) => {
                let commits = matches!(finished.outcome, Outcome::Committed { .. });
                assert_eq!(commits, committed.contains(&finished.token), "{} turned round", finished.token);
                assert!(ended.insert(finished.token), "{} ended twice", finished.token);
            }
            _ => {}
        }
    }
}

/// A member does not register while an activation is under way, so no member starts between two levels.
fn no_sharer_starts_into_an_activation(before: &Plex, change: &PlexChange, events: &[PlexEvent]) {
    if let PlexChange::Register(asked) = change
        && asked.membership == Membership::Sharer
        && before.activation().is_some()
    {
        assert_eq!(events, []);
    }
}

/// A node that left is never taken in again.
fn who_left_is_gone(before: &Plex, after: &Plex) {
    for (node, former) in before.former_nodes() {
        assert_eq!(after.former_nodes().get(node), Some(former), "node {node} is forgotten");
    }
    let sharers = after.roster().values().filter(|entry| entry.membership == Membership::Sharer);
    for entry in sharers {
        assert!(!after.former_nodes().contains_key(&entry.node), "node {} is back", entry.node);
    }
}

/// The level of the directory never falls, nor does the one that the roster keeps for a member.
fn levels_never_fall(before: &Plex, after: &Plex) {
    assert!(before.catalog().level().0 <= after.catalog().level().0);
    for (member, entry) in before.roster() {
        if let Some(now) = after.roster().get(member) {
            assert!(entry.level <= now.level, "{member} fell from {} to {}", entry.level, now.level);
            assert!(now.level <= after.catalog().level().0, "{member} is ahead of the directory");
        }
    }
}

/// The terms of the masters that are remembered rise, and there are at most 32 of them.
fn terms_rise(plex: &Plex) {
    let terms: Vec<u64> = plex.masters().map(|change| change.term).collect();
    assert!(terms.is_sorted_by(|earlier, later| earlier < later) && terms.len() <= 32, "{terms:?}");
}

/// Staging and directory change between the phases of an activation, not during one.
fn an_activation_finds_what_it_planned(before: &Plex, after: &Plex) {
    if let (Some(old), Some(new)) = (before.activation(), after.activation())
        && (old.token, old.phase) == (new.token, new.phase)
    {
        assert_eq!(before.catalog().staging_version(), after.catalog().staging_version());
    }
    let committing = after.activation().filter(|activation| activation.phase != Phase::Preparing);
    for change in committing.iter().flat_map(|activation| &activation.plan.changes) {
        // A definition that was dropped has no record any more.
        if let Some(record) = after.catalog().record(&change.name) {
            assert_eq!(record.active, Some(change.new));
        }
    }
}

/// A refused change leaves everything as it was, except that a job which overflows staging is dropped.
fn a_refusal_changes_nothing(before: &Records, reply: &PlexReply, events: &[PlexEvent], after: &Plex) {
    match reply {
        Ok(()) => {}
        Err(Refusal::Catalog(catalog::CatalogError::StagingFull { .. })) => {
            assert!(after.catalog().job().is_none());
        }
        Err(_) => {
            assert_eq!(events, []);
            assert!(*before == records(after), "a refused change left a trace");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_log_keeps_the_invariants(log in log()) {
        let (mut plex, mut committed, mut ended) = (formed(), BTreeSet::new(), BTreeSet::new());
        for change in &log {
            let (before, kept) = (plex.clone(), records(&plex));
            let change = made(&plex, change);
            let (reply, events) = plex.apply(change.clone());
            commit_has_every_vote(&before, &change, &events);
            outcomes_stand(&mut committed, &mut ended, &plex, &events);
            no_sharer_starts_into_an_activation(&before, &change, &events);
            who_left_is_gone(&before, &plex);
            levels_never_fall(&before, &plex);
            terms_rise(&plex);
            an_activation_finds_what_it_planned(&before, &plex);
            a_refusal_changes_nothing(&kept, &reply, &events, &plex);
        }
    }

    #[test]
    fn a_change_applied_twice_has_the_effect_of_one(log in log()) {
        let mut plex = formed();
        for change in &log {
            let change = made(&plex, change);
            let _ = plex.apply(change.clone());
            let once = records(&plex);
            let _ = plex.apply(change.clone());
            prop_assert_eq!(&once, &records(&plex), "{:?}", change);
        }
    }

    #[test]
    fn the_same_log_gives_the_same_bytes_and_a_snapshot_anywhere_does_not_matter(
        log in log(), cut in 0usize..60
    ) {
        let mut plex = formed();
        let mut copy = formed();
        for (at, change) in log.iter().enumerate() {
            if at == cut {
                copy = restored(&records(&plex));
            }
            let change = made(&plex, change);
            prop_assert_eq!(plex.apply(change.clone()), copy.apply(change));
            prop_assert_eq!(records(&plex), records(&copy));
        }
    }

    #[test]
    fn what_changed_makes_up_the_whole(log in log()) {
        let mut plex = Plex::default();
        let mut kept = records(&plex);
        plex = formed();
        for change in &log {
            for (key, value) in plex.take_changed() {
                match value {
                    Some(value) => drop(kept.insert(key, value)),
                    None => drop(kept.remove(&key)),
                }
            }
            prop_assert_eq!(&kept, &records(&plex));
            let change = made(&plex, change);
            let _ = plex.apply(change);
        }
    }
}
