//! A member's machine: its disk, and the control region that runs on it or does not.

use super::clock::Clock;
use super::disk::{Disk, Found};
use super::engine::Engine;
use catalog::Retention;
use control_region::{ControlRegion, Event, LinkState, Settings, Standing, Stops, StopsError, Work, WorkId};
use dasd::{Fault, Faulty};
use plex::{AuditBounds, Incarnation, Membership};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use vocabulary::{MemberName, Moment, PlexName};

/// The limits of a story, which it may change before its members start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) step_timeout_ms: u64,
    pub(crate) canvass_wait_ms: u64,
    pub(crate) staging_wait_ms: u64,
    pub(crate) command_wait_ms: u64,
    pub(crate) member_lost_ms: u64,
    pub(crate) populate_idle_ms: u64,
    pub(crate) staging_bytes_max: u64,
    pub(crate) auto_import: bool,
    pub(crate) auto_create: bool,
    /// Databases are opened when programs are scheduled, and stay open.
    pub(crate) has_engine: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            step_timeout_ms: 300_000,
            canvass_wait_ms: 0,
            staging_wait_ms: 150_000,
            command_wait_ms: 400_000,
            member_lost_ms: 3_000,
            populate_idle_ms: 600_000,
            staging_bytes_max: 1 << 20,
            auto_import: false,
            auto_create: false,
            has_engine: false,
        }
    }
}

/// A member's machine.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) settings: Settings,
    /// The consensus group it belongs to.
    pub(crate) group: usize,
    /// The region, while it runs.
    pub(crate) region: Option<ControlRegion>,
    /// What it has applied of the log of its group.
    pub(crate) applied: u64,
    /// How far its own copy of the log goes: what it has once applied it can apply again, whoever is in touch.
    pub(crate) known: u64,
    /// Whom it wants links to, and what it was told of each.
    pub(crate) links: BTreeMap<MemberName, Option<LinkState>>,
    /// What it was told last of its group.
    pub(crate) standing: Option<Standing>,
    /// It applies nothing for the moment.
    pub(crate) lags: bool,
    /// It does not hear at the moment how links and leadership stand.
    pub(crate) uninformed: bool,
    /// Proposals that are held back.
    pub(crate) proposals: VecDeque<(control_region::ProposalId, plex::PlexChange)>,
    /// Work that is held back.
    pub(crate) works: VecDeque<(WorkId, Work)>,
    pub(crate) disk: Disk,
    pub(crate) engine: Engine,
    pub(crate) clock: Clock,
    /// It does nothing before this moment, neither its own nor what it is told.
    pub(crate) stalled_until: Moment,
    /// What it was told while it stood still, and has not taken in yet.
    pub(crate) unheard: VecDeque<Event>,
    /// It does not apply its next entry before this moment.
    pub(crate) applies_at: Moment,
    /// What is to go wrong with what is stopped here, in the next run.
    pub(crate) stops_fault: Option<Fault>,
    runs: u64,
}

impl Node {
    pub(crate) fn new(
        member: MemberName,
        node: u64,
        group: usize,
        membership: Membership,
        limits: Limits,
    ) -> Self {
        let settings = Settings {
            member,
            plex: PlexName::new("PLEX1").unwrap(),
            node,
            incarnation: Incarnation(0),
            address: address(member),
            membership,
            cold: false,
            version: "0.1.0".to_string(),
            neighbours: BTreeMap::new(),
            step_timeout_ms: limits.step_timeout_ms,
            canvass_wait_ms: limits.canvass_wait_ms,
            staging_wait_ms: limits.staging_wait_ms,
            command_wait_ms: limits.command_wait_ms,
            member_lost_ms: limits.member_lost_ms,
            retry_ms: 500,
            consensus_retry_ms: 20,
            populate_idle_ms: limits.populate_idle_ms,
            auto_import: limits.auto_import,
            auto_create: limits.auto_create,
            staging_bytes_max: limits.staging_bytes_max,
            retention: Retention::default(),
            audit: AuditBounds::default(),
            has_engine: limits.has_engine,
            unrecovered: BTreeSet::new(),
        };
        Self {
            settings,
            group,
            region: None,
            applied: 0,
            known: 0,
            links: BTreeMap::new(),
            standing: None,
            lags: false,
            uninformed: false,
            proposals: VecDeque::new(),
            works: VecDeque::new(),
            disk: Disk::default(),
            engine: Engine::default(),
            clock: Clock::default(),
            stalled_until: Moment::default(),
            unheard: VecDeque::new(),
            applies_at: Moment::default(),
            stops_fault: None,
            runs: 0,
        }
    }

    pub(crate) fn member(&self) -> MemberName {
        self.settings.member
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.region.is_some()
    }

    /// A new run, from what the disk has. Tells whether the shelf was damaged. Fails where the disk does.
    pub(crate) fn start(&mut self, now: Moment, cold: bool) -> Result<bool, StopsError> {
        self.runs += 1;
        self.settings.incarnation = Incarnation(self.settings.node * 1_000_000 + self.runs * 1_000);
        self.settings.cold = cold;
        self.settings.unrecovered = self.engine.unrecovered();
        let Found { plex, index, rebuilt } = self.disk.open();
        self.applied = index;
        let mut stops = Faulty::new(self.disk.stops.clone());
        if let Some(fault) = self.stops_fault.take() {
            // The first change: read, changed, synced.
            stops.fail_after(if fault == Fault::Full { 1 } else { 2 }, fault);
        }
        let stops = Stops::open(Box::new(stops), cold)?;
        let now = self.clock.read(now);
        self.region = Some(ControlRegion::new(self.settings.clone(), plex, self.applied, stops, now));
        self.standing = None;
        self.links.clear();
        Ok(rebuilt)
    }

    /// The process is gone. What it had applied is on its disk.
    pub(crate) fn kill(&mut self) {
        if self.is_alive() {
            self.disk.write();
            self.crash(usize::MAX);
        }
    }

    /// The process and the power are gone: of what was not synced the first `kept` batches are on the disk.
    pub(crate) fn crash(&mut self, kept: usize) {
        if self.region.take().is_some() {
            self.disk.crash(kept);
        }
        self.engine.is_gone();
        self.proposals.clear();
        self.works.clear();
    }
}

/// Where a member listens.
pub(crate) fn address(member: MemberName) -> String {
    format!("{}.example:4000", member.as_str().to_lowercase())
}
