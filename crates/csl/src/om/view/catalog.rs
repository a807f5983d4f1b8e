//! The catalog's utilities as commands.

use super::names_or_all;
use crate::om::command::Command;
use crate::om::error::{CommandError, CommandProblem};
use crate::om::generic::Generic;
use vocabulary::{InstanceStamp, ResourceKind};

/// Definitions of the catalog: some names, of one kind or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definitions {
    /// A definition has to match one of them.
    pub names: Vec<Generic>,
    /// Both kinds where it is `None`.
    pub kind: Option<ResourceKind>,
}

impl Definitions {
    /// Everything.
    pub fn all() -> Self {
        Self { names: vec![Generic::all()], kind: None }
    }

    fn of(command: &Command) -> Self {
        let given = command.values("TYPE");
        let kind = match (given.contains(&"DBD"), given.contains(&"PSB"), given.contains(&"ALL")) {
            (true, false, false) => Some(ResourceKind::Dbd),
            (false, true, false) => Some(ResourceKind::Psb),
            _ => None,
        };
        Self { names: names_or_all(command), kind }
    }
}

/// `EXPORT DEFN SOURCE(CATALOG)` (DFS3CCE0).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportDefn {
    /// What is exported. One kind of instances where it is exported as DDL, which creates a definition once.
    pub instances: CatalogInstances,
    /// FORMAT(DDL), and not macros.
    pub ddl: bool,
}

impl ExportDefn {
    /// What an EXPORT DEFN command writes out. As DDL it is what is in the directory, unless SHOW says otherwise.
    pub fn of(command: &Command) -> Result<Self, CommandError> {
        let mut instances = CatalogInstances::of(command)?;
        let ddl = command.values("FORMAT").contains(&"DDL");
        let shown = command.values("SHOW");
        if ddl && shown.is_empty() {
            instances.pending = false;
        }
        if ddl && (instances.prior || instances.current == instances.pending) {
            let (first, second) = ("FORMAT(DDL)".to_string(), format!("SHOW({})", shown.join(",")));
            return Err(command.error_at_keyword("SHOW", CommandProblem::Exclusive { first, second }));
        }
        Ok(Self { instances, ddl })
    }
}

/// `QUERY CATALOG` (DFS3CATQ) and `EXPORT DEFN SOURCE(CATALOG)` (DFS3CCE0): some instances of some definitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogInstances {
    /// Which definitions.
    pub definitions: Definitions,
    /// Instances in the directory.
    pub current: bool,
    /// Instances in staging.
    pub pending: bool,
    /// Instances that are in neither any more.
    pub prior: bool,
}

impl CatalogInstances {
    /// What is listed or exported. Without SHOW it is what is in the directory, and what is in staging.
    pub fn of(command: &Command) -> Result<Self, CommandError> {
        let given = command.values("SHOW");
        let wants = |what| given.contains(&"ALL") || given.contains(&what);
        let (current, pending) = (given.is_empty() || wants("CURRENT"), given.is_empty() || wants("PENDING"));
        Ok(Self { definitions: Definitions::of(command), current, pending, prior: wants("PRIOR") })
    }
}

/// `DELETE CATALOG` (DFS3PU10): a purge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purge {
    /// Which definitions.
    pub definitions: Definitions,
    /// Tell what is past its retention.
    pub analyse: bool,
    /// Delete it.
    pub delete: bool,
    /// Only this instance, whatever its retention is.
    pub instance: Option<InstanceStamp>,
}

impl Purge {
    /// What a DELETE CATALOG command finds or deletes.
    pub fn of(command: &Command) -> Result<Self, CommandError> {
        let mode = command.values("MODE");
        let [both, analysis, purge] = ["BOTH", "ANALYSIS", "PURGE"].map(|word| mode.contains(&word));
        Ok(Self {
            definitions: Definitions::of(command),
            analyse: analysis || both,
            delete: purge || both,
            instance: command.stamp("TIMESTAMP"),
        })
    }
}

/// `UPDATE CATALOG`: retention (DFS3PU10), or the timestamps of the headers (DFS3CM00).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateCatalog {
    /// Which definitions.
    pub definitions: Definitions,
    /// What is done.
    pub action: CatalogAction,
}

/// What UPDATE CATALOG does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatalogAction {
    /// What a purge leaves.
    Retain {
        /// The least number of instances.
        instances: u64,
        /// The least number of days.
        days: Option<u64>,
    },
    /// Tell where active and pending timestamps differ from directory and staging.
    CheckTimestamps,
    /// Make them agree.
    RepairTimestamps,
}

impl UpdateCatalog {
    /// What an UPDATE CATALOG command sets: one thing.
    pub fn of(command: &Command) -> Result<Self, CommandError> {
        let instances = command.number("SET(RETENTION(INSTANCES))");
        let days = command.number("SET(RETENTION(DAYS))");
        let timestamp = command.values("SET(TIMESTAMP)").first().copied();
        let action = match (instances, timestamp) {
            (Some(_), Some(_)) => {
                let (first, second) = ("RETENTION".to_string(), "TIMESTAMP".to_string());
                let problem = CommandProblem::Exclusive { first, second };
                return Err(command.error_at_keyword("SET(TIMESTAMP)", problem));
            }
            (Some(instances), None) => CatalogAction::Retain { instances, days },
            (None, Some("REPAIR")) => CatalogAction::RepairTimestamps,
            (None, Some(_)) => CatalogAction::CheckTimestamps,
            (None, None) => {
                let (owner, keyword) = ("SET".to_string(), "RETENTION or TIMESTAMP".to_string());
                return Err(
                    command.error_at_keyword("SET", CommandProblem::MissingKeyword { owner, keyword })
                );
            }
        };
        Ok(Self { definitions: Definitions::of(command), action })
    }
}

/// `UPDATE DIRECTORY` (DFS3RU00): what is recovered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoverDirectory {
    /// Finish or back out what an interrupted activation left.
    CleanUp,
    /// Make the directory again from the catalog.
    Rebuild,
}

impl RecoverDirectory {
    /// What an UPDATE DIRECTORY command recovers.
    pub fn of(command: &Command) -> Result<Self, CommandError> {
        Ok(if command.values("START").contains(&"REBUILD") { Self::Rebuild } else { Self::CleanUp })
    }
}
