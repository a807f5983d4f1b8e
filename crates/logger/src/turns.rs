//! Whose turn it is to force, of those who want to at the same moment.
//!
//! One has the turn. Whoever comes meanwhile comes too late for it, and is of the next *round*, which shares the next turn.
//! Those who were of a turn, and those who waited for it to end, are the *company*: mostly all of them are back a moment
//! later, and a synced write costs the same for one as for all. So the next turn waits until the company is complete, and
//! whoever completes it takes the turn: he runs already, and nobody has to be woken for it. Whoever is alone waits for
//! nobody.
//!
//! A company that does not come together is not waited for long: as soon as nobody came for a moment, who is there goes
//! ahead, and some turns after that wait for nobody; more of them each time that it was in vain.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a round waits for one more to come: less than most disks need for a synced write.
const MOMENT: Duration = Duration::from_micros(100);
/// After so many waits in vain in a row no more turns are passed over than after the last.
const IN_VAIN_MAX: u32 = 6;

/// The turns.
#[derive(Default)]
pub(crate) struct Turns {
    state: Mutex<State>,
    /// Where those wait who are of an even round, and of an odd one.
    rounds: [Condvar; 2],
}

#[derive(Default)]
struct State {
    /// How many turns have begun; the next round has this number.
    begun: u64,
    /// How many have ended: as many, or one less.
    ended: u64,
    /// How many share the turn that is under way.
    sharing: usize,
    /// How many are of the next round.
    waiting: usize,
    /// How many the next round waits to be.
    company: usize,
    /// One of the next round sees to it that it does not wait for long.
    is_watched: bool,
    /// How often in a row a company was waited for in vain.
    in_vain: u32,
    /// How many turns more wait for nobody.
    passed_over: u32,
}

/// The turn, until it is dropped.
pub(crate) struct Turn<'t> {
    turns: &'t Turns,
}

impl State {
    fn is_free(&self) -> bool {
        self.begun == self.ended
    }

    fn begin(&mut self) {
        if self.company > 1 {
            self.in_vain = if self.waiting < self.company { (self.in_vain + 1).min(IN_VAIN_MAX) } else { 0 };
            self.passed_over = (1 << self.in_vain) - 1;
        }
        self.begun += 1;
        (self.sharing, self.waiting) = (self.waiting, 0);
    }

    fn end(&mut self) {
        self.ended += 1;
        self.company = if self.passed_over > 0 { 0 } else { self.sharing + self.waiting };
        self.passed_over = self.passed_over.saturating_sub(1);
    }
}

impl Turns {
    /// Takes the turn. None when it may not be needed any more, because others' turns have ended meanwhile. `is_done`
    /// tells that it is not.
    pub(crate) fn take(&self, is_done: impl Fn() -> bool) -> Option<Turn<'_>> {
        let mut state = self.lock();
        if is_done() {
            return None;
        }
        state.waiting += 1;
        let round = state.begun;
        let place = self.place(round);
        let mut is_over = false;
        while state.ended <= round {
            if state.begun > round || !state.is_free() {
                state = place.wait(state).unwrap_or_else(PoisonError::into_inner);
            } else if is_done() {
                // The turn before settled later than this one came: it is for the others of the round.
                state.waiting -= 1;
                place.notify_one();
                return None;
            } else if is_over || state.waiting >= state.company {
                state.begin();
                return Some(Turn { turns: self });
            } else if state.is_watched {
                state = place.wait(state).unwrap_or_else(PoisonError::into_inner);
            } else {
                (state, is_over) = watch(place, state, round);
            }
        }
        None
    }

    fn place(&self, round: u64) -> &Condvar {
        &self.rounds[(round % 2) as usize]
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits a moment for one more of the round. Gives whether nobody came.
fn watch<'s>(place: &Condvar, mut state: MutexGuard<'s, State>, round: u64) -> (MutexGuard<'s, State>, bool) {
    let there = state.waiting;
    state.is_watched = true;
    let (mut state, waited) = place.wait_timeout(state, MOMENT).unwrap_or_else(PoisonError::into_inner);
    if state.begun == round {
        state.is_watched = false;
    }
    let nobody_came = waited.timed_out() && state.waiting <= there;
    (state, nobody_came)
}

/// The turn ends: those who shared it are done, and one of the next round sees how long that waits.
impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.turns.lock();
        let (round, sharing, waiting) = (state.ended, state.sharing, state.waiting);
        state.end();
        state.is_watched = false;
        drop(state);
        if sharing > 1 {
            self.turns.place(round).notify_all();
        }
        if waiting > 0 {
            self.turns.place(round + 1).notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// A turn that so many share, and that so many wait for when it ends.
    fn turn(state: &mut State, sharing: usize, waiting: usize) {
        state.waiting = sharing;
        state.begin();
        state.waiting = waiting;
        state.end();
    }

    #[test]
    fn whoever_is_alone_waits_for_nobody() {
        let mut state = State::default();
        for _ in 0..3 {
            turn(&mut state, 1, 0);
            assert_eq!(state.company, 1, "himself");
        }
    }

    #[test]
    fn a_company_is_waited_for_and_less_often_when_it_stays_away() {
        let mut state = State::default();
        turn(&mut state, 1, 7);
        assert_eq!(state.company, 8);
        turn(&mut state, 8, 0);
        assert_eq!(state.company, 8, "it came together");
        turn(&mut state, 3, 2);
        assert_eq!(state.company, 0, "in vain: the next turn waits for nobody");
        turn(&mut state, 2, 2);
        assert_eq!(state.company, 4, "and the one after does");
        turn(&mut state, 2, 2);
        let passed_over = (0..10).take_while(|_| {
            let is_passed_over = state.company == 0;
            turn(&mut state, 2, 2);
            is_passed_over
        });
        assert_eq!(passed_over.count(), 3, "in vain again");
    }

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
