//! Who may do what: the role in a user's certificate against the role that a request takes.
//!
//! A request is looked at where it comes in, and again by every member that carries out a part of it.

use crate::commands;
use crate::om::ReplyTo;
use crate::region::ControlRegion;
use csl::envelope::{DdlRequest, OperatorRequest, PopulateRequest, User};
use csl::om::{Answer, CompletionCode, ReasonCode};
use vocabulary::message::AUTH301E;

/// The most characters of a command that a message repeats.
const SHOWN_MAX: usize = 256;

impl ControlRegion {
    /// Refuses what the user may not ask, and says so in the log.
    pub(crate) fn refuse_unauthorized(&mut self, user: &User, asked: &OperatorRequest) -> Option<Answer> {
        let needed = commands::role_needed(asked).filter(|needed| user.role < *needed)?;
        let text = commands::text_of(asked);
        let why = AUTH301E.with(&[&user.name, &user.address, &needed, &user.role, &shown(&text)]);
        self.issue(why.clone());
        let codes = (ReasonCode::NOT_AUTHORIZED, CompletionCode::NOT_AUTHORIZED);
        Some(Answer::turned_away(&text, self.now, self.me(), codes, why))
    }

    /// Takes a part of a populate job, if its user may give it.
    pub(crate) fn take_part_for(&mut self, to: ReplyTo, user: &User, part: PopulateRequest, first: bool) {
        let asked = OperatorRequest::Populate(part);
        if let Some(refusal) = self.refuse_unauthorized(user, &asked) {
            return self.reply(to, refusal);
        }
        if let OperatorRequest::Populate(part) = asked {
            self.take_part_of_job(to, &part, first);
        }
    }

    /// Takes a part of a DDL job, if its user may give it.
    pub(crate) fn take_ddl_for(&mut self, to: ReplyTo, user: &User, part: DdlRequest, first: bool) {
        let asked = OperatorRequest::Ddl(part);
        if let Some(refusal) = self.refuse_unauthorized(user, &asked) {
            return self.reply(to, refusal);
        }
        if let OperatorRequest::Ddl(part) = asked {
            self.take_part_of_ddl(to, part, first);
        }
    }
}

/// A command as a line of the log shows it: on one line, and not longer than a person reads.
pub(crate) fn shown(text: &str) -> String {
    let line = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    line.take(SHOWN_MAX).collect()
}
