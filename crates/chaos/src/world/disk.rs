//! A member's disk: the shelf with what it applied, and what is stopped there.
//!
//! The shelf is written some time after the entries were applied, and synced even later. Its records carry checksums,
//! as on a real disk: a shelf that is found damaged is given up, and filled again from the log.

use dasd::memory::MemoryKeyedSet;
use dasd::{Batch, KeyedSet};
use plex::Plex;
use plex::stored::StoredRecord;
use std::collections::BTreeMap;
use vocabulary::encoding::DecodeError;

/// What the plex keeps is under this prefix.
const RECORD: u8 = b'r';
/// The log index that the records reflect.
const INDEX: &[u8] = b"m";

const CRC_BYTES: usize = 4;

/// A disk. What was written and not synced may be lost.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    shelf: MemoryKeyedSet,
    pub(crate) stops: MemoryKeyedSet,
    /// What was applied and is not on the shelf yet.
    unwritten: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    /// The shelf is to be replaced by what is unwritten, and not changed.
    replaced: bool,
    /// The index that shelf and unwritten changes reflect together.
    index: u64,
    /// Batches since the last sync.
    unsynced: usize,
}

/// What a member starts with.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) plex: Plex,
    pub(crate) index: u64,
    /// The shelf was damaged, and is empty now.
    pub(crate) rebuilt: bool,
}

impl Disk {
    /// Takes note of the records that an entry changed.
    pub(crate) fn note(&mut self, index: u64, changed: Vec<StoredRecord>) {
        self.index = index;
        self.unwritten.extend(changed);
    }

    /// Takes note that everything is another.
    pub(crate) fn replace(&mut self, index: u64, records: impl Iterator<Item = (Vec<u8>, Vec<u8>)>) {
        self.index = index;
        self.replaced = true;
        self.unwritten = records.map(|(key, value)| (key, Some(value))).collect();
    }

    /// Writes to the shelf what it lacks.
    pub(crate) fn write(&mut self) {
        let marks = [(INDEX.to_vec(), sealed(self.index.to_be_bytes().to_vec()))];
        let changes = std::mem::take(&mut self.unwritten).into_iter();
        if std::mem::take(&mut self.replaced) {
            let whole = changes.filter_map(|(key, value)| Some((on_shelf(&key), sealed(value?))));
            self.shelf.replace_all(&mut whole.chain(marks).map(Ok)).unwrap();
        } else {
            let mut batch = Batch::new();
            for (key, value) in changes {
                match value {
                    Some(value) => batch.put(on_shelf(&key), sealed(value)),
                    None => batch.delete(on_shelf(&key)),
                };
            }
            let [(key, value)] = marks;
            batch.put(key, value);
            self.shelf.apply(batch).unwrap();
        }
        self.unsynced += 1;
    }

    /// Makes durable what was written.
    pub(crate) fn sync(&mut self) {
        self.shelf.sync().unwrap();
        self.unsynced = 0;
    }

    /// How many batches a crash may cost.
    pub(crate) fn unsynced(&self) -> usize {
        self.unsynced
    }

    /// The process is gone: what was not written is lost, and of what was not synced all but the first `kept` batches.
    /// The one after them is torn, which is why it does not count.
    pub(crate) fn crash(&mut self, kept: usize) {
        self.unwritten.clear();
        self.replaced = false;
        self.unsynced = 0;
        self.shelf.crash(kept);
        self.stops.crash(0);
    }

    /// A bit flips in a record of the shelf.
    pub(crate) fn flip_a_bit(&mut self, of_record: u64) {
        let records: Vec<_> = self.shelf.scan(&[]).map(Result::unwrap).collect();
        if let Some((key, value)) = records.get(of_record as usize % records.len().max(1)) {
            let mut flipped = value.clone();
            let at = of_record as usize % flipped.len();
            flipped[at] ^= 1 << (of_record % 8);
            let mut batch = Batch::new();
            batch.put(key.clone(), flipped);
            self.shelf.apply(batch).unwrap();
            self.shelf.sync().unwrap();
        }
    }

    /// What a new run of the member finds.
    pub(crate) fn open(&mut self) -> Found {
        let found = self.read().unwrap_or_else(|| {
            self.shelf.replace_all(&mut std::iter::empty()).unwrap();
            Found { rebuilt: true, ..Found::default() }
        });
        self.index = found.index;
        found
    }

    /// What the shelf has, unless it is damaged.
    fn read(&self) -> Option<Found> {
        let index = match self.shelf.get(INDEX).unwrap() {
            Some(index) => u64::from_be_bytes(unsealed(&index)?.try_into().ok()?),
            None => 0,
        };
        Some(Found { plex: restored(self.records()?)?, index, rebuilt: false })
    }

    /// The records that the shelf would have if everything were written, unless it is damaged.
    pub(crate) fn as_if_written(&self) -> Option<BTreeMap<Vec<u8>, Vec<u8>>> {
        let mut records = if self.replaced { BTreeMap::new() } else { self.records()? };
        for (key, value) in &self.unwritten {
            match value {
                Some(value) => records.insert(key.clone(), value.clone()),
                None => records.remove(key),
            };
        }
        Some(records)
    }

    fn records(&self) -> Option<BTreeMap<Vec<u8>, Vec<u8>>> {
        let records = self.shelf.scan(&[RECORD]).map(|record| {
            let (key, value) = record.unwrap();
            Some((key[1..].to_vec(), unsealed(&value)?))
        });
        records.collect()
    }
}

fn restored(records: BTreeMap<Vec<u8>, Vec<u8>>) -> Option<Plex> {
    Plex::restored(records.into_iter().map(Ok::<_, DecodeError>)).ok()
}

fn on_shelf(key: &[u8]) -> Vec<u8> {
    [&[RECORD], key].concat()
}

fn sealed(mut value: Vec<u8>) -> Vec<u8> {
    let crc = crc32fast::hash(&value);
    value.extend(crc.to_be_bytes());
    value
}

fn unsealed(sealed: &[u8]) -> Option<Vec<u8>> {
    let (value, crc) = sealed.split_last_chunk::<CRC_BYTES>()?;
    (crc32fast::hash(value) == u32::from_be_bytes(*crc)).then(|| value.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bit_that_flips_is_found_wherever_it_is() {
        for record in 0..40 {
            let mut disk = Disk::default();
            disk.note(7, vec![(b"key".to_vec(), Some(vec![1, 2, 3]))]);
            disk.write();
            disk.sync();
            disk.flip_a_bit(record);
            assert!(disk.open().rebuilt, "record {record}");
        }
    }

    #[test]
    fn a_crash_costs_what_was_not_synced() {
        let mut disk = Disk::default();
        for index in 1..=3 {
            disk.note(index, Vec::new());
            disk.write();
            if index == 1 {
                disk.sync();
            }
        }
        disk.note(4, Vec::new());
        disk.crash(1);
        assert_eq!(disk.open().index, 2);
    }
}
