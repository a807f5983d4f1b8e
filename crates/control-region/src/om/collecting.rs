//! A command that each member answers for itself: QUERY, UPDATE.

use super::CLOSE_WAIT_MS;
use crate::commands;
use crate::event::{BarrierId, Effect};
use crate::letter::{CallId, Letter};
use crate::region::ControlRegion;
use csl::envelope::{OperatorRequest, User};
use csl::om::{Answer, ReasonCode, ReturnCode};
use std::collections::BTreeMap;
use vocabulary::{MemberName, Moment};

/// What is known of such a command.
#[derive(Debug)]
pub(super) struct Collecting {
    user: User,
    asked: OperatorRequest,
    /// Whom it goes to, until it has gone.
    members: Vec<MemberName>,
    question: Option<BarrierId>,
    /// The index to be applied for the newest state: told, or known not to be had.
    newest: Option<Result<u64, NotNewest>>,
    pub(super) awaited: BTreeMap<CallId, MemberName>,
    pub(super) answers: Vec<(MemberName, Answer)>,
    missing: Vec<MemberName>,
    /// Whether anybody was asked.
    is_asked: bool,
    /// When those who are awaited were asked last.
    asked_at: Moment,
}

/// No majority answered, so what is told is what each member knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct NotNewest;

/// A command that this member carries out once it has applied enough.
#[derive(Debug)]
pub(super) struct Deferred {
    user: User,
    asked: OperatorRequest,
    at_least: u64,
    from: MemberName,
    call: CallId,
    deadline: Moment,
}

impl Collecting {
    pub(super) fn told(&mut self, barrier: BarrierId, index: Option<u64>) {
        if self.question == Some(barrier) {
            self.newest = Some(index.ok_or(NotNewest));
        }
    }
}

impl ControlRegion {
    pub(super) fn begin_collecting(
        &mut self,
        user: User,
        asked: OperatorRequest,
        members: Vec<MemberName>,
        newest: bool,
    ) -> Collecting {
        let (members, strangers): (Vec<_>, Vec<_>) = members
            .into_iter()
            .partition(|member| *member == self.me() || self.plex.roster().contains_key(member));
        let question = newest.then(|| BarrierId(self.next_name()));
        if let Some(question) = question {
            self.emit(Effect::Barrier(question));
        }
        Collecting {
            user,
            asked,
            members,
            question,
            newest: (!newest).then_some(Ok(0)),
            awaited: BTreeMap::new(),
            answers: strangers.into_iter().map(|member| (member, self.stranger_answer(member))).collect(),
            missing: Vec::new(),
            is_asked: false,
            asked_at: self.now,
        }
    }

    fn stranger_answer(&self, member: MemberName) -> Answer {
        let reason = format!("{member} is not a member of this plex; QUERY MEMBER TYPE(IMS) shows who is");
        Answer::refused("", self.now, ReturnCode::OM_ENVIRONMENT, ReasonCode::NO_MEMBER, &reason)
    }

    /// Goes on with it; gives the answer once there is nobody left to wait for.
    pub(super) fn collect(
        &mut self,
        text: &str,
        collecting: &mut Collecting,
        too_late: bool,
    ) -> Option<Answer> {
        if too_late && collecting.question.is_some() {
            self.answer_from_what_is_known(collecting);
        }
        if let Some(newest) = collecting.newest {
            self.dispatch(collecting, newest.unwrap_or(0));
        }
        self.ask_again(collecting);
        let silent = |member: &MemberName| too_late || (*member != self.me() && !self.links.is_up(*member));
        let lost: Vec<CallId> =
            collecting.awaited.iter().filter(|(_, member)| silent(member)).map(|(call, _)| *call).collect();
        for call in lost {
            collecting.missing.extend(collecting.awaited.remove(&call));
        }
        if too_late {
            collecting.missing.append(&mut collecting.members);
        }
        let waiting = !collecting.members.is_empty() || !collecting.awaited.is_empty();
        (!waiting).then(|| self.merge(text, collecting))
    }

    /// It is not known in time what the newest state is, or it is not applied here. What this member knows is better than
    /// nothing.
    fn answer_from_what_is_known(&mut self, collecting: &mut Collecting) {
        let me = self.me();
        let waits =
            collecting.members.contains(&me) || collecting.awaited.values().any(|member| *member == me);
        if waits {
            collecting.members.retain(|member| *member != me);
            collecting.awaited.retain(|_, member| *member != me);
            let is_applied = |newest: Result<u64, NotNewest>| newest.is_ok_and(|index| index <= self.applied);
            if !collecting.newest.is_some_and(is_applied) {
                collecting.newest = Some(Err(NotNewest));
            }
            collecting.answers.push((me, commands::execute(self, &collecting.asked)));
        }
        collecting.missing.append(&mut collecting.members);
    }

    /// A question or its answer may have been lost. Asked twice, a member answers twice and is heard once.
    fn ask_again(&mut self, collecting: &mut Collecting) {
        if self.now.ms_since(collecting.asked_at) < self.settings.retry_ms {
            return;
        }
        collecting.asked_at = self.now;
        let at_least = collecting.newest.and_then(Result::ok).unwrap_or(0);
        let others = collecting.awaited.iter().filter(|(_, member)| **member != self.me());
        let others: Vec<(CallId, MemberName)> = others.map(|(call, member)| (*call, *member)).collect();
        for (call, to) in others {
            let (user, asked) = (collecting.user.clone(), collecting.asked.clone());
            self.emit(Effect::Send { to, letter: Letter::Execute { call, user, asked, at_least } });
        }
    }

    fn dispatch(&mut self, collecting: &mut Collecting, at_least: u64) {
        for member in std::mem::take(&mut collecting.members) {
            collecting.is_asked |= member == self.me() || self.links.is_up(member);
            let call = CallId(self.next_name());
            let (user, asked) = (collecting.user.clone(), collecting.asked.clone());
            if member == self.me() {
                collecting.awaited.insert(call, member);
                self.defer_for(member, call, user, asked, at_least);
            } else if self.links.is_up(member) {
                collecting.awaited.insert(call, member);
                // A guest applies a log of its own.
                let at_least = if self.is_guest(member) { 0 } else { at_least };
                let letter = Letter::Execute { call, user, asked, at_least };
                self.emit(Effect::Send { to: member, letter });
            } else {
                collecting.missing.push(member);
            }
        }
    }

    fn merge(&self, text: &str, collecting: &mut Collecting) -> Answer {
        let mut missing = std::mem::take(&mut collecting.missing);
        // The roster speaks for those who went away meanwhile.
        let told = commands::tells_of_the_away(&collecting.asked);
        missing.retain(|member| !(told && self.is_away(*member)));
        let nobody_asked = collecting.answers.is_empty() && !collecting.is_asked;
        let mut answer = Answer::merge(std::mem::take(&mut collecting.answers), missing.clone());
        for error in answer.member_errors.iter_mut().filter(|error| missing.contains(&error.member)) {
            error.text = self.why_silent(error.member);
        }
        let reached = missing.iter().any(|member| self.links.is_up(*member));
        if nobody_asked && !missing.is_empty() && !reached {
            // It is not that some did it and some did not say so: nobody heard of it.
            (answer.rc, answer.rsn) = (ReturnCode::OM_ENVIRONMENT, ReasonCode::NO_MEMBER);
        } else if nobody_asked && told {
            (answer.rc, answer.rsn) = (ReturnCode::OK, ReasonCode::NONE);
        }
        commands::complete(self, &collecting.asked, &mut answer);
        if collecting.newest == Some(Err(NotNewest)) {
            self.tell_not_newest(&mut answer);
        }
        answer.command = text.to_string();
        answer
    }

    /// That somebody is missing says more than that what is told may be old; both are said.
    fn tell_not_newest(&self, answer: &mut Answer) {
        let (warning, missing) =
            ((ReturnCode::OM_WARNING, ReasonCode::WARNINGS), (ReturnCode::OM_WARNING, ReasonCode::TIMEOUT));
        if answer.rc == ReturnCode::OK {
            (answer.rc, answer.rsn) = warning;
        }
        if [warning, missing].contains(&(answer.rc, answer.rsn)) {
            let why = self.why_not_newest();
            answer.reason_text =
                format!("{why}: this is what the members that answer know, and it may be old");
        }
    }

    /// Carries a command out for a member, itself maybe, once enough is applied here.
    pub(crate) fn defer_for(
        &mut self,
        from: MemberName,
        call: CallId,
        user: User,
        asked: OperatorRequest,
        at_least: u64,
    ) {
        let deadline = self.now.plus_ms(self.settings.command_wait_ms);
        self.desk.deferred.push(Deferred { user, asked, at_least, from, call, deadline });
    }

    /// Carries out what enough is applied for; whether there was any.
    pub(super) fn run_deferred(&mut self) -> bool {
        let (ready, waiting) = std::mem::take(&mut self.desk.deferred)
            .into_iter()
            .filter(|deferred| self.now < deferred.deadline)
            .partition(|deferred| deferred.at_least <= self.applied);
        self.desk.deferred = waiting;
        let ready: Vec<Deferred> = ready;
        let any = !ready.is_empty();
        for Deferred { user, asked, from, call, .. } in ready {
            let answer = match self.refuse_unauthorized(&user, &asked) {
                Some(refusal) => refusal,
                None => commands::execute(self, &asked),
            };
            // What a command has closed is closed when it is answered.
            match self.closes_databases() {
                true => self.desk.held.push((from, call, answer, self.now.plus_ms(CLOSE_WAIT_MS))),
                false => self.give_answer(from, call, answer),
            }
        }
        any
    }

    /// Gives the answers that waited for databases to be closed.
    pub(super) fn give_held_answers(&mut self) {
        let closes = self.closes_databases();
        for (from, call, answer, deadline) in std::mem::take(&mut self.desk.held) {
            match closes && self.now < deadline {
                true => self.desk.held.push((from, call, answer, deadline)),
                false => self.give_answer(from, call, answer),
            }
        }
    }

    fn give_answer(&mut self, from: MemberName, call: CallId, answer: Answer) {
        if from == self.me() {
            self.take_answer(from, call, answer);
        } else {
            let answer = Box::new(answer);
            self.emit(Effect::Send { to: from, letter: Letter::Answer { call, answer } });
        }
    }
}
