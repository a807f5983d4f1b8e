//! The one who writes a segment log.

use super::{
    SegmentBounds,
    file::{self, SegmentHeader, segment_path},
    index::{Index, Recent, Segment, SegmentReader, Shared},
    mark::ForcedMark,
    open,
    record::{HEADER_BYTES, Record},
    refused,
    spare::Spare,
};
use crate::files::{fs, sync_folder};
use dasd::{DataSetError, LogSet};
use std::{
    collections::VecDeque,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock, RwLock},
};

/// A [`LogSet`] in the segment files of one folder, which must be nobody else's.
#[derive(Debug)]
pub struct SegmentLog {
    folder: PathBuf,
    reader: SegmentReader,
    mark: ForcedMark,
    spare: Spare,
    segment_bytes: u64,
    current: Current,
}

/// The segment that records are added to.
#[derive(Debug)]
struct Current {
    number: u64,
    file: Arc<fs::File>,
    capacity: u64,
    /// Where written records end.
    written: u64,
    /// Records after those, encoded.
    unwritten: Vec<u8>,
    /// First position that is not forced.
    unforced: u64,
}

impl SegmentLog {
    /// Opens the log in `folder`, making it when there is none. Reads through all of it: a torn end is cleared
    /// with a note, damage anywhere else is an error and changes nothing.
    pub fn open(folder: &Path, bounds: SegmentBounds) -> Result<Self, DataSetError> {
        let set = folder.display().to_string();
        let failed = |error: io::Error| refused(&set, "open", &error);
        fs::create_dir_all(folder).map_err(failed)?;
        let mark = ForcedMark::open(folder).map_err(failed)?;
        let mut spare = Spare::find(folder, bounds.segment_bytes).map_err(failed)?;
        let (index, written) = match open::open(&set, folder, &mark, bounds.cache_bytes)? {
            Some(found) => found,
            None => {
                let header = SegmentHeader { number: 1, first: 1, restart: false };
                let segment = begin(folder, &mut spare, header, 0)
                    .map_err(|failed| refused(&set, "begin a segment", failed.error()))?;
                let recent = Recent::new(1, bounds.cache_bytes);
                let index = Index { segments: VecDeque::from([segment]), first: 1, recent };
                (index, SegmentHeader::BYTES as u64)
            }
        };
        let Some(last) = index.segments.back() else {
            return Err(DataSetError::Io { set, reason: "it has no segment".into() });
        };
        let current = Current::new(last, written).map_err(failed)?;
        let shared = Shared { set, index: RwLock::new(index), poison: OnceLock::new() };
        let reader = SegmentReader { shared: Arc::new(shared) };
        let segment_bytes = bounds.segment_bytes;
        Ok(Self { folder: folder.to_path_buf(), reader, mark, spare, segment_bytes, current })
    }

    /// Reads this log from other threads.
    pub fn reader(&self) -> SegmentReader {
        self.reader.clone()
    }

    /// Bytes that the log's segments take up on the disk.
    pub fn bytes(&self) -> u64 {
        let segments = self.shared().with_index(|index| index.segments.len() as u64);
        segments * self.segment_bytes
    }

    #[cfg(test)]
    pub(super) fn replace_current_file(&mut self, file: fs::File) {
        self.current.file = Arc::new(file);
    }

    fn shared(&self) -> &Shared {
        &self.reader.shared
    }

    fn refused(&self, doing: &str, error: &io::Error) -> DataSetError {
        refused(&self.shared().set, doing, error)
    }

    /// Takes the log out of service: what is on the disk can't be known any more.
    fn poison(&self, doing: &str, error: &io::Error) -> DataSetError {
        let refused = self.refused(doing, error);
        let _ = self.shared().poison.set(refused.to_string());
        refused
    }

    /// Begins a segment at position `first`, with room for a record of `record_bytes`. Records from there on are
    /// cut off; with `restart` all older ones go.
    fn roll(&mut self, first: u64, restart: bool, record_bytes: u64) -> Result<(), DataSetError> {
        self.force()?;
        let header = SegmentHeader { number: self.current.number + 1, first, restart };
        let begun = begin(&self.folder, &mut self.spare, header, record_bytes);
        let segment = begun.map_err(|failed| match failed {
            BeginError::NotBegun(error) => self.refused("begin a segment", &error),
            BeginError::Unsure(error) => self.poison("begin a segment", &error),
        })?;
        let current = Current::new(&segment, SegmentHeader::BYTES as u64);
        let current = current.map_err(|error| self.poison("begin a segment", &error))?;
        let gone = self.shared().change_index(|index| {
            let gone = if restart { index.restart(first) } else { index.cut(first) };
            index.segments.push_back(segment);
            gone
        });
        self.current = current;
        self.mark.write(self.current.number, self.current.unforced);
        self.delete(gone)
    }

    fn delete(&self, segments: Vec<Segment>) -> Result<(), DataSetError> {
        if segments.is_empty() {
            return Ok(());
        }
        open::delete(&self.shared().set, segments.into_iter().map(|segment| segment.path))?;
        sync_folder(&self.folder).map_err(|error| self.refused("delete segments", &error))
    }
}

enum BeginError {
    /// There is no such segment.
    NotBegun(io::Error),
    /// There may be one after a crash, or not.
    Unsure(io::Error),
}

impl BeginError {
    fn error(&self) -> &io::Error {
        match self {
            Self::NotBegun(error) | Self::Unsure(error) => error,
        }
    }
}

/// Turns the spare into the segment that `header` describes. Durable when it returns.
fn begin(
    folder: &Path,
    spare: &mut Spare,
    header: SegmentHeader,
    record_bytes: u64,
) -> Result<Segment, BeginError> {
    let SegmentHeader { number, first, .. } = header;
    let path = segment_path(folder, number);
    let from = spare.ready(SegmentHeader::BYTES as u64 + record_bytes).map_err(BeginError::NotBegun)?;
    let file = file::open(from).map_err(BeginError::NotBegun)?;
    file.write_all_at(&header.to_bytes(), 0).map_err(BeginError::NotBegun)?;
    file.sync_all().map_err(BeginError::Unsure)?;
    fs::rename(from, &path).map_err(BeginError::Unsure)?;
    sync_folder(folder).map_err(BeginError::Unsure)?;
    spare.taken();
    Ok(Segment { number, first, path, file: Arc::new(file), records: Vec::new() })
}

impl Current {
    /// This segment, in which records end at `written`.
    fn new(segment: &Segment, written: u64) -> io::Result<Self> {
        let capacity = segment.file.metadata()?.len();
        let (file, number, unforced) = (Arc::clone(&segment.file), segment.number, segment.next());
        Ok(Self { number, file, capacity, written, unwritten: Vec::new(), unforced })
    }

    fn end(&self) -> u64 {
        self.written + self.unwritten.len() as u64
    }
}

impl LogSet for SegmentLog {
    fn append(&mut self, record: &[u8]) -> Result<u64, DataSetError> {
        self.shared().check()?;
        if u32::try_from(record.len()).is_err() {
            let reason = format!("a record of {} bytes is too long", record.len());
            return Err(DataSetError::Io { set: self.shared().set.clone(), reason });
        }
        let position = self.next_position();
        let bytes = (HEADER_BYTES + record.len()) as u64;
        if self.current.end() + bytes > self.current.capacity {
            self.roll(position, false, bytes)?;
        } else if self.current.end() > self.current.capacity / 2 {
            self.spare.prepare();
        }
        let offset = self.current.end();
        let unforced = self.current.unforced;
        Record { position, unforced, content: record }.write(&mut self.current.unwritten);
        self.shared().change_index(|index| index.push(offset, record));
        Ok(position)
    }

    fn force(&mut self) -> Result<(), DataSetError> {
        self.shared().check()?;
        if self.current.unwritten.is_empty() {
            return Ok(());
        }
        let number = self.current.number;
        let doing = |what: &str| format!("{what} {}", segment_path(Path::new(""), number).display());
        match self.current.file.write_all_at(&self.current.unwritten, self.current.written) {
            Ok(()) => {}
            // Some file systems want new room for old blocks. The records stay and can be forced later.
            Err(error) if matches!(self.refused(&doing("write"), &error), DataSetError::Full { .. }) => {
                return Err(self.refused(&doing("write"), &error));
            }
            Err(error) => return Err(self.poison(&doing("write"), &error)),
        }
        self.current.file.sync_data().map_err(|error| self.poison(&doing("sync"), &error))?;
        self.current.written = self.current.end();
        self.current.unwritten.clear();
        self.current.unforced = self.next_position();
        self.shared().change_index(|index| index.recent.written());
        self.mark.write(self.current.number, self.current.unforced);
        Ok(())
    }

    fn read(&self, position: u64) -> Result<Option<Vec<u8>>, DataSetError> {
        self.reader.read(position)
    }

    fn first_position(&self) -> u64 {
        self.reader.first_position()
    }

    fn next_position(&self) -> u64 {
        self.reader.next_position()
    }

    fn discard_before(&mut self, position: u64) -> Result<(), DataSetError> {
        self.shared().check()?;
        if position > self.next_position() {
            return self.roll(position, true, 0);
        }
        // Or else a crash would take positions back that were let go.
        if position > self.current.unforced {
            self.force()?;
        }
        let gone = self.shared().change_index(|index| index.discard(position));
        self.delete(gone)
    }

    fn truncate_after(&mut self, position: u64) -> Result<(), DataSetError> {
        self.shared().check()?;
        let next = position.saturating_add(1);
        match next < self.next_position() {
            true => self.roll(next, false, 0),
            false => self.force(),
        }
    }
}
