//! What a member is told, and what it wants done.

use crate::course::Course;
use crate::databases::{LogPlaces, OpenOrder, ProgramOrder};
use crate::letter::Letter;
use crate::work::{Done, Work, WorkId};
use csl::envelope::{OperatorRequest, Progress, User};
use csl::om::Answer;
use plex::{Incarnation, Left, PlexChange, PlexReply};
use std::collections::{BTreeMap, BTreeSet};
use vocabulary::{DbdName, DdName, MemberName, Message, PsbName};

/// Names something that an operator or a region asked, until it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// Names a proposal, until its outcome is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProposalId(pub u64);

/// Names a question for the newest state, until it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BarrierId(pub u64);

/// Names a dependent region of this member while it is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RegionId(pub u32);

/// Something a member is told.
#[derive(Debug)]
pub enum Event {
    /// Time passes. Comes several times a second.
    Tick,
    /// How this node stands to its consensus group.
    Standing(Standing),
    /// Another member says that this node left the plex.
    Left {
        /// Why it did.
        left: Left,
    },
    /// The link to another member came up or went down.
    Link {
        /// Which member.
        member: MemberName,
        /// How it is now.
        state: LinkState,
    },
    /// Another member says something.
    Letter {
        /// Which member.
        from: MemberName,
        /// Which run of it.
        incarnation: Incarnation,
        /// What.
        letter: Letter,
    },
    /// An operator asks something.
    Operator {
        /// The name to answer under.
        request: RequestId,
        /// Who.
        user: User,
        /// What.
        asked: OperatorRequest,
    },
    /// An operator is gone before it was answered.
    OperatorLeft {
        /// What it had asked.
        request: RequestId,
    },
    /// A proposal came to an end.
    Proposed {
        /// Which one.
        proposal: ProposalId,
        /// What the plex replied, or nothing where it is not known whether it was made.
        outcome: Option<PlexReply>,
    },
    /// The newest state was asked for.
    Barrier {
        /// Which question.
        barrier: BarrierId,
        /// The log index that has to be applied for it, or nothing where no majority answers.
        index: Option<u64>,
    },
    /// A piece of work is done.
    Worked {
        /// Which one.
        work: WorkId,
        /// What came of it.
        done: Done,
    },
    /// A dependent region asks for a PSB.
    Schedule {
        /// The name to answer under.
        request: RequestId,
        /// Which region.
        region: RegionId,
        /// What it wants to run.
        psb: PsbName,
    },
    /// A dependent region ended, or the program in it did.
    RegionEnded {
        /// Which region.
        region: RegionId,
    },
    /// A database was to be opened.
    DatabaseOpened {
        /// Which one.
        dbd: DbdName,
        /// What to say of it, or why it is not open.
        outcome: Result<Vec<Message>, Message>,
    },
    /// A database was to be closed.
    DatabaseClosed {
        /// Which one.
        dbd: DbdName,
        /// Why its data sets are not complete, where they are not. It is closed in any case.
        outcome: Result<(), Message>,
    },
    /// The engine found something in a database that it can't go on with.
    DatabaseStopped {
        /// Which one.
        dbd: DbdName,
        /// What.
        message: Message,
        /// The data set, and the address of the block, where it is one block.
        block: Option<(DdName, u64)>,
    },
    /// Where the log is. Told when it changes, and before anything else where there is a log.
    Log(LogPlaces),
    /// The engine has ended: no program runs, and no database is open.
    EngineEnded {
        /// The databases that have to be made whole when they are opened next.
        unrecovered: BTreeSet<DbdName>,
    },
    /// The founding members have found each other: whoever leads them forms the plex.
    Founding {
        /// Node number and address of each.
        members: BTreeMap<MemberName, (u64, String)>,
        /// A number that tells the plex from others of its name.
        id: u64,
    },
    /// The member is to stop in order.
    Stop,
}

/// What the consensus group knows of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// The node that leads, if one is known.
    pub leader: Option<u64>,
    /// The term of consensus. Each has one leader at most.
    pub term: u64,
    /// Whether a majority is in touch.
    pub quorum: bool,
    /// The nodes that have a vote.
    pub voters: BTreeSet<u64>,
    /// The nodes that follow without one.
    pub learners: BTreeSet<u64>,
}

/// How the link to another member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// Letters go through.
    Up,
    /// They don't.
    Down {
        /// Nobody listens there, which a live member's host would.
        refused: bool,
    },
}

/// Something a member wants done. Effects are carried out in order.
#[derive(Debug)]
pub enum Effect {
    /// Put a change to the plex; answer with [`Event::Proposed`]. Only a leader can.
    Propose {
        /// Its name.
        proposal: ProposalId,
        /// The change.
        change: Box<PlexChange>,
    },
    /// Ask for the newest state; answer with [`Event::Barrier`].
    Barrier(BarrierId),
    /// Send a letter; it may be lost.
    Send {
        /// To whom.
        to: MemberName,
        /// What.
        letter: Letter,
    },
    /// Do a piece of work elsewhere, and answer with [`Event::Worked`]. It may take seconds.
    Work {
        /// Its name.
        work: WorkId,
        /// The work.
        task: Work,
    },
    /// Keep links to exactly these members, at these addresses.
    Links(BTreeMap<MemberName, String>),
    /// Take a node out of the consensus group. Asked for again until the group is without it.
    Expel {
        /// Which one.
        node: u64,
    },
    /// Give a vote to a node of the consensus group that follows without one. Asked for again until it has it.
    Admit {
        /// Which one.
        node: u64,
        /// Where it listens.
        address: String,
    },
    /// Ask other members whether this node left the plex; answer with [`Event::Left`] if one says so.
    Inquire,
    /// Answer an operator.
    Answer {
        /// What is answered.
        request: RequestId,
        /// The answer.
        answer: Box<Answer>,
    },
    /// Tell an operator how far it is.
    Progress {
        /// What was asked.
        request: RequestId,
        /// How far it is.
        progress: Progress,
    },
    /// Answer a region.
    Scheduled {
        /// What is answered.
        request: RequestId,
        /// What it may run, or why nothing.
        outcome: Result<Box<ProgramOrder>, String>,
    },
    /// Open a database; answer with [`Event::DatabaseOpened`]. It may take minutes, where it has to be made whole.
    OpenDatabase(Box<OpenOrder>),
    /// Write what was changed in a database and close it; answer with [`Event::DatabaseClosed`].
    CloseDatabase(DbdName),
    /// End the programs that run, close every database, take a checkpoint that nothing is under way at, and answer with
    /// [`Event::EngineEnded`].
    EndEngine,
    /// Issue a message: to the log, and to whoever watches.
    Issue(Message),
    /// Take note of how an activation went.
    Observe(Box<Course>),
    /// The member has stopped; its host may end.
    Stopped,
    /// The member can't go on, and its host is to end at once.
    Failed {
        /// Why.
        reason: String,
    },
}
