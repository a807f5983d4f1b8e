//! Blocks of data sets, as those see them who copy and restore data sets without opening a database.

use crate::database::{DataSets, change_alone, read_control, reorganization_of};
use crate::format::block::{self, Kind};
use dasd::BlockSet;
use logger::{Change, LogSequence};
use vocabulary::{DbdName, DdName};

/// What the control block of a data set says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Control {
    /// The DBD that names the data set; of the index of a HIDAM database its own.
    pub dbd: DbdName,
    /// The data set.
    pub dd: DdName,
    /// It was opened to be updated, and not closed.
    pub is_open: bool,
}

/// What the first block of a data set says; none if it is no control block.
pub fn control(block: &[u8]) -> Option<Control> {
    let (dbd, dd, is_open) = read_control(block)?;
    Some(Control { dbd, dd, is_open })
}

/// How often a partition of a HALDB was reorganized, by its data sets; none where they hold nothing.
pub fn reorganization(sets: &DataSets) -> Option<u16> {
    let read = |set: &dyn BlockSet| {
        let mut block = vec![0; set.block_bytes()];
        set.read(0, &mut block).ok()?;
        control(&block).map(|_| reorganization_of(&block))
    };
    sets.values().find_map(|set| read(&**set))
}

/// Whether a block is what was written: its checksum is right, or it was never written.
pub fn is_whole(block: &[u8]) -> bool {
    block::is_whole(block)
}

/// Whether a block was never written.
pub fn is_blank(block: &[u8]) -> bool {
    block::kind(block) == Some(Kind::Blank) && block.iter().all(|&byte| byte == 0)
}

/// The last log record that changed a block; zero if none did.
pub fn last_change(block: &[u8]) -> LogSequence {
    block::sequence(block)
}

/// Makes a change that was logged, and stamps the block with its record.
///
/// # Errors
/// What of the block can't be.
pub fn change(block: &mut [u8], change: Change<'_>, sequence: LogSequence) -> Result<(), &'static str> {
    change_alone(change, block)?;
    block::stamp(block, sequence);
    Ok(())
}

/// Stamps a block with its checksum, for its way to a data set.
pub fn seal(block: &mut [u8]) {
    block::seal(block);
}
