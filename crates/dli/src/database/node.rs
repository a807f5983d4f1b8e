//! The nodes of an index: a block of its data set each.
//!
//! ```text
//! 16  level         1   0 for a leaf
//! 17  reserved      1
//! 18  entries       2
//! 20  next leaf     4   block number, 0 for the last
//! 24  entries           leaf: delete byte 1, RBA 4, key, data; above: block number 4, lowest key
//! ```

use super::tree::Entry;
use crate::format::Rba;
use crate::format::block::{self, Kind, fullword};
use crate::lock::Item;
use std::cmp::Ordering;

pub(super) const LEVEL: usize = block::HEADER_BYTES;
pub(super) const COUNT: usize = LEVEL + 2;
pub(super) const NEXT_LEAF: usize = COUNT + 2;
pub(super) const ENTRIES: usize = NEXT_LEAF + 4;
/// Bytes before the key in an entry of a leaf: delete byte and address.
pub(super) const LEAF_HEAD: usize = 5;
/// Bytes before the key in an entry above the leaves: a block number.
pub(super) const BRANCH_HEAD: usize = 4;

/// Makes an empty node of a block.
pub(super) fn format(data: &mut [u8], level: u8) {
    block::clear(data, Kind::Index);
    data[LEVEL] = level;
}

/// A node, to be read.
pub(super) struct Node<'d> {
    pub(super) data: &'d [u8],
    pub(super) count: usize,
    pub(super) entry_bytes: usize,
    pub(super) key_bytes: usize,
}

impl Node<'_> {
    pub(super) fn is_leaf(&self) -> bool {
        self.data[LEVEL] == 0
    }

    pub(super) fn head(&self) -> usize {
        if self.is_leaf() { LEAF_HEAD } else { BRANCH_HEAD }
    }

    pub(super) fn entry(&self, at: usize) -> &[u8] {
        &self.data[ENTRIES + at * self.entry_bytes..ENTRIES + (at + 1) * self.entry_bytes]
    }

    pub(super) fn key(&self, at: usize) -> &[u8] {
        &self.record(at)[..self.key_bytes]
    }

    /// The key and the data.
    pub(super) fn record(&self, at: usize) -> &[u8] {
        &self.entry(at)[self.head()..]
    }

    pub(super) fn rba(&self, at: usize) -> Option<Rba> {
        block::pointer(self.entry(at), 1)
    }

    pub(super) fn found(&self, at: usize) -> Option<Entry> {
        self.rba(at).map(|rba| Entry { rba, item: Item::root(self.key(at)) })
    }

    pub(super) fn child(&self, at: usize) -> u32 {
        fullword(self.entry(at), 0)
    }

    /// The place of a key, or where it would be.
    pub(super) fn search(&self, key: &[u8]) -> Result<usize, usize> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = (low + high) / 2;
            match self.key(middle).cmp(key) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Ok(middle),
            }
        }
        Err(low)
    }

    /// Above the leaves: the child whose keys are nearest at or below this one. The first child takes all the rest.
    pub(super) fn child_of(&self, key: &[u8]) -> usize {
        match self.search(key) {
            Ok(at) => at,
            Err(at) => at.saturating_sub(1),
        }
    }
}
