//! Commands as those who carry them out see them: typed, and with rules kept that a table can't state.

use super::command::Command;
use super::error::{CommandError, CommandProblem};
use super::generic::Generic;
use super::grammar::{Resource, Verb};
use vocabulary::{MemberName, ResourceKind};

/// A command with all its rules checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandView {
    /// `DELETE MEMBER`.
    DeleteMember(DeleteMember),
    /// `IMPORT DEFN`.
    ImportDefn(ImportOptions),
    /// `QUERY MEMBER`.
    QueryMember(QueryMember),
    /// `QUERY DB`, `QUERY PGM`.
    QueryResource(QueryResource),
    /// `UPDATE DB`, `UPDATE PGM`.
    UpdateResource(UpdateResource),
}

impl CommandView {
    /// The view of a command, or the rule that it breaks.
    pub fn of(command: &Command) -> Result<Self, CommandError> {
        match (command.verb, command.resource) {
            (Verb::Delete, Resource::Member) => DeleteMember::of(command).map(Self::DeleteMember),
            (Verb::Import, Resource::Defn) => ImportOptions::of(command).map(Self::ImportDefn),
            (Verb::Query, Resource::Member) => Ok(Self::QueryMember(QueryMember::of(command))),
            (Verb::Query, Resource::Db) => {
                Ok(Self::QueryResource(QueryResource::of(command, ResourceKind::Dbd)))
            }
            (Verb::Query, Resource::Pgm) => {
                Ok(Self::QueryResource(QueryResource::of(command, ResourceKind::Psb)))
            }
            (Verb::Update, Resource::Db) => {
                UpdateResource::of(command, ResourceKind::Dbd).map(Self::UpdateResource)
            }
            (Verb::Update, Resource::Pgm) => {
                UpdateResource::of(command, ResourceKind::Psb).map(Self::UpdateResource)
            }
            (verb, resource) => {
                let problem = CommandProblem::Unexpected {
                    word: format!("{verb:?} {resource:?}"),
                    expected: "a command of this release",
                };
                Err(command.error_at_keyword("", problem))
            }
        }
    }
}

/// What an import does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportMode {
    /// Activates everything in staging, on every member.
    Plain,
    /// Activates staged PSBs (and GSAM DBDs) on the named members; elsewhere they are refresh-pending.
    UpdatePsb,
    /// Makes the named members use the PSBs that are refresh-pending there.
    RefreshPsb,
    /// Whichever of the two applies, on the named members.
    Either,
}

/// `IMPORT DEFN SOURCE(CATALOG)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportOptions {
    /// Empty staging when the prepare phase finds an error.
    pub delpenderr: bool,
    /// What the import does.
    pub mode: ImportMode,
    /// The members of `FOR(IMSID(..))`, each once; empty for a plain import.
    pub imsids: Vec<MemberName>,
}

const UPDATEPSB: &str = "UPDATEPSB";
const REFRESHPSB: &str = "REFRESHPSB";
const DELPENDERR: &str = "DELPENDERR";
const FOR_IMSID: &str = "FOR(IMSID)";

impl ImportOptions {
    /// The options of an IMPORT DEFN command. UPDATEPSB and REFRESHPSB exclude each other and take FOR; DELPENDERR
    /// goes alone or with UPDATEPSB (IMPORT DEFN SOURCE(CATALOG) command, syntax diagram).
    pub fn of(command: &Command) -> Result<Self, CommandError> {
        let given = command.values("OPTION");
        let [update, refresh, delpenderr] =
            [UPDATEPSB, REFRESHPSB, DELPENDERR].map(|option| given.contains(&option));
        let named = command.has(FOR_IMSID);
        match (update, refresh, delpenderr, named) {
            (true, true, _, _) => Err(exclusive(command, UPDATEPSB, REFRESHPSB)),
            (_, true, true, _) => Err(exclusive(command, REFRESHPSB, DELPENDERR)),
            (true, _, _, false) => Err(without_for(command, UPDATEPSB)),
            (_, true, _, false) => Err(without_for(command, REFRESHPSB)),
            (false, _, true, true) => {
                Err(exclusive(command, "FOR(IMSID) unless UPDATEPSB is given", DELPENDERR))
            }
            _ => {
                let mode = match (update, refresh, named) {
                    (true, _, _) => ImportMode::UpdatePsb,
                    (_, true, _) => ImportMode::RefreshPsb,
                    (_, _, true) => ImportMode::Either,
                    _ => ImportMode::Plain,
                };
                Ok(Self { delpenderr, mode, imsids: each_once(command.members(FOR_IMSID)) })
            }
        }
    }
}

fn exclusive(command: &Command, first: &str, second: &str) -> CommandError {
    let problem = CommandProblem::Exclusive { first: first.to_string(), second: second.to_string() };
    command.error_at_flag("OPTION", second, problem)
}

fn without_for(command: &Command, option: &str) -> CommandError {
    let owner = format!("OPTION({option})");
    let problem = CommandProblem::MissingKeyword { owner, keyword: "FOR(IMSID(name))".to_string() };
    command.error_at_flag("OPTION", option, problem)
}

fn each_once(members: Vec<MemberName>) -> Vec<MemberName> {
    let mut once = Vec::new();
    for member in members {
        if !once.contains(&member) {
            once.push(member);
        }
    }
    once
}

/// `QUERY MEMBER TYPE(IMS)`. Without SHOW both are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryMember {
    /// Show what each member is set up to do.
    pub attributes: bool,
    /// Show what each member is doing.
    pub status: bool,
}

impl QueryMember {
    /// What a QUERY MEMBER command asks for.
    pub fn of(command: &Command) -> Self {
        let given = command.values("SHOW");
        let shows = |what| given.is_empty() || given.contains(&"ALL") || given.contains(&what);
        Self { attributes: shows("ATTRIB"), status: shows("STATUS") }
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
    /// Show the definition: its instance and where it is from.
    pub show_definition: bool,
    /// Show the state. Asking for a state shows it too.
    pub show_status: bool,
    /// Show when it was created, changed and imported.
    pub show_timestamps: bool,
    /// Show the work that uses it.
    pub show_work: bool,
}

impl QueryResource {
    /// What a QUERY DB or QUERY PGM command asks for.
    pub fn of(command: &Command, kind: ResourceKind) -> Self {
        let given = command.values("SHOW");
        let shows = |what| given.contains(&"ALL") || given.contains(&what);
        let status = command.values("STATUS");
        let names = match command.names("NAME") {
            names if names.is_empty() => vec![Generic::all()],
            names => names,
        };
        Self {
            kind,
            names,
            show_definition: shows("DEFN"),
            show_status: shows("STATUS") || !status.is_empty(),
            show_timestamps: shows("TIMESTAMP"),
            show_work: shows("WORK"),
            status,
        }
    }
}

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
    /// `STOP(UPDATES)`: nobody may change a database.
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
    pub fn of(command: &Command, kind: ResourceKind) -> Result<Self, CommandError> {
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
        Ok(Self { kind, names: command.names("NAME"), action })
    }
}

/// `DELETE MEMBER`: takes a member out of the plex for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeleteMember {
    /// Who goes.
    pub member: MemberName,
}

impl DeleteMember {
    /// Whom a DELETE MEMBER command takes out.
    pub fn of(command: &Command) -> Result<Self, CommandError> {
        let members = command.members("NAME");
        let member = members.first().copied().ok_or_else(|| {
            let (owner, keyword) = ("DELETE MEMBER".to_string(), "NAME".to_string());
            command.error_at_keyword("NAME", CommandProblem::MissingKeyword { owner, keyword })
        })?;
        Ok(Self { member })
    }
}
