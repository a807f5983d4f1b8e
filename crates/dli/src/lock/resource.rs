//! What can be locked.

use crate::Rba;
use std::hash::{DefaultHasher, Hasher};

/// Something that can be locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Resource {
    /// The database, by its number in the engine.
    pub(crate) database: u32,
    /// What of it.
    pub(crate) item: Item,
}

/// What of a database can be locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Item {
    /// An anchor point of an HDAM database, and the records on it.
    Anchor(u32),
    /// The record of a HIDAM database whose root has this key, there or not; two keys may share one.
    Root(u64),
    /// The place behind the last root of a HIDAM database.
    End,
    /// The chain of the HIDAM roots in a block of the first data set, where they have one.
    Block(u32),
    /// A segment.
    Segment {
        /// Its data set group.
        group: usize,
        /// Where it is.
        rba: Rba,
    },
}

impl Item {
    /// The record of a HIDAM root.
    pub(crate) fn root(key: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(key);
        Self::Root(hasher.finish())
    }
}
