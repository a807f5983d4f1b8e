//! What a utility says while it works.

use crate::batch::complain;
use std::fmt::Display;
use std::time::{Duration, Instant};
use vocabulary::message::{UTIL101I, UTIL102I};

/// The time between two lines.
const EVERY: Duration = Duration::from_secs(5);
/// How often the clock is looked at.
const COUNTS: u64 = 1024;

/// Says how far a utility is, from time to time.
pub(super) struct Progress<'p> {
    utility: &'static str,
    database: &'p dyn Display,
    begun: Instant,
    next: Instant,
}

impl<'p> Progress<'p> {
    pub(super) fn begin(utility: &'static str, database: &'p dyn Display) -> Self {
        let begun = Instant::now();
        Self { utility, database, begun, next: begun + EVERY }
    }

    /// So many are done.
    pub(super) fn told(&mut self, count: u64, what: &dyn Display) {
        if count.is_multiple_of(COUNTS) && Instant::now() >= self.next {
            self.next = Instant::now() + EVERY;
            complain(&UTIL101I.with(&[&self.utility, self.database, &format!("{count} {what}")]));
        }
    }

    /// It is done.
    pub(super) fn end(&self, what: &dyn Display) {
        let text = format!("{what} IN {} MS", self.begun.elapsed().as_millis());
        complain(&UTIL102I.with(&[&self.utility, self.database, &text]));
    }
}
