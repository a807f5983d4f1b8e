//! Records under keys, and changes that happen together.

use crate::DataSetError;
use std::collections::BTreeMap;

/// A key and its value.
pub type Record = (Vec<u8>, Vec<u8>);

/// Records in key order; each may fail to be read.
pub type Records<'a> = Box<dyn Iterator<Item = Result<Record, DataSetError>> + Send + 'a>;

/// Records under keys, in the order of the keys' bytes.
pub trait KeyedSet: Send {
    /// The value under a key.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, DataSetError>;

    /// Every record whose key begins with `prefix`, in key order; all records for an empty one.
    fn scan(&self, prefix: &[u8]) -> Records<'_>;

    /// Makes all changes of the batch, or none. They are seen at once and durable after the next [`Self::sync`];
    /// a crash before that may lose them, later batches first.
    fn apply(&mut self, batch: Batch) -> Result<(), DataSetError>;

    /// Replaces the whole content by `records`, whose keys may come in any order.
    ///
    /// This may be more than fits one batch. When `records` fails, or the program ends half way, the set holds
    /// neither the old nor the new content, and whoever opens it next is told to fill it again.
    fn replace_all(
        &mut self,
        records: &mut dyn Iterator<Item = Result<Record, DataSetError>>,
    ) -> Result<(), DataSetError>;

    /// Returns once everything applied so far survives the loss of power. Slow: not on the way of a request.
    fn sync(&mut self) -> Result<(), DataSetError>;
}

/// Changes that happen together. Of several changes to one key the last counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    changes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Batch {
    /// A batch without changes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the value under a key, whether or not there was one.
    pub fn put(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> &mut Self {
        self.changes.insert(key.into(), Some(value.into()));
        self
    }

    /// Removes a key, whether or not it was there.
    pub fn delete(&mut self, key: impl Into<Vec<u8>>) -> &mut Self {
        self.changes.insert(key.into(), None);
        self
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// How many keys it touches.
    pub fn len(&self) -> usize {
        self.changes.len()
    }
}

/// The changes in key order: a key, and its value or `None` where it goes.
impl IntoIterator for Batch {
    type Item = (Vec<u8>, Option<Vec<u8>>);
    type IntoIter = std::collections::btree_map::IntoIter<Vec<u8>, Option<Vec<u8>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.changes.into_iter()
    }
}
