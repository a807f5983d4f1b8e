//! What a unit of work changed, so that it can be taken back, and its records in the log.

use super::change::{Trail, change_block};
use super::{Database, IndexOf};
use crate::Rba;
use crate::error::Trouble;
use crate::pool::{BufferPool, Content};
use crate::units::Units;
use logger::{Body, Change, InFlight, Log, LogError, LogSequence, RecoveryToken, SavedProgram};
use std::ops::Range;
use std::sync::Arc;
use vocabulary::{DbdName, PsbName};

/// The changes of a unit of work, oldest first, with what was there before.
pub(crate) struct Journal {
    /// The unit of work.
    pub(crate) unit: u32,
    psb: PsbName,
    log: Option<Arc<Log>>,
    /// What the log calls it, once something was changed.
    token: Option<RecoveryToken>,
    /// The log has changes that are not here, or that could not be taken back: only a restart can.
    is_stranded: bool,
    entries: Vec<Entry>,
    /// The bytes of all entries, end to end.
    bytes: Vec<u8>,
}

/// A point to which a unit of work can be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    entries: usize,
    bytes: usize,
}

struct Entry {
    database: Arc<Database>,
    undo: Undo,
    /// Its record.
    sequence: LogSequence,
}

enum Undo {
    /// Puts the bytes back that were overwritten.
    Put { group: usize, block: u32, at: usize, before: Range<usize> },
    /// Frees what was taken.
    Take { group: usize, block: u32, at: usize, len: usize },
    /// Takes what was freed, and puts back what was there.
    Release { group: usize, block: u32, at: usize, before: Range<usize> },
    /// Removes an index entry that was added.
    Indexed { of: IndexOf, entry: Range<usize> },
    /// Adds an index entry that was removed.
    Unindexed { of: IndexOf, entry: Range<usize>, rba: Rba },
}

/// A change as the log has it, to be taken back by a restart.
#[derive(Clone, Copy)]
pub(crate) enum Logged<'b> {
    /// Of a block of a data set group.
    Block { group: usize, block: u32, change: Change<'b>, before: &'b [u8] },
    /// Of an index.
    Entry { of: IndexOf, added: bool, entry: &'b [u8], rba: Rba },
}

impl Journal {
    /// Nothing changed yet.
    pub(crate) fn new(unit: u32, psb: PsbName, log: Option<Arc<Log>>) -> Self {
        let (entries, bytes) = (Vec::new(), Vec::new());
        Self { unit, psb, log, token: None, is_stranded: false, entries, bytes }
    }

    /// That of a unit that the log has and nobody is at work on.
    pub(crate) fn of_log(log: Arc<Log>, token: RecoveryToken, unit: &InFlight) -> Self {
        // What was freed and taken again comes apart as it was only if it has one owner.
        Self { token: Some(token), ..Self::new(unit.owner, unit.psb, Some(log)) }
    }

    /// Adds a change that the log has.
    pub(crate) fn recall(&mut self, database: &Arc<Database>, sequence: LogSequence, logged: Logged<'_>) {
        let undo = match logged {
            Logged::Block { group, block, change, before } => match self.undo(group, block, change, before) {
                Some(undo) => undo,
                None => return,
            },
            Logged::Entry { of, added: true, entry, .. } => Undo::Indexed { of, entry: self.keep(entry) },
            Logged::Entry { of, added: false, entry, rba } => {
                Undo::Unindexed { of, entry: self.keep(entry), rba }
            }
        };
        self.entries.push(Entry { database: database.clone(), undo, sequence });
    }

    /// Where it is now.
    pub(crate) fn mark(&self) -> Mark {
        Mark { entries: self.entries.len(), bytes: self.bytes.len() }
    }

    /// The beginning.
    pub(crate) fn start() -> Mark {
        Mark { entries: 0, bytes: 0 }
    }

    /// Whether there is something to take back, here or in the log.
    pub(crate) fn has_changes(&self) -> bool {
        !self.entries.is_empty() || self.token.is_some()
    }

    /// Logs that the program takes a checkpoint (X'41'), and what it saves there (X'18'). Where nothing was changed there
    /// is no commit point that would force it.
    pub(crate) fn log_checkpoint(&self, id: [u8; 8], saved: Option<&[u8]>) -> Result<(), LogError> {
        let Some(log) = &self.log else { return Ok(()) };
        let token = self.token.unwrap_or_else(|| log.no_unit());
        if let Some(saved) = saved {
            log.save_program(token, self.psb, id, saved)?;
        }
        if self.token.is_some() || saved.is_some() {
            let taken = log.append(token, &Body::ProgramCheckpoint { id })?;
            if self.token.is_none() {
                log.force(taken)?;
            }
        }
        Ok(())
    }

    /// What the program saved last, at any checkpoint or at this one.
    pub(crate) fn saved_program(&self, id: Option<[u8; 8]>) -> Result<Option<SavedProgram>, LogError> {
        self.log.as_ref().map_or(Ok(None), |log| log.saved_program(self.psb, id))
    }

    /// Logs what the program hands over.
    pub(crate) fn log_user(&self, code: u8, bytes: &[u8]) -> Result<(), LogError> {
        let Some(log) = &self.log else { return Ok(()) };
        log.append(self.token.unwrap_or_else(|| log.no_unit()), &Body::User { code, bytes }).map(drop)
    }

    /// Whether only a restart can take back what it did.
    pub(crate) fn is_stranded(&self) -> bool {
        self.is_stranded
    }

    /// A change that did not end well may be in the log, and nothing is here to take it back.
    fn strand<T>(&mut self, outcome: Result<T, Trouble>) -> Result<T, Trouble> {
        self.is_stranded |= outcome.is_err() && self.token.is_some();
        outcome
    }

    /// The unit begins with its first change.
    fn begin(&mut self, units: &Units) -> Result<(), Trouble> {
        if let (Some(log), None) = (&self.log, self.token) {
            self.token = Some(units.log_begin(self.unit, log, self.psb)?);
        }
        Ok(())
    }

    fn trail(&self, takes_back: Option<LogSequence>) -> Option<Trail<'_>> {
        let (log, token) = (self.log.as_deref()?, self.token?);
        Some(Trail { log, token, takes_back })
    }

    /// What is logged of the whole unit; gives up its changes. The next change is that of another unit.
    pub(crate) fn commit(&mut self, next_unit: u32) -> Result<(), LogError> {
        if let (Some(log), Some(token)) = (&self.log, self.token) {
            let mut appender = log.appender()?;
            appender.append(token, &Body::PhaseOneBegun);
            appender.append(token, &Body::PhaseOneEnded);
            let committed = appender.append(token, &Body::PhaseTwoBegun);
            drop(appender);
            log.force(committed)?;
            // It is committed: what comes after that need not be there.
            let _ = log.append(token, &Body::UnitEnded);
        }
        self.end(next_unit);
        Ok(())
    }

    fn end(&mut self, next_unit: u32) {
        self.entries.clear();
        self.bytes.clear();
        self.token = None;
        self.is_stranded = false;
        self.unit = next_unit;
    }

    /// Changes a block that is latched, after noting what takes it back.
    pub(super) fn change(
        &mut self,
        units: &Units,
        database: &Arc<Database>,
        (group, number): (usize, u32),
        content: &mut Content,
        change: Change<'_>,
    ) -> Result<(), Trouble> {
        self.begin(units)?;
        let before = match change {
            Change::Put { at, bytes } => at..at + bytes.len(),
            Change::Release { at, len, .. } => at..at + len,
            _ => 0..0,
        };
        let old = content.data.get(before.clone()).unwrap_or_default();
        let Some(undo) = self.undo(group, number, change, old) else { return Ok(()) };
        let set = &database.groups[group].set;
        let outcome = change_block(self.trail(None), set, number, content, change, before);
        let sequence = self.strand(outcome)?;
        self.entries.push(Entry { database: database.clone(), undo, sequence });
        Ok(())
    }

    fn undo(&mut self, group: usize, block: u32, change: Change<'_>, before: &[u8]) -> Option<Undo> {
        Some(match change {
            Change::Put { at, .. } => Undo::Put { group, block, at, before: self.keep(before) },
            Change::Take { at, len } => Undo::Take { group, block, at, len },
            Change::Release { at, .. } => Undo::Release { group, block, at, before: self.keep(before) },
            _ => return None,
        })
    }

    /// Adds an entry to an index.
    pub(super) fn index(
        &mut self,
        (pool, units): (&BufferPool, &Units),
        database: &Arc<Database>,
        of: IndexOf,
        entry: &[u8],
        rba: Rba,
    ) -> Result<(), Trouble> {
        let Some(tree) = database.tree(of) else { return Ok(()) };
        self.begin(units)?;
        let outcome = tree.insert(pool, entry, rba, self.trail(None));
        let sequence = self.strand(outcome)?;
        let undo = Undo::Indexed { of, entry: self.keep(entry) };
        self.entries.push(Entry { database: database.clone(), undo, sequence });
        Ok(())
    }

    /// Removes an entry from an index.
    pub(super) fn unindex(
        &mut self,
        (pool, units): (&BufferPool, &Units),
        database: &Arc<Database>,
        of: IndexOf,
        entry: &[u8],
        rba: Rba,
    ) -> Result<(), Trouble> {
        let Some(tree) = database.tree(of) else { return Ok(()) };
        self.begin(units)?;
        let outcome = tree.remove(pool, entry, self.trail(None));
        let sequence = self.strand(outcome)?;
        let undo = Undo::Unindexed { of, entry: self.keep(entry), rba };
        self.entries.push(Entry { database: database.clone(), undo, sequence });
        Ok(())
    }

    fn keep(&mut self, bytes: &[u8]) -> Range<usize> {
        let from = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        from..self.bytes.len()
    }

    /// Takes back everything since a mark, the latest first. A database that can't be restored is stopped.
    pub(crate) fn back_out(&mut self, pool: &BufferPool, to: Mark) {
        while self.entries.len() > to.entries {
            let Some(entry) = self.entries.pop() else { break };
            // From where a database was stopped on a restart takes back all the rest, in its order.
            if self.token.is_some() && entry.database.is_stopped() {
                self.is_stranded = true;
                continue;
            }
            let outcome = self.take_back(pool, &entry);
            if let Err(trouble) = self.strand(outcome) {
                entry.database.stop(&trouble);
            }
        }
        self.bytes.truncate(to.bytes);
    }

    /// Takes back the whole unit, and logs that. What follows is another unit. When only a restart can take back all of
    /// it, what the log calls it is given.
    pub(crate) fn roll_back(&mut self, pool: &BufferPool, next_unit: u32) -> Option<RecoveryToken> {
        self.log_more(&Body::BackoutBegun);
        let mut databases: Vec<Arc<Database>> = Vec::new();
        for entry in &self.entries {
            if !databases.iter().any(|database| Arc::ptr_eq(database, &entry.database)) {
                databases.push(entry.database.clone());
            }
        }
        self.back_out(pool, Self::start());
        for database in &databases {
            self.log_more(&database_backed_out(database.name(), database.is_stopped()));
        }
        // A unit whose end is not logged is backed out by a restart, as far as it was not yet.
        let stranded = self.token.filter(|_| self.is_stranded);
        if stranded.is_none() {
            self.log_more(&Body::UnitEnded);
        }
        self.end(next_unit);
        stranded
    }

    /// A log that takes nothing more loses nothing here: without these records a restart does it all again.
    fn log_more(&self, body: &Body<'_>) {
        if let (Some(log), Some(token)) = (&self.log, self.token) {
            let _ = log.append(token, body);
        }
    }

    fn take_back(&self, pool: &BufferPool, entry: &Entry) -> Result<(), Trouble> {
        let db = &entry.database;
        let trail = self.trail(Some(entry.sequence));
        match &entry.undo {
            Undo::Put { group, block, at, before } => {
                let change = Change::Put { at: *at, bytes: &self.bytes[before.clone()] };
                apply(pool, trail, db, (*group, *block), change)
            }
            Undo::Take { group, block, at, len } => {
                let change = Change::Release { at: *at, len: *len, owner: self.unit };
                apply(pool, trail, db, (*group, *block), change)?;
                db.groups[*group].space.note_released(&db.groups[*group].set, *block);
                Ok(())
            }
            Undo::Release { group, block, at, before } => {
                let change = Change::Retake { at: *at, bytes: &self.bytes[before.clone()] };
                apply(pool, trail, db, (*group, *block), change)
            }
            Undo::Indexed { of, entry } => match db.tree(*of) {
                Some(tree) => tree.remove(pool, &self.bytes[entry.clone()], trail).map(drop),
                None => Ok(()),
            },
            Undo::Unindexed { of, entry, rba } => match db.tree(*of) {
                Some(tree) => tree.insert(pool, &self.bytes[entry.clone()], *rba, trail).map(drop),
                None => Ok(()),
            },
        }
    }
}

fn apply(
    pool: &BufferPool,
    trail: Option<Trail<'_>>,
    db: &Database,
    (group, number): (usize, u32),
    change: Change<'_>,
) -> Result<(), Trouble> {
    let set = &db.groups[group].set;
    let mut content = pool.write(set, number)?;
    change_block(trail, set, number, &mut content, change, 0..0).map(drop)
}

fn database_backed_out(dbd: DbdName, failed: bool) -> Body<'static> {
    if failed { Body::BackoutFailed { dbd } } else { Body::BackoutEnded { dbd } }
}
