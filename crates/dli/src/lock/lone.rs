//! Resources that one unit of work holds and nobody else wants, which is nearly all of them.
//!
//! They are kept apart from the [`super::table`], each in the *slot* that its bits lead to: whoever reads record after
//! record takes and leaves such a lock for each, and needs one short latch of its own for that. What a slot can't say goes
//! to the table, and what the slot had goes there first: a second holder, a higher state, an exclusive one, a wait. A slot
//! counts its resources in the table; while there are any, it keeps none itself.

use super::{Item, LockState, Resource};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many slots there are: many more than programs.
const SLOTS: usize = 1024;

/// The slots.
pub(super) struct LoneLocks {
    slots: Box<[Slot]>,
}

/// A place for one resource that is held by one unit of work.
#[derive(Debug, Default)]
struct Slot {
    lone: Mutex<Option<Lone>>,
    /// How many resources that belong here are in the table. Rises while the slot is latched.
    in_table: AtomicU32,
}

/// A resource, and who holds it in which state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lone {
    pub(super) unit: u32,
    pub(super) resource: Resource,
    pub(super) state: LockState,
}

/// A slot that nobody else looks at. Whoever needs the table too asks for it afterwards.
pub(super) struct Latched<'l> {
    lone: MutexGuard<'l, Option<Lone>>,
    in_table: &'l AtomicU32,
}

impl Latched<'_> {
    /// Takes a resource that nobody has, or that the unit has already. False: the table has to decide.
    pub(super) fn take(&mut self, wanted: Lone) -> bool {
        match *self.lone {
            Some(held) => {
                (held.unit, held.resource) == (wanted.unit, wanted.resource) && held.state >= wanted.state
            }
            None if self.has_in_table() => false,
            None => {
                *self.lone = Some(wanted);
                true
            }
        }
    }

    /// Lets go of a resource. False: it is not here.
    pub(super) fn leave(&mut self, unit: u32, resource: Resource) -> bool {
        self.lone.take_if(|held| (held.unit, held.resource) == (unit, resource)).is_some()
    }

    /// Gives up what is here, for the table to take.
    pub(super) fn give_up(&mut self) -> Option<Lone> {
        self.lone.take()
    }

    /// Whether a resource that belongs here is in the table.
    pub(super) fn has_in_table(&self) -> bool {
        self.in_table.load(Ordering::Acquire) > 0
    }
}

impl LoneLocks {
    /// The slot that a resource belongs to.
    pub(super) fn latch(&self, resource: Resource) -> Latched<'_> {
        let Slot { lone, in_table } = &self.slots[place(resource)];
        Latched { lone: lone.lock().unwrap_or_else(PoisonError::into_inner), in_table }
    }

    /// Whether the table may have a resource.
    pub(super) fn may_be_in_table(&self, resource: Resource) -> bool {
        self.slots[place(resource)].in_table.load(Ordering::Acquire) > 0
    }

    /// A resource came into the table; its slot is latched.
    pub(super) fn note_come(&self, resource: Resource) {
        self.slots[place(resource)].in_table.fetch_add(1, Ordering::AcqRel);
    }

    /// A resource left the table.
    pub(super) fn note_gone(&self, resource: Resource) {
        self.slots[place(resource)].in_table.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Default for LoneLocks {
    fn default() -> Self {
        Self { slots: (0..SLOTS).map(|_| Slot::default()).collect() }
    }
}

/// The slot that a resource belongs to, by its number.
pub(super) fn place(resource: Resource) -> usize {
    let number = match resource.item {
        Item::Anchor(anchor) => u64::from(anchor),
        Item::Root(key) => key,
        Item::End => 1,
        Item::Block(block) => u64::from(block),
        Item::Segment { rba, .. } => rba.byte(),
    };
    let mixed = (number ^ u64::from(resource.database) << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as usize % SLOTS
}
