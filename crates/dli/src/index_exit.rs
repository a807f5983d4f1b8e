//! Index maintenance exit routines (EXTRTN=): which entries a secondary index holds.

use std::collections::BTreeMap;
use std::sync::Arc;

/// An index maintenance exit routine.
pub trait IndexExit: Send + Sync {
    /// Whether a source segment is in the index. `source` is its data, `key` what its entry would begin with: constant,
    /// search and subsequence fields. The same segment has to get the same answer for ever.
    fn is_indexed(&self, source: &[u8], key: &[u8]) -> bool;
}

/// The exit routines that there are, by name.
#[derive(Clone, Default)]
pub struct IndexExits {
    routines: BTreeMap<String, Arc<dyn IndexExit>>,
}

impl IndexExits {
    /// Adds a routine, or replaces one.
    #[must_use]
    pub fn with(mut self, name: &str, routine: Arc<dyn IndexExit>) -> Self {
        self.routines.insert(name.to_string(), routine);
        self
    }

    /// The routine of this name.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<dyn IndexExit>> {
        self.routines.get(name).cloned()
    }
}
