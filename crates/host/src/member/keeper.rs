//! The shelf's own thread: writes what the region applied, in the order it did, off the way of every request.
//!
//! The shelf may fall behind: what it lacks after a crash is in the log. It may not be ahead, and is not, because
//! it is given nothing that was not applied.

use crate::shelf::SledSet;
use dasd::{Batch, DataSetError, KeyedSet, Record};
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// How many batches may wait. Beyond that, applying waits for the disk.
const WAITING_MAX: usize = 256;

enum Work {
    Apply(Batch),
    Replace(Vec<Record>),
    Settle(SyncSender<()>),
}

/// Where batches are handed in.
#[derive(Debug)]
pub(super) struct ShelfKeeper {
    work: SyncSender<Work>,
    failure: Arc<Mutex<Option<String>>>,
}

impl ShelfKeeper {
    /// Starts the thread that owns the shelf.
    pub(super) fn start(shelf: SledSet) -> io::Result<Self> {
        let (work, receiver) = sync_channel(WAITING_MAX);
        let failure = Arc::new(Mutex::new(None));
        let reported = Arc::clone(&failure);
        thread::Builder::new().name("shelf".to_string()).spawn(move || keep(shelf, &receiver, &reported))?;
        Ok(Self { work, failure })
    }

    /// Hands in what was applied. Fails when something handed in before could not be written.
    pub(super) fn apply(&self, batch: Batch) -> io::Result<()> {
        self.hand_in(Work::Apply(batch))
    }

    /// Replaces everything.
    pub(super) fn replace(&self, records: Vec<Record>) -> io::Result<()> {
        self.hand_in(Work::Replace(records))
    }

    /// Waits until everything handed in so far is written.
    pub(super) fn settle(&self) -> io::Result<()> {
        let (done, waiting) = sync_channel(1);
        self.hand_in(Work::Settle(done))?;
        waiting.recv().map_err(|_| self.failed())
    }

    fn hand_in(&self, work: Work) -> io::Result<()> {
        self.work.send(work).map_err(|_| self.failed())
    }

    fn failed(&self) -> io::Error {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        io::Error::other(failure.clone().unwrap_or_else(|| "the shelf's thread has ended".to_string()))
    }
}

fn keep(mut shelf: SledSet, work: &Receiver<Work>, failure: &Mutex<Option<String>>) {
    while let Ok(work) = work.recv() {
        let outcome = match work {
            Work::Apply(batch) => shelf.apply(batch),
            Work::Replace(records) => shelf.replace_all(&mut records.into_iter().map(Ok)),
            Work::Settle(done) => {
                // Whoever asked may have gone, which is its own affair.
                let _ = done.send(());
                Ok::<(), DataSetError>(())
            }
        };
        if let Err(error) = outcome {
            // The thread ends, so that everything handed in from now on fails with this.
            *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
            return;
        }
    }
}
