//! Sequential data sets: bytes in the order in which they were written.

use crate::DataSetError;

/// A sequential data set: bytes that are read anywhere and written at the end. What its records are knows who uses it,
/// and other programs may read and write it, too.
pub trait SequentialSet: Send {
    /// How many bytes there are.
    fn byte_count(&self) -> u64;

    /// Reads from this byte on, as far as `into` goes or the data set does, and gives how many bytes that were.
    fn read(&self, at: u64, into: &mut [u8]) -> Result<usize, DataSetError>;

    /// Adds bytes at the end. A refusal adds none.
    fn append(&mut self, bytes: &[u8]) -> Result<(), DataSetError>;

    /// Removes all bytes from this one on.
    fn truncate(&mut self, byte_count: u64) -> Result<(), DataSetError>;

    /// Returns once everything that was accepted survives the loss of power.
    fn sync(&mut self) -> Result<(), DataSetError>;
}
