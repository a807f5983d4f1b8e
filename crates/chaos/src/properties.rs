//! What holds however letters, kills, restarts, partitions, imports and programs fall together.

use crate::bank;
use crate::drafts::command;
use crate::invariants::{News, Oracle, Terms};
use crate::world::cluster::Cluster;
use crate::world::network::Held;
use crate::world::node::Node;
use control_region::{Event, RegionId};
use csl::envelope::{
    DdlOptions, DdlRequest, OperatorRequest, PopulateCondition, PopulateMode, PopulateRequest, SourceFile,
};
use csl::om::{ReasonCode, ReturnCode};
use proptest::prelude::*;
use proptest::sample::select;
use vocabulary::MemberName;

/// One thing that happens.
#[derive(Debug, Clone)]
enum Act {
    Command(MemberName, &'static str),
    Populate(MemberName, PopulateMode, &'static str),
    /// A DDL job, which stages what it defines or activates it.
    Ddl(MemberName, &'static str, bool),
    /// The first part of a job, or the last.
    Chunk(MemberName, u64, &'static str, bool),
    Schedule(MemberName, u32, &'static str),
    End(MemberName, u32),
    Kill(MemberName),
    Start(MemberName, bool),
    Stop(MemberName),
    /// Cuts a member off.
    CutOff(MemberName),
    Heal,
    Hold(&'static str, Option<MemberName>),
    Release {
        lost: bool,
    },
    Lag(MemberName),
    Lead(MemberName),
    Blink(MemberName),
    Compact,
    /// Deletes a member, at another one.
    Delete(MemberName, MemberName),
    /// Gives a member an empty data folder, and starts it.
    Renew(MemberName),
    Run(u64),
}

const MEMBERS: [&str; 3] = ["IMS1", "IMS2", "IMS3"];

const COMMANDS: [&str; 10] = [
    "IMPORT DEFN SOURCE(CATALOG)",
    "IMPORT DEFN SOURCE(CATALOG)",
    "IMPORT DEFN SOURCE(CATALOG)",
    "IMPORT DEFN SOURCE(CATALOG) OPTION(DELPENDERR)",
    "IMPORT DEFN SOURCE(CATALOG) OPTION(UPDATEPSB) FOR(IMSID(IMS1))",
    "IMPORT DEFN SOURCE(CATALOG) OPTION(REFRESHPSB) FOR(IMSID(IMS2,IMS3))",
    "IMPORT DEFN SOURCE(CATALOG) FOR(IMSID(IMS2))",
    "QUERY MEMBER TYPE(IMS)",
    "QUERY PGM NAME(*) SHOW(ALL)",
    "UPDATE PGM NAME(TELLER) START(SCHD)",
];

/// DDL of definitions that no populate job changes, and of one that others do.
const DDL: [&str; 3] = [
    "DROP PROGRAMVIEW LENDER IF EXISTS; DROP DATABASE LOANS IF EXISTS; CREATE DATABASE LOANS; \
     CREATE TABLE LOAN (NO CHAR(8) PRIMARY KEY); \
     CREATE PROGRAMVIEW LENDER (CREATE SCHEMA L USING LOANS (CREATE SENSEGVIEW LOAN)) LANGCOBOL; COMMIT DDL;",
    "DROP PROGRAMVIEW LENDER IF EXISTS; DROP DATABASE LOANS IF EXISTS; COMMIT DDL;",
    "ALTER DATABASE BRANCH VERSION 'BY DDL'; COMMIT DDL; ALTER DATABASE BRANCH VERSION 'AGAIN'; COMMIT DDL;",
];

const DEFINITIONS: [&str; 7] =
    ["dbd/CUSTDB", "dbd/CUSTNX", "dbd/BRANCH", "psb/TELLER", "psb/TELLER", "psb/CLERK", "gsam/POSTING"];

const HELD: [&str; 20] = [
    "ddl",
    "PrepareUnit",
    "canvass",
    "Withdraw",
    "work",
    "work",
    "regroup",
    "Remove",
    "vote",
    "done",
    "answer",
    "coordinate",
    "register",
    "execute",
    "Prepare",
    "Commit",
    "Abort",
    "End",
    "TakeOver",
    "Stage",
];

fn name(member: &str) -> MemberName {
    MemberName::new(member).unwrap()
}

fn member() -> impl Strategy<Value = MemberName> {
    select(MEMBERS.to_vec()).prop_map(name)
}

fn act() -> impl Strategy<Value = Act> {
    let psb = || select(vec!["TELLER", "INQUIRY", "CLERK", "BATCHPST"]);
    let definition = || select(DEFINITIONS.to_vec());
    let mode = select(vec![PopulateMode::Stage, PopulateMode::Stage, PopulateMode::Update]);
    prop_oneof![
        8 => (member(), select(COMMANDS.to_vec())).prop_map(|(at, text)| Act::Command(at, text)),
        6 => (member(), mode, definition()).prop_map(|(at, mode, what)| Act::Populate(at, mode, what)),
        4 => (member(), select(DDL.to_vec()), any::<bool>())
            .prop_map(|(at, text, activates)| Act::Ddl(at, text, activates)),
        2 => (member(), 0u64..3, definition(), any::<bool>())
            .prop_map(|(at, job, what, last)| Act::Chunk(at, job, what, last)),
        4 => (member(), 0u32..3, psb()).prop_map(|(at, region, psb)| Act::Schedule(at, region, psb)),
        3 => (member(), 0u32..3).prop_map(|(at, region)| Act::End(at, region)),
        2 => member().prop_map(Act::Kill),
        3 => (member(), prop::bool::weighted(0.2)).prop_map(|(member, cold)| Act::Start(member, cold)),
        1 => member().prop_map(Act::Stop),
        1 => member().prop_map(Act::CutOff),
        2 => Just(Act::Heal),
        3 => (select(HELD.to_vec()), prop::option::of(member())).prop_map(|(what, of)| Act::Hold(what, of)),
        3 => any::<bool>().prop_map(|lost| Act::Release { lost }),
        1 => member().prop_map(Act::Lag),
        1 => member().prop_map(Act::Lead),
        1 => member().prop_map(Act::Blink),
        1 => Just(Act::Compact),
        1 => (member(), member()).prop_map(|(at, member)| Act::Delete(at, member)),
        1 => member().prop_map(Act::Renew),
        6 => select(vec![250u64, 250, 1_000, 3_500, 6_000]).prop_map(Act::Run),
    ]
}

struct World {
    cluster: Cluster,
    oracle: Oracle,
    versions: u32,
    jobs: u64,
    has_lagged: bool,
}

impl World {
    fn new(canvasses: bool) -> Self {
        let mut cluster = Cluster::new();
        cluster.limits.canvass_wait_ms = if canvasses { 500 } else { 0 };
        cluster.limits.step_timeout_ms = 5_000;
        cluster.limits.staging_wait_ms = 10_000;
        cluster.limits.command_wait_ms = 30_000;
        cluster.limits.populate_idle_ms = 8_000;
        cluster.found(&MEMBERS.map(name));
        cluster.run(2_000);
        let mut world = Self { cluster, oracle: Oracle::new(), versions: 1, jobs: 0, has_lagged: false };
        world.populate(name("IMS1"), PopulateMode::Setup, &bank::WHOLE, None);
        world.cluster.run(1_000);
        world
    }

    fn populate(
        &mut self,
        at: MemberName,
        mode: PopulateMode,
        definitions: &[&str],
        chunk: Option<(u64, bool)>,
    ) {
        self.jobs += 1;
        let (job, last) = chunk.map_or((self.jobs, true), |(job, last)| (1_000_000 + job, last));
        let part = PopulateRequest {
            job,
            mode,
            condition: PopulateCondition::Latest,
            delete: mode == PopulateMode::Update,
            sources: definitions.iter().map(|text| bank::source(text).unwrap()).collect(),
            last,
            stamp: None,
        };
        self.cluster.ask(at, OperatorRequest::Populate(part));
    }

    fn ddl(&mut self, at: MemberName, text: &str, activates: bool) {
        self.jobs += 1;
        let options = DdlOptions { auto_activate: activates, ..DdlOptions::default() };
        let sources = vec![SourceFile { name: "job.ddl".to_string(), bytes: text.as_bytes().to_vec() }];
        let job = DdlRequest { job: 2_000_000 + self.jobs, options, sources, last: true };
        self.cluster.ask(at, OperatorRequest::Ddl(job));
    }

    fn newer(&mut self, definition: &str) -> String {
        self.versions += 1;
        format!("{definition}/{}", self.versions)
    }

    fn command(&mut self, at: MemberName, text: &str) -> control_region::RequestId {
        self.cluster.ask(at, command(text))
    }

    fn look(&mut self) {
        self.oracle
            .look(&News::of(&mut self.cluster), &self.cluster)
            .unwrap_or_else(|broken| panic!("{broken}"));
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Command(at, text) => drop(self.command(*at, text)),
            Act::Populate(at, mode, definition) => {
                let definition = self.newer(definition);
                self.populate(*at, *mode, &[&definition], None);
            }
            Act::Ddl(at, text, activates) => self.ddl(*at, text, *activates),
            Act::Chunk(at, job, definition, last) => {
                let definition = self.newer(definition);
                self.populate(*at, PopulateMode::Stage, &[&definition], Some((*job, *last)));
            }
            Act::Schedule(at, region, psb) => self.cluster.schedule(*at, *region, psb.parse().unwrap()),
            Act::End(at, region) => self.end(*at, *region),
            Act::Kill(member) => self.cluster.kill(*member),
            Act::Start(member, cold) => self.cluster.start(*member, *cold),
            Act::Stop(member) => {
                self.cluster.tell(*member, Event::Stop);
                self.cluster.settle();
            }
            Act::CutOff(member) => {
                self.cluster.cut_off(*member);
            }
            Act::Heal => {
                self.cluster.heal();
                self.cluster.settle();
            }
            Act::Hold(what, of) => {
                self.cluster.network.holds.insert((Held::named(what).unwrap(), *of));
            }
            Act::Release { lost } => self.cluster.release(*lost),
            Act::Lag(member) => {
                self.has_lagged = true;
                self.cluster.node(*member).lags = true;
            }
            Act::Lead(member) => self.lead(*member),
            Act::Blink(member) => self.cluster.blink(*member),
            Act::Compact => self.cluster.compact(),
            Act::Delete(at, member) => drop(self.command(*at, &format!("DELETE MEMBER NAME({member})"))),
            Act::Renew(member) => self.renew(*member),
            Act::Run(milliseconds) => self.cluster.run(*milliseconds),
        }
    }

    /// Another member leads, if it is in touch with a majority.
    fn lead(&mut self, member: MemberName) {
        let node = self.cluster.node(member);
        let in_touch = node.standing.as_ref().is_some_and(|standing| standing.quorum);
        let (number, able) = (node.settings.node, node.is_alive() && in_touch);
        if able && self.cluster.groups[0].leader.is_some() {
            self.cluster.groups[0].lead(number);
            self.cluster.settle();
        }
    }

    /// A member that lost its data folder gets an empty one. Not where the plex would lose its memory with it: both
    /// others must have all that was agreed on.
    fn renew(&mut self, member: MemberName) {
        let group = &self.cluster.groups[0];
        let others = self.cluster.nodes.values().filter(|node| node.member() != member && node.is_alive());
        let remember =
            |node: &&Node| group.voters.contains(&node.settings.node) && node.applied == group.last();
        if others.filter(remember).count() >= 2 {
            self.cluster.renew(member);
            self.cluster.start(member, false);
        }
    }

    /// Who was deleted comes back with an empty data folder.
    fn bring_back_deleted(&mut self) {
        for member in MEMBERS.map(name) {
            let node = self.cluster.node(member).settings.node;
            let has_left = |other: &Node| {
                other.region.as_ref().is_some_and(|region| region.plex().former_nodes().contains_key(&node))
            };
            if self.cluster.nodes.values().any(has_left) && !self.cluster.node(member).is_alive() {
                self.cluster.renew(member);
            }
        }
    }

    fn end(&mut self, at: MemberName, region: u32) {
        self.cluster.tell(at, Event::RegionEnded { region: RegionId(region) });
        self.cluster.settle();
    }

    /// Faults stop, and everybody comes back.
    fn calm(&mut self) {
        self.cluster.heal();
        self.cluster.release(false);
        for member in MEMBERS.map(name) {
            self.cluster.node(member).lags = false;
            self.cluster.start(member, false);
        }
        for _ in 0..10 {
            self.cluster.run(4_000);
            self.look();
            self.bring_back_deleted();
            // A member that was told to stop has stopped meanwhile.
            MEMBERS.map(name).into_iter().for_each(|member| self.cluster.start(member, false));
        }
    }

    /// The plex serves: an import goes through, or there is nothing to import.
    fn serves(&mut self) {
        for (member, region) in MEMBERS.iter().flat_map(|member| (0..3).map(move |region| (*member, region)))
        {
            self.end(name(member), region);
        }
        let definition = self.newer("psb/TELLER");
        self.populate(name("IMS2"), PopulateMode::Stage, &[&definition], None);
        let request = self.command(name("IMS3"), "IMPORT DEFN SOURCE(CATALOG)");
        self.cluster.run(1_000);
        self.look();
        let (_, answer) = &self.cluster.requests[&request].answers[0];
        assert_eq!((answer.rc, answer.rsn), (ReturnCode::OK, ReasonCode::NONE), "{answer:?}");
    }
}

/// So many worlds, unless PROPTEST_CASES asks for another number.
fn config() -> ProptestConfig {
    let asked = ProptestConfig::default();
    let cases = if asked.cases == 256 { 150 } else { asked.cases };
    ProptestConfig { cases, failure_persistence: None, ..asked }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_world_keeps_the_invariants_and_heals(
        canvasses in any::<bool>(),
        acts in prop::collection::vec(act(), 1..60),
    ) {
        let mut world = World::new(canvasses);
        for act in &acts {
            world.act(act);
            world.look();
        }
        world.calm();
        let terms = Terms { takeovers_are_seen: !world.has_lagged, deadlines_are_kept: true };
        world.oracle.look_when_calm(&world.cluster, terms).unwrap_or_else(|broken| panic!("{broken}"));
        world.serves();
    }
}
