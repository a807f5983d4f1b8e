//! A command that one member, as a rule the master, does for all: IMPORT, DELETE MEMBER, populate, the utilities of the
//! catalog.
//!
//! Its entry member outlives the master. When the master is lost it looks into the log: the activation is there
//! and will end, or it never began.

use super::{Kind, Pending, ReplyTo};
use crate::activation::{import_answer, never_begun_answer};
use crate::commands;
use crate::ddl::taken_over_answer;
use crate::event::{BarrierId, Effect, RequestId};
use crate::letter::{CallId, Letter};
use crate::region::ControlRegion;
use catalog::job::JobId;
use csl::envelope::{DdlRequest, OperatorRequest, PopulateRequest, User};
use csl::om::{Answer, ReasonCode, Resource, ReturnCode, Verb};
use plex::{CommandToken, Finished, Refusal};
use vocabulary::{MemberName, Moment};

/// What is known of such a command.
#[derive(Debug)]
pub(super) struct Coordinated {
    pub(super) token: CommandToken,
    pub(super) call: CallId,
    to: MemberName,
    what: What,
    /// The latest term that this member knew of when it handed the command over last.
    handed_over_in: u64,
    /// It was handed over more than once, and may have been obeyed each time.
    is_repeated: bool,
    doubt: Option<Doubt>,
    /// How far it was when something was heard of it last.
    pub(super) heard: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Import,
    DeleteMember,
    Populate,
    Utility,
    Ddl,
    Recon,
}

/// What is to be done about a command.
pub(super) enum Pursuit {
    /// To wait.
    Wait,
    /// To hand it over once more.
    HandOver,
    /// To answer it.
    Answer(Box<Answer>),
}

/// The member that coordinates it was out of reach: did it begin?
#[derive(Debug, Clone, Copy)]
struct Doubt {
    question: BarrierId,
    asked: Moment,
    index: Option<u64>,
}

impl Coordinated {
    /// What is told of it when its operator has waited long enough.
    pub(super) fn too_late(&self) -> String {
        if self.doubt.is_some() {
            return "the time to wait is over, and it is not known whether the command began".to_string();
        }
        let heard =
            self.heard.as_ref().map_or_else(String::new, |heard| format!(". It was heard of last: {heard}"));
        let tells = if self.what == What::Import { ". /DISPLAY MODIFY tells what it waits for" } else { "" };
        format!("the time to wait is over, and the command goes on at {}{heard}{tells}", self.to)
    }

    /// What a repeated import found empty, it may have emptied itself before its answer was lost.
    pub(super) fn qualify(&self, text: &str, answer: &mut Answer) {
        let found_nothing = answer.reason_text == Refusal::NothingStaged.to_string();
        if self.is_repeated && found_nothing && commands::may_empty_staging(text) {
            answer.reason_text = format!(
                "nothing is staged, and command {} may have dropped what was, because it was in error: the first answer \
                 to it was lost; list the catalog, and stage what is missing",
                self.token
            );
        }
    }

    pub(super) fn told(&mut self, barrier: BarrierId, index: Option<u64>) {
        if let Some(doubt) = self.doubt.as_mut().filter(|doubt| doubt.question == barrier) {
            doubt.index = index;
        }
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
        let what = match (asked, commands::coordinated_verb(asked)) {
            (OperatorRequest::Populate(_), _) => What::Populate,
            (OperatorRequest::Ddl(_), _) => What::Ddl,
            (_, Some((Verb::Import, _))) => What::Import,
            (_, Some((Verb::Delete, Resource::Member))) => What::DeleteMember,
            (_, Some((Verb::DbrcChange | Verb::DbrcDelete | Verb::DbrcInit | Verb::DbrcNotify, _))) => {
                What::Recon
            }
            (_, _) => What::Utility,
        };
        Coordinated { token, call, to, what, handed_over_in: 0, is_repeated: false, doubt: None, heard: None }
    }

    /// Hands a part of a populate job over to whoever runs the job.
    pub(super) fn hand_over_part(&mut self, request: RequestId, user: User, part: PopulateRequest) {
        let Some((to, call)) = self.coordinator_of(request).map(|(to, call, _)| (to, call)) else { return };
        let first = self.desk.jobs.is_new(part.job);
        if to == self.me() {
            self.take_part_for(ReplyTo::Operator(request), &user, part, first);
        } else {
            self.emit(Effect::Send { to, letter: Letter::Populate { call, user, part, first } });
        }
    }

    /// Hands a part of a DDL job over to whoever runs the job.
    pub(super) fn hand_over_ddl(&mut self, request: RequestId, user: User, part: DdlRequest) {
        let Some((to, call)) = self.coordinator_of(request).map(|(to, call, _)| (to, call)) else { return };
        let first = self.desk.jobs.is_new(part.job);
        if to == self.me() {
            self.take_ddl_for(ReplyTo::Operator(request), &user, part, first);
        } else {
            self.emit(Effect::Send { to, letter: Letter::Ddl { call, user, part, first } });
        }
    }

    /// An operator went away. What it asked goes on without it, but for a DDL job, which makes others wait.
    pub(crate) fn operator_left(&mut self, request: RequestId) {
        let Some(pending) = self.desk.pending.get(&request) else { return };
        let Kind::Coordinated(Coordinated { token, to, what: What::Ddl, .. }) = &pending.kind else { return };
        let (token, to) = (*token, *to);
        if let Some(pending) = self.desk.pending.remove(&request) {
            // Nobody hears it, but the audit record does.
            let reason = "the operator went away before the job was over";
            let (rc, rsn) = (ReturnCode::OM_WARNING, ReasonCode::WARNINGS);
            let answer = Answer::refused(&pending.text, self.now, rc, rsn, reason);
            self.finish(request, &pending, answer);
        }
        if to == self.me() {
            self.ddl_left(token);
        } else {
            self.emit(Effect::Send { to, letter: Letter::OperatorLeft { token } });
        }
    }

    /// Hands a command over to whoever does it for all.
    pub(super) fn hand_over(&mut self, request: RequestId, user: User, text: &str) {
        let Some((to, call, token)) = self.coordinator_of(request) else { return };
        let term = self.term.max(self.applied_term);
        if let Some(Kind::Coordinated(command)) =
            self.desk.pending.get_mut(&request).map(|pending| &mut pending.kind)
        {
            command.handed_over_in = term;
        }
        if to == self.me() {
            self.do_for_all(ReplyTo::Operator(request), token, &user, text);
        } else {
            let (text, applied) = (text.to_string(), self.applied);
            let letter = Letter::Coordinate { call, token, user, text, applied };
            self.emit(Effect::Send { to, letter });
        }
    }

    fn coordinator_of(&self, request: RequestId) -> Option<(MemberName, CallId, CommandToken)> {
        match &self.desk.pending.get(&request)?.kind {
            Kind::Coordinated(command) => Some((command.to, command.call, command.token)),
            Kind::Collecting(_) => None,
        }
    }

    /// Looks whether whoever does it is still there.
    pub(super) fn pursue(&mut self, text: &str, began: Moment, command: &mut Coordinated) -> Pursuit {
        let finished = self.plex.finished(command.token).filter(|_| command.what == What::Import);
        if let Some(finished) = finished {
            return Pursuit::Answer(Box::new(import_answer(text, began, self.now, finished)));
        }
        let under_way = self.plex.activation().is_some_and(|activation| activation.token == command.token);
        if self.is_with_its_coordinator(command) || (under_way && command.what == What::Import) {
            return Pursuit::Wait;
        }
        if command.what == What::Ddl {
            return self.pursue_ddl(text, began, command);
        }
        if command.what != What::Import || self.is_guest(command.to) {
            return Pursuit::Answer(Box::new(self.unknown_outcome(text, command)));
        }
        self.resolve_doubt(text, began, command)
    }

    /// The master that ran a DDL job is gone. The unit that it was activating is finished or backed out by another one.
    fn pursue_ddl(&self, text: &str, began: Moment, command: &Coordinated) -> Pursuit {
        let job = Some(JobId(command.token.0));
        if self.plex.activation().is_some_and(|activation| activation.options.mode.ddl_job() == job) {
            return Pursuit::Wait;
        }
        // What was over before the master was lost, its operator was told.
        let taken_over =
            |finished: &&Finished| finished.options.mode.ddl_job() == job && finished.master != command.to;
        Pursuit::Answer(Box::new(match self.plex.history().rev().find(taken_over) {
            Some(finished) => taken_over_answer(text, began, self.now, finished, &self.plex),
            None => self.unknown_outcome(text, command),
        }))
    }

    fn is_with_its_coordinator(&self, command: &Coordinated) -> bool {
        let linked = command.to == self.me() || self.links.is_up(command.to);
        let leads = match (command.what, self.master()) {
            _ if self.is_guest(command.to) => true,
            // A job outlives a moment without a leader.
            (What::Populate | What::Ddl, None) => command.to != self.me(),
            (_, master) => master == Some(command.to),
        };
        linked && leads && command.doubt.is_none()
    }

    fn resolve_doubt(&mut self, text: &str, began: Moment, command: &mut Coordinated) -> Pursuit {
        if let Some(Doubt { index: Some(index), .. }) = command.doubt
            && self.applied >= index
        {
            // The link broke and the master did not, or it leads again: a second command of the same token is the
            // first one.
            if self.master() == Some(command.to) {
                command.doubt = None;
                command.is_repeated = true;
                return Pursuit::HandOver;
            }
            // The leadership that it was handed to is over for certain when the log has an entry of a later one. That
            // this member hears of another master may be older than what it has applied.
            if self.applied_term > command.handed_over_in {
                let answer = never_begun_answer(text, began, self.now, command.token);
                return Pursuit::Answer(Box::new(answer));
            }
        }
        let due = command.doubt.is_none_or(|doubt| {
            doubt.index.is_none() && self.now.ms_since(doubt.asked) >= self.settings.consensus_retry_ms
        });
        if due {
            self.doubt(command);
        }
        Pursuit::Wait
    }

    /// Asks for the newest state, which tells whether the command began.
    fn doubt(&mut self, command: &mut Coordinated) {
        let question = BarrierId(self.next_name());
        command.doubt = Some(Doubt { question, asked: self.now, index: None });
        self.emit(Effect::Barrier(question));
    }

    /// The master wants the command from a member that knows of its present leadership.
    pub(super) fn told_to_look_again(&mut self, call: CallId) {
        let asked_again = |pending: &Pending| matches!(&pending.kind, Kind::Coordinated(command) if command.call == call && command.doubt.is_none());
        let request =
            self.desk.pending.iter().find(|(_, pending)| asked_again(pending)).map(|(request, _)| *request);
        let Some(mut pending) = request.and_then(|request| self.desk.pending.remove(&request)) else {
            return;
        };
        if let Kind::Coordinated(command) = &mut pending.kind {
            self.doubt(command);
        }
        if let Some(request) = request {
            self.desk.pending.insert(request, pending);
        }
    }

    fn unknown_outcome(&self, text: &str, command: &Coordinated) -> Answer {
        let to = command.to;
        let reason = match command.what {
            What::Populate => format!(
                "{to}, which ran the job, was lost, and what it staged is dropped unless the job had ended; list the catalog, then submit it again"
            ),
            What::Ddl => format!(
                "{to}, which ran the DDL, was lost; it is not known whether the unit of work behind those that it told of was committed, and what comes behind that was not begun: list the catalog, then submit what is missing"
            ),
            What::DeleteMember => format!(
                "{to} was lost, and it is not known whether it deleted the member; QUERY MEMBER TYPE(IMS) shows who is there"
            ),
            What::Utility => format!(
                "{to} was lost, and it is not known how much it did; submit the command again, it does what is left"
            ),
            What::Recon => {
                format!("{to} was lost, and it is not known whether RECON was changed; LIST tells")
            }
            What::Import => format!(
                "{to} was lost, and it is not known whether it imported; QUERY DB and QUERY PGM with SHOW(TIMESTAMP) and ROUTE({to}) tell when it is back"
            ),
        };
        Answer::refused(text, self.now, ReturnCode::OM_ENVIRONMENT, ReasonCode::NO_MASTER, &reason)
    }

    /// An activation is over: answers the operators that wait for it here, whoever coordinated it.
    pub(crate) fn desk_ended(&mut self, finished: &Finished) {
        let waiting: Vec<(RequestId, String, Moment)> = self
            .desk
            .pending
            .iter()
            .filter(|(_, pending)| {
                matches!(&pending.kind, Kind::Coordinated(command) if command.token == finished.token && command.what == What::Import)
            })
            .map(|(request, pending)| (*request, pending.text.clone(), pending.started))
            .collect();
        for (request, text, began) in waiting {
            let answer = import_answer(&text, began, self.now, finished);
            self.reply(ReplyTo::Operator(request), answer);
        }
    }
}
