//! The lock table: a machine that is told what units of work want, and answers.
//!
//! - No two units ever hold one resource in states that do not go together.
//! - Who waits gets the resource before anybody who asked later, except those who hold it already and want it in a higher
//!   state: they come first.
//! - As soon as units wait for each other in a circle one of them is refused: the one with the fewest exclusive locks, and
//!   of those the youngest. It has to be backed out.
//! - No unit ever holds more resources than it may.

use super::Resource;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use vocabulary::Moment;

/// How a resource is locked. A higher state includes the lower ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LockState {
    /// To read it: others may, too.
    Share,
    /// To read it and perhaps change it; can be let go before the unit of work ends.
    Update,
    /// It was changed, and is locked until the unit of work ends.
    Exclusive,
}

impl LockState {
    fn goes_with(self, other: Self) -> bool {
        self == Self::Share && other == Self::Share
    }
}

/// What a unit of work is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It holds the resource.
    Granted,
    /// It does not yet. It asks again when it is woken.
    Waits,
    /// It will not get it.
    Refused(Refusal),
}

/// Why a unit of work does not get a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Units wait for each other, and this one has to give way.
    Deadlock,
    /// It has waited too long.
    TimedOut,
    /// It holds as many as it may.
    TooMany,
}

/// A resource, with those who hold it and those who wait for it.
#[derive(Debug, Default)]
struct Queue {
    held: Vec<(u32, LockState)>,
    waiting: VecDeque<(u32, LockState)>,
}

/// A unit of work that holds something, or waits.
#[derive(Debug, Default)]
struct Unit {
    held: BTreeSet<Resource>,
    exclusives: usize,
    waits: Option<(Resource, Moment)>,
    refusal: Option<Refusal>,
}

/// The lock table.
#[derive(Debug, Default)]
pub(crate) struct LockTable {
    queues: BTreeMap<Resource, Queue>,
    units: BTreeMap<u32, Unit>,
    now: Moment,
    /// Whose wait is over, since this was asked last.
    woken: Vec<u32>,
    /// Resources that came, as somebody wanted them, and that nobody holds any more, since this was asked last.
    come: Vec<Resource>,
    gone: Vec<Resource>,
}

impl LockTable {
    /// A unit of work wants a resource, and may hold so many. It waits for one at a time: what it waited for and does not
    /// ask for again it gives up.
    pub(crate) fn request(
        &mut self,
        unit: u32,
        resource: Resource,
        state: LockState,
        held_max: usize,
    ) -> Answer {
        let this = self.units.entry(unit).or_default();
        if let Some(refusal) = this.refusal.take() {
            return Answer::Refused(refusal);
        }
        match this.waits {
            Some((awaited, _)) if awaited == resource => return Answer::Waits,
            Some(_) => self.withdraw(unit),
            None => {}
        }
        if self.units.get(&unit).is_some_and(|this| this.holds_enough(resource, held_max)) {
            return Answer::Refused(Refusal::TooMany);
        }
        let come = &mut self.come;
        let queue = self.queues.entry(resource).or_insert_with(|| {
            come.push(resource);
            Queue::default()
        });
        let held = queue.held.iter().position(|(holder, _)| *holder == unit);
        if held.is_some_and(|at| queue.held[at].1 >= state) {
            return Answer::Granted;
        }
        let is_next = held.is_some() || queue.waiting.is_empty();
        if is_next && queue.admits(unit, state) {
            self.grant(unit, resource, state);
            return Answer::Granted;
        }
        queue.enqueue(unit, state, held.is_some());
        self.units.entry(unit).or_default().waits = Some((resource, self.now));
        self.break_circles(unit)
    }

    /// A unit of work lets go of a resource, unless it holds it exclusively.
    pub(crate) fn release(&mut self, unit: u32, resource: Resource) {
        let Some(queue) = self.queues.get_mut(&resource) else { return };
        let before = queue.held.len();
        queue.held.retain(|&(holder, state)| holder != unit || state == LockState::Exclusive);
        if queue.held.len() < before {
            if let Some(this) = self.units.get_mut(&unit) {
                this.held.remove(&resource);
            }
            self.advance(resource);
        }
    }

    /// A unit of work has ended: it holds nothing any more, and waits for nothing.
    pub(crate) fn end(&mut self, unit: u32) {
        self.withdraw(unit);
        let Some(ended) = self.units.remove(&unit) else { return };
        for resource in ended.held {
            if let Some(queue) = self.queues.get_mut(&resource) {
                queue.held.retain(|&(holder, _)| holder != unit);
            }
            self.advance(resource);
        }
    }

    /// Tells the time, and how long a unit of work may wait: those that have waited longer are refused.
    pub(crate) fn tell(&mut self, now: Moment, wait_ms_max: Option<u64>) {
        self.now = self.now.max(now);
        let Some(most) = wait_ms_max else { return };
        let overdue =
            |unit: &Unit| unit.waits.is_some_and(|(_, since)| now.0.saturating_sub(since.0) > most * 1000);
        let late: Vec<u32> =
            self.units.iter().filter(|(_, unit)| overdue(unit)).map(|(&unit, _)| unit).collect();
        for unit in late {
            self.refuse(unit, Refusal::TimedOut);
        }
    }

    /// Whether a unit of work waits.
    pub(crate) fn waits(&self, unit: u32) -> bool {
        self.units.get(&unit).is_some_and(|unit| unit.waits.is_some())
    }

    /// Whether another unit of work holds the resource exclusively.
    pub(crate) fn is_exclusive_elsewhere(&self, unit: u32, resource: Resource) -> bool {
        let elsewhere = |&(holder, state): &(u32, LockState)| holder != unit && state == LockState::Exclusive;
        self.queues.get(&resource).is_some_and(|queue| queue.held.iter().any(elsewhere))
    }

    /// Takes over what a unit of work held elsewhere, and nobody has here.
    pub(crate) fn adopt(&mut self, unit: u32, resource: Resource, state: LockState) {
        self.queues.entry(resource).or_default();
        self.come.push(resource);
        self.grant(unit, resource, state);
    }

    /// Tells the resources that came and went since this was asked last.
    pub(crate) fn tell_moves(&mut self, come: impl Fn(Resource), gone: impl Fn(Resource)) {
        self.come.drain(..).for_each(come);
        self.gone.drain(..).for_each(gone);
    }

    /// Those whose wait is over, since this was asked last.
    pub(crate) fn take_woken(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.woken)
    }

    fn grant(&mut self, unit: u32, resource: Resource, state: LockState) {
        let Some(queue) = self.queues.get_mut(&resource) else { return };
        match queue.held.iter_mut().find(|(holder, _)| *holder == unit) {
            Some(held) => held.1 = state,
            None => queue.held.push((unit, state)),
        }
        let this = self.units.entry(unit).or_default();
        this.held.insert(resource);
        this.exclusives += usize::from(state == LockState::Exclusive);
    }

    /// Gives a resource to those who wait, in their order, as far as they go with those who hold it.
    fn advance(&mut self, resource: Resource) {
        while let Some(queue) = self.queues.get_mut(&resource) {
            let Some(&(unit, state)) = queue.waiting.front() else { break };
            if !queue.admits(unit, state) {
                break;
            }
            queue.waiting.pop_front();
            self.grant(unit, resource, state);
            if let Some(this) = self.units.get_mut(&unit) {
                this.waits = None;
            }
            self.woken.push(unit);
        }
        if self.queues.get(&resource).is_some_and(|queue| queue.held.is_empty() && queue.waiting.is_empty()) {
            self.queues.remove(&resource);
            self.gone.push(resource);
        }
    }

    /// A unit of work does not wait any more.
    fn withdraw(&mut self, unit: u32) {
        let Some((resource, _)) = self.units.get_mut(&unit).and_then(|this| this.waits.take()) else {
            return;
        };
        if let Some(queue) = self.queues.get_mut(&resource) {
            queue.waiting.retain(|&(waiter, _)| waiter != unit);
        }
        self.advance(resource);
    }

    fn refuse(&mut self, unit: u32, refusal: Refusal) {
        self.withdraw(unit);
        self.units.entry(unit).or_default().refusal = Some(refusal);
        self.woken.push(unit);
    }

    /// A wait that has just begun may have closed circles: each loses a unit.
    fn break_circles(&mut self, unit: u32) -> Answer {
        while let Some(circle) = self.circle(unit) {
            let cost = |unit: &u32| {
                (self.units.get(unit).map_or(0, |unit| unit.exclusives), std::cmp::Reverse(*unit))
            };
            let victim = circle.into_iter().min_by_key(cost).unwrap_or(unit);
            if victim == unit {
                self.withdraw(unit);
                return Answer::Refused(Refusal::Deadlock);
            }
            self.refuse(victim, Refusal::Deadlock);
        }
        if self.waits(unit) { Answer::Waits } else { Answer::Granted }
    }

    /// Units that wait for each other, this one among them.
    fn circle(&self, unit: u32) -> Option<Vec<u32>> {
        let mut came_from = BTreeMap::new();
        let mut open = vec![unit];
        while let Some(one) = open.pop() {
            for blocker in self.blockers(one) {
                if blocker == unit {
                    let back = |&one: &u32| came_from.get(&one).copied();
                    return Some(std::iter::successors(Some(one), back).collect());
                }
                if blocker != one && !came_from.contains_key(&blocker) {
                    came_from.insert(blocker, one);
                    open.push(blocker);
                }
            }
        }
        None
    }

    /// Those who have to go on before a unit of work can: who holds what it waits for, and who waits before it.
    fn blockers(&self, unit: u32) -> Vec<u32> {
        let Some((resource, _)) = self.units.get(&unit).and_then(|unit| unit.waits) else {
            return Vec::new();
        };
        let Some(queue) = self.queues.get(&resource) else { return Vec::new() };
        let before =
            queue.waiting.iter().take_while(|(waiter, _)| *waiter != unit).map(|(waiter, _)| *waiter);
        let wanted = queue.waiting.iter().find(|(waiter, _)| *waiter == unit).map(|(_, state)| *state);
        let blocks = |state: LockState| wanted.is_some_and(|wanted| !wanted.goes_with(state));
        let holders = queue.held.iter().filter(|&&(holder, state)| holder != unit && blocks(state));
        holders.map(|(holder, _)| *holder).chain(before).collect()
    }
}

impl Unit {
    /// Whether it holds as many resources as it may, this one not among them.
    fn holds_enough(&self, resource: Resource, held_max: usize) -> bool {
        self.held.len() >= held_max && !self.held.contains(&resource)
    }
}

impl Queue {
    /// Whether a state goes with those in which others hold it.
    fn admits(&self, unit: u32, state: LockState) -> bool {
        self.held.iter().all(|&(holder, held)| holder == unit || state.goes_with(held))
    }

    /// Whoever holds it already waits before those who do not.
    fn enqueue(&mut self, unit: u32, state: LockState, holds: bool) {
        let held = &self.held;
        let is_holder = |waiter: u32| held.iter().any(|(holder, _)| *holder == waiter);
        let at = match holds {
            true => self.waiting.iter().take_while(|(waiter, _)| is_holder(*waiter)).count(),
            false => self.waiting.len(),
        };
        self.waiting.insert(at, (unit, state));
    }
}

#[cfg(test)]
mod tests;
