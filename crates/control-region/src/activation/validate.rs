//! What the master checks before it asks anybody: the blocks of everything that changes can be built.

use crate::library::CatalogLibrary;
use catalog::{Catalog, ImportPlan, ImportProblem, PlanMode};
use definitions::{Definition, acb};
use plex::{ActivationMode, ActivationOptions};
use std::collections::BTreeSet;
use vocabulary::ResourceName;

/// A reason why staging can't be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invalid {
    /// What is wrong.
    pub(crate) resource: ResourceName,
    /// Why, as the operator reads it.
    pub(crate) text: String,
}

/// Whether everything that is staged could be imported.
pub(crate) fn is_valid(catalog: &Catalog) -> bool {
    catalog.plan(PlanMode::Everything).is_ok_and(|plan| unbuildable(catalog, &plan).is_empty())
}

/// Everything that is wrong with what an import would activate; nothing where it may go on.
pub(crate) fn validate(catalog: &Catalog, options: &ActivationOptions) -> Vec<Invalid> {
    let mode = if options.mode == ActivationMode::Plain { PlanMode::Everything } else { PlanMode::PsbsOnly };
    match catalog.plan(mode) {
        Err(problems) => {
            let invalid = |problem: &ImportProblem| Invalid {
                resource: match problem {
                    ImportProblem::DbdStaged(dbd) => (*dbd).into(),
                    ImportProblem::DbdUnknown { user, .. } => *user,
                },
                text: problem.to_string(),
            };
            problems.iter().map(invalid).collect()
        }
        Ok(plan) if options.mode.imports() => unbuildable(catalog, &plan),
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
    let invalid = |text: String| Invalid { resource: name, text: format!("{name}: {text}") };
    let Some((_, instance)) = catalog.coming(&name) else { return Vec::new() };
    let findings = match instance.content.definition() {
        Err(error) => return vec![invalid(error.to_string())],
        Ok(Definition::Psb(psb)) => acb::build_psb(&psb, library).err(),
        Ok(Definition::Dbd(dbd)) => acb::build_dmb(&dbd, library).err(),
    };
    findings.into_iter().flatten().map(|finding| invalid(finding.to_string())).collect()
}
