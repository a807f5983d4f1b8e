//! One DDL job: how far it is, and the unit of work under way.

use super::compile::{DdlCompiled, DdlSource, Fate, ReadyUnit};
use super::report::Report;
use crate::om::ReplyTo;
use crate::settings::Settings;
use crate::work::WorkId;
use catalog::NewInstance;
use catalog::job::{JobCard, JobId};
use csl::envelope::{DdlOptions, DdlRequest, PopulateCondition, PopulateMode, SourceFile};
use plex::{CommandToken, StageChange};
use std::collections::VecDeque;
use vocabulary::{MemberName, Moment};

/// How much of a unit goes into one entry of the log.
const ENTRY_BYTES_MAX: u64 = 512 << 10;
/// How much source a job may have.
const SOURCE_BYTES_MAX: usize = 32 << 20;

#[derive(Debug)]
pub(super) struct Job {
    pub(super) id: JobId,
    pub(super) options: DdlOptions,
    pub(super) reply_to: Option<ReplyTo>,
    pub(super) step: Step,
    pub(super) report: Report,
    /// The term of consensus in which it was taken.
    pub(super) term: u64,
    /// Its operator went away: what is not committed by then is rolled back.
    pub(super) left: bool,
    /// When it began, or began to wait for the staging data set.
    pub(super) since: Moment,
    /// How many jobs its operator was told are before it.
    pub(super) told_before: usize,
    sources: Vec<SourceFile>,
    source_bytes: usize,
    heard: Moment,
    units: VecDeque<ReadyUnit>,
    /// The unit under way.
    pub(super) unit: Option<ReadyUnit>,
    ready: VecDeque<NewInstance>,
    added: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// More parts come.
    Gathering,
    /// It waits for its turn, or for the staging data set; its operator was told of the latter.
    Waiting { told: bool },
    /// The Begin entry is on its way.
    Opening,
    /// It is being compiled.
    Compiling(WorkId),
    /// What a unit changes is on its way.
    Adding,
    /// The end of the unit is on its way.
    Staging,
    /// The others are asked whether they are ready for the unit to be activated.
    Canvassing { token: CommandToken },
    /// The unit is being activated; since when it is not known whether its Prepare entry was made.
    Activating { token: CommandToken, unknown: Option<Moment> },
    /// It lets the staging data set go.
    Closing,
}

impl Step {
    /// What members call the activation that is about to begin, or has begun.
    pub(super) fn activation(self) -> Option<CommandToken> {
        match self {
            Self::Canvassing { token } | Self::Activating { token, .. } => Some(token),
            _ => None,
        }
    }
}

impl Job {
    pub(super) fn new(part: &DdlRequest, term: u64, now: Moment) -> Self {
        Self {
            id: JobId(part.job),
            options: part.options,
            reply_to: None,
            step: Step::Gathering,
            report: Report::default(),
            term,
            left: false,
            since: now,
            told_before: 0,
            sources: Vec::new(),
            source_bytes: 0,
            heard: now,
            units: VecDeque::new(),
            unit: None,
            ready: VecDeque::new(),
            added: 0,
        }
    }

    /// Takes a part; its sender is answered when the part is dealt with. Nothing where the job is too long.
    pub(super) fn take(&mut self, reply_to: ReplyTo, part: DdlRequest, now: Moment) -> Option<()> {
        self.source_bytes += part.sources.iter().map(|source| source.bytes.len()).sum::<usize>();
        if self.source_bytes > SOURCE_BYTES_MAX {
            return None;
        }
        self.reply_to = Some(reply_to);
        self.heard = now;
        self.sources.extend(part.sources);
        if part.last {
            self.step = Step::Waiting { told: false };
        }
        Some(())
    }

    /// Whether its operator has gone silent between two parts.
    pub(super) fn is_idle(&self, now: Moment, idle_ms: u64) -> bool {
        self.step == Step::Gathering && now.ms_since(self.heard) >= idle_ms
    }

    /// The card under which it holds the staging data set.
    pub(super) fn card(&self, owner: MemberName, staging_bytes_max: u64, since: Moment) -> JobCard {
        JobCard {
            id: self.id,
            owner,
            mode: PopulateMode::Stage,
            condition: PopulateCondition::Unconditional,
            delete: false,
            staging_bytes_max,
            since,
        }
    }

    /// What is to be compiled.
    pub(super) fn source(&mut self, settings: &Settings, now: Moment) -> DdlSource {
        DdlSource {
            sources: std::mem::take(&mut self.sources),
            options: self.options,
            auto_import: settings.auto_import,
            auto_create: settings.auto_create,
            since: now,
        }
    }

    pub(super) fn compiled(&mut self, compiled: DdlCompiled) {
        self.report.lines = compiled.lines;
        self.report.worst = compiled.worst;
        self.units = compiled.units.into();
    }

    /// The next unit that has something to commit, made ready; what lies before it is told of.
    pub(super) fn next_unit(&mut self) -> bool {
        while let Some(unit) = self.units.pop_front() {
            if self.left || self.report.has_failed() {
                self.report.not_carried_out(&unit);
            } else if unit.fate != Fate::Commit || unit.changes.is_empty() {
                self.report.without_changes(&unit);
            } else {
                self.ready = unit.changes.iter().map(|change| change.instance.clone()).collect();
                self.added = 0;
                self.unit = Some(unit);
                return true;
            }
        }
        false
    }

    /// Tells what every unit would do.
    pub(super) fn simulated(&mut self) {
        for unit in std::mem::take(&mut self.units) {
            match unit.fate {
                Fate::Commit if !unit.changes.is_empty() => self.report.simulated(&unit),
                _ => self.report.without_changes(&unit),
            }
        }
    }

    /// The next entry that adds something of the unit under way; nothing where it is whole.
    pub(super) fn next_addition(&mut self) -> Option<StageChange> {
        if self.ready.is_empty() {
            return None;
        }
        let mut bytes = 0;
        let fits = self.ready.iter().take_while(|instance| {
            bytes += instance.content.byte_count();
            bytes <= ENTRY_BYTES_MAX
        });
        let count = fits.count().max(1);
        let instances: Vec<NewInstance> = self.ready.drain(..count).collect();
        let first = self.added;
        self.added += instances.len() as u64;
        Some(StageChange::Add { job: self.id, first, instances })
    }
}
