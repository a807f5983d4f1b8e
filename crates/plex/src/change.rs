//! The entries of the replicated log, what they are answered with, and what follows from them.

use crate::activation::{AbortReason, ActivationOptions, CommandToken, Completion, Finished, TakeOver};
use crate::audit::{AuditBounds, AuditRecord};
use crate::masters::MasterChange;
use crate::roster::{Incarnation, MemberState, Registration, StartKind};
use catalog::job::{JobCard, JobId};
use catalog::{Admission, CatalogError, ImportProblem, NewInstance, Reinstated, Retention};
use dbrc::{ReconChange, ReconError};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use vocabulary::{DirectoryLevel, InstanceStamp, MemberName, Moment, PlexName, ResourceName};

/// A decision, as it stands in the replicated log. Every moment in it was read by the member that proposed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PlexChange {
    /// The plex begins, with these founding members. The first change of every plex.
    Form {
        /// Its name.
        plex: PlexName,
        /// Tells it from every other plex of that name.
        id: u64,
        /// Whether its catalog is one that members share.
        shared: bool,
        /// Node number and address of each founding member.
        members: BTreeMap<MemberName, (u64, String)>,
        /// When.
        at: Moment,
    },
    /// A member starts work.
    Register(Registration),
    /// A member stopped or was lost.
    Depart {
        /// Who.
        member: MemberName,
        /// Which run of it; a later run is not meant.
        incarnation: Incarnation,
        /// [`MemberState::Stopped`] or [`MemberState::Lost`].
        state: MemberState,
        /// When.
        at: Moment,
    },
    /// A member leaves the plex for good.
    Remove {
        /// Who.
        member: MemberName,
    },
    /// A change of the staging data set.
    Stage(StageChange),
    /// An activation begins.
    Prepare {
        /// The command it follows from.
        token: CommandToken,
        /// Who coordinates it.
        master: MemberName,
        /// What was asked for.
        options: ActivationOptions,
        /// The version of staging that the master validated.
        staging_version: u64,
        /// What the participants said beforehand, where the master asked them.
        canvass: Option<Canvass>,
        /// When.
        at: Moment,
    },
    /// The commit point of an activation.
    Commit {
        /// Which one.
        token: CommandToken,
        /// Who voted for it.
        votes: BTreeSet<MemberName>,
        /// What prior instances to keep.
        retention: Retention,
        /// When.
        at: Moment,
    },
    /// An activation is backed out.
    Abort {
        /// Which one.
        token: CommandToken,
        /// Why.
        reason: AbortReason,
        /// When.
        at: Moment,
    },
    /// A survivor becomes master of an activation.
    TakeOver {
        /// Which one.
        token: CommandToken,
        /// Who.
        to: MemberName,
        /// When.
        at: Moment,
    },
    /// An activation is complete.
    End {
        /// Which one.
        token: CommandToken,
        /// What each participant that answered did.
        completed: BTreeMap<MemberName, Completion>,
        /// When.
        at: Moment,
    },
    /// A member became master of the plex, and says why.
    Lead(MasterChange),
    /// A master canvassed for an activation and will not begin it: who holds resources for it lets them go. Changes
    /// nothing.
    Withdraw {
        /// Which activation.
        token: CommandToken,
    },
    /// Commands that a member accepted go into the audit record.
    Audit {
        /// Which member.
        member: MemberName,
        /// Which run of its process.
        run: u64,
        /// Its records, by rising numbers. Those that were taken before are passed over.
        records: Vec<AuditRecord>,
        /// How much is kept.
        bounds: AuditBounds,
    },
    /// A utility changes the catalog.
    Catalog(CatalogChange),
    /// The activation of a unit of work begins: of what a DDL job has gathered, and of nothing else that is staged.
    PrepareUnit {
        /// What the members call it.
        token: CommandToken,
        /// The job that gathered it.
        job: JobId,
        /// Who coordinates it.
        master: MemberName,
        /// The version of staging that it was gathered on.
        staging_version: u64,
        /// What the participants said beforehand, where the master asked them.
        canvass: Option<Canvass>,
        /// When.
        at: Moment,
    },
    /// RECON is changed.
    Recon(ReconChange),
}

/// A change of the catalog by one of its utilities, a part of it where it is large. None of them moves the directory to
/// another level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CatalogChange {
    /// Definitions keep what is said here (DFS3PU10 UPDATE).
    Retain {
        /// Which ones.
        names: Vec<ResourceName>,
        /// What they keep.
        retention: Retention,
    },
    /// Prior instances are deleted (DFS3PU10 PURGE).
    Purge {
        /// The command it follows from.
        token: CommandToken,
        /// Which ones; those apart that are active or pending by now.
        instances: Vec<(ResourceName, InstanceStamp)>,
        /// Only what is past its retention: that of its definition, or else this one. `None` is whatever its retention is.
        past: Option<Retention>,
        /// When.
        at: Moment,
    },
    /// Headers and the instances that they name are made what the master has (DFS3CM00, DFS3RU00).
    Reinstate {
        /// The command it follows from.
        token: CommandToken,
        /// The level of the directory, and the version of staging, that the master had them at.
        of: (DirectoryLevel, u64),
        /// What it has.
        definitions: Vec<Reinstated>,
    },
}

/// The members that are ready for an activation before the log has it: they hold what it changes. If these are all its
/// participants, it is committed by the entry that begins it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canvass {
    /// The term of the master that asked. A member holds until an entry of a later term at most, so the canvass counts
    /// in an entry of this term only.
    pub term: u64,
    /// Who is ready, and in which run.
    pub ready: BTreeMap<MemberName, Incarnation>,
    /// What prior instances to keep at the commit.
    pub retention: Retention,
}

/// A change of the staging data set, most of them steps of a populate job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StageChange {
    /// It takes the staging data set.
    Begin(JobCard),
    /// It gathers more.
    Add {
        /// Which job.
        job: JobId,
        /// How many it had gathered before these.
        first: u64,
        /// These.
        instances: Vec<NewInstance>,
    },
    /// What it gathered is admitted.
    End {
        /// Which job.
        job: JobId,
        /// When.
        at: Moment,
    },
    /// It is dropped.
    Drop {
        /// Which job.
        job: JobId,
    },
    /// Everything staged is thrown away: DELPENDERR after staging was found in error.
    Empty {
        /// The version of staging that was found so.
        staging_version: u64,
    },
    /// What a DDL job gathered is staged, and the job goes on with its next unit of work.
    Commit {
        /// Which job.
        job: JobId,
        /// When.
        at: Moment,
    },
}

/// What a change is answered with.
pub type PlexReply = Result<(), Refusal>;

/// Why a change was not made. It changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    /// The plex has not begun, or began before.
    #[error("the plex is formed already, or not yet")]
    NotNow,
    /// An activation is under way.
    #[error(
        "an activation is in progress, master {master}, command token {token}; submit the command again when it is over"
    )]
    ActivationUnderWay {
        /// Which one.
        token: CommandToken,
        /// Who coordinates it.
        master: MemberName,
    },
    /// No activation of this token is in the phase that the change ends.
    #[error("no activation with command token {0} waits for this")]
    NoSuchActivation(CommandToken),
    /// Participants that are there have not voted.
    #[error("participants have not voted: {}", listed(.0))]
    VotesMissing(BTreeSet<MemberName>),
    /// Staging changed since the master validated it.
    #[error("staging changed meanwhile")]
    StagingChanged,
    /// Nothing is staged, so there is nothing to import.
    #[error("nothing is staged; populate, then submit the command again")]
    NothingStaged,
    /// The plan has problems.
    #[error("staging can't be imported: {}", listed(.0))]
    Problems(Vec<ImportProblem>),
    /// The member that would be master is no active sharer.
    #[error("{0} is not an active sharer of this plex")]
    NotASharer(MemberName),
    /// FOR(IMSID()) names members that are not active sharers.
    #[error("FOR(IMSID()) names who is not an active sharer of this plex: {}; QUERY MEMBER TYPE(IMS) shows who is", listed(.0))]
    TargetsNotActive(BTreeSet<MemberName>),
    /// The member is not in the roster, or not in this run.
    #[error("{0} is not a member of this plex, or not in this run")]
    NoSuchMember(MemberName),
    /// The node left the plex, and is never taken in again.
    #[error("the data folder of {0} left this plex; give {0} an empty one")]
    FormerNode(MemberName),
    /// The catalog refuses.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// Directory or staging changed since the master read its copy of them.
    #[error("directory or staging changed meanwhile; submit the command again")]
    CatalogChanged,
    /// RECON refuses.
    #[error(transparent)]
    Recon(#[from] ReconError),
}

fn listed<'a, T: Display + 'a>(all: impl IntoIterator<Item = &'a T>) -> String {
    all.into_iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// What follows from a change for the member that applied it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlexEvent {
    /// The plex has begun.
    Formed,
    /// A member is active.
    Registered {
        /// Who.
        member: MemberName,
        /// Which run of it.
        incarnation: Incarnation,
        /// How it started.
        start: StartKind,
        /// The level that it knew and the one that it finds, when it missed a change.
        missed: Option<(DirectoryLevel, DirectoryLevel)>,
    },
    /// A member stopped or was lost.
    Departed {
        /// Who.
        member: MemberName,
        /// Which run of it.
        incarnation: Incarnation,
        /// How.
        state: MemberState,
    },
    /// A member left for good.
    Removed {
        /// Who.
        member: MemberName,
    },
    /// A populate job ended.
    JobEnded {
        /// Which job.
        job: JobId,
        /// What became of each of its instances.
        admissions: Vec<Admission>,
    },
    /// A unit of work of a DDL job is staged.
    UnitStaged {
        /// Which job.
        job: JobId,
    },
    /// A populate job was dropped.
    JobDropped {
        /// Which job.
        job: JobId,
    },
    /// An activation began; participants owe a vote.
    Prepared,
    /// The commit point is passed; participants owe a completion.
    Committed,
    /// A survivor is master.
    TakenOver(TakeOver),
    /// An activation is over.
    Ended(Finished),
    /// Prior instances were deleted.
    Purged {
        /// The command it follows from.
        token: CommandToken,
        /// Which ones.
        deleted: Vec<(ResourceName, InstanceStamp)>,
    },
    /// This copy of the catalog was made whole.
    Reinstated {
        /// The command it follows from.
        token: CommandToken,
        /// What was otherwise here.
        names: Vec<ResourceName>,
    },
}
