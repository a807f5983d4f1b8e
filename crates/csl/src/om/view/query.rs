//! QUERY of members, databases, programs and the rest, and DISPLAY.

use super::{kind, names_or_all, shows};
use crate::om::command::Command;
use crate::om::error::CommandError;
use crate::om::generic::Generic;
use vocabulary::{InstanceStamp, ResourceKind};

/// `QUERY MEMBER TYPE(IMS)`. Without SHOW both are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryMember {
    /// Show what each member is set up to do.
    pub attributes: bool,
    /// Show what each member is doing.
    pub status: bool,
    /// A member has to have one of these attributes, if there are any.
    pub with_attributes: Vec<&'static str>,
    /// A member has to be in one of these states, if there are any.
    pub in_states: Vec<&'static str>,
}

impl QueryMember {
    /// What a QUERY MEMBER command asks for.
    pub fn of(command: &Command) -> Result<Self, CommandError> {
        let (with_attributes, in_states) = (command.values("ATTRIB"), command.values("STATUS"));
        Ok(Self {
            attributes: shows(command, true, "ATTRIB") || !with_attributes.is_empty(),
            status: shows(command, true, "STATUS") || !in_states.is_empty(),
            with_attributes,
            in_states,
        })
    }
}

/// `QUERY DB`, `QUERY PGM`. Without SHOW only the names are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryResource {
    /// Databases or programs.
    pub kind: ResourceKind,
    /// A resource has to match one of them.
    pub names: Vec<Generic>,
    /// A resource has to be in one of these states, if there are any.
    pub status: Vec<&'static str>,
    /// A database has to be of one of these types, if there are any.
    pub types: Vec<&'static str>,
    /// Show the definition: its instance and where it is from.
    pub show_definition: bool,
    /// Show which programs refer to a database, or which databases a program refers to.
    pub show_references: bool,
    /// Show the state. Asking for a state shows it too.
    pub show_status: bool,
    /// Show when it was created, changed and imported.
    pub show_timestamps: bool,
    /// Show the work that uses it.
    pub show_work: bool,
    /// Show what a database is opened for.
    pub show_access: bool,
}

impl QueryResource {
    /// What a QUERY DB or QUERY PGM command asks for.
    pub fn of(command: &Command) -> Result<Self, CommandError> {
        let shows = |what| shows(command, false, what);
        let status = command.values("STATUS");
        Ok(Self {
            kind: kind(command),
            names: names_or_all(command),
            show_definition: shows("DEFN") || command.has("TYPE"),
            show_references: shows("PGM") || shows("DB"),
            show_status: shows("STATUS") || shows("LOCAL") || !status.is_empty(),
            show_timestamps: shows("TIMESTAMP"),
            show_work: shows("WORK"),
            show_access: shows("ACCTYPE"),
            status,
            types: command.values("TYPE"),
        })
    }
}

/// `QUERY IMS`. Without SHOW everything is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryIms {
    /// Show how it is set up.
    pub attributes: bool,
    /// Show what it is doing.
    pub status: bool,
}

impl QueryIms {
    /// What a QUERY IMS command asks for.
    pub fn of(command: &Command) -> Result<Self, CommandError> {
        Ok(Self { attributes: shows(command, true, "ATTRIB"), status: shows(command, true, "STATUS") })
    }
}

/// `QUERY IMSPLEX`. Without SHOW only the names of components are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryImsplex {
    /// The plex has to match one of them.
    pub names: Vec<Generic>,
    /// Only components of these types, if there are any.
    pub types: Vec<&'static str>,
    /// Only components in one of these states, if there are any.
    pub status: Vec<&'static str>,
    /// What is shown: words of SHOW, with ALL spelt out.
    pub shown: Vec<&'static str>,
}

impl QueryImsplex {
    /// What a QUERY IMSPLEX command asks for.
    pub fn of(command: &Command) -> Result<Self, CommandError> {
        let all = ["JOB", "OS", "STATUS", "SUBTYPE", "TYPE", "VERSION"];
        Ok(Self {
            names: names_or_all(command),
            types: command.values("TYPE"),
            status: command.values("STATUS"),
            shown: all.into_iter().filter(|what| shows(command, false, what)).collect(),
        })
    }
}

/// `QUERY OLC`: the history of activations. Without SHOW and LAST the state now is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryOlc {
    /// Show the state now.
    pub current: bool,
    /// Show the activations that led to the state now.
    pub history: bool,
    /// At most so many of the latest.
    pub last: Option<u64>,
}

impl QueryOlc {
    /// What a QUERY OLC command asks for; LAST asks for the history too.
    pub fn of(command: &Command) -> Result<Self, CommandError> {
        let last = command.number("LAST");
        let history = shows(command, false, "HISTORY") || last.is_some();
        Ok(Self { current: shows(command, !history, "CURRENT"), history, last })
    }
}

/// `QUERY MASTER`. Without SHOW and LAST both are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryMaster {
    /// Show how things stand now.
    pub current: bool,
    /// Show the changes of the master.
    pub history: bool,
    /// At most so many of the latest.
    pub last: Option<u64>,
}

impl QueryMaster {
    /// What a QUERY MASTER command asks for; LAST asks for the changes.
    pub fn of(command: &Command) -> Result<Self, CommandError> {
        let last = command.number("LAST");
        Ok(Self {
            current: shows(command, last.is_none(), "CURRENT"),
            history: shows(command, true, "HISTORY") || last.is_some(),
            last,
        })
    }
}

/// How many commands QUERY AUDIT shows where it does not say.
const AUDIT_LAST: u64 = 100;

/// `QUERY AUDIT`: the commands that were accepted, the latest of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryAudit {
    /// Of users who match one of these.
    pub users: Vec<Generic>,
    /// Of these verbs, if there are any.
    pub verbs: Vec<&'static str>,
    /// Those that do something.
    pub changes: bool,
    /// Those that look.
    pub queries: bool,
    /// From this moment on.
    pub since: Option<InstanceStamp>,
    /// At most so many.
    pub last: u64,
}

impl QueryAudit {
    /// What a QUERY AUDIT command asks for.
    pub fn of(command: &Command) -> Result<Self, CommandError> {
        let users = match command.names("USER") {
            users if users.is_empty() => vec![Generic::all()],
            users => users,
        };
        let class = command.values("TYPE").first().copied().unwrap_or("ALL");
        Ok(Self {
            users,
            verbs: command.values("COMMAND"),
            changes: class != "QUERY",
            queries: class != "CHANGE",
            since: command.stamp("SINCE"),
            last: command.number("LAST").unwrap_or(AUDIT_LAST),
        })
    }
}

/// `/DISPLAY MODIFY`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DisplayModify {
    /// Show what is added, changed and deleted, and not only what is waited for.
    pub all: bool,
}

impl DisplayModify {
    /// What a DISPLAY MODIFY command asks for.
    pub fn of(command: &Command) -> Result<Self, CommandError> {
        Ok(Self { all: command.values("MODIFY").contains(&"ALL") })
    }
}
