//! The units of work that are under way.

use logger::{ActiveUnit, Log, LogError, LogSequence, RecoveryToken};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{PoisonError, RwLock, RwLockWriteGuard};
use vocabulary::PsbName;

/// The units of work that are under way. Numbers rise; zero is no unit.
#[derive(Default)]
pub(crate) struct Units {
    last: AtomicU32,
    /// What the log calls each, once it changed something.
    active: RwLock<BTreeMap<u32, Option<ActiveUnit>>>,
}

impl Units {
    /// No unit yet; the first one's number comes after this.
    pub(crate) fn after(last: u32) -> Self {
        Self { last: AtomicU32::new(last), active: RwLock::default() }
    }

    /// A new unit of work.
    pub(crate) fn begin(&self) -> u32 {
        let unit = self.last.fetch_add(1, Ordering::Relaxed).wrapping_add(1).max(1);
        self.write().insert(unit, None);
        unit
    }

    /// Logs that a unit begins to change something. A checkpoint that begins afterwards finds it here.
    pub(crate) fn log_begin(&self, unit: u32, log: &Log, psb: PsbName) -> Result<RecoveryToken, LogError> {
        let mut active = self.write();
        let token = log.begin_unit(psb, unit)?;
        active.insert(unit, Some(ActiveUnit { unit: token.unit(), psb }));
        Ok(token)
    }

    /// A unit of work has ended: what it freed may be used by everybody.
    pub(crate) fn end(&self, unit: u32) {
        self.write().remove(&unit);
    }

    /// Whether a unit of work is under way.
    pub(crate) fn is_active(&self, unit: u32) -> bool {
        self.active.read().unwrap_or_else(PoisonError::into_inner).contains_key(&unit)
    }

    /// The units that have changed something.
    pub(crate) fn logged(&self) -> Vec<ActiveUnit> {
        self.active.read().unwrap_or_else(PoisonError::into_inner).values().flatten().cloned().collect()
    }

    /// The first record of all units that are under way.
    pub(crate) fn oldest(&self) -> Option<LogSequence> {
        self.logged().iter().map(|unit| unit.unit).min()
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<u32, Option<ActiveUnit>>> {
        self.active.write().unwrap_or_else(PoisonError::into_inner)
    }
}
