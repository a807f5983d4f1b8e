//! Blocks of one size, read and written in any order.

use crate::DataSetError;
use vocabulary::Epoch;

/// Blocks of one size, each under a number from 0 on.
///
/// Methods take `&self`, because a buffer pool reads and writes different blocks at once; whoever writes one block
/// twice at the same moment does not know which write was last. A block that was never written reads as zeros.
pub trait BlockSet: Send + Sync {
    /// Bytes of a block.
    fn block_bytes(&self) -> usize;

    /// One more than the highest block that was written; 0 for a new set.
    fn block_count(&self) -> u32;

    /// Fills `into`, which has the length of a block.
    fn read(&self, block: u32, into: &mut [u8]) -> Result<(), DataSetError>;

    /// Accepts the content of a block. It is read back at once and durable after the next [`Self::sync`]; a crash
    /// before that may lose it, or leave a block of which part is new and part is old.
    ///
    /// A writer whose epoch is lower than the one that was admitted last is refused, and nothing is written.
    fn write(&self, writer: Epoch, block: u32, from: &[u8]) -> Result<(), DataSetError>;

    /// Accepts the contents of blocks that follow one another, as [`Self::write`] accepts each. A set whose medium takes
    /// them at once has its own way to do so.
    fn write_run(&self, writer: Epoch, first: u32, from: &[u8]) -> Result<(), DataSetError> {
        (first..)
            .zip(from.chunks(self.block_bytes()))
            .try_for_each(|(block, from)| self.write(writer, block, from))
    }

    /// Returns once everything accepted before survives the loss of power.
    fn sync(&self) -> Result<(), DataSetError>;

    /// Refuses writers of an epoch lower than this one from now on, also after a restart. A lower epoch than the
    /// one admitted changes nothing.
    fn admit(&self, epoch: Epoch) -> Result<(), DataSetError>;

    /// The lowest epoch that may write.
    fn admitted(&self) -> Epoch;
}
