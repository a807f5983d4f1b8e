//! The links to other members: which are up, since when, and which run of the member was heard last.

use crate::event::{Effect, LinkState};
use crate::letter::Letter;
use crate::region::{ControlRegion, Owed};
use plex::{Incarnation, MemberState, PlexChange, RosterEntry};
use std::collections::BTreeMap;
use vocabulary::{MemberName, Moment};

/// How often a member says that it is there.
const ALIVE_MS: u64 = 1_000;

#[derive(Debug, Clone, Copy)]
struct Link {
    state: LinkState,
    since: Moment,
    incarnation: Option<Incarnation>,
}

/// What is known of the links.
#[derive(Debug)]
pub(crate) struct Links {
    links: BTreeMap<MemberName, Link>,
    wanted: BTreeMap<MemberName, String>,
    started: Moment,
    alive_at: Moment,
}

impl Links {
    pub(crate) fn new(now: Moment) -> Self {
        Self { links: BTreeMap::new(), wanted: BTreeMap::new(), started: now, alive_at: Moment::default() }
    }

    pub(crate) fn set(&mut self, member: MemberName, state: LinkState, now: Moment) {
        let incarnation = self.links.get(&member).and_then(|link| link.incarnation);
        // A link that stays down keeps the moment it went down; that nobody listens there may turn out later.
        let since = match (self.links.get(&member), state) {
            (Some(Link { state: LinkState::Down { .. }, since, .. }), LinkState::Down { .. }) => *since,
            _ => now,
        };
        self.links.insert(member, Link { state, since, incarnation });
    }

    pub(crate) fn heard(&mut self, member: MemberName, incarnation: Incarnation) {
        if let Some(link) = self.links.get_mut(&member) {
            link.incarnation = Some(incarnation);
        }
    }

    pub(crate) fn is_up(&self, member: MemberName) -> bool {
        self.links.get(&member).is_some_and(|link| link.state == LinkState::Up)
    }

    /// Whether that run of a member is gone: another one speaks, nobody listens, or it is silent for too long.
    fn is_lost(&self, member: MemberName, incarnation: Incarnation, now: Moment, lost_ms: u64) -> bool {
        match self.links.get(&member) {
            Some(Link { incarnation: Some(heard), state: LinkState::Up, .. }) => *heard != incarnation,
            Some(Link { state: LinkState::Up, .. }) => false,
            Some(Link { state: LinkState::Down { refused: true }, .. }) => true,
            Some(Link { since, .. }) => now.ms_since(*since) >= lost_ms,
            None => now.ms_since(self.started) >= lost_ms,
        }
    }
}

impl ControlRegion {
    /// Keeps the links that roster and settings ask for, and says that this member is there.
    pub(crate) fn links_turn(&mut self) {
        let roster = self.plex.roster().iter().map(|(member, entry)| (*member, entry.address.clone()));
        let mut wanted = self.settings.neighbours.clone();
        wanted.extend(roster);
        wanted.remove(&self.me());
        if wanted != self.links.wanted {
            self.links.wanted = wanted.clone();
            self.emit(Effect::Links(wanted));
        }
        if self.now.ms_since(self.links.alive_at) >= ALIVE_MS {
            self.links.alive_at = self.now;
            let up: Vec<MemberName> =
                self.links.wanted.keys().copied().filter(|member| self.links.is_up(*member)).collect();
            for to in up {
                self.emit(Effect::Send { to, letter: Letter::Alive });
            }
            self.announce_guest();
        }
    }

    /// The master takes members that are gone out of the active.
    pub(crate) fn depart_lost(&mut self) {
        let gone = |member: MemberName, incarnation: Incarnation| match member == self.me() {
            // An earlier run of the master itself.
            true => incarnation != self.settings.incarnation,
            false => self.links.is_lost(member, incarnation, self.now, self.settings.member_lost_ms),
        };
        let lost = |(member, entry): &(&MemberName, &RosterEntry)| {
            entry.state == MemberState::Active && gone(**member, entry.incarnation)
        };
        let lost: Vec<_> =
            self.plex.roster().iter().filter(lost).map(|(m, entry)| (*m, entry.incarnation)).collect();
        for (member, incarnation) in lost {
            self.owe(Owed::Depart(member, incarnation), |region| PlexChange::Depart {
                member,
                incarnation,
                state: MemberState::Lost,
                at: region.now,
            });
        }
    }
}
