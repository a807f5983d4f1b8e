//! The buffer pool: blocks in memory, shared by all programs.
//!
//! A data set knows in which frame it last saw a block. Whoever wants the block latches that frame and looks whether it
//! still holds it: mostly it does, and nothing else is needed. A latch keeps the frame from being taken for another
//! block. Nobody asks for a second latch while holding one, so that no two can wait for each other.

mod data_set;
mod frame;

pub(crate) use data_set::DataSet;
pub(crate) use frame::{Content, Latched};

use crate::error::Trouble;
use crate::format::block;
use frame::{Frame, NO_BLOCK};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, RwLockWriteGuard};

/// How many misses can be on their way at once.
const MISS_LANES: usize = 16;
/// The fewest frames a pool works with.
const FRAMES_MIN: usize = 16;

/// What a block that is not in memory has to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// As it was written.
    Whole,
    /// As it was written, or torn.
    Torn,
    /// Nothing: it is overwritten.
    Nothing,
}

/// Blocks in memory.
pub(crate) struct BufferPool {
    frames: Box<[Frame]>,
    hand: AtomicUsize,
    /// Two programs that miss the same block at once must not both read it.
    misses: [Mutex<()>; MISS_LANES],
    reads: AtomicU64,
    writes: AtomicU64,
}

/// What was done for want of buffers, and to make changes durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PoolCounts {
    /// How many buffers there are.
    pub(crate) buffers: u64,
    /// Blocks read.
    pub(crate) reads: u64,
    /// Blocks written.
    pub(crate) writes: u64,
}

impl BufferPool {
    /// A pool of so many frames, each as large as the block it holds.
    pub(crate) fn new(frames: usize) -> Self {
        let frames = (0..frames.max(FRAMES_MIN)).map(|_| Frame::default()).collect();
        Self {
            frames,
            hand: AtomicUsize::new(0),
            misses: Default::default(),
            reads: AtomicU64::new(0),
            writes: AtomicU64::new(0),
        }
    }

    /// What was done so far.
    pub(crate) fn counts(&self) -> PoolCounts {
        PoolCounts {
            buffers: self.frames.len() as u64,
            reads: self.reads.load(Ordering::Relaxed),
            writes: self.writes.load(Ordering::Relaxed),
        }
    }

    fn write_back(&self, content: &mut Content) -> Result<(), Trouble> {
        let was_changed = content.is_changed();
        content.write_back()?;
        self.writes.fetch_add(u64::from(was_changed), Ordering::Relaxed);
        Ok(())
    }

    /// The block, to be read.
    #[inline(always)]
    pub(crate) fn read<'p>(&'p self, set: &DataSet, block: u32) -> Result<Latched<'p>, Trouble> {
        loop {
            if let Some(latched) = self.cached(set, block) {
                return Ok(latched);
            }
            drop(self.fetch(set, block, Reading::Whole)?);
        }
    }

    /// The block, to be changed.
    pub(crate) fn write<'p>(
        &'p self,
        set: &DataSet,
        block: u32,
    ) -> Result<RwLockWriteGuard<'p, Content>, Trouble> {
        if let Some(frame) = set.frame_of(block).and_then(|at| self.frames.get(at)) {
            let content = frame.latch.write().unwrap_or_else(PoisonError::into_inner);
            if content.tag == set.tag(block) {
                frame.mark_used();
                return Ok(content);
            }
        }
        self.fetch(set, block, Reading::Whole)
    }

    /// The block as a crash left it, to be made anew: zeros, and true, where it is torn. Unless it is changed then, it has
    /// to be forgotten.
    pub(crate) fn salvage<'p>(
        &'p self,
        set: &DataSet,
        block: u32,
    ) -> Result<(RwLockWriteGuard<'p, Content>, bool), Trouble> {
        let content = self.fetch(set, block, Reading::Torn)?;
        let is_torn = content.is_torn;
        Ok((content, is_torn))
    }

    /// The block, whose content does not matter.
    pub(crate) fn overwrite<'p>(
        &'p self,
        set: &DataSet,
        block: u32,
    ) -> Result<RwLockWriteGuard<'p, Content>, Trouble> {
        self.fetch(set, block, Reading::Nothing)
    }

    /// Forgets a block, changed or not.
    pub(crate) fn forget(&self, set: &DataSet, block: u32) {
        if let Some(frame) = set.frame_of(block).and_then(|at| self.frames.get(at)) {
            let mut content = frame.latch.write().unwrap_or_else(PoisonError::into_inner);
            if content.tag == set.tag(block) {
                content.forget();
            }
        }
    }

    #[inline(always)]
    fn cached<'p>(&'p self, set: &DataSet, block: u32) -> Option<Latched<'p>> {
        let frame = self.frames.get(set.frame_of(block)?)?;
        let content = frame.latch.read().unwrap_or_else(PoisonError::into_inner);
        if content.tag != set.tag(block) {
            return None;
        }
        frame.mark_used();
        Some(content)
    }

    /// The block in a frame, read if nobody did so meanwhile.
    fn fetch<'p>(
        &'p self,
        set: &DataSet,
        number: u32,
        reading: Reading,
    ) -> Result<RwLockWriteGuard<'p, Content>, Trouble> {
        let _lane = self.misses[number as usize % MISS_LANES].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(frame) = set.frame_of(number).and_then(|at| self.frames.get(at)) {
            let content = frame.latch.write().unwrap_or_else(PoisonError::into_inner);
            if content.tag == set.tag(number) {
                return Ok(content);
            }
        }
        let (at, mut content) = self.steal()?;
        if content.data.len() != set.geometry.block_bytes {
            content.data = vec![0; set.geometry.block_bytes].into();
        }
        content.is_torn = false;
        match reading {
            Reading::Nothing => content.data.fill(0),
            _ => {
                set.blocks.read(number, &mut content.data)?;
                self.reads.fetch_add(1, Ordering::Relaxed);
            }
        }
        if !block::is_whole(&content.data) {
            if reading != Reading::Torn {
                return Err(Trouble::broken(set.id, number, "the checksum of the block is wrong"));
            }
            content.data.fill(0);
            content.is_torn = true;
        }
        content.tag = set.tag(number);
        set.remember(number, at);
        Ok(content)
    }

    /// A frame for another block, empty. What it held is written first if it was changed.
    fn steal(&self) -> Result<(usize, RwLockWriteGuard<'_, Content>), Trouble> {
        let mut refused = Trouble::NoBuffer;
        // Two rounds clear every mark; the third finds a frame unless all are latched.
        for _ in 0..3 * self.frames.len() {
            let at = self.hand.fetch_add(1, Ordering::Relaxed) % self.frames.len();
            let frame = &self.frames[at];
            if frame.take_mark() {
                continue;
            }
            let Ok(mut content) = frame.latch.try_write() else { continue };
            // A data set that can't be written keeps its blocks here; that is no reason for others to fail.
            if let Err(trouble) = self.write_back(&mut content) {
                refused = trouble;
                continue;
            }
            content.tag = NO_BLOCK;
            return Ok((at, content));
        }
        Err(refused)
    }

    /// Writes every changed block of a data set.
    pub(crate) fn flush(&self, set: &DataSet) -> Result<(), Trouble> {
        for frame in &self.frames {
            let changed = {
                let content = frame.latch.read().unwrap_or_else(PoisonError::into_inner);
                content.is_changed() && content.is_of(set)
            };
            if changed {
                let mut content = frame.latch.write().unwrap_or_else(PoisonError::into_inner);
                if content.is_of(set) {
                    self.write_back(&mut content)?;
                }
            }
        }
        Ok(())
    }

    /// Forgets every block of a data set, changed or not.
    pub(crate) fn discard(&self, set: &DataSet) {
        for frame in &self.frames {
            let mut content = frame.latch.write().unwrap_or_else(PoisonError::into_inner);
            if content.is_of(set) {
                content.forget();
            }
        }
    }
}
