//! A data set that is open.

use crate::format::block;
use crate::format::geometry::Geometry;
use dasd::BlockSet;
use logger::{Log, LogSequence};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use vocabulary::{DbdName, DdName, Epoch};

/// Blocks whose frames are kept in one piece of the directory.
const PIECE: usize = 4096;
/// In the directory: the block is in no frame.
const NOWHERE: u32 = u32::MAX;

/// A data set that is open: where its blocks are kept, and in which frames they were seen last.
pub(crate) struct DataSet {
    /// Its number in the engine.
    pub(crate) id: u16,
    /// The database that it is of; that of an index belongs to the database too.
    pub(crate) dbd: DbdName,
    /// What the DBD calls it.
    pub(crate) dd: DdName,
    /// Where its blocks are.
    pub(crate) geometry: Geometry,
    /// The epoch that it is written in.
    pub(crate) epoch: Epoch,
    /// The blocks themselves.
    pub(crate) blocks: Box<dyn BlockSet>,
    /// Where its changes are logged.
    pub(crate) log: Option<Arc<Log>>,
    /// A restart reads the log from this record on, at the earliest.
    since: AtomicU64,
    directory: Box<[OnceLock<Box<[AtomicU32]>>]>,
}

impl DataSet {
    pub(crate) fn new(
        id: u16,
        (dbd, dd): (DbdName, DdName),
        geometry: Geometry,
        epoch: Epoch,
        blocks: Box<dyn BlockSet>,
        log: Option<Arc<Log>>,
    ) -> Self {
        let pieces = geometry.data_block(geometry.data_number_max()) as usize / PIECE + 1;
        let directory = (0..pieces).map(|_| OnceLock::new()).collect();
        Self { id, dbd, dd, geometry, epoch, blocks, log, since: AtomicU64::new(0), directory }
    }

    /// All that was logged before this record is on the data set.
    pub(crate) fn set_since(&self, since: LogSequence) {
        self.since.store(since.0, Ordering::Relaxed);
    }

    /// The last record that changed a block, as far as a restart would read it; else none.
    pub(crate) fn stamp_of(&self, data: &[u8]) -> LogSequence {
        let stamped = block::sequence(data);
        if stamped.0 < self.since.load(Ordering::Relaxed) { LogSequence(0) } else { stamped }
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
