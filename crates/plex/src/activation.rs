//! One activation: what it changes, who takes part, how far it is, how it ended.

use crate::roster::Incarnation;
use catalog::job::JobId;
use catalog::{ImportPlan, PlannedChange};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, collections::BTreeSet, fmt};
use vocabulary::{DirectoryLevel, MemberName, Moment, PsbName, ResourceName};

/// Names a command and everything that follows from it, in messages and records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CommandToken(pub u64);

impl fmt::Display for CommandToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016X}", self.0)
    }
}

/// Which form of IMPORT DEFN SOURCE(CATALOG) it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ActivationMode {
    /// Everything staged, on every sharer.
    Plain,
    /// Staged PSBs and GSAM DBDs, used at once by the targets only; the others are marked refresh-pending.
    UpdatePsb,
    /// The targets give up the old copies of their refresh-pending PSBs.
    RefreshPsb,
    /// FOR(IMSID()) without OPTION: [`Self::UpdatePsb`] of what is staged, and [`Self::RefreshPsb`].
    Either,
    /// No IMPORT: a unit of work of this DDL job, on every sharer.
    Unit(JobId),
}

impl ActivationMode {
    /// Whether staged definitions are activated.
    pub fn imports(self) -> bool {
        !matches!(self, Self::RefreshPsb | Self::Unit(_))
    }

    /// The DDL job whose unit of work is activated.
    pub fn ddl_job(self) -> Option<JobId> {
        match self {
            Self::Unit(job) => Some(job),
            Self::Plain | Self::UpdatePsb | Self::RefreshPsb | Self::Either => None,
        }
    }

    /// Whether the targets refresh what is refresh-pending.
    pub fn refreshes(self) -> bool {
        matches!(self, Self::RefreshPsb | Self::Either)
    }
}

/// What the operator asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivationOptions {
    /// The form of the command.
    pub mode: ActivationMode,
    /// FOR(IMSID()): who uses the new PSBs at once. Empty with [`ActivationMode::Plain`].
    pub targets: BTreeSet<MemberName>,
    /// OPTION(DELPENDERR): an error in prepare empties staging.
    pub delpenderr: bool,
}

impl ActivationOptions {
    /// Those of the activation of a unit of work.
    pub fn unit_of(job: JobId) -> Self {
        Self { mode: ActivationMode::Unit(job), targets: BTreeSet::new(), delpenderr: false }
    }

    /// Whether this member uses the new definitions at the commit; else it keeps loaded PSBs as refresh-pending.
    pub fn concerns(&self, member: MemberName) -> bool {
        matches!(self.mode, ActivationMode::Plain | ActivationMode::Unit(_)) || self.targets.contains(&member)
    }
}

/// A sharer that was active when the activation began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// The run of the member that takes part; a later run does not.
    pub incarnation: Incarnation,
    /// Whether it was stopped or lost since.
    pub down: bool,
}

/// How far an activation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Participants check their resources and vote.
    Preparing,
    /// The commit point is passed; participants refresh.
    Committing {
        /// The level that the directory passed to.
        level: DirectoryLevel,
        /// When it was committed.
        since: Moment,
    },
}

impl Phase {
    /// The phase in a word, as operators read it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Preparing => "PREPARE",
            Self::Committing { .. } => "COMMIT",
        }
    }
}

/// A survivor became master.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakeOver {
    /// Who was master.
    pub from: MemberName,
    /// Who is.
    pub to: MemberName,
    /// Since when.
    pub at: Moment,
    /// Whether the commit point was passed by then.
    pub after_commit: bool,
}

/// An activation under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activation {
    /// The command it follows from.
    pub token: CommandToken,
    /// Who coordinates it now.
    pub master: MemberName,
    /// What was asked for.
    pub options: ActivationOptions,
    /// What it changes.
    pub plan: ImportPlan,
    /// Who takes part.
    pub participants: BTreeMap<MemberName, Participant>,
    /// Sharers that were down when it began.
    pub absent: BTreeSet<MemberName>,
    /// When it began.
    pub began: Moment,
    /// How far it is.
    pub phase: Phase,
    /// Who took it over from whom, in order.
    pub takeovers: Vec<TakeOver>,
}

impl Activation {
    /// The participants that are still there: who owes a vote, or a completion.
    pub fn awaited(&self) -> impl Iterator<Item = MemberName> {
        self.participants.iter().filter(|(_, participant)| !participant.down).map(|(member, _)| *member)
    }

    /// Whether this run of a member takes part.
    pub fn takes_part(&self, member: MemberName, incarnation: Incarnation) -> bool {
        self.participants
            .get(&member)
            .is_some_and(|participant| participant.incarnation == incarnation && !participant.down)
    }

    /// Since when the present phase lasts.
    pub fn phase_since(&self) -> Moment {
        match self.phase {
            Phase::Preparing => self.began,
            Phase::Committing { since, .. } => since,
        }
    }
}

/// Work that keeps a resource from being changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InUse {
    /// What is in use.
    pub resource: ResourceName,
    /// By what.
    pub by: String,
}

/// Why an activation was backed out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AbortReason {
    /// Participants did not agree.
    NotAgreed {
        /// Who has work in progress on resources that change: CC B1 for each.
        in_use: BTreeMap<MemberName, Vec<InUse>>,
        /// Who did not vote in time: CC 91 for each.
        silent: BTreeSet<MemberName>,
    },
    /// Its master was lost before the commit point.
    MasterLost(MemberName),
}

/// What a participant did after the commit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    /// PSBs it keeps in the old copy, refresh-pending.
    pub refresh_pending: BTreeSet<PsbName>,
    /// PSBs whose refresh-pending mark it took off.
    pub refreshed: BTreeSet<PsbName>,
}

/// How an activation ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The directory has this level; these participants confirmed it, the others were down or silent.
    Committed {
        /// The level of the directory.
        level: DirectoryLevel,
        /// What each participant that answered did.
        completed: BTreeMap<MemberName, Completion>,
    },
    /// Nothing changed.
    BackedOut(AbortReason),
}

/// An activation that is over: what answers a late question, and what the history shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    /// The command it followed from.
    pub token: CommandToken,
    /// Who was master at the end.
    pub master: MemberName,
    /// What was asked for.
    pub options: ActivationOptions,
    /// What changed, or would have.
    pub changes: Vec<PlannedChange>,
    /// Who took part, and whether it was down at the end.
    pub participants: BTreeMap<MemberName, Participant>,
    /// Sharers that were down when it began.
    pub absent: BTreeSet<MemberName>,
    /// How it ended.
    pub outcome: Outcome,
    /// Who took it over from whom.
    pub takeovers: Vec<TakeOver>,
    /// When it began.
    pub began: Moment,
    /// When it ended.
    pub ended: Moment,
}

impl Activation {
    /// The activation as it ends so.
    pub fn finish(self, outcome: Outcome, ended: Moment) -> Finished {
        Finished {
            token: self.token,
            master: self.master,
            options: self.options,
            changes: self.plan.changes,
            participants: self.participants,
            absent: self.absent,
            outcome,
            takeovers: self.takeovers,
            began: self.began,
            ended,
        }
    }
}
