//! The lock table, shared by threads.

use super::lone::{Lone, LoneLocks};
use super::table::{Answer, LockTable};
use super::{Item, LockState, Resource};
use crate::error::Trouble;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use vocabulary::Moment;

/// The lock table, shared by threads.
#[derive(Default)]
pub(crate) struct Locks {
    lone: LoneLocks,
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

    /// A unit of work wants a record that it lets go of again. False, and nothing done, when somebody else may have it or
    /// want it.
    pub(crate) fn take(&self, unit: u32, resource: Resource, state: LockState) -> bool {
        self.lone.latch(resource).take(Lone { unit, resource, state })
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
        let mut slot = self.lone.latch(resource);
        let lone = slot.give_up();
        let answer = self.change(|table| {
            if let Some(Lone { unit, resource, state }) = lone {
                table.adopt(unit, resource, state);
            }
            table.request(unit, resource, state, held_max)
        });
        match answer {
            Answer::Granted => Ok(()),
            Answer::Waits => Err(Trouble::Waits),
            Answer::Refused(refusal) => Err(Trouble::LockRefused(refusal)),
        }
    }

    /// Lets go of a resource, unless it is held exclusively.
    pub(crate) fn release(&self, unit: u32, resource: Resource) {
        let mut slot = self.lone.latch(resource);
        if !slot.leave(unit, resource) && slot.has_in_table() {
            self.change(|table| table.release(unit, resource));
        }
    }

    /// A unit of work has ended, and let go of the records that it stood on.
    pub(crate) fn end(&self, unit: u32) {
        self.change(|table| table.end(unit));
    }

    /// Tells the time: who waits for too long is refused.
    pub(crate) fn tell(&self, now: Moment) {
        self.change(|table| table.tell(now, self.wait_ms_max));
    }

    /// Whether another unit of work holds the resource exclusively.
    pub(crate) fn is_exclusive_elsewhere(&self, unit: u32, resource: Resource) -> bool {
        self.lone.may_be_in_table(resource) && self.lock().is_exclusive_elsewhere(unit, resource)
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
        table.tell_moves(|come| self.lone.note_come(come), |gone| self.lone.note_gone(gone));
        if !table.take_woken().is_empty() {
            self.woken.notify_all();
        }
        outcome
    }

    fn lock(&self) -> MutexGuard<'_, LockTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::lone::place;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[derive(Debug, Clone, Copy)]
    enum Step {
        Request(u32, usize, usize),
        Release(u32, usize),
        End(u32),
    }

    fn any_step() -> impl Strategy<Value = Step> {
        prop_oneof![
            12 => (1u32..5, 0usize..4, 0usize..3).prop_map(|(unit, item, state)| Step::Request(unit, item, state)),
            6 => (1u32..5, 0usize..4).prop_map(|(unit, item)| Step::Release(unit, item)),
            2 => (1u32..5).prop_map(Step::End),
        ]
    }

    /// Four resources, two of which share a slot.
    fn resources() -> [Resource; 4] {
        let anchor = |anchor| Resource { database: 1, item: Item::Anchor(anchor) };
        let shares = |other: &u32| place(anchor(*other)) == place(anchor(0));
        let neighbour = (3..).find(shares).unwrap_or(3);
        [anchor(0), anchor(1), anchor(2), anchor(neighbour)]
    }

    fn request(locks: &Locks, unit: u32, resource: Resource, state: LockState, waited: bool) -> Answer {
        if state != LockState::Exclusive && !waited && locks.take(unit, resource, state) {
            return Answer::Granted;
        }
        match locks.request(unit, resource, state, usize::MAX) {
            Err(Trouble::Waits) => Answer::Waits,
            Err(Trouble::LockRefused(refusal)) => Answer::Refused(refusal),
            _ => Answer::Granted,
        }
    }

    proptest! {
        #[test]
        fn what_is_kept_apart_changes_no_answer(steps in proptest::collection::vec(any_step(), 1..60)) {
            let states = [LockState::Share, LockState::Update, LockState::Exclusive];
            let (locks, mut table, resources) = (Locks::new(None), LockTable::default(), resources());
            let mut waited = BTreeSet::new();
            for step in steps {
                match step {
                    Step::Request(unit, item, state) => {
                        let (resource, state) = (resources[item], states[state]);
                        let answer = request(&locks, unit, resource, state, waited.contains(&unit));
                        prop_assert_eq!(answer, table.request(unit, resource, state, usize::MAX));
                        if answer == Answer::Waits { waited.insert(unit) } else { waited.remove(&unit) };
                    }
                    Step::Release(unit, item) => {
                        locks.release(unit, resources[item]);
                        table.release(unit, resources[item]);
                    }
                    Step::End(unit) => {
                        resources.iter().for_each(|&resource| locks.release(unit, resource));
                        locks.end(unit);
                        table.end(unit);
                    }
                }
                for unit in 1..5 {
                    prop_assert_eq!(locks.waits(unit), table.waits(unit));
                    for resource in resources {
                        let elsewhere = table.is_exclusive_elsewhere(unit, resource);
                        prop_assert_eq!(locks.is_exclusive_elsewhere(unit, resource), elsewhere);
                    }
                }
            }
        }
    }
}
