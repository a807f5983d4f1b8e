//! Data sets that a utility replaces as a whole: by a reload, or by copies that the log makes whole.

use super::Engine;
use crate::database::{DataSets, Opened, Opener, Recovery};
use crate::error::OpenError;
use dbrc::Authorization;
use definitions::acb::Dmb;
use logger::{Body, InFlight, LogError, LogSequence, PendingDatabase, RecoveryToken};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use vocabulary::DbdName;

/// Data sets that come from copies, and what of the log belongs to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The copies hold all that was logged before this record.
    pub since: LogSequence,
    /// The last record that counts; none for all that there are.
    pub until: Option<LogSequence>,
    /// The units of work that were neither committed nor backed out with that record.
    pub units: BTreeMap<RecoveryToken, InFlight>,
}

impl Engine {
    /// Logs that the data sets of a database are about to be replaced: until [`Self::end_replacing`], or until it is
    /// opened by [`Self::recover`], nobody opens it, after a crash neither.
    ///
    /// # Errors
    /// A database that is open; a log that has stopped.
    pub fn begin_replacing(&self, name: DbdName) -> Result<(), OpenError> {
        if self.database(&name).is_some() {
            return Err(OpenError::Open);
        }
        self.log_forced(&Body::LoadBegun { dbd: name })?;
        let pending = PendingDatabase { loading: true, ..PendingDatabase::default() };
        self.lock_restart().pending.insert(name, pending);
        Ok(())
    }

    /// Whether its data sets are being replaced, or that ended early.
    pub fn is_replacing(&self, name: &DbdName) -> bool {
        self.lock_restart().pending.get(name).is_some_and(|pending| pending.loading)
    }

    /// Logs that its data sets were replaced and are durable. What was logged before is not for them.
    ///
    /// # Errors
    /// A log that has stopped.
    pub fn end_replacing(&self, name: DbdName) -> Result<(), OpenError> {
        self.log_forced(&Body::LoadEnded { dbd: name })?;
        self.log_forced(&Body::DatabaseClosed { dbd: name })?;
        self.lock_restart().pending.remove(&name);
        Ok(())
    }

    fn log_forced(&self, body: &Body<'_>) -> Result<(), LogError> {
        match &self.log {
            Some(log) => log.force(log.append(log.no_unit(), body)?),
            None => Ok(()),
        }
    }

    /// Opens a database whose data sets, all or some, were restored from copies. What was logged since is done, and what
    /// was not committed is taken back.
    ///
    /// # Errors
    /// As [`Self::open`]. The database stays as [`Self::begin_replacing`] left it.
    pub fn recover<'d>(
        &self,
        authorization: &Authorization,
        dmb: Arc<Dmb>,
        indexes: impl IntoIterator<Item = &'d Dmb>,
        sets: DataSets,
        restored: &Restored,
    ) -> Result<Opened, OpenError> {
        let name = dmb.name;
        if authorization.dbd() != name {
            return Err(OpenError::NotAuthorized(authorization.dbd()));
        }
        let mut databases = self.databases.write().unwrap_or_else(PoisonError::into_inner);
        if databases.contains_key(&name) {
            return Err(OpenError::Open);
        }
        let pending = PendingDatabase { since: restored.since, ..PendingDatabase::default() };
        let recovery = Recovery {
            is_restored: true,
            until: restored.until,
            ..Recovery::of_restart(&pending, restored.since, &restored.units)
        };
        let indexes: Vec<&Dmb> = indexes.into_iter().collect();
        let partition = self.partition_mark(authorization);
        let opener = Opener { partition, ..self.opener(Some(recovery)) };
        let (database, opened) = opener.open(authorization, dmb, &indexes, sets)?;
        self.lock_restart().pending.remove(&name);
        databases.insert(name, database);
        Ok(opened)
    }
}
