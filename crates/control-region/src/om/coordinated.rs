//! A command that one member, as a rule the master, does for all: IMPORT, DELETE MEMBER, populate.
//!
//! Its entry member outlives the master. When the master is lost it looks into the log: the activation is there
//! and will end, or it never began.

use super::{Kind, ReplyTo};
use crate::activation::{import_answer, never_begun_answer};
use crate::event::{BarrierId, Effect, RequestId};
use crate::letter::{CallId, Letter};
use crate::region::ControlRegion;
use csl::envelope::OperatorRequest;
use csl::om::{Answer, ReasonCode, ReturnCode};
use plex::{CommandToken, Finished};
use vocabulary::{MemberName, Moment};

/// What is known of such a command.
#[derive(Debug)]
pub(super) struct Coordinated {
    pub(super) token: CommandToken,
    pub(super) call: CallId,
    to: MemberName,
    populate: bool,
    doubt: Option<Doubt>,
}

/// The member that coordinates it was out of reach: did it begin?
#[derive(Debug, Clone, Copy)]
struct Doubt {
    question: BarrierId,
    asked: Moment,
    index: Option<u64>,
}

impl Coordinated {
    pub(super) fn told(&mut self, barrier: BarrierId, index: Option<u64>) {
        if let Some(doubt) = self.doubt.as_mut().filter(|doubt| doubt.question == barrier) {
            doubt.index = index;
        }
    }
}

impl ControlRegion {
    pub(super) fn begin_coordinated(
        &mut self,
        request: RequestId,
        asked: OperatorRequest,
        to: MemberName,
        token: Option<CommandToken>,
        text: &str,
    ) -> Coordinated {
        let token = token.unwrap_or_else(|| self.next_token());
        let call = CallId(self.next_name());
        let populate = matches!(asked, OperatorRequest::Populate(_));
        let reply_to = ReplyTo::Operator(request);
        match asked {
            OperatorRequest::Populate(part) if to == self.me() => self.take_part_of_job(reply_to, part),
            OperatorRequest::Populate(part) => {
                self.emit(Effect::Send { to, letter: Letter::Populate { call, part } });
            }
            _ if to == self.me() => self.do_for_all(reply_to, token, text),
            _ => self.send_coordinate(to, call, token, text),
        }
        Coordinated { token, call, to, populate, doubt: None }
    }

    fn send_coordinate(&mut self, to: MemberName, call: CallId, token: CommandToken, text: &str) {
        let text = text.to_string();
        self.emit(Effect::Send { to, letter: Letter::Coordinate { call, token, text } });
    }

    /// Looks whether whoever does it is still there; gives an answer where it has to be given without.
    pub(super) fn pursue(&mut self, text: &str, began: Moment, command: &mut Coordinated) -> Option<Answer> {
        let reachable = if command.to == self.me() { self.is_master() } else { self.links.is_up(command.to) };
        let master = self.master();
        let by_guest = self
            .plex
            .roster()
            .get(&command.to)
            .is_some_and(|entry| entry.membership == plex::Membership::Guest);
        let deposed = !by_guest && master.is_some_and(|master| master != command.to);
        if reachable && !deposed && command.doubt.is_none() {
            return None;
        }
        if command.populate || by_guest {
            return Some(self.unknown_outcome(text));
        }
        if let Some(finished) = self.plex.finished(command.token) {
            return Some(import_answer(text, began, self.now, finished));
        }
        if self.plex.activation().is_some_and(|activation| activation.token == command.token) {
            return None;
        }
        self.resolve_doubt(text, began, command, master)
    }

    fn resolve_doubt(
        &mut self,
        text: &str,
        began: Moment,
        command: &mut Coordinated,
        master: Option<MemberName>,
    ) -> Option<Answer> {
        if let Some(Doubt { index: Some(index), .. }) = command.doubt
            && self.applied >= index
        {
            if master == Some(command.to) && command.to != self.me() {
                // The link broke and the master did not: it may know nothing of the command, or all but the link.
                command.doubt = None;
                self.send_coordinate(command.to, command.call, command.token, text);
                return None;
            }
            return Some(never_begun_answer(text, began, self.now, command.token));
        }
        let due = command.doubt.is_none_or(|doubt| {
            doubt.index.is_none() && self.now.ms_since(doubt.asked) >= self.settings.retry_ms
        });
        if due {
            let question = BarrierId(self.next_name());
            command.doubt = Some(Doubt { question, asked: self.now, index: None });
            self.emit(Effect::Barrier(question));
        }
        None
    }

    fn unknown_outcome(&self, text: &str) -> Answer {
        let reason = "the member that coordinated it was lost, and what it staged is dropped unless the job had ended; list \
                      the catalog, then submit it again";
        Answer::refused(text, self.now, ReturnCode::OM_ENVIRONMENT, ReasonCode::NO_MASTER, reason)
    }

    /// An activation is over: answers the operators that wait for it here, whoever coordinated it.
    pub(crate) fn desk_ended(&mut self, finished: &Finished) {
        let waiting: Vec<(RequestId, String, Moment)> = self
            .desk
            .pending
            .iter()
            .filter(|(_, pending)| {
                matches!(&pending.kind, Kind::Coordinated(command) if command.token == finished.token && !command.populate)
            })
            .map(|(request, pending)| (*request, pending.text.clone(), pending.started))
            .collect();
        for (request, text, began) in waiting {
            let answer = import_answer(&text, began, self.now, finished);
            self.reply(ReplyTo::Operator(request), answer);
        }
    }
}
