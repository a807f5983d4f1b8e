//! The member itself: its parts, and the turn that every event and every applied change ends with.

use crate::activation::{Ballot, Canvassing, Coordination, Settles, Validation, WaitingImport, in_term};
use crate::audit::AuditDesk;
use crate::clock::Clock;
use crate::course::{SaidBefore, Watch};
use crate::databases::DatabaseDesk;
use crate::ddl::DdlDesk;
use crate::event::{Effect, Event, ProposalId, Standing};
use crate::group::Group;
use crate::leadership::Leadership;
use crate::letter::Letter;
use crate::links::Links;
use crate::mastery::Outlook;
use crate::om::{Desk, ReplyTo};
use crate::populate::PopulateDesk;
use crate::resources::Resources;
use crate::settings::Settings;
use crate::start::StartPhase;
use crate::stops::Stops;
use crate::utility::UtilityDesk;
use crate::work::{Done, Product};
use plex::{CommandToken, Incarnation, Membership, Plex, PlexChange, PlexEvent, PlexReply, RosterEntry};
use std::collections::{BTreeMap, btree_map::Entry};
use vocabulary::{DirectoryLevel, MemberName, Message, Moment};

/// A decision that is put to the plex until it is made. Two of the same name are the same decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Owed {
    Form,
    Register(MemberName, Incarnation),
    Depart(MemberName, Incarnation),
    DropJob(catalog::job::JobId),
    TakeOver(CommandToken),
    Withdraw(CommandToken),
    Commit(CommandToken),
    Abort(CommandToken),
    End(CommandToken),
    Lead(u64),
    Audit(MemberName),
}

/// What a proposal was made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Purpose {
    Owed(Owed),
    Import(CommandToken),
    Populate(CommandToken),
    Utility(CommandToken),
    Ddl(CommandToken),
    Remove {
        reply_to: ReplyTo,
        member: MemberName,
    },
    Recon {
        reply_to: ReplyTo,
        name: String,
    },
    /// A change of RECON that this member wants for itself.
    OwnRecon {
        number: u64,
    },
    /// The same of another member.
    MembersRecon {
        member: MemberName,
        number: u64,
    },
}

/// The founding members, who have found each other.
#[derive(Debug, Clone)]
pub(crate) struct Founding {
    pub(crate) members: BTreeMap<MemberName, (u64, String)>,
    pub(crate) id: u64,
}

/// One member. See the crate's essay.
#[derive(Debug)]
pub struct ControlRegion {
    pub(crate) settings: Settings,
    pub(crate) plex: Plex,
    pub(crate) applied: u64,
    /// The term of the entry applied last; 0 where it is not known.
    pub(crate) applied_term: u64,
    clock: Clock,
    pub(crate) now: Moment,
    pub(crate) resources: Resources,
    pub(crate) start: StartPhase,
    pub(crate) leader: Option<u64>,
    pub(crate) term: u64,
    pub(crate) quorum: bool,
    pub(crate) outlook: Outlook,
    pub(crate) group: Group,
    pub(crate) leadership: Option<Leadership>,
    pub(crate) links: Links,
    pub(crate) founding: Option<Founding>,
    pub(crate) ballot: Option<Ballot>,
    pub(crate) coordination: Option<Coordination>,
    pub(crate) canvassing: Canvassing,
    pub(crate) said_before: Option<SaidBefore>,
    pub(crate) watch: Option<Watch>,
    pub(crate) early_votes: BTreeMap<MemberName, (Incarnation, Letter)>,
    pub(crate) imports: Vec<WaitingImport>,
    pub(crate) validation: Validation,
    pub(crate) desk: Desk,
    pub(crate) populate: PopulateDesk,
    pub(crate) audit: AuditDesk,
    pub(crate) utilities: UtilityDesk,
    pub(crate) ddl: DdlDesk,
    pub(crate) databases: DatabaseDesk,
    // On its way, or since when it is known that it did not arrive.
    outstanding: BTreeMap<Owed, Option<Moment>>,
    proposals: BTreeMap<ProposalId, Purpose>,
    names: u64,
    /// Why this member can't go on.
    pub(crate) failure: Option<String>,
    effects: Vec<Effect>,
}

impl ControlRegion {
    /// A member that starts with the plex, and with what is stopped, as its disk kept them.
    pub fn new(settings: Settings, plex: Plex, applied: u64, stops: Stops, now: Moment) -> Self {
        Self {
            links: Links::default(),
            // Answers to what an earlier run asked must not be taken for answers to this one.
            names: settings.incarnation.0,
            audit: AuditDesk::new(settings.incarnation.0),
            databases: DatabaseDesk::new(settings.unrecovered.clone()),
            settings,
            plex,
            applied,
            applied_term: 0,
            clock: Clock::new(now),
            now,
            resources: Resources::new(stops),
            start: StartPhase::default(),
            leader: None,
            term: 0,
            quorum: false,
            outlook: Outlook::new(now),
            group: Group::default(),
            leadership: None,
            founding: None,
            ballot: None,
            coordination: None,
            canvassing: Canvassing::default(),
            said_before: None,
            watch: None,
            early_votes: BTreeMap::new(),
            imports: Vec::new(),
            validation: Validation::default(),
            desk: Desk::default(),
            populate: PopulateDesk::default(),
            utilities: UtilityDesk::default(),
            ddl: DdlDesk::default(),
            outstanding: BTreeMap::new(),
            proposals: BTreeMap::new(),
            failure: None,
            effects: Vec::new(),
        }
    }

    /// What the members agree on, as far as this one has applied it.
    pub fn plex(&self) -> &Plex {
        &self.plex
    }

    /// The plex, so that the host can take what changed in it.
    pub fn plex_mut(&mut self) -> &mut Plex {
        &mut self.plex
    }

    /// This run of the member.
    pub fn incarnation(&self) -> Incarnation {
        self.settings.incarnation
    }

    /// Its number in the consensus group.
    pub fn node(&self) -> u64 {
        self.settings.node
    }

    /// The member that is master, if it is known.
    pub fn leading_member(&self) -> Option<MemberName> {
        self.master()
    }

    /// The local resource table.
    pub fn resources(&self) -> &Resources {
        &self.resources
    }

    /// Replaces the plex by one from a snapshot that is ahead of what was applied here.
    pub fn install(&mut self, now: Moment, index: u64, plex: Plex) -> Vec<Effect> {
        self.now = self.clock.read(now);
        self.plex = plex;
        self.applied = index;
        self.ballot = None;
        self.coordination = None;
        self.keep_canvass();
        self.watch = None;
        self.resources.reconcile(self.plex.catalog());
        self.turn();
        std::mem::take(&mut self.effects)
    }

    /// Applies an entry of the replicated log, made by the leader of `term`. An entry without a change is one of
    /// consensus itself.
    pub fn apply(
        &mut self,
        now: Moment,
        (term, index): (u64, u64),
        change: Option<PlexChange>,
    ) -> (PlexReply, Vec<Effect>) {
        self.now = self.clock.read(now);
        (self.applied_term, self.applied) = (term, index);
        let settles = Settles::of(change.as_ref());
        let (reply, events) =
            change.map_or((Ok(()), Vec::new()), |change| self.plex.apply(in_term(change, term)));
        self.settle_canvass(index, settles, events.contains(&PlexEvent::Prepared));
        for event in events {
            self.follow(event);
        }
        self.turn();
        (reply, std::mem::take(&mut self.effects))
    }

    /// Takes an event and says what is to be done.
    pub fn step(&mut self, now: Moment, event: Event) -> Vec<Effect> {
        let now = self.clock.read(now);
        self.now = now;
        match event {
            Event::Tick => {}
            Event::Standing(Standing { leader, term, quorum, voters, learners }) => {
                self.outlook.see((self.leader, leader), (self.quorum, quorum), now);
                (self.leader, self.term, self.quorum) = (leader, term, quorum);
                self.group.set(voters, learners);
                self.outstanding.retain(|_, missed| missed.is_none());
            }
            Event::Left { left } => self.group.told_to_have_left(left),
            Event::Link { member, state } => self.links.set(member, state, now),
            Event::Letter { from, incarnation, letter } => {
                self.links.heard(from, incarnation, now);
                self.read(from, incarnation, letter);
            }
            Event::Operator { request, user, asked } => self.operator(request, user, asked),
            Event::OperatorLeft { request } => self.operator_left(request),
            Event::Proposed { proposal, outcome } => self.proposed(proposal, outcome),
            Event::Barrier { barrier, index } => {
                self.start_barrier(barrier, index);
                self.leadership_barrier(barrier, index);
                self.desk_barrier(barrier, index);
            }
            Event::Worked { work, done: Done(product) } => match product {
                Product::Compiled(compiled) => self.compiled(work, compiled),
                Product::Checked(checked) => self.checked(work, checked),
                Product::Verdict(verdict) => self.validated(work, verdict),
                Product::Surveyed(surveyed) => self.surveyed(work, surveyed),
                Product::Ddl(compiled) => self.ddl_compiled(work, compiled),
            },
            Event::Schedule { request, region, psb } => self.schedule(request, region, psb),
            Event::RegionEnded { region } => self.region_ended(region),
            Event::DatabaseOpened { dbd, outcome } => self.database_opened(dbd, outcome),
            Event::DatabaseClosed { dbd, outcome } => self.database_closed(dbd, outcome),
            Event::DatabaseStopped { dbd, message, block } => self.database_stopped(dbd, message, block),
            Event::Log(places) => self.log_is_at(places),
            Event::EngineEnded { unrecovered } => self.engine_ended(unrecovered),
            Event::Founding { members, id } => self.founding = Some(Founding { members, id }),
            Event::Stop => self.stop(),
        }
        self.turn();
        std::mem::take(&mut self.effects)
    }

    /// Asks what is owed now. Everything that waits for something looks whether it is there.
    fn turn(&mut self) {
        let (now, retry_ms) = (self.now, self.settings.consensus_retry_ms);
        self.outstanding.retain(|_, missed| missed.is_none_or(|at| now.ms_since(at) < retry_ms));
        self.inquire_turn();
        self.start_turn();
        self.member_turn();
        self.canvass_turn();
        if self.is_master() {
            self.leadership_turn();
            self.master_turn();
        } else {
            self.leadership = None;
            self.coordination = None;
        }
        self.import_turn();
        self.withdraw_turn();
        self.populate_turn();
        self.utility_turn();
        self.ddl_turn();
        self.desk_turn();
        self.databases_turn();
        self.audit_turn();
        self.links_turn();
        if let Some(reason) = self.failure.take() {
            self.emit(Effect::Failed { reason });
        }
    }

    fn follow(&mut self, event: PlexEvent) {
        match event {
            PlexEvent::Registered { member, incarnation, start, missed } => {
                self.registered(member, incarnation, start, missed);
            }
            PlexEvent::JobEnded { job, admissions } => self.job_ended(job, &admissions),
            PlexEvent::JobDropped { job } => {
                self.job_dropped(job);
                self.ddl_dropped(job);
            }
            PlexEvent::Committed => self.committed(),
            PlexEvent::Ended(finished) => self.ended(&finished),
            PlexEvent::Prepared => self.prepared(),
            PlexEvent::Purged { token, deleted } => self.purged(token, deleted),
            PlexEvent::Reinstated { names, .. } => self.reinstated(&names),
            // What follows from these is asked for on every turn.
            PlexEvent::Formed
            | PlexEvent::TakenOver(_)
            | PlexEvent::UnitStaged { .. }
            | PlexEvent::Departed { .. }
            | PlexEvent::Removed { .. } => {}
        }
    }

    fn proposed(&mut self, proposal: ProposalId, outcome: Option<PlexReply>) {
        match self.proposals.remove(&proposal) {
            Some(Purpose::Owed(owed)) if outcome == Some(Ok(())) => {
                self.outstanding.remove(&owed);
            }
            Some(Purpose::Owed(owed)) => {
                self.outstanding.insert(owed, Some(self.now));
            }
            Some(Purpose::Import(token)) => self.import_proposed(token, outcome),
            Some(Purpose::Populate(token)) => self.populate_proposed(token, outcome.as_ref()),
            Some(Purpose::Utility(token)) => self.utility_proposed(token, outcome),
            Some(Purpose::Ddl(token)) => self.ddl_proposed(token, outcome.as_ref()),
            Some(Purpose::Remove { reply_to, member }) => {
                self.member_removed(reply_to, member, outcome.as_ref());
            }
            Some(Purpose::Recon { reply_to, name }) => {
                self.recon_proposed(reply_to, &name, outcome.as_ref());
            }
            Some(Purpose::OwnRecon { number }) => self.recon_answered(number, outcome),
            Some(Purpose::MembersRecon { member, number }) => {
                // Whoever is told nothing asks again.
                if let Some(outcome) = outcome {
                    self.emit(Effect::Send { to: member, letter: Letter::ReconAnswer { number, outcome } });
                }
            }
            None => {}
        }
    }

    /// Whether this member's node leads the consensus group.
    pub(crate) fn is_master(&self) -> bool {
        self.leader == Some(self.settings.node)
    }

    /// The member whose node leads, if it is known.
    pub(crate) fn master(&self) -> Option<MemberName> {
        let leader = self.leader?;
        if leader == self.settings.node {
            return Some(self.settings.member);
        }
        // The node numbers of guests are those of another consensus group.
        let leads = |entry: &&RosterEntry| entry.membership == Membership::Sharer && entry.node == leader;
        self.plex.roster().iter().find(|(_, entry)| leads(entry)).map(|(member, _)| *member)
    }

    /// The level of the directory, and since when: since the plex began, where nothing was activated yet.
    pub(crate) fn directory_level(&self) -> (DirectoryLevel, Moment) {
        let (level, since) = self.plex.catalog().level();
        let formed = self.plex.identity().map(|identity| identity.formed).unwrap_or_default();
        (level, since.max(formed))
    }

    /// Whether a member is seen in the plex without sharing its catalog.
    pub(crate) fn is_guest(&self, member: MemberName) -> bool {
        self.plex.roster().get(&member).is_some_and(|entry| entry.membership == Membership::Guest)
    }

    pub(crate) fn me(&self) -> MemberName {
        self.settings.member
    }

    pub(crate) fn emit(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    pub(crate) fn issue(&mut self, message: Message) {
        self.effects.push(Effect::Issue(message));
    }

    /// A number that this run of the member has not used before.
    pub(crate) fn next_name(&mut self) -> u64 {
        self.names = self.names.wrapping_add(1);
        self.names
    }

    /// A token that no other member, and no other run of this one, gives out.
    pub(crate) fn next_token(&mut self) -> CommandToken {
        let count = self.next_name();
        let run = self.settings.incarnation.0 ^ self.settings.node.rotate_left(32);
        CommandToken(run.wrapping_add(count.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }

    pub(crate) fn propose(&mut self, purpose: Purpose, change: PlexChange) {
        let proposal = ProposalId(self.next_name());
        self.proposals.insert(proposal, purpose);
        self.effects.push(Effect::Propose { proposal, change: Box::new(change) });
    }

    /// Puts a decision to the plex, unless it is on its way already, or was so a moment ago and did not arrive.
    pub(crate) fn owe(&mut self, owed: Owed, change: impl FnOnce(&Self) -> PlexChange) {
        if let Entry::Vacant(vacant) = self.outstanding.entry(owed) {
            vacant.insert(None);
            let change = change(self);
            self.propose(Purpose::Owed(owed), change);
        }
    }
}
