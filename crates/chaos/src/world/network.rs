//! What is between members: letters on their way, cut links, and letters and proposals that a test holds back.

use crate::dice::Dice;
use control_region::{Letter, LinkState};
use plex::{Incarnation, PlexChange};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use vocabulary::{MemberName, Moment};

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
    /// What members want changed in RECON, and what they are told of it.
    Recon,
    Register,
    Vote,
    /// No letter, but changes of the consensus group: they fail.
    Regroup,
    /// No letter, but the opening and closing of databases.
    Database,
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
            Letter::Recon { .. } | Letter::ReconAnswer { .. } => Some(Self::Recon),
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
            Self::Recon,
            Self::Register,
            Self::Vote,
            Self::Regroup,
            Self::Database,
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

const CHANGES: [&str; 16] = [
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
    "Recon",
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
        PlexChange::Recon(_) => "Recon",
    }
}

/// What is held of whom: from this member, or from everybody.
pub(crate) type Hold = (Held, Option<MemberName>);

/// How letters fare. The default loses, doubles and delays nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Weather {
    pub(crate) lost_per_mille: u64,
    pub(crate) twice_per_mille: u64,
    /// Where letters take time, members that answer each other at once come to rest.
    pub(crate) delay_ms_min: u64,
    /// Each letter takes its own time, so that a later one may arrive earlier.
    pub(crate) delay_ms_max: u64,
}

/// The network.
#[derive(Debug, Default)]
pub(crate) struct Network {
    /// By when they arrive, and in the order of sending.
    letters: BTreeMap<(Moment, u64), Envelope>,
    sent: u64,
    pub(crate) weather: Weather,
    pub(crate) holds: BTreeSet<Hold>,
    pub(crate) held: VecDeque<Envelope>,
    /// Which part of a partitioned network a member is in.
    pub(super) parts: BTreeMap<MemberName, usize>,
    /// From whom nothing gets through to whom.
    pub(super) cut: BTreeSet<(MemberName, MemberName)>,
}

impl Network {
    /// Whether what one member sends gets through to the other.
    pub(crate) fn carries(&self, from: MemberName, to: MemberName) -> bool {
        self.parts.get(&from) == self.parts.get(&to) && !self.cut.contains(&(from, to))
    }

    /// Whether both hear each other.
    pub(crate) fn connects(&self, one: MemberName, other: MemberName) -> bool {
        self.carries(one, other) && self.carries(other, one)
    }

    /// When the next letter arrives.
    pub(crate) fn next_due(&self) -> Option<Moment> {
        self.letters.keys().next().map(|(due, _)| *due)
    }

    /// The next letter that has arrived.
    pub(crate) fn take_due(&mut self, now: Moment) -> Option<Envelope> {
        let (&key, _) = self.letters.first_key_value().filter(|((due, _), _)| *due <= now)?;
        self.letters.remove(&key)
    }

    /// Puts a letter on its way that arrives then.
    pub(crate) fn arrives(&mut self, due: Moment, envelope: Envelope) {
        self.sent += 1;
        self.letters.insert((due, self.sent), envelope);
    }

    /// Whoever these are for is not there any more.
    pub(crate) fn drop_letters_to(&mut self, member: MemberName) {
        self.letters.retain(|_, envelope| envelope.to != member);
    }

    fn send(&mut self, now: Moment, envelope: &Envelope, dice: &mut Dice) {
        if dice.happens(self.weather.lost_per_mille) {
            return;
        }
        let copies = if dice.happens(self.weather.twice_per_mille) { 2 } else { 1 };
        for _ in 0..copies {
            let due = now.plus_ms(dice.between(self.weather.delay_ms_min, self.weather.delay_ms_max));
            self.arrives(due, envelope.clone());
        }
    }

    /// Whether this is to be held back.
    pub(crate) fn holds(&self, held: Held, from: MemberName) -> bool {
        self.holds.contains(&(held, None)) || self.holds.contains(&(held, Some(from)))
    }

    /// Takes a letter on its way, or holds it back.
    pub(crate) fn post(&mut self, now: Moment, envelope: Envelope, dice: &mut Dice) {
        match Held::of(&envelope.letter) {
            Some(held) if self.holds(held, envelope.from) => self.held.push_back(envelope),
            _ => self.send(now, &envelope, dice),
        }
    }

    /// Lets go of what was held back; `lost` where it never arrives.
    pub(crate) fn release(&mut self, now: Moment, lost: bool) {
        self.holds.clear();
        for envelope in std::mem::take(&mut self.held) {
            if !lost {
                self.arrives(now, envelope);
            }
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
