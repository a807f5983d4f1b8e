//! The lock table, shared by threads.

use super::table::{Answer, LockTable};
use super::{Item, LockState, Resource};
use crate::error::Trouble;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use vocabulary::Moment;

/// The lock table, shared by threads.
#[derive(Default)]
pub(crate) struct Locks {
    table: Mutex<LockTable>,
    woken: Condvar,
    /// Segments were locked, ever: until then nobody needs to look for them.
    has_segments: AtomicBool,
    wait_ms_max: Option<u64>,
}

impl Locks {
    /// Locks that nobody waits for longer than this.
    pub(crate) fn new(wait_ms_max: Option<u64>) -> Self {
        Self { wait_ms_max, ..Self::default() }
    }

    /// A unit of work wants a resource, and may hold so many.
    ///
    /// # Errors
    /// [`Trouble::Waits`] while others have it, [`Trouble::LockRefused`] when it has to give way, or holds that many.
    pub(crate) fn request(
        &self,
        unit: u32,
        resource: Resource,
        state: LockState,
        held_max: usize,
    ) -> Result<(), Trouble> {
        if matches!(resource.item, Item::Segment { .. }) {
            self.has_segments.store(true, Ordering::Relaxed);
        }
        match self.change(|table| table.request(unit, resource, state, held_max)) {
            Answer::Granted => Ok(()),
            Answer::Waits => Err(Trouble::Waits),
            Answer::Refused(refusal) => Err(Trouble::LockRefused(refusal)),
        }
    }

    /// Lets go of a resource, unless it is held exclusively.
    pub(crate) fn release(&self, unit: u32, resource: Resource) {
        self.change(|table| table.release(unit, resource));
    }

    /// A unit of work has ended.
    pub(crate) fn end(&self, unit: u32) {
        self.change(|table| table.end(unit));
    }

    /// Tells the time: who waits for too long is refused.
    pub(crate) fn tell(&self, now: Moment) {
        self.change(|table| table.tell(now, self.wait_ms_max));
    }

    /// Whether another unit of work holds the resource exclusively.
    pub(crate) fn is_exclusive_elsewhere(&self, unit: u32, resource: Resource) -> bool {
        self.lock().is_exclusive_elsewhere(unit, resource)
    }

    /// Whether a segment may be locked.
    pub(crate) fn has_segments(&self) -> bool {
        self.has_segments.load(Ordering::Relaxed)
    }

    /// Whether a unit of work waits.
    pub(crate) fn waits(&self, unit: u32) -> bool {
        self.lock().waits(unit)
    }

    /// Returns when a unit of work waits no longer.
    pub(crate) fn wait(&self, unit: u32) {
        let mut table = self.lock();
        while table.waits(unit) {
            table = self.woken.wait(table).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut LockTable) -> T) -> T {
        let mut table = self.lock();
        let outcome = change(&mut table);
        if !table.take_woken().is_empty() {
            self.woken.notify_all();
        }
        outcome
    }

    fn lock(&self) -> MutexGuard<'_, LockTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
