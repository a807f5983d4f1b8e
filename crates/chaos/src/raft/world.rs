//! A world, from its seed to its end.

use super::facts::{Facts, Order};
use super::member::{MemberDisk, host_of};
use super::scene::{Glance, WithConsensus};
use super::storm::Storm;
use super::{RaftReport, Sabotage};
use crate::dice::Dice;
use crate::drafts::command;
use crate::invariants::convergence::everybody_is_there;
use crate::invariants::{News, Oracle, Terms};
use crate::locked;
use crate::operators::Operators;
use crate::world::cluster::{Request, Sight};
use crate::world::consensus::Entry;
use crate::world::facts::Fact;
use crate::world::workplace::Workplace;
use control_region::{Event, RegionId, RequestId};
use csl::envelope::{OperatorRequest, User};
use csl::om::{OperatorRole, ReasonCode, ReturnCode};
use plex::CommandToken;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use turmoil::Sim;
use vocabulary::{MemberName, Moment, PsbName};

/// How many members form the plex.
const FOUNDERS: u64 = 3;

/// How long a plex may take to be formed, how long the storm lasts, and how long the calm may take until everybody is
/// there, in milliseconds. An operator may have asked something last when the storm ended.
const FORMING_MS: u64 = 20_000;
const STORM_MS: u64 = 20_000;
const CALM_MS: u64 = 60_000;

/// How long the calm lasts at least, in milliseconds. Who is at the other end of a link that lost something is missed after
/// the limit of silence only (`sci::mux`), and what is asked over it waits so long.
const CALM_MIN_MS: u64 = 8_000;

/// When the time of the worlds begins, in seconds since 1970.
const EPOCH_S: u64 = 1_767_268_800;

/// How many regions a member has at most.
const REGIONS: u32 = 3;

/// A survivor may crash before it tells that it took over, and one that is cut off answers late.
const TERMS: Terms = Terms { takeovers_are_seen: false, deadlines_are_kept: false };

/// One simulated plex.
pub(super) struct World {
    pub(super) sim: Sim<'static>,
    pub(super) facts: Facts,
    pub(super) dice: Dice,
    pub(super) now_ms: u64,
    pub(super) members: BTreeMap<MemberName, MemberDisk>,
    /// The same, for what runs on the hosts.
    disks: BTreeMap<MemberName, Arc<Mutex<MemberDisk>>>,
    founders: BTreeSet<MemberName>,
    nodes: u64,
    pub(super) requests: BTreeMap<RequestId, Request>,
    /// What members agreed on so far.
    pub(super) log: Vec<Entry>,
    /// Those that decide, as the one sees it that knows most.
    pub(super) voters: BTreeSet<u64>,
    operators: Operators,
    committed: BTreeSet<CommandToken>,
    activations: u64,
    seed: u64,
    sabotage: Option<Sabotage>,
}

impl World {
    pub(super) fn new(seed: u64, sabotage: Option<Sabotage>, facts: Facts) -> Self {
        let mut builder = turmoil::Builder::new();
        builder.rng_seed(seed).enable_random_order();
        builder.simulation_duration(Duration::from_secs(3_600)).tick_duration(Duration::from_millis(1));
        builder.min_message_latency(Duration::from_micros(200)).max_message_latency(Duration::from_millis(5));
        builder.tcp_capacity(1 << 16).epoch(SystemTime::UNIX_EPOCH + Duration::from_secs(EPOCH_S));
        let mut dice = Dice::of(seed);
        let operators = Operators::new(dice.between(1, 4) as usize);
        Self {
            sim: builder.build(),
            facts,
            dice,
            now_ms: 0,
            members: BTreeMap::new(),
            disks: BTreeMap::new(),
            founders: (1..=FOUNDERS).map(named).collect(),
            nodes: 0,
            requests: BTreeMap::new(),
            log: Vec::new(),
            voters: BTreeSet::new(),
            operators,
            committed: BTreeSet::new(),
            activations: 0,
            seed,
            sabotage,
        }
    }

    /// Has it happen, and judges it.
    pub(super) fn run(mut self) -> RaftReport {
        let (mut storm, mut oracle) = (Storm::default(), Oracle::of_any_world());
        let failure = self.live_through(&mut storm, &mut oracle).err();
        let mut known = self.facts.known();
        RaftReport {
            story: std::mem::take(&mut known.story),
            failure,
            faults: storm.faults,
            activations: self.activations,
            committed: self.committed.len() as u64,
            installed: known.installed,
            masters: known.masters.len() as u64,
            simulated_ms: self.now_ms,
        }
    }

    fn live_through(&mut self, storm: &mut Storm, oracle: &mut Oracle<WithConsensus>) -> Result<(), String> {
        self.founders.clone().into_iter().for_each(|member| self.join(member));
        self.converge(0, FORMING_MS, storm, oracle)?;
        self.work(|operators, world| operators.begin(world, named(1)));
        self.look(oracle)?;
        let until = self.now_ms + STORM_MS;
        while self.now_ms < until {
            storm.act(self);
            self.work(|operators, world| {
                let mut dice = world.dice.clone();
                operators.act(world, &mut dice);
                world.dice = dice;
            });
            let pass_ms = self.dice.between(5, 120);
            self.run_for(pass_ms);
            self.look(oracle)?;
        }
        storm.end(self);
        self.converge(CALM_MIN_MS, CALM_MS, storm, oracle)?;
        self.work(|operators, world| {
            operators.give_up(world);
            for member in world.sharers() {
                operators.look(world, member);
            }
        });
        self.look(oracle)?;
        let known = self.facts.known();
        oracle.look_when_calm(&Glance::at(self, &known), TERMS).map_err(|broken| broken.to_string())?;
        drop(known);
        self.operators.history.check().map_err(|broken| broken.to_string())?;
        self.serves(oracle)
    }

    /// Has operators do something in this world.
    fn work(&mut self, what: impl FnOnce(&mut Operators, &mut Self)) {
        let mut operators = std::mem::replace(&mut self.operators, Operators::new(0));
        what(&mut operators, self);
        self.operators = operators;
    }

    /// Everybody has to be there, and everybody who asked has to be answered.
    fn converge(
        &mut self,
        after_ms: u64,
        within_ms: u64,
        storm: &mut Storm,
        oracle: &mut Oracle<WithConsensus>,
    ) -> Result<(), String> {
        let (from, until) = (self.now_ms + after_ms, self.now_ms + within_ms);
        loop {
            self.run_for(1_000);
            self.look(oracle)?;
            storm.look_after(self);
            let there = everybody_is_there(&Glance::at(self, &self.facts.known()));
            let waits = self.requests.values().any(|of| !of.cut_off && of.answers.is_empty());
            match there {
                Ok(()) if !waits && self.now_ms >= from => break,
                Err(found) if self.now_ms >= until => {
                    let standings = &self.facts.known().standings;
                    return Err(format!("{} s after the faults {found}: {standings:#?}", within_ms / 1_000));
                }
                // The invariant about answers says what hangs.
                Ok(()) if self.now_ms >= until => break,
                _ => {}
            }
        }
        // Until the shelves have everything.
        self.run_for(1_500);
        self.look(oracle)
    }

    /// The plex serves: what is staged at one member is imported at another.
    fn serves(&mut self, oracle: &mut Oracle<WithConsensus>) -> Result<(), String> {
        for member in self.sharers() {
            (0..REGIONS).for_each(|region| self.end_region(member, region));
        }
        let (first, last) = (named(1), self.sharers().last().copied().unwrap_or(named(1)));
        self.work(|operators, world| {
            operators.stage_clerk(world, first);
        });
        self.run_for(2_000);
        let request = self.ask(last, command("IMPORT DEFN SOURCE(CATALOG)"));
        self.run_for(2_000);
        self.look(oracle)?;
        let answers = &self.requests[&request].answers;
        let served = |(_, answer): &(_, csl::om::Answer)| {
            (answer.rc, answer.rsn) == (ReturnCode::OK, ReasonCode::NONE)
        };
        if answers.first().is_some_and(served) {
            return Ok(());
        }
        Err(format!("once all faults have stopped, an import was answered with {answers:?}"))
    }

    /// Lets time pass, until something is found.
    fn run_for(&mut self, milliseconds: u64) {
        for _ in 0..milliseconds {
            if let Err(error) = self.sim.step() {
                self.facts.broken(format!("a member ended: {error}"));
            }
            self.now_ms += 1;
            self.take_in();
            if self.facts.known().broken.is_some() {
                return;
            }
        }
    }

    /// Takes note of what was agreed on, and of what operators were told.
    fn take_in(&mut self) {
        let now = Workplace::now(self);
        let mut known = self.facts.known();
        self.log.append(&mut known.entries);
        for (request, answer) in std::mem::take(&mut known.answers) {
            if let Some(noted) = self.requests.get_mut(&request) {
                noted.answers.push((now, answer));
            }
        }
    }

    fn look(&mut self, oracle: &mut Oracle<WithConsensus>) -> Result<(), String> {
        let mut known = self.facts.known();
        if let Some(found) = known.broken.take() {
            return Err(found);
        }
        let newest = known.standings.values().max_by_key(|standing| (standing.committed, standing.term));
        self.voters = newest.map(|standing| standing.voters.keys().copied().collect()).unwrap_or_default();
        let (sights, facts) = (std::mem::take(&mut known.sights), std::mem::take(&mut known.facts));
        let at = self.now_ms as f64 / 1_000.0;
        known.story.extend(sights.iter().map(|sight| format!("{at:>8.3} s  {sight}")));
        let begins = |sight: &&Sight| matches!(sight, Sight::Entry("Prepare"));
        self.activations += sights.iter().filter(begins).count() as u64;
        for fact in &facts {
            if let Fact::Committed { token, .. } = fact {
                self.committed.insert(*token);
            }
        }
        self.operators.learn(&facts);
        let news = News { sights, facts };
        oracle.look(&news, &Glance::at(self, &known)).map_err(|broken| broken.to_string())
    }

    /// One more member, with an empty data folder.
    pub(super) fn join(&mut self, member: MemberName) {
        let disk = self.empty_disk(member);
        let shared = Arc::new(Mutex::new(disk.clone()));
        self.members.insert(member, disk);
        self.disks.insert(member, Arc::clone(&shared));
        let (founders, facts, sabotage) = (self.founders.clone(), self.facts.clone(), self.sabotage);
        self.sim.host(host_of(member), move || {
            let disk = locked(&shared).clone();
            disk.run(founders.clone(), facts.clone(), sabotage)
        });
    }

    fn empty_disk(&mut self, member: MemberName) -> MemberDisk {
        self.nodes += 1;
        MemberDisk::empty(member, self.nodes, self.seed, self.sabotage)
    }

    pub(super) fn is_down(&self, member: MemberName) -> bool {
        self.facts.known().down.contains(&member)
    }

    /// A member loses its power. Of what its shelf had not synced the first `kept` batches are there.
    pub(super) fn crash(&mut self, member: MemberName, kept: usize) {
        if self.is_down(member) {
            return;
        }
        let mut known = self.facts.known();
        known.down.insert(member);
        known.ended.remove(&member);
        known.applied.remove(&member);
        let gone = known.running.remove(&member);
        drop(known);
        drop(gone);
        let disk = &self.members[&member];
        simulated_disk::lose_power(&disk.root());
        disk.shelf.crash(kept);
        self.sim.crash(host_of(member));
        for request in self.requests.values_mut().filter(|request| request.member == member) {
            request.cut_off = true;
        }
    }

    /// A member that is down comes back with what its disk had kept; with an empty data folder, if it has left and the
    /// plex can do without what it knew. Until then it ends again, as whoever has left does.
    pub(super) fn start(&mut self, member: MemberName, cold: bool) {
        if !self.is_down(member) {
            return;
        }
        if self.has_left(member) && self.others_remember(member) {
            let empty = self.empty_disk(member);
            self.members.insert(member, empty);
        }
        let Some(disk) = self.members.get_mut(&member) else { return };
        disk.cold = cold;
        simulated_disk::power_up(&disk.root());
        let mut known = self.facts.known();
        known.down.remove(&member);
        if disk.shelf.index() > 0 {
            known.applied.insert(member, disk.shelf.index());
        }
        drop(known);
        *locked(&self.disks[&member]) = disk.clone();
        self.sim.bounce(host_of(member));
    }

    /// A member that is down gets an empty data folder.
    pub(super) fn renew(&mut self, member: MemberName) {
        let empty = self.empty_disk(member);
        self.members.insert(member, empty);
    }

    fn has_left(&self, member: MemberName) -> bool {
        let node = self.members[&member].node;
        let known = self.facts.known();
        let regions = known.running.values();
        regions.into_iter().any(|of| of.inside.region().plex().former_nodes().contains_key(&node))
    }

    /// Whether most of the others have everything that was agreed on, so that the plex can do without one.
    pub(super) fn others_remember(&self, member: MemberName) -> bool {
        let known = self.facts.known();
        let remembers = |other: &&MemberDisk| {
            other.member != member
                && known.running.contains_key(&other.member)
                && self.voters.contains(&other.node)
                && known.applied.get(&other.member).copied() == known.last()
        };
        self.members.values().filter(remembers).count() * 2 > self.members.len().max(self.voters.len())
    }

    pub(super) fn tell(&self, member: MemberName, event: Event) {
        self.order(member, Order::Told(Box::new(event)));
    }

    pub(super) fn order(&self, member: MemberName, order: Order) {
        if let Some(running) = self.facts.known().running.get(&member) {
            // Nobody takes orders any more where the member is on its way out.
            let _ = running.orders.send(order);
        }
    }

    pub(super) fn schedule(&self, member: MemberName, region: u32, psb: PsbName) {
        let (request, region) = (RequestId(u64::MAX), RegionId(region));
        self.tell(member, Event::Schedule { request, region, psb });
    }

    pub(super) fn end_region(&self, member: MemberName, region: u32) {
        self.tell(member, Event::RegionEnded { region: RegionId(region) });
    }
}

impl Workplace for World {
    fn ask(&mut self, member: MemberName, asked: OperatorRequest) -> RequestId {
        let request = RequestId(self.requests.len() as u64 + 1);
        let cut_off = !self.facts.known().running.contains_key(&member);
        let (asked_at, answers) = (Workplace::now(self), Vec::new());
        self.requests.insert(request, Request { member, asked: asked.clone(), asked_at, cut_off, answers });
        let address = "192.0.2.1:40000".to_string();
        let user = User { name: "operator".to_string(), role: OperatorRole::Administer, address };
        self.tell(member, Event::Operator { request, user, asked });
        request
    }

    fn run(&mut self, milliseconds: u64) {
        self.run_for(milliseconds);
    }

    fn now(&self) -> Moment {
        Moment(EPOCH_S * 1_000_000).plus_ms(self.now_ms)
    }

    fn sharers(&self) -> Vec<MemberName> {
        self.members.keys().copied().collect()
    }

    fn requests(&self) -> &BTreeMap<RequestId, Request> {
        &self.requests
    }
}

/// The member of a number.
pub(super) fn named(number: u64) -> MemberName {
    MemberName::new(&format!("IMS{number}")).unwrap()
}
