//! The changes that are made to blocks: few, small, and each with one that takes it back.

use crate::error::Trouble;
use crate::format::block::{self, Kind};
use crate::format::free_space;
use crate::pool::{BufferPool, DataSet};
use std::sync::Arc;

/// A change of one block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change<'b> {
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
}

impl Change<'_> {
    /// Latches the block and makes the change.
    pub(crate) fn apply(self, pool: &BufferPool, set: &Arc<DataSet>, number: u32) -> Result<(), Trouble> {
        let mut content = pool.write(set, number)?;
        prepare(set, &mut content.data);
        content.mark_changed(set);
        self.make(set, number, &mut content.data)
    }

    /// Makes the change in a block for segments.
    pub(crate) fn make(self, set: &DataSet, number: u32, data: &mut [u8]) -> Result<(), Trouble> {
        let wrong = |what| Err(Trouble::broken(set.id, number, what));
        match self {
            Self::Put { at, bytes } => match data.get_mut(at..at + bytes.len()) {
                Some(place) => place.copy_from_slice(bytes),
                None => return wrong("a segment runs over the end of the block"),
            },
            Self::Take { at, len } if free_space::is_free(data, at, len) => free_space::take(data, at, len),
            Self::Take { .. } => return wrong("space that should be free is not"),
            Self::Release { at, len, owner } => {
                if at + len > data.len() || !free_space::is_sound(data, set.geometry.data_from()) {
                    return wrong("the chain of free space is broken");
                }
                free_space::release(data, at, len, owner);
            }
        }
        Ok(())
    }
}

/// Makes a block that was never written one for segments.
pub(crate) fn prepare(set: &DataSet, data: &mut [u8]) {
    if block::kind(data) == Some(Kind::Blank) {
        block::clear(data, Kind::Data);
        free_space::format(data, set.geometry.data_from());
    }
}
