//! OM at the entry member: route a command, collect the answers, merge them, keep the deadline.

mod absence;
mod collecting;
mod coordinated;

use crate::activation::{Asked, Subject};
use crate::commands;
use crate::event::{BarrierId, Effect, RequestId};
use crate::letter::{CallId, Letter};
use crate::region::ControlRegion;
use crate::remembered::Remembered;
use collecting::{Collecting, Deferred};
use coordinated::{Coordinated, Pursuit};
use csl::envelope::{OperatorRequest, Progress, User};
use csl::om::{Answer, OperatorRole, ReasonCode, ReturnCode};
use plex::{AuditClass, AuditRecord};
use std::collections::BTreeMap;
use vocabulary::{MemberName, Moment};

/// Who is owed an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReplyTo {
    /// An operator of this member.
    Operator(RequestId),
    /// The entry member of a command.
    Member(MemberName, CallId),
}

/// The commands that are under way here.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    pending: BTreeMap<RequestId, Pending>,
    deferred: Vec<Deferred>,
    /// Answers that are given when databases are closed, or at this moment.
    held: Vec<(MemberName, CallId, Answer, Moment)>,
    /// The jobs of populate and DDL whose first part went through here.
    jobs: Remembered<u64>,
    /// What came in letters and must not count twice, though a letter may come twice: parts of such jobs, and changes of
    /// RECON.
    heard: Remembered<(MemberName, CallId)>,
}

/// How long an answer waits for databases to be closed.
const CLOSE_WAIT_MS: u64 = 30_000;

impl Desk {
    /// How many commands are not answered yet.
    pub(crate) fn waiting(&self) -> u64 {
        self.pending.len() as u64
    }

    /// How far a command is, for an operator who stops waiting.
    fn heard(&mut self, request: RequestId, progress: &str) {
        if let Some(Pending { kind: Kind::Coordinated(command), .. }) = self.pending.get_mut(&request) {
            command.heard = Some(progress.to_string());
        }
    }
}

/// A command that an operator waits for.
#[derive(Debug)]
struct Pending {
    user: User,
    text: String,
    started: Moment,
    deadline: Moment,
    noted: Noted,
    kind: Kind,
}

/// What the audit record is to have of a command.
#[derive(Debug, Clone, Copy)]
struct Noted {
    verb: &'static str,
    class: AuditClass,
    /// A part of a job with more to come: only the last is noted, or one that goes wrong.
    is_part: bool,
}

#[derive(Debug)]
enum Kind {
    /// Several members answer for themselves.
    Collecting(Collecting),
    /// One member, as a rule the master, does it for all.
    Coordinated(Coordinated),
}

impl ControlRegion {
    /// Takes what an operator asks.
    pub(crate) fn operator(&mut self, request: RequestId, user: User, asked: OperatorRequest) {
        if let Some(refusal) = self.refuse_unauthorized(&user, &asked) {
            return self.emit(Effect::Answer { request, answer: Box::new(refusal) });
        }
        let plan = match commands::plan(self, &asked) {
            Ok(plan) => plan,
            Err(answer) => return self.emit(Effect::Answer { request, answer }),
        };
        let (text, started) = (commands::text_of(&asked), self.now);
        let noted = noted(&asked);
        let deadline = self.now.plus_ms(plan.wait_ms.unwrap_or(self.settings.command_wait_ms));
        match plan.way {
            commands::Way::Everywhere { members, newest } => {
                let kind = Kind::Collecting(self.begin_collecting(user.clone(), asked, members, newest));
                self.desk.pending.insert(request, Pending { user, text, started, deadline, noted, kind });
            }
            commands::Way::ByOne { to, token } => {
                let kind = Kind::Coordinated(self.new_coordinated(&asked, to, token));
                // Where this member does it itself, the answer may come at once.
                let pending =
                    Pending { user: user.clone(), text: text.clone(), started, deadline, noted, kind };
                self.desk.pending.insert(request, pending);
                match asked {
                    OperatorRequest::Populate(part) => self.hand_over_part(request, user, part),
                    OperatorRequest::Ddl(part) => self.hand_over_ddl(request, user, part),
                    _ => self.hand_over(request, user, &text),
                }
            }
        }
    }

    /// Looks at everything that operators wait for. What this member has to do for itself is done on the same turn.
    pub(crate) fn desk_turn(&mut self) {
        self.give_held_answers();
        self.run_deferred();
        self.look_after_operators();
        if self.run_deferred() {
            self.look_after_operators();
        }
    }

    fn look_after_operators(&mut self) {
        let requests: Vec<RequestId> = self.desk.pending.keys().copied().collect();
        for request in requests {
            let Some(mut pending) = self.desk.pending.remove(&request) else { continue };
            let too_late = self.now >= pending.deadline;
            let pursuit = match &mut pending.kind {
                Kind::Collecting(collecting) => self
                    .collect(&pending.text, collecting, too_late)
                    .map_or(Pursuit::Wait, |answer| Pursuit::Answer(Box::new(answer))),
                Kind::Coordinated(coordinated) => self.pursue(&pending.text, pending.started, coordinated),
            };
            let (user, text) = (pending.user.clone(), pending.text.clone());
            match pursuit {
                Pursuit::Answer(answer) => self.finish(request, &pending, *answer),
                Pursuit::Wait | Pursuit::HandOver if too_late => {
                    let answer = self.too_late(&pending);
                    self.finish(request, &pending, answer);
                }
                Pursuit::Wait => drop(self.desk.pending.insert(request, pending)),
                Pursuit::HandOver => {
                    self.desk.pending.insert(request, pending);
                    self.hand_over(request, user, &text);
                }
            }
        }
    }

    fn finish(&mut self, request: RequestId, pending: &Pending, mut answer: Answer) {
        answer.command.clone_from(&pending.text);
        (answer.started, answer.stopped) = (pending.started, self.now);
        answer.master = answer.master.or(self.master());
        if let Kind::Coordinated(command) = &pending.kind {
            command.qualify(&pending.text, &mut answer);
        }
        if !pending.noted.is_part || answer.rc != ReturnCode::OK {
            self.note(record(pending, &answer, self.me()));
        }
        self.emit(Effect::Answer { request, answer: Box::new(answer) });
    }

    fn too_late(&self, pending: &Pending) -> Answer {
        let text = match &pending.kind {
            Kind::Coordinated(command) => command.too_late(),
            Kind::Collecting(_) => "the time to wait is over".to_string(),
        };
        Answer::refused(&pending.text, self.now, ReturnCode::OM_WARNING, ReasonCode::TIMEOUT, &text)
    }

    pub(crate) fn desk_barrier(&mut self, barrier: BarrierId, index: Option<u64>) {
        for pending in self.desk.pending.values_mut() {
            match &mut pending.kind {
                Kind::Collecting(collecting) => collecting.told(barrier, index),
                Kind::Coordinated(coordinated) => coordinated.told(barrier, index),
            }
        }
    }

    /// Whether something was not asked before.
    pub(crate) fn is_first(&mut self, asked: ReplyTo) -> bool {
        match asked {
            ReplyTo::Operator(_) => true,
            ReplyTo::Member(from, call) => self.desk.heard.is_new((from, call)),
        }
    }

    /// Answers whoever asked this member to do something.
    pub(crate) fn reply(&mut self, to: ReplyTo, answer: Answer) {
        match to {
            ReplyTo::Operator(request) => {
                if let Some(pending) = self.desk.pending.remove(&request) {
                    self.finish(request, &pending, answer);
                }
            }
            ReplyTo::Member(to, call) => {
                self.emit(Effect::Send { to, letter: Letter::Answer { call, answer: Box::new(answer) } });
            }
        }
    }

    /// Tells whoever asked how far it is.
    pub(crate) fn progress(&mut self, to: ReplyTo, text: String) {
        match to {
            ReplyTo::Operator(request) => {
                self.desk.heard(request, &text);
                self.emit(Effect::Progress { request, progress: Progress { text } })
            }
            ReplyTo::Member(to, call) => {
                self.emit(Effect::Send { to, letter: Letter::Progress { call, text } })
            }
        }
    }

    /// Reads what another member says.
    pub(crate) fn read(&mut self, from: MemberName, incarnation: plex::Incarnation, letter: Letter) {
        match letter {
            Letter::Alive => {}
            Letter::Register(registration) if self.is_master() && registration.member == from => {
                self.register(registration);
            }
            Letter::Stopping if self.is_master() => self.depart_stopped(from, incarnation),
            Letter::Canvass { token, options, staging_version, term, applied } => {
                let subject = Subject { token, staging_version };
                self.asked(Asked { from, subject, options, term, applied });
            }
            Letter::Canvassed { token, staging_version, in_use } => {
                self.take_said(from, incarnation, Subject { token, staging_version }, in_use);
            }
            Letter::Vote { .. } | Letter::Done { .. } => self.take_vote(from, incarnation, letter),
            Letter::Execute { call, user, asked, at_least } => {
                self.defer_for(from, call, user, asked, at_least);
            }
            Letter::Coordinate { call, token, user, text, applied } => {
                if self.is_master() && self.leads_since().is_none_or(|since| applied < since) {
                    self.emit(Effect::Send { to: from, letter: Letter::LookAgain { call } });
                } else {
                    self.do_for_all(ReplyTo::Member(from, call), token, &user, &text);
                }
            }
            Letter::LookAgain { call } => self.told_to_look_again(call),
            Letter::Populate { call, user, part, first } => {
                if self.desk.heard.is_new((from, call)) {
                    self.take_part_for(ReplyTo::Member(from, call), &user, part, first);
                }
            }
            Letter::Ddl { call, user, part, first } => {
                if self.desk.heard.is_new((from, call)) {
                    self.take_ddl_for(ReplyTo::Member(from, call), &user, part, first);
                }
            }
            Letter::OperatorLeft { token } => self.ddl_left(token),
            Letter::Answer { call, answer } => self.take_answer(from, call, *answer),
            Letter::Progress { call, text } => self.pass_progress(call, &text),
            Letter::Audit { run, records } if self.is_master() => self.take_records(from, run, records),
            Letter::Audit { .. } => {}
            Letter::Recon { number, change } if self.is_master() => {
                self.change_recon_for(from, incarnation, number, change);
            }
            Letter::ReconAnswer { number, outcome } => self.recon_answered(number, Some(outcome)),
            Letter::Register(_) | Letter::Stopping | Letter::Recon { .. } => {}
        }
    }

    fn take_answer(&mut self, from: MemberName, call: CallId, answer: Answer) {
        let whole = self.desk.pending.iter_mut().find_map(|(request, pending)| match &mut pending.kind {
            Kind::Collecting(collecting) => {
                if collecting.awaited.remove(&call).is_some() {
                    collecting.answers.push((from, answer.clone()));
                }
                None
            }
            Kind::Coordinated(coordinated) => (coordinated.call == call).then_some(*request),
        });
        if let Some(request) = whole {
            self.reply(ReplyTo::Operator(request), answer);
        }
    }

    fn pass_progress(&mut self, call: CallId, text: &str) {
        let request = self.desk.pending.iter().find_map(|(request, pending)| match &pending.kind {
            Kind::Coordinated(coordinated) if coordinated.call == call => Some(*request),
            _ => None,
        });
        if let Some(request) = request {
            self.progress(ReplyTo::Operator(request), text.to_string());
        }
    }
}

fn noted(asked: &OperatorRequest) -> Noted {
    let looks = commands::role_needed(asked) == Some(OperatorRole::Read) || commands::is_audit(asked);
    let class = if looks { AuditClass::Query } else { AuditClass::Change };
    let is_part = match asked {
        OperatorRequest::Populate(part) => !part.last,
        OperatorRequest::Ddl(part) => !part.last,
        OperatorRequest::Command { .. } | OperatorRequest::List(_) | OperatorRequest::Log(_) => false,
    };
    Noted { verb: commands::verb_name(asked).unwrap_or_default(), class, is_part }
}

fn record(pending: &Pending, answer: &Answer, entry: MemberName) -> AuditRecord {
    let (user, Noted { verb, class, .. }) = (pending.user.clone(), pending.noted);
    AuditRecord {
        number: 0,
        at: answer.started,
        user: user.name,
        role: user.role,
        address: user.address,
        entry,
        class,
        verb: verb.to_string(),
        command: answer.command.clone(),
        rc: answer.rc,
        rsn: answer.rsn,
        took_ms: answer.stopped.ms_since(answer.started),
    }
}
