//! Which partition a root belongs to: by high keys, or by a routine.

use super::Part;
use dbrc::record::is_above;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a selection routine is told of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartitionString<'p> {
    /// Its name.
    pub name: &'p str,
    /// Its ID.
    pub id: u16,
    /// KEYSTRNG= or KEYSTHEX=: what the routine goes by.
    pub string: &'p [u8],
}

/// A partition selection routine (PSNAME=, PARTSEL).
pub trait PartitionSelection: Send + Sync {
    /// The partition that the root with this key belongs to, by its place among `partitions`, which are in the order of
    /// their IDs; none refuses the key (status FM). The same key has to give the same partition for ever.
    fn select(&self, key: &[u8], partitions: &[PartitionString<'_>]) -> Option<usize>;
}

/// The partition selection routines that there are, by name.
#[derive(Clone, Default)]
pub struct PartitionSelections {
    routines: BTreeMap<String, Arc<dyn PartitionSelection>>,
}

impl PartitionSelections {
    /// Adds a routine, or replaces one.
    #[must_use]
    pub fn with(mut self, name: &str, routine: Arc<dyn PartitionSelection>) -> Self {
        self.routines.insert(name.to_string(), routine);
        self
    }

    /// The routine of this name.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<dyn PartitionSelection>> {
        self.routines.get(name).cloned()
    }
}

/// How a HALDB selects.
pub(crate) enum Selection {
    /// The partition with the lowest high key that the root key is not above.
    HighKey,
    /// As a routine says.
    Routine(Arc<dyn PartitionSelection>),
}

impl Selection {
    pub(crate) fn select(&self, key: &[u8], partitions: &[Part]) -> Option<usize> {
        let found = match self {
            Self::HighKey => partitions.partition_point(|part| is_above(key, &part.key)),
            Self::Routine(routine) => {
                let strings: Vec<PartitionString<'_>> = partitions
                    .iter()
                    .map(|part| PartitionString { name: part.name.as_str(), id: part.id, string: &part.key })
                    .collect();
                routine.select(key, &strings)?
            }
        };
        Some(found).filter(|&at| at < partitions.len())
    }
}
