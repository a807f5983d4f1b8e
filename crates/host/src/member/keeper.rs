//! The shelf's own thread: writes what the region applied, off the way of every request.
//!
//! What is applied is gathered for a moment and written together, the newest value of each record once. Sled spends
//! several threads on each write; done entry by entry, they would compete with the requests for the processors.
//!
//! The shelf may fall behind: what it lacks after a crash is in the log. It may not be ahead, and is not, because
//! it is given nothing that was not applied.

use crate::shelf::SledSet;
use dasd::{Batch, DataSetError, KeyedSet, Record};
use std::{
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

/// How long applied records are gathered before they are written.
const GATHER: Duration = Duration::from_millis(500);

/// How many gathered records are written without waiting longer.
const GATHERED_MANY: usize = 10_000;

/// How many records may wait. Beyond that, applying waits for the disk.
const GATHERED_MAX: usize = 200_000;

/// Where batches are handed in. Dropping it ends the thread, after what was handed in is written.
#[derive(Debug)]
pub(super) struct ShelfKeeper {
    tray: Arc<Tray>,
}

/// What lies between the region and the thread.
#[derive(Debug, Default)]
struct Tray {
    waiting: Mutex<Waiting>,
    /// Something for the thread to look at.
    handed_in: Condvar,
    /// The thread has taken what waited, or written it, or failed.
    taken: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    /// Everything is to be replaced by these, before `batch`.
    replacement: Option<Vec<Record>>,
    batch: Batch,
    /// Somebody waits until all is written.
    hurry: bool,
    writing: bool,
    closed: bool,
    failure: Option<String>,
}

impl ShelfKeeper {
    /// Starts the thread that owns the shelf.
    pub(super) fn start(shelf: SledSet) -> io::Result<Self> {
        let tray = Arc::new(Tray::default());
        let theirs = Arc::clone(&tray);
        thread::Builder::new().name("shelf".to_string()).spawn(move || keep(shelf, &theirs))?;
        Ok(Self { tray })
    }

    /// Hands in what was applied. Fails when something handed in before could not be written.
    pub(super) fn apply(&self, batch: Batch) -> io::Result<()> {
        let mut waiting = self.tray.lock();
        while waiting.failure.is_none() && waiting.batch.len() >= GATHERED_MAX {
            waiting = wait(&self.tray.taken, waiting);
        }
        waiting.check()?;
        let idle = waiting.batch.is_empty();
        waiting.batch.extend(batch);
        if idle || waiting.batch.len() >= GATHERED_MANY {
            self.tray.handed_in.notify_one();
        }
        Ok(())
    }

    /// Replaces everything.
    pub(super) fn replace(&self, records: Vec<Record>) -> io::Result<()> {
        let mut waiting = self.tray.lock();
        waiting.check()?;
        waiting.batch = Batch::new();
        waiting.replacement = Some(records);
        self.tray.handed_in.notify_one();
        Ok(())
    }

    /// Waits until everything handed in so far is written.
    pub(super) fn settle(&self) -> io::Result<()> {
        let mut waiting = self.tray.lock();
        while waiting.failure.is_none() && (waiting.writing || waiting.has_work()) {
            waiting.hurry = true;
            self.tray.handed_in.notify_one();
            waiting = wait(&self.tray.taken, waiting);
        }
        waiting.check()
    }
}

impl Drop for ShelfKeeper {
    fn drop(&mut self) {
        self.tray.lock().closed = true;
        self.tray.handed_in.notify_one();
    }
}

impl Tray {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for work and gathers it. `None` when there will be no more.
    fn gather(&self) -> Option<(Option<Vec<Record>>, Batch)> {
        let mut waiting = self.lock();
        while !waiting.has_work() {
            if waiting.closed {
                return None;
            }
            waiting = wait(&self.handed_in, waiting);
        }
        let gathered = self.handed_in.wait_timeout_while(waiting, GATHER, |waiting| !waiting.is_due());
        let (mut waiting, _) = gathered.unwrap_or_else(PoisonError::into_inner);
        (waiting.hurry, waiting.writing) = (false, true);
        Some((waiting.replacement.take(), std::mem::take(&mut waiting.batch)))
    }

    fn written(&self, outcome: &Result<(), DataSetError>) {
        let mut waiting = self.lock();
        waiting.writing = false;
        waiting.failure = outcome.as_ref().err().map(ToString::to_string);
        self.taken.notify_all();
    }
}

impl Waiting {
    fn has_work(&self) -> bool {
        self.replacement.is_some() || !self.batch.is_empty()
    }

    fn is_due(&self) -> bool {
        self.hurry || self.closed || self.replacement.is_some() || self.batch.len() >= GATHERED_MANY
    }

    fn check(&self) -> io::Result<()> {
        self.failure.as_ref().map_or(Ok(()), |reason| Err(io::Error::other(reason.clone())))
    }
}

/// Writes until there is no more to come or a write fails, from when on everything handed in fails with that.
fn keep(mut shelf: SledSet, tray: &Tray) {
    while let Some((replacement, batch)) = tray.gather() {
        let replaced = match replacement {
            Some(records) => shelf.replace_all(&mut records.into_iter().map(Ok)),
            None => Ok(()),
        };
        let outcome = replaced.and_then(|()| shelf.apply(batch));
        tray.written(&outcome);
        if outcome.is_err() {
            return;
        }
    }
}

fn wait<'a>(signal: &Condvar, waiting: MutexGuard<'a, Waiting>) -> MutexGuard<'a, Waiting> {
    signal.wait(waiting).unwrap_or_else(PoisonError::into_inner)
}
