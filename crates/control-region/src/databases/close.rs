//! A database is closed, and given back to RECON, when it is stopped or is to be opened otherwise, and no program has it.

use super::requests::Subject;
use super::{Phase, Use};
use crate::event::Effect;
use crate::region::ControlRegion;
use crate::stops::DatabaseStop;
use dbrc::{Access, ReconChange};
use vocabulary::message::DFS0488I;
use vocabulary::{DbdName, Message};

impl ControlRegion {
    pub(super) fn close_turn(&mut self) {
        let open = self.databases.uses.iter().filter(|(_, used)| used.phase == Phase::Open);
        let to_close: Vec<DbdName> =
            open.filter(|(dbd, used)| self.should_close(**dbd, used)).map(|(dbd, _)| *dbd).collect();
        for dbd in to_close {
            if self.has_no_user(dbd) {
                self.begin_close(dbd);
            }
        }
        self.give_back();
    }

    fn should_close(&self, dbd: DbdName, used: &Use) -> bool {
        let is_stopped = self.resources.stops().of_database(dbd).any(|stop| stop == DatabaseStop::Access);
        // What RECON gave is gone: an operator said that this member does not have it.
        let is_lost =
            self.plex.recon().database(&dbd).is_some_and(|database| !database.held.contains_key(&self.me()));
        is_stopped || is_lost || used.is_outdated || used.access != self.access_of(dbd)
    }

    /// Programs that still wait for their databases do nothing with them yet.
    fn has_no_user(&self, dbd: DbdName) -> bool {
        let users = self.resources.scheduled_users_of(dbd);
        let waits = |region| self.databases.waiting.iter().any(|waiting| waiting.region == region);
        users.into_iter().all(|psb| self.resources.regions_of(psb).all(waits))
    }

    fn begin_close(&mut self, dbd: DbdName) {
        if let Some(used) = self.databases.uses.get_mut(&dbd) {
            used.phase = Phase::Closing;
            self.emit(Effect::CloseDatabase(dbd));
        }
    }

    /// What RECON says that this member has and nobody here wants.
    fn give_back(&mut self) {
        let subsystem = self.me();
        for dbd in self.unwanted() {
            let change = ReconChange::Release { subsystem, dbd };
            self.databases.requests.ask(Subject::Database(dbd), change, self.now);
        }
        self.requests_turn();
    }

    fn unwanted(&self) -> Vec<DbdName> {
        let mut held = self.plex.recon().held_by(&self.me());
        held.retain(|dbd| {
            !self.databases.uses.contains_key(dbd) && !self.databases.unrecovered.contains(dbd)
        });
        held
    }

    /// A database is closed. One whose data sets could not be written has to be made whole when it is opened next.
    pub(crate) fn database_closed(&mut self, dbd: DbdName, outcome: Result<(), Message>) {
        // What was only read is whole in any case.
        let used = self.databases.uses.remove(&dbd);
        let is_changed = used.is_none_or(|used| used.access >= Access::Update);
        match outcome {
            Ok(()) => self.issue(DFS0488I.with(&[&dbd, &self.settings.member])),
            Err(message) => {
                self.databases.unrecovered.extend(is_changed.then_some(dbd));
                self.database_failed(dbd, message);
            }
        }
    }

    /// Whether databases are still on their way to what operators asked for.
    pub(crate) fn closes_databases(&self) -> bool {
        let closing = |(dbd, used): (&DbdName, &Use)| match used.phase {
            Phase::Closing => true,
            Phase::Open => self.should_close(*dbd, used) && self.has_no_user(*dbd),
            Phase::Asked | Phase::Opening => false,
        };
        self.settings.has_engine && (self.databases.uses.iter().any(closing) || !self.unwanted().is_empty())
    }

    /// An operator starts a database: what went wrong before is forgotten, and what was stopped is opened anew.
    pub(crate) fn database_started(&mut self, dbd: DbdName) {
        self.databases.failed.remove(&dbd);
        if let Some(used) = self.databases.uses.get_mut(&dbd) {
            used.is_outdated = used.is_stopped;
        }
    }
}
