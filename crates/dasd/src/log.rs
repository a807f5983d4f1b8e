//! Records in the order they came.

use crate::DataSetError;

/// Records in the order they came, each at a position: 1, 2, 3 and so on, without gaps.
///
/// A record is *accepted* when [`Self::append`] returns and *forced* when a later [`Self::force`] does. It can be
/// read as soon as it is accepted.
pub trait LogSet: Send {
    /// Accepts a record at the next position and returns that. Once accepted there is room for it: a later force
    /// does not fail for want of space on a file system that allocates when files are written.
    fn append(&mut self, record: &[u8]) -> Result<u64, DataSetError>;

    /// Returns once every accepted record survives the loss of power.
    fn force(&mut self) -> Result<(), DataSetError>;

    /// The record at a position; `None` where there is none, not yet or no longer.
    fn read(&self, position: u64) -> Result<Option<Vec<u8>>, DataSetError>;

    /// Records from `from` on, before `until`, as many as fit into `bytes_max` and at least one where there is
    /// one. Stops at the first position without a record.
    fn read_range(&self, from: u64, until: u64, bytes_max: usize) -> Result<Vec<Vec<u8>>, DataSetError> {
        let (mut records, mut bytes) = (Vec::new(), 0usize);
        for position in from..until {
            let Some(record) = self.read(position)? else { break };
            bytes = bytes.saturating_add(record.len());
            if bytes > bytes_max && !records.is_empty() {
                break;
            }
            records.push(record);
        }
        Ok(records)
    }

    /// The lowest position that can be read; equals [`Self::next_position`] when there is no record.
    fn first_position(&self) -> u64;

    /// The position that the next record gets.
    fn next_position(&self) -> u64;

    /// Lets go of all records before `position`. When that lies beyond the last record, the log is empty and goes
    /// on at `position`. What is let go may come back when the set is opened again, never what is after it lost.
    fn discard_before(&mut self, position: u64) -> Result<(), DataSetError>;

    /// Removes all records after `position`; the next one gets `position + 1`. When it returns, that and all records
    /// that stay are forced.
    fn truncate_after(&mut self, position: u64) -> Result<(), DataSetError>;
}
