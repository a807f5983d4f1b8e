//! UPDATE of databases, programs and members.

use super::kind;
use crate::om::command::Command;
use crate::om::error::{CommandError, CommandProblem};
use crate::om::generic::Generic;
use crate::om::grammar::Verb;
use vocabulary::ResourceKind;

/// What an UPDATE does to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpdateAction {
    /// `START(ACCESS)`: a database may be used again.
    StartAccess,
    /// `START(SCHD)`: a program may be scheduled again.
    StartScheduling,
    /// `STOP(ACCESS)`: nobody may use a database, and it is closed.
    StopAccess,
    /// `STOP(SCHD)`: no program that uses it is scheduled from now on.
    StopScheduling,
    /// `STOP(UPDATES)`: a database may only be read.
    StopUpdates,
}

/// What a database is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessType {
    /// RO, BRWS: read without integrity.
    Browse,
    /// RD, READ: read.
    Read,
    /// UP, UPD: update.
    Update,
    /// EX, EXCL: have it alone.
    Exclusive,
}

impl AccessType {
    /// As SET(ACCTYPE()) and ACCESS= have it.
    fn of(word: &str) -> Self {
        match word {
            "RO" | "BRWS" => Self::Browse,
            "RD" | "READ" => Self::Read,
            "EX" | "EXCL" => Self::Exclusive,
            _ => Self::Update,
        }
    }
}

/// `UPDATE DB`, `UPDATE PGM`, `/DBRECOVERY DB`, `/DBDUMP DB`, `/START DB`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateResource {
    /// Databases or programs.
    pub kind: ResourceKind,
    /// Those that match one of them.
    pub names: Vec<Generic>,
    /// What is done to them.
    pub action: UpdateAction,
    /// What databases are opened for from now on, where it is said.
    pub access: Option<AccessType>,
}

impl UpdateResource {
    /// What an UPDATE DB or UPDATE PGM command asks for: one START or one STOP.
    pub fn of(command: &Command) -> Result<Self, CommandError> {
        let access =
            ["ACCESS", "SET(ACCTYPE)"].into_iter().flat_map(|keyword| command.values(keyword)).next();
        let access = access.map(AccessType::of);
        if let Some(action) = of_type_1(command.verb) {
            return Ok(Self { kind: kind(command), names: command.names("NAME"), action, access });
        }
        let [start, stop] = ["START", "STOP"].map(|keyword| command.values(keyword).first().copied());
        let action = match (start, stop) {
            (Some(_), Some(_)) => {
                let (first, second) = ("START".to_string(), "STOP".to_string());
                return Err(command.error_at_keyword("STOP", CommandProblem::Exclusive { first, second }));
            }
            (Some("ACCESS"), None) => UpdateAction::StartAccess,
            (Some(_), None) => UpdateAction::StartScheduling,
            (None, Some("ACCESS")) => UpdateAction::StopAccess,
            (None, Some("UPDATES")) => UpdateAction::StopUpdates,
            (None, Some(_)) => UpdateAction::StopScheduling,
            (None, None) => {
                let (owner, keyword) = ("UPDATE".to_string(), "START or STOP".to_string());
                return Err(
                    command.error_at_keyword("STOP", CommandProblem::MissingKeyword { owner, keyword })
                );
            }
        };
        if access.is_some() && action != UpdateAction::StartAccess {
            let (owner, keyword) = ("SET(ACCTYPE)".to_string(), "START(ACCESS)".to_string());
            return Err(command.error_at_keyword("SET", CommandProblem::MissingKeyword { owner, keyword }));
        }
        Ok(Self { kind: kind(command), names: command.names("NAME"), action, access })
    }
}

/// What a type-1 command does.
fn of_type_1(verb: Verb) -> Option<UpdateAction> {
    match verb {
        Verb::Dbrecovery => Some(UpdateAction::StopAccess),
        Verb::Dbdump => Some(UpdateAction::StopUpdates),
        Verb::Start => Some(UpdateAction::StartAccess),
        _ => None,
    }
}

/// `UPDATE IMS`: limits of the routed members, until each ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpdateIms {
    /// How many seconds OM collects answers where nobody says it.
    pub command_wait_s: Option<u64>,
    /// How many seconds a silent member stays in the roster as active.
    pub member_lost_s: Option<u64>,
    /// How many seconds an import waits for the staging data set.
    pub staging_wait_s: Option<u64>,
    /// How many seconds the participants of an activation have for each step.
    pub step_timeout_s: Option<u64>,
}

impl UpdateIms {
    /// What an UPDATE IMS command sets: something at least, which the grammar asks for.
    pub fn of(command: &Command) -> Result<Self, CommandError> {
        let parameter = |name: &str| command.number(&format!("SET(LCLPARM({name}))"));
        Ok(Self {
            command_wait_s: parameter("CMDWAIT"),
            member_lost_s: parameter("LOSTTIME"),
            staging_wait_s: parameter("STAGEWAIT"),
            step_timeout_s: parameter("STEPTIME"),
        })
    }
}
