//! Whose turn it is to force, of those who want to at the same moment.
//!
//! One has the turn. Whoever comes meanwhile comes too late for it, and is of the next *round*: when the turn ends, one of
//! that round gets the next one, and the rest of it waits on; they are woken when that turn has ended, all together. So
//! nobody is woken in vain, and while one waits for the disk the others get ready for the round after.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The turns.
#[derive(Default)]
pub(crate) struct Turns {
    state: Mutex<State>,
    /// Where those wait who are of an even round, and of an odd one.
    rounds: [Condvar; 2],
}

#[derive(Default)]
struct State {
    /// How many turns have ended.
    ended: u64,
    /// Somebody has the turn, or it is offered.
    is_taken: bool,
    /// Whoever looks first may take the turn: one of the round was woken for it.
    is_offered: bool,
    /// How many are of the next round.
    next: usize,
}

/// The turn, until it is dropped.
pub(crate) struct Turn<'t> {
    turns: &'t Turns,
}

impl Turns {
    /// Takes the turn. None when it may not be needed any more, because others' turns have ended meanwhile. `is_done`
    /// tells that it is not.
    pub(crate) fn take(&self, is_done: impl Fn() -> bool) -> Option<Turn<'_>> {
        let mut state = self.lock();
        if is_done() {
            return None;
        }
        if !state.is_taken || state.is_offered {
            return Some(self.begin(state));
        }
        // What the turn does that is under way may have been settled before this one came; of the next it is not.
        let round = state.ended + 1;
        let place = &self.rounds[(round % 2) as usize];
        state.next += 1;
        loop {
            state = place.wait(state).unwrap_or_else(PoisonError::into_inner);
            if state.ended > round {
                return None;
            }
            if state.ended == round && state.is_offered {
                if is_done() {
                    place.notify_one();
                    return None;
                }
                return Some(self.begin(state));
            }
        }
    }

    fn begin(&self, mut state: MutexGuard<'_, State>) -> Turn<'_> {
        (state.is_taken, state.is_offered) = (true, false);
        Turn { turns: self }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The turn ends: it is offered to one of the next round, and those of its own are done.
impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.turns.lock();
        let round = state.ended;
        state.ended += 1;
        state.is_offered = state.next > 0;
        state.is_taken = state.is_offered;
        state.next = 0;
        drop(state);
        self.turns.rounds[((round + 1) % 2) as usize].notify_one();
        self.turns.rounds[(round % 2) as usize].notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// Threads that each want what they noted to be counted, as records to be forced.
    #[test]
    fn nobody_waits_for_ever_and_everybody_is_done() {
        let (turns, noted, done) = (Turns::default(), AtomicU64::new(0), AtomicU64::new(0));
        let want = || {
            let mine = noted.fetch_add(1, Ordering::AcqRel) + 1;
            let is_done = || done.load(Ordering::Acquire) >= mine;
            while !is_done() {
                let Some(_turn) = turns.take(is_done) else { continue };
                let seen = noted.load(Ordering::Acquire);
                std::thread::yield_now();
                assert!(done.swap(seen, Ordering::AcqRel) <= seen, "turns follow one another");
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| (0..2_000).for_each(|_| want()));
            }
        });
        assert_eq!(done.into_inner(), 12_000);
    }
}
