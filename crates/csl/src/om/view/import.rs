//! IMPORT DEFN, and the rules between its options.

use crate::om::command::Command;
use crate::om::error::{CommandError, CommandProblem};
use vocabulary::MemberName;

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
