//! Who is missing from an answer and why, in sentences: what is told must not say more than is known.

use crate::event::LinkState;
use crate::links::Contact;
use crate::region::ControlRegion;
use plex::MemberState;
use vocabulary::MemberName;

const NO_ANSWER: &str = "a majority of the members does not answer";

impl ControlRegion {
    /// Why no master is there that a majority follows.
    pub(crate) fn why_no_master(&self) -> String {
        if let Some(reason) = self.why_no_majority() {
            return reason;
        }
        let led = self.plex.masters().next_back().map(|last| last.member);
        match led.filter(|led| *led != self.me()).and_then(|led| Some((led, self.links.contact(led)?))) {
            Some((led, Contact { state: LinkState::Down { .. }, since, .. })) => format!(
                "{led}, which was master, is out of reach since {since}, and the next master is just being chosen"
            ),
            // A member that is linked need not be one of the group: it may have lost its data folder.
            _ if !self.quorum => NO_ANSWER.to_string(),
            _ => "a master is just being chosen".to_string(),
        }
    }

    fn why_no_majority(&self) -> Option<String> {
        let (reached, all) = self.sharers_reached();
        self.lacks_majority()
            .then(|| format!("a majority is out of reach, only {reached} of {all} members are there"))
    }

    /// Why it is not known whether what is told is the newest.
    pub(super) fn why_not_newest(&self) -> String {
        let reached = |master: MemberName| master == self.me() || self.links.is_up(master);
        match self.why_no_majority() {
            Some(reason) => reason,
            None if !self.master().is_some_and(reached) => self.why_no_master(),
            None if !self.quorum => NO_ANSWER.to_string(),
            None => "the newest state could not be had in time".to_string(),
        }
    }

    /// Why a member is not in an answer.
    pub(super) fn why_silent(&self, member: MemberName) -> String {
        if let Some(entry) =
            self.plex.roster().get(&member).filter(|entry| entry.state != MemberState::Active)
        {
            return format!("is down: {} since {}", entry.state, entry.since);
        }
        match self.links.contact(member) {
            Some(Contact { state: LinkState::Up, .. }) => "no answer in time".to_string(),
            Some(Contact { state: LinkState::Down { refused: true }, since, .. }) => {
                format!("out of reach since {since}: nobody listens at its address")
            }
            Some(Contact { state: LinkState::Down { refused: false }, since, .. }) => {
                format!("out of reach since {since}")
            }
            None => "out of reach: it was not linked yet".to_string(),
        }
    }

    /// Whether the plex says of a member that it is not there, so that nobody has to ask it.
    pub(super) fn is_away(&self, member: MemberName) -> bool {
        self.plex.roster().get(&member).is_some_and(|entry| entry.state != MemberState::Active)
    }
}
