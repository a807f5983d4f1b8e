//! The world: members, their consensus groups, the network between them, the clock, and what everybody was told.

use crate::world::consensus::{Entry, Group};
use crate::world::network::{Envelope, Held, Network, link_state, name_of};
use crate::world::node::{Limits, Node, address};
use catalog::stored::CatalogKey;
use control_region::{Effect, Event, LinkState, ProposalId, RegionId, RequestId, Standing};
use csl::envelope::{OperatorRequest, User};
use csl::om::{Answer, OperatorRole};
use plex::stored::PlexKey;
use plex::{Membership, PlexChange};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use vocabulary::encoding::DecodeError;
use vocabulary::{MemberName, Message, Moment, PsbName, ResourceName};

/// How far the clock goes between two ticks.
const TICK_MS: u64 = 250;

/// More rounds than any world needs to come to rest. Without a bound, members that answer each other at once and
/// forever would hold the test up instead of failing it.
const SETTLE_ROUNDS_MAX: u32 = 100_000;

/// Something that somebody outside could see.
#[derive(Debug, Clone)]
pub(crate) enum Sight {
    /// A member issued a message.
    Issued(MemberName, Message),
    /// An operator was answered.
    Answered(MemberName, Box<Answer>),
    /// An operator was told how far it is.
    Progress(MemberName, String),
    /// A region was answered.
    Scheduled(MemberName, Result<(), String>),
    /// An entry was agreed on.
    Entry(&'static str),
    /// The consensus group changed.
    Regrouped(String),
    /// A member's process ended by itself.
    Ended(MemberName),
    /// It ended because it could not go on.
    Failed(MemberName, String),
}

/// What an operator asked.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) member: MemberName,
    pub(crate) asked_at: Moment,
    /// The entry member lost its process, and its operators their connections.
    pub(crate) cut_off: bool,
    pub(crate) answers: Vec<(Moment, Answer)>,
}

/// The world.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) now: Moment,
    pub(crate) limits: Limits,
    pub(crate) nodes: BTreeMap<MemberName, Node>,
    pub(crate) groups: Vec<Group>,
    pub(crate) network: Network,
    pub(crate) sights: Vec<Sight>,
    pub(crate) requests: BTreeMap<RequestId, Request>,
    founders: BTreeMap<MemberName, (u64, String)>,
    /// Effects that are still to be carried out, in order.
    wanted: VecDeque<(MemberName, Effect)>,
    /// Proposals in the log whose proposer has not applied them yet, by group and index.
    proposed: BTreeMap<(usize, u64), (MemberName, ProposalId)>,
}

impl Cluster {
    pub(crate) fn new() -> Self {
        Self {
            now: Moment(1_767_268_800_000_000),
            limits: Limits::default(),
            nodes: BTreeMap::new(),
            groups: vec![Group::default()],
            network: Network::default(),
            sights: Vec::new(),
            requests: BTreeMap::new(),
            founders: BTreeMap::new(),
            wanted: VecDeque::new(),
            proposed: BTreeMap::new(),
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
    }

    pub(crate) fn node(&mut self, member: MemberName) -> &mut Node {
        self.nodes.get_mut(&member).unwrap_or_else(|| panic!("there is no {member}"))
    }

    fn members(&self) -> Vec<MemberName> {
        self.nodes.keys().copied().collect()
    }

    /// Starts a member, unless it runs.
    pub(crate) fn start(&mut self, member: MemberName, cold: bool) {
        let now = self.now;
        if self.node(member).is_alive() {
            return;
        }
        self.node(member).start(now, cold);
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

    fn process_is_gone(&mut self, member: MemberName) {
        self.node(member).kill();
        for request in self.requests.values_mut().filter(|request| request.member == member) {
            request.cut_off = true;
        }
        self.network.letters.retain(|envelope| envelope.to != member);
        self.wanted.retain(|(of, _)| *of != member);
        self.proposed.retain(|_, (of, _)| *of != member);
    }

    /// Hands a member an event.
    pub(crate) fn tell(&mut self, member: MemberName, event: Event) {
        let now = self.now;
        let Some(region) = &mut self.node(member).region else { return };
        let effects = region.step(now, event);
        self.want(member, effects);
    }

    fn want(&mut self, member: MemberName, effects: Vec<Effect>) {
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
        let noted = Request { member, asked_at: self.now, cut_off, answers: Vec::new() };
        self.requests.insert(request, noted);
        let user = User { name: name.to_string(), role, address: "192.0.2.1:40000".to_string() };
        self.tell(member, Event::Operator { request, user, asked });
        self.settle();
        request
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
        while self.now < until {
            self.now = self.now.plus_ms(TICK_MS);
            for member in self.members() {
                self.tell(member, Event::Tick);
            }
            self.settle();
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
            self.tell_standings();
            self.tell_links();
            if self.wanted.is_empty() && !self.apply_some() && !self.deliver_one() {
                return;
            }
        }
        let latest = self.sights.iter().rev().take(5).collect::<Vec<_>>();
        panic!("the world does not come to rest; the latest sights, newest first: {latest:?}");
    }

    fn reach(&self, node: &Node) -> BTreeSet<u64> {
        if !node.is_alive() {
            return BTreeSet::new();
        }
        let others = self.nodes.values().filter(|other| {
            other.group == node.group
                && other.is_alive()
                && self.network.connects(node.member(), other.member())
        });
        others.map(|other| other.settings.node).collect()
    }

    fn tell_standings(&mut self) {
        for group in 0..self.groups.len() {
            let reaches: BTreeMap<u64, BTreeSet<u64>> = self
                .nodes
                .values()
                .filter(|node| node.group == group)
                .map(|node| (node.settings.node, self.reach(node)))
                .collect();
            let now = self.now;
            self.groups[group].elect(now, |node| reaches.get(&node).cloned().unwrap_or_default());
        }
        for member in self.members() {
            let (leader, quorum) = self.standing_of(&self.nodes[&member]);
            let group = &self.groups[self.nodes[&member].group];
            let (term, voters, learners) = (group.term, group.voters.clone(), group.learners.clone());
            let standing = Standing { leader, term, quorum, voters, learners };
            if self.nodes[&member].is_alive() && self.nodes[&member].standing.as_ref() != Some(&standing) {
                self.node(member).standing = Some(standing.clone());
                self.tell(member, Event::Standing(standing));
            }
        }
    }

    /// Who leads, as far as a node can know, and whether it is in touch with a majority.
    fn standing_of(&self, node: &Node) -> (Option<u64>, bool) {
        let (group, reach) = (&self.groups[node.group], self.reach(node));
        if !group.has(node.settings.node) {
            return (None, false);
        }
        let leader = group.leader.filter(|leader| reach.contains(leader));
        (leader, group.is_majority(&reach))
    }

    fn tell_links(&mut self) {
        for member in self.members() {
            let wanted: Vec<MemberName> = self.nodes[&member].links.keys().copied().collect();
            for other in wanted {
                let alive = self.nodes.get(&other).is_some_and(Node::is_alive);
                let state = link_state(alive, self.network.connects(member, other));
                if self.nodes[&member].is_alive() && self.nodes[&member].links[&other] != Some(state) {
                    self.node(member).links.insert(other, Some(state));
                    self.tell(member, Event::Link { member: other, state });
                }
            }
        }
    }

    /// Lets every member that can apply its next entry; whether any did.
    fn apply_some(&mut self) -> bool {
        let mut applied = false;
        for member in self.members() {
            let node = &self.nodes[&member];
            let group = &self.groups[node.group];
            let in_touch = self.standing_of(node).0.is_some();
            if node.is_alive() && in_touch && !node.lags && node.applied < group.last() {
                self.apply_next(member);
                applied = true;
            }
        }
        applied
    }

    fn apply_next(&mut self, member: MemberName) {
        let (now, group) = (self.now, self.nodes[&member].group);
        let applied = self.nodes[&member].applied;
        if applied < self.groups[group].compacted {
            return self.install(member);
        }
        let Entry { term, change } = self.groups[group].log[applied as usize].clone();
        let node = self.node(member);
        node.applied += 1;
        let Some(region) = &mut node.region else { return };
        let (reply, effects) = region.apply(now, (term, applied + 1), change);
        self.want(member, effects);
        let key = (group, applied + 1);
        if self.proposed.get(&key).is_some_and(|(proposer, _)| *proposer == member)
            && let Some((_, proposal)) = self.proposed.remove(&key)
        {
            self.tell(member, Event::Proposed { proposal, outcome: Some(reply) });
        }
    }

    /// A member that is too far behind gets the state of one that is not.
    fn install(&mut self, member: MemberName) {
        let (now, group) = (self.now, self.nodes[&member].group);
        let newest = self.nodes.values().filter(|node| node.group == group && node.is_alive());
        let Some(source) = newest.max_by_key(|node| node.applied) else { return };
        let (index, records) = (source.applied, source.region.as_ref().map(|region| region.plex().records()));
        let records: Vec<_> = records.into_iter().flatten().collect();
        let plex = plex::Plex::restored(records.into_iter().map(Ok::<_, DecodeError>));
        let node = self.node(member);
        node.applied = index;
        let Some(region) = &mut node.region else { return };
        let effects = region.install(now, index, plex.unwrap());
        self.want(member, effects);
        let unknown = self
            .proposed
            .extract_if(.., |(of, at), (proposer, _)| *of == group && *at <= index && *proposer == member);
        let unknown: Vec<ProposalId> = unknown.map(|(_, (_, proposal))| proposal).collect();
        for proposal in unknown {
            self.tell(member, Event::Proposed { proposal, outcome: None });
        }
    }

    /// A member's copy of the catalog loses an instance that its header names: the active one, or the pending one.
    pub(crate) fn damage(&mut self, member: MemberName, definition: ResourceName, pending: bool) {
        let (now, node) = (self.now, self.node(member));
        let Some(region) = &mut node.region else { return };
        let record = region.plex().catalog().record(&definition);
        let stamp = record.and_then(|record| if pending { record.pending } else { record.active });
        let Some(stamp) = stamp else { return };
        let lost = PlexKey::Catalog(CatalogKey::Instance(definition, stamp));
        let lost = vocabulary::encoding::encode(&lost);
        let rest: Vec<_> =
            region.plex().records().filter(|(key, _)| *key != lost).map(Ok::<_, DecodeError>).collect();
        let plex = plex::Plex::restored(rest.into_iter());
        let effects = region.install(now, node.applied, plex.unwrap());
        self.want(member, effects);
        self.settle();
    }

    fn deliver_one(&mut self) -> bool {
        let Some(Envelope { from, to, incarnation, letter }) = self.network.letters.pop_front() else {
            return false;
        };
        if self.network.connects(from, to) && self.nodes.contains_key(&to) {
            self.tell(to, Event::Letter { from, incarnation, letter });
        }
        true
    }

    fn carry_out(&mut self, member: MemberName, effect: Effect) {
        match effect {
            Effect::Propose { proposal, change } => self.propose(member, proposal, *change),
            Effect::Barrier(barrier) => {
                let index = self.newest_index(member);
                self.tell(member, Event::Barrier { barrier, index });
            }
            Effect::Work { work, task } if self.network.holds(Held::Work, member) => {
                self.node(member).works.push_back((work, task));
            }
            Effect::Work { work, task } => self.tell(member, Event::Worked { work, done: task.perform() }),
            Effect::Send { to, letter } => {
                let node = self.node(member);
                let incarnation = node.region.as_ref().map(control_region::ControlRegion::incarnation);
                if let (Some(Some(LinkState::Up)), Some(incarnation)) = (node.links.get(&to), incarnation) {
                    self.network.post(Envelope { from: member, to, incarnation, letter });
                }
            }
            Effect::Links(wanted) => {
                let node = self.node(member);
                let known = std::mem::take(&mut node.links);
                let told = |other: &MemberName| known.get(other).copied().flatten();
                node.links = wanted.keys().map(|other| (*other, told(other))).collect();
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
            Effect::Scheduled { outcome, .. } => self.sights.push(Sight::Scheduled(member, outcome)),
            Effect::Issue(message) => self.sights.push(Sight::Issued(member, message)),
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

    fn newest_index(&self, member: MemberName) -> Option<u64> {
        let node = &self.nodes[&member];
        let (leader, quorum) = self.standing_of(node);
        (leader.is_some() && quorum).then(|| self.groups[node.group].last())
    }

    fn propose(&mut self, member: MemberName, proposal: ProposalId, change: PlexChange) {
        if self.network.holds(Held::Proposal(name_of(&change)), member) {
            self.node(member).proposals.push_back((proposal, change));
            return;
        }
        let node = &self.nodes[&member];
        let (group, number) = (node.group, node.settings.node);
        let leads = self.standing_of(node) == (Some(number), true);
        if leads {
            // A record for people; stories are about decisions.
            if !matches!(change, PlexChange::Lead(_)) {
                self.sights.push(Sight::Entry(name_of(&change)));
            }
            self.groups[group].append(change);
            self.proposed.insert((group, self.groups[group].last()), (member, proposal));
        } else {
            self.tell(member, Event::Proposed { proposal, outcome: None });
        }
    }

    /// A member is told that nobody leads, and then how it is.
    pub(crate) fn blink(&mut self, member: MemberName) {
        let Some(known) = self.node(member).standing.take() else { return };
        self.tell(member, Event::Standing(Standing { leader: None, quorum: false, ..known }));
        self.settle();
    }

    /// Leaves only a snapshot of the log, as far as nobody who is there still has to apply it.
    pub(crate) fn compact(&mut self) {
        let there = self.nodes.values().filter(|node| node.group == 0 && self.standing_of(node).0.is_some());
        let applied = there.map(|node| node.applied).min();
        self.groups[0].compacted = applied.unwrap_or(0).max(self.groups[0].compacted);
    }

    /// Lets go of what is held back; `lost` where it never arrives.
    pub(crate) fn release(&mut self, lost: bool) {
        self.network.release(lost);
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
        }
        self.settle();
    }
}
