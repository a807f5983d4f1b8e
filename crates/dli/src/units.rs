//! The units of work that are under way.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{PoisonError, RwLock};

/// The units of work that are under way. Numbers rise; zero is no unit.
#[derive(Default)]
pub(crate) struct Units {
    last: AtomicU32,
    active: RwLock<BTreeSet<u32>>,
}

impl Units {
    /// A new unit of work.
    pub(crate) fn begin(&self) -> u32 {
        let unit = self.last.fetch_add(1, Ordering::Relaxed).wrapping_add(1).max(1);
        self.active.write().unwrap_or_else(PoisonError::into_inner).insert(unit);
        unit
    }

    /// A unit of work has ended: what it freed may be used by everybody.
    pub(crate) fn end(&self, unit: u32) {
        self.active.write().unwrap_or_else(PoisonError::into_inner).remove(&unit);
    }

    /// Whether a unit of work is under way.
    pub(crate) fn is_active(&self, unit: u32) -> bool {
        self.active.read().unwrap_or_else(PoisonError::into_inner).contains(&unit)
    }
}
