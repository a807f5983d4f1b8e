//! DDL jobs whose master is killed: at whatever moment that is, all of a unit of work is there, or nothing of it.

use crate::invariants::{News, Oracle, Terms, says};
use crate::world::cluster::{Cluster, Request};
use crate::world::network::Weather;
use crate::world::scene::Scene;
use crate::world::tempo::Tempo;
use crate::{bank, dice::Dice};
use control_region::RequestId;
use csl::envelope::{
    DdlOptions, DdlRequest, OperatorRequest, PopulateCondition, PopulateMode, PopulateRequest, SourceFile,
};
use csl::om::{ReturnCode, Value};
use std::collections::BTreeSet;
use vocabulary::MemberName;

const MEMBERS: [&str; 3] = ["IMS1", "IMS2", "IMS3"];

/// Two units of work: a database with its program, and one more database.
const JOB: &str = "CREATE DATABASE LOANS;
CREATE TABLE LOAN (NO CHAR(8) PRIMARY KEY, AMOUNT DECIMAL(9,2));
CREATE PROGRAMVIEW LENDER (CREATE SCHEMA L USING LOANS (CREATE SENSEGVIEW LOAN)) LANGCOBOL;
COMMIT DDL;
CREATE DATABASE MORE;
CREATE TABLE ONE (K CHAR(2) PRIMARY KEY);
COMMIT DDL;
";
const UNITS: [&[&str]; 2] = [&["LOANS", "LENDER"], &["MORE"]];

/// More milliseconds than a job takes here.
const JOB_MS_MAX: u64 = 400;

fn name(member: &str) -> MemberName {
    MemberName::new(member).unwrap()
}

/// A plex in which everything takes its time, so that a moment falls between any two steps.
struct World {
    cluster: Cluster,
    oracle: Oracle,
    jobs: u64,
}

impl World {
    fn new(seed: u64, canvasses: bool) -> Self {
        let mut cluster = Cluster::new();
        cluster.limits.canvass_wait_ms = if canvasses { 500 } else { 0 };
        cluster.limits.step_timeout_ms = 5_000;
        cluster.found(&MEMBERS.map(name));
        cluster.run(2_000);
        let mut world = Self { cluster, oracle: Oracle::new(), jobs: 0 };
        let sources = bank::WHOLE.map(|text| bank::source(text).unwrap()).to_vec();
        let (mode, condition) = (PopulateMode::Setup, PopulateCondition::Latest);
        let setup =
            PopulateRequest { job: 7, mode, condition, delete: false, sources, last: true, stamp: None };
        world.cluster.ask(name("IMS1"), OperatorRequest::Populate(setup));
        world.cluster.run(1_000);
        world.look();
        world.cluster.dice = Dice::of(seed);
        world.cluster.network.weather = Weather { delay_ms_min: 1, delay_ms_max: 4, ..Weather::default() };
        world.cluster.tempo = Tempo {
            propose_ms_max: 3,
            apply_ms_max: 3,
            work_ms_max: 3,
            shelf_per_mille: 500,
            ..Tempo::default()
        };
        world
    }

    fn ddl(&mut self, at: &str, text: &str) -> RequestId {
        self.jobs += 1;
        let options = DdlOptions { auto_activate: true, ..DdlOptions::default() };
        let sources = vec![SourceFile { name: "job.ddl".to_string(), bytes: text.as_bytes().to_vec() }];
        self.cluster.ask(
            name(at),
            OperatorRequest::Ddl(DdlRequest { job: 100 + self.jobs, options, sources, last: true }),
        )
    }

    fn look(&mut self) {
        self.oracle
            .look(&News::of(&mut self.cluster), &self.cluster)
            .unwrap_or_else(|broken| panic!("{broken}"));
    }

    /// Lets time pass millisecond by millisecond, so that no step is overlooked.
    fn pass(&mut self, milliseconds: u64) {
        for _ in 0..milliseconds {
            self.cluster.run(1);
            self.look();
        }
    }

    fn master(&self) -> MemberName {
        let leader = self.cluster.groups[0].leader;
        let leads = |node: &&crate::world::node::Node| Some(node.settings.node) == leader;
        self.cluster.nodes.values().find(leads).map(|node| node.member()).unwrap()
    }

    fn is_answered(&self, request: RequestId) -> bool {
        !self.cluster.requests[&request].answers.is_empty()
    }

    /// The definitions of the job that the directory of every member has, and that staging has.
    fn there(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        let mut seen = None;
        for region in self.cluster.sharing_regions() {
            let records = || region.plex().catalog().records();
            let named = |wanted: fn(&catalog::Record) -> bool| -> BTreeSet<String> {
                let of_job = |name: &&str| UNITS.concat().contains(name);
                let found = records().filter(|(_, record)| wanted(record));
                let names: Vec<String> = found.map(|(name, _)| name.as_str().to_string()).collect();
                names.iter().map(String::as_str).filter(of_job).map(str::to_string).collect()
            };
            let here = (named(|record| record.active.is_some()), named(|record| record.pending.is_some()));
            assert!(seen.as_ref().is_none_or(|other| *other == here), "{seen:?} and {here:?}");
            seen = Some(here);
        }
        seen.unwrap()
    }

    /// Everybody comes back, and the plex comes to rest.
    fn calm(&mut self) {
        self.cluster.network.weather = Weather { delay_ms_min: 1, delay_ms_max: 1, ..Weather::default() };
        self.cluster.tempo = Tempo::default();
        for _ in 0..3 {
            self.cluster.run(4_000);
            self.look();
            MEMBERS.map(name).into_iter().for_each(|member| self.cluster.start(member, false));
        }
        let terms = Terms { takeovers_are_seen: true, deadlines_are_kept: true };
        self.oracle.look_when_calm(&self.cluster, terms).unwrap_or_else(|broken| panic!("{broken}"));
    }

    /// What the operator was told of each definition is so.
    fn judge_answer(&self, request: &Request, active: &BTreeSet<String>) {
        let [(_, answer)] = request.answers.as_slice() else {
            panic!("answered {} times", request.answers.len());
        };
        for row in &answer.rows {
            let text = |column| row.get(column).map(Value::to_string).unwrap_or_default();
            let (name, state) = (text("NAME"), text("STT"));
            match state.as_str() {
                "ACTIVE" => assert!(active.contains(&name), "{name} was told to be active: {answer:?}"),
                "BACKED OUT" | "NOT DONE" => {
                    assert!(!active.contains(&name), "{name} was told to be {state}: {answer:?}");
                }
                _ => panic!("{name} is {state}: {answer:?}"),
            }
        }
    }
}

/// How long the job of this world takes where nobody is killed.
fn duration_ms(seed: u64, canvasses: bool) -> u64 {
    let mut world = World::new(seed, canvasses);
    let request = world.ddl("IMS2", JOB);
    let passed = (1..=JOB_MS_MAX).find(|_| {
        world.pass(1);
        world.is_answered(request)
    });
    let (_, answer) = &world.cluster.requests[&request].answers[0];
    assert_eq!(answer.rc, ReturnCode::OK, "{answer:?}");
    passed.unwrap()
}

/// What befalls the master of a job.
#[derive(Debug, Clone, Copy)]
enum Blow {
    /// It is killed.
    Killed,
    /// Another member leads for a while, of which it hears when it leads again.
    Overtaken,
}

/// Strikes the master so many milliseconds after the job came in at another member.
fn struck_after(blow: Blow, seed: u64, canvasses: bool, milliseconds: u64) -> BTreeSet<String> {
    let mut world = World::new(seed, canvasses);
    let master = world.master();
    let entry = MEMBERS.into_iter().find(|member| name(member) != master).unwrap();
    let request = world.ddl(entry, JOB);
    world.pass(milliseconds);
    match blow {
        Blow::Killed => world.cluster.kill(master),
        Blow::Overtaken => {
            let numbers =
                [entry, master.as_str()].map(|member| world.cluster.node(name(member)).settings.node);
            for (number, is_told) in numbers.into_iter().zip([false, true]) {
                world.cluster.node(master).uninformed = !is_told;
                world.cluster.groups[0].lead(number);
                world.cluster.settle();
                world.pass(5);
            }
        }
    }
    world.calm();
    let (active, pending) = world.there();
    assert_eq!(pending, BTreeSet::new(), "something of a unit is left in staging");
    for unit in UNITS {
        let count = unit.iter().filter(|name| active.contains(**name)).count();
        assert!(count == 0 || count == unit.len(), "{count} of {unit:?} are active");
    }
    world.judge_answer(&world.cluster.requests[&request], &active);
    let again = world.ddl(
        entry,
        &format!("DROP PROGRAMVIEW LENDER IF EXISTS; DROP DATABASE LOANS IF EXISTS; DROP DATABASE MORE IF EXISTS; {JOB}"),
    );
    world.cluster.run(1_000);
    world.look();
    let (_, answer) = &world.cluster.requests[&again].answers[0];
    assert!(says(answer, "DFS4781I") && answer.rc == ReturnCode::OK, "{answer:?}");
    active
}

/// How many definitions are active in the end, of all the moments of a job.
fn at_every_moment(blow: Blow, canvasses: bool) -> BTreeSet<usize> {
    let mut outcomes = BTreeSet::new();
    for seed in 1..=2 {
        for milliseconds in 0..=duration_ms(seed, canvasses) {
            outcomes.insert(struck_after(blow, seed, canvasses, milliseconds).len());
        }
    }
    outcomes
}

#[test]
fn a_master_killed_at_any_moment_of_a_job_leaves_all_of_a_unit_or_nothing() {
    assert_eq!(at_every_moment(Blow::Killed, false), BTreeSet::from([0, 2, 3]));
}

#[test]
fn so_it_is_where_members_are_asked_beforehand() {
    assert_eq!(at_every_moment(Blow::Killed, true), BTreeSet::from([0, 2, 3]));
}

#[test]
fn a_master_that_loses_the_lead_for_a_while_commits_nothing_behind_the_back_of_operators() {
    for canvasses in [false, true] {
        assert_eq!(at_every_moment(Blow::Overtaken, canvasses), BTreeSet::from([0, 2, 3]));
    }
}
