//! A frame of the pool.

use super::DataSet;
use crate::error::Trouble;
use crate::format::block;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock, RwLockReadGuard};

/// The tag of a frame that holds no block.
pub(super) const NO_BLOCK: u64 = u64::MAX;

/// A block that nobody changes or replaces while this is held.
pub(crate) type Latched<'p> = RwLockReadGuard<'p, Content>;

/// A frame: a latch, what is behind it, and whether it was used since the clock's hand passed. All of it is one line of the
/// processor's cache, which is all that has to come in before a block does.
#[derive(Default)]
#[repr(align(64))]
pub(super) struct Frame {
    pub(super) latch: RwLock<Content>,
    used: AtomicBool,
}

impl Frame {
    pub(super) fn mark_used(&self) {
        // A shared line that is only read stays in every core's cache.
        if !self.used.load(Ordering::Relaxed) {
            self.used.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn take_mark(&self) -> bool {
        self.used.swap(false, Ordering::Relaxed)
    }
}

/// What a frame holds.
pub(crate) struct Content {
    /// The data set and the block.
    pub(super) tag: u64,
    /// Its bytes.
    pub(crate) data: Box<[u8]>,
    /// Where it has to be written, if it was changed.
    pub(super) owner: Option<Arc<DataSet>>,
    /// It was torn when it was read, and nothing has been made of it yet.
    pub(super) is_torn: bool,
}

impl Default for Content {
    fn default() -> Self {
        Self { tag: NO_BLOCK, data: Box::default(), owner: None, is_torn: false }
    }
}

impl Content {
    /// Notes that the block was changed, and has to be written to this data set some time.
    pub(crate) fn mark_changed(&mut self, set: &Arc<DataSet>) {
        if self.owner.is_none() {
            self.owner = Some(set.clone());
        }
        self.is_torn = false;
    }

    pub(super) fn is_changed(&self) -> bool {
        self.owner.is_some()
    }

    pub(super) fn is_of(&self, set: &DataSet) -> bool {
        self.tag != NO_BLOCK && (self.tag >> 32) as u16 == set.id
    }

    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Writes the block if it was changed: not before the log has what was changed.
    pub(super) fn write_back(&mut self) -> Result<(), Trouble> {
        if let Some(set) = self.owner.clone() {
            if let Some(log) = &set.log {
                log.force(block::sequence(&self.data))?;
            }
            block::seal(&mut self.data);
            set.blocks.write(set.epoch, self.tag as u32, &self.data)?;
            self.owner = None;
        }
        Ok(())
    }
}
