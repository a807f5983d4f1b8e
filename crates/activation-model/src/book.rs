//! What members do, worked out once and looked up afterwards.
//!
//! What a member does next follows from what it was told so far, and from nothing else. So a member is a number here: two
//! members that print alike are the same, and a step is a row of a table. The members themselves are the real ones, and
//! one that is needed again after it went on is told again what it was told.

use crate::mutant::Mutant;
use crate::settings::{IMPORT, Names, moment, populate};
use control_region::{
    BarrierId, ControlRegion, Effect, Event, Letter, LinkState, ProposalId, RegionId, RequestId, Standing,
    Stops,
};
use csl::envelope::{OperatorRequest, PopulateMode, User};
use csl::om::{Answer, OperatorRole};
use dasd::memory::MemoryKeyedSet;
use plex::{Incarnation, Plex, PlexChange, PlexReply};
use std::collections::{BTreeSet, HashMap};
use std::fmt::{self, Write};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use vocabulary::Message;

/// A member as it is between two steps.
pub(crate) type MemberId = u32;
/// An entry of the log together with all before it.
pub(crate) type EntryId = u32;
/// A letter, a change, a reply, by what it says.
pub(crate) type Said = u32;

/// The operator, who may do everything.
fn administrator() -> User {
    User {
        name: "operator".to_string(),
        role: OperatorRole::Administer,
        address: "192.0.2.1:40000".to_string(),
    }
}

/// How a link is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Link {
    Up,
    Cut,
    Refused,
}

/// What an operator asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Asked {
    SetUp,
    Stage,
    Import,
}

/// What a member is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Input {
    Tick,
    Standing { term: u64, leader: Option<u64>, quorum: bool },
    Link { other: usize, state: Link },
    Letter { from: usize, run: Incarnation, letter: Said },
    Apply { term: u64, index: u64, change: Option<Said> },
    Proposed { proposal: u64, reply: Option<Said> },
    Barrier { barrier: u64, index: Option<u64> },
    Operator(Asked),
    Schedule,
    Found,
}

/// What a member wants, as far as the model looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Output {
    Send { to: usize, run: Incarnation, letter: Said, at_once: bool },
    Propose { proposal: u64, change: Said },
    Barrier(u64),
    Replied(Said),
    Issued(Message),
    Answered(Box<Answer>),
    Failed,
}

/// What came of a step.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) after: MemberId,
    pub(crate) outputs: Vec<Output>,
}

#[derive(Debug, Clone, Copy)]
enum Origin {
    Start { member: usize, run: u32, disk: EntryId, clock: u32 },
    Step { before: MemberId, clock: u32, input: Input },
}

#[derive(Debug)]
struct Known {
    origin: Origin,
    /// The member itself, until it goes on.
    region: Option<ControlRegion>,
    member: usize,
    run: Incarnation,
    /// Its plex is not what the log says.
    astray: bool,
}

#[derive(Debug)]
struct Entry {
    term: u64,
    index: u64,
    change: Option<Said>,
    plex: Plex,
}

/// Values that are known by a number, two that print alike by the same.
#[derive(Debug)]
struct Numbered<T> {
    values: Vec<T>,
    numbers: HashMap<u128, u32>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self { values: Vec::new(), numbers: HashMap::new() }
    }
}

impl<T: fmt::Debug> Numbered<T> {
    fn number(&mut self, value: T) -> u32 {
        let next = self.values.len() as u32;
        let number = *self.numbers.entry(digest(&value)).or_insert(next);
        if number == next {
            self.values.push(value);
        }
        number
    }

    fn get(&self, number: u32) -> &T {
        &self.values[number as usize]
    }
}

/// Everything that is known of members, and what was ever said.
#[derive(Debug)]
pub(crate) struct Book {
    pub(crate) names: Names,
    mutant: Mutant,
    members: Vec<Known>,
    numbers: HashMap<u128, MemberId>,
    steps: HashMap<(MemberId, u32, Input), Arc<Turn>>,
    entries: Vec<Entry>,
    follow: HashMap<(EntryId, u64, Option<Said>), EntryId>,
    letters: Numbered<Letter>,
    changes: Numbered<PlexChange>,
    replies: Numbered<PlexReply>,
}

/// The empty log.
pub(crate) const NOTHING: EntryId = 0;

impl Book {
    pub(crate) fn new(names: Names, mutant: Mutant) -> Self {
        Self {
            names,
            mutant,
            members: Vec::new(),
            numbers: HashMap::new(),
            steps: HashMap::new(),
            entries: vec![Entry { term: 0, index: 0, change: None, plex: Plex::default() }],
            follow: HashMap::new(),
            letters: Numbered::default(),
            changes: Numbered::default(),
            replies: Numbered::default(),
        }
    }

    /// How many members are known, and how many steps of them.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.members.len(), self.steps.len())
    }

    pub(crate) fn letter(&self, letter: Said) -> &Letter {
        self.letters.get(letter)
    }

    /// The change that an entry makes.
    pub(crate) fn change_of(&self, entry: EntryId) -> Option<Said> {
        self.entries[entry as usize].change
    }

    /// The place of an entry in the log.
    pub(crate) fn index(&self, entry: EntryId) -> u64 {
        self.entries[entry as usize].index
    }

    /// The term of the leader that made an entry.
    pub(crate) fn term(&self, entry: EntryId) -> u64 {
        self.entries[entry as usize].term
    }

    /// The plex after an entry.
    pub(crate) fn plex(&self, entry: EntryId) -> &Plex {
        &self.entries[entry as usize].plex
    }

    /// Which run of itself a member is.
    pub(crate) fn run(&self, member: MemberId) -> Incarnation {
        self.members[member as usize].run
    }

    /// Whether a member holds another plex than the log says.
    pub(crate) fn is_astray(&self, member: MemberId) -> bool {
        self.members[member as usize].astray
    }

    /// The log with one entry more, made by the leader of this term.
    pub(crate) fn append(&mut self, log: EntryId, term: u64, change: Option<Said>) -> EntryId {
        if let Some(entry) = self.follow.get(&(log, term, change)) {
            return *entry;
        }
        let mut plex = self.plex(log).clone();
        if let Some(change) = change {
            let _ = plex.apply(in_term(self.changes.get(change).clone(), term));
        }
        let _ = plex.take_changed();
        let entry = self.entries.len() as EntryId;
        let index = self.index(log) + 1;
        self.entries.push(Entry { term, index, change, plex });
        self.follow.insert((log, term, change), entry);
        entry
    }

    /// A member that starts in this run, with what its disk has of the log.
    pub(crate) fn start(&mut self, member: usize, run: u32, disk: EntryId, clock: u32) -> MemberId {
        let region = self.started(member, run, disk, clock);
        self.enter(Origin::Start { member, run, disk, clock }, member, region, false)
    }

    #[expect(clippy::expect_used, reason = "an empty set in memory can be read")]
    fn started(&self, member: usize, run: u32, disk: EntryId, clock: u32) -> ControlRegion {
        let stops = Stops::open(Box::new(MemoryKeyedSet::new()), false).expect("nothing is stopped");
        let plex = self.plex(disk).clone();
        ControlRegion::new(self.names.settings(member, run), plex, self.index(disk), stops, moment(clock))
    }

    /// What comes of telling a member something; of an entry, `log` is the log up to it.
    pub(crate) fn step(&mut self, member: MemberId, clock: u32, input: Input, log: EntryId) -> Arc<Turn> {
        let key = (member, clock, input);
        if let Some(turn) = self.steps.get(&key) {
            return turn.clone();
        }
        let mut region = self.take(member);
        let outputs = self.tell(&mut region, member, clock, input);
        let at = self.members[member as usize].member;
        let astray = self.is_astray(member)
            || (matches!(input, Input::Apply { .. })
                && !self.plex(log).records().eq(region.plex().records()));
        let after = self.enter(Origin::Step { before: member, clock, input }, at, region, astray);
        let turn = Arc::new(Turn { after, outputs });
        self.steps.insert(key, turn.clone());
        turn
    }

    fn enter(&mut self, origin: Origin, member: usize, region: ControlRegion, astray: bool) -> MemberId {
        let next = self.members.len() as MemberId;
        let number = *self.numbers.entry(digest(&(member, astray, &region))).or_insert(next);
        if number == next {
            let run = region.incarnation();
            self.members.push(Known { origin, region: None, member, run, astray });
        }
        self.members[number as usize].region = Some(region);
        number
    }

    /// The member itself. One that went on before is told again what it was told, since a member can't be copied.
    fn take(&mut self, member: MemberId) -> ControlRegion {
        let mut told = Vec::new();
        let mut at = member;
        let mut region = loop {
            if let Some(region) = self.members[at as usize].region.take() {
                break region;
            }
            match self.members[at as usize].origin {
                Origin::Step { before, clock, input } => {
                    told.push((before, clock, input));
                    at = before;
                }
                Origin::Start { member, run, disk, clock } => break self.started(member, run, disk, clock),
            }
        };
        for (before, clock, input) in told.into_iter().rev() {
            self.tell(&mut region, before, clock, input);
        }
        region
    }

    fn tell(
        &mut self,
        region: &mut ControlRegion,
        member: MemberId,
        clock: u32,
        input: Input,
    ) -> Vec<Output> {
        let now = moment(clock);
        let mut outputs = Vec::new();
        let mut effects = match input {
            Input::Apply { term, index, change } => {
                let at = self.members[member as usize].member;
                let change = change.map(|change| self.changes.get(change).clone());
                let change = change.and_then(|change| self.mutant.heard(change, self.names.members[at]));
                let (reply, effects) = region.apply(now, (term, index), change);
                outputs.push(Output::Replied(self.replies.number(reply)));
                effects
            }
            input => {
                let event = self.event(input);
                region.step(now, event)
            }
        };
        // Work is done on the spot: how long it takes is no question of the protocol.
        while !effects.is_empty() {
            let mut next = Vec::new();
            for effect in effects {
                match effect {
                    Effect::Work { work, task } => {
                        next.extend(region.step(now, Event::Worked { work, done: task.perform() }));
                    }
                    effect => outputs.extend(self.output(effect, region.incarnation())),
                }
            }
            effects = next;
        }
        let _ = region.plex_mut().take_changed();
        outputs
    }

    fn event(&self, input: Input) -> Event {
        let name = |member: usize| self.names.members[member];
        match input {
            Input::Tick | Input::Apply { .. } => Event::Tick,
            Input::Standing { term, leader, quorum } => {
                let voters = (0..crate::settings::MEMBERS).map(crate::settings::node_of).collect();
                Event::Standing(Standing { term, leader, quorum, voters, learners: BTreeSet::new() })
            }
            Input::Link { other, state } => Event::Link { member: name(other), state: state.into() },
            Input::Letter { from, run, letter } => {
                Event::Letter { from: name(from), incarnation: run, letter: self.letter(letter).clone() }
            }
            Input::Proposed { proposal, reply } => Event::Proposed {
                proposal: ProposalId(proposal),
                outcome: reply.map(|reply| self.replies.get(reply).clone()),
            },
            Input::Barrier { barrier, index } => Event::Barrier { barrier: BarrierId(barrier), index },
            Input::Operator(asked) => {
                Event::Operator { request: RequestId(1), user: administrator(), asked: asked.request() }
            }
            Input::Schedule => {
                Event::Schedule { request: RequestId(2), region: RegionId(1), psb: self.names.psb }
            }
            Input::Found => Event::Founding { members: self.names.founders(), id: 7 },
        }
    }

    fn output(&mut self, effect: Effect, run: Incarnation) -> Option<Output> {
        match effect {
            Effect::Propose { proposal, change } => {
                let change = self.mutant.proposed(*change, &self.names);
                Some(Output::Propose { proposal: proposal.0, change: self.changes.number(change) })
            }
            Effect::Barrier(BarrierId(barrier)) => Some(Output::Barrier(barrier)),
            // How far a command is, is for people's eyes.
            Effect::Send { letter: Letter::Progress { .. }, .. } | Effect::Progress { .. } => None,
            Effect::Send { to, letter } => {
                let at_once = letter == Letter::Alive;
                let to = self.names.place(to);
                Some(Output::Send { to, run, letter: self.letters.number(letter), at_once })
            }
            Effect::Issue(message) => Some(Output::Issued(message)),
            Effect::Answer { answer, .. } => Some(Output::Answered(answer)),
            Effect::Failed { .. } | Effect::Stopped => Some(Output::Failed),
            // Who is in the plex does not change here, and programs are only there to be in the way.
            Effect::Links(_)
            | Effect::Inquire
            | Effect::Observe(_)
            | Effect::Scheduled { .. }
            | Effect::OpenDatabase(_)
            | Effect::CloseDatabase(_)
            | Effect::EndEngine
            | Effect::Expel { .. }
            | Effect::Admit { .. }
            | Effect::Work { .. } => None,
        }
    }
}

impl Asked {
    fn request(self) -> OperatorRequest {
        match self {
            Self::SetUp => populate(PopulateMode::Setup, 1),
            Self::Stage => populate(PopulateMode::Stage, 2),
            Self::Import => OperatorRequest::Command { text: IMPORT.to_string(), wait_ms: None },
        }
    }
}

impl From<Link> for LinkState {
    fn from(link: Link) -> Self {
        match link {
            Link::Up => Self::Up,
            Link::Cut => Self::Down { refused: false },
            Link::Refused => Self::Down { refused: true },
        }
    }
}

/// A change as it counts in an entry of this term: what was said before the log had it, was said to its master only.
fn in_term(mut change: PlexChange, term: u64) -> PlexChange {
    if let PlexChange::Prepare { canvass, .. } = &mut change {
        canvass.take_if(|canvass| canvass.term != term);
    }
    change
}

/// What tells a value from others, in as many bits that two never meet.
fn digest(value: &impl fmt::Debug) -> u128 {
    let mut both = Both(DefaultHasher::new(), DefaultHasher::new());
    1_u8.hash(&mut both.1);
    let _ = write!(both, "{value:?}");
    (u128::from(both.0.finish()) << 64) | u128::from(both.1.finish())
}

struct Both(DefaultHasher, DefaultHasher);

impl Write for Both {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        self.1.write(text.as_bytes());
        Ok(())
    }
}
