//! The shelf's own thread: writes what the region applied, off the way of every request.
//!
//! It asks for what changed and writes it, then pauses, so that a record that changes often is encoded and written
//! once in a while. Sled spends several threads on each write; done entry by entry, they would compete with the
//! requests for the processors.
//!
//! The shelf may fall behind: what it lacks after a crash is in the log. It may not be ahead, and is not, because
//! it is given nothing that was not applied.

use dasd::{Batch, DataSetError, KeyedSet, Record};
#[cfg(not(simulated))]
use std::thread;
use std::{
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How long changes gather before they are written.
const GATHER: Duration = Duration::from_millis(500);

/// What the shelf lacks.
pub(super) enum Unshelved {
    /// Some records changed.
    Changes(Batch),
    /// Everything is another.
    Whole(Vec<Record>),
}

/// Has the shelf written. Dropping it ends the thread, after everything is written.
#[derive(Debug)]
pub(super) struct ShelfKeeper {
    desk: Arc<Desk>,
}

#[derive(Debug, Default)]
struct Desk {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The shelf lacks something.
    behind: bool,
    /// Somebody waits until it does not.
    hurry: bool,
    writing: bool,
    closed: bool,
    failure: Option<String>,
}

impl ShelfKeeper {
    /// Starts the thread that owns the shelf. It calls `unshelved` for what the shelf lacks.
    pub(super) fn start(
        shelf: Box<dyn KeyedSet>,
        unshelved: impl FnMut() -> Unshelved + Send + 'static,
    ) -> io::Result<Self> {
        let desk = Arc::new(Desk::default());
        keep_aside(shelf, Arc::clone(&desk), unshelved)?;
        Ok(Self { desk })
    }

    /// Says that the shelf lacks something now. Fails when the shelf could not be written before.
    pub(super) fn fell_behind(&self) -> io::Result<()> {
        let mut state = self.desk.lock();
        state.check()?;
        if !state.behind {
            state.behind = true;
            self.desk.changed.notify_all();
        }
        Ok(())
    }

    /// Waits until the shelf lacks nothing.
    pub(super) fn settle(&self) -> io::Result<()> {
        let mut state = self.desk.lock();
        while state.failure.is_none() && (state.behind || state.writing) {
            state.hurry = true;
            self.desk.changed.notify_all();
            state = self.desk.wait(state);
        }
        state.check()
    }

    /// Why it writes nothing any more.
    pub(super) fn failure(&self) -> Option<String> {
        self.desk.lock().failure.clone()
    }
}

impl Drop for ShelfKeeper {
    fn drop(&mut self) {
        self.desk.lock().closed = true;
        self.desk.changed.notify_all();
    }
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is something to write, and a little more. `false` when there will be no more.
    fn gather(&self) -> bool {
        let mut state = self.lock();
        while !state.behind {
            if state.closed {
                return false;
            }
            state = self.wait(state);
        }
        let gathered = self.changed.wait_timeout_while(state, GATHER, |state| !(state.hurry || state.closed));
        let (mut state, _) = gathered.unwrap_or_else(PoisonError::into_inner);
        // Said before the changes are fetched: what changes from now on is fetched the next time, or twice.
        (state.behind, state.hurry, state.writing) = (false, false, true);
        true
    }

    /// Whether there is something to write, which then waits no longer.
    #[cfg(simulated)]
    fn hurries(&self) -> bool {
        let mut state = self.lock();
        state.hurry = state.behind;
        state.behind
    }

    fn written(&self, outcome: &Result<(), DataSetError>) {
        let mut state = self.lock();
        state.writing = false;
        state.failure = outcome.as_ref().err().map(ToString::to_string);
        self.changed.notify_all();
    }
}

impl State {
    fn check(&self) -> io::Result<()> {
        self.failure.as_ref().map_or(Ok(()), |reason| Err(io::Error::other(reason.clone())))
    }
}

#[cfg(not(simulated))]
fn keep_aside(
    mut shelf: Box<dyn KeyedSet>,
    desk: Arc<Desk>,
    mut unshelved: impl FnMut() -> Unshelved + Send + 'static,
) -> io::Result<()> {
    let keep = move || while desk.gather() && write(&mut *shelf, &desk, unshelved()) {};
    thread::Builder::new().name("shelf".to_string()).spawn(keep).map(drop)
}

/// A simulated world has one thread: a task looks for what to write.
#[cfg(simulated)]
fn keep_aside(
    mut shelf: Box<dyn KeyedSet>,
    desk: Arc<Desk>,
    mut unshelved: impl FnMut() -> Unshelved + Send + 'static,
) -> io::Result<()> {
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(GATHER).await;
            if desk.hurries() && !(desk.gather() && write(&mut *shelf, &desk, unshelved())) {
                return;
            }
        }
    });
    Ok(())
}

/// Writes what the shelf lacks, and says whether it could be written.
fn write(shelf: &mut dyn KeyedSet, desk: &Desk, lacking: Unshelved) -> bool {
    let outcome = match lacking {
        Unshelved::Changes(batch) => shelf.apply(batch),
        Unshelved::Whole(records) => shelf.replace_all(&mut records.into_iter().map(Ok)),
    };
    desk.written(&outcome);
    outcome.is_ok()
}
