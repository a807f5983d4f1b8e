//! What an earlier run left undone is done before anything else, and what the member has is given back when it stops.

use super::requests::Subject;
use super::{Ending, Phase};
use crate::event::Effect;
use crate::region::ControlRegion;
use crate::start::STOP_WAIT_MS;
use dbrc::ReconChange;
use dbrc::record::SubsystemState;
use std::collections::BTreeSet;
use vocabulary::{DbdName, Moment};

impl ControlRegion {
    /// Opens what has to be made whole, and tells RECON when all of it is.
    pub(super) fn recovery_turn(&mut self) {
        let failed = |dbd: &DbdName| self.databases.failed.contains_key(dbd);
        let owed: Vec<DbdName> =
            self.databases.unrecovered.iter().copied().filter(|dbd| !failed(dbd)).collect();
        for dbd in owed {
            self.want_database(dbd);
        }
        let subsystem = self.me();
        let mut owed =
            self.plex.recon().held_by(&subsystem).into_iter().chain(self.databases.unrecovered.clone());
        if self.is_recovering() && owed.all(|dbd| self.is_tried(dbd)) {
            let change = ReconChange::Recovered { subsystem };
            self.databases.requests.ask(Subject::Subsystem, change, self.now);
        }
    }

    /// RECON gives this member nothing new before it has recovered what an earlier run left.
    pub(super) fn is_recovering(&self) -> bool {
        let subsystem = self.plex.recon().subsystems().get(&self.me());
        subsystem.is_some_and(|subsystem| subsystem.state == SubsystemState::Recovering)
    }

    /// A database that can't be made whole now stays with this member, and the others work.
    fn is_tried(&self, dbd: DbdName) -> bool {
        let used = self.databases.uses.get(&dbd);
        used.is_some_and(|used| matches!(used.phase, Phase::Open | Phase::Closing))
            || self.databases.failed.contains_key(&dbd)
    }

    /// A member that was away has databases open whose definitions may have changed meanwhile, unless RECON kept them for
    /// it.
    pub(crate) fn doubt_databases(&mut self) {
        let recon = self.plex.recon();
        for (dbd, used) in &mut self.databases.uses {
            used.is_outdated |= recon.database(dbd).is_none();
        }
    }

    /// Whether the engine is still at work when the member stops. It is asked to end once. RECON is waited for no longer than
    /// the plex: what it is not told now it is told by the next run.
    pub(crate) fn waits_for_engine(&mut self, since: Moment) -> bool {
        if !self.settings.has_engine {
            return false;
        }
        if self.databases.ending == Ending::Works {
            self.databases.ending = Ending::Asked;
            self.emit(Effect::EndEngine);
        }
        let is_told = !self.databases.requests.is_outstanding(Subject::Subsystem);
        let waits_for_recon = !is_told && self.now.ms_since(since) < STOP_WAIT_MS;
        self.databases.ending == Ending::Asked || waits_for_recon
    }

    /// The engine has ended. What could not be closed stays with this member.
    pub(crate) fn engine_ended(&mut self, unrecovered: BTreeSet<DbdName>) {
        self.databases.ending = Ending::Ended;
        self.databases.uses.clear();
        let subsystem = self.me();
        if unrecovered.is_empty()
            && let Some(notify) = self.last_deallocations()
        {
            self.databases.requests.ask(Subject::Subsystem, ReconChange::Notify(notify), self.now);
        }
        if !unrecovered.is_empty() {
            let change = ReconChange::SignOff { subsystem, abnormally: true };
            self.databases.requests.ask(Subject::Subsystem, change, self.now);
        }
        self.databases.unrecovered = unrecovered;
        self.stop_waits_anew();
    }
}
