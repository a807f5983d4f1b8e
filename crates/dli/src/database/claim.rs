//! Who uses a database: one program that needs it alone, because it loads it or says so, or any number.

use std::sync::{Arc, Mutex, PoisonError};

/// The programs that are scheduled with a database.
#[derive(Debug, Default)]
pub(crate) struct Users {
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    sharers: usize,
    owners: usize,
}

/// A program's right to use a database, until it is dropped.
pub(crate) struct Claim {
    users: Arc<Users>,
    alone: bool,
}

impl Claim {
    /// Claims a database; none while what another program does with it does not go with that.
    pub(crate) fn new(users: &Arc<Users>, alone: bool) -> Option<Self> {
        let mut counts = users.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.owners > 0 || (alone && counts.sharers > 0) {
            return None;
        }
        match alone {
            true => counts.owners += 1,
            false => counts.sharers += 1,
        }
        Some(Self { users: users.clone(), alone })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut counts = self.users.counts.lock().unwrap_or_else(PoisonError::into_inner);
        match self.alone {
            true => counts.owners -= 1,
            false => counts.sharers -= 1,
        }
    }
}
