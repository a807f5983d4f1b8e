//! The consensus group beside the roster: the master sees to it that the group is what the roster says.
//!
//! A member is deleted, or joins, in two steps: an entry of the log, and a change of the group. A master may be lost
//! between the two, so whoever leads looks on every turn what the group still owes.

use crate::event::Effect;
use crate::region::ControlRegion;
use plex::{Left, Membership};
use std::collections::BTreeSet;
use vocabulary::Moment;

/// After how long a change of the group that did not come about is asked for again. It may take a while: who joins
/// catches up first.
const REGROUP_MS: u64 = 5_000;

/// How often a member that hears nothing of a majority asks others whether it still belongs to the plex.
const INQUIRE_MS: u64 = 1_000;

/// What is known of the consensus group.
#[derive(Debug, Default)]
pub(crate) struct Group {
    voters: BTreeSet<u64>,
    learners: BTreeSet<u64>,
    /// When a change of it was asked for.
    asked: Option<Moment>,
    /// Since when nothing is heard of a majority, or when others were asked why.
    unheard: Option<Moment>,
    /// What others said of this node.
    told: Option<Left>,
}

impl Group {
    pub(crate) fn set(&mut self, voters: BTreeSet<u64>, learners: BTreeSet<u64>) {
        if (&self.voters, &self.learners) != (&voters, &learners) {
            *self = Self { voters, learners, asked: None, ..*self };
        }
    }

    pub(crate) fn told_to_have_left(&mut self, left: Left) {
        self.told = Some(left);
    }
}

impl ControlRegion {
    /// The master asks for the next change that the group owes to the roster.
    pub(crate) fn group_turn(&mut self) {
        let asked = self.group.asked.is_some_and(|at| self.now.ms_since(at) < REGROUP_MS);
        if !self.quorum || asked {
            return;
        }
        if let Some(change) = self.owed_by_group() {
            self.group.asked = Some(self.now);
            self.emit(change);
        }
    }

    fn owed_by_group(&self) -> Option<Effect> {
        let former = self.plex.former_nodes();
        let mut nodes = self.group.voters.union(&self.group.learners).copied();
        // A leader does not take itself out: it ends, and the next one does.
        if let Some(node) = nodes.find(|node| former.contains_key(node) && *node != self.settings.node) {
            return Some(Effect::Expel { node });
        }
        // Who has just registered may be on its way to its vote.
        let without_vote = self.plex.roster().values().find(|entry| {
            entry.membership == Membership::Sharer
                && self.group.learners.contains(&entry.node)
                && self.now.ms_since(entry.since) >= REGROUP_MS
        });
        without_vote.map(|entry| Effect::Admit { node: entry.node, address: entry.address.clone() })
    }

    /// Whether this node left the plex, as the log or other members say.
    pub(crate) fn has_left(&self) -> Option<Left> {
        let former = self.plex.former_nodes().get(&self.settings.node);
        former.map(|former| former.left).or(self.group.told)
    }

    /// A node that is not in the group any more hears nothing from it, though it may take somebody for its leader. So
    /// others have to be asked.
    pub(crate) fn inquire_turn(&mut self) {
        if self.quorum || self.settings.membership == Membership::Guest {
            self.group.unheard = None;
            return;
        }
        let since = *self.group.unheard.get_or_insert(self.now);
        if self.now.ms_since(since) >= INQUIRE_MS {
            self.group.unheard = Some(self.now);
            self.emit(Effect::Inquire);
        }
    }
}
