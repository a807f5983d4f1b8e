//! Opening a log: which segments count, and what each holds.

use super::{
    file::{self, SegmentHeader, damaged, segment_number, segment_path},
    index::{Index, Recent, Segment},
    mark::ForcedMark,
    refused,
    scan::{self, Scanned},
};
use crate::files::fs::{self, File};
use crate::logging;
use dasd::DataSetError;
use std::{
    collections::VecDeque,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};
use vocabulary::message::DISK106W;

/// A segment file and its header.
struct Found {
    path: PathBuf,
    file: File,
    header: SegmentHeader,
}

/// What lies in the folder, as an index, and where the records of the last segment end; `None` when there is no
/// segment. Segments that newer ones made void are deleted, a torn end is cleared.
pub(super) fn open(
    set: &str,
    folder: &Path,
    mark: &ForcedMark,
    cache_bytes: usize,
) -> Result<Option<(Index, u64)>, DataSetError> {
    let (live, void) = find(set, folder)?;
    let (mut segments, mut end) = (VecDeque::new(), 0);
    let nexts: Vec<_> = live.iter().skip(1).map(|later| Some(later.header.first)).chain([None]).collect();
    for (found, next) in live.into_iter().zip(nexts) {
        let bytes = fs::read(&found.path).map_err(|error| refused(set, "read segment", &error))?;
        let scanned = match next {
            Some(next) => scan::inner(set, &found.path, &bytes, found.header, next)?,
            None => {
                let unforced = mark.read(found.header.number);
                scan::last(set, &found.path, &bytes, found.header, unforced)?
            }
        };
        end = scanned.end;
        segments.push_back(adopt(set, found, scanned)?);
    }
    delete(set, void)?;
    let (Some(oldest), Some(newest)) = (segments.front(), segments.back()) else { return Ok(None) };
    let (first, recent) = (oldest.first, Recent::new(newest.next(), cache_bytes));
    Ok(Some((Index { segments, first, recent }, end)))
}

/// The segments that count, oldest first, and those that newer ones made void.
fn find(set: &str, folder: &Path) -> Result<(Vec<Found>, Vec<PathBuf>), DataSetError> {
    let (mut live, mut void) = (Vec::<Found>::new(), Vec::new());
    let mut restarted = false;
    for number in numbers(set, folder)?.into_iter().rev() {
        let found = read_header(set, segment_path(folder, number))?;
        if found.header.number != number {
            let reason = format!("it is segment {} under another name", found.header.number);
            return Err(damaged(set, &found.path, 0, reason));
        }
        if restarted || live.last().is_some_and(|newer| found.header.first >= newer.header.first) {
            void.push(found.path);
        } else {
            restarted = found.header.restart;
            live.push(found);
        }
    }
    live.reverse();
    Ok((live, void))
}

fn read_header(set: &str, path: PathBuf) -> Result<Found, DataSetError> {
    let failed = |error| refused(set, "read segment", &error);
    let file = file::open(&path).map_err(failed)?;
    let mut bytes = Vec::new();
    (&file).take(SegmentHeader::BYTES as u64).read_to_end(&mut bytes).map_err(failed)?;
    let header = SegmentHeader::from_bytes(&bytes).map_err(|reason| damaged(set, &path, 0, reason))?;
    Ok(Found { path, file, header })
}

/// The numbers of all segments, in order.
fn numbers(set: &str, folder: &Path) -> Result<Vec<u64>, DataSetError> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let entries = entries.map_err(|error| refused(set, "list segments", &error))?;
    let mut numbers: Vec<u64> = entries.iter().filter_map(|entry| segment_number(&entry.path())).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

fn adopt(set: &str, found: Found, scanned: Scanned) -> Result<Segment, DataSetError> {
    let Found { path, file, header: SegmentHeader { number, first, .. } } = found;
    if let Some(until) = scanned.torn_until {
        let (offset, bytes) = (scanned.end, until - scanned.end);
        logging::issue(&DISK106W.with(&[&bytes, &offset, &path.display()]));
        // A torn record's bytes must not be mistaken for a good one behind the next shorter one.
        file::clear(&file, offset, until).map_err(|error| refused(set, "clear the torn record", &error))?;
    }
    Ok(Segment { number, first, path, file: Arc::new(file), records: scanned.records })
}

/// Deletes segments in the order given; a crash half way leaves the rest for the next opening to find.
pub(super) fn delete(set: &str, paths: impl IntoIterator<Item = PathBuf>) -> Result<(), DataSetError> {
    for path in paths {
        fs::remove_file(&path).map_err(|error| refused(set, "delete a segment", &error))?;
    }
    Ok(())
}
