//! A data set that is open.

use crate::format::geometry::Geometry;
use dasd::BlockSet;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use vocabulary::{DdName, Epoch};

/// Blocks whose frames are kept in one piece of the directory.
const PIECE: usize = 4096;
/// In the directory: the block is in no frame.
const NOWHERE: u32 = u32::MAX;

/// A data set that is open: where its blocks are kept, and in which frames they were seen last.
pub(crate) struct DataSet {
    /// Its number in the engine.
    pub(crate) id: u16,
    /// What the DBD calls it.
    pub(crate) dd: DdName,
    /// Where its blocks are.
    pub(crate) geometry: Geometry,
    /// The epoch that it is written in.
    pub(crate) epoch: Epoch,
    /// The blocks themselves.
    pub(crate) blocks: Box<dyn BlockSet>,
    directory: Box<[OnceLock<Box<[AtomicU32]>>]>,
}

impl DataSet {
    pub(crate) fn new(
        id: u16,
        dd: DdName,
        geometry: Geometry,
        epoch: Epoch,
        blocks: Box<dyn BlockSet>,
    ) -> Self {
        let pieces = geometry.data_block(geometry.data_number_max()) as usize / PIECE + 1;
        let directory = (0..pieces).map(|_| OnceLock::new()).collect();
        Self { id, dd, geometry, epoch, blocks, directory }
    }

    pub(super) fn tag(&self, block: u32) -> u64 {
        u64::from(self.id) << 32 | u64::from(block)
    }

    /// The frame where the block was seen last; it may hold another by now.
    pub(super) fn frame_of(&self, block: u32) -> Option<usize> {
        let piece = self.directory.get(block as usize / PIECE)?.get()?;
        let frame = piece[block as usize % PIECE].load(Ordering::Relaxed);
        (frame != NOWHERE).then_some(frame as usize)
    }

    pub(super) fn remember(&self, block: u32, frame: usize) {
        if let Some(piece) = self.directory.get(block as usize / PIECE) {
            let piece = piece.get_or_init(|| (0..PIECE).map(|_| AtomicU32::new(NOWHERE)).collect());
            piece[block as usize % PIECE].store(frame as u32, Ordering::Relaxed);
        }
    }
}
