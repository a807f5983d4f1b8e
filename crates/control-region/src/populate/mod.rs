//! Populate at the master: source that operators send is compiled and checked elsewhere, and put into the catalog as a
//! job.
//!
//! A job holds the staging data set from its first part to its last. What it defines is admitted all at once, so
//! that a job that breaks off leaves nothing behind.

mod check;
mod job;
mod report;

use crate::activation::JobReport;
use crate::event::Effect;
use crate::om::ReplyTo;
use crate::region::{ControlRegion, Purpose};
use crate::work::{Work, WorkId};
use catalog::job::JobId;
use catalog::{Admission, CatalogError};
pub(crate) use check::{Checked, Compiled, Gathered};
use csl::envelope::{PopulateMode, PopulateRequest};
use csl::om::{Answer, ReasonCode, ReturnCode, Row};
use job::{Job, Step};
use plex::{ActivationMode, ActivationOptions, CommandToken, PlexChange, PlexReply, Refusal, StageChange};
use std::collections::{BTreeMap, BTreeSet};
use vocabulary::message::{DFS3642E, DFS4541E};

/// The populate jobs that this member runs as master.
#[derive(Debug, Default)]
pub(crate) struct PopulateDesk {
    jobs: BTreeMap<CommandToken, Job>,
    /// Those whose Begin entry has yet to be proposed.
    unopened: BTreeSet<CommandToken>,
}

impl PopulateDesk {
    /// Whether this member runs the job.
    pub(crate) fn runs(&self, job: JobId) -> bool {
        self.jobs.contains_key(&CommandToken(job.0))
    }
}

impl ControlRegion {
    /// Takes a part of a job. `first` says that it is the one that the job begins with.
    pub(crate) fn take_part_of_job(&mut self, reply_to: ReplyTo, part: &PopulateRequest, first: bool) {
        let token = CommandToken(part.job);
        if !self.is_master() || !self.is_running() {
            let reason = "this member is not the master any more; submit the job again";
            let answer = self.job_refused(ReturnCode::OM_ENVIRONMENT, ReasonCode::NO_MASTER, reason);
            self.reply(reply_to, answer);
        } else if let Some(job) = self.populate.jobs.get_mut(&token) {
            job.take(reply_to, part, self.now);
            self.advance_job(token);
        } else if first {
            let mut job = Job::new(part, self.me(), self.settings.staging_bytes_max, self.now);
            job.take(reply_to, part, self.now);
            self.populate.jobs.insert(token, job);
            self.populate.unopened.insert(token);
            self.open_jobs();
            self.advance_job(token);
        } else {
            let answer = self.dropped_answer();
            self.reply(reply_to, answer);
        }
    }

    /// Begins the jobs that have not begun, unless the record of an activation's end is still on its way.
    fn open_jobs(&mut self) {
        if self.is_concluded() {
            return;
        }
        for token in std::mem::take(&mut self.populate.unopened) {
            if let Some(card) = self.populate.jobs.get(&token).map(|job| job.card.clone()) {
                self.propose(Purpose::Populate(token), PlexChange::Stage(StageChange::Begin(card)));
            }
        }
    }

    /// Goes on with a job as far as it can: what is to be compiled or checked is, and then its next entry is made.
    fn advance_job(&mut self, token: CommandToken) {
        let Some(job) = self.populate.jobs.get_mut(&token).filter(|job| job.work.is_none()) else { return };
        if let Some(task) = job.next_task(self.plex.catalog()) {
            let work = WorkId(self.next_name());
            if let Some(job) = self.populate.jobs.get_mut(&token) {
                job.work = Some(work);
            }
            return self.emit(Effect::Work { work, task: Work(task) });
        }
        if job.step != Step::Open {
            return;
        }
        if job.is_whole() {
            let change = job.next_change(self.now);
            self.propose(Purpose::Populate(token), PlexChange::Stage(change));
        } else if let Some(to) = job.reply_to.take() {
            self.reply(to, Answer::default());
        }
    }

    /// The job that waits for a piece of work. It may be gone.
    fn job_at_work(&mut self, work: WorkId) -> Option<(CommandToken, &mut Job)> {
        let waiting = self.populate.jobs.iter_mut().find(|(_, job)| job.work == Some(work));
        waiting.map(|(token, job)| {
            job.work = None;
            (*token, job)
        })
    }

    pub(crate) fn compiled(&mut self, work: WorkId, compiled: Compiled) {
        let now = self.now;
        if let Some((token, job)) = self.job_at_work(work) {
            job.compiled(compiled, now);
            self.advance_job(token);
        }
    }

    pub(crate) fn checked(&mut self, work: WorkId, checked: Checked) {
        let staging_version = self.plex.catalog().staging_version();
        if let Some((token, job)) = self.job_at_work(work) {
            job.checked(checked, staging_version);
            self.advance_job(token);
        }
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
            let failed = job.failed_messages(self.me(), admissions);
            let in_error = |row: &&Row| row.completion().is_some_and(|code| !code.is_ok());
            let left_out = answer.rows.iter().filter(in_error).cloned().collect();
            let report = JobReport { committed: answer, failed, left_out };
            self.begin_import(token, "POPULATE UPDATE".to_string(), options, reply_to, Some(report));
        } else {
            self.reply_when_validated(reply_to, answer);
        }
    }

    /// The plex has dropped a job: its member was taken for lost, or it was idle.
    pub(crate) fn job_dropped(&mut self, id: JobId) {
        let answer = self.dropped_answer();
        self.end_of_job(CommandToken(id.0), answer);
    }

    /// Forgets jobs whose operator has gone silent. What nobody runs any more is dropped from the catalog.
    pub(crate) fn populate_turn(&mut self) {
        self.open_jobs();
        let (now, idle_ms) = (self.now, self.settings.populate_idle_ms);
        self.populate.jobs.retain(|_, job| !job.is_idle(now, idle_ms));
    }

    fn end_of_job(&mut self, token: CommandToken, answer: Answer) {
        if let Some(to) = self.populate.jobs.remove(&token).and_then(|job| job.reply_to) {
            self.reply(to, answer);
        }
    }

    fn dropped_answer(&self) -> Answer {
        let reason = "the job was dropped, because its master was lost or it was idle for too long, and left nothing \
                      behind; submit it again";
        self.job_refused(ReturnCode::LIST, ReasonCode::NONE_SUCCEEDED, reason)
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
