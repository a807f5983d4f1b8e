//! UPDATE of databases, programs and members.

use super::kind;
use crate::om::command::Command;
use crate::om::error::{CommandError, CommandProblem};
use crate::om::generic::Generic;
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
    /// `STOP(UPDATES)`: a database is shown as STOUPDS.
    StopUpdates,
}

/// `UPDATE DB`, `UPDATE PGM`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateResource {
    /// Databases or programs.
    pub kind: ResourceKind,
    /// Those that match one of them.
    pub names: Vec<Generic>,
    /// What is done to them.
    pub action: UpdateAction,
}

impl UpdateResource {
    /// What an UPDATE DB or UPDATE PGM command asks for: one START or one STOP.
    pub fn of(command: &Command) -> Result<Self, CommandError> {
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
        Ok(Self { kind: kind(command), names: command.names("NAME"), action })
    }
}

/// `UPDATE IMS`: parameters that change while members run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpdateIms {
    /// How many seconds a program of the routed members waits for a lock; 0 is without end.
    pub lock_time_s: Option<u64>,
    /// Whether the plex remembers that a database is stopped everywhere.
    pub global_database_status: Option<bool>,
}

impl UpdateIms {
    /// What an UPDATE IMS command sets: something at least.
    pub fn of(command: &Command) -> Result<Self, CommandError> {
        let global = command.values("SET(PLEXPARM(GSTSDB))").first().map(|word| *word == "Y");
        let lock_time_s = command.number("SET(LCLPARM(LOCKTIME))");
        if lock_time_s.is_none() && global.is_none() {
            let (owner, keyword) = ("SET".to_string(), "LCLPARM or PLEXPARM".to_string());
            return Err(command.error_at_keyword("SET", CommandProblem::MissingKeyword { owner, keyword }));
        }
        Ok(Self { lock_time_s, global_database_status: global })
    }
}
