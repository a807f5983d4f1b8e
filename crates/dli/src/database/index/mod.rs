//! Secondary indexes: what their entries are made of, and how they follow their source segments.
//!
//! An entry leads to a *target* segment and is made of fields of a *source*, which is the target or below it:
//!
//! ```text
//! key    constant 0 or 1, search and subsequence fields
//!        stamp             4   non-unique: the latest of equal keys has the lowest
//! data   source RBA        4   part of the key where that is not unique
//!        duplicate data, concatenated key of the target (PTR=SYMB), user data
//! ```
//!
//! The target's address stands before the key, as in every index. A source that lacks a search field, whose search fields
//! are the null value, or that the exit routine does not want, has no entry.

mod check;
mod entry;
mod layout;
mod maintenance;
mod read;

pub(super) use check::Sources;
pub(super) use layout::{Layout, layouts};

use super::SegmentType;
use super::tree::Tree;
use crate::index_exit::IndexExit;
use definitions::acb::Dmb;
use std::sync::Arc;
use vocabulary::{DbdName, FieldName};

/// Bytes of a stamp, and of an address.
const STAMP_BYTES: usize = 4;
const RBA_BYTES: usize = 4;

/// An index of a database: the primary one, or a secondary one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IndexOf {
    Primary,
    Secondary(usize),
}

/// A secondary index of a database that is open.
pub(crate) struct SecondaryIndex {
    pub(crate) tree: Tree,
    /// The DMB of the index database.
    pub(crate) block: Dmb,
    /// Its segment type.
    pub(crate) kind: SegmentType,
    pub(crate) rules: Rules,
}

/// What a secondary index is made of.
pub(crate) struct Rules {
    /// The index database.
    pub(crate) name: DbdName,
    /// What a search argument calls its search key (XDFLD).
    pub(crate) field: FieldName,
    /// The code of the segment that it leads to.
    pub(crate) target: u8,
    /// The code of the segment whose fields make its entries.
    pub(crate) source: u8,
    /// No two entries have the same key.
    pub(crate) unique: bool,
    constant: Option<u8>,
    search: Vec<Part>,
    subsequence: Vec<Part>,
    duplicates: Vec<Part>,
    null: Option<u8>,
    exit: Option<Arc<dyn IndexExit>>,
    /// The concatenated key of the target is in the entry.
    symbolic: bool,
    /// Bytes of the search fields.
    pub(crate) search_bytes: usize,
    /// Bytes of the key as a program sees it: constant, search and subsequence fields.
    pub(crate) key_bytes: usize,
    /// Bytes of what follows, as a program sees it.
    pub(crate) data_bytes: usize,
}

/// What an entry takes from its source.
#[derive(Debug, Clone, Copy)]
struct Part {
    from: From,
    bytes: usize,
}

#[derive(Debug, Clone, Copy)]
enum From {
    /// A field: where it begins, and what it has where the source is too short for it.
    Field { offset: usize, missing: Missing },
    /// The concatenated key of the source, from here on (/CK).
    Key { offset: usize },
    /// The address of the source (/SX).
    Address,
}

/// What stands in an entry for a subsequence field or duplicate data that a source of variable length lacks.
#[derive(Debug, Clone, Copy)]
enum Missing {
    /// TYPE=C
    Digits,
    /// TYPE=P
    PackedZero,
    /// Any other.
    Zeros,
}

impl Rules {
    /// Where the search fields are in an entry.
    pub(crate) fn search_at(&self) -> std::ops::Range<usize> {
        let from = usize::from(self.constant.is_some());
        from..from + self.search_bytes
    }

    /// The beginning of all keys with these search fields.
    pub(crate) fn key_from(&self, search: &[u8]) -> Vec<u8> {
        self.constant.iter().chain(search).copied().collect()
    }

    /// No two entries have the same search fields.
    pub(crate) fn search_is_unique(&self) -> bool {
        self.unique && self.subsequence.is_empty()
    }

    /// Where the source's address is in an entry.
    fn source_at(&self) -> usize {
        self.key_bytes + if self.unique { 0 } else { STAMP_BYTES }
    }

    /// Bytes that decide the order of entries, and bytes that follow.
    fn sizes(&self) -> (usize, usize) {
        let order = if self.unique { self.key_bytes } else { self.source_at() + RBA_BYTES };
        (order, self.source_at() + RBA_BYTES + self.data_bytes - order)
    }

    /// An entry as a segment of the index database: without what only the index knows.
    pub(crate) fn segment_of(&self, entry: &[u8]) -> Vec<u8> {
        let data = entry.get(self.source_at() + RBA_BYTES..).unwrap_or_default();
        [&entry[..self.key_bytes], data].concat()
    }

    /// The entry whose segment was replaced.
    pub(crate) fn with_segment(&self, entry: &[u8], segment: &[u8]) -> Vec<u8> {
        let kept = self.source_at() + RBA_BYTES;
        [&entry[..kept], &segment[self.key_bytes..]].concat()
    }

    /// Bytes of a segment that only index maintenance changes.
    pub(crate) fn maintained_bytes(&self, target_key_bytes: usize) -> usize {
        self.key_bytes + entry::bytes_of(&self.duplicates) + if self.symbolic { target_key_bytes } else { 0 }
    }
}

impl SecondaryIndex {
    /// What its places are locked under.
    pub(crate) fn number(&self) -> u32 {
        u32::from(self.tree.set().id)
    }
}
