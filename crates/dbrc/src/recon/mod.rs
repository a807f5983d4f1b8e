//! RECON: the records, and the machine that changes them.

mod allocation;
mod authorize;
mod change;
mod delete;
mod error;
mod haldb;
mod init;
mod notify;

pub use authorize::{Refusal, Repair};
pub use error::{ReconError, RecordName};

use crate::change::{DataSetKey, ReconChange};
use crate::record::{Backout, CaGroup, DataSet, Database, Group, Haldb, Log, Olds, Subsystem};
use crate::stored::ReconKey;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use vocabulary::{DbdName, DdName, Epoch, GroupName, MemberName, Moment};

/// All records. See the crate's essay. A clone is cheap.
#[derive(Debug, Clone, Default)]
pub struct Recon {
    pub(crate) databases: BTreeMap<DbdName, Arc<Database>>,
    pub(crate) groups: BTreeMap<GroupName, Group>,
    pub(crate) ca_groups: BTreeMap<GroupName, CaGroup>,
    pub(crate) logs: BTreeMap<(MemberName, Moment), Log>,
    pub(crate) olds: BTreeMap<(MemberName, DdName), Olds>,
    pub(crate) subsystems: BTreeMap<MemberName, Subsystem>,
    pub(crate) backouts: BTreeMap<MemberName, Backout>,
    /// The epochs of databases that were deleted: their data sets may still take nothing from before.
    pub(crate) former_epochs: BTreeMap<DbdName, Epoch>,
    pub(crate) haldbs: BTreeMap<DbdName, Arc<Haldb>>,
    pub(crate) changed: BTreeSet<ReconKey>,
}

/// Two are the same where their records are, whatever changed last.
impl PartialEq for Recon {
    fn eq(&self, other: &Self) -> bool {
        (&self.databases, &self.groups, &self.ca_groups, &self.logs)
            == (&other.databases, &other.groups, &other.ca_groups, &other.logs)
            && (&self.olds, &self.subsystems, &self.backouts, &self.former_epochs, &self.haldbs)
                == (&other.olds, &other.subsystems, &other.backouts, &other.former_epochs, &other.haldbs)
    }
}

impl Eq for Recon {}

impl Recon {
    /// Nothing registered.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes one change. A refused one leaves everything as it was.
    pub fn apply(&mut self, change: ReconChange) -> Result<(), ReconError> {
        match change {
            ReconChange::Init(init) => self.init(init),
            ReconChange::Change(change) => self.change(change),
            ReconChange::Delete(delete) => self.delete(&delete),
            ReconChange::Notify(notify) => self.notify(notify),
            ReconChange::SignOn { subsystem, kind, at } => {
                self.sign_on(subsystem, kind, at);
                Ok(())
            }
            ReconChange::Recovered { subsystem } => self.is_recovered(subsystem),
            ReconChange::SignOff { subsystem, abnormally } => self.sign_off(subsystem, abnormally),
            ReconChange::Authorize { subsystem, dbd, access } => {
                self.authorize(subsystem, dbd, access).map(drop).map_err(ReconError::from)
            }
            ReconChange::Release { subsystem, dbd } => {
                self.release(&subsystem, &dbd);
                Ok(())
            }
            ReconChange::TakeOver { from, to } => {
                self.take_over(&from, to);
                Ok(())
            }
        }
    }

    /// The registered databases.
    pub fn databases(&self) -> impl Iterator<Item = (DbdName, &Database)> {
        self.databases.iter().map(|(dbd, database)| (*dbd, &**database))
    }

    /// A registered database.
    pub fn database(&self, dbd: &DbdName) -> Option<&Database> {
        self.databases.get(dbd).map(|database| &**database)
    }

    /// A registered data set.
    pub fn data_set(&self, (dbd, ddn): &DataSetKey) -> Option<&DataSet> {
        self.database(dbd)?.data_sets.get(ddn)
    }

    /// The epoch in which a database is written, registered or not.
    pub fn epoch_of(&self, dbd: &DbdName) -> Epoch {
        let registered = self.database(dbd).map(|database| database.epoch);
        registered.or_else(|| self.former_epochs.get(dbd).copied()).unwrap_or_default()
    }

    /// The groups of data sets.
    pub fn groups(&self) -> &BTreeMap<GroupName, Group> {
        &self.groups
    }

    /// The groups whose changes are accumulated together.
    pub fn ca_groups(&self) -> &BTreeMap<GroupName, CaGroup> {
        &self.ca_groups
    }

    /// The logs, by subsystem and start time.
    pub fn logs(&self) -> &BTreeMap<(MemberName, Moment), Log> {
        &self.logs
    }

    /// The online log data sets.
    pub fn olds(&self) -> &BTreeMap<(MemberName, DdName), Olds> {
        &self.olds
    }

    /// Who signed on.
    pub fn subsystems(&self) -> &BTreeMap<MemberName, Subsystem> {
        &self.subsystems
    }

    /// Who owes a backout.
    pub fn backouts(&self) -> &BTreeMap<MemberName, Backout> {
        &self.backouts
    }

    fn database_mut(&mut self, dbd: DbdName) -> Result<&mut Database, ReconError> {
        let database = self.databases.get_mut(&dbd).ok_or(ReconError::NoSuch(RecordName::Database(dbd)))?;
        self.changed.insert(ReconKey::Database(dbd));
        Ok(Arc::make_mut(database))
    }

    fn data_set_mut(&mut self, (dbd, ddn): DataSetKey) -> Result<&mut DataSet, ReconError> {
        let database = self.database_mut(dbd)?;
        database.data_sets.get_mut(&ddn).ok_or(ReconError::NoSuch(RecordName::DataSet(dbd, ddn)))
    }

    fn log_mut(&mut self, subsystem: MemberName, start: Moment) -> Result<&mut Log, ReconError> {
        let no_such = ReconError::NoSuch(RecordName::Log(subsystem, start));
        let log = self.logs.get_mut(&(subsystem, start)).ok_or(no_such)?;
        self.changed.insert(ReconKey::Log(subsystem, start));
        Ok(log)
    }
}
