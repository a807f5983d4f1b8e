//! IMPORT at the master, from the command to the Prepare entry: wait for the staging data set, validate, propose.

use super::answer::{
    import_answer, invalid_answer, refusal_answer, staging_busy_answer, unknown_whether_emptied,
};
use super::canvass::Answers;
use super::coordination::PROGRESS_MS;
use super::validate::Invalid;
use crate::event::Effect;
use crate::letter::Letter;
use crate::om::ReplyTo;
use crate::region::{ControlRegion, Purpose};
use catalog::CatalogError;
use csl::om::{Answer, MemberMessage, Row};
use plex::{
    ActivationOptions, Canvass, CommandToken, Finished, Outcome, PlexChange, PlexReply, Refusal, StageChange,
};
use vocabulary::Moment;
use vocabulary::message::{DFS4333E, DFS4338W};

/// An import that this member coordinates, until its operator is answered.
#[derive(Debug, Clone)]
pub(crate) struct WaitingImport {
    pub(crate) token: CommandToken,
    pub(crate) text: String,
    pub(crate) options: ActivationOptions,
    pub(crate) reply_to: ReplyTo,
    pub(crate) began: Moment,
    /// The term of consensus in which it was taken.
    term: u64,
    /// Since when it waits for the check, or when its operator was told so.
    told: Option<Moment>,
    job: Option<JobReport>,
    in_error: Option<InError>,
    step: Step,
}

impl WaitingImport {
    /// Whether staging is to be emptied where something in it is in error.
    pub(crate) fn empties_if_wrong(&self) -> bool {
        self.options.delpenderr && self.options.mode.imports()
    }
}

/// What is staged is in error, and is being dropped.
#[derive(Debug, Clone)]
struct InError {
    staging_version: u64,
    /// What the operator is told once it is dropped.
    answer: Answer,
    /// It is not known whether it was dropped already.
    doubted: bool,
}

/// What the populate job that goes over into an import has to say besides the import's own answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct JobReport {
    /// The answer to the job as it is where the import succeeds.
    pub(crate) committed: Answer,
    /// What is left to say where it does not.
    pub(crate) failed: Vec<MemberMessage>,
    /// The definitions that the job left out, which no import can tell of.
    pub(crate) left_out: Vec<Row>,
}

impl JobReport {
    /// Puts it into the answer to the import.
    fn complete(&self, answer: &mut Answer, committed: bool) {
        let messages = if committed { &self.committed.messages } else { &self.failed };
        answer.messages.splice(0..0, messages.iter().cloned());
        answer.rows.extend(self.left_out.iter().cloned());
        if self.committed.rc.severity() > answer.rc.severity() {
            (answer.rc, answer.rsn) = (self.committed.rc, self.committed.rsn);
            answer.reason_text.clone_from(&self.committed.reason_text);
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Validate and propose, as soon as the staging data set is free.
    Ready,
    /// Somebody holds the staging data set; the operator was told.
    WaitingForStaging,
    /// The others are asked whether they are ready.
    Canvassing,
    /// The Prepare entry is on its way, or the one that empties staging.
    Proposed,
    /// It is not known whether the entry was made.
    Unknown { since: Moment },
}

impl ControlRegion {
    /// Begins to coordinate an import.
    pub(crate) fn begin_import(
        &mut self,
        token: CommandToken,
        text: String,
        options: ActivationOptions,
        reply_to: ReplyTo,
        job: Option<JobReport>,
    ) {
        let known = self.imports.iter().any(|import| import.token == token);
        if !known {
            let (began, term, step) = (self.now, self.term, Step::Ready);
            let (told, in_error) = (None, None);
            self.imports.push(WaitingImport {
                token,
                text,
                options,
                reply_to,
                began,
                term,
                told,
                job,
                in_error,
                step,
            });
        }
    }

    pub(crate) fn import_turn(&mut self) {
        for mut import in std::mem::take(&mut self.imports) {
            if self.look_after_import(&mut import) {
                self.imports.push(import);
            }
        }
    }

    /// Whether the import goes on; else its operator is answered, or looked after by the entry member.
    fn look_after_import(&mut self, import: &mut WaitingImport) -> bool {
        if let Some(finished) = self.plex.finished(import.token).cloned() {
            self.answer_finished(import, &finished);
            return false;
        }
        if self.plex.activation().is_some_and(|activation| activation.token == import.token) {
            return true;
        }
        // Who is not master any more gives up what the log does not have. The entry member watches the log.
        if !self.is_master() {
            return false;
        }
        // So does who lost the lead and has it again before being told of either: the entry member may have told its
        // operator meanwhile that nothing began. Where it has not, it looks at the newest state and sends it again.
        if let ReplyTo::Member(to, call) = import.reply_to
            && import.term != self.term
        {
            self.emit(Effect::Send { to, letter: Letter::LookAgain { call } });
            return false;
        }
        match import.step {
            Step::Ready | Step::WaitingForStaging => self.advance_import(import),
            Step::Canvassing => self.advance_canvass(import),
            Step::Proposed => true,
            Step::Unknown { since } => {
                // A second Prepare of the same token is the first one.
                if self.now.ms_since(since) >= self.settings.retry_ms {
                    import.step = Step::Ready;
                }
                true
            }
        }
    }

    /// Whether the import goes on; else it was answered.
    fn advance_import(&mut self, import: &mut WaitingImport) -> bool {
        if import.in_error.is_some() {
            return self.empty_staging(import);
        }
        // The operator of an activation that is concluded has the answer, and may submit the next one.
        if self.is_concluded() {
            return true;
        }
        // What others were asked is settled first: they hold for it.
        if self.canvassed_version(import.token).is_some() {
            return self.begin_activation(import, None);
        }
        if let Some(activation) = self.plex.activation() {
            let busy = Refusal::ActivationUnderWay { token: activation.token, master: activation.master };
            return self.refuse_import(import, &busy);
        }
        match self.plex.catalog().job().map(|job| (job.card.owner, job.card.since)) {
            Some((holder, since)) => self.wait_for_staging(import, &holder.to_string(), since),
            None => self.prepare_import(import),
        }
    }

    fn wait_for_staging(&mut self, import: &mut WaitingImport, holder: &str, since: Moment) -> bool {
        if import.step == Step::Ready {
            import.step = Step::WaitingForStaging;
            let message = DFS4338W.with(&[&holder, &since]);
            self.progress(import.reply_to, message.to_string());
            self.issue(message);
        }
        if self.now.ms_since(import.began) < self.settings.staging_wait_ms {
            return true;
        }
        // Reason 3: the time to wait for the data set is over.
        let message = DFS4333E.with(&[&3, &holder, &since]);
        self.issue(message.clone());
        let answer = staging_busy_answer(import, self.me(), self.now, message);
        self.reply_import(import, answer, false);
        false
    }

    /// The master validates before anybody else is asked: what fails here is not attempted elsewhere.
    fn prepare_import(&mut self, import: &mut WaitingImport) -> bool {
        let staging_version = self.plex.catalog().staging_version();
        let Some(findings) = self.validate(import.options.mode).map(<[Invalid]>::to_vec) else {
            self.tell_of_check(import);
            return true;
        };
        if !findings.is_empty() {
            let answer = invalid_answer(import, &self.plex, self.me(), self.now, &findings);
            if import.empties_if_wrong() {
                import.in_error = Some(InError { staging_version, answer, doubted: false });
                return self.empty_staging(import);
            }
            self.reply_import(import, answer, false);
            return false;
        }
        match self.canvass(import.token, &import.options) {
            true => self.advance_canvass(import),
            false => self.begin_activation(import, None),
        }
    }

    /// The operator is told that staging is empty when it is.
    fn empty_staging(&mut self, import: &mut WaitingImport) -> bool {
        if let Some(InError { staging_version, .. }) = import.in_error {
            import.step = Step::Proposed;
            let change = PlexChange::Stage(StageChange::Empty { staging_version });
            self.propose(Purpose::Import(import.token), change);
        }
        true
    }

    fn staging_emptied(&mut self, at: usize, in_error: InError, outcome: Option<PlexReply>) {
        let answer = match outcome {
            Some(Ok(())) => in_error.answer,
            Some(Err(Refusal::StagingChanged)) if !in_error.doubted => {
                self.imports[at].step = Step::Ready;
                return;
            }
            // Where it is empty, it does not matter by whom it was emptied.
            Some(Err(Refusal::StagingChanged)) if self.plex.catalog().staged_count() == 0 => in_error.answer,
            Some(Err(_)) if in_error.doubted => unknown_whether_emptied(in_error.answer),
            Some(Err(refusal)) => {
                let import = self.imports.remove(at);
                self.refuse_import(&import, &refusal);
                return;
            }
            None => {
                self.imports[at].step = Step::Unknown { since: self.now };
                self.imports[at].in_error = Some(InError { doubted: true, ..in_error });
                return;
            }
        };
        let import = self.imports.remove(at);
        self.reply_import(&import, answer, false);
    }

    fn advance_canvass(&mut self, import: &mut WaitingImport) -> bool {
        import.step = Step::Canvassing;
        match self.answers(import.token) {
            Answers::Awaited => true,
            Answers::Ready(canvass) => self.begin_activation(import, Some(canvass)),
            Answers::Vote => self.begin_activation(import, None),
        }
    }

    fn begin_activation(&mut self, import: &mut WaitingImport, canvass: Option<Canvass>) -> bool {
        import.step = Step::Proposed;
        // Whoever was asked holds this version until an entry settles it.
        let canvassed = self.canvassed_version(import.token);
        let change = PlexChange::Prepare {
            token: import.token,
            master: self.me(),
            options: import.options.clone(),
            staging_version: canvassed.unwrap_or_else(|| self.plex.catalog().staging_version()),
            canvass,
            at: self.now,
        };
        self.propose(Purpose::Import(import.token), change);
        true
    }

    fn tell_of_check(&mut self, import: &mut WaitingImport) {
        let told = *import.told.get_or_insert(self.now);
        if self.now.ms_since(told) >= PROGRESS_MS {
            import.told = Some(self.now);
            let text = format!("CHECK: BUILDING THE BLOCKS OF WHAT CHANGES SINCE {}", import.began);
            self.progress(import.reply_to, text);
        }
    }

    pub(crate) fn import_proposed(&mut self, token: CommandToken, outcome: Option<PlexReply>) {
        let Some(at) = self.imports.iter().position(|import| import.token == token) else { return };
        if let Some(in_error) = self.imports[at].in_error.take() {
            return self.staging_emptied(at, in_error, outcome);
        }
        match outcome {
            Some(Ok(())) => {}
            Some(Err(Refusal::StagingChanged | Refusal::Catalog(CatalogError::StagingHeld(_)))) => {
                self.imports[at].step = Step::Ready;
            }
            Some(Err(refusal)) => {
                let import = self.imports.remove(at);
                self.refuse_import(&import, &refusal);
            }
            None => self.imports[at].step = Step::Unknown { since: self.now },
        }
    }

    fn refuse_import(&mut self, import: &WaitingImport, refusal: &Refusal) -> bool {
        let answer = refusal_answer(import, &self.plex, self.me(), self.now, refusal);
        self.reply_import(import, answer, false);
        false
    }

    /// Answers the operator of an activation that has come to its outcome.
    pub(crate) fn answer_import(&mut self, finished: &Finished) {
        let Some(at) = self.imports.iter().position(|import| import.token == finished.token) else { return };
        let import = self.imports.remove(at);
        self.answer_finished(&import, finished);
    }

    fn answer_finished(&mut self, import: &WaitingImport, finished: &Finished) {
        let answer = import_answer(&import.text, import.began, self.now, finished);
        let committed = matches!(finished.outcome, Outcome::Committed { .. });
        self.reply_import(import, answer, committed);
    }

    fn reply_import(&mut self, import: &WaitingImport, mut answer: Answer, committed: bool) {
        if let Some(job) = &import.job {
            job.complete(&mut answer, committed);
        }
        self.reply(import.reply_to, answer);
    }

    pub(crate) fn import_ended(&mut self, finished: &Finished) {
        self.answer_import(finished);
        self.desk_ended(finished);
    }

    pub(crate) fn import_progress(&mut self, token: CommandToken, text: String) {
        let to = self.imports.iter().find(|import| import.token == token).map(|import| import.reply_to);
        if let Some(to) = to {
            self.progress(to, text);
        }
    }
}
