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
        let (code, reason) = match self.plex.roster().get(&member) {
            None => (
                CompletionCode::NOT_FOUND,
                "the plex has no such member; QUERY MEMBER TYPE(IMS) shows who is one".to_string(),
            ),
            // A master that deletes itself could not see the deletion through.
            Some(_) if member == self.me() => (
                CompletionCode::NOT_ALLOWED,
                format!(
                    "{member} is the master; stop it, so that another leads, then submit the command again"
                ),
            ),
            Some(_) => {
                self.propose(Purpose::Remove { reply_to, member }, PlexChange::Remove { member });
                return;
            }
        };
        let mut answer = answer_for(member, code);
        (answer.command, answer.reason_text) = (text.to_string(), reason);
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
        let mut answer = answer_for(member, code);
        if code == CompletionCode::IMS_STATE {
            answer.reason_text =
                "it is not known whether the member was deleted; QUERY MEMBER TYPE(IMS) shows who is there"
                    .to_string();
        }
        self.reply(reply_to, answer);
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
