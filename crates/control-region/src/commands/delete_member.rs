//! DELETE MEMBER: takes a member out of the plex for good. An extension; IMS has no such command.

use crate::om::ReplyTo;
use crate::region::{ControlRegion, Purpose};
use csl::om::view::DeleteMember;
use csl::om::{Answer, Column, CompletionCode, Row};
use plex::{PlexChange, PlexReply};
use vocabulary::MemberName;

impl ControlRegion {
    pub(super) fn delete_member(&mut self, reply_to: ReplyTo, text: &str, delete: DeleteMember) {
        let member = delete.member;
        let code = match self.plex.roster().get(&member) {
            None => CompletionCode::NOT_FOUND,
            // A master that deletes itself could not see the deletion through.
            Some(_) if member == self.me() => CompletionCode::NOT_ALLOWED,
            Some(_) => {
                self.propose(Purpose::Remove { reply_to, member }, PlexChange::Remove { member });
                return;
            }
        };
        let mut answer = answer_for(member, code);
        answer.command = text.to_string();
        self.reply(reply_to, answer);
    }

    pub(crate) fn member_removed(
        &mut self,
        reply_to: ReplyTo,
        member: MemberName,
        outcome: Option<&PlexReply>,
    ) {
        let code = match outcome {
            Some(Ok(())) => CompletionCode::OK,
            Some(Err(_)) => CompletionCode::NOT_FOUND,
            None => CompletionCode::IMS_STATE,
        };
        self.reply(reply_to, answer_for(member, code));
    }
}

fn answer_for(member: MemberName, code: CompletionCode) -> Answer {
    let mut answer = Answer {
        columns: vec![Column::member(), Column::completion(), Column::completion_text()],
        rows: vec![Row::of(member, code)],
        ..Answer::default()
    };
    answer.judge_by_rows();
    answer
}
