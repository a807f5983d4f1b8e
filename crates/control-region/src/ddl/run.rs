//! The job whose turn it is: it takes the staging data set, is compiled, and commits one unit of work after the other.

use super::compile::{Activation, DdlCompiled, DdlSource};
use super::job::{Job, Step};
use super::report::Prior;
use crate::activation::Answers;
use crate::event::Effect;
use crate::om::ReplyTo;
use crate::region::{ControlRegion, Purpose};
use crate::work::{Task, Work, WorkId};
use catalog::CatalogError;
use catalog::job::JobId;
use plex::{ActivationOptions, Canvass, CommandToken, Finished, PlexChange, PlexReply, Refusal, StageChange};
use vocabulary::message::{DFS3642E, DFS4328E, DFS4333E, DFS4338W, DFS4541E};
use vocabulary::{Message, Moment};

impl ControlRegion {
    /// Goes on with the job whose turn it is, where it waits for nothing that tells of itself.
    pub(super) fn look_after_ddl(&mut self, token: CommandToken) {
        let Some(job) = self.ddl.jobs.get_mut(&token) else { return };
        match job.step {
            Step::Waiting { told } => self.open_ddl(token, told),
            Step::Canvassing { token: activation } => self.advance_canvass_of_unit(token, activation),
            // A second entry of the same token is the first one.
            Step::Activating { token: activation, unknown: Some(since) }
                if self.now.ms_since(since) >= self.settings.retry_ms =>
            {
                self.prepare_unit(token, activation, None);
            }
            _ => {}
        }
    }

    /// Takes the staging data set, as soon as nobody has it.
    fn open_ddl(&mut self, token: CommandToken, told: bool) {
        // The operator of an activation that is concluded has the answer, and may submit the next job.
        if self.is_concluded() {
            return;
        }
        if let Some(activation) = self.plex.activation() {
            let busy = Refusal::ActivationUnderWay { token: activation.token, master: activation.master };
            return self.fail_ddl(token, &busy);
        }
        if let Some((holder, since)) = self.plex.catalog().job().map(|job| (job.card.owner, job.card.since)) {
            return self.wait_for_staging_of_ddl(token, told, &holder.to_string(), since);
        }
        let (me, room, now) = (self.me(), self.settings.staging_bytes_max, self.now);
        let Some(job) = self.ddl.jobs.get_mut(&token) else { return };
        job.step = Step::Opening;
        let card = job.card(me, room, now);
        self.propose(Purpose::Ddl(token), PlexChange::Stage(StageChange::Begin(card)));
    }

    fn wait_for_staging_of_ddl(&mut self, token: CommandToken, told: bool, holder: &str, since: Moment) {
        let now = self.now;
        let Some(job) = self.ddl.jobs.get_mut(&token) else { return };
        if !told {
            // The time in the queue does not count.
            (job.step, job.since) = (Step::Waiting { told: true }, now);
            let (to, message) = (job.reply_to, DFS4338W.with(&[&holder, &since]));
            if let Some(to) = to {
                self.progress(to, message.to_string());
            }
            self.issue(message);
        } else if now.ms_since(job.since) >= self.settings.staging_wait_ms {
            // Reason 3: the time to wait for the data set is over.
            let message = DFS4333E.with(&[&3, &holder, &since]);
            self.issue(message.clone());
            self.give_up_ddl(
                token,
                message,
                "the staging data set was not set free in time; submit the DDL again",
            );
        }
    }

    /// What a job wants can't be had now: it ends.
    fn fail_ddl(&mut self, token: CommandToken, refusal: &Refusal) {
        let message = match refusal {
            Refusal::ActivationUnderWay { token, master } => {
                DFS4328E.with(&[&format!("ACTIVATION OF MASTER {master}, COMMAND TOKEN={token}")])
            }
            Refusal::Catalog(CatalogError::StagingFull { used, max, needed }) => {
                DFS3642E.with(&[used, max, needed])
            }
            _ => DFS4541E.with(&[refusal]),
        };
        self.give_up_ddl(token, message, &refusal.to_string());
    }

    /// The unit under way fails, and the job with it.
    fn give_up_ddl(&mut self, token: CommandToken, message: Message, reason: &str) {
        let Some(job) = self.ddl.jobs.get_mut(&token) else { return };
        let unit = job.unit.take();
        job.report.failed(unit.as_ref(), Some(message), reason);
        job.next_unit();
        self.close_ddl(token);
    }

    /// Lets the staging data set go, where the job has it, and answers.
    pub(super) fn close_ddl(&mut self, token: CommandToken) {
        let held = self.plex.catalog().job().map(|job| job.card.id) == Some(JobId(token.0));
        let Some(job) = self.ddl.jobs.get_mut(&token) else { return };
        if held {
            let id = job.id;
            job.step = Step::Closing;
            self.propose(Purpose::Ddl(token), PlexChange::Stage(StageChange::Drop { job: id }));
        } else {
            self.answer_ddl(token);
        }
    }

    pub(super) fn answer_ddl(&mut self, token: CommandToken) {
        let Some(job) = self.ddl.jobs.remove(&token) else { return };
        self.ddl.queue.retain(|queued| *queued != token);
        let Some(to) = job.reply_to else { return };
        let pending = job.report.leaves_pending();
        let answer = job.report.answer(self.me());
        match pending {
            true => self.reply_when_validated(to, answer),
            false => self.reply(to, answer),
        }
    }

    pub(super) fn compile_ddl(&mut self, token: CommandToken) {
        let (now, settings) = (self.now, &self.settings);
        let Some(source) = self.ddl.jobs.get_mut(&token).map(|job| job.source(settings, now)) else { return };
        self.compile_ddl_source(token, source);
    }

    fn compile_ddl_source(&mut self, token: CommandToken, source: DdlSource) {
        let work = WorkId(self.next_name());
        if let Some(job) = self.ddl.jobs.get_mut(&token) {
            job.step = Step::Compiling(work);
            let task = Work(Task::Ddl(source, self.plex.catalog().clone()));
            self.emit(Effect::Work { work, task });
        }
    }

    pub(crate) fn ddl_compiled(&mut self, work: WorkId, compiled: DdlCompiled) {
        let waits = |(_, job): &(&CommandToken, &mut Job)| job.step == Step::Compiling(work);
        let Some((token, job)) = self.ddl.jobs.iter_mut().find(waits) else { return };
        let token = *token;
        // What was compiled beside another catalog is compiled again.
        if compiled.staging_version != self.plex.catalog().staging_version() && !job.options.simulate {
            return self.compile_ddl_source(token, compiled.source);
        }
        job.compiled(compiled);
        if job.options.simulate {
            job.simulated();
            self.answer_ddl(token);
        } else {
            self.next_unit(token);
        }
    }

    fn next_unit(&mut self, token: CommandToken) {
        let Some(job) = self.ddl.jobs.get_mut(&token) else { return };
        match job.next_unit() {
            true => self.advance_unit(token),
            false => self.close_ddl(token),
        }
    }

    /// Adds what is still missing of the unit under way, and then commits it.
    fn advance_unit(&mut self, token: CommandToken) {
        let Some(job) = self.ddl.jobs.get_mut(&token) else { return };
        if job.left {
            return self.close_ddl(token);
        }
        if let Some(change) = job.next_addition() {
            job.step = Step::Adding;
            return self.propose(Purpose::Ddl(token), PlexChange::Stage(change));
        }
        if job.unit.as_ref().is_some_and(|unit| unit.activation == Activation::AtOnce) {
            let activation = self.next_token();
            return match self.canvass(activation, &ActivationOptions::unit_of(JobId(token.0))) {
                true => self.advance_canvass_of_unit(token, activation),
                false => self.prepare_unit(token, activation, None),
            };
        }
        let (id, at) = (JobId(token.0), self.now);
        if let Some(job) = self.ddl.jobs.get_mut(&token) {
            job.step = Step::Staging;
        }
        self.propose(Purpose::Ddl(token), PlexChange::Stage(StageChange::Commit { job: id, at }));
    }

    fn advance_canvass_of_unit(&mut self, token: CommandToken, activation: CommandToken) {
        match self.answers(activation) {
            Answers::Awaited => {
                if let Some(job) = self.ddl.jobs.get_mut(&token) {
                    job.step = Step::Canvassing { token: activation };
                }
            }
            Answers::Ready(canvass) => self.prepare_unit(token, activation, Some(canvass)),
            Answers::Vote => self.prepare_unit(token, activation, None),
        }
    }

    fn prepare_unit(&mut self, token: CommandToken, activation: CommandToken, canvass: Option<Canvass>) {
        if let Some(own) = self.ddl.jobs.get_mut(&token) {
            own.step = Step::Activating { token: activation, unknown: None };
        }
        // Whoever was asked holds this version until an entry settles it.
        let canvassed = self.canvassed_version(activation);
        let change = PlexChange::PrepareUnit {
            token: activation,
            job: JobId(token.0),
            master: self.me(),
            staging_version: canvassed.unwrap_or_else(|| self.plex.catalog().staging_version()),
            canvass,
            at: self.now,
        };
        self.propose(Purpose::Ddl(token), change);
    }

    pub(crate) fn ddl_proposed(&mut self, token: CommandToken, outcome: Option<&PlexReply>) {
        let now = self.now;
        let Some(job) = self.ddl.jobs.get_mut(&token) else { return };
        match (job.step, outcome) {
            (Step::Closing, _) => self.answer_ddl(token),
            (Step::Opening, Some(Ok(()))) if job.left => self.close_ddl(token),
            (Step::Opening, Some(Ok(()))) => self.compile_ddl(token),
            (Step::Opening, Some(Err(Refusal::Catalog(CatalogError::StagingHeld(_))))) => {
                job.step = Step::Waiting { told: false };
            }
            (Step::Adding, Some(Ok(()))) => self.advance_unit(token),
            (Step::Staging, Some(Ok(()))) => self.unit_staged(token),
            // Its operator may know of its end, so that it is not begun again.
            (Step::Activating { .. }, None) if job.report.has_failed() => self.ddl_in_doubt(token),
            (Step::Activating { token: activation, .. }, None) => {
                job.step = Step::Activating { token: activation, unknown: Some(now) };
            }
            (Step::Activating { .. }, Some(Ok(()))) => {}
            (_, Some(Err(refusal))) => self.fail_ddl(token, refusal),
            (_, None) => self.ddl_in_doubt(token),
            (_, Some(Ok(()))) => {}
        }
    }

    pub(super) fn ddl_in_doubt(&mut self, token: CommandToken) {
        let Some(job) = self.ddl.jobs.get_mut(&token) else { return };
        let unit = job.unit.take();
        let reason = "it is not known whether the unit of work under way was committed; list the catalog, then submit \
                      it and those behind it again";
        job.report.failed(unit.as_ref(), None, reason);
        job.next_unit();
        self.answer_ddl(token);
    }

    fn unit_staged(&mut self, token: CommandToken) {
        let prior = self.prior_of(token);
        let Some(job) = self.ddl.jobs.get_mut(&token) else { return };
        if let Some(unit) = job.unit.take() {
            let (message, to) = (job.report.pending(&unit, &prior), job.reply_to);
            self.tell_operator(to, &message);
        }
        self.next_unit(token);
    }

    /// The instances that the directory has of what the unit under way changes.
    fn prior_of(&self, token: CommandToken) -> Prior {
        let unit = self.ddl.jobs.get(&token).and_then(|job| job.unit.as_ref());
        let names = unit.into_iter().flat_map(|unit| &unit.changes).map(|change| change.instance.name);
        names.filter_map(|name| Some((name, self.plex.catalog().record(&name)?.active?))).collect()
    }

    fn tell_operator(&mut self, to: Option<ReplyTo>, message: &Message) {
        if let Some(to) = to {
            self.progress(to, message.to_string());
        }
    }

    /// An activation is over: perhaps that of the unit under way.
    pub(crate) fn ddl_ended(&mut self, finished: &Finished) {
        let Some(job) = finished.options.mode.ddl_job() else { return };
        let token = CommandToken(job.0);
        let Some(job) = self.ddl.jobs.get_mut(&token) else { return };
        if !matches!(job.step, Step::Activating { token, .. } if token == finished.token) {
            return;
        }
        if let Some(unit) = job.unit.take() {
            let prior = finished
                .changes
                .iter()
                .filter_map(|change| Some((change.name, change.old?)))
                .collect::<Prior>();
            let told = job.report.activated(&unit, &prior, finished, &self.plex);
            let to = job.reply_to;
            if let Some(message) = told {
                self.tell_operator(to, &message);
            }
        }
        self.next_unit(token);
    }
}
