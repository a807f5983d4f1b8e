//! Reading through a segment when the log is opened.

use super::{
    file::{SegmentHeader, damaged},
    record::Record,
};
use dasd::DataSetError;
use std::path::Path;

const ZEROS: [u8; 4096] = [0; 4096];

/// What a segment holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scanned {
    /// Offset and content length of each record.
    pub(super) records: Vec<(u64, u32)>,
    /// Where the records end.
    pub(super) end: u64,
    /// Where the bytes of a torn record end, if there is one.
    pub(super) torn_until: Option<u64>,
}

/// Reads a segment that others follow: it must hold all records up to `next`, and what is after them is void.
pub(super) fn inner(
    set: &str,
    path: &Path,
    bytes: &[u8],
    header: SegmentHeader,
    next: u64,
) -> Result<Scanned, DataSetError> {
    let (records, end, reason) = records(bytes, header.first, next);
    let missing = header.first + records.len() as u64;
    match missing == next {
        true => Ok(Scanned { records, end, torn_until: None }),
        false => Err(damaged(set, path, end, format!("record {missing} is missing, there is {reason}"))),
    }
}

/// Reads the last segment. `unforced` is the first position not known to be forced from elsewhere.
pub(super) fn last(
    set: &str,
    path: &Path,
    bytes: &[u8],
    header: SegmentHeader,
    unforced: Option<u64>,
) -> Result<Scanned, DataSetError> {
    let (records, end, reason) = records(bytes, header.first, u64::MAX);
    let next = header.first + records.len() as u64;
    let rest = without_zeros(&bytes[end as usize..]);
    let unforced = later_unforced(rest, next).max(unforced);
    if unforced.is_some_and(|unforced| unforced > next) {
        return Err(damaged(set, path, end, format!("record {next} was forced, and there is {reason}")));
    }
    let torn_until = (!rest.is_empty()).then_some(end + rest.len() as u64);
    Ok(Scanned { records, end, torn_until })
}

/// The good records from the beginning on, below position `until`; where they end, and what is there instead of
/// another one.
fn records(bytes: &[u8], first: u64, until: u64) -> (Vec<(u64, u32)>, u64, &'static str) {
    let (mut records, mut at) = (Vec::new(), SegmentHeader::BYTES.min(bytes.len()));
    for position in first..until {
        match Record::read(&bytes[at..], position) {
            Ok(record) => {
                records.push((at as u64, record.content.len() as u32));
                at += record.bytes();
            }
            Err(reason) => return (records, at as u64, reason),
        }
    }
    (records, at as u64, "nothing")
}

/// The bytes up to the last one that is not zero.
fn without_zeros(mut bytes: &[u8]) -> &[u8] {
    while let Some(shorter) = bytes.strip_suffix(&ZEROS) {
        bytes = shorter;
    }
    let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    &bytes[..end]
}

/// The most that any good record in `rest` tells of what was forced. The records sought come after the one at
/// `next`, which is bad; where they begin is not known, so every offset is tried.
fn later_unforced(rest: &[u8], next: u64) -> Option<u64> {
    let most = rest.len() as u64;
    let plausible = |at: &usize| {
        let claimed = Record::claimed_position(&rest[*at..]);
        claimed.is_some_and(|position| position > next && position - next < most)
    };
    let later = (0..rest.len()).filter(plausible);
    later.filter_map(|at| Record::read_any(&rest[at..]).ok()).map(|record| record.unforced).max()
}
