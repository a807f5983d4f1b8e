//! DELETE MEMBER.

use crate::om::command::Command;
use crate::om::error::{CommandError, CommandProblem};
use vocabulary::MemberName;

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
