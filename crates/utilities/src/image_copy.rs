//! Image copies (DFSUDMP0): the blocks of a data set.
//!
//! The pieces of a copy have the number of a block (4) and the block, one behind the other; blocks that were never written
//! are left out.

use crate::accumulate::Accumulation;
use crate::pieces::{PieceReader, PieceWriter, take, take_fullword};
use crate::{LogMark, UtilityError};
use dasd::{BlockSet, SequentialSet};
use dli::blocks;
use serde::{Deserialize, Serialize};
use vocabulary::encoding::Format;
use vocabulary::{DbdName, DdName, Moment};

const FORMAT: Format = Format { what: "image copy", magic: *b"IMSPCOPY", version: 1 };

/// What an image copy begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyHead {
    /// The database that the data set is used with.
    pub database: DbdName,
    /// The DBD that names the data set: the database's own, or that of its index.
    pub dbd: DbdName,
    /// The data set.
    pub dd: DdName,
    /// Bytes of a block.
    pub block_bytes: u32,
    /// When it was made.
    pub run: Moment,
    /// What was logged after this record is not in it.
    pub mark: LogMark,
}

/// How much was copied or restored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copied {
    /// How many blocks.
    pub blocks: u32,
    /// How many of them a change accumulation had newer.
    pub accumulated: u32,
}

/// Copies a data set that is closed.
///
/// # Errors
/// A data set that is not closed or is another than the head says, a block that is damaged, a copy that can't be written.
/// What was written is no copy then.
pub fn copy_data_set(
    set: &dyn BlockSet,
    head: &CopyHead,
    into: &mut dyn SequentialSet,
    told: &mut dyn FnMut(u64),
) -> Result<Copied, UtilityError> {
    let mut block = vec![0; set.block_bytes()];
    set.read(0, &mut block)?;
    identify(&block, head)?;
    let mut writer = PieceWriter::begin(into, &FORMAT, head)?;
    let mut copied = Copied::default();
    for number in 0..set.block_count() {
        set.read(number, &mut block)?;
        if !blocks::is_whole(&block) {
            return Err(UtilityError::Block { dd: head.dd, block: number });
        }
        if !blocks::is_blank(&block) {
            writer.put(&[&number.to_be_bytes(), &block])?;
            copied.blocks += 1;
        }
        told(u64::from(number) + 1);
    }
    writer.end(&copied)?;
    Ok(copied)
}

/// The control block says that this is the data set, and that it is closed.
fn identify(block: &[u8], head: &CopyHead) -> Result<(), UtilityError> {
    let Some(control) = blocks::control(block).filter(|_| blocks::is_whole(block)) else {
        return Err(UtilityError::Block { dd: head.dd, block: 0 });
    };
    if (control.dbd, control.dd) != (head.dbd, head.dd) {
        let (found, wanted) = (shown(control.dbd, control.dd), shown(head.dbd, head.dd));
        return Err(UtilityError::Other { what: "data set", found, wanted });
    }
    match control.is_open {
        true => Err(UtilityError::NotClosed { dbd: head.database, dd: head.dd }),
        false => Ok(()),
    }
}

fn shown(dbd: DbdName, dd: DdName) -> String {
    format!("data set {dd} of {dbd}")
}

/// What an image copy says of itself.
///
/// # Errors
/// Something that is no image copy.
pub fn read_copy_head(from: &dyn SequentialSet) -> Result<CopyHead, UtilityError> {
    PieceReader::open(from, &FORMAT).map(|(_, head)| head)
}

/// Writes the blocks of a copy to an empty data set, in place of them those that a change accumulation has newer, and makes
/// them durable.
///
/// # Errors
/// A copy that is damaged, a data set that takes no more. What was written is no data set then.
pub fn restore(
    from: &dyn SequentialSet,
    accumulation: Option<&Accumulation>,
    into: &dyn BlockSet,
    told: &mut dyn FnMut(u64),
) -> Result<Copied, UtilityError> {
    let (mut reader, head) = PieceReader::open::<CopyHead>(from, &FORMAT)?;
    let mut newer =
        accumulation.map(|accumulation| accumulation.of(head.database, head.dd)).unwrap_or_default();
    let bytes = head.block_bytes as usize;
    let mut copied = Copied::default();
    while let Some(mut rest) = reader.next()? {
        while !rest.is_empty() {
            let block = take_fullword(&mut rest).zip(take(&mut rest, bytes));
            let Some((number, block)) = block.filter(|(_, block)| blocks::is_whole(block)) else {
                return Err(UtilityError::Input {
                    what: FORMAT.what,
                    reason: "a block in it is damaged".into(),
                });
            };
            let changed = newer.remove(&number);
            let changed = changed.filter(|newer| blocks::last_change(newer) > blocks::last_change(block));
            copied.blocks += 1;
            copied.accumulated += u32::from(changed.is_some());
            into.write(into.admitted(), number, changed.unwrap_or(block))?;
            told(u64::from(copied.blocks));
        }
    }
    let expected: Copied = reader.tail()?;
    if expected.blocks != copied.blocks {
        return Err(reader.refuse("it has not as many blocks as it says"));
    }
    for (number, block) in newer {
        into.write(into.admitted(), number, block)?;
        copied.accumulated += 1;
    }
    into.sync()?;
    Ok(copied)
}
