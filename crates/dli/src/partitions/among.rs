//! The partitions of a HALDB, as a PCB has them.

use super::Haldb;
use crate::database::Database;
use crate::error::Trouble;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// The partitions that a PCB sees, those among them that were open when its program was scheduled.
pub(crate) struct Among {
    haldb: Arc<Haldb>,
    open: Vec<Option<Arc<Database>>>,
    /// The partition that was searched last.
    searched: AtomicUsize,
    /// Those that the program has begun to load.
    loaded: Vec<AtomicBool>,
}

impl Among {
    pub(crate) fn new(haldb: Arc<Haldb>, open: Vec<Option<Arc<Database>>>) -> Self {
        let loaded = open.iter().map(|_| AtomicBool::new(false)).collect();
        Self { haldb, open, searched: AtomicUsize::new(0), loaded }
    }

    /// The first that is there.
    pub(crate) fn first(&self) -> Option<(usize, &Arc<Database>)> {
        self.open.iter().enumerate().find_map(|(at, open)| Some((at, open.as_ref()?)))
    }

    /// All that are there.
    pub(crate) fn databases(&self) -> impl Iterator<Item = &Arc<Database>> {
        self.open.iter().flatten()
    }

    /// A partition that is to be searched or changed.
    pub(crate) fn enter(&self, at: usize) -> Result<&Arc<Database>, Trouble> {
        let database = self.open.get(at).and_then(Option::as_ref).filter(|database| !database.is_stopped());
        self.searched.store(at, Ordering::Relaxed);
        database.ok_or(Trouble::PartitionUnavailable)
    }

    /// A partition that was entered before.
    pub(crate) fn database(&self, at: usize) -> Option<&Arc<Database>> {
        self.open.get(at)?.as_ref()
    }

    /// The partition that was entered last.
    pub(crate) fn searched(&self) -> Option<&Arc<Database>> {
        self.database(self.searched.load(Ordering::Relaxed))
    }

    /// Notes that the search is in this one.
    pub(crate) fn note(&self, at: usize) {
        self.searched.store(at, Ordering::Relaxed);
    }

    /// The partition behind one.
    pub(crate) fn after(&self, at: usize) -> Option<usize> {
        Some(at + 1).filter(|&next| next < self.open.len())
    }

    /// The partition that a root belongs to.
    pub(crate) fn select(&self, key: &[u8]) -> Result<usize, Trouble> {
        self.haldb.select(key).ok_or(Trouble::NoPartition)
    }

    /// Whether the program loads the first segment into a partition, if it does.
    pub(crate) fn begins_load(&self, at: usize) -> bool {
        self.loaded.get(at).is_some_and(|loaded| !loaded.swap(true, Ordering::Relaxed))
    }

    /// It did not.
    pub(crate) fn load_refused(&self, at: usize) {
        if let Some(loaded) = self.loaded.get(at) {
            loaded.store(false, Ordering::Relaxed);
        }
    }
}
