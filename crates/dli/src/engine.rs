//! The engine: the databases that are open, the buffer pool, the units of work, and the log.

use crate::database::{DataSets, Database, Finding, Inspection, Opened, Opener, Recovery, Stop};
use crate::error::{OpenError, ScheduleError};
use crate::gsam::{GsamDatabase, SequentialSets};
use crate::index_exit::IndexExits;
use crate::lock::Locks;
use crate::partitions::{Haldb, PartitionMark, PartitionSelections};
use crate::pool::BufferPool;
use crate::program::Program;
use crate::randomizer::Randomizers;
use crate::units::Units;
use dbrc::Authorization;
use definitions::acb::{Dmb, PsbBlock};
use definitions::model::dbd::Dbd;
use logger::{
    Checkpoint, CheckpointKind, InFlight, Log, LogError, LogSequence, PendingDatabase, RecoveryToken,
    RestartKind, RestartPlan,
};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use vocabulary::{DbdName, Message, Moment};

mod haldb;
mod replace;

pub use replace::Restored;

/// What an engine is made with.
#[derive(Clone)]
pub struct Settings {
    /// How many blocks the buffer pool holds.
    pub buffers: usize,
    /// The randomizing modules.
    pub randomizers: Randomizers,
    /// The routines that decide what a secondary index holds.
    pub index_exits: IndexExits,
    /// The routines that select partitions.
    pub partition_selections: PartitionSelections,
    /// A commit point after so many log records takes a checkpoint.
    pub checkpoint_records: u64,
    /// How long a program may wait for what another one has locked; none for ever. See [`Engine::tell`].
    pub lock_wait_ms_max: Option<u64>,
    /// Calls that need no more than that are made in place. Otherwise every call goes the general way, which has the same
    /// effect; so that one can be tested against the other.
    pub in_place: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            buffers: 1000,
            randomizers: Randomizers::new(),
            index_exits: IndexExits::default(),
            partition_selections: PartitionSelections::default(),
            checkpoint_records: 200_000,
            lock_wait_ms_max: None,
            in_place: true,
        }
    }
}

/// Databases that are open, and programs on them. Threads share it.
pub struct Engine {
    pub(crate) pool: BufferPool,
    pub(crate) units: Units,
    pub(crate) locks: Locks,
    pub(crate) log: Option<Arc<Log>>,
    pub(crate) in_place: bool,
    randomizers: Randomizers,
    index_exits: IndexExits,
    next_set: AtomicU16,
    databases: RwLock<BTreeMap<DbdName, Arc<Database>>>,
    gsam: RwLock<BTreeMap<DbdName, Arc<GsamDatabase>>>,
    /// What programs see of logical databases.
    logical: RwLock<BTreeMap<DbdName, Arc<Dmb>>>,
    haldbs: RwLock<BTreeMap<DbdName, Arc<Haldb>>>,
    partition_selections: PartitionSelections,
    restart: Mutex<Restart>,
    checkpoint_records: u64,
    /// The record that begins the next checkpoint, at the latest.
    checkpoint_due: AtomicU64,
}

/// What is to be made whole, and where the log is needed from for that.
#[derive(Default)]
struct Restart {
    start: LogSequence,
    pending: BTreeMap<DbdName, PendingDatabase>,
    units: BTreeMap<RecoveryToken, InFlight>,
}

/// What an engine has to do after it was started on a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestartOwed {
    /// The kind of restart.
    pub kind: RestartKind,
    /// Databases that were open for update. Each is made whole when it is opened.
    pub databases: Vec<DbdName>,
    /// Units of work that are to be backed out, with their PSBs.
    pub units: Vec<(RecoveryToken, vocabulary::PsbName)>,
}

impl Engine {
    /// An engine without databases and without a log: after a crash its databases can't be used.
    pub fn new(settings: Settings) -> Self {
        Self {
            pool: BufferPool::new(settings.buffers),
            units: Units::default(),
            locks: Locks::new(settings.lock_wait_ms_max),
            log: None,
            in_place: settings.in_place,
            randomizers: settings.randomizers,
            index_exits: settings.index_exits,
            next_set: AtomicU16::new(1),
            databases: RwLock::default(),
            gsam: RwLock::default(),
            logical: RwLock::default(),
            haldbs: RwLock::default(),
            partition_selections: settings.partition_selections,
            restart: Mutex::default(),
            checkpoint_records: settings.checkpoint_records.max(1),
            checkpoint_due: AtomicU64::new(u64::MAX),
        }
    }

    /// An engine on a log: the first pass of a restart. A database that was open for update when the log ended is made
    /// whole when it is opened; the log is kept from where that needs it.
    ///
    /// # Errors
    /// A log that can't be read.
    pub fn restart(settings: Settings, log: Arc<Log>) -> Result<(Self, RestartOwed), LogError> {
        let plan = RestartPlan::of(&log)?;
        let owed = RestartOwed {
            kind: plan.kind,
            databases: plan.databases.keys().copied().collect(),
            units: plan.units.iter().map(|(token, unit)| (*token, unit.psb)).collect(),
        };
        let due = log.last().0 + settings.checkpoint_records.max(1);
        let restart = Restart { start: plan.start, pending: plan.databases, units: plan.units };
        let engine = Self {
            // Space that was freed before must not seem to be freed by a unit of now.
            units: Units::after(log.last().0 as u32),
            log: Some(log),
            restart: Mutex::new(restart),
            checkpoint_due: AtomicU64::new(due),
            ..Self::new(settings)
        };
        Ok((engine, owed))
    }

    /// Opens a database, as DBRC allowed. `indexes` are the DMBs of its indexes ([`Dmb::indexes`]): the primary index of a
    /// HIDAM database, and the secondary ones. Their data sets are among `sets` too. A data set that was never written
    /// becomes an empty one of this database. What a crash left undone or half done is done, or taken back, first.
    ///
    /// # Errors
    /// What this engine does not have, data sets that are missing, damaged, or belong to something else.
    pub fn open<'d>(
        &self,
        authorization: &Authorization,
        dmb: Arc<Dmb>,
        indexes: impl IntoIterator<Item = &'d Dmb>,
        sets: DataSets,
    ) -> Result<Opened, OpenError> {
        self.open_with(authorization, dmb, indexes, sets, None)
    }

    /// As [`Self::open`], of a partition too.
    fn open_with<'d>(
        &self,
        authorization: &Authorization,
        dmb: Arc<Dmb>,
        indexes: impl IntoIterator<Item = &'d Dmb>,
        sets: DataSets,
        partition: Option<PartitionMark>,
    ) -> Result<Opened, OpenError> {
        let name = dmb.name;
        if authorization.dbd() != name {
            return Err(OpenError::NotAuthorized(authorization.dbd()));
        }
        let mut databases = self.databases.write().unwrap_or_else(PoisonError::into_inner);
        if databases.contains_key(&name) {
            return Err(OpenError::Open);
        }
        let mut restart = self.lock_restart();
        let (start, units) = (restart.start, &restart.units);
        let pending = restart.pending.get(&name);
        let recovery = pending.map(|pending| Recovery::of_restart(pending, start, units));
        let opener = Opener { partition, ..self.opener(recovery) };
        let indexes: Vec<&Dmb> = indexes.into_iter().collect();
        let (database, opened) = opener.open(authorization, dmb, &indexes, sets)?;
        restart.pending.remove(&name);
        relate(&databases, &database);
        databases.insert(name, database);
        Ok(opened)
    }

    /// Makes a logical database known, or known anew: the description of what programs see of physical ones, which are
    /// opened themselves. It has no data sets.
    pub fn define_logical(&self, dmb: Arc<Dmb>) {
        self.logical.write().unwrap_or_else(PoisonError::into_inner).insert(dmb.name, dmb);
    }

    /// Opens a GSAM database, as DBRC allowed. Its data sets are those of one job, and are read and written as they are.
    ///
    /// # Errors
    /// A database that is none of GSAM or is open, data sets that are missing, records that this engine does not have.
    pub fn open_gsam(
        &self,
        authorization: &Authorization,
        dbd: &Dbd,
        sets: SequentialSets,
    ) -> Result<(), OpenError> {
        if authorization.dbd() != dbd.name {
            return Err(OpenError::NotAuthorized(authorization.dbd()));
        }
        let mut open = self.gsam.write().unwrap_or_else(PoisonError::into_inner);
        if open.contains_key(&dbd.name) {
            return Err(OpenError::Open);
        }
        open.insert(dbd.name, Arc::new(GsamDatabase::open(dbd, sets)?));
        Ok(())
    }

    /// Writes what was changed, and closes a database. It stays in memory for programs that have it; they should have
    /// ended.
    ///
    /// # Errors
    /// When a data set could not be written. The database is closed all the same, and needs recovery.
    pub fn close(&self, name: &DbdName) -> Result<(), OpenError> {
        if self.haldb(name).is_some() {
            return self.close_haldb(name);
        }
        self.gsam.write().unwrap_or_else(PoisonError::into_inner).remove(name);
        let database = self.databases.write().unwrap_or_else(PoisonError::into_inner).remove(name);
        let Some(database) = database else { return Ok(()) };
        self.forget_relative(name);
        let pool = &self.pool;
        let write = || {
            database.flush(pool)?;
            database.mark_open(pool, false)?;
            database.log_close()
        };
        // A database that was stopped stays marked as open: it has to be recovered first.
        let written = if database.is_stopped() { Ok(()) } else { write() };
        if written.is_err() || database.is_stopped() {
            self.note_pending(&database);
        }
        for set in database.sets() {
            self.pool.discard(set);
        }
        Ok(written?)
    }

    /// What opens a database of this engine, after this recovery.
    fn opener<'e>(&'e self, recovery: Option<Recovery<'e>>) -> Opener<'e> {
        Opener {
            pool: &self.pool,
            randomizers: &self.randomizers,
            index_exits: &self.index_exits,
            next_set: &self.next_set,
            log: self.log.as_ref(),
            recovery,
            partition: None,
        }
    }

    /// The log has what the data sets lack, and when the database is opened again they get it.
    fn note_pending(&self, database: &Database) {
        if self.log.is_some() && database.updatable {
            self.lock_restart().pending.insert(database.name(), database.pending());
        }
    }

    /// Writes all that was changed in a database to its data sets.
    ///
    /// # Errors
    /// When a data set could not be written. The database is stopped.
    pub fn flush(&self, name: &DbdName) -> Result<(), OpenError> {
        let Some(database) = self.database(name) else { return Ok(()) };
        Ok(database.flush(&self.pool).inspect_err(|trouble| database.stop(trouble))?)
    }

    /// Takes a checkpoint: what was changed before reaches the data sets, and a restart begins to read here, or where
    /// the oldest unit of work began that is under way. Work goes on meanwhile. None without a log.
    ///
    /// # Errors
    /// A log that has stopped. A database that can't be written is stopped; the log is kept for it.
    pub fn checkpoint(&self, kind: CheckpointKind) -> Result<Option<Checkpoint>, LogError> {
        let Some(log) = &self.log else { return Ok(None) };
        let begun = log.begin_checkpoint(kind)?;
        self.checkpoint_due.store(begun.0 + self.checkpoint_records, Ordering::Relaxed);
        let open: Vec<Arc<Database>> = {
            let databases = self.databases.read().unwrap_or_else(PoisonError::into_inner);
            databases.values().filter(|database| database.updatable).cloned().collect()
        };
        let mut listed = BTreeMap::new();
        let mut is_whole = true;
        for database in open {
            if !database.is_stopped()
                && let Err(trouble) = database.flush(&self.pool)
            {
                database.stop(&trouble);
            }
            is_whole &= !database.is_stopped();
            listed.insert(database.name(), database.is_loading.load(Ordering::Relaxed));
        }
        let units = self.units.logged();
        let mut restart = self.lock_restart();
        listed.extend(restart.pending.iter().map(|(name, pending)| (*name, pending.loading)));
        // What is not whole needs the log from where it was needed before.
        if is_whole && restart.pending.is_empty() {
            restart.start = self.units.oldest().map_or(begun, |oldest| oldest.min(begun));
            restart.units.clear();
        }
        log.end_checkpoint(kind, begun, restart.start, &listed, units).map(Some)
    }

    /// Takes a checkpoint if it is due.
    pub(crate) fn checkpoint_if_due(&self) -> Result<(), LogError> {
        let due = self.checkpoint_due.load(Ordering::Relaxed);
        let is_due = self.log.as_ref().is_some_and(|log| log.last().0 >= due);
        // Whoever moves the mark takes the checkpoint.
        let mine = is_due
            && self
                .checkpoint_due
                .compare_exchange(due, u64::MAX, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if mine { self.checkpoint(CheckpointKind::Simple).map(drop) } else { Ok(()) }
    }

    /// The databases that were open for update when the log ended, and were not opened since.
    pub fn not_recovered(&self) -> Vec<DbdName> {
        self.lock_restart().pending.keys().copied().collect()
    }

    /// Tells the time. Log records are stamped with it, and a program that has waited for a lock for too long is refused.
    pub fn tell(&self, now: Moment) {
        if let Some(log) = &self.log {
            log.tell(now);
        }
        self.locks.tell(now);
    }

    /// Schedules a program.
    ///
    /// # Errors
    /// A database that is not open, or was opened to be read only; what this engine does not have.
    pub fn schedule(self: &Arc<Self>, psb: &PsbBlock) -> Result<Program, ScheduleError> {
        Program::complete(self.clone(), psb)
    }

    /// Schedules a program with those of its databases that are there, and says why it does without the others: a call on
    /// one of them ends it with U3303, or has status BA where it asked for that (INIT STATUS GROUPA).
    ///
    /// # Errors
    /// A database that another program has to itself; a log that has stopped.
    pub fn schedule_available(
        self: &Arc<Self>,
        psb: &PsbBlock,
    ) -> Result<(Program, Vec<ScheduleError>), ScheduleError> {
        Program::new(self.clone(), psb)
    }

    /// The databases that are open.
    pub fn open_databases(&self) -> Vec<DbdName> {
        self.databases.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    /// Why a database was stopped, if it was.
    pub fn stop_message(&self, name: &DbdName) -> Option<Message> {
        self.why_stopped(name).map(|stop| stop.message)
    }

    /// As [`Self::stop_message`], with the block.
    pub fn why_stopped(&self, name: &DbdName) -> Option<Stop> {
        self.database(name).map_or_else(|| self.haldb_stop(name), |database| database.why_stopped())
    }

    /// Follows every pointer of a database and accounts for every byte: the pointer checker. Nothing should change
    /// meanwhile. What it finds wrong is given; none for a database that is sound, or not open.
    pub fn check(&self, name: &DbdName) -> Vec<Finding> {
        self.inspect(name).findings
    }

    /// As [`Self::check`], with how full the data sets are, and how many segments there are of each type.
    pub fn inspect(&self, name: &DbdName) -> Inspection {
        if let Some(haldb) = self.haldb(name) {
            return self.inspect_haldb(&haldb);
        }
        self.database(name).map_or_else(|| Inspection::empty(*name), |database| database.inspect(&self.pool))
    }

    pub(crate) fn database(&self, name: &DbdName) -> Option<Arc<Database>> {
        self.databases.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// The database of this name; or the one whose secondary index has it, and which index that is.
    pub(crate) fn database_or_index(&self, name: &DbdName) -> Option<(Arc<Database>, Option<usize>)> {
        let databases = self.databases.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(database) = databases.get(name) {
            return Some((database.clone(), None));
        }
        databases.values().find_map(|database| {
            let at = database.indexes.iter().position(|index| index.rules.name == *name)?;
            Some((database.clone(), Some(at)))
        })
    }

    /// The description of a logical database.
    pub(crate) fn logical_database(&self, name: &DbdName) -> Option<Arc<Dmb>> {
        self.logical.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Nobody goes into a database that is closed.
    fn forget_relative(&self, name: &DbdName) {
        let databases = self.databases.read().unwrap_or_else(PoisonError::into_inner);
        databases.values().for_each(|other| other.relatives.remove(name));
    }

    pub(crate) fn gsam_database(&self, name: &DbdName) -> Option<Arc<GsamDatabase>> {
        self.gsam.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// A unit of work that only a restart can take back: what it changed has to be found in the log.
    pub(crate) fn strand(&self, token: RecoveryToken, unit: InFlight) {
        self.lock_restart().units.insert(token, unit);
    }

    fn lock_restart(&self) -> MutexGuard<'_, Restart> {
        self.restart.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Databases with logical relationships between them know each other.
fn relate(databases: &BTreeMap<DbdName, Arc<Database>>, opened: &Arc<Database>) {
    let of_opened = opened.dmb.relatives();
    if of_opened.contains(&opened.name()) {
        opened.relatives.add(opened);
    }
    for other in databases.values() {
        if of_opened.contains(&other.name()) || other.dmb.relatives().contains(&opened.name()) {
            other.relatives.add(opened);
            opened.relatives.add(other);
        }
    }
}
