//! The world between two events: members, the log they agree on, letters on their way, and what was seen.

use crate::book::{Book, EntryId, Link, MemberId, NOTHING, Said};
use crate::settings::MEMBERS;
use plex::Incarnation;

/// How many faults are still to come, and how often the clock goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Faults {
    /// Members that are killed.
    pub crashes: u8,
    /// Times that a member is cut off from the others.
    pub partitions: u8,
    /// Whether killed members may come back, and cuts be healed, at any moment; else when nothing else can happen.
    pub returns: bool,
    /// Steps of the clock while members are at it. Two in a row are longer than any limit.
    pub passes: u8,
}

/// Something that can happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// The first letter on the way from one member to another arrives.
    Deliver(usize, usize),
    /// The group agrees on the first thing that a leader proposed.
    Agree(usize),
    /// A member applies the next entry of the log.
    Apply(usize),
    /// A member becomes leader of the group.
    Elect(usize),
    /// A member that is cut off finds out.
    Notice(usize),
    /// A member's process is gone.
    Kill(usize),
    /// It is started again.
    Restart(usize),
    /// A member is cut off.
    CutOff(usize),
    /// Everybody reaches everybody again.
    Heal,
    /// Time passes.
    Pass,
}

/// What a member was told last about its surroundings.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct News {
    pub(crate) term: u64,
    pub(crate) leader: Option<usize>,
    pub(crate) quorum: bool,
    pub(crate) links: [Option<Link>; MEMBERS],
}

impl News {
    pub(crate) const NONE: Self = Self { term: 0, leader: None, quorum: false, links: [None; MEMBERS] };
}

/// A member's machine.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Machine {
    /// The member, while it runs.
    pub(crate) member: Option<MemberId>,
    pub(crate) run: u32,
    /// What it has of the log, in memory and on its disk.
    pub(crate) applied: EntryId,
    pub(crate) told: News,
    /// Proposals that are not agreed on.
    pub(crate) proposed: Vec<(u64, Said)>,
    /// Proposals that are, and that it has not applied yet: with the index of their entries.
    pub(crate) agreed: Vec<(u64, u64)>,
}

/// The operator that asked for the import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Operator {
    Waits,
    /// The member that was asked is gone, and the connection with it.
    CutOff,
    ToldDone,
    ToldNotDone,
}

/// What could be seen so far, as far as an invariant asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Seen {
    /// Which runs of members voted for it in a letter.
    pub(crate) votes: Vec<(usize, Incarnation)>,
    /// How often a member told that it took over.
    pub(crate) takeovers: u8,
    pub(crate) committed: bool,
    pub(crate) backed_out: bool,
    /// It was committed without the vote of a participant that was there.
    pub(crate) unasked: bool,
    pub(crate) answers: u8,
    pub(crate) failed: bool,
}

/// The world.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct World {
    pub(crate) clock: u32,
    pub(crate) machines: [Machine; MEMBERS],
    /// What the group has agreed on.
    pub(crate) log: Vec<EntryId>,
    pub(crate) leader: Option<usize>,
    /// How often a leader was elected.
    pub(crate) term: u64,
    pub(crate) cut_off: Option<usize>,
    /// Letters on their way: of each to each, with the run that wrote them, the oldest first.
    pub(crate) letters: [[Vec<(Incarnation, Said)>; MEMBERS]; MEMBERS],
    pub(crate) operator: Operator,
    /// The member that a program is in the way at, and the run of it.
    pub(crate) busy: Option<(usize, u32)>,
    pub(crate) seen: Seen,
    pub(crate) left: Faults,
}

impl World {
    /// Three machines that were never started.
    pub(crate) fn new() -> Self {
        let machine = Machine {
            member: None,
            run: 0,
            applied: NOTHING,
            told: News::NONE,
            proposed: Vec::new(),
            agreed: Vec::new(),
        };
        Self {
            clock: 0,
            machines: std::array::from_fn(|_| machine.clone()),
            log: Vec::new(),
            leader: None,
            term: 0,
            cut_off: None,
            letters: Default::default(),
            operator: Operator::Waits,
            busy: None,
            seen: Seen {
                votes: Vec::new(),
                takeovers: 0,
                committed: false,
                backed_out: false,
                unasked: false,
                answers: 0,
                failed: false,
            },
            left: Faults { crashes: 0, partitions: 0, returns: true, passes: 0 },
        }
    }

    pub(crate) fn end_of_log(&self) -> EntryId {
        self.log.last().copied().unwrap_or(NOTHING)
    }

    pub(crate) fn is_up(&self, member: usize) -> bool {
        self.machines[member].member.is_some()
    }

    pub(crate) fn connects(&self, one: usize, other: usize) -> bool {
        one == other || (self.cut_off != Some(one) && self.cut_off != Some(other))
    }

    fn reaches(&self, one: usize, other: usize) -> bool {
        self.is_up(one) && self.is_up(other) && self.connects(one, other)
    }

    fn has_majority(&self, member: usize) -> bool {
        (0..MEMBERS).filter(|other| self.reaches(member, *other)).count() * 2 > MEMBERS
    }

    /// The leader, where it is one: it is up, and a majority is with it.
    pub(crate) fn true_leader(&self) -> Option<usize> {
        self.leader.filter(|leader| self.has_majority(*leader))
    }

    /// Whether a member gets what the group agrees on.
    pub(crate) fn follows(&self, member: usize) -> bool {
        self.true_leader().is_some_and(|leader| self.reaches(member, leader))
    }

    /// The index of the newest entry, for a member that can ask the group for it.
    pub(crate) fn newest(&self, member: usize) -> Option<u64> {
        self.follows(member).then_some(self.log.len() as u64)
    }

    /// What a member would find if it looked around.
    pub(crate) fn surroundings(&self, member: usize) -> News {
        let leader = self.leader.filter(|leader| self.reaches(member, *leader));
        let links = std::array::from_fn(|other| {
            let state = match (self.is_up(other), self.connects(member, other)) {
                (_, false) => Link::Cut,
                (true, true) => Link::Up,
                (false, true) => Link::Refused,
            };
            (other != member).then_some(state)
        });
        let term = if self.follows(member) { self.term } else { self.machines[member].told.term };
        News { term, leader, quorum: self.has_majority(member), links }
    }

    fn next_entry(&self, member: usize, book: &Book) -> Option<EntryId> {
        let applied = book.index(self.machines[member].applied) as usize;
        self.log.get(applied).copied().filter(|_| self.is_up(member) && self.follows(member))
    }

    /// The entry that a member applies next, where it can.
    pub(crate) fn applicable(&self, member: usize, book: &Book) -> Option<EntryId> {
        self.next_entry(member, book)
    }

    /// Whether an action can happen now.
    pub(crate) fn allows(&self, action: Action, book: &Book) -> bool {
        match action {
            Action::Deliver(from, to) => {
                !self.letters[from][to].is_empty() && self.is_up(to) && self.connects(from, to)
            }
            Action::Agree(member) => {
                self.true_leader() == Some(member) && !self.machines[member].proposed.is_empty()
            }
            Action::Apply(member) => self.next_entry(member, book).is_some(),
            Action::Elect(member) => self.true_leader().is_none() && self.has_majority(member),
            Action::Notice(member) => {
                self.is_up(member) && self.machines[member].told != self.surroundings(member)
            }
            Action::Kill(member) => self.left.crashes > 0 && self.is_up(member),
            Action::Restart(member) => self.left.returns && !self.is_up(member),
            Action::CutOff(_) => self.left.partitions > 0 && self.cut_off.is_none(),
            Action::Heal => self.left.returns && self.cut_off.is_some(),
            Action::Pass => self.left.passes > 0,
        }
    }

    /// Everything that can happen next.
    pub(crate) fn actions(&self, book: &Book) -> Vec<Action> {
        every_action().filter(|action| self.allows(*action, book)).collect()
    }
}

/// Everything that can ever happen: what comes by itself first, faults last.
pub(crate) fn every_action() -> impl Iterator<Item = Action> {
    let each = |action: fn(usize) -> Action| (0..MEMBERS).map(action);
    let letters = (0..MEMBERS).flat_map(|from| (0..MEMBERS).map(move |to| Action::Deliver(from, to)));
    let calm = each(Action::Elect).chain(each(Action::Notice)).chain(each(Action::Apply));
    let calm =
        calm.chain(letters).chain(each(Action::Agree)).chain([Action::Heal]).chain(each(Action::Restart));
    calm.chain([Action::Pass]).chain(each(Action::Kill)).chain(each(Action::CutOff))
}
