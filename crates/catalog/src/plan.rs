//! What an activation will change, or why it can't.

use crate::catalog::Catalog;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use vocabulary::{DbdName, InstanceStamp, PsbName, ResourceName};

/// Which staged definitions an activation takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PlanMode {
    /// Everything in staging.
    Everything,
    /// PSBs and GSAM DBDs; any other DBD in staging is a reason to refuse.
    PsbsOnly,
}

/// One resource that changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedChange {
    /// What changes.
    pub name: ResourceName,
    /// The instance that the directory has now.
    pub old: Option<InstanceStamp>,
    /// The instance that it will have.
    pub new: InstanceStamp,
}

/// What an activation will change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportPlan {
    /// The resources that change, in order of their names.
    pub changes: Vec<PlannedChange>,
    /// PSBs that stay as they are and whose blocks are built anew, because a DBD that they use changes, or one that
    /// such a DBD is tied to.
    pub dependents: BTreeSet<PsbName>,
}

impl ImportPlan {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The DBDs that change.
    pub fn dbds(&self) -> impl Iterator<Item = DbdName> {
        self.changes.iter().filter_map(|change| match change.name {
            ResourceName::Dbd(name) => Some(name),
            ResourceName::Psb(_) => None,
        })
    }

    /// The PSBs that change.
    pub fn psbs(&self) -> impl Iterator<Item = PsbName> {
        self.changes.iter().filter_map(|change| match change.name {
            ResourceName::Psb(name) => Some(name),
            ResourceName::Dbd(_) => None,
        })
    }
}

/// Why staging can't be activated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ImportProblem {
    /// OPTION(UPDATEPSB) or (REFRESHPSB) with a DBD in staging that is not GSAM.
    #[error(
        "DBD {0} is staged, and only PSBs and GSAM DBDs can be activated member by member; import without OPTION"
    )]
    DbdStaged(DbdName),
    /// A staged definition names a DBD that neither staging nor the directory has.
    #[error("{user} names DBD {dbd}, which is neither staged nor active; stage it too")]
    DbdUnknown {
        /// What names it.
        user: ResourceName,
        /// What is missing.
        dbd: DbdName,
    },
}

impl Catalog {
    /// What activating staging would change, or every reason why it can't be.
    ///
    /// An empty staging data set gives an empty plan.
    pub fn plan(&self, mode: PlanMode) -> Result<ImportPlan, Vec<ImportProblem>> {
        let mut plan = ImportPlan::default();
        let mut problems = Vec::new();
        for (name, record) in self.staged() {
            let (Some(new), Some(instance)) = (record.pending, record.pending_instance()) else { continue };
            if let (PlanMode::PsbsOnly, ResourceName::Dbd(dbd), false) = (mode, name, instance.facts.gsam) {
                problems.push(ImportProblem::DbdStaged(dbd));
            }
            let missing = instance.facts.references.iter().filter(|dbd| !self.will_have(**dbd));
            problems.extend(missing.map(|&dbd| ImportProblem::DbdUnknown { user: name, dbd }));
            plan.changes.push(PlannedChange { name, old: record.active, new });
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(self.with_dependents(plan.changes))
    }

    pub(crate) fn with_dependents(&self, changes: Vec<PlannedChange>) -> ImportPlan {
        let mut plan = ImportPlan { changes, dependents: BTreeSet::new() };
        plan.dependents = self.dependents_of(&plan);
        plan
    }

    fn will_have(&self, dbd: DbdName) -> bool {
        self.coming(&dbd.into()).is_some()
    }

    fn dependents_of(&self, plan: &ImportPlan) -> BTreeSet<PsbName> {
        let mut reached = self.psbs_reached_from(plan.dbds());
        for changed in plan.psbs() {
            reached.remove(&changed);
        }
        reached
    }
}
