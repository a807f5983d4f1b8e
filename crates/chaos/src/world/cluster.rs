//! The world: members, their consensus groups, the network between them, the clock, and what everybody was told.

use super::consensus::Group;
use super::engine::{DataSets, Order};
use super::facts::Fact;
use super::network::{Envelope, Held, Network};
use super::node::{Limits, Node, address};
pub(crate) use super::sight::Sight;
use super::standings::Told;
use super::tempo::Tempo;
use crate::dice::Dice;
use control_region::{ControlRegion, Effect, Event, LinkState, ProposalId, RegionId, RequestId, Standing};
use csl::envelope::{OperatorRequest, User};
use csl::om::{Answer, OperatorRole};
use plex::{Membership, PlexChange};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use vocabulary::{MemberName, Moment, PsbName};

/// How far the clock goes between two ticks.
const TICK_MS: u64 = 250;

/// How many regions a member has at most.
pub(super) const REGIONS: u32 = 3;

/// More rounds than any world needs to come to rest. Without a bound, members that answer each other at once and
/// forever would hold the test up instead of failing it.
const SETTLE_ROUNDS_MAX: u32 = 100_000;

/// What an operator asked.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) member: MemberName,
    pub(crate) asked: OperatorRequest,
    pub(crate) asked_at: Moment,
    /// The entry member lost its process, and its operators their connections.
    pub(crate) cut_off: bool,
    pub(crate) answers: Vec<(Moment, Answer)>,
}

/// Something that happens to a member at a moment to come.
#[derive(Debug)]
pub(super) enum Later {
    Told(Event),
    Proposes(ProposalId, PlexChange),
    /// Its engine carries out its next order.
    Engine,
}

/// The world.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) now: Moment,
    pub(crate) limits: Limits,
    pub(crate) nodes: BTreeMap<MemberName, Node>,
    pub(crate) groups: Vec<Group>,
    pub(crate) network: Network,
    /// What the databases of all members lie in.
    pub(crate) data_sets: DataSets,
    pub(crate) sights: Vec<Sight>,
    pub(crate) facts: Vec<Fact>,
    pub(crate) requests: BTreeMap<RequestId, Request>,
    pub(crate) dice: Dice,
    pub(crate) tempo: Tempo,
    founders: BTreeMap<MemberName, (u64, String)>,
    /// Whom each member is in touch with, itself among them, by node number; nobody while it is down.
    pub(super) reaches: BTreeMap<MemberName, BTreeSet<u64>>,
    /// What there is nothing new to tell of; nothing where that is to be looked at.
    pub(super) told: Option<Told>,
    /// Effects that are still to be carried out, in order.
    wanted: VecDeque<(MemberName, Effect)>,
    /// Proposals in the log whose proposer has not applied them yet, by group and index.
    pub(super) proposed: BTreeMap<(usize, u64), (MemberName, ProposalId)>,
    /// What is still to come, by when, and in the order in which it began.
    later: BTreeMap<(Moment, u64), (MemberName, Later)>,
    begun: u64,
    next_tick: Moment,
}

impl Cluster {
    pub(crate) fn new() -> Self {
        Self {
            now: Moment(1_767_268_800_000_000),
            limits: Limits::default(),
            nodes: BTreeMap::new(),
            groups: vec![Group::default()],
            network: Network::default(),
            data_sets: DataSets::default(),
            sights: Vec::new(),
            facts: Vec::new(),
            requests: BTreeMap::new(),
            dice: Dice::of(0),
            tempo: Tempo::default(),
            founders: BTreeMap::new(),
            reaches: BTreeMap::new(),
            told: None,
            wanted: VecDeque::new(),
            proposed: BTreeMap::new(),
            later: BTreeMap::new(),
            begun: 0,
            next_tick: Moment::default(),
        }
    }

    /// Founds a plex of these members and starts them.
    pub(crate) fn found(&mut self, members: &[MemberName]) {
        for (member, node) in members.iter().zip(1..) {
            self.add(*member, node, 0, Membership::Sharer);
            self.founders.insert(*member, (node, address(*member)));
            self.groups[0].voters.insert(node);
        }
        for member in members {
            self.start(*member, false);
        }
    }

    /// A machine for a member that joins later.
    pub(crate) fn join(&mut self, member: MemberName) {
        let node = self.nodes.values().map(|node| node.settings.node).max().unwrap_or(0) + 1;
        self.add(member, node, 0, Membership::Sharer);
        let sharers = self.nodes.values().filter(|node| node.settings.membership == Membership::Sharer);
        let neighbours = sharers.map(|node| (node.member(), node.settings.address.clone())).collect();
        self.node(member).settings.neighbours = neighbours;
        self.groups[0].voters.insert(node);
    }

    /// Gives a member an empty data folder.
    pub(crate) fn renew(&mut self, member: MemberName) {
        self.kill(member);
        let (group, old) = (self.node(member).group, self.node(member).settings.node);
        let number = self.nodes.values().map(|node| node.settings.node).max().unwrap_or(0) + 1;
        let neighbours = self.node(member).settings.neighbours.clone();
        self.add(member, number, group, Membership::Sharer);
        self.node(member).settings.neighbours = neighbours;
        self.groups[group].voters.remove(&old);
        self.groups[group].voters.insert(number);
    }

    /// A machine for a guest, which leads a plex of its own.
    pub(crate) fn invite(&mut self, guest: MemberName) {
        let neighbours: BTreeMap<MemberName, String> =
            self.nodes.values().map(|node| (node.member(), node.settings.address.clone())).collect();
        self.groups.push(Group { voters: BTreeSet::from([1]), ..Group::default() });
        self.add(guest, 1, self.groups.len() - 1, Membership::Guest);
        self.node(guest).settings.neighbours = neighbours;
    }

    fn add(&mut self, member: MemberName, node: u64, group: usize, membership: Membership) {
        self.nodes.insert(member, Node::new(member, node, group, membership, self.limits));
        self.reconnect();
    }

    pub(crate) fn node(&mut self, member: MemberName) -> &mut Node {
        self.nodes.get_mut(&member).unwrap_or_else(|| panic!("there is no {member}"))
    }

    /// The members that share the catalog, in order of name.
    pub(crate) fn sharers(&self) -> Vec<MemberName> {
        self.nodes.values().filter(|node| node.group == 0).map(Node::member).collect()
    }

    pub(super) fn members(&self) -> Vec<MemberName> {
        self.nodes.keys().copied().collect()
    }

    /// Starts a member, unless it runs.
    pub(crate) fn start(&mut self, member: MemberName, cold: bool) {
        let now = self.now;
        if self.node(member).is_alive() {
            return;
        }
        match self.node(member).start(now, cold) {
            Ok(true) => self.sights.push(Sight::Rebuilt(member)),
            Ok(false) => {}
            Err(error) => return self.sights.push(Sight::Failed(member, error.to_string())),
        }
        self.reconnect();
        self.facts.push(Fact::Started { member });
        let (group, node) = (self.node(member).group, self.node(member).settings.node);
        if self.groups[group].log.iter().all(|entry| entry.change.is_none()) {
            let members = match group {
                0 => self.founders.clone(),
                _ => BTreeMap::from([(member, (node, address(member)))]),
            };
            self.tell(member, Event::Founding { members, id: 7 + group as u64 });
        }
        self.settle();
    }

    /// A member's process is gone, and with it the connections of its operators.
    pub(crate) fn kill(&mut self, member: MemberName) {
        self.process_is_gone(member);
        self.settle();
    }

    /// The same with the loss of power: of what was not synced the first `kept` batches stay.
    pub(crate) fn crash(&mut self, member: MemberName, kept: usize) {
        self.node(member).crash(kept);
        self.process_is_gone(member);
        self.settle();
    }

    fn process_is_gone(&mut self, member: MemberName) {
        self.node(member).kill();
        self.node(member).unheard.clear();
        self.reconnect();
        for request in self.requests.values_mut().filter(|request| request.member == member) {
            request.cut_off = true;
        }
        self.network.drop_letters_to(member);
        self.wanted.retain(|(of, _)| *of != member);
        self.later.retain(|_, (of, _)| *of != member);
        self.proposed.retain(|_, (of, _)| *of != member);
    }

    /// The network falls apart: who is in another part than others reaches nobody of them.
    pub(crate) fn fall_apart(&mut self, parts: BTreeMap<MemberName, usize>) {
        self.network.parts = parts;
        self.reconnect();
        self.settle();
    }

    #[cfg(test)]
    /// A member is cut off from all but those that are cut off as well.
    pub(crate) fn cut_off(&mut self, member: MemberName) {
        let mut parts = self.network.parts.clone();
        parts.insert(member, 1);
        self.fall_apart(parts);
    }

    /// Nothing gets through from one member to another.
    pub(crate) fn cut(&mut self, from: MemberName, to: MemberName) {
        self.network.cut.insert((from, to));
        self.reconnect();
        self.settle();
    }

    /// The network is whole again. What follows from that happens when the world is let go on.
    pub(crate) fn heal(&mut self) {
        self.network.parts.clear();
        self.network.cut.clear();
        self.reconnect();
    }

    /// Hands a member an event.
    pub(crate) fn tell(&mut self, member: MemberName, event: Event) {
        let now = self.now;
        let node = self.node(member);
        // What it is told now does not overtake what it was told while it stood still.
        if node.stalled_until > now || !node.unheard.is_empty() {
            return node.unheard.push_back(event);
        }
        self.hear(member, event);
    }

    /// Lets a member that stood still hear the next thing that it was told meanwhile.
    fn hear_one(&mut self) -> bool {
        let now = self.now;
        let awake = self.nodes.values_mut().filter(|node| node.stalled_until <= now);
        let next = awake.filter_map(|node| Some((node.member(), node.unheard.pop_front()?))).next();
        let Some((member, event)) = next else { return false };
        // What its programs are about comes before what it hears of.
        self.write_databases(member);
        self.hear(member, event);
        true
    }

    fn hear(&mut self, member: MemberName, event: Event) {
        let now = self.now;
        let node = self.node(member);
        let now = node.clock.read(now);
        let Some(region) = &mut node.region else { return };
        let effects = region.step(now, event);
        self.want(member, effects);
    }

    pub(super) fn at(&mut self, due: Moment, member: MemberName, later: Later) {
        self.begun += 1;
        self.later.insert((due, self.begun), (member, later));
    }

    /// Tells a member after a while, or at once where nothing takes time.
    fn tell_later(&mut self, member: MemberName, event: Event, ms_max: u64) {
        if ms_max == 0 {
            return self.tell(member, event);
        }
        let due = self.now.plus_ms(self.dice.up_to(ms_max));
        self.at(due, member, Later::Told(event));
    }

    pub(super) fn want(&mut self, member: MemberName, effects: Vec<Effect>) {
        self.wanted.extend(effects.into_iter().map(|effect| (member, effect)));
    }

    /// An operator that may do everything asks something.
    pub(crate) fn ask(&mut self, member: MemberName, asked: OperatorRequest) -> RequestId {
        self.ask_as(member, "operator", OperatorRole::Administer, asked)
    }

    /// An operator of this name and role asks something.
    pub(crate) fn ask_as(
        &mut self,
        member: MemberName,
        name: &str,
        role: OperatorRole,
        asked: OperatorRequest,
    ) -> RequestId {
        let request = RequestId(self.requests.len() as u64 + 1);
        let cut_off = !self.node(member).is_alive();
        let noted =
            Request { member, asked: asked.clone(), asked_at: self.now, cut_off, answers: Vec::new() };
        self.requests.insert(request, noted);
        let user = User { name: name.to_string(), role, address: "192.0.2.1:40000".to_string() };
        self.tell(member, Event::Operator { request, user, asked });
        self.settle();
        request
    }

    /// All regions of a member end.
    pub(crate) fn end_regions(&mut self, member: MemberName) {
        for region in 0..REGIONS {
            self.tell(member, Event::RegionEnded { region: RegionId(region) });
        }
        self.settle();
    }

    /// A region asks for a PSB.
    pub(crate) fn schedule(&mut self, member: MemberName, region: u32, psb: PsbName) {
        let request = RequestId(u64::MAX);
        self.tell(member, Event::Schedule { request, region: RegionId(region), psb });
        self.settle();
    }

    /// Lets time pass.
    pub(crate) fn run(&mut self, milliseconds: u64) {
        let until = self.now.plus_ms(milliseconds);
        if self.next_tick <= self.now {
            self.next_tick = self.now.plus_ms(TICK_MS);
        }
        while self.now < until {
            self.now = self.next_moment().min(until);
            if self.now >= self.next_tick {
                self.next_tick = self.now.plus_ms(TICK_MS);
                self.tick();
            }
            self.settle();
        }
    }

    /// When something happens next.
    fn next_moment(&self) -> Moment {
        let later = self.later.keys().next().map(|(due, _)| *due);
        let behind = self
            .nodes
            .values()
            .filter(|node| node.is_alive() && !node.lags && node.applied < self.groups[node.group].last());
        let applies = behind.map(|node| node.applies_at.max(node.stalled_until)).min();
        let stalled = self.nodes.values().filter(|node| !node.unheard.is_empty());
        let hears = stalled.map(|node| node.stalled_until).min();
        let next = [later, self.network.next_due(), hears, applies.filter(|at| *at > self.now)];
        let next = next.into_iter().flatten().fold(self.next_tick, Moment::min);
        // What could not be done yet at its moment is looked at again with the next millisecond.
        next.max(self.now.plus_ms(1))
    }

    fn tick(&mut self) {
        let now = self.now;
        for member in self.members() {
            let uninformed = self.dice.happens(self.tempo.uninformed_per_mille);
            let writes = self.dice.happens(self.tempo.shelf_per_mille);
            let node = self.node(member);
            node.uninformed = uninformed;
            if writes && node.is_alive() {
                node.disk.write();
            }
            let stalled = node.stalled_until > now;
            if !stalled {
                self.write_databases(member);
                self.tell(member, Event::Tick);
            }
        }
    }

    /// Does everything that takes no time: what members want, links and leaders, entries, letters.
    ///
    /// # Panics
    ///
    /// Where members go on forever without time passing.
    pub(crate) fn settle(&mut self) {
        for _ in 0..SETTLE_ROUNDS_MAX {
            while let Some((member, effect)) = self.wanted.pop_front() {
                self.carry_out(member, effect);
            }
            self.tell_how_things_stand();
            if self.wanted.is_empty()
                && !self.apply_some()
                && !self.deliver_one()
                && !self.happen_one()
                && !self.hear_one()
            {
                return;
            }
        }
        let latest = self.sights.iter().rev().take(5).collect::<Vec<_>>();
        panic!("the world does not come to rest; the latest sights, newest first: {latest:?}");
    }

    fn deliver_one(&mut self) -> bool {
        let Some(envelope) = self.network.take_due(self.now) else { return false };
        let Some(node) = self.nodes.get(&envelope.to) else { return true };
        if node.stalled_until > self.now {
            self.network.arrives(node.stalled_until, envelope);
            return true;
        }
        let Envelope { from, to, incarnation, letter } = envelope;
        if self.network.carries(from, to) {
            self.tell(to, Event::Letter { from, incarnation, letter });
        }
        true
    }

    /// Lets something happen whose moment has come.
    fn happen_one(&mut self) -> bool {
        let Some((&key, _)) = self.later.first_key_value().filter(|((due, _), _)| *due <= self.now) else {
            return false;
        };
        match self.later.remove(&key) {
            Some((member, Later::Told(event))) => self.tell(member, event),
            Some((member, Later::Proposes(proposal, change))) => self.propose(member, proposal, change),
            Some((member, Later::Engine)) => self.engine_goes_on(member),
            None => {}
        }
        true
    }

    fn carry_out(&mut self, member: MemberName, effect: Effect) {
        match effect {
            Effect::Propose { proposal, change } if self.tempo.propose_ms_max == 0 => {
                self.propose(member, proposal, *change);
            }
            Effect::Propose { proposal, change } => {
                let due = self.now.plus_ms(self.dice.up_to(self.tempo.propose_ms_max));
                self.at(due, member, Later::Proposes(proposal, *change));
            }
            Effect::Barrier(barrier) => {
                let index = self.newest_index(member);
                self.tell_later(member, Event::Barrier { barrier, index }, self.tempo.work_ms_max);
            }
            Effect::Work { work, task } if self.network.holds(Held::Work, member) => {
                self.node(member).works.push_back((work, task));
            }
            Effect::Work { work, task } => {
                let done = task.perform();
                self.tell_later(member, Event::Worked { work, done }, self.tempo.work_ms_max);
            }
            Effect::Send { to, letter } => {
                self.facts.extend(Fact::of_letter(member, &letter));
                let node = self.node(member);
                let incarnation = node.region.as_ref().map(ControlRegion::incarnation);
                if let (Some(Some(LinkState::Up)), Some(incarnation)) = (node.links.get(&to), incarnation) {
                    let envelope = Envelope { from: member, to, incarnation, letter };
                    self.network.post(self.now, envelope, &mut self.dice);
                }
            }
            Effect::Links(wanted) => {
                let node = self.node(member);
                let known = std::mem::take(&mut node.links);
                let told = |other: &MemberName| known.get(other).copied().flatten();
                node.links = wanted.keys().map(|other| (*other, told(other))).collect();
                self.told = None;
            }
            Effect::Expel { node } => {
                if !self.network.holds(Held::Regroup, member) {
                    self.sights.push(Sight::Regrouped(format!("node {node} is out of the group")));
                    let group = self.node(member).group;
                    self.groups[group].voters.remove(&node);
                    self.groups[group].learners.remove(&node);
                }
            }
            Effect::Admit { node, .. } => {
                if !self.network.holds(Held::Regroup, member) {
                    self.sights.push(Sight::Regrouped(format!("node {node} has a vote")));
                    let group = self.node(member).group;
                    self.groups[group].learners.remove(&node);
                    self.groups[group].voters.insert(node);
                }
            }
            Effect::Inquire => {
                if let Some(left) = self.ask_whether_left(member) {
                    self.tell(member, Event::Left { left });
                }
            }
            Effect::Answer { request, answer } => self.answered(member, request, answer),
            Effect::Progress { progress, .. } => self.sights.push(Sight::Progress(member, progress.text)),
            Effect::Scheduled { outcome, .. } => {
                self.sights.push(Sight::Scheduled(member, outcome.map(drop)));
            }
            Effect::OpenDatabase(order) => self.order(member, Order::open(&order)),
            Effect::CloseDatabase(dbd) => self.order(member, Order::Close(dbd)),
            Effect::EndEngine => self.order(member, Order::End),
            Effect::Issue(message) => self.sights.push(Sight::Issued(member, message)),
            Effect::Observe(course) => self.sights.push(Sight::Observed(member, course)),
            Effect::Stopped => {
                self.sights.push(Sight::Ended(member));
                self.process_is_gone(member);
            }
            Effect::Failed { reason } => {
                self.sights.push(Sight::Failed(member, reason));
                self.process_is_gone(member);
            }
        }
    }

    /// What the members whose links are up say of a member's node.
    fn ask_whether_left(&self, member: MemberName) -> Option<plex::Left> {
        let node = &self.nodes[&member];
        let up = node.links.iter().filter(|(_, state)| **state == Some(LinkState::Up));
        let regions = up.filter_map(|(other, _)| self.nodes.get(other)?.region.as_ref());
        let mut said = regions.filter_map(|region| region.plex().former_nodes().get(&node.settings.node));
        said.next().map(|former| former.left)
    }

    fn answered(&mut self, member: MemberName, request: RequestId, answer: Box<Answer>) {
        if let Some(noted) = self.requests.get_mut(&request) {
            noted.answers.push((self.now, (*answer).clone()));
        }
        self.sights.push(Sight::Answered(member, answer));
    }

    /// A member is told that nobody leads, and then how it is.
    pub(crate) fn blink(&mut self, member: MemberName) {
        let Some(known) = self.node(member).standing.take() else { return };
        self.tell(member, Event::Standing(Standing { leader: None, quorum: false, ..known }));
        self.settle();
    }

    /// Lets go of what is held back; `lost` where it never arrives.
    pub(crate) fn release(&mut self, lost: bool) {
        self.network.release(self.now, lost);
        for member in self.members() {
            for (work, task) in std::mem::take(&mut self.node(member).works) {
                self.tell(member, Event::Worked { work, done: task.perform() });
            }
            for (proposal, change) in std::mem::take(&mut self.node(member).proposals) {
                match lost {
                    true => self.tell(member, Event::Proposed { proposal, outcome: None }),
                    false => self.propose(member, proposal, change),
                }
            }
            self.engine_catches_up(member);
        }
        self.settle();
    }
}
