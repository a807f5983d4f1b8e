//! How long nobody had the newest state to tell, which takes a master with a majority.

use super::operators::{Desk, Doors};
use crate::locked;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(100);

/// Somebody who asks each member in turn, all the while.
#[derive(Debug, Default)]
pub(super) struct Watch {
    is_over: AtomicBool,
    /// When the newest state was told last, and the longest time between two such moments.
    told: Mutex<(Option<Instant>, Duration)>,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// From now on it counts.
    pub(super) fn begin(&self) {
        locked(&self.told).0 = Some(Instant::now());
    }

    pub(super) fn close(&self) {
        self.is_over.store(true, Ordering::SeqCst);
    }

    /// The longest time so far.
    pub(super) fn longest(&self) -> Duration {
        let (since, longest) = *locked(&self.told);
        longest.max(since.map(|since| since.elapsed()).unwrap_or_default())
    }

    /// Asks whoever can be asked, until it is over. A member that stands still holds nobody up: each is asked by itself.
    pub(super) fn look(&self, doors: &Doors) {
        std::thread::scope(|scope| {
            let mut watched = 0;
            while !self.is_over.load(Ordering::SeqCst) {
                let known = locked(doors).clone();
                for door in known.into_iter().skip(watched) {
                    watched += 1;
                    scope.spawn(move || {
                        let mut desk = Desk::new();
                        while !self.is_over.load(Ordering::SeqCst) {
                            if desk.is_served(&door) {
                                self.served();
                            }
                            std::thread::sleep(PAUSE);
                        }
                    });
                }
                std::thread::sleep(PAUSE);
            }
        });
    }

    fn served(&self) {
        let mut told = locked(&self.told);
        let now = Instant::now();
        if let (Some(since), longest) = *told {
            *told = (Some(now), longest.max(now - since));
        }
    }
}
