//! What commands look like, as a table. A new command is a row.
//!
//! The table has every command of the language. Which of them members carry out is for
//! [`view`](super::view) to say: only those are offered, by errors, help, completion and the reference.

mod catalog;
mod commands;
mod dbrc;
mod elsewhere;
mod query;
pub mod roles;
mod update;

pub use commands::COMMANDS;
pub use elsewhere::instead_of_verb;
pub(super) use elsewhere::{KEYWORDS as OTHER_KEYWORDS, PARAMETERS as OTHER_PARAMETERS};
pub use roles::OperatorRole;

use super::view::SERVED;

/// Commands of one verb.
#[derive(Debug)]
pub struct VerbRow {
    /// Which verb.
    pub verb: Verb,
    /// How its commands are written.
    pub form: Form,
    /// In full.
    pub name: &'static str,
    /// In short, as IMS has it. A beginning of the name is understood too, if it is not shorter than this.
    pub abbreviation: &'static str,
    /// What it can be done to.
    pub resources: &'static [ResourceRow],
    /// Resource types of IMS that are no part of this language, and what takes their place.
    pub instead: &'static [(&'static str, &'static str)],
}

/// How a command is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `/DISPLAY MODIFY ALL`: parameters follow, with blanks, commas or `=` between them.
    Type1,
    /// `QUERY DB NAME(ACCT*)`: keywords with parameters in parentheses.
    Type2,
    /// `CHANGE.DB DBD(ACCTDB) NOAUTH`: as DBRC has it, the verb and the kind of record in a word, keywords that may stand
    /// alone, and blanks or commas between them.
    Dbrc,
}

/// One command: a verb applied to a resource type.
#[derive(Debug)]
pub struct ResourceRow {
    /// Which resource type.
    pub resource: Resource,
    /// As typed.
    pub name: &'static str,
    /// What the command does, in a phrase.
    pub says: &'static str,
    /// The keywords of this command; of a type-1 command one at most, which has the parameters. Every command also
    /// takes those of [`COMMON`].
    pub keywords: &'static [KeywordRow],
}

/// A keyword of a command, or one nested in another keyword.
#[derive(Debug)]
pub struct KeywordRow {
    /// As typed.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Whether the command can't do without.
    pub required: bool,
    /// What it is for, in a phrase.
    pub says: &'static str,
}

/// What a keyword takes between its parentheses.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// One parameter.
    One(What),
    /// One or more parameters, separated by commas.
    Several(What),
    /// Further keywords.
    Nested(&'static [KeywordRow]),
    /// Nothing: it stands without parentheses.
    Alone,
}

/// What a parameter is.
#[derive(Debug, Clone, Copy)]
pub enum What {
    /// A database.
    Dbd,
    /// A DD statement: a data set of a database.
    Dd,
    /// The name of a data set.
    DataSet,
    /// A group of data sets.
    Group,
    /// A data set of a database: both names, in parentheses of their own.
    Pair,
    /// A moment.
    Moment,
    /// A word of a set.
    Flag(&'static [&'static str]),
    /// A name that may be generic.
    Generic,
    /// The name of a user, which may be generic.
    User,
    /// A member.
    Member,
    /// A whole number of this range.
    Number {
        /// The least.
        least: u64,
        /// The most.
        most: u64,
    },
    /// Any characters.
    Text,
    /// Bytes, two hexadecimal digits each.
    Hex,
    /// The address of a block in a data set, in hexadecimal digits.
    Rba,
    /// A member, or `*` for all, or `%` for any one.
    Route,
    /// The thirteen digits that tell an instance of a definition.
    Stamp,
    /// Seconds, or `mmm:ss`.
    Wait,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is the word of that name")]
pub enum Verb {
    Create,
    /// CHANGE of DBRC.
    DbrcChange,
    /// DELETE of DBRC.
    DbrcDelete,
    /// GENJCL of DBRC.
    DbrcGenjcl,
    /// INIT of DBRC.
    DbrcInit,
    /// LIST of DBRC.
    DbrcList,
    /// NOTIFY of DBRC.
    DbrcNotify,
    Dbdump,
    Dbrecovery,
    Delete,
    Display,
    Export,
    Import,
    Initiate,
    Query,
    Queue,
    Start,
    Terminate,
    Update,
}

/// What it is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// Times in which subsystems could change a data set, as RECON has them.
    Alloc,
    /// The audit record.
    Audit,
    /// Units of work that have to be backed out, as RECON has them.
    Bkout,
    /// Accumulations of changes, as RECON has them.
    Ca,
    /// Groups of data sets whose changes are accumulated, as RECON has them.
    Cagrp,
    /// The catalog: records and instances of definitions.
    Catalog,
    /// Databases.
    Db,
    /// Data sets of databases, as RECON has them.
    Dbds,
    /// Groups of data sets, as RECON has them.
    Dbdsgrp,
    /// Definitions.
    Defn,
    /// The directory: what is active.
    Directory,
    /// A member as an IMS of its own.
    Ims,
    /// Image copies, as RECON has them.
    Ic,
    /// The plex with all that belongs to it.
    Imsplex,
    /// Logs, as RECON has them.
    Log,
    /// Who leads the plex.
    Master,
    /// Members of the plex.
    Member,
    /// An activation under way.
    Modify,
    /// Activations that are over.
    Olc,
    /// Partitions of a HALDB, as RECON has them.
    Part,
    /// Programs.
    Pgm,
    /// Logs with their archived parts, as RECON has them.
    Prilog,
    /// RECON as a whole.
    Recon,
    /// Recoveries, as RECON has them.
    Recov,
    /// Reorganizations, as RECON has them.
    Reorg,
    /// Subsystems that signed on, as RECON has them.
    Subsys,
}

/// The keywords that OM itself takes with any command: who is asked, and how long OM collects their answers.
pub const COMMON: &[KeywordRow] = &[
    optional("ROUTE", Kind::Several(What::Route), "who is asked: members, * for all, % for any one"),
    optional("WAIT", Kind::One(What::Wait), "how long answers are collected: seconds or mmm:ss"),
];

impl VerbRow {
    /// Whether a word is this verb, in full or in short.
    pub fn is_called(&self, word: &str) -> bool {
        word.eq_ignore_ascii_case(self.abbreviation) || begins(self.name, word, self.abbreviation.len())
    }

    /// Its commands that members carry out.
    pub fn offered(&self) -> impl Iterator<Item = &'static ResourceRow> + use<> {
        let verb = self.verb;
        self.resources.iter().filter(move |row| SERVED.contains(&(verb, row.resource)))
    }

    /// One of its commands as it is written: `QUERY DB`, `LIST.DB`.
    pub fn command(&self, resource: &ResourceRow) -> String {
        let between = if self.form == Form::Dbrc { "." } else { " " };
        format!("{}{between}{}", self.name, resource.name)
    }

    /// What takes the place of a resource type of IMS that is no part of this language, with its name.
    pub(super) fn instead_of(&self, word: &str) -> Option<(&'static str, &'static str)> {
        let least = |name: &str| if self.form == Form::Type1 { name.len().min(3) } else { name.len() };
        self.instead.iter().find(|(name, _)| begins(name, word, least(name))).copied()
    }
}

impl ResourceRow {
    /// Whether a word is this resource type. A type-1 command takes a beginning of three letters too.
    pub fn is_called(&self, word: &str, form: Form) -> bool {
        let least = if form == Form::Type1 { self.name.len().min(3) } else { self.name.len() };
        begins(self.name, word, least)
    }
}

fn begins(name: &str, word: &str, least: usize) -> bool {
    word.len() >= least && name.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

/// The verb that a word is. A short form of one goes before a beginning of another: `QUE` is QUEUE.
pub(super) fn verb_of(table: &'static [VerbRow], word: &str) -> Option<&'static VerbRow> {
    let mut verbs = table.iter().filter(|row| row.form != Form::Dbrc);
    let short = verbs.clone().find(|row| word.eq_ignore_ascii_case(row.abbreviation));
    short.or_else(|| verbs.find(|row| row.is_called(word)))
}

/// The verb and the kind of record of a command of DBRC, which are one word.
pub(super) fn dbrc_words(word: &str) -> Option<(&str, &str)> {
    // OM takes a command with or without its recognition character.
    let word = word.strip_prefix('/').unwrap_or(word);
    word.split_once('.').filter(|(verb, record)| !verb.is_empty() && !record.is_empty())
}

/// The verb of DBRC that a word is.
pub(super) fn dbrc_verb_of(table: &'static [VerbRow], word: &str) -> Option<&'static VerbRow> {
    table.iter().find(|row| row.form == Form::Dbrc && word.eq_ignore_ascii_case(row.name))
}

/// The command that words begin: one word of DBRC, or two of others.
pub(super) fn command_of(
    table: &'static [VerbRow],
    first: &str,
    second: Option<&str>,
) -> Option<(&'static VerbRow, &'static ResourceRow)> {
    let (verb, resource) = match dbrc_words(first) {
        Some((verb, record)) => (dbrc_verb_of(table, verb)?, record),
        None => (verb_of(table, first.strip_prefix('/').unwrap_or(first))?, second?),
    };
    Some((verb, verb.resources.iter().find(|row| row.is_called(resource, verb.form))?))
}

/// Every command that members carry out, by verb.
pub fn offered() -> impl Iterator<Item = (&'static VerbRow, &'static ResourceRow)> {
    COMMANDS.iter().flat_map(|verb| verb.offered().map(move |resource| (verb, resource)))
}

const fn optional(name: &'static str, kind: Kind, says: &'static str) -> KeywordRow {
    KeywordRow { name, kind, required: false, says }
}

const fn required(name: &'static str, kind: Kind, says: &'static str) -> KeywordRow {
    KeywordRow { name, kind, required: true, says }
}

const fn alone(name: &'static str, says: &'static str) -> KeywordRow {
    optional(name, Kind::Alone, says)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_of_a_verb_is_the_verb_unless_it_is_the_short_form_of_another() {
        let verb = |word: &str| verb_of(COMMANDS, word).map(|row| row.verb);
        for (word, expected) in [
            ("qry", Some(Verb::Query)),
            ("QUERY", Some(Verb::Query)),
            ("QUER", Some(Verb::Query)),
            ("QUE", Some(Verb::Queue)),
            ("UPDA", Some(Verb::Update)),
            ("INI", None),
            ("INIT", Some(Verb::Initiate)),
            ("DISP", Some(Verb::Display)),
            ("DI", None),
            ("QUERYX", None),
            ("", None),
        ] {
            assert_eq!(verb(word), expected, "{word}");
        }
    }

    #[test]
    fn no_two_commands_are_called_alike_and_each_that_is_served_is_in_the_table() {
        for (at, row) in COMMANDS.iter().enumerate() {
            assert!(COMMANDS[at + 1..].iter().all(|other| other.verb != row.verb), "{}", row.name);
            for (at, command) in row.resources.iter().enumerate() {
                assert!(row.resources[at + 1..].iter().all(|other| other.resource != command.resource));
            }
        }
        let found = offered().map(|(verb, resource)| (verb.verb, resource.resource));
        assert_eq!(found.count(), SERVED.len());
    }
}
