//! The records of database changes: X'50' for blocks of segments, X'52' and X'53' for an index.
//!
//! ```text
//!  0  flags          1   1: goes with the next record; 2: takes back another
//!  1  reserved       1
//!  2  at             2
//!  4  length         2
//!  6  end            2
//!  8  owner          4
//! 12  block          4
//! 16  DBD            8
//! 24  DD name        8
//! 32  takes back     8   the sequence of the record that this one takes back
//! 40  after-image, as long as `length` where there is one, then before-image
//! ```

use crate::block::array;
use vocabulary::{DbdName, DdName, LogSequence};

/// Bytes before the images.
const FIXED_BYTES: usize = 40;
const MORE: u8 = 1;
const TAKES_BACK: u8 = 2;

/// A change of one block. The same change of the same block always has the same outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<'b> {
    /// Bytes are overwritten.
    Put {
        /// The first.
        at: usize,
        /// What they become.
        bytes: &'b [u8],
    },
    /// Free bytes are taken for a segment; they become zeros.
    Take {
        /// The first.
        at: usize,
        /// How many.
        len: usize,
    },
    /// Bytes of a segment become free.
    Release {
        /// The first.
        at: usize,
        /// How many.
        len: usize,
        /// The unit of work that frees them.
        owner: u32,
    },
    /// Bytes that became free are a segment again, as it was.
    Retake {
        /// The first.
        at: usize,
        /// What they become.
        bytes: &'b [u8],
    },
    /// What the whole block was before its first change after a checkpoint. Zeros at its end are left out.
    Image {
        /// The block.
        bytes: &'b [u8],
    },
    /// The block becomes an empty node of an index.
    Node {
        /// Its level: zero for a leaf.
        level: u8,
    },
    /// Bytes are put in; those from there to the end move up.
    Insert {
        /// The first.
        at: usize,
        /// Behind the last that moves.
        end: usize,
        /// What is put in.
        bytes: &'b [u8],
    },
    /// Bytes are taken out; those behind, to the end, move down.
    Remove {
        /// The first.
        at: usize,
        /// Behind the last that moves.
        end: usize,
        /// How many.
        len: usize,
    },
}

/// A change of a block of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatabaseChange<'b> {
    /// The database.
    pub dbd: DbdName,
    /// The data set.
    pub dd: DdName,
    /// The block.
    pub block: u32,
    /// It counts only together with the record that comes next.
    pub more: bool,
    /// The change that this one takes back.
    pub takes_back: Option<LogSequence>,
    /// What is done.
    pub change: Change<'b>,
    /// What was there before, where that is needed to take it back.
    pub before: &'b [u8],
}

/// An entry that came into an index, or left it. The blocks are changed by the records before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexEntry<'b> {
    /// The database.
    pub dbd: DbdName,
    /// It came; else it left.
    pub added: bool,
    /// The entry that this one takes back.
    pub takes_back: Option<LogSequence>,
    /// The key.
    pub key: &'b [u8],
    /// The root's address.
    pub rba: u32,
}

impl<'b> DatabaseChange<'b> {
    /// Type and subtype.
    pub(crate) fn kind(&self) -> (u8, u8) {
        match self.change {
            Change::Put { .. } => (0x50, 1),
            Change::Take { .. } => (0x50, 2),
            Change::Release { .. } => (0x50, 3),
            Change::Retake { .. } => (0x50, 4),
            Change::Image { .. } => (0x50, 5),
            Change::Node { .. } => (0x53, 1),
            Change::Insert { .. } => (0x53, 2),
            Change::Remove { .. } => (0x53, 3),
        }
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let (at, len, end, owner, after): (usize, usize, usize, u32, &[u8]) = match self.change {
            Change::Put { at, bytes } | Change::Retake { at, bytes } => (at, bytes.len(), 0, 0, bytes),
            Change::Take { at, len } => (at, len, 0, 0, &[]),
            Change::Release { at, len, owner } => (at, len, 0, owner, &[]),
            Change::Image { bytes } => (0, bytes.len(), 0, 0, bytes),
            Change::Node { level } => (0, 0, 0, u32::from(level), &[]),
            Change::Insert { at, end, bytes } => (at, bytes.len(), end, 0, bytes),
            Change::Remove { at, end, len } => (at, len, end, 0, &[]),
        };
        let mut fixed = [0; FIXED_BYTES];
        fixed[0] = flags(self.more, self.takes_back);
        fixed[2..4].copy_from_slice(&(at as u16).to_be_bytes());
        fixed[4..6].copy_from_slice(&(len as u16).to_be_bytes());
        fixed[6..8].copy_from_slice(&(end as u16).to_be_bytes());
        fixed[8..12].copy_from_slice(&owner.to_be_bytes());
        fixed[12..16].copy_from_slice(&self.block.to_be_bytes());
        fixed[16..24].copy_from_slice(&self.dbd.padded());
        fixed[24..32].copy_from_slice(&self.dd.padded());
        fixed[32..].copy_from_slice(&self.takes_back.unwrap_or_default().0.to_be_bytes());
        out.extend_from_slice(&fixed);
        out.extend_from_slice(after);
        out.extend_from_slice(self.before);
    }

    pub(crate) fn decode(kind: (u8, u8), bytes: &'b [u8]) -> Option<Self> {
        let (fixed, images) = bytes.split_at_checked(FIXED_BYTES)?;
        let at = usize::from(u16::from_be_bytes(array(fixed, 2)));
        let len = usize::from(u16::from_be_bytes(array(fixed, 4)));
        let end = usize::from(u16::from_be_bytes(array(fixed, 6)));
        let owner = u32::from_be_bytes(array(fixed, 8));
        let has_after = matches!(kind, (0x50, 1 | 4 | 5) | (0x53, 2));
        let (after, before) = images.split_at_checked(if has_after { len } else { 0 })?;
        let change = match kind {
            (0x50, 1) => Change::Put { at, bytes: after },
            (0x50, 2) => Change::Take { at, len },
            (0x50, 3) => Change::Release { at, len, owner },
            (0x50, 4) => Change::Retake { at, bytes: after },
            (0x50, 5) => Change::Image { bytes: after },
            (0x53, 1) => Change::Node { level: owner as u8 },
            (0x53, 2) => Change::Insert { at, end, bytes: after },
            (0x53, 3) => Change::Remove { at, end, len },
            _ => return None,
        };
        Some(Self {
            dbd: DbdName::new(name(&fixed[16..24])?).ok()?,
            dd: DdName::new(name(&fixed[24..32])?).ok()?,
            block: u32::from_be_bytes(array(fixed, 12)),
            more: fixed[0] & MORE != 0,
            takes_back: takes_back(fixed),
            change,
            before,
        })
    }
}

impl<'b> IndexEntry<'b> {
    /// Type and subtype.
    pub(crate) fn kind(&self) -> (u8, u8) {
        (0x52, if self.added { 1 } else { 2 })
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let mut fixed = [0; FIXED_BYTES];
        fixed[0] = flags(false, self.takes_back);
        fixed[4..6].copy_from_slice(&(self.key.len() as u16).to_be_bytes());
        fixed[8..12].copy_from_slice(&self.rba.to_be_bytes());
        fixed[16..24].copy_from_slice(&self.dbd.padded());
        fixed[24..32].fill(b' ');
        fixed[32..].copy_from_slice(&self.takes_back.unwrap_or_default().0.to_be_bytes());
        out.extend_from_slice(&fixed);
        out.extend_from_slice(self.key);
    }

    pub(crate) fn decode(subtype: u8, bytes: &'b [u8]) -> Option<Self> {
        let (fixed, key) = bytes.split_at_checked(FIXED_BYTES)?;
        Some(Self {
            dbd: DbdName::new(name(&fixed[16..24])?).ok()?,
            added: subtype == 1,
            takes_back: takes_back(fixed),
            key,
            rba: u32::from_be_bytes(array(fixed, 8)),
        })
    }
}

fn flags(more: bool, takes_back: Option<LogSequence>) -> u8 {
    (u8::from(more) * MORE) | (u8::from(takes_back.is_some()) * TAKES_BACK)
}

fn takes_back(fixed: &[u8]) -> Option<LogSequence> {
    (fixed[0] & TAKES_BACK != 0).then(|| LogSequence(u64::from_be_bytes(array(fixed, 32))))
}

fn name(padded: &[u8]) -> Option<&str> {
    std::str::from_utf8(padded.trim_ascii_end()).ok()
}
