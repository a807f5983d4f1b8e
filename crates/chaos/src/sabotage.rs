//! Each invariant is shown to fail: the rule that it guards is broken on purpose, in a world of its own.

use crate::bank;
use crate::drafts::command;
use crate::invariants::{Broken, News, Oracle, Terms};
use crate::world::cluster::Cluster;
use crate::world::network::Held;
use catalog::job::{JobCard, JobId};
use catalog::{Content, Facts, NewInstance, Retention};
use control_region::RequestId;
use csl::envelope::{OperatorRequest, PopulateCondition, PopulateMode, PopulateRequest};
use dbrc::record::Database;
use dbrc::stored::ReconKey;
use dbrc::{Access, ReconChange};
use plex::stored::PlexKey;
use plex::{
    AbortReason, ActivationMode, ActivationOptions, CommandToken, MemberState, Plex, PlexChange, StageChange,
};
use std::collections::{BTreeMap, BTreeSet};
use vocabulary::encoding::{DecodeError, encode};
use vocabulary::{DbdName, Epoch, InstanceStamp, MemberName, PsbName};

const TERMS: Terms = Terms { takeovers_are_seen: true, deadlines_are_kept: true };

struct World {
    cluster: Cluster,
    oracle: Oracle,
    jobs: u64,
}

fn name(member: &str) -> MemberName {
    MemberName::new(member).unwrap()
}

fn custdb() -> DbdName {
    DbdName::new("CUSTDB").unwrap()
}

fn members() -> [MemberName; 3] {
    ["IMS1", "IMS2", "IMS3"].map(name)
}

impl World {
    /// Three members with the bank in their directory.
    fn new() -> Self {
        let mut world = Self { cluster: Cluster::new(), oracle: Oracle::new(), jobs: 0 };
        world.cluster.found(&members());
        world.cluster.run(2_000);
        world.populate("IMS1", PopulateMode::Setup, &bank::WHOLE);
        world.cluster.run(1_000);
        world.look().unwrap();
        world
    }

    /// The same, with databases that are opened, and CUSTDB in RECON.
    fn with_engine() -> Self {
        let mut world = Self { cluster: Cluster::new(), oracle: Oracle::new(), jobs: 0 };
        world.cluster.limits.has_engine = true;
        world.cluster.found(&members());
        world.cluster.run(2_000);
        world.populate("IMS1", PopulateMode::Setup, &bank::WHOLE);
        world.cluster.run(1_000);
        world.cluster.ask(name("IMS1"), command("INIT.DB DBD(CUSTDB) SHARELVL(0)"));
        world.look().unwrap();
        world
    }

    /// RECON is changed as nobody asked.
    fn recon(&mut self, change: ReconChange) {
        self.cluster.groups[0].append(PlexChange::Recon(change));
        self.cluster.settle();
    }

    /// A member finds the record of CUSTDB in RECON to be another.
    fn rewrite(&mut self, member: &str, to: impl FnOnce(&mut Database)) {
        let (now, index) = (self.cluster.now, self.cluster.groups[0].last());
        let region = self.cluster.node(name(member)).region.as_mut().unwrap();
        let mut database = region.plex().recon().database(&custdb()).unwrap().clone();
        to(&mut database);
        let key = encode(&PlexKey::Recon(ReconKey::Database(custdb())));
        let mut records: BTreeMap<Vec<u8>, Vec<u8>> = region.plex().records().collect();
        records.insert(key, encode(&database));
        let plex = Plex::restored(records.into_iter().map(Ok::<_, DecodeError>)).unwrap();
        region.install(now, index, plex);
    }

    fn schedule(&mut self, member: &str, psb: &str) {
        self.cluster.schedule(name(member), 1, psb.parse().unwrap());
        self.cluster.run(1_000);
    }

    fn populate(&mut self, at: &str, mode: PopulateMode, definitions: &[&str]) -> RequestId {
        self.jobs += 1;
        let part = PopulateRequest {
            job: self.jobs,
            mode,
            condition: PopulateCondition::Latest,
            delete: false,
            sources: definitions.iter().map(|text| bank::source(text).unwrap()).collect(),
            last: true,
            stamp: None,
        };
        self.cluster.ask(name(at), OperatorRequest::Populate(part))
    }

    fn import(&mut self, at: &str) -> RequestId {
        self.cluster.ask(name(at), command("IMPORT DEFN SOURCE(CATALOG)"))
    }

    fn hold(&mut self, what: &str) {
        self.cluster.network.holds.insert((Held::named(what).unwrap(), None));
    }

    fn look(&mut self) -> Result<(), Broken> {
        self.oracle.look(&News::of(&mut self.cluster), &self.cluster)
    }

    fn look_when_calm(&mut self) -> Result<(), Broken> {
        self.look().unwrap();
        self.oracle.look_when_calm(&self.cluster, TERMS)
    }

    /// Makes a change on one member alone, as no log would.
    fn tamper(&mut self, member: &str, change: PlexChange) {
        let region = self.cluster.node(name(member)).region.as_mut().unwrap();
        region.plex_mut().apply(change).0.unwrap();
    }

    fn token(&mut self) -> CommandToken {
        let region = self.cluster.node(name("IMS3")).region.as_ref().unwrap();
        region.plex().activation().unwrap().token
    }

    fn staging_version(&mut self, member: &str) -> u64 {
        let region = self.cluster.node(name(member)).region.as_ref().unwrap();
        region.plex().catalog().staging_version()
    }

    /// Activates another CLERK on one member alone.
    fn smuggle(&mut self, member: &str) {
        let (job, at) = (JobId(999), self.cluster.now);
        let card = JobCard {
            id: job,
            owner: name("IMS1"),
            mode: PopulateMode::Stage,
            condition: PopulateCondition::Unconditional,
            delete: true,
            staging_bytes_max: 1 << 20,
            since: at,
        };
        let instance = NewInstance {
            name: PsbName::new("CLERK").unwrap().into(),
            stamp: InstanceStamp::at(at.plus_ms(5_000)),
            facts: Facts { gsam: false, references: BTreeSet::new() },
            content: Content::from(b"smuggled".to_vec()),
        };
        self.tamper(member, PlexChange::Stage(StageChange::Begin(card)));
        self.tamper(member, PlexChange::Stage(StageChange::Add { job, first: 0, instances: vec![instance] }));
        self.tamper(member, PlexChange::Stage(StageChange::End { job, at }));
        let (token, staging_version) = (CommandToken(999), self.staging_version(member));
        let options =
            ActivationOptions { mode: ActivationMode::Plain, targets: BTreeSet::new(), delpenderr: false };
        self.tamper(
            member,
            PlexChange::Prepare { token, master: name("IMS1"), options, staging_version, canvass: None, at },
        );
        let votes = members().into_iter().collect();
        self.tamper(member, PlexChange::Commit { token, votes, retention: Retention::default(), at });
    }
}

fn breaks(verdict: Result<(), Broken>) -> &'static str {
    verdict.unwrap_err().name
}

#[test]
fn a_directory_that_differs_at_one_level_is_found() {
    let mut world = World::new();
    world.smuggle("IMS2");
    world.look().unwrap();
    // Another one comes to the same level another way.
    world.cluster.now = world.cluster.now.plus_ms(1_000);
    world.smuggle("IMS3");
    assert_eq!(breaks(world.look()), "directories_agree_level_by_level");
}

#[test]
fn an_activation_that_one_member_backs_out_is_found() {
    let mut world = World::new();
    world.populate("IMS1", PopulateMode::Stage, &["psb/TELLER/2"]);
    world.hold("vote");
    world.import("IMS1");
    let (token, at) = (world.token(), world.cluster.now);
    world.tamper("IMS3", PlexChange::Abort { token, reason: AbortReason::MasterLost(name("IMS1")), at });
    world.cluster.release(false);
    // It does not complete what it does not know, so the others end without it when their time is over.
    world.cluster.run(302_000);
    assert_eq!(breaks(world.look()), "an_activation_is_committed_everywhere_or_nowhere");
}

#[test]
fn a_commit_without_a_vote_is_found() {
    let mut world = World::new();
    world.populate("IMS1", PopulateMode::Stage, &["psb/TELLER/2"]);
    world.cluster.node(name("IMS2")).lags = true;
    world.import("IMS1");
    let (token, at) = (world.token(), world.cluster.now);
    let (votes, retention) = (members().into_iter().collect(), Retention::default());
    world.cluster.groups[0].append(PlexChange::Commit { token, votes, retention, at });
    world.cluster.settle();
    let broken = world.look().unwrap_err();
    assert_eq!(broken.name, "no_commit_without_every_vote");
    assert!(broken.found.contains("IMS2"), "{broken}");
}

#[test]
fn a_second_winner_of_a_takeover_is_found() {
    let mut world = World::new();
    world.populate("IMS1", PopulateMode::Stage, &["psb/TELLER/2"]);
    world.hold("End");
    world.import("IMS3");
    let token = world.token();
    world.cluster.kill(name("IMS1"));
    world.cluster.run(6_000);
    let at = world.cluster.now;
    world.tamper("IMS3", PlexChange::TakeOver { token, to: name("IMS3"), at });
    world.look().unwrap();
    world.cluster.release(false);
    world.cluster.run(2_000);
    assert_eq!(breaks(world.look()), "a_takeover_has_one_winner");
}

#[test]
fn a_staged_definition_that_is_forgotten_is_found() {
    let mut world = World::new();
    world.populate("IMS2", PopulateMode::Stage, &["psb/TELLER/2"]);
    world.cluster.run(1_000);
    let staging_version = world.staging_version("IMS1");
    let forgets = PlexChange::Stage(StageChange::Empty { staging_version });
    world.cluster.groups[0].append(forgets);
    world.cluster.run(1_000);
    assert_eq!(breaks(world.look_when_calm()), "nothing_acknowledged_is_lost");
}

#[test]
fn a_member_that_works_with_an_old_level_after_its_restart_is_found() {
    let mut world = World::new();
    world.cluster.kill(name("IMS3"));
    world.cluster.run(6_000);
    world.populate("IMS1", PopulateMode::Stage, &["psb/TELLER/2"]);
    world.import("IMS1");
    world.cluster.run(2_000);
    world.look().unwrap();
    // Its shelf says that it has everything, and has not.
    let last = world.cluster.groups[0].last();
    let disk = &mut world.cluster.node(name("IMS3")).disk;
    disk.note(last, Vec::new());
    disk.write();
    world.cluster.start(name("IMS3"), false);
    world.cluster.run(3_000);
    assert_eq!(breaks(world.look()), "no_old_level_after_a_restart");
}

#[test]
fn a_program_whose_definition_changes_under_it_is_found() {
    let mut world = World::new();
    world.cluster.schedule(name("IMS2"), 1, PsbName::new("CLERK").unwrap());
    world.look().unwrap();
    world.smuggle("IMS2");
    assert_eq!(breaks(world.look()), "refresh_pending_where_it_should_be");
}

#[test]
fn a_member_whose_state_is_another_is_found() {
    let mut world = World::new();
    let (member, at) = (name("IMS3"), world.cluster.now);
    let incarnation = world.cluster.node(member).settings.incarnation;
    world.tamper("IMS2", PlexChange::Depart { member, incarnation, state: MemberState::Lost, at });
    assert_eq!(breaks(world.look_when_calm()), "log_and_snapshot_give_the_same_state");
}

#[test]
fn an_entry_that_one_member_applies_otherwise_is_found() {
    let mut world = World::new();
    world.smuggle("IMS2");
    world.populate("IMS1", PopulateMode::Stage, &["psb/TELLER/2"]);
    world.cluster.run(1_000);
    assert_eq!(breaks(world.look()), "log_and_snapshot_give_the_same_state");
}

#[test]
fn a_second_answer_is_found() {
    let mut world = World::new();
    let request = world.populate("IMS2", PopulateMode::Stage, &["psb/TELLER/2"]);
    world.cluster.run(1_000);
    let noted = world.cluster.requests.get_mut(&request).unwrap();
    noted.answers.push(noted.answers[0].clone());
    assert_eq!(breaks(world.look()), "an_operator_gets_one_answer");
}

#[test]
fn a_second_answer_that_comes_long_after_is_found() {
    let mut world = World::new();
    let first = world.populate("IMS2", PopulateMode::Stage, &["psb/TELLER/2"]);
    for _ in 0..100 {
        world.cluster.ask(name("IMS1"), command("QUERY OLC LIBRARY(ACBSHR)"));
    }
    world.cluster.run(1_000);
    let noted = world.cluster.requests.get_mut(&first).unwrap();
    noted.answers.push(noted.answers[0].clone());
    assert_eq!(breaks(world.look_when_calm()), "an_operator_gets_one_answer");
}

#[test]
fn a_member_that_does_not_come_back_is_found() {
    let mut world = World::new();
    world.cluster.kill(name("IMS3"));
    world.cluster.run(6_000);
    assert_eq!(breaks(world.look_when_calm()), "everybody_is_there_when_faults_stop");
}

#[test]
fn an_epoch_that_falls_is_found() {
    let mut world = World::with_engine();
    world.schedule("IMS2", "INQUIRY");
    world.recon(ReconChange::TakeOver { from: name("IMS2"), to: name("IMS1") });
    world.look().unwrap();
    world.recon(ReconChange::Release { subsystem: name("IMS2"), dbd: custdb() });
    world.rewrite("IMS3", |database| database.epoch = Epoch::default());
    assert_eq!(breaks(world.look()), "recon_epochs_only_rise");
}

#[test]
fn authorizations_that_exclude_each_other_are_found() {
    let mut world = World::with_engine();
    world.schedule("IMS1", "INQUIRY");
    world.look().unwrap();
    world.recon(ReconChange::Release { subsystem: name("IMS2"), dbd: custdb() });
    world.rewrite("IMS3", |database| {
        database.held.insert(name("IMS2"), Access::Read);
    });
    assert_eq!(breaks(world.look()), "recon_epochs_only_rise");
}

#[test]
fn a_database_that_is_given_back_while_it_is_open_is_found() {
    let mut world = World::with_engine();
    world.schedule("IMS3", "INQUIRY");
    world.look().unwrap();
    world.recon(ReconChange::Release { subsystem: name("IMS3"), dbd: custdb() });
    assert_eq!(breaks(world.look()), "recon_epochs_only_rise");
}

/// What IMS3 has passes to IMS2 while IMS3 stands still, and IMS3 goes on.
fn overtaken() -> World {
    let mut world = World::with_engine();
    world.schedule("IMS3", "INQUIRY");
    world.cluster.node(name("IMS3")).stalled_until = world.cluster.now.plus_ms(5_000);
    world.recon(ReconChange::TakeOver { from: name("IMS3"), to: name("IMS2") });
    world.schedule("IMS2", "INQUIRY");
    world.look().unwrap();
    world
}

#[test]
fn data_sets_that_take_what_is_written_in_an_old_epoch_are_found() {
    let mut world = overtaken();
    world.cluster.data_sets.admitted.clear();
    world.cluster.run(6_000);
    assert_eq!(breaks(world.look()), "recon_epochs_only_rise");
}

#[test]
fn data_sets_that_refuse_it_keep_the_rule() {
    let mut world = overtaken();
    world.cluster.run(6_000);
    let refused =
        world.cluster.sights.iter().any(|sight| sight.to_string().contains("CUSTDB refuses EPOCH=0"));
    assert!(refused, "IMS3 goes on and writes: {:?}", world.cluster.sights);
    world.look().unwrap();
}

#[test]
fn a_database_that_nobody_wants_and_nobody_gives_back_is_found() {
    let mut world = World::new();
    world.cluster.ask(name("IMS1"), command("INIT.DB DBD(CUSTDB) SHARELVL(0)"));
    world.recon(ReconChange::Authorize { subsystem: name("IMS2"), dbd: custdb(), access: Access::Update });
    world.cluster.run(6_000);
    assert_eq!(breaks(world.look_when_calm()), "recon_epochs_only_rise");
}
