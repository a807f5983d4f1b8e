//! A command that one member, as a rule the master, does for all: IMPORT, DELETE MEMBER, populate.
//!
//! Its entry member outlives the master. When the master is lost it looks into the log: the activation is there
//! and will end, or it never began.

use super::{Desk, JOBS_REMEMBERED, Kind, ReplyTo};
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
    /// Whether it is not known if it ever began.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.doubt.is_some()
    }

    pub(super) fn told(&mut self, barrier: BarrierId, index: Option<u64>) {
        if let Some(doubt) = self.doubt.as_mut().filter(|doubt| doubt.question == barrier) {
            doubt.index = index;
        }
    }
}

impl Desk {
    /// Whether no part of this populate job went through here before.
    fn is_first_part(&mut self, job: u64) -> bool {
        if self.jobs.contains(&job) {
            return false;
        }
        if self.jobs.len() == JOBS_REMEMBERED {
            self.jobs.pop_front();
        }
        self.jobs.push_back(job);
        true
    }
}

impl ControlRegion {
    pub(super) fn new_coordinated(
        &mut self,
        asked: &OperatorRequest,
        to: MemberName,
        token: Option<CommandToken>,
    ) -> Coordinated {
        let token = token.unwrap_or_else(|| self.next_token());
        let call = CallId(self.next_name());
        let populate = matches!(asked, OperatorRequest::Populate(_));
        Coordinated { token, call, to, populate, doubt: None }
    }

    /// Hands a command over to whoever does it for all.
    pub(super) fn hand_over(
        &mut self,
        reply_to: ReplyTo,
        asked: OperatorRequest,
        to: MemberName,
        (token, call): (CommandToken, CallId),
        text: &str,
    ) {
        match asked {
            OperatorRequest::Populate(part) => {
                let first = self.desk.is_first_part(part.job);
                if to == self.me() {
                    self.take_part_of_job(reply_to, part, first);
                } else {
                    self.emit(Effect::Send { to, letter: Letter::Populate { call, part, first } });
                }
            }
            _ if to == self.me() => self.do_for_all(reply_to, token, text),
            _ => self.send_coordinate(to, call, token, text),
        }
    }

    fn send_coordinate(&mut self, to: MemberName, call: CallId, token: CommandToken, text: &str) {
        let text = text.to_string();
        self.emit(Effect::Send { to, letter: Letter::Coordinate { call, token, text } });
    }

    /// Looks whether whoever does it is still there; gives an answer where it has to be given without.
    pub(super) fn pursue(&mut self, text: &str, began: Moment, command: &mut Coordinated) -> Option<Answer> {
        let finished = self.plex.finished(command.token).filter(|_| !command.populate);
        if let Some(finished) = finished {
            return Some(import_answer(text, began, self.now, finished));
        }
        let reachable = if command.to == self.me() { self.is_master() } else { self.links.is_up(command.to) };
        let master = self.master();
        let by_guest = self.is_guest(command.to);
        let deposed = !by_guest && master.is_some_and(|master| master != command.to);
        if reachable && !deposed && command.doubt.is_none() {
            return None;
        }
        if command.populate || by_guest {
            return Some(self.unknown_outcome(text));
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
            return Some(never_begun_answer(text, began, self.now, command.token, false));
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
