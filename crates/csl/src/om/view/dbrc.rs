//! The commands of DBRC. What they say is read keyword by keyword, as the records that they are about are known to DBRC
//! alone.

use crate::om::command::{Command, Parameter, ParameterValue};
use crate::om::error::{CommandError, CommandProblem};
use crate::om::grammar::{Resource, Verb, offered};
use std::collections::BTreeSet;
use std::fmt;
use vocabulary::{DataSetName, DbdName, DdName, GroupName, MemberName, Moment};

/// Keywords that can't stand together.
const OPPOSITES: &[(&str, &str)] = &[
    ("ABNORMAL", "ENDRECOV"),
    ("ABNORMAL", "STARTRCV"),
    ("ADDEQE", "DELEQE"),
    ("ALL", "DBD"),
    ("ALL", "GRPNAME"),
    ("ALL", "SSID"),
    ("AUTH", "NOAUTH"),
    ("BACKOUT", "NOBACK"),
    ("BATCH", "CIC"),
    ("BATCH", "ONLINE"),
    ("CIC", "ONLINE"),
    ("DBDS", "NODBDS"),
    ("DEALTIME", "STARTIME"),
    ("ERROR", "NOERROR"),
    ("ICON", "ICOFF"),
    ("INACTIVE", "SSID"),
    ("INACTIVE", "STARTIME"),
    ("INVALID", "VALID"),
    ("KEYSTHEX", "KEYSTRNG"),
    ("PINIT", "NOPINIT"),
    ("READON", "READOFF"),
    ("RECOV", "NORECOV"),
    ("RECOVABL", "NONRECOV"),
    ("STARTRCV", "ENDRECOV"),
    ("TYPEIMS", "PARTSEL"),
    ("TYPEIMS", "TYPHALDB"),
];

/// Keywords that say which record is meant, and not what becomes of it.
fn which(resource: Resource) -> &'static [&'static str] {
    match resource {
        Resource::Prilog => &["DSN", "SSID", "STARTIME"],
        Resource::Part => &["DBD", "PART"],
        _ => &["DBD", "DDN", "RUNTIME", "SSID"],
    }
}

/// A command of DBRC with all its rules checked.
#[derive(Clone, PartialEq, Eq)]
pub struct DbrcCommand {
    command: Command,
}

impl DbrcCommand {
    /// A command that says nothing twice over, and a CHANGE that changes something.
    pub fn of(command: &Command) -> Result<Self, CommandError> {
        for (one, other) in OPPOSITES {
            if command.has(one) && command.has(other) {
                let (first, second) = ((*one).to_string(), (*other).to_string());
                return Err(command.error_at_keyword(other, CommandProblem::Exclusive { first, second }));
            }
        }
        let log = command.has("STARTIME") && command.has("SSID");
        let changes =
            || command.keywords.keys().any(|keyword| !which(command.resource).contains(&keyword.as_str()));
        let lacks = match (command.verb, command.resource) {
            (Verb::DbrcChange, _) if !changes() => Some("a keyword that says what is changed"),
            (Verb::DbrcDelete, Resource::Log) if !log && !command.has("INACTIVE") => {
                Some("INACTIVE, or STARTIME and SSID")
            }
            (Verb::DbrcNotify, Resource::Alloc) if !log && !command.has("DEALTIME") => {
                Some("DEALTIME, or STARTIME and SSID")
            }
            (Verb::DbrcNotify, Resource::Prilog) if command.has("DSN") && !command.has("RUNTIME") => {
                Some("RUNTIME, where the part in DSN ends")
            }
            (Verb::DbrcInit, Resource::Db) if command.has("PARTSEL") && !command.has("TYPHALDB") => {
                Some("TYPHALDB, which alone has partitions")
            }
            // Without it RUNTIME would close the log.
            (Verb::DbrcNotify, Resource::Prilog) if command.has("DSSTART") && !command.has("DSN") => {
                Some("DSN, the part that begins at DSSTART")
            }
            _ => None,
        };
        lacks.map_or_else(|| Ok(Self { command: command.clone() }), |what| Err(missing(command, what)))
    }

    /// As it is called: `LIST.DB`.
    pub fn name(&self) -> String {
        name(&self.command)
    }

    /// Whether it changes nothing.
    pub fn looks(&self) -> bool {
        matches!(self.command.verb, Verb::DbrcGenjcl | Verb::DbrcList)
    }

    /// What is done.
    pub fn verb(&self) -> Verb {
        self.command.verb
    }

    /// To which kind of record.
    pub fn resource(&self) -> Resource {
        self.command.resource
    }

    /// Whether a keyword was given.
    pub fn has(&self, keyword: &str) -> bool {
        self.command.has(keyword)
    }

    /// Which of two opposites was given, if one was.
    pub fn either(&self, on: &str, off: &str) -> Option<bool> {
        (self.has(on) || self.has(off)).then(|| self.has(on))
    }

    /// A number that was given.
    pub fn number(&self, keyword: &str) -> Option<u64> {
        self.command.number(keyword)
    }

    /// The database that was named, if one was.
    pub fn database(&self) -> Option<DbdName> {
        self.command.one("DBD", |value| match value {
            ParameterValue::Dbd(dbd) => Some(*dbd),
            _ => None,
        })
    }

    /// The database that has to be named.
    pub fn dbd(&self) -> Result<DbdName, CommandError> {
        self.database().ok_or_else(|| missing(&self.command, "DBD"))
    }

    /// The data set that has to be named: its database, and its DD statement.
    pub fn data_set(&self) -> Result<(DbdName, DdName), CommandError> {
        let ddn = self.command.one("DDN", |value| match value {
            ParameterValue::Dd(ddn) => Some(*ddn),
            _ => None,
        });
        Ok((self.dbd()?, ddn.ok_or_else(|| missing(&self.command, "DDN"))?))
    }

    /// The name of a data set, if it was given.
    pub fn data_set_name(&self, keyword: &str) -> Option<DataSetName> {
        self.command.one(keyword, |value| match value {
            ParameterValue::DataSet(name) => Some(name.clone()),
            _ => None,
        })
    }

    /// The name of a data set, which has to be given.
    pub fn dsn(&self, keyword: &str) -> Result<DataSetName, CommandError> {
        self.data_set_name(keyword).ok_or_else(|| missing(&self.command, keyword))
    }

    /// A moment, if it was given.
    pub fn moment(&self, keyword: &str) -> Option<Moment> {
        self.command.one(keyword, |value| match value {
            ParameterValue::Moment(moment) => Some(*moment),
            _ => None,
        })
    }

    /// A moment that has to be given.
    pub fn needed_moment(&self, keyword: &str) -> Result<Moment, CommandError> {
        self.moment(keyword).ok_or_else(|| missing(&self.command, keyword))
    }

    /// The subsystem that was named, if one was.
    pub fn subsystem(&self) -> Option<MemberName> {
        self.command.members("SSID").first().copied()
    }

    /// The subsystem that has to be named.
    pub fn ssid(&self) -> Result<MemberName, CommandError> {
        self.subsystem().ok_or_else(|| missing(&self.command, "SSID"))
    }

    /// The group that was named, if one was.
    pub fn group(&self) -> Option<GroupName> {
        self.command.one("GRPNAME", |value| match value {
            ParameterValue::Group(name) => Some(*name),
            _ => None,
        })
    }

    /// The group that has to be named.
    pub fn group_name(&self) -> Result<GroupName, CommandError> {
        self.group().ok_or_else(|| missing(&self.command, "GRPNAME"))
    }

    /// The partition that has to be named.
    pub fn partition(&self) -> Result<DbdName, CommandError> {
        self.name_in("PART").ok_or_else(|| missing(&self.command, "PART"))
    }

    /// The name of a routine, if it was given.
    pub fn routine(&self, keyword: &str) -> Option<String> {
        self.name_in(keyword).map(|name| name.to_string())
    }

    fn name_in(&self, keyword: &str) -> Option<DbdName> {
        self.command.one(keyword, |value| match value {
            ParameterValue::Dbd(name) => Some(*name),
            _ => None,
        })
    }

    /// The key of a partition, if it was given, in characters or in hexadecimal digits.
    pub fn key(&self) -> Option<Vec<u8>> {
        let one = |keyword| {
            self.command.one(keyword, |value| match value {
                ParameterValue::Text(text) => Some(text.clone().into_bytes()),
                ParameterValue::Bytes(bytes) => Some(bytes.clone()),
                _ => None,
            })
        };
        one("KEYSTRNG").or_else(|| one("KEYSTHEX"))
    }

    /// The numbers of a keyword that takes several.
    pub fn numbers(&self, keyword: &str) -> Vec<u64> {
        self.command.each(keyword, |value| match value {
            ParameterValue::Number(number) => Some(*number),
            _ => None,
        })
    }

    /// The data sets of a group.
    pub fn pairs(&self, keyword: &str) -> BTreeSet<(DbdName, DdName)> {
        let pairs = self.command.each(keyword, |value| match value {
            ParameterValue::Pair(dbd, ddn) => Some((*dbd, *ddn)),
            _ => None,
        });
        pairs.into_iter().collect()
    }
}

fn name(command: &Command) -> String {
    let row =
        offered().find(|(verb, resource)| (verb.verb, resource.resource) == (command.verb, command.resource));
    row.map(|(verb, resource)| verb.command(resource)).unwrap_or_default()
}

fn missing(command: &Command, keyword: &str) -> CommandError {
    let (owner, keyword) = (name(command), keyword.to_string());
    command.error_at_keyword("", CommandProblem::MissingKeyword { owner, keyword })
}

/// What was said, without where it stands.
impl fmt::Debug for DbrcCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?}", self.command.verb, self.command.resource)?;
        for (keyword, parameters) in &self.command.keywords {
            let values = parameters.iter().map(|Parameter { value, .. }| value);
            // What stands alone says no more than its name.
            let values: Vec<_> = values
                .filter(|value| !matches!(value, ParameterValue::Flag(word) if word == keyword))
                .collect();
            write!(f, " {keyword}{values:?}")?;
        }
        Ok(())
    }
}
