//! The master's side: collect votes, decide, collect completions, end; finish what a lost master left.

use crate::letter::Letter;
use crate::region::{ControlRegion, Founding, Owed};
use plex::{
    AbortReason, Activation, CommandToken, Completion, InUse, Incarnation, Membership, Outcome, Phase,
    PlexChange, StageChange,
};
use std::collections::{BTreeMap, BTreeSet};
use vocabulary::{MemberName, Moment};

/// How often an operator is told who is waited for.
pub(super) const PROGRESS_MS: u64 = 1_000;

/// What participants have said so far. A new master begins with nothing and is told again.
#[derive(Debug, Clone)]
pub(crate) struct Coordination {
    token: CommandToken,
    votes: BTreeMap<MemberName, Vec<InUse>>,
    done: BTreeMap<MemberName, Completion>,
    answered: bool,
    told: Moment,
}

impl Coordination {
    /// Who has said what the present phase of this activation asks for.
    pub(crate) fn heard(&self, activation: &Activation) -> BTreeSet<MemberName> {
        match activation.phase {
            _ if self.token != activation.token => BTreeSet::new(),
            Phase::Preparing => self.votes.keys().copied().collect(),
            Phase::Committing { .. } => self.done.keys().copied().collect(),
        }
    }
}

impl ControlRegion {
    /// Everything that a master owes the plex.
    pub(crate) fn master_turn(&mut self) {
        if self.plex.identity().is_none() {
            return self.form_plex();
        }
        // Nothing is decided on an old state.
        if !self.is_current() {
            return;
        }
        self.record_mastery();
        self.group_turn();
        self.depart_lost();
        self.drop_orphaned_job();
        let Some(activation) = self.plex.activation().cloned() else {
            self.coordination = None;
            return;
        };
        if activation.master != self.me() {
            let (token, to) = (activation.token, self.me());
            self.owe(Owed::TakeOver(token), |region| PlexChange::TakeOver { token, to, at: region.now });
        } else {
            self.coordinate(&activation);
        }
    }

    /// A job that nobody runs any more must not hold the staging data set.
    fn drop_orphaned_job(&mut self) {
        let job = self.plex.catalog().job().map(|job| (job.card.owner, job.card.id));
        if let Some((owner, job)) = job
            && (owner != self.me() || !(self.populate.runs(job) || self.ddl.runs(job)))
        {
            self.owe(Owed::DropJob(job), |_| PlexChange::Stage(StageChange::Drop { job }));
        }
    }

    fn form_plex(&mut self) {
        let Some(Founding { members, id }) = self.founding.clone() else { return };
        let (plex, shared) = (self.settings.plex, self.settings.membership == Membership::Sharer);
        self.owe(Owed::Form, |region| PlexChange::Form { plex, id, shared, members, at: region.now });
    }

    /// Takes a vote or a completion of another member. A member may have applied the Prepare entry before its master
    /// has, so what it says of an activation that is not known here yet is kept until it is.
    pub(crate) fn take_vote(&mut self, from: MemberName, incarnation: Incarnation, letter: Letter) {
        let takes_part = |activation: &Activation| activation.takes_part(from, incarnation);
        match (self.plex.activation(), &letter) {
            (Some(activation), _) if takes_part(activation) => self.count(from, letter),
            (None, Letter::Vote { token, .. } | Letter::Done { token, .. })
                if self.plex.finished(*token).is_none() =>
            {
                self.early_votes.insert(from, (incarnation, letter));
            }
            _ => {}
        }
    }

    /// The votes and completions that came before the entry they are on.
    pub(crate) fn count_early_votes(&mut self) {
        for (from, (incarnation, letter)) in std::mem::take(&mut self.early_votes) {
            self.take_vote(from, incarnation, letter);
        }
    }

    /// Takes note of a vote or a completion, if it is for the activation that this member coordinates.
    pub(crate) fn count(&mut self, from: MemberName, letter: Letter) {
        let Some(token) = self.plex.activation().map(|activation| activation.token) else { return };
        self.watch_heard(from, &letter);
        let coordination = self.coordination_of(token);
        match letter {
            Letter::Vote { token: of, in_use } if of == token => {
                coordination.votes.insert(from, in_use);
            }
            Letter::Done { token: of, completion } if of == token => {
                coordination.done.insert(from, completion);
            }
            _ => {}
        }
    }

    fn coordination_of(&mut self, token: CommandToken) -> &mut Coordination {
        let now = self.now;
        self.coordination.take_if(|coordination| coordination.token != token);
        self.coordination.get_or_insert_with(|| Coordination {
            token,
            votes: BTreeMap::new(),
            done: BTreeMap::new(),
            answered: false,
            told: now,
        })
    }

    fn coordinate(&mut self, activation: &Activation) {
        let mut coordination = self.coordination_of(activation.token).clone();
        match activation.phase {
            Phase::Preparing => self.decide(activation, &coordination),
            Phase::Committing { .. } => self.conclude(activation, &mut coordination),
        }
        self.tell_progress(activation, &mut coordination);
        self.coordination = Some(coordination);
    }

    fn decide(&mut self, activation: &Activation, coordination: &Coordination) {
        // Whoever takes over before the commit point backs out, whatever votes there were: the operator was told
        // nothing yet, and submits the command again.
        if let Some(lost) = lost_master(activation) {
            return self.abort(activation.token, AbortReason::MasterLost(lost));
        }
        let silent: BTreeSet<MemberName> =
            activation.awaited().filter(|member| !coordination.votes.contains_key(member)).collect();
        // All votes are waited for even when one forbids: the operator is to hear of all work in progress at once.
        if !silent.is_empty() && !self.step_is_over(activation) {
            return;
        }
        let in_use: BTreeMap<MemberName, Vec<InUse>> = coordination
            .votes
            .iter()
            .filter(|(_, in_use)| !in_use.is_empty())
            .map(|(m, w)| (*m, w.clone()))
            .collect();
        if silent.is_empty() && in_use.is_empty() {
            self.commit(activation.token, coordination.votes.keys().copied().collect());
        } else {
            self.abort(activation.token, AbortReason::NotAgreed { in_use, silent });
        }
    }

    fn commit(&mut self, token: CommandToken, votes: BTreeSet<MemberName>) {
        let retention = self.settings.retention;
        self.owe(Owed::Commit(token), |region| PlexChange::Commit {
            token,
            votes,
            retention,
            at: region.now,
        });
    }

    fn abort(&mut self, token: CommandToken, reason: AbortReason) {
        self.owe(Owed::Abort(token), |region| PlexChange::Abort { token, reason, at: region.now });
    }

    /// Whether only the record of its end is missing from the activation under way.
    pub(crate) fn is_concluded(&self) -> bool {
        let under_way = self.plex.activation().map(|activation| activation.token);
        self.coordination.as_ref().is_some_and(|own| own.answered && under_way == Some(own.token))
    }

    fn step_is_over(&self, activation: &Activation) -> bool {
        self.now.ms_since(activation.phase_since()) >= self.settings.step_timeout_ms
    }

    fn conclude(&mut self, activation: &Activation, coordination: &mut Coordination) {
        let all_done = activation.awaited().all(|member| coordination.done.contains_key(&member));
        if !all_done && !self.step_is_over(activation) {
            return;
        }
        let (token, completed) = (activation.token, coordination.done.clone());
        if let (Phase::Committing { level, .. }, false) = (activation.phase, coordination.answered) {
            let outcome = Outcome::Committed { level, completed: completed.clone() };
            // The operator need not wait for the record of an end that nothing can change any more.
            self.answer_import(&activation.clone().finish(outcome, self.now));
            coordination.answered = true;
        }
        self.owe(Owed::End(token), |region| PlexChange::End { token, completed, at: region.now });
    }

    fn tell_progress(&mut self, activation: &Activation, coordination: &mut Coordination) {
        if self.now.ms_since(coordination.told) < PROGRESS_MS {
            return;
        }
        coordination.told = self.now;
        let (step, heard) = (activation.phase.word(), coordination.heard(activation));
        let awaited: Vec<String> = activation
            .awaited()
            .filter(|member| !heard.contains(member))
            .map(|member| member.to_string())
            .collect();
        if !awaited.is_empty() {
            let since = activation.phase_since();
            let text = format!("{step}: WAITING FOR {} SINCE {since}", awaited.join(","));
            match activation.options.mode.ddl_job() {
                Some(job) => self.ddl_progress(job, text),
                None => self.import_progress(activation.token, text),
            }
        }
    }
}

/// The master that began an activation, if it has gone since: another one took over, or it is back as another run.
fn lost_master(activation: &Activation) -> Option<MemberName> {
    let master = activation.master;
    let is_back = activation.participants.get(&master).is_some_and(|participant| participant.down);
    activation.takeovers.last().map(|takeover| takeover.from).or(is_back.then_some(master))
}
