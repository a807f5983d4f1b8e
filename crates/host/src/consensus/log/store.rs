//! The log as openraft wants it.

use super::{
    marks::{CommittedMark, Marks},
    writer::{Done, Health, Request, Writer, locked},
};
use crate::{
    consensus::{
        ConsensusError,
        format::{LogIdRecord, decode_entry, encode_entry, invalid},
        snapshot::Snapshots,
        types::{Entry, LogId, Types, Vote},
    },
    files::{SegmentBounds, SegmentLog, SegmentReader},
};
use bytes::Bytes;
use dasd::LogSet;
use futures::{Stream, stream};
use openraft::{
    OptionalSend, RaftLogReader,
    storage::{IOFlushed, LogState, RaftLogStorage},
};
use prometheus_client::metrics::histogram::Histogram;
use std::{
    collections::BTreeMap,
    fmt::Debug,
    io,
    ops::{Bound, RangeBounds},
    path::Path,
    sync::{Arc, Mutex, atomic::Ordering},
};
use tokio::sync::oneshot;

/// The most bytes of entries that go into one message or are in hand at once, unless a single entry is longer.
const READ_BYTES: usize = 4 << 20;

/// The log of this node. Clones are the same log.
#[derive(Debug, Clone)]
pub(in crate::consensus) struct LogStore {
    reader: SegmentReader,
    writer: Writer,
    known: Arc<Mutex<Known>>,
    snapshots: Arc<Snapshots>,
}

/// What openraft was told, or told us.
#[derive(Debug)]
struct Known {
    vote: Option<Vote>,
    committed: Option<LogId>,
    /// Entries up to this one are let go. The files may hold some of them still.
    purged: Option<LogId>,
    /// The first entry that the log holds, if it holds one.
    first: u64,
    /// The last entry, or `purged` where there is none.
    last: Option<LogId>,
}

impl LogStore {
    /// Opens the log in `folder`, or makes it. `snapshots` say how much of it is needed in case the newest one is
    /// damaged.
    pub(in crate::consensus) fn open(
        folder: &Path,
        bounds: SegmentBounds,
        snapshots: Arc<Snapshots>,
    ) -> Result<Self, ConsensusError> {
        let marks_path = Marks::path(folder);
        let marks = Marks::read(folder)
            .map_err(|source| ConsensusError::File { path: marks_path.clone(), source })?;
        let committed_path = CommittedMark::path(folder);
        let committed = CommittedMark::open(folder)
            .map_err(|source| ConsensusError::File { path: committed_path, source })?;
        let mut log = SegmentLog::open(&folder.join("log"), bounds)?;
        let known = Known::read(&mut log, &marks, committed.read())?;
        let reader = log.reader();
        let writer = Writer::start(log, folder.to_path_buf(), marks, committed)
            .map_err(|source| ConsensusError::File { path: folder.into(), source })?;
        Ok(Self { reader, writer, known: Arc::new(Mutex::new(known)), snapshots })
    }

    /// Why the log can't take more at the moment.
    pub(in crate::consensus) fn full(&self) -> Option<String> {
        self.writer.health.full()
    }

    /// Why the log can't be written any more.
    pub(in crate::consensus) fn failed(&self) -> Option<String> {
        self.writer.health.failed()
    }

    /// Bytes that the log takes up on the disk.
    pub(in crate::consensus) fn log_bytes(&self) -> u64 {
        self.health().log_bytes.load(Ordering::Relaxed)
    }

    /// Bytes of entries that this process appended.
    pub(in crate::consensus) fn appended_bytes(&self) -> u64 {
        self.health().appended_bytes.load(Ordering::Relaxed)
    }

    /// How long the disk took to keep what was appended.
    pub(in crate::consensus) fn sync_times(&self) -> Histogram {
        self.health().sync_times.clone()
    }

    /// From now on nobody waits for room: openraft does not end while it waits for the log.
    pub(in crate::consensus) fn stop_waiting(&self) {
        self.writer.stop_waiting();
    }

    /// Returns once everything asked for is done and the files are closed.
    pub(in crate::consensus) async fn stop(&self) {
        let (done, stopped) = completion();
        self.writer.stop(done);
        let _ = stopped.await;
    }

    fn health(&self) -> &Health {
        &self.writer.health
    }

    /// Asks the thread and waits for its answer.
    async fn durably(&self, request: impl FnOnce(Done) -> Request) -> io::Result<()> {
        let (done, answer) = completion();
        self.writer.ask(request(done));
        answer.await.unwrap_or_else(|_| Err(io::Error::other("the log was closed")))
    }

    /// The part of a range that the log holds.
    fn held(&self, range: &impl RangeBounds<u64>) -> (u64, u64) {
        let start = match range.start_bound() {
            Bound::Included(&start) => start,
            Bound::Excluded(&before) => before + 1,
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(&last) => last.saturating_add(1),
            Bound::Excluded(&end) => end,
            Bound::Unbounded => u64::MAX,
        };
        let known = locked(&self.known);
        (start.max(known.first), end.min(known.next()))
    }

    fn read_bytes(&self, index: u64) -> io::Result<Bytes> {
        if let Some(pending) = locked(&self.health().pending).get(&index) {
            return Ok(pending.clone());
        }
        let found = self.reader.read(index + 1).map_err(io::Error::other)?;
        found.map(Bytes::from).ok_or_else(|| invalid(format!("entry {index} is missing from the log")))
    }

    /// Entries of `start..end` that the log holds, up to a number of bytes.
    fn read(&self, start: u64, end: u64, bytes_max: usize) -> io::Result<Vec<Entry>> {
        let (start, end) = self.held(&(start..end));
        let (mut entries, mut bytes) = (Vec::new(), 0usize);
        for index in start..end {
            let encoded = self.read_bytes(index)?;
            bytes = bytes.saturating_add(encoded.len());
            if bytes > bytes_max && !entries.is_empty() {
                break;
            }
            entries.push(decode_entry(&encoded)?);
        }
        Ok(entries)
    }

    /// How much of the log the files may let go when openraft lets go up to `purged`: not what would be needed to
    /// go on from the older snapshot, should the newer one turn out to be damaged.
    fn disposable(&self, purged: LogId) -> Option<LogId> {
        let older = self.snapshots.older().map(LogId::from);
        older.map(|older| if older.index < purged.index { older } else { purged })
    }
}

impl Known {
    fn read(
        log: &mut SegmentLog,
        marks: &Marks,
        committed: Option<LogIdRecord>,
    ) -> Result<Self, ConsensusError> {
        let purged = marks.purged.map(LogId::from);
        let purged_next = purged.map_or(0, |purged| purged.index + 1);
        // A crash may have come between noting what is let go and letting it go. Entries before a gap are of no use.
        if log.next_position() < purged_next + 1 {
            log.discard_before(purged_next + 1)?;
        }
        let entry = |position| -> Result<Option<LogId>, ConsensusError> {
            let Some(record) = log.read(position)? else { return Ok(None) };
            let entry = decode_entry(&record)
                .map_err(|error| ConsensusError::State { reason: format!("position {position}: {error}") })?;
            Ok(Some(entry.log_id))
        };
        let last = entry(log.next_position() - 1)?.or(purged);
        // The entry that forms a plex is of term 0. Any other one was taken from a master that had this node's vote, and
        // without it the node could vote for another in the same term.
        if let (Some(last), None) = (last, marks.vote)
            && last.committed_leader_id().term > 0
        {
            let reason = format!("the log goes to entry {}, and the vote file is missing", last.index);
            return Err(ConsensusError::State { reason });
        }
        let first = (log.first_position() - 1).max(purged_next);
        if last != purged && first > purged_next {
            let reason = format!("the log begins at entry {first}, and was let go only before {purged_next}");
            return Err(ConsensusError::State { reason });
        }
        // The committed mark may be ahead of a log that lost what was never forced, and is never more than it.
        let committed = match (committed, last) {
            (Some(committed), Some(last)) if committed.index < last.index => entry(committed.index + 1)?,
            (Some(_), last) => last,
            (None, _) => None,
        };
        Ok(Self { vote: marks.vote.map(Vote::from), committed, purged, first, last })
    }

    fn next(&self) -> u64 {
        self.last.map_or(0, |last| last.index + 1)
    }
}

impl RaftLogReader<Types> for LogStore {
    async fn try_get_log_entries<R: RangeBounds<u64> + Clone + Debug + OptionalSend>(
        &mut self,
        range: R,
    ) -> io::Result<Vec<Entry>> {
        let (start, end) = self.held(&range);
        self.read(start, end, usize::MAX)
    }

    async fn limited_get_log_entries(&mut self, start: u64, end: u64) -> io::Result<Vec<Entry>> {
        self.read(start, end, READ_BYTES)
    }

    async fn entries_stream<R>(&mut self, range: R) -> impl Stream<Item = io::Result<Entry>> + OptionalSend
    where
        R: RangeBounds<u64> + Clone + Debug + OptionalSend,
    {
        let (start, end) = self.held(&range);
        let store = self.clone();
        let pieces = std::iter::successors(Some((start, Ok(Vec::new()))), move |(at, last)| {
            let read = (*at < end && last.is_ok()).then(|| store.read(*at, end, READ_BYTES))?;
            Some((*at + read.as_ref().map_or(0, Vec::len) as u64, read))
        });
        stream::iter(pieces.flat_map(|(_, read)| match read {
            Ok(entries) => entries.into_iter().map(Ok).collect::<Vec<_>>(),
            Err(error) => vec![Err(error)],
        }))
    }

    async fn read_vote(&mut self) -> io::Result<Option<Vote>> {
        Ok(locked(&self.known).vote)
    }
}

impl RaftLogStorage<Types> for LogStore {
    type LogReader = Self;

    async fn get_log_state(&mut self) -> io::Result<LogState<Types>> {
        let known = locked(&self.known);
        Ok(LogState { last_purged_log_id: known.purged, last_log_id: known.last })
    }

    async fn get_log_reader(&mut self) -> Self {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &Vote) -> io::Result<()> {
        let record = (*vote).into();
        self.durably(|done| Request::Vote { vote: record, done }).await?;
        locked(&self.known).vote = Some(*vote);
        Ok(())
    }

    async fn save_committed(&mut self, committed: Option<LogId>) -> io::Result<()> {
        if let Some(committed) = committed {
            self.writer.note_committed(committed.into());
        }
        locked(&self.known).committed = committed;
        Ok(())
    }

    async fn read_committed(&mut self) -> io::Result<Option<LogId>> {
        Ok(locked(&self.known).committed)
    }

    async fn append<I>(&mut self, entries: I, callback: IOFlushed<Types>) -> io::Result<()>
    where
        I: IntoIterator<Item = Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let entries: Vec<_> = entries.into_iter().collect();
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
            callback.io_completed(Ok(()));
            return Ok(());
        };
        let (first, last) = (first.log_id.index, last.log_id);
        let records: Vec<Bytes> = entries.iter().map(|entry| encode_entry(entry).into()).collect();
        let pending: BTreeMap<_, _> = (first..).zip(records.iter().cloned()).collect();
        locked(&self.health().pending).extend(pending);
        {
            let mut known = locked(&self.known);
            if known.first >= known.next() {
                known.first = first;
            }
            known.last = Some(last);
        }
        let done: Done = Box::new(move |result| callback.io_completed(result));
        self.writer.ask(Request::Append { first, records, done });
        Ok(())
    }

    async fn truncate_after(&mut self, last: Option<LogId>) -> io::Result<()> {
        let from = last.map_or(0, |last| last.index + 1);
        {
            let mut known = locked(&self.known);
            known.last = known.last.min(last).max(known.purged);
            known.first = known.first.min(known.next());
        }
        locked(&self.health().pending).split_off(&from);
        self.durably(|done| Request::Truncate { from, done }).await
    }

    async fn purge(&mut self, upto: LogId) -> io::Result<()> {
        let beyond = {
            let mut known = locked(&self.known);
            let beyond = known.last.is_none_or(|last| last.index < upto.index);
            known.purged = Some(upto);
            known.last = known.last.max(Some(upto));
            known.first = known.first.max(upto.index + 1);
            beyond
        };
        if beyond {
            // The entries before came in a snapshot, and the next one follows that.
            return self.durably(|done| Request::Purge { upto: upto.into(), done }).await;
        }
        if let Some(upto) = self.disposable(upto) {
            self.writer.ask(Request::Purge { upto: upto.into(), done: Box::new(|_| {}) });
        }
        Ok(())
    }
}

fn completion() -> (Done, oneshot::Receiver<io::Result<()>>) {
    let (send, receive) = oneshot::channel();
    let done: Done = Box::new(move |result| {
        let _ = send.send(result);
    });
    (done, receive)
}
