//! Change accumulation (DFSUCUM0): each block that was changed, as it is with the last of the changes.
//!
//! The first change of a block since its database was opened has the whole block before it in the log, so that nothing but the
//! log is needed. The pieces of an accumulation have database (8), data set (8), number of the block (4), bytes (4) and the
//! block, one behind the other.

use crate::pieces::{PieceReader, PieceWriter, take, take_fullword};
use crate::survey::replaces;
use crate::{CopyHead, LogMark, UtilityError};
use dasd::SequentialSet;
use dli::blocks;
use logger::{Body, Change, DatabaseChange, Log, LogRecord, LogSequence, RecoveryToken};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use vocabulary::encoding::Format;
use vocabulary::{DbdName, DdName, Moment};

const FORMAT: Format = Format { what: "change accumulation", magic: *b"IMSPACCU", version: 1 };

/// What a change accumulation says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccumulationHead {
    /// When it was made.
    pub run: Moment,
    /// It has what was logged after this record.
    pub from: LogMark,
    /// To this one.
    pub to: LogMark,
    /// The databases that it has the changes of, each with its block sizes.
    pub databases: BTreeMap<DbdName, BTreeMap<DdName, u32>>,
    /// The data sets of these were replaced within, with this record: copies from before are of no use.
    pub replaced: BTreeMap<DbdName, LogSequence>,
}

type Place = (DbdName, DdName, u32);

/// A change accumulation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accumulation {
    /// What it says of itself.
    pub head: AccumulationHead,
    blocks: BTreeMap<Place, Vec<u8>>,
}

/// Accumulates what was logged since a mark, or since the end of an accumulation before, whose blocks are taken over. The
/// databases were closed at both ends.
///
/// # Errors
/// A log that lacks records or is another one, or begins within the changes of a block.
pub fn accumulate(
    log: &Log,
    from: LogMark,
    previous: Option<Accumulation>,
    databases: BTreeMap<DbdName, BTreeMap<DdName, u32>>,
    run: Moment,
    told: &mut dyn FnMut(u64),
) -> Result<Accumulation, UtilityError> {
    let (from, read_from) = previous.as_ref().map_or((from, from), |last| (last.head.from, last.head.to));
    let (replaced, blocks) = previous.map(|last| (last.head.replaced, last.blocks)).unwrap_or_default();
    let mut reader = read_from.read_on(log, FORMAT.what)?;
    let to = LogMark::last(log)?;
    let head = AccumulationHead { run, from, to, databases, replaced };
    let mut accumulator = Accumulator { accumulation: Accumulation { head, blocks }, held: BTreeMap::new() };
    let mut count = 0;
    while let Some(record) = reader.next()? {
        accumulator.note(&record)?;
        count += 1;
        told(count);
    }
    accumulator.accumulation.blocks.values_mut().for_each(|block| blocks::seal(block));
    Ok(accumulator.accumulation)
}

struct Accumulator {
    accumulation: Accumulation,
    /// Records that count together with one that is still to come.
    held: BTreeMap<RecoveryToken, Vec<Vec<u8>>>,
}

impl Accumulator {
    fn note(&mut self, record: &LogRecord<'_>) -> Result<(), UtilityError> {
        match record.body() {
            // What was begun before a crash and is not whole will never be.
            Some(Body::LogOpened { .. }) => self.held.clear(),
            Some(Body::Change(change)) if self.is_wanted(&change.dbd) => {
                if change.more {
                    self.held.entry(record.token).or_default().push(record.bytes().to_vec());
                } else {
                    self.release(record.token)?;
                    self.apply(record.sequence, &change)?;
                }
            }
            // It names the DBD of its index, where the changes before it name the database.
            Some(Body::Index(_)) => self.release(record.token)?,
            Some(body) => {
                if let Some(dbd) = replaces(&body) {
                    self.accumulation.blocks.retain(|(of, _, _), _| *of != dbd);
                    self.accumulation.head.replaced.insert(dbd, record.sequence);
                }
            }
            None => {}
        }
        Ok(())
    }

    fn is_wanted(&self, dbd: &DbdName) -> bool {
        self.accumulation.head.databases.contains_key(dbd)
    }

    fn release(&mut self, token: RecoveryToken) -> Result<(), UtilityError> {
        for bytes in self.held.remove(&token).unwrap_or_default() {
            if let Some(record) = LogRecord::of_bytes(&bytes)
                && let Some(Body::Change(change)) = record.body()
            {
                self.apply(record.sequence, &change)?;
            }
        }
        Ok(())
    }

    fn apply(&mut self, sequence: LogSequence, change: &DatabaseChange<'_>) -> Result<(), UtilityError> {
        let (dd, block) = (change.dd, change.block);
        let refused = |reason| UtilityError::Change { sequence, dd, block, reason };
        let sizes = self.accumulation.head.databases.get(&change.dbd);
        let bytes = sizes.and_then(|sizes| sizes.get(&dd)).ok_or(refused("the DBD has no such data set"))?;
        let place = (change.dbd, dd, block);
        if matches!(change.change, Change::Image { .. }) {
            self.accumulation.blocks.entry(place).or_insert_with(|| vec![0; *bytes as usize]);
        }
        let known = self.accumulation.blocks.get_mut(&place);
        let content = known.ok_or(refused("the log begins within the changes of the block"))?;
        blocks::change(content, change.change, sequence).map_err(refused)
    }
}

impl Accumulation {
    /// The blocks of a data set.
    pub(crate) fn of(&self, dbd: DbdName, dd: DdName) -> BTreeMap<u32, &[u8]> {
        let range = self.blocks.range((dbd, dd, 0)..=(dbd, dd, u32::MAX));
        range.map(|((_, _, number), block)| (*number, &block[..])).collect()
    }

    /// How many blocks it has.
    pub fn block_count(&self) -> usize {
        self.blocks.len()
    }

    /// What a recovery goes on from in the log, if this accumulation is used after a copy with that mark: none if it has
    /// nothing that the copy lacks.
    ///
    /// # Errors
    /// An accumulation that does not follow the copy, has nothing of the database, or goes beyond the moment.
    pub fn after(&self, copy: &CopyHead, to: Option<Moment>) -> Result<Option<LogMark>, UtilityError> {
        let head = &self.head;
        if !head.databases.contains_key(&copy.database) {
            let found = head.databases.keys().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            return Err(UtilityError::Other { what: FORMAT.what, found, wanted: copy.database.to_string() });
        }
        if head.to.sequence <= copy.mark.sequence {
            return Ok(None);
        }
        if let Some(to) = to.filter(|to| *to < head.to.stamp) {
            return Err(UtilityError::TooLate { what: FORMAT.what, stop: head.to.stamp, to });
        }
        if head.replaced.get(&copy.database).is_some_and(|at| *at > copy.mark.sequence) {
            return Err(UtilityError::Replaced { dbd: copy.database, at: head.to.stamp });
        }
        if head.from.sequence > copy.mark.sequence {
            let from = LogSequence(copy.mark.sequence.0 + 1);
            return Err(UtilityError::LogGone { from, to: head.from.sequence });
        }
        Ok(Some(head.to))
    }

    /// Writes it, and makes it durable.
    ///
    /// # Errors
    /// A data set that takes no more. What was written is no accumulation then.
    pub fn write(&self, into: &mut dyn SequentialSet) -> Result<(), UtilityError> {
        let mut writer = PieceWriter::begin(into, &FORMAT, &self.head)?;
        for ((dbd, dd, number), block) in &self.blocks {
            let bytes = (block.len() as u32).to_be_bytes();
            writer.put(&[&dbd.padded(), &dd.padded(), &number.to_be_bytes(), &bytes, block])?;
        }
        writer.end(&(self.blocks.len() as u64))
    }

    /// Reads one.
    ///
    /// # Errors
    /// Something that is no change accumulation, or is damaged.
    pub fn read(from: &dyn SequentialSet) -> Result<Self, UtilityError> {
        let (mut reader, head) = PieceReader::open(from, &FORMAT)?;
        let mut blocks = BTreeMap::new();
        while let Some(mut rest) = reader.next()? {
            while !rest.is_empty() {
                let block = block(&mut rest).filter(|(_, block)| blocks::is_whole(block));
                let (place, block) = block.ok_or(UtilityError::Input {
                    what: FORMAT.what,
                    reason: "a block in it is damaged".into(),
                })?;
                blocks.insert(place, block.to_vec());
            }
        }
        match reader.tail::<u64>()? == blocks.len() as u64 {
            true => Ok(Self { head, blocks }),
            false => Err(reader.refuse("it has not as many blocks as it says")),
        }
    }
}

fn block<'b>(rest: &mut &'b [u8]) -> Option<(Place, &'b [u8])> {
    let name = |bytes: &'b [u8]| std::str::from_utf8(bytes.trim_ascii_end()).ok();
    let dbd = DbdName::new(name(take(rest, 8)?)?).ok()?;
    let dd = DdName::new(name(take(rest, 8)?)?).ok()?;
    let number = take_fullword(rest)?;
    let bytes = take_fullword(rest)?;
    Some(((dbd, dd, number), take(rest, bytes as usize)?))
}
