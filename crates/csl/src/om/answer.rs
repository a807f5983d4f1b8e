//! The answer to a command: one model of columns, rows and messages, whoever renders it.

use super::code::{CompletionCode, ReasonCode, ReturnCode};
use super::column::{CC, CCTXT, Column, MBR};
use super::error::CommandError;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};
use vocabulary::{MemberName, Message, Moment};

/// What a command came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The command as typed.
    pub command: String,
    /// The member that did or coordinated it.
    pub master: Option<MemberName>,
    /// When OM took it.
    pub started: Moment,
    /// When OM answered it.
    pub stopped: Moment,
    /// How it ended.
    pub rc: ReturnCode,
    /// Why it ended so.
    pub rsn: ReasonCode,
    /// What the codes alone can't say; empty where they say it all.
    pub reason_text: String,
    /// The members that could not answer, or answered with an error of their own.
    pub member_errors: Vec<MemberError>,
    /// The columns of `rows`, in order.
    pub columns: Vec<Column>,
    /// Data, a line each.
    pub rows: Vec<Row>,
    /// Messages and text lines of members, in order.
    pub messages: Vec<MemberMessage>,
}

/// A member that could not answer, or answered with an error of its own: `cmderr` in OM's XML.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberError {
    /// Who.
    pub member: MemberName,
    /// What it is: `IMS`, `OM`.
    pub member_type: String,
    /// What kind of IMS: `DBDC`, `DBCTL`; empty where that isn't known.
    pub subtype: String,
    /// Its return code.
    pub rc: ReturnCode,
    /// Its reason code.
    pub rsn: ReasonCode,
    /// What happened.
    pub text: String,
}

/// A message, and who issued it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberMessage {
    /// `None` where it is OM's own.
    pub member: Option<MemberName>,
    /// What is said.
    pub body: MessageBody,
}

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MessageBody {
    /// A numbered message.
    Message(Message),
    /// A line of text, such as a line of a listing.
    Line(String),
}

impl fmt::Display for MessageBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(message) => message.fmt(f),
            Self::Line(line) => f.write_str(line),
        }
    }
}

/// One row: values by the short labels of their columns. A row may have fewer values than there are columns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row(BTreeMap<String, Value>);

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Value {
    /// Text.
    Text(String),
    /// A whole number.
    Number(u64),
    /// A completion code.
    Completion(CompletionCode),
}

impl Value {
    /// Whether there is nothing to show.
    pub fn is_blank(&self) -> bool {
        matches!(self, Self::Text(text) if text.trim().is_empty())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => text.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Completion(code) => code.fmt(f),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_string())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<CompletionCode> for Value {
    fn from(code: CompletionCode) -> Self {
        Self::Completion(code)
    }
}

impl Row {
    /// What most rows have in common: who says it, how it went, and what that means where it did not work.
    pub fn of(member: MemberName, completion: CompletionCode) -> Self {
        let text = if completion.is_ok() { "" } else { completion.text() };
        Self::default().with(MBR, member.as_str()).with(CC, completion).with(CCTXT, text)
    }

    /// The row with this value in the column of that short label.
    #[must_use]
    pub fn with(mut self, short: &str, value: impl Into<Value>) -> Self {
        self.0.insert(short.to_string(), value.into());
        self
    }

    /// The value in a column.
    pub fn get(&self, short: &str) -> Option<&Value> {
        self.0.get(short)
    }

    /// Whether there is nothing to show in a column.
    pub fn is_blank(&self, short: &str) -> bool {
        self.get(short).is_none_or(Value::is_blank)
    }

    /// Its completion code, if it has one.
    pub fn completion(&self) -> Option<CompletionCode> {
        match self.get(CC) {
            Some(Value::Completion(code)) => Some(*code),
            _ => None,
        }
    }
}

/// How many parts of an answer worked, and how many did not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) succeeded: usize,
    pub(super) failed: usize,
}

impl Tally {
    pub(super) fn plus(self, other: Self) -> Self {
        Self { succeeded: self.succeeded + other.succeeded, failed: self.failed + other.failed }
    }

    /// The codes of a list of which so many worked.
    pub(super) fn codes(self) -> (ReturnCode, ReasonCode) {
        match self {
            Self { failed: 0, .. } => (ReturnCode::OK, ReasonCode::NONE),
            Self { succeeded: 0, .. } => (ReturnCode::LIST, ReasonCode::NONE_SUCCEEDED),
            _ => (ReturnCode::LIST, ReasonCode::SOME_SUCCEEDED),
        }
    }
}

impl Answer {
    /// An answer that has yet to be filled.
    pub fn new(command: &str, started: Moment) -> Self {
        Self { command: command.to_string(), started, stopped: started, ..Self::default() }
    }

    /// The answer to a command that is not carried out at all.
    pub fn refused(command: &str, now: Moment, rc: ReturnCode, rsn: ReasonCode, reason_text: &str) -> Self {
        Self { rc, rsn, reason_text: reason_text.to_string(), ..Self::new(command, now) }
    }

    /// The same, where it was turned away before anybody looked at what it asks for: with a row that says who did, and
    /// the message that says why.
    pub fn turned_away(
        command: &str,
        now: Moment,
        by: MemberName,
        (rsn, completion): (ReasonCode, CompletionCode),
        why: Message,
    ) -> Self {
        let mut answer = Self::refused(command, now, ReturnCode::OM_ENVIRONMENT, rsn, "");
        answer.columns = vec![Column::member(), Column::completion(), Column::completion_text()];
        answer.rows.push(Row::of(by, completion));
        answer.say(by, why);
        answer
    }

    /// The answer to a command that can't be understood: where it is wrong, and what would be right.
    pub fn of_error(error: &CommandError, now: Moment) -> Self {
        let rsn = error.reason_code();
        let mut answer =
            Self::refused(&error.text, now, ReturnCode::OM_PARAMETER, rsn, &error.problem.to_string());
        for line in error.marked().lines() {
            answer.messages.push(MemberMessage { member: None, body: MessageBody::Line(line.to_string()) });
        }
        answer
    }

    /// Adds a message of a member.
    pub fn say(&mut self, member: MemberName, message: Message) {
        self.messages.push(MemberMessage { member: Some(member), body: MessageBody::Message(message) });
    }

    /// Takes the return and reason codes from the rows: 0 where all worked, list codes where some or all failed.
    pub fn judge_by_rows(&mut self) {
        (self.rc, self.rsn) = self.tally().codes();
    }

    /// What a process that prints it exits with, whatever the format: the severity of the return code (0, 4, 8,
    /// 12, 16), or of its rows where they are worse. A list of which something worked is a warning.
    pub fn exit_status(&self) -> u8 {
        let by_rows = match self.row_tally() {
            Tally { failed: 0, .. } => 0,
            Tally { succeeded: 0, .. } => 12,
            _ => 4,
        };
        self.exit_status_of_codes().max(by_rows)
    }

    fn exit_status_of_codes(&self) -> u8 {
        if (self.rc.severity(), self.rsn) == (ReturnCode::LIST.severity(), ReasonCode::SOME_SUCCEEDED) {
            return 4;
        }
        match self.rc.severity() {
            0 => 0,
            1..=4 => 4,
            5..=8 => 8,
            9..=12 => 12,
            _ => 16,
        }
    }

    /// By rows where there are any; else the whole answer counts once.
    pub(super) fn tally(&self) -> Tally {
        let rows = self.row_tally();
        if rows != Tally::default() {
            return rows;
        }
        let failed = self.rc.severity() > ReturnCode::WARNING.severity();
        Tally { succeeded: usize::from(!failed), failed: usize::from(failed) }
    }

    fn row_tally(&self) -> Tally {
        let (succeeded, failed): (Vec<_>, Vec<_>) =
            self.rows.iter().filter_map(Row::completion).partition(|code| code.is_ok());
        Tally { succeeded: succeeded.len(), failed: failed.len() }
    }
}
