//! What every block begins with.
//!
//! ```text
//!  0  checksum of all that follows   4
//!  4  number of the last log record  8
//! 12  kind                           1   zero in a block that was never written
//! 13  reserved                       3
//! 16  free space anchor point        4   data blocks: offset of the first free space element, 2 bytes of zeros
//! 20  root anchor points             4 each
//! ```

use super::rba::Rba;
use vocabulary::LogSequence;

/// Bytes before the part that depends on the kind.
pub(crate) const HEADER_BYTES: usize = 16;
/// Where the free space anchor point is.
pub(crate) const FREE_ANCHOR: usize = HEADER_BYTES;
/// Where the root anchor points begin.
pub(crate) const ROOT_ANCHORS: usize = FREE_ANCHOR + 4;

const SEQUENCE: usize = 4;
const KIND: usize = 12;

/// What a block is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It was never written.
    Blank,
    /// The first block of a data set: which data set it is.
    Control,
    /// Which blocks have room.
    SpaceMap,
    /// Segments.
    Data,
    /// A node of an index.
    Index,
}

impl Kind {
    fn of(byte: u8) -> Option<Self> {
        [Self::Blank, Self::Control, Self::SpaceMap, Self::Data, Self::Index].get(usize::from(byte)).copied()
    }
}

/// The kind of a block; none for a byte that means nothing.
pub(crate) fn kind(block: &[u8]) -> Option<Kind> {
    Kind::of(block[KIND])
}

/// Makes an empty block of it, that no log record has changed.
pub(crate) fn clear(block: &mut [u8], kind: Kind) {
    block.fill(0);
    block[KIND] = kind as u8;
}

/// The last log record that changed the block.
pub(crate) fn sequence(block: &[u8]) -> LogSequence {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&block[SEQUENCE..KIND]);
    LogSequence(u64::from_be_bytes(bytes))
}

/// Notes the last log record that changed the block.
pub(crate) fn stamp(block: &mut [u8], sequence: LogSequence) {
    block[SEQUENCE..KIND].copy_from_slice(&sequence.0.to_be_bytes());
}

/// Stamps the block for its way to the data set.
pub(crate) fn seal(block: &mut [u8]) {
    let checksum = crc32fast::hash(&block[SEQUENCE..]);
    block[..SEQUENCE].copy_from_slice(&checksum.to_be_bytes());
}

/// Whether a block that was read is what was written: sealed, or never written at all.
pub(crate) fn is_whole(block: &[u8]) -> bool {
    let checksum = crc32fast::hash(&block[SEQUENCE..]).to_be_bytes();
    block[..SEQUENCE] == checksum || block.iter().all(|&byte| byte == 0)
}

/// The halfword at an offset.
pub(crate) fn halfword(block: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([block[at], block[at + 1]])
}

/// Sets the halfword at an offset.
pub(crate) fn set_halfword(block: &mut [u8], at: usize, value: u16) {
    block[at..at + 2].copy_from_slice(&value.to_be_bytes());
}

/// The fullword at an offset.
pub(crate) fn fullword(block: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]])
}

/// Sets the fullword at an offset.
pub(crate) fn set_fullword(block: &mut [u8], at: usize, value: u32) {
    block[at..at + 4].copy_from_slice(&value.to_be_bytes());
}

/// The pointer at an offset.
pub(crate) fn pointer(block: &[u8], at: usize) -> Option<Rba> {
    Rba::load([block[at], block[at + 1], block[at + 2], block[at + 3]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_block_is_whole_and_a_torn_one_is_not() {
        let mut block = vec![0; 512];
        assert!(is_whole(&block), "a block that was never written");
        clear(&mut block, Kind::Data);
        set_fullword(&mut block, 100, 7);
        seal(&mut block);
        assert!(is_whole(&block));
        assert_eq!((kind(&block), fullword(&block, 100)), (Some(Kind::Data), 7));
        block[400] = 1;
        assert!(!is_whole(&block));
    }
}
