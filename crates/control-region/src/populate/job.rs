//! One populate job: what its parts gave, and the entries of the log that it takes.

use super::check::{Checked, check};
use crate::om::ReplyTo;
use catalog::job::{JobCard, JobId};
use catalog::{Catalog, NewInstance};
use csl::envelope::{PopulateRequest, SourceFile};
use definitions::{Compilation, Definition, Finding};
use plex::StageChange;
use vocabulary::{InstanceStamp, MemberName, Moment, ResourceName, Severity};

/// How much of a job goes into one entry of the log.
const ENTRY_BYTES_MAX: u64 = 512 << 10;

#[derive(Debug)]
pub(super) struct Job {
    pub(super) card: JobCard,
    pub(super) step: Step,
    pub(super) reply_to: Option<ReplyTo>,
    /// What generators and checks have said so far.
    pub(super) lines: Vec<String>,
    pub(super) worst: Option<Severity>,
    pub(super) rejected_count: usize,
    /// Those whose names are known.
    pub(super) rejected: Vec<ResourceName>,
    stamp: Option<InstanceStamp>,
    compilations: Vec<Compilation>,
    ready: Vec<NewInstance>,
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
            lines: Vec::new(),
            worst: None,
            rejected_count: 0,
            rejected: Vec::new(),
            stamp: part.stamp,
            compilations: Vec::new(),
            ready: Vec::new(),
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
        for source in &part.sources {
            self.compile(source);
        }
    }

    fn compile(&mut self, source: &SourceFile) {
        let compilation = definitions::compile(&source.name, &source.bytes);
        self.rejected_count += compilation.rejected_count;
        self.rejected.extend(&compilation.rejected);
        self.tell(&compilation.findings);
        self.compilations.push(compilation);
    }

    fn tell(&mut self, findings: &[Finding]) {
        for finding in findings {
            self.worst = self.worst.max(Some(finding.severity()));
            self.lines.extend(finding.render().lines().map(str::to_string));
        }
    }

    /// Whether its last part is here.
    pub(super) fn is_whole(&self) -> bool {
        self.last
    }

    /// Whether its operator has gone silent between two parts.
    pub(super) fn is_idle(&self, now: Moment, idle_ms: u64) -> bool {
        self.step == Step::Open && !self.last && now.ms_since(self.heard) >= idle_ms
    }

    /// Makes instances of what can be built from the job and the catalog together.
    pub(super) fn check(&mut self, catalog: &Catalog) {
        let mut compilations = std::mem::take(&mut self.compilations);
        let compiled =
            compilations.iter_mut().flat_map(|compilation| compilation.definitions.drain(..)).collect();
        let Checked { sound, wrong } = check(compiled, catalog);
        for (name, mut findings) in wrong {
            compilations.iter().for_each(|compilation| compilation.locate(&mut findings));
            self.tell(&findings);
            self.rejected.push(name);
            self.rejected_count += 1;
        }
        let stamp = self.stamp.unwrap_or_else(|| self.new_stamp(&sound, catalog));
        self.ready.extend(sound.iter().map(|definition| NewInstance::of(definition, stamp)));
    }

    /// A timestamp that is later than every instance of these names, although clocks differ from master to master,
    /// and two jobs may fall into the same hundredth of a second.
    fn new_stamp(&self, definitions: &[Definition], catalog: &Catalog) -> InstanceStamp {
        let latest = definitions
            .iter()
            .filter_map(|definition| catalog.record(&definition.name()))
            .filter_map(|record| record.instances().next_back().map(|(stamp, _, _)| stamp))
            .max();
        let now = InstanceStamp::at(self.card.since);
        latest.map_or(now, |latest| now.max(latest.next()))
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
