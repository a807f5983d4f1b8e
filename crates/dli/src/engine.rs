//! The engine: the databases that are open, the buffer pool, and the units of work.

use crate::database::{DataSets, Database, Finding, Opener};
use crate::error::{OpenError, ScheduleError};
use crate::pool::BufferPool;
use crate::program::Program;
use crate::randomizer::Randomizers;
use crate::units::Units;
use dbrc::Authorization;
use definitions::acb::{Dmb, PsbBlock};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicU16;
use std::sync::{Arc, PoisonError, RwLock};
use vocabulary::{DbdName, Message};

/// What an engine is made with.
#[derive(Clone)]
pub struct Settings {
    /// How many blocks the buffer pool holds.
    pub buffers: usize,
    /// The randomizing modules.
    pub randomizers: Randomizers,
}

impl Default for Settings {
    fn default() -> Self {
        Self { buffers: 1000, randomizers: Randomizers::new() }
    }
}

/// Databases that are open, and programs on them. Threads share it.
pub struct Engine {
    pub(crate) pool: BufferPool,
    pub(crate) units: Units,
    randomizers: Randomizers,
    next_set: AtomicU16,
    databases: RwLock<BTreeMap<DbdName, Arc<Database>>>,
}

impl Engine {
    /// An engine without databases.
    pub fn new(settings: Settings) -> Self {
        Self {
            pool: BufferPool::new(settings.buffers),
            units: Units::default(),
            randomizers: settings.randomizers,
            next_set: AtomicU16::new(1),
            databases: RwLock::default(),
        }
    }

    /// Opens a database, as DBRC allowed. `index` is the DMB of a HIDAM database's primary index, whose data set is
    /// among `sets` too. A data set that was never written becomes an empty one of this database.
    ///
    /// # Errors
    /// What this engine does not have, data sets that are missing, damaged, or belong to something else.
    pub fn open(
        &self,
        authorization: &Authorization,
        dmb: Arc<Dmb>,
        index: Option<&Dmb>,
        sets: DataSets,
    ) -> Result<(), OpenError> {
        let name = dmb.name;
        if authorization.dbd() != name {
            return Err(OpenError::NotAuthorized(authorization.dbd()));
        }
        let mut databases = self.databases.write().unwrap_or_else(PoisonError::into_inner);
        if databases.contains_key(&name) {
            return Err(OpenError::Open);
        }
        let opener = Opener { pool: &self.pool, randomizers: &self.randomizers, next_set: &self.next_set };
        let database = opener.open(authorization, dmb, index, sets)?;
        databases.insert(name, Arc::new(database));
        Ok(())
    }

    /// Writes what was changed, and closes a database. It stays in memory for programs that have it; they should have
    /// ended.
    ///
    /// # Errors
    /// When a data set could not be written. The database is closed all the same, and needs recovery.
    pub fn close(&self, name: &DbdName) -> Result<(), OpenError> {
        let database = self.databases.write().unwrap_or_else(PoisonError::into_inner).remove(name);
        let Some(database) = database else { return Ok(()) };
        let write = || database.flush(&self.pool).and_then(|()| database.mark_open(&self.pool, false));
        // A database that was stopped stays marked as open: it has to be recovered first.
        let written = if database.is_stopped() { Ok(()) } else { write() };
        for set in database.sets() {
            self.pool.discard(set);
        }
        Ok(written?)
    }

    /// Writes all that was changed in a database to its data sets.
    ///
    /// # Errors
    /// When a data set could not be written. The database is stopped.
    pub fn flush(&self, name: &DbdName) -> Result<(), OpenError> {
        let Some(database) = self.database(name) else { return Ok(()) };
        Ok(database.flush(&self.pool).inspect_err(|trouble| database.stop(trouble))?)
    }

    /// Schedules a program.
    ///
    /// # Errors
    /// A database that is not open, or was opened to be read only; what this engine does not have.
    pub fn schedule(self: &Arc<Self>, psb: &PsbBlock) -> Result<Program, ScheduleError> {
        Program::new(self.clone(), psb)
    }

    /// The databases that are open.
    pub fn open_databases(&self) -> Vec<DbdName> {
        self.databases.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    /// Why a database was stopped, if it was.
    pub fn stop_message(&self, name: &DbdName) -> Option<Message> {
        self.database(name)?.stop_message()
    }

    /// Follows every pointer of a database and accounts for every byte: the pointer checker. Nothing should change
    /// meanwhile. What it finds wrong is given; none for a database that is sound, or not open.
    pub fn check(&self, name: &DbdName) -> Vec<Finding> {
        self.database(name).map_or_else(Vec::new, |database| database.check(&self.pool))
    }

    pub(crate) fn database(&self, name: &DbdName) -> Option<Arc<Database>> {
        self.databases.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }
}
