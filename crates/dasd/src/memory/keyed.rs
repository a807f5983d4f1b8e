//! A keyed set in memory.

use crate::{Batch, DataSetError, KeyedSet, Record, Records};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A keyed set in memory. Clones are handles on the same content.
#[derive(Debug, Clone, Default)]
pub struct MemoryKeyedSet {
    content: Arc<Mutex<Content>>,
}

type Map = BTreeMap<Vec<u8>, Vec<u8>>;

#[derive(Debug, Default)]
struct Content {
    records: Map,
    /// What takes back each change since the last sync, oldest first.
    unsynced: Vec<Undo>,
}

#[derive(Debug)]
enum Undo {
    Batch(Batch),
    Whole(Map),
}

impl MemoryKeyedSet {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// The power fails: of the changes since the last sync only the first `kept` had reached the disk.
    pub fn crash(&self, kept: usize) {
        let mut content = self.lock();
        while content.unsynced.len() > kept {
            match content.unsynced.pop() {
                Some(Undo::Batch(batch)) => drop(content.change(batch)),
                Some(Undo::Whole(records)) => content.records = records,
                None => break,
            }
        }
        content.unsynced.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Content {
    /// Makes the changes and returns those that take them back.
    fn change(&mut self, batch: Batch) -> Batch {
        let mut undo = Batch::new();
        for (key, value) in batch {
            let old = match value {
                Some(value) => self.records.insert(key.clone(), value),
                None => self.records.remove(&key),
            };
            match old {
                Some(old) => undo.put(key, old),
                None => undo.delete(key),
            };
        }
        undo
    }
}

impl KeyedSet for MemoryKeyedSet {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, DataSetError> {
        Ok(self.lock().records.get(key).cloned())
    }

    fn scan(&self, prefix: &[u8]) -> Records<'_> {
        let content = self.lock();
        let records: Vec<Record> = content
            .records
            .range(prefix.to_vec()..)
            .take_while(|(key, _)| key.starts_with(prefix))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        Box::new(records.into_iter().map(Ok))
    }

    fn apply(&mut self, batch: Batch) -> Result<(), DataSetError> {
        let mut content = self.lock();
        let undo = content.change(batch);
        content.unsynced.push(Undo::Batch(undo));
        Ok(())
    }

    fn replace_all(
        &mut self,
        records: &mut dyn Iterator<Item = Result<Record, DataSetError>>,
    ) -> Result<(), DataSetError> {
        let records = records.collect::<Result<_, _>>()?;
        let mut content = self.lock();
        let old = std::mem::replace(&mut content.records, records);
        content.unsynced.push(Undo::Whole(old));
        Ok(())
    }

    fn sync(&mut self) -> Result<(), DataSetError> {
        self.lock().unsynced.clear();
        Ok(())
    }
}
