//! RECON is told where the log of this member is, and which data sets that log may have changes of.
//!
//! A member has one log, which goes on in the next run where the last one ended: one PRILOG record stands for it. What RECON
//! shows is compared with what is, turn by turn, and the difference is asked for, so that nothing is lost with a master or
//! a kill. No call waits for that; only a database that is opened to be updated waits until its allocation is known.

use super::requests::Subject;
use super::{Phase, Use};
use crate::region::ControlRegion;
use dbrc::change::Notify;
use dbrc::record::{Log, OldsStatus};
use dbrc::{Access, ReconChange};
use std::collections::{BTreeMap, BTreeSet};
use vocabulary::{DataSetName, DbdName, DdName, Moment};

/// How often what RECON shows is compared with what is.
const LOOK_MS: u64 = 200;

/// Where the log of a member is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPlaces {
    /// The online log data sets.
    pub oldses: BTreeMap<DdName, OldsStatus>,
    /// The number of the last block that is archived, and the first moment that is not.
    pub archived: Option<(u64, Moment)>,
    /// The first moment that is kept.
    pub first: Moment,
}

impl ControlRegion {
    /// The host looked where the log is.
    pub(crate) fn log_is_at(&mut self, places: LogPlaces) {
        self.databases.log = Some(places);
        self.databases.log_due = Moment::default();
    }

    /// From when on the log of this member is needed to recover what RECON has of its databases.
    pub fn log_needed_from(&self) -> Option<Moment> {
        self.plex.recon().log_needed_from(self.me())
    }

    pub(super) fn log_turn(&mut self) {
        if self.databases.log_due > self.now {
            return;
        }
        self.databases.log_due = self.now.plus_ms(LOOK_MS);
        let Some(places) = self.databases.log.clone() else { return };
        let Some((start, log)) = self.own_log() else {
            let change = Notify::LogOpened { subsystem: self.me(), start: self.log_start(places.first) };
            return self.tell_recon(Subject::Log, change);
        };
        let owed = self.owed_of_archive(&places, start, log).or_else(|| self.owed_deallocations(start));
        if let Some(notify) = owed {
            self.tell_recon(Subject::Log, notify);
        }
        self.allocate_what_is_open();
        for (ddn, status) in places.oldses {
            let subsystem = self.me();
            let told = self.plex.recon().olds().get(&(subsystem, ddn)).map(|olds| olds.status);
            if told != Some(status)
                && let Some(dsn) = data_set_name(&format!("{subsystem}.{ddn}"))
            {
                self.tell_recon(Subject::Olds(ddn), Notify::Olds { subsystem, ddn, dsn, status });
            }
        }
    }

    fn tell_recon(&mut self, subject: Subject, notify: Notify) {
        self.databases.requests.ask(subject, ReconChange::Notify(notify), self.now);
    }

    /// The log of this member that RECON has open, by its start.
    fn own_log(&self) -> Option<(Moment, &Log)> {
        let me = self.me();
        let own = self.plex.recon().logs().range((me, Moment(0))..=(me, Moment(u64::MAX)));
        own.rev().find(|(_, log)| log.stop.is_none()).map(|((_, start), log)| (*start, log))
    }

    /// Where an operator said that the log was closed, it goes on from there.
    fn log_start(&self, first: Moment) -> Moment {
        let me = self.me();
        let own = self.plex.recon().logs().range((me, Moment(0))..=(me, Moment(u64::MAX)));
        own.filter_map(|(_, log)| log.stop).fold(first, Moment::max)
    }

    fn owed_of_archive(&self, places: &LogPlaces, start: Moment, log: &Log) -> Option<Notify> {
        let subsystem = self.me();
        if log.archived.iter().any(|part| part.stop <= places.first) {
            return Some(Notify::LogTrimmed { subsystem, start, before: places.first });
        }
        let (block, to) = places.archived?;
        let told = log.archived.last().map_or(start, |part| part.stop);
        // What is not kept any more is not told of.
        let from = told.max(places.first);
        let dsn = data_set_name(&format!("{subsystem}.SLDS.B{:07X}", block & 0xFFF_FFFF))?;
        (to > from).then_some(Notify::LogArchived { subsystem, start, dsn, span: (from, to) })
    }

    /// What is closed, and what a run that was killed before it told of that had open.
    fn owed_deallocations(&self, log_start: Moment) -> Option<Notify> {
        if !self.databases.unrecovered.is_empty() {
            return None;
        }
        let updates = |used: &Use, dbd: &DbdName| used.access >= Access::Update && used.dbds.contains(dbd);
        let used = |dbd: &DbdName| self.databases.uses.values().any(|used| updates(used, dbd));
        let dbds = self.plex.recon().allocated_in((self.me(), log_start));
        self.deallocations(dbds.into_iter().filter(|dbd| !used(dbd)).collect(), log_start)
    }

    /// What is told when the engine has ended well.
    pub(super) fn last_deallocations(&self) -> Option<Notify> {
        let (log_start, _) = self.own_log()?;
        self.deallocations(self.plex.recon().allocated_in((self.me(), log_start)), log_start)
    }

    fn deallocations(&self, dbds: BTreeSet<DbdName>, log_start: Moment) -> Option<Notify> {
        let (subsystem, deallocated) = (self.me(), self.now);
        (!dbds.is_empty()).then_some(Notify::Deallocations { subsystem, dbds, log_start, deallocated })
    }

    /// Data sets may be registered while their database is open.
    fn allocate_what_is_open(&mut self) {
        let open = self.databases.uses.iter().filter(|(_, used)| used.phase == Phase::Open);
        let open: Vec<(DbdName, Access)> = open.map(|(dbd, used)| (*dbd, used.access)).collect();
        for (dbd, access) in open {
            self.is_allocated(dbd, access);
        }
    }

    /// Whether RECON knows that the data sets of a database may be changed. If not, it is told.
    pub(super) fn is_allocated(&mut self, dbd: DbdName, access: Access) -> bool {
        if access < Access::Update || self.databases.log.is_none() {
            return true;
        }
        let Some(used) = self.databases.uses.get(&dbd) else { return true };
        let (dbds, at) = (used.dbds.clone(), used.since);
        let subsystem = self.me();
        let recon = self.plex.recon();
        if dbds.iter().all(|dbd| recon.database(dbd).is_none()) {
            return true;
        }
        let Some((log_start, _)) = self.own_log() else { return false };
        if recon.unallocated(subsystem, &dbds, log_start).next().is_none() {
            return true;
        }
        let change = Notify::Allocations { subsystem, dbds, at, log_start };
        self.tell_recon(Subject::Allocation(dbd), change);
        false
    }
}

/// A name that RECON takes.
fn data_set_name(text: &str) -> Option<DataSetName> {
    text.parse().ok()
}
