//! A command that was understood.

use super::error::{CommandError, CommandProblem};
use super::grammar::{COMMANDS, Resource, Verb};
use super::lexer::Span;
use super::{generic::Generic, parser, view::SERVED};
use std::collections::BTreeMap;
use vocabulary::{DataSetName, DbdName, DdName, GroupName, InstanceStamp, MemberName, Moment};

/// A command: a verb, a resource type, and keywords with parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// What is done.
    pub verb: Verb,
    /// What it is done to.
    pub resource: Resource,
    /// The parameters of each keyword that was given; of one that stands alone, its name. A keyword nested in another
    /// goes by `FOR(IMSID)`; the parameters of a type-1 command go by its resource type.
    pub keywords: BTreeMap<String, Vec<Parameter>>,
    /// Who is asked.
    pub route: Route,
    /// How long OM collects answers, if the command says so.
    pub wait_ms: Option<u64>,
    /// As typed, without blanks around it.
    pub text: String,
}

/// The members that a command is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Route {
    /// Every one that can process it: no ROUTE, or `ROUTE(*)`.
    #[default]
    All,
    /// Any one that can process it: `ROUTE(%)`.
    AnyOne,
    /// These.
    Members(Vec<MemberName>),
}

impl Route {
    /// Whether a member is among those that may be asked.
    pub fn includes(&self, member: MemberName) -> bool {
        match self {
            Self::All | Self::AnyOne => true,
            Self::Members(members) => members.contains(&member),
        }
    }
}

/// A parameter, and where it stands in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// What it says.
    pub value: ParameterValue,
    pub(super) span: Span,
}

/// What a parameter says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParameterValue {
    /// A database.
    Dbd(DbdName),
    /// A DD statement.
    Dd(DdName),
    /// A data set.
    DataSet(DataSetName),
    /// A group of data sets.
    Group(GroupName),
    /// A data set of a database.
    Pair(DbdName, DdName),
    /// A moment.
    Moment(Moment),
    /// A word of the set that the keyword takes.
    Flag(&'static str),
    /// A name that may be generic.
    Generic(Generic),
    /// A member.
    Member(MemberName),
    /// Any characters.
    Text(String),
    /// Any bytes.
    Bytes(Vec<u8>),
    /// A number; a time to wait is in milliseconds.
    Number(u64),
    /// An instance of a definition.
    Stamp(InstanceStamp),
}

impl Command {
    /// The command that this text is, if members carry it out.
    pub fn parse(text: &str) -> Result<Self, CommandError> {
        parser::parse(COMMANDS, SERVED, text)
    }

    /// Whether a keyword was given.
    pub fn has(&self, keyword: &str) -> bool {
        self.keywords.contains_key(keyword)
    }

    /// The words of a keyword that takes words of a set.
    pub fn values(&self, keyword: &str) -> Vec<&'static str> {
        self.each(keyword, |value| match value {
            ParameterValue::Flag(flag) => Some(*flag),
            _ => None,
        })
    }

    /// The names of a keyword that takes names.
    pub fn names(&self, keyword: &str) -> Vec<Generic> {
        self.each(keyword, |value| match value {
            ParameterValue::Generic(name) => Some(name.clone()),
            _ => None,
        })
    }

    /// The members of a keyword that takes members.
    pub fn members(&self, keyword: &str) -> Vec<MemberName> {
        self.each(keyword, |value| match value {
            ParameterValue::Member(member) => Some(*member),
            _ => None,
        })
    }

    /// The number of a keyword that takes one.
    pub fn number(&self, keyword: &str) -> Option<u64> {
        self.one(keyword, |value| match value {
            ParameterValue::Number(number) => Some(*number),
            _ => None,
        })
    }

    /// The instance of a keyword that takes one.
    pub fn stamp(&self, keyword: &str) -> Option<InstanceStamp> {
        self.one(keyword, |value| match value {
            ParameterValue::Stamp(stamp) => Some(*stamp),
            _ => None,
        })
    }

    /// What a keyword that takes one parameter says.
    pub(super) fn one<T>(&self, keyword: &str, wanted: impl Fn(&ParameterValue) -> Option<T>) -> Option<T> {
        self.keywords.get(keyword)?.iter().find_map(|parameter| wanted(&parameter.value))
    }

    pub(super) fn each<T>(&self, keyword: &str, wanted: impl Fn(&ParameterValue) -> Option<T>) -> Vec<T> {
        let parameters = self.keywords.get(keyword).map_or(&[][..], Vec::as_slice);
        parameters.iter().filter_map(|parameter| wanted(&parameter.value)).collect()
    }

    /// The error that a word of a keyword makes.
    pub(super) fn error_at_flag(&self, keyword: &str, flag: &str, problem: CommandProblem) -> CommandError {
        let parameters = self.keywords.get(keyword).into_iter().flatten();
        let span = parameters
            .filter(|parameter| matches!(parameter.value, ParameterValue::Flag(word) if word == flag))
            .map(|parameter| parameter.span)
            .next();
        self.error_at(span, problem)
    }

    /// The error that the parameters of a keyword make, or the lack of them.
    pub(super) fn error_at_keyword(&self, keyword: &str, problem: CommandProblem) -> CommandError {
        let first = self.keywords.get(keyword).and_then(|parameters| parameters.first());
        self.error_at(first.map(|parameter| parameter.span), problem)
    }

    fn error_at(&self, span: Option<Span>, problem: CommandProblem) -> CommandError {
        let end = Span { offset: self.text.len(), length: 0 };
        CommandError::at(&self.text, span.unwrap_or(end), problem)
    }
}
