//! The catalog's utilities at the master: what is to be done is surveyed elsewhere, on a copy of the catalog, and then put
//! to the plex part by part.
//!
//! None of them runs while an activation does. One that breaks off, because an activation came in between or the master was
//! lost, has done some of its parts whole; submitted again it does the rest.

mod report;
mod survey;

use crate::event::Effect;
use crate::om::ReplyTo;
use crate::region::{ControlRegion, Purpose};
use crate::work::{Task, Work, WorkId};
use csl::om::view::{CatalogAction, Definitions, Purge, RecoverDirectory, UpdateCatalog};
use csl::om::{Answer, ReasonCode, ReturnCode};
use plex::{CatalogChange, CommandToken, PlexChange, PlexReply, Refusal};
use std::collections::{BTreeMap, BTreeSet};
pub(crate) use survey::{Question, Surveyed};
use vocabulary::message::DFS9109I;
use vocabulary::{InstanceStamp, ResourceName};

/// What a utility does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Utility {
    /// Finds and deletes instances (DFS3PU10).
    Purge(Purge),
    /// Sets what is kept of definitions (DFS3PU10 UPDATE).
    Retain { definitions: Definitions, retention: catalog::Retention },
    /// Makes the headers of definitions agree with directory and staging everywhere (DFS3CM00).
    Repair(Definitions),
    /// Makes the whole directory again (DFS3RU00).
    Rebuild(Definitions),
}

impl Utility {
    /// The one that an UPDATE CATALOG asks for, where it changes anything. Without DAYS the number of instances alone counts.
    pub(crate) fn of_update(update: UpdateCatalog) -> Option<Self> {
        let UpdateCatalog { definitions, action } = update;
        match action {
            CatalogAction::Retain { instances, days } => {
                let number = |number: u64| u16::try_from(number).unwrap_or(u16::MAX);
                let (instances, days) = (number(instances), number(days.unwrap_or(0)));
                Some(Self::Retain { definitions, retention: catalog::Retention { instances, days } })
            }
            CatalogAction::CheckTimestamps => None,
            CatalogAction::RepairTimestamps => Some(Self::Repair(definitions)),
        }
    }
}

/// The utilities that this member runs as master.
#[derive(Debug, Default)]
pub(crate) struct UtilityDesk {
    jobs: BTreeMap<CommandToken, Job>,
}

#[derive(Debug)]
struct Job {
    text: String,
    utility: Utility,
    reply_to: ReplyTo,
    step: Step,
    /// What was surveyed, once it is.
    surveyed: Surveyed,
    /// What the plex deleted of it.
    deleted: BTreeSet<(ResourceName, InstanceStamp)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// It has not begun.
    New,
    /// It is surveyed what is to be done.
    Surveying(WorkId),
    /// The next part can be put to the plex.
    Ready,
    /// A part is on its way.
    Proposed,
}

impl ControlRegion {
    /// Begins a utility, unless it runs already: a command that is handed over twice is one.
    pub(crate) fn begin_utility(
        &mut self,
        token: CommandToken,
        text: &str,
        utility: Utility,
        reply_to: ReplyTo,
    ) {
        self.utilities.jobs.entry(token).or_insert_with(|| Job {
            text: text.to_string(),
            utility,
            reply_to,
            step: Step::New,
            surveyed: Surveyed::default(),
            deleted: BTreeSet::new(),
        });
    }

    /// Goes on with every utility as far as it can.
    pub(crate) fn utility_turn(&mut self) {
        if !self.is_master() {
            // The entry member sees that the master is another one, and tells its operator.
            self.utilities.jobs.clear();
            return;
        }
        let tokens: Vec<CommandToken> = self.utilities.jobs.keys().copied().collect();
        for token in tokens {
            let step = self.utilities.jobs.get(&token).map(|job| job.step);
            match step {
                Some(Step::New) => self.survey(token),
                Some(Step::Ready) => self.next_part(token),
                Some(Step::Surveying(_) | Step::Proposed) | None => {}
            }
        }
    }

    fn survey(&mut self, token: CommandToken) {
        // The operator of an activation that is concluded has the answer, and may submit the next command.
        if self.is_concluded() {
            return;
        }
        if let Some(activation) = self.plex.activation() {
            let (of, master) = (activation.token, activation.master);
            return self.end_utility(token, |job, region| {
                job.refused(region, &Refusal::ActivationUnderWay { token: of, master })
            });
        }
        let work = WorkId(self.next_name());
        let Some(job) = self.utilities.jobs.get_mut(&token) else { return };
        job.step = Step::Surveying(work);
        let question = Question {
            token,
            utility: job.utility.clone(),
            retention: self.settings.retention,
            now: self.now,
        };
        let task = Work(Task::Survey(question, self.plex.catalog().clone()));
        self.emit(Effect::Work { work, task });
    }

    pub(crate) fn surveyed(&mut self, work: WorkId, surveyed: Surveyed) {
        if let Some(job) = self.utilities.jobs.values_mut().find(|job| job.step == Step::Surveying(work)) {
            (job.step, job.surveyed) = (Step::Ready, surveyed);
        }
    }

    fn next_part(&mut self, token: CommandToken) {
        let Some(job) = self.utilities.jobs.get_mut(&token) else { return };
        match job.surveyed.changes.pop_front() {
            Some(change) => {
                job.step = Step::Proposed;
                self.propose(Purpose::Utility(token), PlexChange::Catalog(change));
            }
            None => self.end_utility(token, |job, region| job.answer(region.me())),
        }
    }

    pub(crate) fn utility_proposed(&mut self, token: CommandToken, outcome: Option<PlexReply>) {
        match outcome {
            Some(Ok(())) => {
                if let Some(job) = self.utilities.jobs.get_mut(&token) {
                    job.step = Step::Ready;
                }
            }
            Some(Err(refusal)) => self.end_utility(token, |job, region| job.refused(region, &refusal)),
            None => self.end_utility(token, |job, region| job.in_doubt(region)),
        }
    }

    pub(crate) fn purged(&mut self, token: CommandToken, deleted: Vec<(ResourceName, InstanceStamp)>) {
        if let Some(job) = self.utilities.jobs.get_mut(&token) {
            job.deleted.extend(deleted);
        }
    }

    /// This member's copy was made whole: whoever looks after it has to know that it was not.
    pub(crate) fn reinstated(&mut self, names: &[ResourceName]) {
        for name in names {
            self.issue(DFS9109I.with(&[name]));
        }
    }

    fn end_utility(&mut self, token: CommandToken, answer: impl FnOnce(&Job, &Self) -> Answer) {
        let Some(job) = self.utilities.jobs.remove(&token) else { return };
        let mut answer = answer(&job, self);
        answer.command.clone_from(&job.text);
        self.reply(job.reply_to, answer);
    }

    /// Answers UPDATE DIRECTORY START(CLEANUP): what an interrupted activation leaves is finished by the next master, and
    /// not by an operator, so that there is nothing to do but to say so.
    pub(crate) fn clean_up_directory(&self) -> Answer {
        match self.plex.activation() {
            Some(activation) => report::still_under_way(self.now, activation),
            None => report::clean(self.me(), self.plex.history().next_back()),
        }
    }

    /// Recovers the directory, as far as there is something to be recovered.
    pub(crate) fn recover_directory(
        &mut self,
        token: CommandToken,
        text: &str,
        what: RecoverDirectory,
        reply_to: ReplyTo,
    ) {
        match what {
            RecoverDirectory::CleanUp => {
                let answer = self.clean_up_directory();
                self.reply(reply_to, answer);
            }
            RecoverDirectory::Rebuild => {
                self.begin_utility(token, text, Utility::Rebuild(Definitions::all()), reply_to);
            }
        }
    }
}

impl Job {
    fn refused(&self, region: &ControlRegion, refusal: &Refusal) -> Answer {
        let codes = match refusal {
            Refusal::ActivationUnderWay { .. } => (ReturnCode::STATE, ReasonCode::ACTIVATION_STATE),
            _ => (ReturnCode::LIST, ReasonCode::NONE_SUCCEEDED),
        };
        self.broken_off(region, codes, &refusal.to_string())
    }

    fn in_doubt(&self, region: &ControlRegion) -> Answer {
        let reason = "it is not known whether the plex took the last part; submit the command again, it does what is left";
        self.broken_off(region, (ReturnCode::OM_ENVIRONMENT, ReasonCode::NO_MASTER), reason)
    }

    fn broken_off(
        &self,
        region: &ControlRegion,
        (rc, rsn): (ReturnCode, ReasonCode),
        reason: &str,
    ) -> Answer {
        let reason = match self.deleted.len() {
            0 => reason.to_string(),
            deleted => format!("{reason}; {deleted} instances were deleted before"),
        };
        Answer::refused(&self.text, region.now, rc, rsn, &reason)
    }
}

/// How many parts a list comes to where a part has at most so many.
fn parts_of<T: Clone>(all: &[T], most: usize) -> impl Iterator<Item = Vec<T>> {
    all.chunks(most.max(1)).map(<[T]>::to_vec)
}

/// The changes that a list comes to, part by part.
fn changes_of<T: Clone>(
    all: &[T],
    most: usize,
    change: impl Fn(Vec<T>) -> CatalogChange,
) -> std::collections::VecDeque<CatalogChange> {
    parts_of(all, most).map(change).collect()
}
