//! Where the log is: what DBRC is told of it, and how much of it has to stay.

use crate::error::LogError;
use crate::log::Log;
use crate::reader::LogReader;
use vocabulary::{LogSequence, Moment};

/// What an online log data set is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldsUse {
    /// It is written.
    Active {
        /// The moment of its first record.
        since: Moment,
    },
    /// It is full and has yet to be archived.
    Full {
        /// The moment of its first record.
        start: Moment,
        /// The moment of the first record behind it.
        stop: Moment,
    },
    /// It can be written again.
    Free,
}

/// Which blocks are where. Two that are equal stand for the same [`Inventory`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extents {
    pub(crate) oldses: Vec<OldsExtent>,
    /// The blocks of the archive, up to before the second.
    pub(crate) archived: (u64, u64),
    /// The oldest block.
    pub(crate) first: u64,
}

/// The blocks of an OLDS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OldsExtent {
    /// What its first copy is called.
    pub(crate) name: String,
    /// The first and the last, if there are any.
    pub(crate) blocks: Option<(u64, u64)>,
    /// It is written.
    pub(crate) is_active: bool,
}

/// What is where, by moments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    /// Each OLDS, by the name of its first copy.
    pub oldses: Vec<(String, OldsUse)>,
    /// The last block of the archive, and the moment of the first record behind it.
    pub archived: Option<(u64, Moment)>,
    /// The moment of the oldest record.
    pub first: Moment,
}

impl Log {
    /// Which blocks are where.
    pub fn extents(&self) -> Extents {
        let mut extents = self.ring().extents();
        // The one that is written grows, and is the same.
        for olds in extents.oldses.iter_mut().filter(|olds| olds.is_active) {
            olds.blocks = olds.blocks.map(|(first, _)| (first, first));
        }
        extents
    }

    /// What is where.
    ///
    /// # Errors
    /// A log that can't be read.
    pub fn inventory(&self, extents: &Extents) -> Result<Inventory, LogError> {
        let archived = extents.archived;
        let mut oldses = Vec::new();
        for OldsExtent { name, blocks, is_active } in &extents.oldses {
            let used = match blocks {
                Some((first, _)) if *is_active => OldsUse::Active { since: self.moment_of(*first)? },
                Some((first, last)) if *last >= archived.1 => {
                    OldsUse::Full { start: self.moment_of(*first)?, stop: self.moment_of(last + 1)? }
                }
                None if *is_active => OldsUse::Active { since: self.now() },
                _ => OldsUse::Free,
            };
            oldses.push((name.clone(), used));
        }
        let archived = match archived.0 < archived.1 {
            true => Some((archived.1 - 1, self.moment_of(archived.1)?)),
            false => None,
        };
        Ok(Inventory { oldses, archived, first: self.moment_of(extents.first)? })
    }

    /// Lets go of what of the archive was logged before a moment and no restart needs. Gives how many blocks went. A
    /// symbolic checkpoint of a program from before can't be restarted from any more.
    ///
    /// # Errors
    /// An archive that refuses.
    pub fn trim_older(&self, before: Moment) -> Result<u64, LogError> {
        let Some((_, start)) = self.last_checkpoint()? else { return Ok(0) };
        let (mut low, mut high) = self.ring().extents().archived;
        let end = high;
        // The last block that begins before the moment.
        while low + 1 < high {
            let middle = low + (high - low) / 2;
            if self.moment_of(middle)? < before { low = middle } else { high = middle }
        }
        match self.first_in(low)?.filter(|_| low < end) {
            Some(sequence) => self.ring().discard_before(start.min(sequence)),
            None => Ok(0),
        }
    }

    /// The moment of the first record that begins in a block or behind it; now where there is none.
    fn moment_of(&self, block: u64) -> Result<Moment, LogError> {
        let Some(sequence) = self.first_in(block)? else { return Ok(self.now()) };
        let mut reader = LogReader::new(self, sequence)?;
        Ok(reader.next()?.map_or(self.now(), |record| record.stamp))
    }

    fn first_in(&self, block: u64) -> Result<Option<LogSequence>, LogError> {
        let ring = self.ring();
        for number in block..ring.next() {
            if let Some((_, first)) = ring.read(number)?.and_then(|(header, _)| header.first) {
                return Ok(Some(LogSequence(first)));
            }
        }
        Ok(None)
    }
}
