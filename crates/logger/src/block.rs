//! A block of an OLDS.
//!
//! ```text
//!  0  checksum of all that follows        4
//!  4  magic and version                   4
//!  8  number of the block                 8   from 1 on, over all data sets
//! 16  checksum of the block before        4
//! 20  bytes used                          2
//! 22  offset of the first record          2   0: none begins here
//! 24  sequence of the first record        8
//! 32  epoch of the writer                 8
//! 40  when the writer opened the log      8   of two blocks with one number the later counts
//! 48  records; one may go on in the next block
//! ```

use vocabulary::{Epoch, Moment};

/// Bytes before the records.
pub(crate) const HEADER_BYTES: usize = 48;
const MAGIC: [u8; 4] = *b"LOG\x01";

/// What a block says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) number: u64,
    pub(crate) before: u32,
    pub(crate) used: usize,
    /// Where the first record begins that begins in this block, and its sequence.
    pub(crate) first: Option<(usize, u64)>,
    pub(crate) epoch: Epoch,
    pub(crate) opened: Moment,
}

/// Writes the header, and gives the checksum.
pub(crate) fn seal(block: &mut [u8], header: &Header) -> u32 {
    let (at, sequence) = header.first.unwrap_or_default();
    block[4..8].copy_from_slice(&MAGIC);
    block[8..16].copy_from_slice(&header.number.to_be_bytes());
    block[16..20].copy_from_slice(&header.before.to_be_bytes());
    block[20..22].copy_from_slice(&(header.used as u16).to_be_bytes());
    block[22..24].copy_from_slice(&(at as u16).to_be_bytes());
    block[24..32].copy_from_slice(&sequence.to_be_bytes());
    block[32..40].copy_from_slice(&header.epoch.0.to_be_bytes());
    block[40..48].copy_from_slice(&header.opened.0.to_be_bytes());
    let checksum = crc32fast::hash(&block[4..]);
    block[..4].copy_from_slice(&checksum.to_be_bytes());
    checksum
}

/// The checksum of a block that was read well.
pub(crate) fn checksum(block: &[u8]) -> u32 {
    u32::from_be_bytes(array(block, 0))
}

/// What a block says of itself; none for one that is torn, or was never written.
pub(crate) fn open(block: &[u8]) -> Option<Header> {
    if block.get(4..8) != Some(&MAGIC) || crc32fast::hash(&block[4..]) != checksum(block) {
        return None;
    }
    let used = usize::from(u16::from_be_bytes(array(block, 20)));
    let at = usize::from(u16::from_be_bytes(array(block, 22)));
    let sequence = u64::from_be_bytes(array(block, 24));
    Some(Header {
        number: u64::from_be_bytes(array(block, 8)),
        before: u32::from_be_bytes(array(block, 16)),
        used,
        first: (at != 0).then_some((at, sequence)),
        epoch: Epoch(u64::from_be_bytes(array(block, 32))),
        opened: Moment(u64::from_be_bytes(array(block, 40))),
    })
    .filter(|_| (HEADER_BYTES..=block.len()).contains(&used) && at <= used)
}

pub(crate) fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[at..at + N]);
    array
}
