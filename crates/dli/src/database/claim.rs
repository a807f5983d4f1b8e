//! Who uses a database: one program that updates it, or any number that read it.

use super::Database;
use std::sync::{Arc, Mutex, PoisonError};

/// The programs that are scheduled with a database.
#[derive(Debug, Default)]
pub(crate) struct Users {
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    readers: usize,
    updaters: usize,
}

/// A program's right to use a database, until it is dropped.
pub(crate) struct Claim {
    db: Arc<Database>,
    updates: bool,
}

impl Claim {
    /// Claims a database; none while what another program does with it does not go with that.
    pub(crate) fn new(db: &Arc<Database>, updates: bool) -> Option<Self> {
        let mut counts = db.users.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.updaters > 0 || (updates && counts.readers > 0) {
            return None;
        }
        match updates {
            true => counts.updaters += 1,
            false => counts.readers += 1,
        }
        Some(Self { db: db.clone(), updates })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut counts = self.db.users.counts.lock().unwrap_or_else(PoisonError::into_inner);
        match self.updates {
            true => counts.updaters -= 1,
            false => counts.readers -= 1,
        }
    }
}
