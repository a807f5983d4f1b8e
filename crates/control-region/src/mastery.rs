//! Why this member is master, and why nobody may be: the evidence that it has, kept for whoever asks later.
//!
//! A new master writes into the log what it knows of the one before. What can't be written, because a majority is out of
//! reach, each member tells for itself.

use crate::event::LinkState;
use crate::links::Contact;
use crate::region::{ControlRegion, Owed};
use plex::{MasterCause, MasterChange, MemberState, PlexChange};
use vocabulary::{MemberName, Moment};

/// A member says every second that it is there. Who is not heard for so long is silent.
const SILENT_MS: u64 = 3_000;

/// Since when this member sees the consensus group as it does now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outlook {
    /// Since when a majority is in touch, or is not.
    pub(crate) quorum_since: Moment,
    /// Since when this one is known to lead, or nobody.
    pub(crate) leader_since: Moment,
}

impl Outlook {
    pub(crate) fn new(now: Moment) -> Self {
        Self { quorum_since: now, leader_since: now }
    }

    /// Looks at who leads and whether a majority is there, before and now.
    pub(crate) fn see(&mut self, leader: (Option<u64>, Option<u64>), quorum: (bool, bool), now: Moment) {
        if leader.0 != leader.1 {
            self.leader_since = now;
        }
        if quorum.0 != quorum.1 {
            self.quorum_since = now;
        }
    }
}

impl ControlRegion {
    /// Writes down that this member is master, once in each term that it leads in.
    pub(crate) fn record_mastery(&mut self) {
        // The record of the master before may still be on its way here.
        let newest = self.leads_since().is_some_and(|since| self.applied >= since);
        let recorded = self.plex.masters().next_back().is_some_and(|last| last.term >= self.term);
        if newest && !recorded {
            let change = self.own_mastery();
            self.owe(Owed::Lead(change.term), |_| PlexChange::Lead(change));
        }
    }

    fn own_mastery(&self) -> MasterChange {
        let prior = self.plex.masters().next_back();
        let others = prior.filter(|prior| prior.member != self.me());
        let heard = others.and_then(|prior| self.links.contact(prior.member)?.heard);
        MasterChange {
            member: self.me(),
            incarnation: self.settings.incarnation,
            node: self.settings.node,
            term: self.term,
            since: self.leads_from().unwrap_or(self.now),
            prior: prior.map(|prior| prior.member),
            why: self.why_master(prior),
            last_heard: heard.map(|(_, at)| at),
        }
    }

    fn why_master(&self, prior: Option<&MasterChange>) -> MasterCause {
        let Some(prior) = prior else {
            return if self.formed_of_late() { MasterCause::Formed } else { MasterCause::FirstRecorded };
        };
        if (prior.member, prior.incarnation) == (self.me(), self.settings.incarnation) {
            return MasterCause::ElectedAgain;
        }
        if self.plex.former_nodes().contains_key(&prior.node) {
            return MasterCause::Left;
        }
        match self.plex.roster().get(&prior.member).map(|entry| (entry.state, entry.since)) {
            // What it said last is told, even where nobody was at work after it.
            Some((MemberState::Stopped, at)) => MasterCause::Stopped { at },
            _ if !self.is_running() => MasterCause::PlexStarted,
            // What this member found out itself, since it leads, its links tell better.
            Some((MemberState::Lost, at)) if self.leads_from().is_some_and(|led| at < led) => {
                MasterCause::Abended { at }
            }
            None => MasterCause::Left,
            Some(_) if prior.member == self.me() => MasterCause::StartedAgain,
            Some(_) => self.by_link(prior),
        }
    }

    /// Whether nobody can have been master for long before. Members register as soon as the plex is formed, which may be
    /// before its first master knows that it is current and writes itself down; so whether they did tells nothing.
    fn formed_of_late(&self) -> bool {
        let formed = self.plex.identity().map(|identity| identity.formed);
        let formed_after = |led| formed.is_some_and(|formed| formed >= led);
        let under_me = self.leads_from().is_none_or(formed_after);
        let gone = |state| matches!(state, MemberState::Stopped | MemberState::Lost);
        under_me || !self.plex.roster().values().any(|entry| gone(entry.state))
    }

    fn by_link(&self, prior: &MasterChange) -> MasterCause {
        let Some(Contact { state, since, heard }) = self.links.contact(prior.member) else {
            return MasterCause::Unreachable { since: self.now };
        };
        match (state, heard) {
            (LinkState::Down { refused: true }, _) => MasterCause::Ended { since },
            (LinkState::Down { refused: false }, _) => MasterCause::Unreachable { since },
            (LinkState::Up, Some((run, _))) if run != prior.incarnation => MasterCause::StartedAgain,
            (LinkState::Up, Some((_, at))) if self.now.ms_since(at) < SILENT_MS => MasterCause::Linked,
            (LinkState::Up, heard) => MasterCause::Silent { since: heard.map_or(since, |(_, at)| at) },
        }
    }

    /// What this member knows of another by its link: how it is, since when, and when the other was heard last.
    pub(crate) fn contact_words(&self, member: MemberName) -> (&'static str, Option<Moment>, Option<Moment>) {
        if member == self.me() {
            return ("SELF", None, None);
        }
        let Some(Contact { state, since, heard }) = self.links.contact(member) else {
            return ("NONE", None, None);
        };
        let word = match state {
            LinkState::Up => "UP",
            LinkState::Down { refused: true } => "REFUSED",
            LinkState::Down { refused: false } => "DOWN",
        };
        (word, Some(since), heard.map(|(_, at)| at))
    }
}
