//! What a unit of work changed, so that it can be taken back.

use super::{Change, Database};
use crate::error::Trouble;
use crate::pool::BufferPool;
use std::ops::Range;
use std::sync::Arc;

/// The changes of a unit of work, oldest first, with what was there before.
pub(crate) struct Journal {
    /// The unit of work.
    pub(crate) unit: u32,
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
}

enum Undo {
    /// Puts the bytes back that were overwritten.
    Put { group: usize, block: u32, at: usize, before: Range<usize> },
    /// Frees what was taken.
    Take { group: usize, block: u32, at: usize, len: usize },
    /// Takes what was freed, and puts back what was there.
    Release { group: usize, block: u32, at: usize, before: Range<usize> },
    /// Removes an index entry that was added.
    Indexed { key: Range<usize> },
    /// Adds an index entry that was removed.
    Unindexed { key: Range<usize>, rba: crate::Rba },
}

impl Journal {
    /// Nothing changed yet.
    pub(crate) fn new(unit: u32) -> Self {
        Self { unit, entries: Vec::new(), bytes: Vec::new() }
    }

    /// Where it is now.
    pub(crate) fn mark(&self) -> Mark {
        Mark { entries: self.entries.len(), bytes: self.bytes.len() }
    }

    /// The beginning.
    pub(crate) fn start() -> Mark {
        Mark { entries: 0, bytes: 0 }
    }

    /// Whether nothing was changed.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Forgets what could be taken back, and goes on as another unit of work.
    pub(crate) fn commit(&mut self, next_unit: u32) {
        self.entries.clear();
        self.bytes.clear();
        self.unit = next_unit;
    }

    /// Notes a change that is about to be made; `before` is what is there now.
    pub(super) fn note(
        &mut self,
        database: &Arc<Database>,
        group: usize,
        block: u32,
        change: Change<'_>,
        before: &[u8],
    ) {
        let undo = match change {
            Change::Put { at, .. } => Undo::Put { group, block, at, before: self.keep(before) },
            Change::Take { at, len } => Undo::Take { group, block, at, len },
            Change::Release { at, .. } => Undo::Release { group, block, at, before: self.keep(before) },
        };
        self.entries.push(Entry { database: database.clone(), undo });
    }

    /// Notes an index entry that is added.
    pub(super) fn note_indexed(&mut self, database: &Arc<Database>, key: &[u8]) {
        let undo = Undo::Indexed { key: self.keep(key) };
        self.entries.push(Entry { database: database.clone(), undo });
    }

    /// Notes an index entry that is removed.
    pub(super) fn note_unindexed(&mut self, database: &Arc<Database>, key: &[u8], rba: crate::Rba) {
        let undo = Undo::Unindexed { key: self.keep(key), rba };
        self.entries.push(Entry { database: database.clone(), undo });
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
            if let Err(trouble) = self.take_back(pool, &entry) {
                entry.database.stop(&trouble);
            }
        }
        self.bytes.truncate(to.bytes);
    }

    fn take_back(&self, pool: &BufferPool, entry: &Entry) -> Result<(), Trouble> {
        let db = &entry.database;
        let set = |group: &usize| &db.groups[*group].set;
        match &entry.undo {
            Undo::Put { group, block, at, before } => {
                let bytes = &self.bytes[before.clone()];
                Change::Put { at: *at, bytes }.apply(pool, set(group), *block)
            }
            Undo::Take { group, block, at, len } => {
                let owner = self.unit;
                Change::Release { at: *at, len: *len, owner }.apply(pool, set(group), *block)?;
                db.groups[*group].space.note_released(set(group), *block);
                Ok(())
            }
            Undo::Release { group, block, at, before } => {
                let bytes = &self.bytes[before.clone()];
                Change::Take { at: *at, len: bytes.len() }.apply(pool, set(group), *block)?;
                Change::Put { at: *at, bytes }.apply(pool, set(group), *block)
            }
            Undo::Indexed { key } => match &db.roots {
                super::Roots::Hidam(tree) => tree.remove(pool, &self.bytes[key.clone()]).map(drop),
                super::Roots::Hdam(_) => Ok(()),
            },
            Undo::Unindexed { key, rba } => match &db.roots {
                super::Roots::Hidam(tree) => tree.insert(pool, &self.bytes[key.clone()], *rba),
                super::Roots::Hdam(_) => Ok(()),
            },
        }
    }
}
