//! What is said of an activation before the log has it. A master that finds everybody ready puts that into the entry
//! with which the activation begins, and this entry is its commit point: one round of consensus instead of two.
//!
//! Who says to be ready holds what changes from then on, as a voter does. The hold ends with the entry that begins the
//! activation or refuses it, with one that withdraws it, with another activation, or with an entry of a later term:
//! the canvass counts in an entry of the master's own term only, and none of that term comes after one of a later.
//! No clock ends it. So a master that will not begin what it canvassed for owes the others a withdrawal.

use crate::activation::Ballot;
use crate::event::Effect;
use crate::letter::Letter;
use crate::region::{ControlRegion, Owed};
use plex::{ActivationOptions, Canvass, CommandToken, InUse, Incarnation, PlexChange};
use std::collections::BTreeMap;
use vocabulary::{MemberName, Moment};

/// Which activation a canvass is about: a second attempt at the same command may be on other definitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) token: CommandToken,
    pub(crate) staging_version: u64,
}

/// What a master asked the others, until the log has settled it.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    subject: Subject,
    term: u64,
    since: Moment,
    said: BTreeMap<MemberName, (Incarnation, Vec<InUse>)>,
}

/// A question as it reaches a member.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) from: MemberName,
    pub(crate) subject: Subject,
    pub(crate) options: ActivationOptions,
    /// The term of the master.
    pub(crate) term: u64,
    /// What the master had applied.
    pub(crate) applied: u64,
}

/// What this member said of an activation that the log does not have yet.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    subject: Subject,
    term: u64,
    in_use: Vec<InUse>,
}

/// What is asked and said before activations begin.
#[derive(Debug, Default)]
pub(crate) struct Canvassing {
    /// As master.
    question: Option<Question>,
    /// As participant: it waits until this member has applied as much as the master had.
    asked: Option<Asked>,
    said: Option<Said>,
    /// The last entry that began an activation or was to. A question from before it is late.
    last_prepare: u64,
}

/// How far a canvass is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answers {
    /// Somebody has not answered yet.
    Awaited,
    /// Everybody is ready.
    Ready(Canvass),
    /// The activation begins without: somebody is not ready or did not answer, or the plex is another by now.
    Vote,
}

/// What an entry settles, besides what its term does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Settles {
    /// It begins this activation, or was to.
    Prepare(Subject),
    /// It withdraws this one.
    Withdraw(CommandToken),
    /// Nothing.
    Nothing,
}

impl Settles {
    pub(crate) fn of(change: Option<&PlexChange>) -> Self {
        match change {
            Some(
                PlexChange::Prepare { token, staging_version, .. }
                | PlexChange::PrepareUnit { token, staging_version, .. },
            ) => Self::Prepare(Subject { token: *token, staging_version: *staging_version }),
            Some(PlexChange::Withdraw { token }) => Self::Withdraw(*token),
            _ => Self::Nothing,
        }
    }

    fn is_about(self, subject: Subject) -> bool {
        match self {
            Self::Prepare(of) => of == subject,
            Self::Withdraw(token) => token == subject.token,
            Self::Nothing => false,
        }
    }
}

/// The change as it counts in an entry of this term: a canvass is of the term of its master only.
pub fn in_term(mut change: PlexChange, term: u64) -> PlexChange {
    if let PlexChange::Prepare { canvass, .. } | PlexChange::PrepareUnit { canvass, .. } = &mut change {
        canvass.take_if(|canvass| canvass.term != term);
    }
    change
}

/// The master's side.
impl ControlRegion {
    /// Asks whether everybody is ready for an activation. Not where somebody can't be reached, or another question is
    /// open.
    pub(crate) fn canvass(&mut self, token: CommandToken, options: &ActivationOptions) -> bool {
        let sharers = self.active_sharers();
        let in_touch = |member: &MemberName| *member == self.me() || self.links.is_up(*member);
        // Only when it has applied what earlier masters left does it know its own term.
        let has_begun = self.leads_since().is_some_and(|since| self.applied >= since);
        let is_free = self.settings.canvass_wait_ms > 0 && self.canvassing.question.is_none();
        if !is_free || !has_begun || !sharers.keys().all(in_touch) {
            return false;
        }
        let subject = Subject { token, staging_version: self.plex.catalog().staging_version() };
        let (from, term, applied) = (self.me(), self.applied_term, self.applied);
        let asked = Asked { from, subject, options: options.clone(), term, applied };
        let Some(in_use) = self.say(&asked) else { return false };
        let is_ready = in_use.is_empty();
        let said = BTreeMap::from([(from, (self.settings.incarnation, in_use))]);
        self.canvassing.question = Some(Question { subject, term, since: self.now, said });
        self.watch_said(token, from);
        if is_ready {
            sharers.into_keys().filter(|member| *member != from).for_each(|to| self.ask(to, &asked));
        }
        true
    }

    fn active_sharers(&self) -> BTreeMap<MemberName, Incarnation> {
        let sharers = self.plex.roster().iter().filter(|(_, entry)| entry.takes_part());
        sharers.map(|(member, entry)| (*member, entry.incarnation)).collect()
    }

    fn ask(&mut self, to: MemberName, asked: &Asked) {
        let Asked { subject: Subject { token, staging_version }, term, applied, .. } = *asked;
        let letter =
            Letter::Canvass { token, options: asked.options.clone(), staging_version, term, applied };
        self.emit(Effect::Send { to, letter });
    }

    /// Takes what a member says, if it was asked.
    pub(crate) fn take_said(
        &mut self,
        from: MemberName,
        run: Incarnation,
        subject: Subject,
        in_use: Vec<InUse>,
    ) {
        let question = self.canvassing.question.as_mut().filter(|question| question.subject == subject);
        if let Some(question) = question {
            question.said.insert(from, (run, in_use));
            self.watch_said(subject.token, from);
        }
    }

    /// What came of the canvass for an activation.
    pub(crate) fn answers(&self, token: CommandToken) -> Answers {
        let question = self.canvassing.question.as_ref().filter(|question| question.subject.token == token);
        let Some(question) = question else { return Answers::Vote };
        let is_overtaken = self.plex.activation().is_some() || self.applied_term != question.term;
        if is_overtaken || question.said.values().any(|(_, in_use)| !in_use.is_empty()) {
            return Answers::Vote;
        }
        let ready: BTreeMap<MemberName, Incarnation> =
            question.said.iter().map(|(member, (run, _))| (*member, *run)).collect();
        if self.active_sharers().iter().all(|(member, run)| ready.get(member) == Some(run)) {
            let (term, retention) = (question.term, self.settings.retention);
            return Answers::Ready(Canvass { term, ready, retention });
        }
        let in_time = self.now.ms_since(question.since) < self.settings.canvass_wait_ms;
        if in_time { Answers::Awaited } else { Answers::Vote }
    }

    /// The version of staging that an open question is about.
    pub(crate) fn canvassed_version(&self, token: CommandToken) -> Option<u64> {
        let question = self.canvassing.question.as_ref().filter(|question| question.subject.token == token);
        question.map(|question| question.subject.staging_version)
    }

    /// Nobody may go on holding what will not begin: its import was given up, or its DDL job.
    pub(crate) fn withdraw_turn(&mut self) {
        let Some(token) = self.canvassing.question.as_ref().map(|question| question.subject.token) else {
            return;
        };
        let is_wanted = self.imports.iter().any(|import| import.token == token) || self.ddl.activates(token);
        if self.is_master() && !is_wanted {
            self.owe(Owed::Withdraw(token), |_| PlexChange::Withdraw { token });
        }
    }
}

/// The participant's side.
impl ControlRegion {
    /// Takes the master's question.
    pub(crate) fn asked(&mut self, asked: Asked) {
        self.canvassing.asked = Some(asked);
    }

    /// Answers the master's question, once this member has applied what the master had.
    pub(crate) fn canvass_turn(&mut self) {
        let applied = self.applied;
        let Some(asked) = self.canvassing.asked.take_if(|asked| asked.applied <= applied) else { return };
        if let Some(in_use) = self.say(&asked) {
            let Subject { token, staging_version } = asked.subject;
            let letter = Letter::Canvassed { token, staging_version, in_use };
            self.emit(Effect::Send { to: asked.from, letter });
        }
    }

    /// What is to be said, unless the question is late or this member takes no part.
    fn say(&mut self, asked: &Asked) -> Option<Vec<InUse>> {
        let takes_part = self.active_sharers().get(&self.me()) == Some(&self.settings.incarnation);
        let is_late = asked.term != self.applied_term || asked.applied < self.canvassing.last_prepare;
        let is_free = self.plex.activation().is_none() && self.canvassing.said.is_none();
        if !self.is_running() || !takes_part || is_late || !is_free {
            return None;
        }
        let Subject { token, staging_version } = asked.subject;
        let plan = self.plex.import_plan(asked.from, &asked.options, staging_version).ok()?;
        let in_use = self.look_and_hold(token, &plan, &asked.options);
        self.canvassing.said =
            Some(Said { subject: asked.subject, term: asked.term, in_use: in_use.clone() });
        Some(in_use)
    }
}

/// What the log settles.
impl ControlRegion {
    /// Follows an entry: `begins` is whether an activation began with it. What was said of this one becomes the vote
    /// on it; everything else that the entry settles is let go.
    pub(crate) fn settle_canvass(&mut self, index: u64, settles: Settles, begins: bool) {
        let term = self.applied_term;
        if let Settles::Prepare(_) = settles {
            self.canvassing.last_prepare = index;
        }
        if let Some(said) =
            self.canvassing.said.take_if(|said| said.term != term || begins || settles.is_about(said.subject))
        {
            match begins && said.term == term && settles.is_about(said.subject) {
                true => self.ballot = Some(Ballot::new(said.subject.token, said.in_use)),
                false => self.resources.release(),
            }
        }
        let question = self
            .canvassing
            .question
            .take_if(|question| question.term != term || settles.is_about(question.subject));
        if let Some(Question { subject: Subject { token, .. }, said, .. }) = question.filter(|_| begins) {
            for (from, (run, in_use)) in said {
                self.take_vote(from, run, Letter::Vote { token, in_use });
            }
        }
    }

    /// The state of the plex was replaced. What this member said may still be counted by an entry to come, unless the
    /// new state shows that it was settled.
    pub(crate) fn keep_canvass(&mut self) {
        self.applied_term = 0;
        self.canvassing.asked = None;
        self.canvassing.question = None;
        let is_open = |said: &mut Said| {
            self.plex.activation().is_none() && self.plex.finished(said.subject.token).is_none()
        };
        if self.canvassing.said.take_if(|said| !is_open(said)).is_some() || self.canvassing.said.is_none() {
            self.resources.release();
        }
    }

    /// This run of the member is over; nobody counts what it said.
    pub(crate) fn forget_canvass(&mut self) {
        self.canvassing = Canvassing { last_prepare: self.canvassing.last_prepare, ..Canvassing::default() };
        self.resources.release();
    }
}
