//! The ideal log at work: proposals become entries, members apply them, and old ones are left to a snapshot.

use super::cluster::{Cluster, Sight};
use super::consensus::{Entry, Snapshot};
use super::entries::Before;
use super::facts::Fact;
use super::network::{Held, name_of};
use super::node::Node;
use control_region::{Event, ProposalId};
use plex::{Plex, PlexChange};
use vocabulary::MemberName;
use vocabulary::encoding::DecodeError;

impl Cluster {
    /// Lets every member that can apply its next entry; whether any did.
    pub(super) fn apply_some(&mut self) -> bool {
        let mut applied = false;
        let is_behind =
            |node: &Node| node.is_alive() && !node.lags && node.applied < self.groups[node.group].last();
        let behind: Vec<MemberName> =
            self.nodes.values().filter(|node| is_behind(node)).map(Node::member).collect();
        for member in behind {
            let node = &self.nodes[&member];
            let able = node.is_alive() && !node.lags && self.now >= node.applies_at.max(node.stalled_until);
            if able && node.applied < self.groups[node.group].last() && self.has_next(node) {
                self.apply_next(member);
                let delay_ms = self.dice.up_to(self.tempo.apply_ms_max);
                self.node(member).applies_at = self.now.plus_ms(delay_ms);
                applied = true;
            }
        }
        applied
    }

    /// Whether a member has its next entry: in its own copy of the log, or from those that it is in touch with.
    fn has_next(&self, node: &Node) -> bool {
        node.applied < node.known || self.standing_of(node).0.is_some()
    }

    fn apply_next(&mut self, member: MemberName) {
        let (now, group) = (self.nodes[&member].clock.read(self.now), self.nodes[&member].group);
        let index = self.nodes[&member].applied + 1;
        if index <= self.groups[group].compacted && index > self.nodes[&member].known {
            return self.install(member);
        }
        let Entry { term, change } = self.groups[group].log[index as usize - 1].clone();
        let node = self.node(member);
        node.applied = index;
        node.known = node.known.max(index);
        let Some(region) = &mut node.region else { return };
        let before = Before::of(region, change.as_ref());
        let (reply, effects) = region.apply(now, (term, index), change);
        let changed = region.plex_mut().take_changed();
        let mut digest = crc32fast::Hasher::new();
        for (key, value) in &changed {
            digest.update(key);
            digest.update(value.as_deref().unwrap_or(b"gone"));
        }
        let facts = before.facts(region, index, reply.is_ok());
        node.disk.note(index, changed);
        self.facts.push(Fact::Applied { member, group, index, digest: digest.finalize() });
        // Guests have a catalog of their own, of which nobody keeps a history.
        let of_the_plex =
            |fact: &Fact| group == 0 || !matches!(fact, Fact::Emptied { .. } | Fact::Unit { .. });
        self.facts.extend(facts.into_iter().filter(of_the_plex));
        self.want(member, effects);
        let key = (group, index);
        if self.proposed.get(&key).is_some_and(|(proposer, _)| *proposer == member)
            && let Some((_, proposal)) = self.proposed.remove(&key)
        {
            let unknown = self.dice.happens(self.tempo.unknown_per_mille);
            self.tell(member, Event::Proposed { proposal, outcome: (!unknown).then_some(reply) });
        }
    }

    /// A member that is too far behind gets the state of one that is not, or else the snapshot.
    fn install(&mut self, member: MemberName) {
        let (now, group) = (self.nodes[&member].clock.read(self.now), self.nodes[&member].group);
        let newest = self.nodes.values().filter(|node| {
            node.group == group && node.applied >= self.groups[group].compacted && node.is_alive()
        });
        let source = newest.max_by_key(|node| node.applied);
        let live = source.and_then(|source| {
            let records = source.region.as_ref()?.plex().records().collect();
            Some(Snapshot { index: source.applied, records })
        });
        let Some(Snapshot { index, records }) = live.or_else(|| self.groups[group].snapshot.clone()) else {
            return;
        };
        let plex = Plex::restored(records.iter().cloned().map(Ok::<_, DecodeError>)).unwrap();
        let node = self.node(member);
        node.applied = index;
        node.known = node.known.max(index);
        node.disk.replace(index, records.into_iter());
        let Some(region) = &mut node.region else { return };
        let effects = region.install(now, index, plex);
        drop(region.plex_mut().take_changed());
        self.want(member, effects);
        let unknown = self
            .proposed
            .extract_if(.., |(of, at), (proposer, _)| *of == group && *at <= index && *proposer == member);
        let unknown: Vec<ProposalId> = unknown.map(|(_, (_, proposal))| proposal).collect();
        for proposal in unknown {
            self.tell(member, Event::Proposed { proposal, outcome: None });
        }
    }

    pub(super) fn newest_index(&self, member: MemberName) -> Option<u64> {
        let node = &self.nodes[&member];
        let (leader, quorum) = self.standing_of(node);
        (leader.is_some() && quorum).then(|| self.groups[node.group].last())
    }

    pub(super) fn propose(&mut self, member: MemberName, proposal: ProposalId, change: PlexChange) {
        if self.network.holds(Held::Proposal(name_of(&change)), member) {
            self.node(member).proposals.push_back((proposal, change));
            return;
        }
        let node = &self.nodes[&member];
        let (group, number) = (node.group, node.settings.node);
        let leads = self.standing_of(node) == (Some(number), true);
        if leads {
            self.facts.extend(Fact::of_proposal(member, &change));
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

    /// Leaves only a snapshot of the log, as far as nobody who is there still has to apply it.
    pub(crate) fn compact(&mut self) {
        let there = self.nodes.values().filter(|node| node.group == 0 && self.standing_of(node).0.is_some());
        let Some(slowest) = there.min_by_key(|node| node.applied) else { return };
        if let Some(region) = &slowest.region
            && slowest.applied > self.groups[0].compacted
        {
            let snapshot = Snapshot { index: slowest.applied, records: region.plex().records().collect() };
            self.groups[0].compacted = snapshot.index;
            self.groups[0].snapshot = Some(snapshot);
        }
    }
}
