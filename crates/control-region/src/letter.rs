//! What members say to each other. A letter may be lost or come twice; whoever is owed an answer asks again.

use csl::envelope::{DdlRequest, OperatorRequest, PopulateRequest, User};
use csl::om::Answer;
use dbrc::ReconChange;
use plex::{ActivationOptions, AuditRecord, CommandToken, Completion, InUse, PlexReply, Registration};
use serde::{Deserialize, Serialize};

/// Names a question of one member to another, until it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CallId(pub u64);

/// One letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Letter {
    /// I am here, in this run. Sent once a second and over every link that comes up, so that a restart is noticed.
    Alive,
    /// I want to be taken among the active; to the master.
    Register(Registration),
    /// I shut down in order; to the master.
    Stopping,
    /// I am about to begin an activation: are you ready for it?
    Canvass {
        /// Its token.
        token: CommandToken,
        /// What was asked for.
        options: ActivationOptions,
        /// The version of staging that it imports.
        staging_version: u64,
        /// My term as master.
        term: u64,
        /// What I had applied of the log.
        applied: u64,
    },
    /// What I have to say of an activation that is about to begin; to its master. Where I am ready I hold what it
    /// changes.
    Canvassed {
        /// Which activation.
        token: CommandToken,
        /// The version of staging that I looked at.
        staging_version: u64,
        /// Work that forbids it; nothing where I am ready.
        in_use: Vec<InUse>,
    },
    /// My vote on an activation; to its master.
    Vote {
        /// Which activation.
        token: CommandToken,
        /// Work that forbids it; nothing where I am ready.
        in_use: Vec<InUse>,
    },
    /// I work with what was activated; to the master.
    Done {
        /// Which activation.
        token: CommandToken,
        /// What I did.
        completion: Completion,
    },
    /// Carry out a command for yourself, and answer.
    Execute {
        /// The name to answer under.
        call: CallId,
        /// For whom.
        user: User,
        /// What.
        asked: OperatorRequest,
        /// The log index that has to be applied first.
        at_least: u64,
    },
    /// Coordinate a command as master, and answer.
    Coordinate {
        /// The name to answer under.
        call: CallId,
        /// The command's token.
        token: CommandToken,
        /// For whom.
        user: User,
        /// The command as typed.
        text: String,
        /// What the sender had applied of the log.
        applied: u64,
    },
    /// The command that you sent may be from before I became master, and given up since: look at the newest state,
    /// and send it again.
    LookAgain {
        /// Which one.
        call: CallId,
    },
    /// Take a part of a populate job as master, and answer.
    Populate {
        /// The name to answer under.
        call: CallId,
        /// For whom.
        user: User,
        /// The part.
        part: PopulateRequest,
        /// It is the one that the job begins with. A later one must not begin a job anew at another master.
        first: bool,
    },
    /// The answer to a question.
    Answer {
        /// What is answered.
        call: CallId,
        /// The answer.
        answer: Box<Answer>,
    },
    /// How far the answer to a question is.
    Progress {
        /// What is in progress.
        call: CallId,
        /// A line for the operator.
        text: String,
    },
    /// Commands that I accepted, for the audit record; to the master.
    Audit {
        /// Which run of my process.
        run: u64,
        /// What I accepted.
        records: Vec<AuditRecord>,
    },
    /// Take a part of a DDL job as master, and answer.
    Ddl {
        /// The name to answer under.
        call: CallId,
        /// Who gives it.
        user: User,
        /// The part.
        part: DdlRequest,
        /// It is the one that the job begins with. A later one must not begin a job anew at another master.
        first: bool,
    },
    /// The operator of a DDL job is gone.
    OperatorLeft {
        /// The token of the job.
        token: CommandToken,
    },
    /// Have RECON changed for me: a database authorized or given back; to the master.
    Recon {
        /// The name to answer under. Later ones of a run are greater.
        number: u64,
        /// What it is about.
        change: ReconChange,
    },
    /// What became of a change of RECON.
    ReconAnswer {
        /// Which one.
        number: u64,
        /// What RECON says.
        outcome: PlexReply,
    },
}
