//! What commands look like, as a table. A new command is a row.
//!
//! The table has every command of the language. Which of them members carry out is for
//! [`view`](super::view) to say: only those are offered, by errors, help, completion and the reference.

mod catalog;
mod commands;
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
}

/// What a parameter is.
#[derive(Debug, Clone, Copy)]
pub enum What {
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
    Delete,
    Display,
    Export,
    Import,
    Initiate,
    Query,
    Queue,
    Terminate,
    Update,
}

/// What it is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// The audit record.
    Audit,
    /// The catalog: records and instances of definitions.
    Catalog,
    /// Databases.
    Db,
    /// Definitions.
    Defn,
    /// The directory: what is active.
    Directory,
    /// A member as an IMS of its own.
    Ims,
    /// The plex with all that belongs to it.
    Imsplex,
    /// Who leads the plex.
    Master,
    /// Members of the plex.
    Member,
    /// An activation under way.
    Modify,
    /// Activations that are over.
    Olc,
    /// Programs.
    Pgm,
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

    /// What takes the place of a resource type of IMS that is no part of this language, with its name.
    pub(super) fn instead_of(&self, word: &str) -> Option<(&'static str, &'static str)> {
        let least = |name: &str| if self.form == Form::Type1 { name.len().min(3) } else { name.len() };
        self.instead.iter().find(|(name, _)| begins(name, word, least(name))).copied()
    }
}

impl ResourceRow {
    /// Whether a word is this resource type. A type-1 command takes a beginning of three letters too.
    pub fn is_called(&self, word: &str, form: Form) -> bool {
        let least = if form == Form::Type1 { 3 } else { self.name.len() };
        begins(self.name, word, least)
    }
}

fn begins(name: &str, word: &str, least: usize) -> bool {
    word.len() >= least && name.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

/// The verb that a word is. A short form of one goes before a beginning of another: `QUE` is QUEUE.
pub(super) fn verb_of(table: &'static [VerbRow], word: &str) -> Option<&'static VerbRow> {
    let short = table.iter().find(|row| word.eq_ignore_ascii_case(row.abbreviation));
    short.or_else(|| table.iter().find(|row| row.is_called(word)))
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
