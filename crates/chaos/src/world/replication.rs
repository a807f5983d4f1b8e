//! The ideal log at work: proposals become entries, members apply them, and old ones are left to a snapshot.

use super::cluster::{Cluster, Sight};
use super::consensus::{Entry, Snapshot};
use super::facts::Fact;
use super::network::{Held, name_of};
use super::node::Node;
use crate::drafts;
use crate::history::{Catalog, Seen};
use control_region::{Event, ProposalId};
use plex::{Activation, Phase, Plex, PlexChange, StageChange};
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
        let staged = change.as_ref().and_then(|change| self.stages(member, change));
        let committed_before = self.committing(member).map(|activation| activation.token);
        let stages_unit = matches!(change, Some(PlexChange::Stage(StageChange::Commit { .. })));
        let is_of_unit = group == 0 && (stages_unit || may_commit(change.as_ref()));
        let before = if is_of_unit { self.made_by_ddl(member) } else { Catalog::default() };
        let may_empty = group == 0
            && matches!(
                change,
                Some(PlexChange::Stage(StageChange::Empty { .. }) | PlexChange::Abort { .. })
            );
        let staged_before = if may_empty { self.staged_count(member) } else { 0 };
        let node = self.node(member);
        node.applied = index;
        node.known = node.known.max(index);
        let Some(region) = &mut node.region else { return };
        let (reply, effects) = region.apply(now, (term, index), change);
        let changed = region.plex_mut().take_changed();
        let mut digest = crc32fast::Hasher::new();
        for (key, value) in &changed {
            digest.update(key);
            digest.update(value.as_deref().unwrap_or(b"gone"));
        }
        node.disk.note(index, changed);
        self.facts.push(Fact::Applied { member, group, index, digest: digest.finalize() });
        let is_done = reply.is_ok();
        self.facts.extend(staged.filter(|_| is_done));
        if staged_before > 0 && self.staged_count(member) == 0 {
            self.facts.push(Fact::Emptied { index });
        }
        let committed = self.committing(member).filter(|now| Some(now.token) != committed_before);
        let unit = committed.filter(|activation| activation.options.mode.ddl_job().is_some());
        let token = unit.map(|activation| activation.token);
        let fact = committed.map(commits);
        self.facts.extend(fact);
        if (stages_unit && is_done) || token.is_some() {
            let after = self.made_by_ddl(member);
            self.facts.push(Fact::Unit { index, token, before, after });
        }
        self.want(member, effects);
        let key = (group, index);
        if self.proposed.get(&key).is_some_and(|(proposer, _)| *proposer == member)
            && let Some((_, proposal)) = self.proposed.remove(&key)
        {
            let unknown = self.dice.happens(self.tempo.unknown_per_mille);
            self.tell(member, Event::Proposed { proposal, outcome: (!unknown).then_some(reply) });
        }
    }

    /// What this change admits on a member, unless it is refused.
    fn stages(&self, member: MemberName, change: &PlexChange) -> Option<Fact> {
        let PlexChange::Stage(StageChange::End { job, .. }) = change else { return None };
        let catalog = self.nodes[&member].region.as_ref()?.plex().catalog();
        let gathered = &catalog.job().filter(|of| of.card.id == *job)?.gathered;
        let admitted = gathered.values().map(|new| (new.name.as_str().to_string(), new.stamp));
        Some(Fact::Staged { job: *job, admitted: admitted.collect() })
    }

    /// Staging and directory of what DDL defines, as a member has them.
    fn made_by_ddl(&self, member: MemberName) -> Catalog {
        let Some(region) = &self.nodes[&member].region else { return Catalog::default() };
        let seen = |name| Some((name, Seen::of(region.plex().catalog().record(&name)?)));
        let seen = drafts::made_by_ddl().into_iter().filter_map(seen);
        seen.map(|(name, seen)| (name.as_str().to_string(), seen)).collect()
    }

    fn staged_count(&self, member: MemberName) -> u64 {
        self.nodes[&member].region.as_ref().map_or(0, |region| region.plex().catalog().staged_count())
    }

    /// The activation whose commit point is passed on a member, while it is under way.
    fn committing(&self, member: MemberName) -> Option<&Activation> {
        let activation = self.nodes[&member].region.as_ref()?.plex().activation()?;
        matches!(activation.phase, Phase::Committing { .. }).then_some(activation)
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
            if let PlexChange::Commit { token, .. }
            | PlexChange::Prepare { token, canvass: Some(_), .. }
            | PlexChange::PrepareUnit { token, canvass: Some(_), .. } = &change
            {
                self.facts.push(Fact::Ready { member, token: *token });
            }
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

/// Whether an entry may be the commit point of an activation.
fn may_commit(change: Option<&PlexChange>) -> bool {
    matches!(change, Some(PlexChange::Commit { .. } | PlexChange::PrepareUnit { .. }))
}

fn commits(activation: &Activation) -> Fact {
    let changes = activation.plan.changes.iter();
    let activated = changes.map(|change| (change.name.as_str().to_string(), change.new)).collect();
    Fact::Committed { token: activation.token, awaited: activation.awaited().collect(), activated }
}
