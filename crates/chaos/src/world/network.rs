//! What is between members: letters on their way, cut links, and letters and proposals that a test holds back.

use control_region::{Letter, LinkState};
use plex::{Incarnation, PlexChange};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use vocabulary::MemberName;

/// A letter on its way.
#[derive(Debug, Clone)]
pub(crate) struct Envelope {
    pub(crate) from: MemberName,
    pub(crate) to: MemberName,
    pub(crate) incarnation: Incarnation,
    pub(crate) letter: Letter,
}

/// What can be held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Held {
    Answer,
    Canvass,
    Coordinate,
    Ddl,
    Done,
    Execute,
    Populate,
    Register,
    Vote,
    /// No letter, but changes of the consensus group: they fail.
    Regroup,
    /// No letter, but work that a member wants done elsewhere.
    Work,
    /// No letter, but a proposal of this kind.
    Proposal(&'static str),
}

impl Held {
    /// The kind of a letter, where it is one that a test can hold.
    pub(crate) fn of(letter: &Letter) -> Option<Self> {
        match letter {
            Letter::Answer { .. } => Some(Self::Answer),
            Letter::Coordinate { .. } => Some(Self::Coordinate),
            Letter::Ddl { .. } => Some(Self::Ddl),
            Letter::Done { .. } => Some(Self::Done),
            Letter::Execute { .. } => Some(Self::Execute),
            Letter::Populate { .. } => Some(Self::Populate),
            Letter::Register(_) => Some(Self::Register),
            Letter::Canvass { .. } => Some(Self::Canvass),
            Letter::Vote { .. } | Letter::Canvassed { .. } => Some(Self::Vote),
            Letter::Alive
            | Letter::Audit { .. }
            | Letter::LookAgain { .. }
            | Letter::OperatorLeft { .. }
            | Letter::Stopping
            | Letter::Progress { .. } => None,
        }
    }

    /// What a script calls it: `vote`, `done`, `Prepare`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let letters = [
            Self::Answer,
            Self::Canvass,
            Self::Coordinate,
            Self::Ddl,
            Self::Done,
            Self::Execute,
            Self::Populate,
            Self::Register,
            Self::Vote,
            Self::Regroup,
            Self::Work,
        ];
        let proposals = CHANGES.map(Self::Proposal);
        letters.into_iter().chain(proposals).find(|held| held.to_string() == name)
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Proposal(change) => f.write_str(change),
            letter => f.write_str(&format!("{letter:?}").to_lowercase()),
        }
    }
}

const CHANGES: [&str; 15] = [
    "Form",
    "Register",
    "Depart",
    "Remove",
    "Stage",
    "Prepare",
    "Commit",
    "Abort",
    "TakeOver",
    "End",
    "Lead",
    "Withdraw",
    "Audit",
    "Catalog",
    "PrepareUnit",
];

/// The name of a change.
pub(crate) fn name_of(change: &PlexChange) -> &'static str {
    match change {
        PlexChange::Form { .. } => "Form",
        PlexChange::Register(_) => "Register",
        PlexChange::Depart { .. } => "Depart",
        PlexChange::Remove { .. } => "Remove",
        PlexChange::Stage(_) => "Stage",
        PlexChange::Prepare { .. } => "Prepare",
        PlexChange::Commit { .. } => "Commit",
        PlexChange::Abort { .. } => "Abort",
        PlexChange::TakeOver { .. } => "TakeOver",
        PlexChange::End { .. } => "End",
        PlexChange::Lead(_) => "Lead",
        PlexChange::Withdraw { .. } => "Withdraw",
        PlexChange::Audit { .. } => "Audit",
        PlexChange::Catalog(_) => "Catalog",
        PlexChange::PrepareUnit { .. } => "PrepareUnit",
    }
}

/// What is held of whom: from this member, or from everybody.
pub(crate) type Hold = (Held, Option<MemberName>);

/// The network.
#[derive(Debug, Default)]
pub(crate) struct Network {
    pub(crate) letters: VecDeque<Envelope>,
    pub(crate) holds: BTreeSet<Hold>,
    pub(crate) held: VecDeque<Envelope>,
    /// Which part of a partitioned network a member is in.
    pub(crate) parts: BTreeMap<MemberName, usize>,
}

impl Network {
    /// Whether two members are in the same part of the network.
    pub(crate) fn connects(&self, one: MemberName, other: MemberName) -> bool {
        self.parts.get(&one) == self.parts.get(&other)
    }

    /// Whether this is to be held back.
    pub(crate) fn holds(&self, held: Held, from: MemberName) -> bool {
        self.holds.contains(&(held, None)) || self.holds.contains(&(held, Some(from)))
    }

    /// Takes a letter on its way, or holds it back.
    pub(crate) fn post(&mut self, envelope: Envelope) {
        match Held::of(&envelope.letter) {
            Some(held) if self.holds(held, envelope.from) => self.held.push_back(envelope),
            _ => self.letters.push_back(envelope),
        }
    }

    /// Lets go of what was held back; `lost` where it never arrives.
    pub(crate) fn release(&mut self, lost: bool) {
        self.holds.clear();
        let held = std::mem::take(&mut self.held);
        if !lost {
            self.letters.extend(held);
        }
    }
}

/// The link to a member that is up, down, or gone.
pub(crate) fn link_state(alive: bool, connected: bool) -> LinkState {
    match (alive, connected) {
        (true, true) => LinkState::Up,
        (false, true) => LinkState::Down { refused: true },
        (_, false) => LinkState::Down { refused: false },
    }
}
