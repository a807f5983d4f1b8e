//! How a member starts, is taken for lost and comes back, and stops.

use crate::event::{BarrierId, Effect};
use crate::letter::Letter;
use crate::region::{ControlRegion, Owed};
use plex::{CommandToken, Incarnation, Left, MemberState, Membership, PlexChange, Registration, StartKind};
use vocabulary::message::{DFS810I, DFS994I, DFS3780I, DFS4146W, DFS4373I, DFS4457E};
use vocabulary::{DirectoryLevel, MemberName, Moment};

/// How long a member that stops waits for the plex to take note.
pub(crate) const STOP_WAIT_MS: u64 = 5_000;

/// How long a member that was taken out of the plex stays, so that its node can be taken out of the group.
const LEAVE_MS: u64 = 3_000;

/// Where a member is between its start and its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StartPhase {
    /// It asks for the newest state and applies what it missed.
    CatchingUp { question: Option<BarrierId>, asked: Moment, target: Option<u64> },
    /// An activation is under way.
    Waiting { token: CommandToken, since: Moment },
    /// It asks the plex to be taken among the active.
    Registering { asked: Moment },
    /// It works.
    Running,
    /// It told the plex that it stops.
    Stopping { since: Moment, told: Moment },
    /// It left the plex. Its node still has a vote on its own removal.
    Leaving { since: Moment },
    /// It is done.
    Stopped,
}

impl Default for StartPhase {
    fn default() -> Self {
        Self::CatchingUp { question: None, asked: Moment::default(), target: None }
    }
}

impl ControlRegion {
    /// Whether this member takes work.
    pub(crate) fn is_running(&self) -> bool {
        self.start == StartPhase::Running
    }

    /// Goes as far towards work, or towards its end, as it can.
    pub(crate) fn start_turn(&mut self) {
        let before = self.start;
        self.start_step();
        if self.start != before {
            self.start_turn();
        }
    }

    fn start_step(&mut self) {
        if let (Some(left), false) = (self.has_left(), self.is_ending()) {
            return self.leave(left);
        }
        match self.start {
            StartPhase::CatchingUp { question, asked, target } => self.catch_up(question, asked, target),
            StartPhase::Waiting { token, .. } => {
                if self.plex.activation().is_none_or(|activation| activation.token != token) {
                    self.begin_registration();
                }
            }
            StartPhase::Registering { asked } => {
                if self.plex.activation().is_some() {
                    self.begin_registration();
                } else if self.has_its_place() {
                    // The entry that says how it started came within a snapshot.
                    self.come_back();
                } else if self.now.ms_since(asked) >= self.settings.retry_ms && self.ask_to_register() {
                    self.start = StartPhase::Registering { asked: self.now };
                }
            }
            StartPhase::Running if !self.has_its_place() => self.come_back(),
            StartPhase::Stopping { .. } if !self.has_its_place() => self.stopped(),
            StartPhase::Stopping { since, told } => self.stopping(since, told),
            StartPhase::Leaving { since } if self.now.ms_since(since) >= LEAVE_MS => self.stopped(),
            StartPhase::Leaving { .. } => {}
            StartPhase::Running | StartPhase::Stopped => {}
        }
    }

    /// Whether the roster has this run of the member among the active.
    fn has_its_place(&self) -> bool {
        let entry = self.plex.roster().get(&self.me());
        entry.is_some_and(|entry| {
            entry.state == MemberState::Active && entry.incarnation == self.settings.incarnation
        })
    }

    /// A member that the plex has taken for lost comes back as a new run of itself. It may have much to catch up on.
    fn come_back(&mut self) {
        self.settings.incarnation = Incarnation(self.settings.incarnation.0.wrapping_add(1));
        self.settings.cold = false;
        self.ballot = None;
        self.forget_canvass();
        self.start = StartPhase::default();
    }

    fn stopped(&mut self) {
        self.start = StartPhase::Stopped;
        self.emit(Effect::Stopped);
    }

    /// Whether it has the newest state, as far as it could ask for it when it started.
    pub(crate) fn is_current(&self) -> bool {
        !matches!(self.start, StartPhase::CatchingUp { .. })
    }

    fn catch_up(&mut self, question: Option<BarrierId>, asked: Moment, target: Option<u64>) {
        let current = target.is_some_and(|target| self.applied >= target) && self.plex.identity().is_some();
        if current {
            self.begin_registration();
        } else if target.is_none()
            && (question.is_none() || self.now.ms_since(asked) >= self.settings.consensus_retry_ms)
        {
            let question = BarrierId(self.next_name());
            self.start = StartPhase::CatchingUp { question: Some(question), asked: self.now, target: None };
            self.emit(Effect::Barrier(question));
        }
    }

    pub(crate) fn start_barrier(&mut self, barrier: BarrierId, index: Option<u64>) {
        if let StartPhase::CatchingUp { question: Some(question), asked, .. } = self.start
            && question == barrier
        {
            self.start = StartPhase::CatchingUp { question: Some(question), asked, target: index };
        }
    }

    /// A member does not start into an activation: it would begin between two levels.
    fn begin_registration(&mut self) {
        let under_way = self.plex.activation().map(|activation| (activation.token, activation.master));
        self.start = match under_way {
            Some((token, master)) => {
                self.issue(DFS4373I.with(&[&self.settings.member, &master, &token]));
                StartPhase::Waiting { token, since: self.now }
            }
            None => StartPhase::Registering { asked: Moment::default() },
        };
    }

    fn registration(&self, membership: Membership) -> Registration {
        Registration {
            member: self.settings.member,
            node: self.settings.node,
            address: self.settings.address.clone(),
            incarnation: self.settings.incarnation,
            membership,
            cold: self.settings.cold,
            version: self.settings.version.clone(),
            at: self.now,
        }
    }

    /// Whether the master could be asked.
    fn ask_to_register(&mut self) -> bool {
        let registration = self.registration(Membership::Sharer);
        if self.is_master() {
            self.register(registration);
            return true;
        }
        let Some(to) = self.reachable_master() else { return false };
        self.emit(Effect::Send { to, letter: Letter::Register(registration) });
        true
    }

    /// The master, if the link to it is up. A letter to anybody else would be lost for certain.
    pub(crate) fn reachable_master(&self) -> Option<MemberName> {
        self.master().filter(|master| self.links.is_up(*master))
    }

    /// A guest shows itself to the plex whose catalog it does not share.
    pub(crate) fn announce_guest(&mut self) {
        if self.settings.membership == Membership::Sharer || !self.is_running() {
            return;
        }
        let registration = self.registration(Membership::Guest);
        let to: Vec<MemberName> =
            self.settings.neighbours.keys().copied().filter(|member| self.links.is_up(*member)).collect();
        for to in to {
            self.emit(Effect::Send { to, letter: Letter::Register(registration.clone()) });
        }
    }

    /// The master takes a member among the active, unless it is there already.
    pub(crate) fn register(&mut self, registration: Registration) {
        let (member, incarnation) = (registration.member, registration.incarnation);
        let known = self.plex.roster().get(&member);
        let there =
            known.is_some_and(|entry| entry.incarnation == incarnation && entry.state == MemberState::Active);
        let gone = registration.membership == Membership::Sharer
            && self.plex.former_nodes().contains_key(&registration.node);
        let must_wait = registration.membership == Membership::Sharer && self.plex.activation().is_some();
        if !there && !must_wait && !gone {
            self.owe(Owed::Register(member, incarnation), |region| {
                PlexChange::Register(Registration { at: region.now, ..registration })
            });
        }
    }

    pub(crate) fn registered(
        &mut self,
        member: MemberName,
        incarnation: Incarnation,
        start: StartKind,
        missed: Option<(DirectoryLevel, DirectoryLevel)>,
    ) {
        let waits = matches!(self.start, StartPhase::Waiting { .. } | StartPhase::Registering { .. });
        if member != self.me() || incarnation != self.settings.incarnation || !waits {
            return;
        }
        if let Some((old, new)) = missed {
            self.issue(DFS4146W.with(&[&member, &old, &new]));
        }
        self.start = StartPhase::Running;
        self.doubt_databases();
        let (level, since) = self.directory_level();
        self.issue(DFS3780I.with(&[&level, &since]));
        self.issue(DFS994I.with(&[&start, &member]));
        self.issue(DFS810I.with(&[&member, &start, &level]));
    }

    fn is_ending(&self) -> bool {
        matches!(self.start, StartPhase::Stopping { .. } | StartPhase::Leaving { .. } | StartPhase::Stopped)
    }

    /// A member whose node left the plex has nothing left to do.
    fn leave(&mut self, left: Left) {
        let why = match left {
            Left::Deleted => "IT WAS DELETED. GIVE IT AN EMPTY DATA FOLDER TO JOIN AGAIN",
            Left::Replaced => "ANOTHER FOLDER TOOK ITS PLACE. START IT WITH THAT ONE",
        };
        self.issue(DFS4457E.with(&[&self.settings.member, &self.settings.plex, &why]));
        self.start = StartPhase::Leaving { since: self.now };
    }

    pub(crate) fn stop(&mut self) {
        if self.is_running() {
            self.start = StartPhase::Stopping { since: self.now, told: Moment::default() };
        } else if !matches!(self.start, StartPhase::Stopping { .. } | StartPhase::Stopped) {
            self.stopped();
        }
    }

    /// Whether it is on its way to an orderly end.
    pub(crate) fn is_stopping(&self) -> bool {
        matches!(self.start, StartPhase::Stopping { .. })
    }

    /// What took its time is over; the plex has all of the time to take note.
    pub(crate) fn stop_waits_anew(&mut self) {
        if let StartPhase::Stopping { told, .. } = self.start {
            self.start = StartPhase::Stopping { since: self.now, told };
        }
    }

    fn stopping(&mut self, since: Moment, told: Moment) {
        // Once the plex has taken note the member ends, and what it did not hand over is only in its log.
        if self.waits_for_audit(since) || self.waits_for_engine(since) {
            return;
        }
        if self.now.ms_since(since) >= STOP_WAIT_MS {
            self.stopped();
        } else if self.now.ms_since(told) >= self.settings.retry_ms {
            self.start = StartPhase::Stopping { since, told: self.now };
            if self.is_master() {
                self.depart_stopped(self.me(), self.settings.incarnation);
            } else if let Some(to) = self.master() {
                self.emit(Effect::Send { to, letter: Letter::Stopping });
            }
        }
    }

    pub(crate) fn depart_stopped(&mut self, member: MemberName, incarnation: Incarnation) {
        self.owe(Owed::Depart(member, incarnation), |region| PlexChange::Depart {
            member,
            incarnation,
            state: MemberState::Stopped,
            at: region.now,
        });
    }
}
