//! One populate job: what its parts gave, and the entries of the log that it takes.

use super::check::{Checked, Compiled, Found, Gathered};
use crate::om::ReplyTo;
use crate::work::{Task, WorkId};
use catalog::job::{JobCard, JobId};
use catalog::{Catalog, NewInstance};
use csl::envelope::{PopulateRequest, SourceFile};
use plex::StageChange;
use std::collections::VecDeque;
use vocabulary::{MemberName, Moment};

/// How much of a job goes into one entry of the log.
const ENTRY_BYTES_MAX: u64 = 512 << 10;

#[derive(Debug)]
pub(super) struct Job {
    pub(super) card: JobCard,
    pub(super) step: Step,
    pub(super) reply_to: Option<ReplyTo>,
    /// What generators and checks have said so far.
    pub(super) found: Found,
    /// What is being done about it elsewhere.
    pub(super) work: Option<WorkId>,
    /// Source that is to be compiled.
    sources: Vec<SourceFile>,
    /// What was compiled and is to be checked; nothing where it is being checked, or was.
    gathered: Option<Gathered>,
    ready: VecDeque<NewInstance>,
    added: u64,
    last: bool,
    heard: Moment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The Begin entry is on its way.
    Opening,
    /// It holds the staging data set.
    Open,
    /// An Add entry is on its way.
    Adding,
    /// The End entry is on its way.
    Ending,
}

impl Job {
    pub(super) fn new(
        part: &PopulateRequest,
        owner: MemberName,
        staging_bytes_max: u64,
        now: Moment,
    ) -> Self {
        let card = JobCard {
            id: JobId(part.job),
            owner,
            mode: part.mode,
            condition: part.condition,
            delete: part.delete,
            staging_bytes_max,
            since: now,
        };
        Self {
            card,
            step: Step::Opening,
            reply_to: None,
            found: Found::default(),
            work: None,
            sources: Vec::new(),
            gathered: Some(Gathered { compilations: Vec::new(), stamp: part.stamp, since: now }),
            ready: VecDeque::new(),
            added: 0,
            last: false,
            heard: now,
        }
    }

    /// Takes a part; its sender is answered when the part is dealt with.
    pub(super) fn take(&mut self, reply_to: ReplyTo, part: &PopulateRequest, now: Moment) {
        self.reply_to = Some(reply_to);
        self.last = part.last;
        self.heard = now;
        self.sources.extend(part.sources.iter().cloned());
    }

    /// What has to be done elsewhere before the job can go on, if anything has.
    pub(super) fn next_task(&mut self, catalog: &Catalog) -> Option<Task> {
        // A source may copy another one that comes with a later part.
        if self.is_whole() && !self.sources.is_empty() {
            return Some(Task::Compile(std::mem::take(&mut self.sources)));
        }
        let whole = self.step == Step::Open && self.is_whole();
        self.gathered.take_if(|_| whole).map(|gathered| Task::Check(gathered, catalog.clone()))
    }

    pub(super) fn compiled(&mut self, compiled: Compiled, now: Moment) {
        self.found.add(compiled.found);
        self.heard = now;
        if let Some(gathered) = &mut self.gathered {
            gathered.compilations.extend(compiled.compilations);
        }
    }

    /// What was checked beside another catalog is checked again.
    pub(super) fn checked(&mut self, checked: Checked, staging_version: u64) {
        if checked.staging_version == staging_version {
            self.found.add(checked.found);
            self.ready = checked.instances.into();
        } else {
            self.gathered = Some(checked.gathered);
        }
    }

    /// Whether its last part is here.
    pub(super) fn is_whole(&self) -> bool {
        self.last
    }

    /// Whether its operator has gone silent between two parts.
    pub(super) fn is_idle(&self, now: Moment, idle_ms: u64) -> bool {
        self.step == Step::Open && !self.last && self.work.is_none() && now.ms_since(self.heard) >= idle_ms
    }

    /// The next entry of the job: what fits into one, or its end.
    pub(super) fn next_change(&mut self, now: Moment) -> StageChange {
        let job = self.card.id;
        if self.ready.is_empty() {
            self.step = Step::Ending;
            return StageChange::End { job, at: now };
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
        self.step = Step::Adding;
        StageChange::Add { job, first, instances }
    }
}
