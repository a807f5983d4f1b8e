//! The links to other members: which are up, since when, and which run of the member was heard last.

use crate::event::{Effect, LinkState};
use crate::letter::Letter;
use crate::region::{ControlRegion, Owed};
use plex::{Incarnation, MemberState, Membership, PlexChange, RosterEntry};
use std::collections::BTreeMap;
use vocabulary::{MemberName, Moment};

/// How often a member says that it is there. It says so at once where a link comes up, or when it is another run.
const ALIVE_MS: u64 = 1_000;

#[derive(Debug, Clone, Copy)]
struct Link {
    state: LinkState,
    since: Moment,
    /// The run of the member that was heard last.
    heard: Option<Incarnation>,
    /// When it was heard.
    heard_at: Moment,
    /// When it was found last that nobody listens there.
    refused_at: Moment,
    /// The run of this member that was told over it, since it came up.
    told: Option<Incarnation>,
}

impl Link {
    /// A link that nothing is known of yet.
    fn new(now: Moment) -> Self {
        Self {
            state: LinkState::Down { refused: false },
            since: now,
            heard: None,
            heard_at: Moment::default(),
            refused_at: Moment::default(),
            told: None,
        }
    }
}

/// What is known of another member by its link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Contact {
    pub(crate) state: LinkState,
    /// Since when the link is up, or down.
    pub(crate) since: Moment,
    /// Which run of the member was heard last, and when.
    pub(crate) heard: Option<(Incarnation, Moment)>,
}

/// What is known of the links.
#[derive(Debug, Default)]
pub(crate) struct Links {
    links: BTreeMap<MemberName, Link>,
    wanted: BTreeMap<MemberName, String>,
    alive_at: Moment,
}

impl Links {
    pub(crate) fn set(&mut self, member: MemberName, state: LinkState, now: Moment) {
        let link = self.links.entry(member).or_insert_with(|| Link::new(now));
        // A link that stays down keeps the moment it went down; that nobody listens there may turn out later.
        let stays_down = matches!((link.state, state), (LinkState::Down { .. }, LinkState::Down { .. }));
        let since = if stays_down { link.since } else { now };
        let refused_at = if state == (LinkState::Down { refused: true }) { now } else { link.refused_at };
        *link = Link { state, since, refused_at, told: None, ..*link };
    }

    pub(crate) fn heard(&mut self, member: MemberName, incarnation: Incarnation, now: Moment) {
        let link = self.links.entry(member).or_insert_with(|| Link::new(now));
        (link.heard, link.heard_at) = (Some(incarnation), now);
    }

    pub(crate) fn contact(&self, member: MemberName) -> Option<Contact> {
        let Link { state, since, heard, heard_at, .. } = *self.links.get(&member)?;
        Some(Contact { state, since, heard: heard.map(|incarnation| (incarnation, heard_at)) })
    }

    /// How many of the links that are wanted are in such a state.
    pub(crate) fn count(&self, is: impl Fn(LinkState) -> bool) -> u64 {
        let wanted = self.wanted.keys().filter_map(|member| self.links.get(member));
        wanted.filter(|link| is(link.state)).count() as u64
    }

    pub(crate) fn is_up(&self, member: MemberName) -> bool {
        self.links.get(&member).is_some_and(|link| link.state == LinkState::Up)
    }

    /// Whether that run of a member is gone: another one speaks, nobody listens, or it is silent for too long.
    fn is_lost(&self, member: MemberName, incarnation: Incarnation, now: Moment, lost_ms: u64) -> bool {
        match self.links.get(&member) {
            Some(Link { state: LinkState::Up, heard, .. }) => heard.is_some_and(|heard| heard != incarnation),
            // Whoever was heard since nobody listened is another run, which our link will find listening.
            Some(Link { state: LinkState::Down { refused: true }, heard_at, refused_at, .. }) => {
                heard_at <= refused_at
            }
            Some(Link { since, .. }) => now.ms_since(*since) >= lost_ms,
            // It has just come, and is not linked yet.
            None => false,
        }
    }

    /// The members that have to be told now which run of this one is here: all of them when it is time, and
    /// meanwhile those who have not heard.
    fn take_untold(&mut self, incarnation: Incarnation, now: Moment) -> Vec<MemberName> {
        let due = now.ms_since(self.alive_at) >= ALIVE_MS;
        if due {
            self.alive_at = now;
        }
        let mut untold = Vec::new();
        for (member, link) in &mut self.links {
            let up = link.state == LinkState::Up && self.wanted.contains_key(member);
            if up && (due || link.told != Some(incarnation)) {
                link.told = Some(incarnation);
                untold.push(*member);
            }
        }
        untold
    }
}

impl ControlRegion {
    /// Keeps the links that roster and settings ask for, and says that this member is there.
    pub(crate) fn links_turn(&mut self) {
        if !self.wants_the_same_links() {
            let roster = self.plex.roster().iter().map(|(member, entry)| (*member, entry.address.clone()));
            let mut wanted = self.settings.neighbours.clone();
            wanted.extend(roster);
            wanted.remove(&self.me());
            for member in wanted.keys() {
                self.links.links.entry(*member).or_insert_with(|| Link::new(self.now));
            }
            self.links.wanted = wanted.clone();
            self.emit(Effect::Links(wanted));
        }
        let announced = self.links.alive_at;
        for to in self.links.take_untold(self.settings.incarnation, self.now) {
            self.emit(Effect::Send { to, letter: Letter::Alive });
        }
        if self.links.alive_at != announced {
            self.announce_guest();
        }
    }

    /// Whether those who are wanted are the roster and the configured ones still, at the same addresses.
    fn wants_the_same_links(&self) -> bool {
        let (roster, neighbours) = (self.plex.roster(), &self.settings.neighbours);
        let others = neighbours.keys().filter(|member| !roster.contains_key(member));
        let count = roster.keys().chain(others).filter(|member| **member != self.me()).count();
        let address = |member: &MemberName| match roster.get(member) {
            Some(entry) => Some(&entry.address),
            None => neighbours.get(member),
        };
        count == self.links.wanted.len()
            && self.links.wanted.iter().all(|(member, known)| address(member) == Some(known))
    }

    /// How many of the sharers are in reach, this one among them, and how many there are.
    pub(crate) fn sharers_reached(&self) -> (usize, usize) {
        let sharers = self.plex.roster().iter().filter(|(_, entry)| entry.membership == Membership::Sharer);
        let sharers: Vec<MemberName> = sharers.map(|(member, _)| *member).collect();
        let reached = sharers.iter().filter(|member| **member == self.me() || self.links.is_up(**member));
        (reached.count(), sharers.len())
    }

    /// Whether too many of the sharers are out of reach for anything to be decided.
    pub(crate) fn lacks_majority(&self) -> bool {
        let (reached, all) = self.sharers_reached();
        reached * 2 <= all
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
