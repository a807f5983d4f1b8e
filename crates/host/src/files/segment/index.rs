//! Where the records of a log are, shared between the one that writes and those that read.

use super::{file::damaged, record::HEADER_BYTES, record::Record, refused};
use crate::files::fs::File;
use dasd::DataSetError;
use std::{
    collections::VecDeque,
    os::unix::fs::FileExt,
    path::PathBuf,
    sync::{Arc, OnceLock, PoisonError, RwLock},
};

/// Reads a log while another thread writes it. Clones read the same log.
#[derive(Debug, Clone)]
pub struct SegmentReader {
    pub(super) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(super) struct Shared {
    /// What the log is called in messages: its folder.
    pub(super) set: String,
    pub(super) index: RwLock<Index>,
    /// Why the log is out of service.
    pub(super) poison: OnceLock<String>,
}

/// Where each record is, and the latest ones themselves.
#[derive(Debug)]
pub(super) struct Index {
    /// Oldest first; never empty.
    pub(super) segments: VecDeque<Segment>,
    /// The lowest position that can be read.
    pub(super) first: u64,
    pub(super) recent: Recent,
}

/// One segment and where in it the records lie.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) number: u64,
    pub(super) first: u64,
    pub(super) path: PathBuf,
    pub(super) file: Arc<File>,
    /// Offset and content length of each record.
    pub(super) records: Vec<(u64, u32)>,
}

/// The latest records, up to a bound; those that are not written to the file yet are all here.
#[derive(Debug)]
pub(super) struct Recent {
    first: u64,
    records: VecDeque<Arc<[u8]>>,
    bytes: usize,
    bytes_max: usize,
    /// First position that is not written yet.
    unwritten: u64,
}

enum Place {
    Memory(Arc<[u8]>),
    File { file: Arc<File>, path: PathBuf, offset: u64, bytes: usize },
}

impl SegmentReader {
    /// The record at a position; `None` where there is none, not yet or no longer.
    pub fn read(&self, position: u64) -> Result<Option<Vec<u8>>, DataSetError> {
        self.shared.check()?;
        match self.shared.with_index(|index| index.place(position)) {
            None => Ok(None),
            Some(Place::Memory(record)) => Ok(Some(record.to_vec())),
            Some(Place::File { file, path, offset, bytes }) => {
                let set = &self.shared.set;
                let mut buffer = vec![0; HEADER_BYTES + bytes];
                file.read_exact_at(&mut buffer, offset).map_err(|error| refused(set, "read", &error))?;
                match Record::read(&buffer, position) {
                    Ok(_) => Ok(Some(buffer.split_off(HEADER_BYTES))),
                    Err(reason) => Err(damaged(set, &path, offset, format!("it holds {reason}"))),
                }
            }
        }
    }

    /// The lowest position that can be read.
    pub fn first_position(&self) -> u64 {
        self.shared.with_index(|index| index.first)
    }

    /// The position that the next record gets.
    pub fn next_position(&self) -> u64 {
        self.shared.with_index(Index::next)
    }
}

impl Shared {
    pub(super) fn with_index<R>(&self, read: impl FnOnce(&Index) -> R) -> R {
        read(&self.index.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn change_index<R>(&self, change: impl FnOnce(&mut Index) -> R) -> R {
        change(&mut self.index.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Refuses once the log is out of service.
    pub(super) fn check(&self) -> Result<(), DataSetError> {
        match self.poison.get() {
            None => Ok(()),
            Some(reason) => Err(DataSetError::Poisoned { set: self.set.clone(), reason: reason.clone() }),
        }
    }
}

impl Index {
    pub(super) fn next(&self) -> u64 {
        self.segments.back().map_or(1, Segment::next)
    }

    /// Notes a record at the next position, that lies or will lie at `offset` of the last segment.
    pub(super) fn push(&mut self, offset: u64, record: &[u8]) {
        if let Some(segment) = self.segments.back_mut() {
            segment.records.push((offset, record.len() as u32));
            self.recent.push(record);
        }
    }

    /// Forgets all records from `next` on. Segments that hold none below it go, and are returned.
    pub(super) fn cut(&mut self, next: u64) -> Vec<Segment> {
        self.recent.cut(next);
        self.first = self.first.min(next);
        let mut gone = Vec::new();
        while let Some(segment) = self.segments.pop_back_if(|segment| segment.first >= next) {
            gone.push(segment);
        }
        if let Some(segment) = self.segments.back_mut() {
            segment.records.truncate((next - segment.first) as usize);
        }
        gone
    }

    /// Forgets all records and segments, which are returned; the log goes on at `next`.
    pub(super) fn restart(&mut self, next: u64) -> Vec<Segment> {
        self.first = next;
        self.recent = Recent::new(next, self.recent.bytes_max);
        self.segments.drain(..).collect()
    }

    /// Lets go of the records before `position`. Segments that hold only such go, oldest first, and are returned.
    pub(super) fn discard(&mut self, position: u64) -> Vec<Segment> {
        self.first = self.first.max(position);
        let mut gone = Vec::new();
        while self.segments.len() > 1
            && let Some(segment) = self.segments.pop_front_if(|segment| segment.next() <= position)
        {
            gone.push(segment);
        }
        gone
    }

    fn place(&self, position: u64) -> Option<Place> {
        if position < self.first || position >= self.next() {
            return None;
        }
        if let Some(record) = self.recent.get(position) {
            return Some(Place::Memory(Arc::clone(record)));
        }
        let at = self.segments.partition_point(|segment| segment.first <= position).checked_sub(1)?;
        let segment = &self.segments[at];
        let &(offset, bytes) = segment.records.get((position - segment.first) as usize)?;
        let (file, path) = (Arc::clone(&segment.file), segment.path.clone());
        Some(Place::File { file, path, offset, bytes: bytes as usize })
    }
}

impl Segment {
    /// The position after its last record.
    pub(super) fn next(&self) -> u64 {
        self.first + self.records.len() as u64
    }
}

impl Recent {
    /// No records; the next one is at `next`.
    pub(super) fn new(next: u64, bytes_max: usize) -> Self {
        Self { first: next, records: VecDeque::new(), bytes: 0, bytes_max, unwritten: next }
    }

    /// All records so far are written, so those over the bound can go.
    pub(super) fn written(&mut self) {
        self.unwritten = self.first + self.records.len() as u64;
        self.evict();
    }

    fn push(&mut self, record: &[u8]) {
        self.bytes += record.len();
        self.records.push_back(record.into());
        self.evict();
    }

    fn evict(&mut self) {
        while self.bytes > self.bytes_max && self.first < self.unwritten {
            if let Some(record) = self.records.pop_front() {
                self.bytes -= record.len();
                self.first += 1;
            }
        }
    }

    fn cut(&mut self, next: u64) {
        if next <= self.first {
            *self = Self::new(next, self.bytes_max);
            return;
        }
        for record in self.records.drain((next - self.first) as usize..) {
            self.bytes -= record.len();
        }
        self.unwritten = self.unwritten.min(next);
    }

    fn get(&self, position: u64) -> Option<&Arc<[u8]>> {
        self.records.get(position.checked_sub(self.first)? as usize)
    }
}
