//! A small keyed set in one file, which is written anew, aside, for every change.
//!
//! For what changes seldom and is read at the start: a few thousand records at most.

use super::{fs, seal, unseal, write_aside};
use crate::work::in_place;
use dasd::{Batch, DataSetError, KeyedSet, Record, Records};
use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};
use vocabulary::encoding::Format;

/// The file of a small keyed set.
const FORMAT: Format = Format { what: "keyed file", magic: *b"IMSPKEYD", version: 1 };

type Map = BTreeMap<Vec<u8>, Vec<u8>>;

/// A small keyed set in one file. A change is durable when the call that makes it returns.
#[derive(Debug)]
pub struct KeyedFile {
    path: PathBuf,
    records: Map,
    poison: Option<String>,
}

impl KeyedFile {
    /// Opens the set in the file `path`, which need not be there yet.
    pub fn open(path: &Path) -> Result<Self, DataSetError> {
        let records = match fs::read(path) {
            Ok(bytes) => unseal(&FORMAT, &bytes).map_err(|error| DataSetError::Corrupt {
                set: name(path),
                place: path.display().to_string(),
                reason: error.to_string(),
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Map::new(),
            Err(error) => {
                return Err(DataSetError::Io { set: name(path), reason: format!("reading it: {error}") });
            }
        };
        Ok(Self::with(path, records))
    }

    /// An empty set in the file `path`. What the file holds, readable or not, goes with the first change.
    pub fn anew(path: &Path) -> Self {
        Self::with(path, Map::new())
    }

    fn with(path: &Path, records: Map) -> Self {
        Self { path: path.to_path_buf(), records, poison: None }
    }

    fn check(&self) -> Result<(), DataSetError> {
        match &self.poison {
            None => Ok(()),
            Some(reason) => Err(DataSetError::Poisoned { set: name(&self.path), reason: reason.clone() }),
        }
    }

    fn keep(&mut self, records: Map) -> Result<(), DataSetError> {
        self.check()?;
        // A worker of the runtime that waits for the disk gives its place to another.
        let written = in_place(|| write_aside(&self.path, &seal(&FORMAT, &records)));
        if let Err(error) = written {
            let (set, reason) = (name(&self.path), format!("writing it: {error}"));
            if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
                return Err(DataSetError::Full { set, reason });
            }
            // It may be the sync of the folder that failed, and then nobody can tell which file is there.
            self.poison = Some(reason.clone());
            return Err(DataSetError::Io { set, reason });
        }
        self.records = records;
        Ok(())
    }
}

fn name(path: &Path) -> String {
    path.display().to_string()
}

impl KeyedSet for KeyedFile {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, DataSetError> {
        self.check()?;
        Ok(self.records.get(key).cloned())
    }

    fn scan(&self, prefix: &[u8]) -> Records<'_> {
        if let Err(poisoned) = self.check() {
            return Box::new(std::iter::once(Err(poisoned)));
        }
        let prefix = prefix.to_vec();
        let from = self.records.range(prefix.clone()..);
        let found = from.take_while(move |(key, _)| key.starts_with(&prefix));
        Box::new(found.map(|(key, value)| Ok((key.clone(), value.clone()))))
    }

    fn apply(&mut self, batch: Batch) -> Result<(), DataSetError> {
        let mut records = self.records.clone();
        for (key, value) in batch {
            match value {
                Some(value) => records.insert(key, value),
                None => records.remove(&key),
            };
        }
        self.keep(records)
    }

    fn replace_all(
        &mut self,
        records: &mut dyn Iterator<Item = Result<Record, DataSetError>>,
    ) -> Result<(), DataSetError> {
        let records = records.collect::<Result<_, _>>()?;
        self.keep(records)
    }

    fn sync(&mut self) -> Result<(), DataSetError> {
        self.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dasd::contract;
    use std::fs;

    #[test]
    fn a_keyed_file_keeps_the_contract() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("set");
        contract::keyed_set(|| KeyedFile::open(&path).unwrap());
    }

    #[test]
    fn a_damaged_file_is_refused_by_name_and_can_be_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("states");
        let mut batch = Batch::new();
        batch.put("key", "value");
        KeyedFile::open(&path).unwrap().apply(batch).unwrap();
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            fs::write(&path, &bytes).unwrap();
            let error = KeyedFile::open(&path).unwrap_err();
            assert!(error.to_string().contains("states is damaged"), "byte {at}: {error}");
        }
        KeyedFile::anew(&path).replace_all(&mut std::iter::empty()).unwrap();
        assert_eq!(KeyedFile::open(&path).unwrap().scan(&[]).count(), 0);
    }

    #[test]
    fn a_change_that_can_not_be_written_is_refused_and_the_set_is_out_of_service() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gone/states");
        fs::create_dir(folder.path().join("gone")).unwrap();
        let mut set = KeyedFile::open(&path).unwrap();
        fs::remove_dir(folder.path().join("gone")).unwrap();
        let mut batch = Batch::new();
        batch.put("key", "value");
        assert!(matches!(set.apply(batch.clone()), Err(DataSetError::Io { .. })));
        assert!(matches!(set.apply(batch), Err(DataSetError::Poisoned { .. })));
        assert!(matches!(set.get(b"key"), Err(DataSetError::Poisoned { .. })));
    }
}
