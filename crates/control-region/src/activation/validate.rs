//! What the master checks before it asks anybody: the blocks of everything that changes can be built. Checking thousands
//! of them takes seconds, so it is done elsewhere, and counts only for the version of staging that it was done on.

use crate::event::Effect;
use crate::library::CatalogLibrary;
use crate::om::ReplyTo;
use crate::region::ControlRegion;
use crate::work::{Task, Work, WorkId};
use catalog::{Catalog, ImportPlan, ImportProblem, PlanMode};
use csl::om::{Answer, CompletionCode};
use definitions::{Definition, acb};
use plex::ActivationMode;
use std::collections::BTreeSet;
use vocabulary::ResourceName;

/// A reason why staging can't be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invalid {
    /// What is wrong.
    pub(crate) resource: ResourceName,
    /// Whether it is in error, or just not allowed to be imported so.
    pub(crate) code: CompletionCode,
    /// Why, as the operator reads it.
    pub(crate) text: String,
}

/// Whether what is staged can be imported in a mode.
#[derive(Debug, Clone)]
pub(crate) struct Verdict {
    /// The version of the staging data set that it is about. It changes with the directory as well.
    staging_version: u64,
    mode: ActivationMode,
    /// Everything that is wrong; nothing where the import may go on.
    findings: Vec<Invalid>,
}

/// What is known of the staging data set, and what is being found out.
#[derive(Debug, Default)]
pub(crate) struct Validation {
    verdict: Option<Verdict>,
    work: Option<WorkId>,
    /// Who is answered once it is done.
    waiting: Vec<(ReplyTo, Answer)>,
}

impl Validation {
    /// Whether staging is being checked.
    pub(crate) fn is_under_way(&self) -> bool {
        self.work.is_some()
    }
}

impl Verdict {
    pub(crate) fn on(catalog: &Catalog, mode: ActivationMode) -> Self {
        Self { staging_version: catalog.staging_version(), mode, findings: validate(catalog, mode) }
    }
}

impl ControlRegion {
    /// Everything that is wrong with what an import in this mode would activate, once it is known; it is being found
    /// out otherwise.
    pub(crate) fn validate(&mut self, mode: ActivationMode) -> Option<&[Invalid]> {
        let staging_version = self.plex.catalog().staging_version();
        let known = |verdict: &&Verdict| (verdict.staging_version, verdict.mode) == (staging_version, mode);
        if self.validation.verdict.as_ref().filter(known).is_none() && self.validation.work.is_none() {
            let work = WorkId(self.next_name());
            self.validation.work = Some(work);
            let task = Work(Task::Validate(mode, self.plex.catalog().clone()));
            self.emit(Effect::Work { work, task });
        }
        self.validation.verdict.as_ref().filter(known).map(|verdict| &verdict.findings[..])
    }

    pub(crate) fn validated(&mut self, work: WorkId, verdict: Verdict) {
        if self.validation.work == Some(work) {
            let waiting = std::mem::take(&mut self.validation.waiting);
            self.validation = Validation { verdict: Some(verdict), work: None, waiting: Vec::new() };
            for (to, answer) in waiting {
                self.reply(to, answer);
            }
        }
    }

    /// Answers a job whose definitions are staged, when they are validated as well, so that no import waits for that.
    pub(crate) fn reply_when_validated(&mut self, to: ReplyTo, answer: Answer) {
        match self.validate(ActivationMode::Plain).is_some() {
            true => self.reply(to, answer),
            false => self.validation.waiting.push((to, answer)),
        }
    }
}

fn validate(catalog: &Catalog, mode: ActivationMode) -> Vec<Invalid> {
    let plan_mode = if mode == ActivationMode::Plain { PlanMode::Everything } else { PlanMode::PsbsOnly };
    match catalog.plan(plan_mode) {
        Err(problems) => {
            let invalid = |problem: &ImportProblem| {
                let (resource, code) = match problem {
                    ImportProblem::DbdStaged(dbd) => ((*dbd).into(), CompletionCode::NOT_ALLOWED),
                    ImportProblem::DbdUnknown { user, .. } => (*user, CompletionCode::DEFINITION_ERROR),
                };
                Invalid { resource, code, text: problem.to_string() }
            };
            problems.iter().map(invalid).collect()
        }
        Ok(plan) if mode.imports() => unbuildable(catalog, &plan),
        Ok(_) => Vec::new(),
    }
}

fn unbuildable(catalog: &Catalog, plan: &ImportPlan) -> Vec<Invalid> {
    let library = CatalogLibrary::coming(catalog, std::iter::empty());
    let affected: BTreeSet<ResourceName> = plan
        .changes
        .iter()
        .map(|change| change.name)
        .chain(plan.dependents.iter().copied().map(ResourceName::Psb))
        .chain(plan.dbds().flat_map(|dbd| catalog.users_of(dbd)))
        .collect();
    affected.into_iter().flat_map(|name| findings_of(catalog, &library, name)).collect()
}

fn findings_of(catalog: &Catalog, library: &CatalogLibrary<'_>, name: ResourceName) -> Vec<Invalid> {
    let code = CompletionCode::DEFINITION_ERROR;
    let invalid = |text: String| Invalid { resource: name, code, text: format!("{name}: {text}") };
    let Some((_, instance)) = catalog.coming(&name) else { return Vec::new() };
    let findings = match instance.content.definition() {
        Err(error) => return vec![invalid(error.to_string())],
        Ok(Definition::Psb(psb)) => acb::build_psb(&psb, library).err(),
        Ok(Definition::Dbd(dbd)) => acb::build_dmb(&dbd, library).err(),
    };
    findings.into_iter().flatten().map(|finding| invalid(finding.to_string())).collect()
}
