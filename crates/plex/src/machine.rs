//! The machine: one change in, what follows out.

use crate::activation::{
    AbortReason, Activation, ActivationMode, ActivationOptions, CommandToken, Completion, Finished, Outcome,
    Participant, Phase, TakeOver,
};
use crate::audit::AuditTrail;
use crate::change::{Canvass, PlexChange, PlexEvent, PlexReply, Refusal, StageChange};
use crate::masters::MasterChange;
use crate::roster::{FormerNode, Left, MemberState, Membership, Registration, RosterEntry, StartKind};
use crate::stored::PlexKey;
use catalog::{Catalog, ImportPlan, PlanMode};
use dbrc::Recon;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use vocabulary::{DirectoryLevel, MemberName, Moment, PlexName};

/// How many finished activations the plex remembers.
const HISTORY_LENGTH: usize = 16;

/// Which plex it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlexIdentity {
    /// Its name.
    pub name: PlexName,
    /// Tells it from every other plex of that name.
    pub id: u64,
    /// Whether its catalog is one that members share (ACBSHR=Y), as the DFSIMSL member of a directory says.
    pub shared: bool,
    /// When it was formed.
    pub formed: Moment,
}

/// An activation that is to begin.
struct Intent {
    token: CommandToken,
    master: MemberName,
    options: ActivationOptions,
    staging_version: u64,
    at: Moment,
}

/// Everything the members agree on. See the crate's essay. A clone is cheap.
#[derive(Debug, Clone, Default)]
pub struct Plex {
    pub(crate) identity: Option<PlexIdentity>,
    pub(crate) roster: BTreeMap<MemberName, RosterEntry>,
    pub(crate) former: BTreeMap<u64, FormerNode>,
    pub(crate) catalog: Catalog,
    pub(crate) activation: Option<Arc<Activation>>,
    /// By their ordinal numbers, which go on rising.
    pub(crate) history: BTreeMap<u64, Arc<Finished>>,
    /// In the order of their terms.
    pub(crate) masters: VecDeque<MasterChange>,
    pub(crate) audit: AuditTrail,
    pub(crate) recon: Recon,
    pub(crate) changed: BTreeSet<PlexKey>,
}

impl Plex {
    /// Which plex it is, once it is formed.
    pub fn identity(&self) -> Option<&PlexIdentity> {
        self.identity.as_ref()
    }

    /// Its members by name.
    pub fn roster(&self) -> &BTreeMap<MemberName, RosterEntry> {
        &self.roster
    }

    /// The nodes of sharers that left, by their numbers. They have no place in the consensus group.
    pub fn former_nodes(&self) -> &BTreeMap<u64, FormerNode> {
        &self.former
    }

    /// Its catalog.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The activation under way.
    pub fn activation(&self) -> Option<&Arc<Activation>> {
        self.activation.as_ref()
    }

    /// Finished activations, the latest last.
    pub fn history(&self) -> impl DoubleEndedIterator<Item = &Finished> {
        self.history.values().map(|finished| &**finished)
    }

    /// Who became master and why, the latest last.
    pub fn masters(&self) -> impl DoubleEndedIterator<Item = &MasterChange> {
        self.masters.iter()
    }

    /// The finished activation of a command.
    pub fn finished(&self, token: CommandToken) -> Option<&Finished> {
        self.history().find(|finished| finished.token == token)
    }

    /// The audit record.
    pub fn audit(&self) -> &AuditTrail {
        &self.audit
    }

    /// RECON: databases, who has them, and what they can be recovered from.
    pub fn recon(&self) -> &Recon {
        &self.recon
    }

    /// Applies one change. A refused one leaves everything as it was, except that a populate job which overflows
    /// staging is dropped.
    pub fn apply(&mut self, change: PlexChange) -> (PlexReply, Vec<PlexEvent>) {
        let mut events = Vec::new();
        let reply = self.decide(change, &mut events);
        (reply, events)
    }

    fn decide(&mut self, change: PlexChange, events: &mut Vec<PlexEvent>) -> PlexReply {
        if self.identity.is_none() && !matches!(change, PlexChange::Form { .. }) {
            return Err(Refusal::NotNow);
        }
        match change {
            PlexChange::Form { plex, id, shared, members, at } => {
                self.form(PlexIdentity { name: plex, id, shared, formed: at }, members, events)
            }
            PlexChange::Register(registration) => self.register(registration, events),
            PlexChange::Depart { member, incarnation, state, at } => {
                let matches = self.roster.get(&member).is_some_and(|entry| entry.incarnation == incarnation);
                if !matches {
                    return Err(Refusal::NoSuchMember(member));
                }
                self.depart(member, state, at, events)
            }
            PlexChange::Remove { member } => self.remove(member, events),
            PlexChange::Stage(change) => self.stage(change, events),
            PlexChange::Prepare { token, master, options, staging_version, canvass, at } => {
                let intent = Intent { token, master, options, staging_version, at };
                self.prepare(intent, canvass.as_ref(), events)
            }
            PlexChange::Commit { token, votes, retention, at } => {
                self.commit(token, &votes, retention, at, events)
            }
            PlexChange::Abort { token, reason, at } => {
                let activation = self.take_activation(token, |phase| *phase == Phase::Preparing)?;
                let in_error = matches!(reason, AbortReason::NotAgreed { .. });
                if in_error && activation.options.delpenderr && activation.options.mode.imports() {
                    self.catalog.empty_staging();
                }
                self.finish(activation.finish(Outcome::BackedOut(reason), at), events);
                Ok(())
            }
            PlexChange::TakeOver { token, to, at } => self.take_over(token, to, at, events),
            PlexChange::End { token, completed, at } => self.end(token, completed, at, events),
            PlexChange::Lead(change) => {
                self.lead(change);
                Ok(())
            }
            PlexChange::Withdraw { .. } => Ok(()),
            PlexChange::Audit { member, run, records, bounds } => {
                self.audit.take((member, run), records, &bounds, &mut self.changed);
                Ok(())
            }
            PlexChange::Catalog(change) => self.change_catalog(change, events),
            PlexChange::PrepareUnit { token, job, master, staging_version, canvass, at } => {
                let options = ActivationOptions::unit_of(job);
                let intent = Intent { token, master, options, staging_version, at };
                self.prepare(intent, canvass.as_ref(), events)
            }
            PlexChange::Recon(change) => self.change_recon(change),
        }
    }

    fn form(
        &mut self,
        identity: PlexIdentity,
        members: BTreeMap<MemberName, (u64, String)>,
        events: &mut Vec<PlexEvent>,
    ) -> PlexReply {
        if self.identity.is_some() {
            return Err(Refusal::NotNow);
        }
        for (member, (node, address)) in members {
            self.roster.insert(member, RosterEntry::expected(node, address, identity.formed));
            self.changed.insert(PlexKey::Member(member));
        }
        self.identity = Some(identity);
        self.changed.insert(PlexKey::Identity);
        events.push(PlexEvent::Formed);
        Ok(())
    }

    fn register(&mut self, asked: Registration, events: &mut Vec<PlexEvent>) -> PlexReply {
        let known = self.roster.get(&asked.member).cloned();
        if asked.membership == Membership::Sharer && self.former.contains_key(&asked.node) {
            return Err(Refusal::FormerNode(asked.member));
        }
        if known
            .as_ref()
            .is_some_and(|entry| entry.incarnation == asked.incarnation && entry.state == MemberState::Active)
        {
            return Ok(());
        }
        if let (Membership::Sharer, Some(activation)) = (asked.membership, &self.activation) {
            return Err(Refusal::ActivationUnderWay { token: activation.token, master: activation.master });
        }
        let (level, _) = self.catalog.level();
        let start = known.as_ref().map_or(StartKind::Cold, |entry| entry.next_start(asked.cold));
        let missed = known
            .as_ref()
            .filter(|entry| {
                entry.membership == Membership::Sharer && start != StartKind::Cold && entry.level < level
            })
            .map(|entry| (entry.level, level));
        self.sign_on(asked.member, asked.at)?;
        if let Some(known) = &known {
            if known.state == MemberState::Active {
                self.drop_job_of(asked.member, events);
            }
            if known.node != asked.node || known.membership != asked.membership {
                self.leave(asked.member, known, Left::Replaced);
            }
        }
        let Registration { member, incarnation, .. } = asked;
        let entry = RosterEntry {
            node: asked.node,
            address: asked.address,
            membership: asked.membership,
            state: MemberState::Active,
            incarnation,
            level,
            since: asked.at,
            version: asked.version,
        };
        self.roster.insert(member, entry);
        self.changed.insert(PlexKey::Member(member));
        events.push(PlexEvent::Registered { member, incarnation, start, missed });
        Ok(())
    }

    fn depart(
        &mut self,
        member: MemberName,
        state: MemberState,
        at: Moment,
        events: &mut Vec<PlexEvent>,
    ) -> PlexReply {
        if self.roster.get(&member).is_none_or(|entry| entry.state != MemberState::Active) {
            return Ok(());
        }
        self.sign_off(member, state)?;
        let Some(entry) = self.roster.get_mut(&member) else { return Ok(()) };
        entry.state = state;
        entry.since = at;
        let incarnation = entry.incarnation;
        self.changed.insert(PlexKey::Member(member));
        self.mark_down(member);
        self.drop_job_of(member, events);
        events.push(PlexEvent::Departed { member, incarnation, state });
        Ok(())
    }

    fn mark_down(&mut self, member: MemberName) {
        let Some(activation) = &mut self.activation else { return };
        if let Some(participant) = Arc::make_mut(activation).participants.get_mut(&member) {
            participant.down = true;
            self.changed.insert(PlexKey::Activation);
        }
    }

    fn drop_job_of(&mut self, member: MemberName, events: &mut Vec<PlexEvent>) {
        let owned = self.catalog.job().filter(|job| job.card.owner == member).map(|job| job.card.id);
        if let Some(job) = owned {
            self.catalog.drop_job(job);
            events.push(PlexEvent::JobDropped { job });
        }
    }

    fn remove(&mut self, member: MemberName, events: &mut Vec<PlexEvent>) -> PlexReply {
        if !self.roster.contains_key(&member) {
            return Err(Refusal::NoSuchMember(member));
        }
        self.sign_off(member, MemberState::Lost)?;
        let entry = self.roster.remove(&member).ok_or(Refusal::NoSuchMember(member))?;
        self.leave(member, &entry, Left::Deleted);
        self.changed.insert(PlexKey::Member(member));
        self.audit.forget(member, &mut self.changed);
        self.mark_down(member);
        self.drop_job_of(member, events);
        events.push(PlexEvent::Removed { member });
        Ok(())
    }

    /// The node numbers of guests are those of other consensus groups.
    fn leave(&mut self, member: MemberName, entry: &RosterEntry, left: Left) {
        if entry.membership == Membership::Sharer {
            self.former.insert(entry.node, FormerNode { member, left });
            self.changed.insert(PlexKey::FormerNodes);
        }
    }

    /// An activation works with directory and staging as they were when it began.
    pub(crate) fn refuse_during_activation(&self) -> PlexReply {
        self.activation.as_ref().map_or(Ok(()), |activation| {
            Err(Refusal::ActivationUnderWay { token: activation.token, master: activation.master })
        })
    }

    fn stage(&mut self, change: StageChange, events: &mut Vec<PlexEvent>) -> PlexReply {
        self.refuse_during_activation()?;
        match change {
            StageChange::Begin(card) => self.catalog.begin_job(card)?,
            StageChange::Add { job, first, instances } => self.catalog.add_to_job(job, first, instances)?,
            StageChange::End { job, at } => {
                let admissions = self.catalog.end_job(job, at)?;
                self.settle_levels();
                events.push(PlexEvent::JobEnded { job, admissions });
            }
            StageChange::Drop { job } => {
                self.catalog.drop_job(job);
                events.push(PlexEvent::JobDropped { job });
            }
            StageChange::Empty { staging_version } if staging_version == self.catalog.staging_version() => {
                self.catalog.empty_staging();
            }
            StageChange::Empty { .. } => return Err(Refusal::StagingChanged),
            StageChange::Commit { job, at: _ } => {
                self.catalog.commit_job(job)?;
                events.push(PlexEvent::UnitStaged { job });
            }
        }
        Ok(())
    }

    /// SETUP fills an empty directory, which no member can have loaded anything from: all are at its level at once.
    fn settle_levels(&mut self) {
        let (level, _) = self.catalog.level();
        for (member, entry) in
            self.roster.iter_mut().filter(|(_, entry)| entry.takes_part() && entry.level < level)
        {
            entry.level = level;
            self.changed.insert(PlexKey::Member(*member));
        }
    }

    fn prepare(
        &mut self,
        intent: Intent,
        canvass: Option<&Canvass>,
        events: &mut Vec<PlexEvent>,
    ) -> PlexReply {
        let (token, at) = (intent.token, intent.at);
        if !self.is_prepared(token)? {
            let plan = self.import_plan(intent.master, &intent.options, intent.staging_version)?;
            self.begin_activation(intent, plan, events);
        }
        canvass.map_or(Ok(()), |canvass| self.commit_canvassed(token, canvass, at, events))
    }

    /// Whether this very activation has begun, or is over; refused where another one is under way.
    fn is_prepared(&self, token: CommandToken) -> Result<bool, Refusal> {
        match &self.activation {
            Some(activation) if activation.token == token => Ok(true),
            Some(activation) => {
                Err(Refusal::ActivationUnderWay { token: activation.token, master: activation.master })
            }
            None => Ok(self.finished(token).is_some()),
        }
    }

    fn begin_activation(&mut self, intent: Intent, plan: ImportPlan, events: &mut Vec<PlexEvent>) {
        let Intent { token, master, options, at, .. } = intent;
        let (here, away): (Vec<_>, Vec<_>) = self
            .roster
            .iter()
            .filter(|(_, entry)| entry.membership == Membership::Sharer)
            .partition(|(_, entry)| entry.takes_part());
        let participant = |entry: &RosterEntry| Participant { incarnation: entry.incarnation, down: false };
        let activation = Activation {
            token,
            master,
            options,
            plan,
            participants: here.into_iter().map(|(member, entry)| (*member, participant(entry))).collect(),
            absent: away.into_iter().map(|(member, _)| *member).collect(),
            began: at,
            phase: Phase::Preparing,
            takeovers: Vec::new(),
        };
        self.activation = Some(Arc::new(activation));
        self.changed.insert(PlexKey::Activation);
        events.push(PlexEvent::Prepared);
    }

    /// What an activation with these options would change if it began now. An activation under way is not looked at.
    pub fn import_plan(
        &self,
        master: MemberName,
        options: &ActivationOptions,
        staging_version: u64,
    ) -> Result<ImportPlan, Refusal> {
        self.check_prepare(master, options, staging_version)?;
        self.plan_for(options)
    }

    fn check_prepare(
        &self,
        master: MemberName,
        options: &ActivationOptions,
        staging_version: u64,
    ) -> PlexReply {
        let takes_part = |member: &MemberName| self.roster.get(member).is_some_and(RosterEntry::takes_part);
        if !takes_part(&master) {
            return Err(Refusal::NotASharer(master));
        }
        let strangers: BTreeSet<MemberName> =
            options.targets.iter().copied().filter(|target| !takes_part(target)).collect();
        if !strangers.is_empty() {
            return Err(Refusal::TargetsNotActive(strangers));
        }
        // A DDL job activates its units while it goes on holding the staging data set.
        let held = self.catalog.job().filter(|job| options.mode.ddl_job() != Some(job.card.id));
        if let Some(job) = held {
            return Err(catalog::CatalogError::StagingHeld(job.card.clone()).into());
        }
        if self.catalog.staging_version() != staging_version {
            return Err(Refusal::StagingChanged);
        }
        Ok(())
    }

    fn plan_for(&self, options: &ActivationOptions) -> Result<ImportPlan, Refusal> {
        let mode = match options.mode {
            ActivationMode::Unit(job) => {
                let plan = self.catalog.plan_job(job)?;
                return if plan.is_empty() { Err(Refusal::NothingStaged) } else { Ok(plan) };
            }
            ActivationMode::Plain => PlanMode::Everything,
            _ => PlanMode::PsbsOnly,
        };
        match self.catalog.plan(mode) {
            Err(problems) => Err(Refusal::Problems(problems)),
            Ok(plan) if plan.is_empty() && !options.mode.refreshes() => Err(Refusal::NothingStaged),
            Ok(_) if !options.mode.imports() => Ok(ImportPlan::default()),
            Ok(plan) => Ok(plan),
        }
    }

    /// Commits what has just begun, if its participants are those that are ready for it, in the same run. Otherwise
    /// they vote on it.
    fn commit_canvassed(
        &mut self,
        token: CommandToken,
        canvass: &Canvass,
        at: Moment,
        events: &mut Vec<PlexEvent>,
    ) -> PlexReply {
        // A second entry of the same token begins nothing, and what was said for it is not about what the first began.
        let begun = self.activation.as_ref().filter(|_| events.last() == Some(&PlexEvent::Prepared));
        let is_ready = |(member, participant): (&MemberName, &Participant)| {
            canvass.ready.get(member) == Some(&participant.incarnation)
        };
        if !begun.is_some_and(|activation| activation.participants.iter().all(is_ready)) {
            return Ok(());
        }
        self.commit(token, &canvass.ready.keys().copied().collect(), canvass.retention, at, events)
    }

    fn commit(
        &mut self,
        token: CommandToken,
        votes: &BTreeSet<MemberName>,
        retention: catalog::Retention,
        at: Moment,
        events: &mut Vec<PlexEvent>,
    ) -> PlexReply {
        let Some(current) = self.activation.as_mut().filter(|activation| activation.token == token) else {
            return Err(Refusal::NoSuchActivation(token));
        };
        // A second Commit is the first one, proposed again by a master that did not hear of it.
        if current.phase != Phase::Preparing {
            return Ok(());
        }
        let missing: BTreeSet<MemberName> =
            current.awaited().filter(|member| !votes.contains(member)).collect();
        if !missing.is_empty() {
            return Err(Refusal::VotesMissing(missing));
        }
        let level = match current.options.mode.ddl_job() {
            // A job that was dropped with its master has left nothing to commit: whoever takes over backs out.
            Some(job) => self.catalog.activate_job(job, &current.plan, retention, at)?.level,
            None if current.plan.is_empty() => self.catalog.level().0,
            None => self.catalog.activate(&current.plan, retention, at).level,
        };
        Arc::make_mut(current).phase = Phase::Committing { level, since: at };
        self.changed.insert(PlexKey::Activation);
        events.push(PlexEvent::Committed);
        Ok(())
    }

    fn take_over(
        &mut self,
        token: CommandToken,
        to: MemberName,
        at: Moment,
        events: &mut Vec<PlexEvent>,
    ) -> PlexReply {
        let Some(current) = self.activation.as_mut().filter(|activation| activation.token == token) else {
            return Err(Refusal::NoSuchActivation(token));
        };
        if current.master == to {
            return Ok(());
        }
        let activation = Arc::make_mut(current);
        let after_commit = activation.phase != Phase::Preparing;
        let takeover = TakeOver { from: activation.master, to, at, after_commit };
        activation.takeovers.push(takeover);
        activation.master = to;
        self.changed.insert(PlexKey::Activation);
        events.push(PlexEvent::TakenOver(takeover));
        Ok(())
    }

    fn end(
        &mut self,
        token: CommandToken,
        mut completed: BTreeMap<MemberName, Completion>,
        at: Moment,
        events: &mut Vec<PlexEvent>,
    ) -> PlexReply {
        if self.finished(token).is_some() {
            return Ok(());
        }
        let activation = self.take_activation(token, |phase| *phase != Phase::Preparing)?;
        let Phase::Committing { level, .. } = activation.phase else {
            return Err(Refusal::NoSuchActivation(token));
        };
        // Who completed and went down afterwards has not missed this level.
        completed.retain(|member, _| activation.participants.contains_key(member));
        for member in completed.keys() {
            self.confirm_level(*member, level);
        }
        self.finish(activation.finish(Outcome::Committed { level, completed }, at), events);
        Ok(())
    }

    fn confirm_level(&mut self, member: MemberName, level: DirectoryLevel) {
        if let Some(entry) = self.roster.get_mut(&member) {
            entry.level = entry.level.max(level);
            self.changed.insert(PlexKey::Member(member));
        }
    }

    fn take_activation(
        &mut self,
        token: CommandToken,
        in_phase: impl Fn(&Phase) -> bool,
    ) -> Result<Activation, Refusal> {
        let taken =
            self.activation.take_if(|activation| activation.token == token && in_phase(&activation.phase));
        taken.map(Arc::unwrap_or_clone).ok_or(Refusal::NoSuchActivation(token))
    }

    fn finish(&mut self, finished: Finished, events: &mut Vec<PlexEvent>) {
        let ordinal = self.history.last_key_value().map_or(1, |(last, _)| last + 1);
        self.history.insert(ordinal, Arc::new(finished.clone()));
        self.changed.extend([PlexKey::Activation, PlexKey::Finished(ordinal)]);
        if self.history.len() > HISTORY_LENGTH
            && let Some((oldest, _)) = self.history.pop_first()
        {
            self.changed.insert(PlexKey::Finished(oldest));
        }
        events.push(PlexEvent::Ended(finished));
    }
}
