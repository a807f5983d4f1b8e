//! A block set in memory.

use crate::{BlockSet, DataSetError};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use vocabulary::Epoch;

/// What a set in memory is called in messages.
const SET: &str = "block set in memory";

/// A block set in memory. Clones are handles on the same content.
#[derive(Debug, Clone)]
pub struct MemoryBlockSet {
    block_bytes: usize,
    content: Arc<Mutex<Content>>,
}

#[derive(Debug, Default)]
struct Content {
    blocks: BTreeMap<u32, Box<[u8]>>,
    admitted: Epoch,
    /// The writes since the last sync, oldest first: a block, and what it held before.
    unsynced: Vec<(u32, Option<Box<[u8]>>)>,
}

/// What a crash left of the first write that did not reach the disk whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Torn {
    /// Nothing of it.
    No,
    /// Its first so many bytes; the rest of the block is as it was before.
    After(usize),
}

impl MemoryBlockSet {
    /// An empty set.
    pub fn new(block_bytes: usize) -> Self {
        Self { block_bytes, content: Arc::default() }
    }

    /// The power fails: of the writes since the last sync only the first `kept` had reached the disk, and of the one
    /// after them what `torn` says.
    pub fn crash(&self, kept: usize, torn: Torn) {
        let mut content = self.lock();
        let mut half_written = None;
        while content.unsynced.len() > kept {
            let Some((block, before)) = content.unsynced.pop() else { break };
            half_written = content.blocks.remove(&block).map(|after| (block, after));
            if let Some(before) = before {
                content.blocks.insert(block, before);
            }
        }
        content.unsynced.clear();
        if let (Torn::After(bytes), Some((block, after))) = (torn, half_written) {
            let bytes = bytes.min(self.block_bytes);
            let mut mixed = content.blocks.remove(&block).unwrap_or_else(|| self.zeros());
            mixed[..bytes].copy_from_slice(&after[..bytes]);
            content.blocks.insert(block, mixed);
        }
    }

    /// How many writes a crash would put at risk.
    pub fn unsynced_count(&self) -> usize {
        self.lock().unsynced.len()
    }

    fn zeros(&self) -> Box<[u8]> {
        vec![0; self.block_bytes].into()
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BlockSet for MemoryBlockSet {
    fn block_bytes(&self) -> usize {
        self.block_bytes
    }

    fn block_count(&self) -> u32 {
        self.lock().blocks.last_key_value().map_or(0, |(&block, _)| block.saturating_add(1))
    }

    fn read(&self, block: u32, into: &mut [u8]) -> Result<(), DataSetError> {
        match self.lock().blocks.get(&block) {
            Some(content) => into.copy_from_slice(content),
            None => into.fill(0),
        }
        Ok(())
    }

    fn write(&self, writer: Epoch, block: u32, from: &[u8]) -> Result<(), DataSetError> {
        let mut content = self.lock();
        if writer < content.admitted {
            return Err(DataSetError::Fenced { set: SET.into(), writer, admitted: content.admitted });
        }
        let before = content.blocks.insert(block, from.into());
        content.unsynced.push((block, before));
        Ok(())
    }

    fn sync(&self) -> Result<(), DataSetError> {
        self.lock().unsynced.clear();
        Ok(())
    }

    fn admit(&self, epoch: Epoch) -> Result<(), DataSetError> {
        let mut content = self.lock();
        content.admitted = content.admitted.max(epoch);
        Ok(())
    }

    fn admitted(&self) -> Epoch {
        self.lock().admitted
    }
}
