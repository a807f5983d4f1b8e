//! Index maintenance: with a source segment its entries come, change and go.

use super::entry::{SourceEntry, SourcePlace};
use super::{IndexOf, SecondaryIndex};
use crate::database::{Database, SegmentType, Spot, Writer};
use crate::error::Trouble;
use crate::format::Rba;
use crate::lock::Item;
use crate::status::StatusCode;

/// The stamp of the first entry with a key. Those that come later have lower ones.
const STAMP_FIRST: u32 = u32::MAX;

impl Database {
    /// The secondary indexes that a type is the source of.
    fn indexes_of(&self, code: u8) -> impl Iterator<Item = (usize, &SecondaryIndex)> {
        self.indexes.iter().enumerate().filter(move |(_, index)| index.rules.source == code)
    }

    fn has_indexes_of(&self, kind: &SegmentType) -> bool {
        self.indexes.iter().any(|index| index.rules.source == kind.code)
    }
}

impl Writer<'_> {
    /// How the call went, as far as indexes are concerned.
    pub(crate) fn status(&self) -> StatusCode {
        if self.misses_entry { StatusCode::NE } else { StatusCode::OK }
    }

    /// Refuses a segment whose key an index has already, before anything of it is there.
    pub(in crate::database) fn refuse_duplicates(
        &mut self,
        kind: &SegmentType,
        data: &[u8],
        spot: Spot,
    ) -> Result<(), Trouble> {
        let db = self.db;
        for (_, index) in db.indexes_of(kind.code) {
            if !index.rules.unique || index.rules.has_address() {
                continue;
            }
            let place = SourcePlace { rba: None, parent: spot.parent };
            if let Some(entry) = db.entry_of(&mut self.cursor, &index.rules, data, place)? {
                self.refuse_duplicate(index, &entry.key)?;
            }
        }
        Ok(())
    }

    /// Nobody else adds or removes this key from here on.
    fn refuse_duplicate(&mut self, index: &SecondaryIndex, key: &[u8]) -> Result<(), Trouble> {
        if let Some(locker) = self.cursor.locker() {
            locker.change_in(index.number(), Item::root(key))?;
        }
        match index.tree.find(self.cursor.pool(), key)? {
            Some(_) => Err(Trouble::DuplicateInIndex(index.rules.name)),
            None => Ok(()),
        }
    }

    /// The entries of a source segment, one for each of its indexes.
    pub(in crate::database) fn entries_of(
        &mut self,
        kind: &SegmentType,
        rba: Rba,
    ) -> Result<Vec<Option<SourceEntry>>, Trouble> {
        let db = self.db;
        if !db.has_indexes_of(kind) {
            return Ok(Vec::new());
        }
        let parent = match kind.prefix.parent {
            Some(offset) => self.cursor.pointer(db, kind, rba, offset)?,
            None => None,
        };
        let data = self.cursor.data(db, kind, rba)?.to_vec();
        let place = SourcePlace { rba: Some(rba), parent };
        let of =
            |(_, index): (usize, &SecondaryIndex)| db.entry_of(&mut self.cursor, &index.rules, &data, place);
        db.indexes_of(kind.code).map(of).collect()
    }

    /// A segment came: its entries come.
    pub(in crate::database) fn index_source(&mut self, kind: &SegmentType, rba: Rba) -> Result<(), Trouble> {
        let db = self.db;
        let entries = self.entries_of(kind, rba)?;
        for ((at, _), entry) in db.indexes_of(kind.code).zip(&entries) {
            if let Some(entry) = entry {
                self.add_source(at, entry, rba)?;
            }
        }
        Ok(())
    }

    /// A segment goes: its entries go.
    pub(in crate::database) fn unindex_source(
        &mut self,
        kind: &SegmentType,
        rba: Rba,
    ) -> Result<(), Trouble> {
        let db = self.db;
        let entries = self.entries_of(kind, rba)?;
        for ((at, _), entry) in db.indexes_of(kind.code).zip(&entries) {
            if let Some(entry) = entry {
                self.remove_source(at, entry, rba)?;
            }
        }
        Ok(())
    }

    /// A segment was replaced, and had these entries before.
    pub(in crate::database) fn reindex_source(
        &mut self,
        kind: &SegmentType,
        rba: Rba,
        before: &[Option<SourceEntry>],
    ) -> Result<(), Trouble> {
        let db = self.db;
        let after = self.entries_of(kind, rba)?;
        for (((at, _), before), after) in db.indexes_of(kind.code).zip(before).zip(&after) {
            match (before, after) {
                (before, after) if before == after => {}
                (Some(before), Some(after)) if before.key == after.key => {
                    self.rewrite(at, after, rba)?;
                }
                (before, after) => {
                    if let Some(before) = before {
                        self.remove_source(at, before, rba)?;
                    }
                    if let Some(after) = after {
                        self.add_source(at, after, rba)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn add_source(&mut self, at: usize, entry: &SourceEntry, source: Rba) -> Result<(), Trouble> {
        let index = &self.db.indexes[at];
        if index.rules.unique {
            self.refuse_duplicate(index, &entry.key)?;
        }
        let stamp = self.stamp_before(index, &entry.key)?;
        let record = index.rules.record(entry, stamp, source, &[]);
        self.change_between_entries(index, &record)?;
        self.add_entry(IndexOf::Secondary(at), &record, entry.target)
    }

    /// The latest of equal keys comes first.
    fn stamp_before(&mut self, index: &SecondaryIndex, key: &[u8]) -> Result<u32, Trouble> {
        if index.rules.unique {
            return Ok(0);
        }
        let mut record = Vec::new();
        index.tree.seek(self.cursor.pool(), key, false, Some(&mut record))?;
        match record.starts_with(key) {
            true => Ok(index.rules.stamp_and_source(&record).0.saturating_sub(1)),
            false => Ok(STAMP_FIRST),
        }
    }

    fn remove_source(&mut self, at: usize, entry: &SourceEntry, source: Rba) -> Result<(), Trouble> {
        let index = &self.db.indexes[at];
        let Some((record, target)) = self.find_source(index, &entry.key, source)? else {
            self.misses_entry = true;
            return Ok(());
        };
        self.change_around_entry(index, &record)?;
        self.remove_entry(IndexOf::Secondary(at), &record, target)
    }

    /// Other parts of an entry changed than its key.
    fn rewrite(&mut self, at: usize, entry: &SourceEntry, source: Rba) -> Result<(), Trouble> {
        let index = &self.db.indexes[at];
        let Some((old, target)) = self.find_source(index, &entry.key, source)? else {
            self.misses_entry = true;
            return Ok(());
        };
        let stamp = index.rules.stamp_and_source(&old).0;
        let new = index.rules.record(entry, stamp, source, &old);
        self.change_around_entry(index, &old)?;
        self.remove_entry(IndexOf::Secondary(at), &old, target)?;
        self.add_entry(IndexOf::Secondary(at), &new, target)
    }

    /// The entry of a source among those with its key.
    fn find_source(
        &mut self,
        index: &SecondaryIndex,
        key: &[u8],
        source: Rba,
    ) -> Result<Option<(Vec<u8>, Rba)>, Trouble> {
        let pool = self.cursor.pool();
        let (mut from, mut record) = (key.to_vec(), Vec::new());
        let mut after = false;
        while let Some(entry) = index.tree.seek(pool, &from, after, Some(&mut record))? {
            if !record.starts_with(key) {
                return Ok(None);
            }
            if index.rules.stamp_and_source(&record).1 == Some(source) {
                return Ok(Some((record, entry.rba)));
            }
            from.clear();
            from.extend_from_slice(&record[..index.tree.key_bytes()]);
            after = true;
        }
        Ok(None)
    }

    /// Locks an entry that comes. Where another program may put back what it took away, it waits: whoever looks for that finds
    /// out by the entry behind it.
    fn change_between_entries(&mut self, index: &SecondaryIndex, record: &[u8]) -> Result<(), Trouble> {
        let Some(locker) = self.cursor.locker() else { return Ok(()) };
        let key = &record[..index.tree.key_bytes()];
        locker.change_in(index.number(), Item::root(key))?;
        loop {
            let next = index.tree.from(self.cursor.pool(), key, true)?;
            if !locker.pass_in(index.number(), next.map_or(Item::End, |entry| entry.item))? {
                return Ok(());
            }
        }
    }

    /// Locks an entry that goes, and the one behind it: whoever passes there waits until that is final.
    pub(crate) fn change_around_entry(
        &mut self,
        index: &SecondaryIndex,
        record: &[u8],
    ) -> Result<(), Trouble> {
        let Some(locker) = self.cursor.locker() else { return Ok(()) };
        let key = &record[..index.tree.key_bytes()];
        locker.change_in(index.number(), Item::root(key))?;
        loop {
            let next = index.tree.from(self.cursor.pool(), key, true)?;
            locker.change_in(index.number(), next.map_or(Item::End, |entry| entry.item))?;
            if index.tree.from(self.cursor.pool(), key, true)? == next {
                return Ok(());
            }
        }
    }
}
