//! What an earlier run left undone is done before anything else, and what the member has is given back when it stops.

use super::requests::Subject;
use super::{Ending, Phase};
use crate::event::Effect;
use crate::region::ControlRegion;
use dbrc::ReconChange;
use dbrc::change::{Change, SubsystemChange};
use dbrc::record::SubsystemState;
use std::collections::BTreeSet;
use vocabulary::DbdName;

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
        let state = self.plex.recon().subsystems().get(&subsystem).map(|subsystem| subsystem.state);
        let is_open = |dbd: &DbdName| {
            self.databases
                .uses
                .get(dbd)
                .is_some_and(|used| matches!(used.phase, Phase::Open | Phase::Closing))
        };
        if state == Some(SubsystemState::Recovering)
            && self.databases.unrecovered.is_empty()
            && self.plex.recon().held_by(&subsystem).iter().all(is_open)
        {
            let change = ReconChange::Recovered { subsystem };
            self.databases.requests.ask(Subject::Subsystem, change, self.now);
        }
    }

    /// A member that was away has databases open whose definitions may have changed meanwhile, unless RECON kept them for
    /// it.
    pub(crate) fn doubt_databases(&mut self) {
        let recon = self.plex.recon();
        for (dbd, used) in &mut self.databases.uses {
            used.is_outdated |= recon.database(dbd).is_none();
        }
    }

    /// Whether the engine is still at work when the member stops. It is asked to end once.
    pub(crate) fn waits_for_engine(&mut self) -> bool {
        if !self.settings.has_engine {
            return false;
        }
        if self.databases.ending == Ending::Works {
            self.databases.ending = Ending::Asked;
            self.emit(Effect::EndEngine);
        }
        self.databases.ending == Ending::Asked || self.databases.requests.is_outstanding(Subject::Subsystem)
    }

    /// The engine has ended. What could not be closed stays with this member.
    pub(crate) fn engine_ended(&mut self, unrecovered: BTreeSet<DbdName>) {
        self.databases.ending = Ending::Ended;
        self.databases.uses.clear();
        let subsystem = self.me();
        if !unrecovered.is_empty() {
            let to = SubsystemChange::Abnormal;
            let change = ReconChange::Change(Change::Subsystem { subsystem, to });
            self.databases.requests.ask(Subject::Subsystem, change, self.now);
        }
        self.databases.unrecovered = unrecovered;
        self.stop_waits_anew();
    }
}
