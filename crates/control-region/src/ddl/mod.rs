//! DDL at the master: source that operators send is compiled against the catalog, and its units of work are staged or
//! activated one after the other.
//!
//! One job runs at a time in the plex, and the others wait for their turn here. The job that runs holds the staging data set
//! from before it is compiled until its last unit is dealt with, so that what it was compiled against does not change
//! under it. What a unit changes is gathered out of sight and then staged, or activated, in one entry: a job that breaks off
//! in the middle of a unit leaves nothing of it behind.

mod compile;
mod definitions;
mod job;
mod report;
mod run;

use crate::om::ReplyTo;
use crate::region::ControlRegion;
use catalog::job::JobId;
pub(crate) use compile::{DdlCompiled, DdlSource};
use csl::envelope::DdlRequest;
use csl::om::{Answer, ReasonCode, ReturnCode};
pub(crate) use definitions::Definitions as KnownDefinitions;
use job::{Job, Step};
use plex::CommandToken;
pub(crate) use report::{away_messages, change_messages, taken_over_answer};
use std::collections::{BTreeMap, VecDeque};
use vocabulary::Moment;
use vocabulary::message::{DDL208E, DFS5013I};

/// How many jobs wait for their turn at most.
const QUEUE_MAX: usize = 16;

/// The DDL jobs that this member runs as master.
#[derive(Debug, Default)]
pub(crate) struct DdlDesk {
    jobs: BTreeMap<CommandToken, Job>,
    /// Those that are here as a whole, in the order in which they came; the first one runs.
    queue: VecDeque<CommandToken>,
}

impl DdlDesk {
    /// Whether this member runs the job.
    pub(crate) fn runs(&self, job: JobId) -> bool {
        self.jobs.contains_key(&CommandToken(job.0))
    }

    /// Whether a unit of work is about to be activated under this token.
    pub(crate) fn activates(&self, activation: CommandToken) -> bool {
        self.jobs.values().any(|job| job.step.activation() == Some(activation))
    }

    /// Since when each job waits whose turn it is not, in their order.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = Moment> {
        self.queue.iter().skip(1).filter_map(|token| self.jobs.get(token)).map(|job| job.since)
    }
}

impl ControlRegion {
    /// Takes a part of a job. `first` says that it is the one that the job begins with.
    pub(crate) fn take_part_of_ddl(&mut self, reply_to: ReplyTo, part: DdlRequest, first: bool) {
        let token = CommandToken(part.job);
        if !self.is_master() || !self.is_running() {
            let reason = "this member is not the master any more; submit the DDL again";
            let answer = self.ddl_refused(ReturnCode::OM_ENVIRONMENT, ReasonCode::NO_MASTER, reason);
            return self.reply(reply_to, answer);
        }
        if first && !self.ddl.jobs.contains_key(&token) {
            if self.ddl.jobs.len() > QUEUE_MAX {
                let answer = self.no_room_answer();
                return self.reply(reply_to, answer);
            }
            self.ddl.jobs.insert(token, Job::new(&part, self.term, self.now));
        }
        let (now, last) = (self.now, part.last);
        let gathering = |job: &&mut Job| job.step == Step::Gathering;
        let Some(job) = self.ddl.jobs.get_mut(&token).filter(gathering) else {
            let reason = "the job was dropped, because its master was lost or it was idle for too long, and nothing \
                          of it was carried out; submit it again";
            let answer = self.ddl_refused(ReturnCode::LIST, ReasonCode::NONE_SUCCEEDED, reason);
            return self.reply(reply_to, answer);
        };
        if job.take(reply_to, part, now).is_none() {
            self.ddl.jobs.remove(&token);
            let reason = "the job has too much source, and nothing of it was carried out; cut it in several";
            let answer = self.ddl_refused(ReturnCode::OM_PARAMETER, ReasonCode::NONE, reason);
            return self.reply(reply_to, answer);
        }
        match last {
            true => self.begin_ddl(token),
            false => {
                if let Some(to) = job.reply_to.take() {
                    self.reply(to, Answer::default());
                }
            }
        }
    }

    fn no_room_answer(&self) -> Answer {
        let message = DDL208E.with(&[&QUEUE_MAX]);
        let mut answer = self.ddl_refused(
            ReturnCode::LIST,
            ReasonCode::NONE_SUCCEEDED,
            "the queue of DDL jobs is full; submit the job again later",
        );
        answer.say(self.me(), message);
        answer
    }

    fn ddl_refused(&self, rc: ReturnCode, rsn: ReasonCode, reason: &str) -> Answer {
        Answer::refused("", self.now, rc, rsn, reason)
    }

    /// A job is here as a whole. One that only simulates changes nothing, and need not wait for others.
    fn begin_ddl(&mut self, token: CommandToken) {
        let Some(job) = self.ddl.jobs.get_mut(&token) else { return };
        job.since = self.now;
        if job.options.simulate {
            return self.compile_ddl(token);
        }
        self.ddl.queue.push_back(token);
    }

    /// Looks at the job whose turn it is, and tells the others how many are before them.
    pub(crate) fn ddl_turn(&mut self) {
        // The entry members look after what a former master ran.
        if !self.is_master() {
            self.ddl = DdlDesk::default();
            return;
        }
        self.forget_lonely_jobs();
        self.end_overtaken_jobs();
        if let Some(token) = self.ddl.queue.front().copied() {
            self.look_after_ddl(token);
        }
        self.tell_places();
    }

    /// A job whose operator is out of reach, or silent between two parts.
    fn forget_lonely_jobs(&mut self) {
        let (now, idle_ms) = (self.now, self.settings.populate_idle_ms);
        let alone: Vec<CommandToken> = self
            .ddl
            .jobs
            .iter()
            .filter(|(_, job)| match job.reply_to {
                Some(ReplyTo::Member(member, _)) => !self.links.is_up(member),
                Some(ReplyTo::Operator(_)) => false,
                None => job.is_idle(now, idle_ms),
            })
            .map(|(token, _)| *token)
            .collect();
        for token in alone {
            self.ddl_left(token);
        }
    }

    /// Who lost the lead and has it again before being told of either ends what other members handed over before: they
    /// may have told their operators meanwhile that its master was lost.
    fn end_overtaken_jobs(&mut self) {
        let term = self.term;
        let is_overtaken = |job: &Job| job.term != term && matches!(job.reply_to, Some(ReplyTo::Member(..)));
        let overtaken: Vec<CommandToken> =
            self.ddl.jobs.iter().filter(|(_, job)| is_overtaken(job)).map(|(token, _)| *token).collect();
        for token in overtaken {
            self.end_overtaken_job(token);
        }
    }

    fn end_overtaken_job(&mut self, token: CommandToken) {
        let term = self.term;
        let Some(job) = self.ddl.jobs.get_mut(&token) else { return };
        job.term = term;
        let reason = "the master lost the lead for a moment; list the catalog, then submit the units of work that are \
                      missing";
        match job.step {
            Step::Closing => {}
            // What is on its way ends as the log has it.
            Step::Staging | Step::Activating { unknown: None, .. } => job.report.failed(None, None, reason),
            Step::Activating { unknown: Some(_), .. } => self.ddl_in_doubt(token),
            _ => {
                let unit = job.unit.take();
                job.report.failed(unit.as_ref(), None, reason);
                job.next_unit();
                self.close_ddl(token);
            }
        }
    }

    /// The operator of a job is gone. What has not begun never does; of what has begun, the unit under way is rolled
    /// back unless it is being committed.
    pub(crate) fn ddl_left(&mut self, token: CommandToken) {
        let Some(job) = self.ddl.jobs.get_mut(&token) else { return };
        job.left = true;
        job.reply_to = None;
        match job.step {
            Step::Gathering | Step::Waiting { .. } => self.forget_ddl(token),
            Step::Compiling(_) if job.options.simulate => self.forget_ddl(token),
            // Whoever was asked is told that it will not begin.
            Step::Compiling(_) | Step::Canvassing { .. } => self.close_ddl(token),
            Step::Opening | Step::Adding | Step::Staging | Step::Activating { .. } | Step::Closing => {}
        }
    }

    fn forget_ddl(&mut self, token: CommandToken) {
        self.ddl.jobs.remove(&token);
        self.ddl.queue.retain(|queued| *queued != token);
    }

    fn tell_places(&mut self) {
        let mut told = Vec::new();
        for (before, token) in self.ddl.queue.iter().enumerate().skip(1) {
            if let Some(job) = self.ddl.jobs.get_mut(token).filter(|job| job.told_before != before) {
                job.told_before = before;
                told.extend(job.reply_to.map(|to| (to, before)));
            }
        }
        let first = self.ddl.queue.front().and_then(|token| self.ddl.jobs.get(token)).map(|job| job.since);
        for (to, before) in told {
            let since = first.unwrap_or(self.now);
            let jobs = if before == 1 { "DDL JOB" } else { "DDL JOBS" };
            let message = DFS5013I.with(&[&self.me(), &before, &jobs, &since]);
            self.progress(to, message.to_string());
        }
    }

    /// How far the activation of a unit is.
    pub(crate) fn ddl_progress(&mut self, job: JobId, text: String) {
        let to = self.ddl.jobs.get(&CommandToken(job.0)).and_then(|job| job.reply_to);
        if let Some(to) = to {
            self.progress(to, text);
        }
    }

    /// The plex has dropped a job, because its member was taken for lost.
    pub(crate) fn ddl_dropped(&mut self, id: JobId) {
        let token = CommandToken(id.0);
        let Some(job) = self.ddl.jobs.get_mut(&token).filter(|job| job.step != Step::Closing) else { return };
        let unit = job.unit.take();
        let reason = "the job was dropped, because its master was taken for lost; what was not committed is rolled \
                      back: list the catalog, then submit the rest again";
        job.report.failed(unit.as_ref(), None, reason);
        job.next_unit();
        self.answer_ddl(token);
    }
}
