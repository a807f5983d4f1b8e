//! What somebody outside a world could see.

use control_region::Course;
use csl::om::Answer;
use std::fmt;
use vocabulary::{MemberName, Message};

/// Something that somebody outside could see.
#[derive(Debug, Clone)]
pub(crate) enum Sight {
    /// A member issued a message.
    Issued(MemberName, Message),
    /// An operator was answered.
    Answered(MemberName, Box<Answer>),
    /// An operator was told how far it is.
    Progress(MemberName, String),
    /// A region was answered.
    Scheduled(MemberName, Result<(), String>),
    /// An entry was agreed on.
    Entry(&'static str),
    /// The consensus group changed.
    Regrouped(String),
    /// A member's process ended by itself.
    Ended(MemberName),
    /// It told how an activation went.
    Observed(MemberName, Box<Course>),
    /// It ended because it could not go on.
    Failed(MemberName, String),
    /// A member's engine opened a database, or closed it.
    Engine(MemberName, String),
    /// A member found its shelf damaged, and begins with an empty one.
    Rebuilt(MemberName),
}

impl fmt::Display for Sight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Issued(member, message) => write!(f, "{member} {message}"),
            Self::Answered(member, answer) => {
                let (rc, rsn, reason) = (answer.rc, answer.rsn, &answer.reason_text);
                write!(f, ">> {member} {}: {rc} {rsn} {reason}", answer.command)
            }
            Self::Progress(member, text) => write!(f, ">> {member} ... {text}"),
            Self::Scheduled(member, Ok(())) => write!(f, "{member} scheduled"),
            Self::Scheduled(member, Err(reason)) => write!(f, "{member} not scheduled: {reason}"),
            Self::Entry(name) => write!(f, "== {name}"),
            Self::Regrouped(what) => write!(f, "== {what}"),
            Self::Ended(member) => write!(f, "{member} has stopped"),
            Self::Observed(member, course) => write!(f, "{member} saw how {} went", course.token),
            Self::Failed(member, reason) => write!(f, "{member} has failed: {reason}"),
            Self::Engine(member, what) => write!(f, "{member} engine: {what}"),
            Self::Rebuilt(member) => write!(f, "{member} fills its damaged shelf again"),
        }
    }
}
