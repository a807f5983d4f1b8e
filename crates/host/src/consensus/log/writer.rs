//! The thread that writes the log.

use super::marks::{CommittedMark, Marks};
use crate::{
    consensus::format::{LogIdRecord, VoteRecord},
    files::SegmentLog,
    logging,
    monitoring::durations,
};
use bytes::Bytes;
use dasd::{DataSetError, LogSet};
use prometheus_client::metrics::histogram::Histogram;
#[cfg(not(simulated))]
use std::sync::mpsc::RecvTimeoutError;
use std::{
    collections::BTreeMap,
    io,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};
use vocabulary::message::{DISK101E, DISK102I};

/// How long the thread waits before it looks again whether there is room.
const ROOM_PAUSE: Duration = Duration::from_millis(100);

/// How long after its last request the thread still looks for a newer committed mark.
#[cfg(not(simulated))]
const MARK_PAUSE: Duration = Duration::from_millis(50);

/// The most requests that share a force.
const GROUP_MAX: usize = 4_096;

/// Called once what was asked for is durable, or can't be made so.
pub(super) type Done = Box<dyn FnOnce(io::Result<()>) + Send>;

/// What the thread can be asked for. Done in the order asked.
pub(super) enum Request {
    /// Entries from index `first` on.
    Append {
        first: u64,
        records: Vec<Bytes>,
        done: Done,
    },
    /// Remove the entries from index `from` on.
    Truncate {
        from: u64,
        done: Done,
    },
    /// Let go of the entries up to `upto`.
    Purge {
        upto: LogIdRecord,
        done: Done,
    },
    Vote {
        vote: VoteRecord,
        done: Done,
    },
    /// End, after everything asked before.
    Stop {
        done: Done,
    },
}

/// Asks the thread. Clones ask the same one.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    requests: Sender<Request>,
    pub(super) health: Arc<Health>,
}

/// How the thread fares.
#[derive(Debug)]
pub(super) struct Health {
    /// Entries that were handed over and are not in the segment log yet.
    pub(super) pending: Mutex<BTreeMap<u64, Bytes>>,
    /// Bytes of all records ever appended by this process.
    pub(super) appended_bytes: AtomicU64,
    /// Bytes that the log takes up on the disk.
    pub(super) log_bytes: AtomicU64,
    /// How long each force took.
    pub(super) sync_times: Histogram,
    /// Up to where the log is known to be committed, if that is not noted yet.
    committed: Mutex<Option<LogIdRecord>>,
    full: Mutex<Option<String>>,
    failed: Mutex<Option<String>>,
    stopping: AtomicBool,
}

impl Writer {
    pub(super) fn start(
        log: SegmentLog,
        folder: PathBuf,
        marks: Marks,
        committed: CommittedMark,
    ) -> io::Result<Self> {
        let (requests, queue) = channel();
        let health = Arc::new(Health::new());
        health.log_bytes.store(log.bytes(), Ordering::Relaxed);
        let thread =
            Thread { log, folder, marks, committed, health: Arc::clone(&health), forces: Vec::new() };
        thread.start(queue)?;
        Ok(Self { requests, health })
    }

    pub(super) fn ask(&self, request: Request) {
        if let Err(unsent) = self.requests.send(request) {
            unsent.0.answer(Err(stopped()));
        }
    }

    /// From now on what finds no room fails at once.
    pub(super) fn stop_waiting(&self) {
        self.health.stopping.store(true, Ordering::Relaxed);
    }

    /// Has this noted with one of the next requests, or soon after. It is not worth waking the thread for.
    pub(super) fn note_committed(&self, upto: LogIdRecord) {
        *locked(&self.health.committed) = Some(upto);
    }

    /// Asks the thread to end, even if it waits for room. `done` is called when the files are closed.
    pub(super) fn stop(&self, done: Done) {
        self.stop_waiting();
        self.ask(Request::Stop { done });
    }
}

impl Health {
    fn new() -> Self {
        Self {
            pending: Mutex::default(),
            appended_bytes: AtomicU64::default(),
            log_bytes: AtomicU64::default(),
            sync_times: durations(),
            committed: Mutex::default(),
            full: Mutex::default(),
            failed: Mutex::default(),
            stopping: AtomicBool::default(),
        }
    }

    pub(super) fn full(&self) -> Option<String> {
        locked(&self.full).clone()
    }

    pub(super) fn failed(&self) -> Option<String> {
        locked(&self.failed).clone()
    }
}

impl Request {
    fn answer(self, result: io::Result<()>) {
        match self {
            Self::Append { done, .. }
            | Self::Truncate { done, .. }
            | Self::Purge { done, .. }
            | Self::Vote { done, .. }
            | Self::Stop { done } => done(result),
        }
    }
}

struct Thread {
    log: SegmentLog,
    folder: PathBuf,
    marks: Marks,
    committed: CommittedMark,
    health: Arc<Health>,
    /// Who waits for the next force.
    forces: Vec<Done>,
}

impl Thread {
    #[cfg(not(simulated))]
    fn start(self, queue: Receiver<Request>) -> io::Result<()> {
        thread::Builder::new().name("raft-log".into()).spawn(move || self.run(&queue)).map(drop)
    }

    /// A simulated world has one thread. Its disk takes some time for what was asked of it meanwhile.
    #[cfg(simulated)]
    fn start(mut self, queue: Receiver<Request>) -> io::Result<()> {
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(rand::random_range(1..8))).await;
                if let Some(first) = queue.try_iter().next()
                    && let Some(done) = self.perform_all(first, &queue)
                {
                    drop(self);
                    return done(Ok(()));
                }
                self.mark_committed();
            }
        });
        Ok(())
    }

    #[cfg(not(simulated))]
    fn run(mut self, queue: &Receiver<Request>) {
        while let Some(first) = self.next_request(queue) {
            if let Some(done) = self.perform_all(first, queue) {
                drop(self);
                return done(Ok(()));
            }
        }
    }

    /// Does this and what else was asked for meanwhile. Whom to tell that the files are closed, when it is time to.
    fn perform_all(&mut self, first: Request, queue: &Receiver<Request>) -> Option<Done> {
        let mut stopped = None;
        for request in std::iter::once(first).chain(queue.try_iter().take(GROUP_MAX)) {
            match request {
                Request::Append { first, records, done } => self.append(first, &records, done),
                Request::Stop { done } => stopped = Some(done),
                other => {
                    self.force();
                    self.perform(other);
                }
            }
        }
        self.force();
        self.health.log_bytes.store(self.log.bytes(), Ordering::Relaxed);
        if stopped.is_some() {
            self.mark_committed();
        }
        stopped
    }

    /// Waits for a request, and notes what was committed when none comes for a while.
    #[cfg(not(simulated))]
    fn next_request(&self, queue: &Receiver<Request>) -> Option<Request> {
        match queue.recv_timeout(MARK_PAUSE) {
            Ok(request) => Some(request),
            Err(RecvTimeoutError::Timeout) => {
                self.mark_committed();
                queue.recv().ok()
            }
            Err(RecvTimeoutError::Disconnected) => None,
        }
    }

    fn mark_committed(&self) {
        if self.health.failed().is_none()
            && let Some(upto) = locked(&self.health.committed).take()
        {
            self.committed.write(upto);
        }
    }

    fn append(&mut self, first: u64, records: &[Bytes], done: Done) {
        for (index, record) in (first..).zip(records) {
            if let Err(error) = self.append_record(index, record) {
                return done(Err(error));
            }
            locked(&self.health.pending).remove(&index);
            self.health.appended_bytes.fetch_add(record.len() as u64, Ordering::Relaxed);
        }
        self.forces.push(done);
    }

    fn append_record(&mut self, index: u64, record: &[u8]) -> io::Result<()> {
        let position = index + 1;
        // An empty log may begin anywhere; entries from before came in a snapshot.
        if self.log.first_position() == self.log.next_position() && self.log.next_position() != position {
            self.insist(|thread| thread.log.discard_before(position))?;
        }
        let given = self.insist(|thread| thread.log.append(record))?;
        match given == position {
            true => Ok(()),
            false => Err(self.fail(format!("entry {index} would lie at position {given} of the log"))),
        }
    }

    /// Forces what was appended, and answers those who wait for it.
    fn force(&mut self) {
        if self.forces.is_empty() {
            return;
        }
        let begun = Instant::now();
        let forced = self.insist(|thread| thread.log.force());
        self.health.sync_times.observe(begun.elapsed().as_secs_f64());
        for done in self.forces.drain(..) {
            done(forced.as_ref().copied().map_err(|error| io::Error::other(error.to_string())));
        }
        self.mark_committed();
    }

    fn perform(&mut self, request: Request) {
        let result = match &request {
            Request::Truncate { from, .. } => self.insist(|thread| thread.log.truncate_after(*from)),
            Request::Vote { vote, .. } => self.mark(Marks { vote: Some(*vote), ..self.marks }),
            Request::Purge { upto, .. } => {
                let marked = self.mark(Marks { purged: Some(*upto), ..self.marks });
                marked.and_then(|()| self.insist(|thread| thread.log.discard_before(upto.index + 2)))
            }
            Request::Append { .. } | Request::Stop { .. } => Ok(()),
        };
        request.answer(result);
    }

    fn mark(&mut self, marks: Marks) -> io::Result<()> {
        self.insist(|thread| {
            marks.write(&thread.folder).map_err(|error| {
                let set = Marks::path(&thread.folder).display().to_string();
                match error.kind() {
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                        DataSetError::Full { set, reason: error.to_string() }
                    }
                    _ => DataSetError::Io { set, reason: error.to_string() },
                }
            })
        })?;
        self.marks = marks;
        Ok(())
    }

    /// Does it, again and again as long as there is no room. Any other failure is for good.
    fn insist<T>(&mut self, mut write: impl FnMut(&mut Self) -> Result<T, DataSetError>) -> io::Result<T> {
        if let Some(reason) = self.health.failed() {
            return Err(io::Error::other(reason));
        }
        loop {
            match write(self) {
                Ok(done) => {
                    if locked(&self.health.full).take().is_some() {
                        logging::issue(&DISK102I.with(&[&self.folder.display()]));
                    }
                    return Ok(done);
                }
                Err(DataSetError::Full { set, reason }) => {
                    let full = format!("{set}: {reason}");
                    if locked(&self.health.full).replace(full.clone()).is_none() {
                        logging::issue(&DISK101E.with(&[&set, &reason]));
                    }
                    if self.health.stopping.load(Ordering::Relaxed) {
                        return Err(io::Error::other(full));
                    }
                    thread::sleep(ROOM_PAUSE);
                }
                Err(error) => return Err(self.fail(error.to_string())),
            }
        }
    }

    fn fail(&self, reason: String) -> io::Error {
        tracing::debug!("consensus stops, because its log can't be written: {reason}");
        locked(&self.health.failed).get_or_insert(reason.clone());
        io::Error::other(reason)
    }
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn stopped() -> io::Error {
    io::Error::other("the log was closed")
}
