//! An ideal consensus group: one log, whose entries are agreed on as soon as a leader with a majority appends them.

use plex::PlexChange;
use std::collections::BTreeSet;
use vocabulary::Moment;

/// How long a group is without a leader before it has a new one.
const ELECTION_MS: u64 = 500;

/// An entry of the log.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The term of the leader that made it.
    pub(crate) term: u64,
    /// What it is; nothing where it stands for a leader's beginning.
    pub(crate) change: Option<PlexChange>,
}

/// A state of the plex, and the index of the last entry in it.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    pub(crate) index: u64,
    pub(crate) records: Vec<(Vec<u8>, Vec<u8>)>,
}

/// One group: the sharers of a plex, or a guest alone.
#[derive(Debug, Default)]
pub(crate) struct Group {
    /// Node numbers of those who vote.
    pub(crate) voters: BTreeSet<u64>,
    /// Node numbers of those who follow without a vote.
    pub(crate) learners: BTreeSet<u64>,
    /// The log.
    pub(crate) log: Vec<Entry>,
    /// Entries before this are only to be had as a snapshot.
    pub(crate) compacted: u64,
    /// A state that is at least as new as the entries before that.
    pub(crate) snapshot: Option<Snapshot>,
    /// Who leads.
    pub(crate) leader: Option<u64>,
    /// Rises with every leader.
    pub(crate) term: u64,
    pub(crate) leaderless_since: Option<Moment>,
}

impl Group {
    /// The index of the last entry.
    pub(crate) fn last(&self) -> u64 {
        self.log.len() as u64
    }

    /// Whether a node gets the log.
    pub(crate) fn has(&self, node: u64) -> bool {
        self.voters.contains(&node) || self.learners.contains(&node)
    }

    /// Whether these are a majority.
    pub(crate) fn is_majority(&self, nodes: &BTreeSet<u64>) -> bool {
        nodes.intersection(&self.voters).count() * 2 > self.voters.len()
    }

    /// Looks whether the leader is still in touch with a majority, and has the lowest of a majority lead otherwise.
    /// `reaches` gives whom each node is in touch with, itself among them; nobody where it is down.
    pub(crate) fn elect(&mut self, now: Moment, reaches: &[(u64, &BTreeSet<u64>)]) {
        let able = |node: u64| reaches.iter().any(|(of, reach)| *of == node && self.is_majority(reach));
        if self.leader.is_some_and(|leader| self.voters.contains(&leader) && able(leader)) {
            self.leaderless_since = None;
            return;
        }
        let next = self.voters.iter().copied().find(|node| able(*node));
        self.leader = None;
        let since = *self.leaderless_since.get_or_insert(now);
        if now.ms_since(since) >= ELECTION_MS
            && let Some(node) = next
        {
            self.lead(node);
        }
    }

    /// Lets a node lead, in a term of its own.
    pub(crate) fn lead(&mut self, node: u64) {
        self.leader = Some(node);
        self.term += 1;
        self.leaderless_since = None;
        self.log.push(Entry { term: self.term() + 1, change: None });
    }

    /// The leader adds an entry.
    pub(crate) fn append(&mut self, change: PlexChange) {
        self.log.push(Entry { term: self.term(), change: Some(change) });
    }

    fn term(&self) -> u64 {
        self.log.last().map_or(0, |entry| entry.term)
    }
}
