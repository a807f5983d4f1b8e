//! What a call locks, from its beginning to its end.

use super::{Item, LockState, Locks, Resource};
use crate::Rba;
use crate::error::Trouble;
use std::cell::Cell;

/// What a PCB has locked between calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The record that its position is in, or before.
    pub(crate) on: Option<Resource>,
    /// What its call waits for.
    pub(crate) awaited: Option<Resource>,
}

/// Where the position is after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stands {
    /// Nowhere, or behind all records.
    Nowhere,
    /// In a record.
    Inside,
    /// Between records.
    Before,
}

/// The locks of a call. Its cursors share it.
pub(crate) struct Locker<'e> {
    locks: &'e Locks,
    unit: u32,
    /// How many locks the unit of work may hold.
    locks_max: usize,
    /// The database; of a HALDB the partition that is searched.
    database: Cell<u32>,
    state: LockState,
    standing: Standing,
    /// Where other PCBs of the program stand: nothing that this call lets go of.
    others: &'e [Resource],
    /// The record of the path, if the call entered one.
    entered: Cell<Option<Resource>>,
    /// The record that was looked at last.
    looked_at: Cell<Option<Resource>>,
    /// What it has to wait for.
    awaited: Cell<Option<Resource>>,
    /// It is in another database than that of the PCB: nobody lets go of what it locks before the unit of work ends.
    is_elsewhere: bool,
}

impl<'e> Locker<'e> {
    pub(crate) fn new(
        locks: &'e Locks,
        (unit, locks_max): (u32, usize),
        database: u32,
        state: LockState,
        standing: Standing,
        others: &'e [Resource],
    ) -> Self {
        let none = || Cell::new(None);
        Self {
            locks,
            unit,
            locks_max,
            database: Cell::new(database),
            state,
            standing,
            others,
            entered: none(),
            looked_at: none(),
            awaited: none(),
            is_elsewhere: false,
        }
    }

    /// The call goes on in another partition.
    pub(crate) fn move_to(&self, database: u32) {
        self.database.set(database);
    }

    /// The call looks at a record.
    pub(crate) fn look_at(&self, item: Item) -> Result<(), Trouble> {
        let resource = self.resource(item);
        if self.standing.on != Some(resource)
            && self.entered.get() != Some(resource)
            && self.looked_at.get() != Some(resource)
        {
            self.request(resource, self.state)?;
        }
        let before = self.looked_at.replace(Some(resource));
        if before != Some(resource) && before != self.entered.get() {
            self.let_go(before);
        }
        Ok(())
    }

    /// Looks at a record as the first of the call, if nobody else may have it or want it.
    #[inline]
    pub(crate) fn try_look_at(&self, item: Item) -> bool {
        let resource = self.resource(item);
        let has = self.standing.on == Some(resource)
            || (self.is_passing(resource, self.state) && self.locks.take(self.unit, resource, self.state));
        if has {
            self.looked_at.set(Some(resource));
        }
        has
    }

    /// The call begins once more, and has looked at nothing.
    pub(crate) fn give_up(&self) {
        self.let_go(self.looked_at.take());
    }

    /// The record that was looked at last is the one that the call goes into.
    pub(crate) fn enter(&self) {
        let looked_at = self.looked_at.get();
        if looked_at.is_some() {
            let before = self.entered.replace(looked_at);
            if before != looked_at {
                self.let_go(before);
            }
        }
    }

    /// Nothing is there. If that is so because of somebody who may take it back, the call waits for him. Gives whether
    /// it has to look again.
    pub(crate) fn pass(&self, item: Item) -> Result<bool, Trouble> {
        if !self.locks.is_exclusive_elsewhere(self.unit, self.resource(item)) {
            return Ok(false);
        }
        self.look_at(item)?;
        Ok(true)
    }

    /// Something that the call changes.
    pub(crate) fn change(&self, item: Item) -> Result<(), Trouble> {
        self.request(self.resource(item), LockState::Exclusive)
    }

    /// Something of an index that the call changes.
    pub(crate) fn change_in(&self, index: u32, item: Item) -> Result<(), Trouble> {
        self.request(Resource { database: index, item }, LockState::Exclusive)
    }

    /// A record of another database that the call looks at. It is kept until the unit of work ends.
    pub(crate) fn look_in(&self, database: u32, item: Item) -> Result<(), Trouble> {
        self.keep(Resource { database, item }, self.state)
    }

    /// The locks of the same call in another database.
    pub(crate) fn in_database(&self, database: u32) -> Self {
        let none = || Cell::new(None);
        Self {
            database: Cell::new(database),
            standing: Standing::default(),
            entered: none(),
            looked_at: none(),
            awaited: none(),
            is_elsewhere: true,
            ..*self
        }
    }

    /// A place in an index that somebody may have changed who may take it back: the call waits for him. Gives whether it
    /// has to look again.
    pub(crate) fn pass_in(&self, index: u32, item: Item) -> Result<bool, Trouble> {
        let resource = Resource { database: index, item };
        if !self.locks.is_exclusive_elsewhere(self.unit, resource) {
            return Ok(false);
        }
        self.request(resource, self.state)?;
        self.release(Some(resource));
        Ok(true)
    }

    /// The call changes something in the record that it is in.
    pub(crate) fn change_record(&self) -> Result<(), Trouble> {
        match self.entered.get().or(self.standing.on) {
            Some(resource) => self.request(resource, LockState::Exclusive),
            None => Ok(()),
        }
    }

    /// The call changes or deletes a segment, which others may have reserved.
    pub(crate) fn change_segment(&self, group: usize, rba: Rba) -> Result<(), Trouble> {
        if self.locks.has_segments() { self.change(Item::Segment { group, rba }) } else { Ok(()) }
    }

    /// What is locked to reserve a segment of a database.
    pub(crate) fn segment(&self, database: u32, group: usize, rba: Rba) -> Resource {
        Resource { database, item: Item::Segment { group, rba } }
    }

    /// Reserves a segment.
    pub(crate) fn reserve(&self, segment: Resource) -> Result<(), Trouble> {
        self.request(segment, self.state)
    }

    /// The call is over: gives what its PCB has locked from now on.
    pub(crate) fn end(&self, stands: Stands) -> Standing {
        let on = match stands {
            Stands::Nowhere => None,
            Stands::Inside => self.entered.get().or(self.standing.on),
            Stands::Before => self.looked_at.get().or(self.standing.on),
        };
        for left in [self.entered.get(), self.looked_at.get(), self.standing.on, self.standing.awaited] {
            if left != on {
                self.release(left);
            }
        }
        Standing { on, awaited: None }
    }

    /// The call was refused, and the position is where it was: so are its locks.
    pub(crate) fn stay(&self) -> Standing {
        let on = self.standing.on;
        for left in [self.entered.get(), self.looked_at.get(), self.standing.awaited] {
            if left != on {
                self.release(left);
            }
        }
        Standing { on, awaited: None }
    }

    /// The call has to be made again: what it locked so far it locks again then.
    pub(crate) fn suspend(&self) -> Standing {
        let on = self.standing.on;
        for left in [self.entered.get(), self.looked_at.get(), self.standing.awaited] {
            if left != on && left != self.awaited.get() {
                self.release(left);
            }
        }
        Standing { on, awaited: self.awaited.get() }
    }

    fn request(&self, resource: Resource, state: LockState) -> Result<(), Trouble> {
        if self.is_passing(resource, state) && self.locks.take(self.unit, resource, state) {
            return Ok(());
        }
        let outcome = self.keep(resource, state);
        if matches!(outcome, Err(Trouble::Waits)) {
            self.awaited.set(Some(resource));
        }
        outcome
    }

    /// Locks something that the call does not let go of at its end, also when it had to wait for it.
    fn keep(&self, resource: Resource, state: LockState) -> Result<(), Trouble> {
        self.locks.request(self.unit, resource, state, self.locks_max)
    }

    /// Whether this is a record that is let go of again, and the lock table has nothing to count and nothing to say about
    /// it: how many locks there are, or that the unit of work waits or has to give way.
    fn is_passing(&self, resource: Resource, state: LockState) -> bool {
        state != LockState::Exclusive
            && !self.is_elsewhere
            && self.locks_max == usize::MAX
            && self.standing.awaited.is_none()
            && !matches!(resource.item, Item::Segment { .. })
    }

    /// Lets go of what the call locked on its way, unless its PCB stands there.
    fn let_go(&self, left: Option<Resource>) {
        if left != self.standing.on {
            self.release(left);
        }
    }

    fn release(&self, left: Option<Resource>) {
        if let Some(left) = left.filter(|left| !self.is_elsewhere && !self.others.contains(left)) {
            self.locks.release(self.unit, left);
        }
    }

    fn resource(&self, item: Item) -> Resource {
        Resource { database: self.database.get(), item }
    }
}
