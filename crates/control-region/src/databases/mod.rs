//! The databases of this member: which are open, what RECON says to that, and who waits for one.
//!
//! A database is opened when the first program is scheduled that uses it, and stays open until it is stopped. Where RECON
//! has it, RECON is asked first, through the master. Every turn compares what is with what should be, so that a lost letter
//! is made up for.

mod close;
mod log;
mod open;
mod programs;
mod recovery;
mod requests;

pub use log::LogPlaces;
pub use open::{OpenOrder, OpenWhat};
pub use programs::ProgramOrder;

use crate::event::RegionId;
use crate::holder::{HeldBy, Holder};
use crate::region::ControlRegion;
use dbrc::change::{Change, DataSetChange};
use dbrc::{Access, ReconChange};
use programs::Waiting;
use requests::{Requests, Subject};
use std::collections::{BTreeMap, BTreeSet};
use vocabulary::{DbdName, DdName, Message, Moment, ResourceName};

/// What this member knows of its databases.
#[derive(Debug, Default)]
pub(crate) struct DatabaseDesk {
    uses: BTreeMap<DbdName, Use>,
    /// Why one could not be had when it was wanted last.
    failed: BTreeMap<DbdName, Failure>,
    /// Those that were open for update when an earlier run ended, and are not whole yet.
    unrecovered: BTreeSet<DbdName>,
    waiting: Vec<Waiting>,
    /// Where the log is, as far as it was told.
    log: Option<LogPlaces>,
    /// When RECON is looked at for it next.
    log_due: Moment,
    requests: Requests,
    ending: Ending,
}

impl DatabaseDesk {
    /// What the log says when a member starts.
    pub(crate) fn new(unrecovered: BTreeSet<DbdName>) -> Self {
        Self { unrecovered, ..Self::default() }
    }
}

/// A database that is open, or on its way to that or back.
#[derive(Debug, Clone)]
pub(crate) struct Use {
    phase: Phase,
    access: Access,
    since: Moment,
    /// The DBDs that it is opened with: its own, and those of its indexes.
    dbds: BTreeSet<DbdName>,
    /// The engine stopped it.
    is_stopped: bool,
    /// An operator wants it closed and opened anew.
    is_outdated: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// RECON is asked for it.
    Asked,
    Opening,
    Open,
    Closing,
}

/// Why a database could not be had.
#[derive(Debug, Clone)]
struct Failure {
    message: Message,
    /// It is tried again, and told only if it is another reason.
    is_old: bool,
}

/// How far the databases are when the member stops.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Ending {
    #[default]
    Works,
    Asked,
    Ended,
}

/// How QUERY DB shows a database.
#[derive(Debug, Clone, Default)]
pub(crate) struct DatabaseState {
    /// It is open, and with what access.
    pub(crate) open: Option<Access>,
    /// It could not be opened.
    pub(crate) failed: bool,
    /// It needs recovery.
    pub(crate) needs_recovery: bool,
    /// What an earlier run did in it has to be taken back.
    pub(crate) needs_backout: bool,
    /// Blocks of it can't be read or written.
    pub(crate) has_errors: bool,
}

impl ControlRegion {
    /// Brings databases, and those who wait for them, as far as they can go.
    pub(crate) fn databases_turn(&mut self) {
        if !self.settings.has_engine {
            return self.answer_waiting();
        }
        self.requests_turn();
        if self.is_running() {
            self.recovery_turn();
            self.close_turn();
            self.answer_waiting();
            self.open_turn();
            self.log_turn();
            self.requests_turn();
        }
    }

    /// How a database is here.
    pub(crate) fn database_state(&self, dbd: DbdName) -> DatabaseState {
        let used = self.databases.uses.get(&dbd);
        let registered = self.plex.recon().database(&dbd);
        let stopped = used.is_some_and(|used| used.is_stopped);
        DatabaseState {
            open: used.filter(|used| used.phase == Phase::Open).map(|used| used.access),
            failed: self.databases.failed.contains_key(&dbd),
            needs_recovery: stopped || registered.is_some_and(|database| database.recovery_needed() > 0),
            needs_backout: self.databases.unrecovered.contains(&dbd)
                || registered.is_some_and(|database| database.backout_needed),
            has_errors: registered.is_some_and(|database| database.eeqe_count() > 0),
        }
    }

    /// What a database is opened for here: what an operator said last, less what is stopped.
    pub(crate) fn access_of(&self, dbd: DbdName) -> Access {
        let access = self.resources.stops().access_of(dbd).unwrap_or(Access::Update);
        if self.resources.stops().stops_updates(dbd) { access.min(Access::Read) } else { access }
    }

    /// The databases that are open here, or about to be, by the DBDs that they are opened with.
    pub(crate) fn open_databases_of(&self, dbds: impl Iterator<Item = DbdName>) -> Vec<Holder> {
        let of = |dbd: DbdName| {
            let using = self.databases.uses.iter().filter(move |(_, used)| used.dbds.contains(&dbd));
            using.map(move |(database, used)| Holder {
                resource: ResourceName::Dbd(dbd),
                by: HeldBy::Open(*database),
                since: used.since,
            })
        };
        dbds.flat_map(of).collect()
    }

    /// The engine stopped a database, because of what it found in it.
    pub(crate) fn database_stopped(&mut self, dbd: DbdName, message: Message, block: Option<(DdName, u64)>) {
        let Some(used) = self.databases.uses.get_mut(&dbd).filter(|used| !used.is_stopped) else { return };
        used.is_stopped = true;
        let dbds = used.dbds.clone();
        self.issue(message);
        if let Some((ddn, rba)) = block {
            self.tell_error(&dbds, ddn, rba);
        }
    }

    /// RECON is told of a block that can't be read or written (EEQE), where it has the data set.
    fn tell_error(&mut self, dbds: &BTreeSet<DbdName>, ddn: DdName, rba: u64) {
        let mut keys = dbds.iter().map(|dbd| (*dbd, ddn));
        if let Some(key) = keys.find(|key| self.plex.recon().data_set(key).is_some()) {
            let to = DataSetChange { add_eeqe: Some(rba), ..DataSetChange::default() };
            let change = ReconChange::Change(Change::DataSet { key, to });
            self.databases.requests.ask(Subject::Block(key.0, ddn, rba), change, self.now);
        }
    }

    /// A dependent region ended, or its program did.
    pub(crate) fn region_ended(&mut self, region: RegionId) {
        self.databases.waiting.retain(|waiting| waiting.region != region);
        self.resources.end_region(region);
    }

    fn database_failed(&mut self, dbd: DbdName, message: Message) {
        self.databases.uses.remove(&dbd);
        let failure = Failure { message: message.clone(), is_old: false };
        let before = self.databases.failed.insert(dbd, failure);
        if before.is_none_or(|before| before.message != message) {
            self.issue(message);
        }
    }

    /// Whether RECON says that this member has a database, and what for.
    fn held_here(&self, dbd: DbdName) -> Option<Access> {
        self.plex.recon().database(&dbd)?.held.get(&self.me()).copied()
    }
}
