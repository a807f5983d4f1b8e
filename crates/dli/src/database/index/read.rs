//! Reading a secondary index: from its entries to their targets, and from a target to the entries that lead to it.

use super::SecondaryIndex;
use super::entry::SourcePlace;
use crate::database::tree::Entry;
use crate::database::{Cursor, Database, Roots, SegmentType};
use crate::error::Trouble;
use crate::format::Rba;
use crate::lock::Item;

impl SecondaryIndex {
    /// The target of the entry with this key or the next higher one, or `after` it; `key` becomes the entry's, or empty at the
    /// end. The record of the target is locked, and then nobody changes what leads there.
    pub(crate) fn next(
        &self,
        db: &Database,
        cursor: &mut Cursor<'_>,
        from: &[u8],
        after: bool,
        key: &mut Vec<u8>,
    ) -> Result<Option<Rba>, Trouble> {
        let mut record = Vec::new();
        loop {
            let changes = self.tree.changes();
            let found = self.tree.seek(cursor.pool(), from, after, Some(&mut record))?;
            if self.pass(cursor, found)? {
                continue;
            }
            let Some(entry) = found else {
                key.clear();
                return Ok(None);
            };
            record.truncate(self.tree.key_bytes());
            if cursor.locker().is_none() || self.lock_record(db, cursor, (&record, entry), changes)? {
                key.clone_from(&record);
                return Ok(Some(entry.rba));
            }
        }
    }

    /// Waits for whoever changed the index here and may take it back. Gives whether to look again.
    fn pass(&self, cursor: &Cursor<'_>, found: Option<Entry>) -> Result<bool, Trouble> {
        let item = found.map_or(Item::End, |entry| entry.item);
        cursor.locker().map_or(Ok(false), |locker| locker.pass_in(self.number(), item))
    }

    /// Locks the record of a target. False when the entry is another meanwhile.
    fn lock_record(
        &self,
        db: &Database,
        cursor: &mut Cursor<'_>,
        (key, entry): (&[u8], Entry),
        changes: u64,
    ) -> Result<bool, Trouble> {
        let target = db.kind(self.rules.target);
        let is_there = |cursor: &mut Cursor<'_>| {
            Ok::<_, Trouble>(self.tree.seek(cursor.pool(), key, false, None)? == Some(entry))
        };
        // Without the lock it may be gone by now, and something else be there.
        let record = match db.record_above(cursor, target, entry.rba) {
            Err(Trouble::Broken { .. }) if !is_there(cursor)? => return Ok(false),
            Err(Trouble::Broken { .. }) => db.record_above(cursor, target, entry.rba)?,
            record => record?,
        };
        cursor.look_at(record)?;
        if self.tree.changes() == changes {
            return Ok(true);
        }
        Ok(is_there(cursor)? && db.record_above(cursor, target, entry.rba)? == record)
    }
}

impl Database {
    /// What is locked to have the record that a segment is in.
    pub(crate) fn record_above(
        &self,
        cursor: &mut Cursor<'_>,
        kind: &SegmentType,
        rba: Rba,
    ) -> Result<Item, Trouble> {
        let root = self.ancestor(cursor, kind, rba, self.root().code)?;
        let data = cursor.data(self, self.root(), root)?;
        let key = self.root().key.as_ref().map_or(&[][..], |field| field.of(data));
        Ok(match &self.roots {
            Roots::Hdam(hdam) => Item::Anchor(hdam.anchor_of(key)),
            Roots::Hidam(_) => Item::root(key),
        })
    }

    /// Calls `each` with the key of every entry of an index that leads to a target.
    pub(crate) fn for_each_entry(
        &self,
        cursor: &mut Cursor<'_>,
        index: &SecondaryIndex,
        kind: &SegmentType,
        rba: Rba,
        each: &mut dyn FnMut(&[u8]),
    ) -> Result<(), Trouble> {
        let mut way = vec![index.rules.source];
        while let Some(code) =
            way.last().filter(|&&code| code != kind.code).and_then(|&code| self.kind(code).parent)
        {
            way.push(code);
        }
        way.pop();
        self.walk(cursor, index, (kind, rba, None), &mut way, each)
    }

    /// Goes down a way of types, whose last is the next.
    fn walk(
        &self,
        cursor: &mut Cursor<'_>,
        index: &SecondaryIndex,
        (kind, rba, parent): (&SegmentType, Rba, Option<Rba>),
        way: &mut Vec<u8>,
        each: &mut dyn FnMut(&[u8]),
    ) -> Result<(), Trouble> {
        let Some(code) = way.pop() else {
            let parent = match (parent, kind.prefix.parent) {
                (None, Some(offset)) => cursor.pointer(self, kind, rba, offset)?,
                _ => parent,
            };
            let data = cursor.data(self, kind, rba)?.to_vec();
            let place = SourcePlace { rba: Some(rba), parent };
            if let Some(entry) = self.entry_of(cursor, &index.rules, &data, place)? {
                each(&entry.key);
            }
            return Ok(());
        };
        let child = self.kind(code);
        let mut next = cursor.first_child(self, kind, rba, child)?;
        while let Some(twin) = next {
            self.walk(cursor, index, (child, twin, Some(rba)), way, each)?;
            next = cursor.twin(self, child, twin)?;
        }
        way.push(code);
        Ok(())
    }
}
