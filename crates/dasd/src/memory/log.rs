//! A log set in memory.

use crate::{DataSetError, LogSet};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A log set in memory. Clones are handles on the same content.
#[derive(Debug, Clone, Default)]
pub struct MemoryLogSet {
    content: Arc<Mutex<Content>>,
}

#[derive(Debug)]
struct Content {
    first: u64,
    records: VecDeque<Vec<u8>>,
    /// The position after the last record that was forced.
    forced_next: u64,
}

impl Default for Content {
    fn default() -> Self {
        Self { first: 1, records: VecDeque::new(), forced_next: 1 }
    }
}

impl Content {
    fn next(&self) -> u64 {
        self.first + self.records.len() as u64
    }

    /// Leaves the records before `next`; that one is the next position.
    fn cut(&mut self, next: u64) {
        self.records.truncate(next.saturating_sub(self.first) as usize);
        self.first = self.first.min(next);
    }
}

impl MemoryLogSet {
    /// An empty log.
    pub fn new() -> Self {
        Self::default()
    }

    /// The power fails: of the records accepted since the last force only the first `kept` had reached the disk.
    /// The one after them is torn, which opening a log cures by leaving it out.
    pub fn crash(&self, kept: u64) {
        let mut content = self.lock();
        let next = content.forced_next.saturating_add(kept).min(content.next());
        content.cut(next);
        content.forced_next = next;
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LogSet for MemoryLogSet {
    fn append(&mut self, record: &[u8]) -> Result<u64, DataSetError> {
        let mut content = self.lock();
        content.records.push_back(record.to_vec());
        Ok(content.next() - 1)
    }

    fn force(&mut self) -> Result<(), DataSetError> {
        let mut content = self.lock();
        content.forced_next = content.next();
        Ok(())
    }

    fn read(&self, position: u64) -> Result<Option<Vec<u8>>, DataSetError> {
        let content = self.lock();
        let at = position.checked_sub(content.first);
        Ok(at.and_then(|at| content.records.get(at as usize)).cloned())
    }

    fn first_position(&self) -> u64 {
        self.lock().first
    }

    fn next_position(&self) -> u64 {
        self.lock().next()
    }

    fn discard_before(&mut self, position: u64) -> Result<(), DataSetError> {
        let mut content = self.lock();
        if position > content.next() {
            *content = Content { first: position, forced_next: position, ..Content::default() };
        } else if position > content.first {
            let gone = (position - content.first) as usize;
            content.records.drain(..gone);
            content.first = position;
            content.forced_next = content.forced_next.max(position);
        }
        Ok(())
    }

    fn truncate_after(&mut self, position: u64) -> Result<(), DataSetError> {
        let mut content = self.lock();
        content.cut(position.saturating_add(1));
        content.forced_next = content.next();
        Ok(())
    }
}
