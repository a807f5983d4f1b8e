//! The participant's side: check what is in use here, vote, refresh, report; again and again until it is taken.

use crate::ddl::{away_messages, change_messages};
use crate::holder::Holder;
use crate::letter::Letter;
use crate::region::ControlRegion;
use catalog::ImportPlan;
use plex::{
    AbortReason, Activation, ActivationOptions, CommandToken, Completion, Finished, InUse, Outcome, Phase,
};
use vocabulary::message::{
    DFS3780I, DFS4326E, DFS4755E, DFS4756E, DFS4781I, DFS4794I, DFS4795I, DFS4896I, DFS4897I, DFS4898E,
    DFS4997I, DFS4998I, DFS4999I, DFS5000I,
};
use vocabulary::{MemberName, Moment, ResourceName};

/// What this member has to say of the activation under way.
#[derive(Debug, Clone)]
pub(crate) struct Ballot {
    pub(crate) token: CommandToken,
    pub(crate) in_use: Vec<InUse>,
    pub(crate) completion: Option<Completion>,
    sent: Option<(MemberName, Moment)>,
}

impl Ballot {
    /// What is to be said of an activation that has just begun.
    pub(crate) fn new(token: CommandToken, in_use: Vec<InUse>) -> Self {
        Self { token, in_use, completion: None, sent: None }
    }
}

impl ControlRegion {
    /// Says what this member owes to the master, until the plex has moved on.
    pub(crate) fn member_turn(&mut self) {
        let Some(activation) = self.plex.activation().cloned() else { return };
        if !self.is_running() || !activation.takes_part(self.me(), self.settings.incarnation) {
            return;
        }
        let ballot = match self.ballot.take() {
            Some(ballot) if ballot.token == activation.token => ballot,
            _ => self.fill_in(&activation),
        };
        self.ballot = Some(self.deliver(ballot, &activation));
    }

    fn fill_in(&mut self, activation: &Activation) -> Ballot {
        let token = activation.token;
        if activation.phase != Phase::Preparing {
            // What was refreshed at the commit is not known any more; that it was is certain.
            return Ballot { completion: Some(Completion::default()), ..Ballot::new(token, Vec::new()) };
        }
        Ballot::new(token, self.look_and_hold(token, &activation.plan, &activation.options))
    }

    /// The work here that forbids an activation. Where there is none, what it changes is held.
    pub(super) fn look_and_hold(
        &mut self,
        token: CommandToken,
        plan: &ImportPlan,
        options: &ActivationOptions,
    ) -> Vec<InUse> {
        let concerned = options.concerns(self.me());
        let mut holders = if concerned { self.holders(plan) } else { Vec::new() };
        if concerned && options.mode.refreshes() {
            holders.extend(self.resources.refresh_blockers());
        }
        let mut in_use: Vec<InUse> = holders.iter().map(Holder::in_use).collect();
        // Those that can't speak for themselves: what they left undone is taken back with the definitions that it was done
        // with.
        if self.is_master() {
            in_use.extend(self.left_undone(plan));
        }
        if in_use.is_empty() {
            self.resources.hold(token, plan, concerned && options.mode.refreshes());
        }
        for work in &in_use {
            let (name, by) = (work.resource.as_str().to_string(), &work.by);
            self.issue(match work.resource {
                ResourceName::Dbd(_) => DFS4755E.with(&[&name, &self.settings.member, by]),
                ResourceName::Psb(_) => DFS4756E.with(&[&name, &self.settings.member, by]),
            });
        }
        in_use
    }

    /// The work here that keeps a plan from being carried out: programs, and databases that are open.
    pub(crate) fn holders(&self, plan: &ImportPlan) -> Vec<Holder> {
        let mut holders = self.resources.holders(plan);
        holders.extend(self.open_databases_of(plan.dbds()));
        holders
    }

    /// The databases that members have which are not active.
    fn left_undone(&self, plan: &ImportPlan) -> Vec<InUse> {
        let (recon, roster) = (self.plex.recon(), self.plex.roster());
        let active = |member: &MemberName| {
            roster.get(member).is_some_and(|entry| entry.state == plex::MemberState::Active)
        };
        let of = |dbd: vocabulary::DbdName| {
            let held = recon.database(&dbd).into_iter().flat_map(|database| database.held.keys());
            held.filter(|holder| !active(holder)).map(move |holder| InUse {
                resource: ResourceName::Dbd(dbd),
                by: format!("{holder} HAS IT IN RECON AND IS NOT ACTIVE, START {holder}"),
            })
        };
        plan.dbds().flat_map(of).collect()
    }

    fn deliver(&mut self, mut ballot: Ballot, activation: &Activation) -> Ballot {
        let letter = match (&activation.phase, &ballot.completion) {
            (Phase::Committing { .. }, Some(completion)) => {
                Letter::Done { token: ballot.token, completion: completion.clone() }
            }
            _ => Letter::Vote { token: ballot.token, in_use: ballot.in_use.clone() },
        };
        if self.is_master() {
            self.count(self.me(), letter);
            return ballot;
        }
        let Some(to) = self.reachable_master() else { return ballot };
        let retry_ms = self.settings.retry_ms;
        let fresh = ballot.sent.is_some_and(|(whom, at)| whom == to && self.now.ms_since(at) < retry_ms);
        if !fresh {
            ballot.sent = Some((to, self.now));
            self.emit(crate::Effect::Send { to, letter });
        }
        ballot
    }

    pub(crate) fn prepared(&mut self) {
        self.watch_prepared();
        self.count_early_votes();
        // Where the commit point came with it, the level is told there.
        let phase = self.plex.activation().map(|activation| activation.phase);
        if self.is_running() && phase == Some(Phase::Preparing) {
            let (level, since) = self.directory_level();
            self.issue(DFS3780I.with(&[&level, &since]));
        }
    }

    /// The commit point: from this entry on this member works with the new definitions.
    pub(crate) fn committed(&mut self) {
        self.watch_committed();
        let Some(activation) = self.plex.activation().cloned() else { return };
        // Regions may still run here while the plex takes this member for lost.
        if !self.is_running() {
            return self.resources.reconcile(self.plex.catalog());
        }
        if activation.options.mode.ddl_job().is_none() {
            let count = activation.plan.changes.len();
            self.issue(DFS4896I.with(&[&count, &activation.token]));
        } else if activation.master == self.me() {
            let messages = change_messages(&activation.plan.changes, self.plex.catalog());
            messages.into_iter().for_each(|message| self.issue(message));
        }
        let concerned = activation.options.concerns(self.me());
        debug_assert!(
            !concerned
                || !activation.takes_part(self.me(), self.settings.incarnation)
                || self.holders(&activation.plan).is_empty(),
            "{} took part in {} with work on it in progress",
            self.me(),
            activation.token
        );
        let completion = self.resources.refresh(&activation.plan, &activation.options, concerned);
        self.resources.release();
        let mut ballot = self
            .ballot
            .take()
            .filter(|ballot| ballot.token == activation.token)
            .unwrap_or(Ballot::new(activation.token, Vec::new()));
        ballot.completion = Some(completion);
        ballot.sent = None;
        self.ballot = Some(ballot);
        let (level, since) = self.directory_level();
        self.issue(DFS3780I.with(&[&level, &since]));
    }

    pub(crate) fn ended(&mut self, finished: &Finished) {
        self.ballot = None;
        self.tell_course(finished);
        self.resources.release();
        self.import_ended(finished);
        self.ddl_ended(finished);
        // Who takes over tells of it even while it waits for this very activation to end.
        if self.is_running() || (finished.master == self.me() && self.is_current()) {
            self.tell_end(finished);
        }
    }

    fn tell_end(&mut self, finished: &Finished) {
        if finished.options.mode.ddl_job().is_some() {
            return self.tell_end_of_unit(finished);
        }
        let token = finished.token;
        let takeover = finished.takeovers.last().copied();
        match &finished.outcome {
            Outcome::Committed { level, .. } => {
                if let Some(takeover) = takeover {
                    let definition = if finished.master == self.me() { &DFS5000I } else { &DFS4794I };
                    self.issue(definition.with(&[&takeover.from, &token]));
                }
                self.issue(DFS4897I.with(&[level, &token]));
            }
            Outcome::BackedOut(reason) => {
                if let (AbortReason::MasterLost(lost), true) = (reason, finished.master == self.me()) {
                    self.issue(DFS4999I.with(&[lost, &token]));
                }
                self.issue(DFS4898E.with(&[&token]));
            }
        }
    }

    /// The same of a unit of work that DDL defined.
    fn tell_end_of_unit(&mut self, finished: &Finished) {
        let (token, own) = (finished.token, finished.master == self.me());
        match &finished.outcome {
            Outcome::Committed { level, .. } => {
                if let Some(takeover) = finished.takeovers.last() {
                    let definition = if own { &DFS4998I } else { &DFS4795I };
                    self.issue(definition.with(&[&takeover.from, &token]));
                }
                let me = self.me();
                self.issue(DFS4781I.with(&[&me, level, &token]));
                if own {
                    let messages = away_messages(finished, &self.plex);
                    messages.into_iter().for_each(|message| self.issue(message));
                }
            }
            Outcome::BackedOut(reason) => {
                if let (AbortReason::MasterLost(lost), true) = (reason, own) {
                    self.issue(DFS4997I.with(&[lost, &token]));
                }
                self.issue(DFS4326E.with(&[&token]));
            }
        }
    }
}
