//! Which role each command takes.
//!
//! The three roles are what RACF tells apart for the commands of a subsystem in its class OPERCMDS: READ looks, UPDATE
//! works with what is there, CONTROL changes what it is. A role may do what those below it may.

use super::{Resource, Verb};
use crate::om::command::Command;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What an operator may do; each may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum OperatorRole {
    /// Look (READ).
    Read,
    /// Start, stop and activate what is there, and run programs (UPDATE).
    Operate,
    /// Change what there is: definitions, members, what is kept (CONTROL).
    Administer,
}

impl OperatorRole {
    /// All of them, the least first.
    pub const ALL: [Self; 3] = [Self::Read, Self::Operate, Self::Administer];

    /// `read`, `operate`, `administer`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Operate => "operate",
            Self::Administer => "administer",
        }
    }
}

impl fmt::Display for OperatorRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that is no operator's role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no role of an operator: it takes read, operate or administer")]
pub struct NoOperatorRole(String);

impl FromStr for OperatorRole {
    type Err = NoOperatorRole;

    fn from_str(word: &str) -> Result<Self, NoOperatorRole> {
        let found = Self::ALL.into_iter().find(|role| role.as_str().eq_ignore_ascii_case(word));
        found.ok_or_else(|| NoOperatorRole(word.chars().take(32).collect()))
    }
}

/// The populate utility writes definitions.
pub const POPULATE: OperatorRole = OperatorRole::Administer;

/// So does the data definition utility.
pub const DDL: OperatorRole = OperatorRole::Administer;

/// The listing utility looks.
pub const LIST: OperatorRole = OperatorRole::Read;

/// The role that a verb takes, unless [`RESOURCES`] says something else.
const fn of_verb(verb: Verb) -> OperatorRole {
    match verb {
        Verb::DbrcGenjcl | Verb::DbrcList | Verb::Display | Verb::Query => OperatorRole::Read,
        Verb::DbrcChange
        | Verb::DbrcNotify
        | Verb::Export
        | Verb::Dbdump
        | Verb::Dbrecovery
        | Verb::Import
        | Verb::Initiate
        | Verb::Queue
        | Verb::Start
        | Verb::Terminate => OperatorRole::Operate,
        Verb::Create | Verb::DbrcDelete | Verb::DbrcInit | Verb::Delete | Verb::Update => {
            OperatorRole::Administer
        }
    }
}

/// Commands that take another role than their verb.
const RESOURCES: &[(Verb, Resource, OperatorRole)] = &[
    // What others did is for those who work here.
    (Verb::Query, Resource::Audit, OperatorRole::Operate),
    (Verb::Update, Resource::Db, OperatorRole::Operate),
    (Verb::Update, Resource::Pgm, OperatorRole::Operate),
];

/// A word of a keyword that takes one word, with which a command only looks.
struct Looks {
    verb: Verb,
    resource: Resource,
    keyword: &'static str,
    word: &'static str,
}

const LOOKS: &[Looks] = &[
    Looks { verb: Verb::Delete, resource: Resource::Catalog, keyword: "MODE", word: "ANALYSIS" },
    Looks { verb: Verb::Update, resource: Resource::Catalog, keyword: "SET(TIMESTAMP)", word: "CHECK" },
];

/// The role that a command takes, whatever its keywords are.
pub fn of_resource(verb: Verb, resource: Resource) -> OperatorRole {
    let named = RESOURCES.iter().find(|row| (row.0, row.1) == (verb, resource));
    named.map_or(of_verb(verb), |row| row.2)
}

/// The keywords with which a command takes no more than the role read.
pub fn looking_keywords(
    verb: Verb,
    resource: Resource,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    LOOKS
        .iter()
        .filter(move |row| (row.verb, row.resource) == (verb, resource))
        .map(|row| (row.keyword, row.word))
}

/// The role that a command takes as it is given.
pub fn needed(command: &Command) -> OperatorRole {
    let mut looking = looking_keywords(command.verb, command.resource);
    if looking.any(|(keyword, word)| command.values(keyword) == [word]) {
        return OperatorRole::Read;
    }
    of_resource(command.verb, command.resource)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::om::grammar::{COMMANDS, KeywordRow, Kind, What, offered};

    #[test]
    fn a_role_may_do_what_those_below_it_may() {
        assert!(
            OperatorRole::Read < OperatorRole::Operate && OperatorRole::Operate < OperatorRole::Administer
        );
        for role in OperatorRole::ALL {
            assert_eq!(role.to_string().to_uppercase().parse(), Ok(role));
        }
        assert!("auditor".parse::<OperatorRole>().is_err());
    }

    #[test]
    fn only_commands_that_look_take_the_least_role() {
        for (verb, resource) in offered() {
            let looks = matches!(verb.verb, Verb::DbrcGenjcl | Verb::DbrcList | Verb::Query | Verb::Display);
            let role = of_resource(verb.verb, resource.resource);
            assert!(looks || role > OperatorRole::Read, "{} {}", verb.name, resource.name);
        }
    }

    #[test]
    fn commands_take_the_role_that_their_keywords_ask_for() {
        let role = |text: &str| needed(&Command::parse(text).unwrap());
        assert_eq!(role("QRY DB"), OperatorRole::Read);
        assert_eq!(role("/DIS MODIFY ALL"), OperatorRole::Read);
        assert_eq!(role("EXP DEFN SOURCE(CATALOG)"), OperatorRole::Operate);
        assert_eq!(role("IMP DEFN SOURCE(CATALOG)"), OperatorRole::Operate);
        assert_eq!(role("UPD DB NAME(ACCTDB) STOP(ACCESS)"), OperatorRole::Operate);
        assert_eq!(role("DEL MEMBER NAME(IMS3)"), OperatorRole::Administer);
    }

    /// A row that names what the grammar has not would never hold.
    #[test]
    fn every_exception_is_a_command_of_the_grammar() {
        let row_of = |verb, resource| {
            let verb = COMMANDS.iter().find(|row| row.verb == verb)?;
            verb.resources.iter().find(|row| row.resource == resource)
        };
        assert!(RESOURCES.iter().all(|(verb, resource, _)| row_of(*verb, *resource).is_some()));
        for looks in LOOKS {
            let row = row_of(looks.verb, looks.resource).unwrap();
            assert!(takes_one_of(row.keywords, looks), "{}", looks.keyword);
        }
    }

    fn takes_one_of(rows: &[KeywordRow], looks: &Looks) -> bool {
        let innermost = looks.keyword.trim_end_matches(')').rsplit('(').next().unwrap();
        rows.iter().any(|row| match row.kind {
            Kind::One(What::Flag(words)) => row.name == innermost && words.contains(&looks.word),
            Kind::Nested(rows) => takes_one_of(rows, looks),
            _ => false,
        })
    }
}
