//! Changing a block: what is done is logged, the block is stamped with the record, and the change is made.

use crate::error::Trouble;
use crate::format::block::{self, Kind};
use crate::format::free_space;
use crate::pool::{Content, DataSet};
use logger::{Change, DatabaseChange, Log, LogSequence, RecoveryToken};
use std::ops::Range;
use std::sync::Arc;

/// For whom changes are logged.
#[derive(Clone, Copy)]
pub(crate) struct Trail<'l> {
    pub(crate) log: &'l Log,
    pub(crate) token: RecoveryToken,
    /// The record that is taken back.
    pub(crate) takes_back: Option<LogSequence>,
}

/// Logs a change of a block for segments that is latched, and makes it. `before` says what is logged of what was there.
pub(super) fn change_block(
    trail: Option<Trail<'_>>,
    set: &Arc<DataSet>,
    number: u32,
    content: &mut Content,
    change: Change<'_>,
    before: Range<usize>,
) -> Result<LogSequence, Trouble> {
    prepare(set, &mut content.data);
    let mut sequence = LogSequence::default();
    if let Some(trail) = trail {
        let before = content.data.get(before).unwrap_or_default();
        let record = DatabaseChange {
            dbd: set.dbd,
            dd: set.dd,
            block: number,
            more: false,
            takes_back: trail.takes_back,
            change,
            before,
        };
        let stamped = set.stamp_of(&content.data);
        sequence = trail.log.appender()?.change(trail.token, record, stamped, &content.data);
    }
    content.mark_changed(set);
    make(change, set, number, &mut content.data)?;
    if trail.is_some() {
        block::stamp(&mut content.data, sequence);
    }
    Ok(sequence)
}

/// Makes a change.
pub(super) fn make(change: Change<'_>, set: &DataSet, number: u32, data: &mut [u8]) -> Result<(), Trouble> {
    make_in(change, set.geometry.data_from(), data).map_err(|what| Trouble::broken(set.id, number, what))
}

/// Makes a change in a block whose segments begin at `data_from`. An error says what of the block can't be.
fn make_in(change: Change<'_>, data_from: usize, data: &mut [u8]) -> Result<(), &'static str> {
    let wrong = Err;
    match change {
        Change::Put { at, bytes } => match data.get_mut(at..at + bytes.len()) {
            Some(place) => place.copy_from_slice(bytes),
            None => return wrong("a segment runs over the end of the block"),
        },
        Change::Take { at, len } if free_space::is_free(data, at, len) => free_space::take(data, at, len),
        Change::Retake { at, bytes } if free_space::is_free(data, at, bytes.len()) => {
            free_space::take(data, at, bytes.len());
            data[at..at + bytes.len()].copy_from_slice(bytes);
        }
        Change::Take { .. } | Change::Retake { .. } => return wrong("space that should be free is not"),
        Change::Release { at, len, owner } => {
            if at + len > data.len() || !free_space::is_sound(data, data_from) {
                return wrong("the chain of free space is broken");
            }
            free_space::release(data, at, len, owner);
        }
        Change::Image { bytes } if bytes.len() <= data.len() => {
            data[..bytes.len()].copy_from_slice(bytes);
            data[bytes.len()..].fill(0);
        }
        Change::Image { .. } => return wrong("the image of the block is longer than a block"),
        Change::Node { level } => super::node::format(data, level),
        Change::Insert { at, end, bytes } => {
            if at > end || end + bytes.len() > data.len() {
                return wrong("there is no room for an entry");
            }
            data.copy_within(at..end, at + bytes.len());
            data[at..at + bytes.len()].copy_from_slice(bytes);
        }
        Change::Remove { at, end, len } => {
            if at + len > end || end > data.len() {
                return wrong("there is no such entry");
            }
            data.copy_within(at + len..end, at);
        }
    }
    Ok(())
}

/// Makes a change in a block of which nothing more is known.
pub(crate) fn change_alone(change: Change<'_>, data: &mut [u8]) -> Result<(), &'static str> {
    make_in(change, block::ROOT_ANCHORS, data)
}

/// Makes a block that was never written one for segments.
pub(crate) fn prepare(set: &DataSet, data: &mut [u8]) {
    if block::kind(data) == Some(Kind::Blank) {
        block::clear(data, Kind::Data);
        free_space::format(data, set.geometry.data_from());
    }
}
