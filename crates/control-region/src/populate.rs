//! Populate at the master: compile the source that operators send, check it, and put it into the catalog as a job.
//!
//! A job holds the staging data set from its first part to its last. What it defines is admitted all at once, so
//! that a job that breaks off leaves nothing behind.

use crate::library::CatalogLibrary;
use crate::om::ReplyTo;
use crate::region::{ControlRegion, Purpose};
use catalog::job::{JobCard, JobId};
use catalog::{Admission, CatalogError, NewInstance, StageOutcome};
use csl::envelope::{PopulateMode, PopulateRequest, SourceFile};
use csl::om::{Answer, Column, CompletionCode, MemberMessage, MessageBody, ReasonCode, ReturnCode, Row};
use definitions::{Definition, acb};
use plex::{ActivationMode, ActivationOptions, CommandToken, PlexChange, PlexReply, Refusal, StageChange};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use vocabulary::message::{DFS3642E, DFS4533I, DFS4534I, DFS4536I, DFS4541E};
use vocabulary::{InstanceStamp, MemberName, Message, Moment, Severity};

/// How much of a job goes into one entry of the log.
const ENTRY_BYTES_MAX: u64 = 512 << 10;

/// The populate jobs that this member runs as master.
#[derive(Debug, Default)]
pub(crate) struct PopulateDesk {
    jobs: BTreeMap<CommandToken, Job>,
}

#[derive(Debug)]
struct Job {
    card: JobCard,
    stamp: InstanceStamp,
    compiled: Vec<Definition>,
    ready: Vec<NewInstance>,
    added: u64,
    lines: Vec<String>,
    rejected: usize,
    worst: Option<Severity>,
    reply_to: Option<ReplyTo>,
    last: bool,
    heard: Moment,
    step: Step,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The Begin entry is on its way.
    Opening,
    /// It holds the staging data set and waits for the next part.
    Open,
    /// An Add entry is on its way.
    Adding,
    /// The End entry is on its way.
    Ending,
}

impl ControlRegion {
    /// Takes a part of a job.
    pub(crate) fn take_part_of_job(&mut self, reply_to: ReplyTo, part: PopulateRequest) {
        if !self.is_master() || !self.is_running() {
            let reason = "this member is not the master any more; submit the job again";
            let answer = self.job_refused(ReturnCode::OM_ENVIRONMENT, ReasonCode::NO_MASTER, reason);
            return self.reply(reply_to, answer);
        }
        let token = CommandToken(part.job);
        let (me, now) = (self.me(), self.now);
        let staging_bytes_max = self.settings.staging_bytes_max;
        let job =
            self.populate.jobs.entry(token).or_insert_with(|| Job::new(&part, me, staging_bytes_max, now));
        job.take(reply_to, &part, now);
        if job.step == Step::Opening && job.opens() {
            let card = job.card.clone();
            self.propose(Purpose::Populate(token), PlexChange::Stage(StageChange::Begin(card)));
        } else {
            self.advance_job(token);
        }
    }

    /// Goes on with a job whose entry was made.
    fn advance_job(&mut self, token: CommandToken) {
        let Some(job) = self.populate.jobs.get_mut(&token) else { return };
        if job.step != Step::Open {
            return;
        }
        if !job.last {
            if let Some(to) = job.reply_to.take() {
                self.reply(to, Answer::default());
            }
            return;
        }
        if !job.compiled.is_empty() {
            let compiled = std::mem::take(&mut job.compiled);
            let (ready, lines) = check(&compiled, job.stamp, self.plex.catalog());
            job.rejected += compiled.len() - ready.len();
            if !lines.is_empty() {
                job.worst = job.worst.max(Some(Severity::Error));
            }
            (job.ready, job.lines) = (ready, job.lines.drain(..).chain(lines).collect());
        }
        let change = job.next_change(self.now);
        self.propose(Purpose::Populate(token), PlexChange::Stage(change));
    }

    pub(crate) fn populate_proposed(&mut self, token: CommandToken, outcome: Option<&PlexReply>) {
        let Some(job) = self.populate.jobs.get_mut(&token) else { return };
        match outcome {
            Some(Ok(())) if job.step == Step::Ending => {}
            Some(Ok(())) => {
                job.step = Step::Open;
                self.advance_job(token);
            }
            Some(Err(refusal)) => {
                let answer = self.refusal_of_job(refusal);
                self.end_of_job(token, answer);
            }
            None => {
                let reason =
                    "it is not known whether the job was taken; list the catalog, then submit it again";
                let answer = self.job_refused(ReturnCode::OM_ENVIRONMENT, ReasonCode::NO_MASTER, reason);
                self.end_of_job(token, answer);
            }
        }
    }

    /// The plex has admitted a job.
    pub(crate) fn job_ended(&mut self, id: JobId, admissions: &[Admission]) {
        let token = CommandToken(id.0);
        let Some(mut job) = self.populate.jobs.remove(&token) else { return };
        let Some(reply_to) = job.reply_to.take() else { return };
        let answer = job.answer(self.me(), admissions);
        let admitted = admissions.iter().any(|admission| admission.outcome.admitted());
        if job.card.mode == PopulateMode::Update && admitted {
            let options =
                ActivationOptions { mode: ActivationMode::Plain, targets: BTreeSet::new(), delpenderr: true };
            self.begin_import(token, "POPULATE UPDATE".to_string(), options, reply_to, answer.messages);
        } else {
            self.reply(reply_to, answer);
        }
    }

    /// The plex has dropped a job: its member was taken for lost, or it was idle.
    pub(crate) fn job_dropped(&mut self, id: JobId) {
        let reason =
            "the job was dropped before its last part came, and left nothing behind; submit it again";
        let answer = self.job_refused(ReturnCode::LIST, ReasonCode::NONE_SUCCEEDED, reason);
        self.end_of_job(CommandToken(id.0), answer);
    }

    /// Drops jobs whose operator has gone silent, so that they do not hold the staging data set.
    pub(crate) fn populate_turn(&mut self) {
        let idle = |job: &Job| {
            job.step == Step::Open
                && !job.last
                && self.now.ms_since(job.heard) >= self.settings.populate_idle_ms
        };
        let idle: Vec<CommandToken> =
            self.populate.jobs.iter().filter(|(_, job)| idle(job)).map(|(token, _)| *token).collect();
        for token in idle {
            self.populate.jobs.remove(&token);
            let drop = StageChange::Drop { job: JobId(token.0) };
            self.propose(Purpose::Forget, PlexChange::Stage(drop));
        }
    }

    fn end_of_job(&mut self, token: CommandToken, answer: Answer) {
        if let Some(to) = self.populate.jobs.remove(&token).and_then(|job| job.reply_to) {
            self.reply(to, answer);
        }
    }

    fn job_refused(&self, rc: ReturnCode, rsn: ReasonCode, reason: &str) -> Answer {
        Answer::refused("", self.now, rc, rsn, reason)
    }

    fn refusal_of_job(&self, refusal: &Refusal) -> Answer {
        let mut answer = self.job_refused(ReturnCode::LIST, ReasonCode::NONE_SUCCEEDED, &refusal.to_string());
        let message = match refusal {
            Refusal::Catalog(CatalogError::StagingFull { used, max, needed }) => {
                DFS3642E.with(&[used, max, needed])
            }
            _ => DFS4541E.with(&[refusal]),
        };
        answer.say(self.me(), message);
        answer
    }
}

impl Job {
    fn new(part: &PopulateRequest, owner: MemberName, staging_bytes_max: u64, now: Moment) -> Self {
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
            stamp: part.stamp.unwrap_or_else(|| InstanceStamp::at(now)),
            compiled: Vec::new(),
            ready: Vec::new(),
            added: 0,
            lines: Vec::new(),
            rejected: 0,
            worst: None,
            reply_to: None,
            last: false,
            heard: Moment::default(),
            step: Step::Opening,
        }
    }

    /// Whether the part just taken was the first.
    fn opens(&self) -> bool {
        self.heard == self.card.since
    }

    fn take(&mut self, reply_to: ReplyTo, part: &PopulateRequest, now: Moment) {
        self.reply_to = Some(reply_to);
        self.last = part.last;
        self.heard = now;
        for source in &part.sources {
            self.compile(source);
        }
    }

    fn compile(&mut self, source: &SourceFile) {
        let compilation = definitions::compile(&source.name, &source.bytes);
        self.rejected += compilation.rejected.len();
        for finding in &compilation.findings {
            self.worst = self.worst.max(Some(finding.severity()));
            self.lines.extend(finding.render().lines().map(str::to_string));
        }
        self.compiled.extend(compilation.definitions);
    }

    /// The next entry of the job: what fits into one, or its end.
    fn next_change(&mut self, now: Moment) -> StageChange {
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

    fn answer(&self, master: MemberName, admissions: &[Admission]) -> Answer {
        let mut answer = Answer { columns: columns(), master: Some(master), ..Answer::default() };
        answer.messages.extend(
            self.lines
                .iter()
                .map(|line| MemberMessage { member: None, body: MessageBody::Line(line.clone()) }),
        );
        for admission in admissions {
            answer.rows.push(admission_row(admission, master));
            for message in admission.messages(self.card.mode) {
                answer.say(master, message);
            }
        }
        let admitted = admissions.iter().filter(|admission| admission.outcome.admitted()).count();
        answer.say(master, self.closing(admitted));
        self.judge(&mut answer, admitted == admissions.len());
        answer
    }

    fn closing(&self, admitted: usize) -> Message {
        match self.card.mode {
            PopulateMode::Setup => DFS4533I.with(&[&admitted]),
            PopulateMode::Update => DFS4534I.with(&[&admitted]),
            PopulateMode::Stage => DFS4536I.with(&[&admitted]),
        }
    }

    fn judge(&self, answer: &mut Answer, all_admitted: bool) {
        if self.worst >= Some(Severity::Error) || self.rejected > 0 {
            answer.rc = ReturnCode(u32::from(Severity::Error.return_code()));
            answer.reason_text = format!("{} definitions are in error and were left out", self.rejected);
        } else if !all_admitted || self.worst >= Some(Severity::Warning) {
            answer.rc = ReturnCode::OM_WARNING;
            answer.rsn = ReasonCode::WARNINGS;
        }
    }
}

fn columns() -> Vec<Column> {
    vec![
        Column::name("NAME", "Name", 0),
        Column::text("TYP", "Type"),
        Column::member(),
        Column::completion(),
        Column::completion_text(),
        Column::text("ACT", "Action"),
        Column::text("TIMESTMP", "TimeStamp"),
        Column::text("PRIOR", "PriorTimeStamp").skip_blank(),
    ]
}

fn admission_row(admission: &Admission, master: MemberName) -> Row {
    let (action, code, prior) = match &admission.outcome {
        StageOutcome::Insert => ("INSERT", CompletionCode::OK, None),
        StageOutcome::Replace(old) => ("REPLACE", CompletionCode::OK, Some(*old)),
        StageOutcome::SameInDirectory => ("UNCHANGED", CompletionCode::OK, None),
        StageOutcome::DirectoryIsLater(later) | StageOutcome::StagingIsLater(later) => {
            ("OLDER", CompletionCode::OK, Some(*later))
        }
        StageOutcome::OtherContent => ("REFUSED", CompletionCode::ALREADY_EXISTS, None),
    };
    Row::of(master, code)
        .with("NAME", admission.name.as_str())
        .with("TYP", admission.name.kind().to_string())
        .with("ACT", action)
        .with("TIMESTMP", admission.stamp.to_string())
        .with("PRIOR", prior.map(|stamp| stamp.to_string()).unwrap_or_default())
}

/// What ACBGEN checks: every block can be built from the job and the catalog together. A definition whose block
/// can't is left out, and what is wrong with it told.
fn check(
    compiled: &[Definition],
    stamp: InstanceStamp,
    catalog: &catalog::Catalog,
) -> (Vec<NewInstance>, Vec<String>) {
    let dbds = compiled.iter().filter_map(|definition| match definition {
        Definition::Dbd(dbd) => Some(Arc::new(dbd.clone())),
        Definition::Psb(_) => None,
    });
    let library = CatalogLibrary::coming(catalog, dbds);
    let mut lines = Vec::new();
    let ready = compiled.iter().filter_map(|definition| {
        let findings = match definition {
            Definition::Dbd(dbd) => acb::build_dmb(dbd, &library).err(),
            Definition::Psb(psb) => acb::build_psb(psb, &library).err(),
        };
        let sound = findings.is_none();
        for finding in findings.into_iter().flatten() {
            lines.extend(finding.render().lines().map(str::to_string));
        }
        sound.then(|| NewInstance::of(definition, stamp))
    });
    (ready.collect(), lines)
}
