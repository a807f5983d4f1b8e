//! A sequential set in memory.

use crate::{DataSetError, SequentialSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A sequential set in memory. Clones are handles on the same content.
#[derive(Debug, Clone, Default)]
pub struct MemorySequentialSet {
    content: Arc<Mutex<Content>>,
}

#[derive(Debug, Default)]
struct Content {
    bytes: Vec<u8>,
    synced: Vec<u8>,
}

impl MemorySequentialSet {
    /// A set with these bytes, which a crash does not take.
    pub fn new(bytes: &[u8]) -> Self {
        let content = Content { bytes: bytes.to_vec(), synced: bytes.to_vec() };
        Self { content: Arc::new(Mutex::new(content)) }
    }

    /// All that is in it.
    pub fn bytes(&self) -> Vec<u8> {
        self.lock().bytes.clone()
    }

    /// The power fails: of what was added since the last sync only the first `kept` bytes had reached the disk. What was
    /// removed since then is there again.
    pub fn crash(&self, kept: usize) {
        let mut content = self.lock();
        let Content { bytes, synced } = &mut *content;
        if bytes.starts_with(synced) {
            bytes.truncate(synced.len().saturating_add(kept));
        } else {
            bytes.clone_from(synced);
        }
        synced.clone_from(bytes);
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SequentialSet for MemorySequentialSet {
    fn byte_count(&self) -> u64 {
        self.lock().bytes.len() as u64
    }

    fn read(&self, at: u64, into: &mut [u8]) -> Result<usize, DataSetError> {
        let content = self.lock();
        let rest = usize::try_from(at).ok().and_then(|at| content.bytes.get(at..)).unwrap_or_default();
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), DataSetError> {
        self.lock().bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn truncate(&mut self, byte_count: u64) -> Result<(), DataSetError> {
        self.lock().bytes.truncate(usize::try_from(byte_count).unwrap_or(usize::MAX));
        Ok(())
    }

    fn sync(&mut self) -> Result<(), DataSetError> {
        let mut content = self.lock();
        content.synced = content.bytes.clone();
        Ok(())
    }
}
