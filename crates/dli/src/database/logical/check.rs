//! The pointer checker on logical relationships: every logical child leads to its logical parent and hangs on it, every
//! logical parent has the logical children that it says, and what lingers has a reason to.

use super::LogicalChild;
use crate::database::{Cursor, Database, Roots, SegmentType};
use crate::error::Trouble;
use crate::format::Rba;
use crate::format::block::fullword;
use crate::format::prefix::LogicalSlot;
use crate::pool::BufferPool;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is wrong: with a segment of a type, and what.
pub(crate) type Wrong = (u8, Rba, String);

struct Relationships<'c> {
    db: &'c Database,
    cursor: Cursor<'c>,
    wrong: Vec<Wrong>,
}

impl Database {
    /// What is wrong with the logical relationships of this database. Those to databases that are not open are left out.
    pub(in crate::database) fn check_relationships(&self, pool: &BufferPool) -> Result<Vec<Wrong>, Trouble> {
        let mut checker = Relationships { db: self, cursor: Cursor::new(pool, None), wrong: Vec::new() };
        for kind in self.types.iter().filter(|kind| kind.lingers) {
            for rba in every(self, &mut checker.cursor, kind)? {
                checker.segment(kind, rba)?;
            }
        }
        Ok(checker.wrong)
    }
}

impl Relationships<'_> {
    fn segment(&mut self, kind: &SegmentType, rba: Rba) -> Result<(), Trouble> {
        let db = self.db;
        let deleted = self.cursor.is_deleted(db, kind, rba)?;
        let mut stays =
            kind.prefix.logical_forward.is_some() && !self.cursor.is_logically_deleted(db, kind, rba)?;
        if kind.logical_parent().is_some() {
            self.logical_child(kind, rba)?;
        }
        for child in kind.logical_children() {
            let Some(other) = db.relatives.get(&child.dbd) else {
                stays = true;
                continue;
            };
            stays |= self.logical_children((kind, rba), child, &other)?;
        }
        for slot in &kind.prefix.children {
            stays |= self.cursor.first_child(db, kind, rba, db.kind(slot.code))?.is_some();
        }
        if deleted && !stays {
            self.find(kind, rba, "was deleted on every path, and is still there");
        }
        Ok(())
    }

    /// The pointer to the logical parent leads to the one whose key the data begins with.
    fn logical_child(&mut self, kind: &SegmentType, rba: Rba) -> Result<(), Trouble> {
        let db = self.db;
        let Some(link) = kind.logical_parent() else { return Ok(()) };
        let Some(other) = db.relatives.get(&link.dbd) else { return Ok(()) };
        let to = self.cursor.logical_parent(db, kind, rba)?;
        let parent = other.kind(link.code);
        if self.cursor.segment(&other, parent, to).is_err() {
            self.find(kind, rba, "points to a logical parent that is not there");
            return Ok(());
        }
        let keys = self.cursor.concatenated_key(&other, parent, to)?;
        if self.cursor.data(db, kind, rba)?.get(..link.key_bytes) != Some(&keys[..]) {
            self.find(kind, rba, "begins with another key than its logical parent has");
        }
        Ok(())
    }

    /// The chain of a logical parent, or its count, has all that point to it. Gives whether there are any.
    fn logical_children(
        &mut self,
        (kind, rba): (&SegmentType, Rba),
        child: &LogicalChild,
        other: &Arc<Database>,
    ) -> Result<bool, Trouble> {
        let of = other.kind(child.code);
        let mut expected = BTreeSet::new();
        for one in every(other, &mut self.cursor, of)? {
            if self.cursor.logical_parent(other, of, one)? == rba {
                expected.insert(one);
            }
        }
        let slots = &kind.prefix.logical_children;
        match slots.iter().find(|slot| (slot.dbd, slot.code) == (child.dbd, child.code)).copied() {
            Some(slot) => self.chain((kind, rba), child, slot, (other, &expected))?,
            None => self.count((kind, rba), expected.len())?,
        }
        Ok(!expected.is_empty())
    }

    /// One counter is of all relationships without pointers.
    fn count(&mut self, (kind, rba): (&SegmentType, Rba), found: usize) -> Result<(), Trouble> {
        let Some(offset) = kind.prefix.counter else { return Ok(()) };
        let says = fullword(self.cursor.segment(self.db, kind, rba)?, offset) as usize;
        let alone = kind.logical_children().iter().filter(|child| !child.is_chained).count() == 1;
        if says < found || (alone && says != found) {
            self.find(kind, rba, &format!("counts {says} logical children, and has {found}"));
        }
        Ok(())
    }

    fn chain(
        &mut self,
        (kind, rba): (&SegmentType, Rba),
        child: &LogicalChild,
        slot: LogicalSlot,
        (other, expected): (&Arc<Database>, &BTreeSet<Rba>),
    ) -> Result<(), Trouble> {
        let of = other.kind(child.code);
        let key = child.pair.and_then(|code| self.db.kind(code).key);
        let mut met = BTreeSet::new();
        let mut before = None;
        let mut last_key: Option<Vec<u8>> = None;
        let mut next = self.cursor.pointer(self.db, kind, rba, slot.first)?;
        while let Some(twin) = next {
            if !expected.contains(&twin) || !met.insert(twin) {
                self.find(
                    kind,
                    rba,
                    &format!("leads to {:#x}, which is no logical child of it", twin.byte()),
                );
                return Ok(());
            }
            if let Some(offset) = of.prefix.logical_backward
                && self.cursor.pointer(other, of, twin, offset)? != before
            {
                let what =
                    format!("has a logical child at {:#x} whose pointer backward is wrong", twin.byte());
                self.find(kind, rba, &what);
            }
            if let Some(key) = &key {
                let now = key.of(&self.cursor.data_from_logical_parent(other, of, twin)?).to_vec();
                if last_key.is_some_and(|last| last > now) {
                    self.find(kind, rba, "has logical children out of the order of their keys");
                }
                last_key = Some(now);
            }
            (before, next) = (Some(twin), self.cursor.logical_twin(other, of, twin)?);
        }
        if met.len() < expected.len() {
            let what = format!("leads to {} logical children, and has {}", met.len(), expected.len());
            self.find(kind, rba, &what);
        }
        if let Some(offset) = slot.last
            && self.cursor.pointer(self.db, kind, rba, offset)? != before
        {
            self.find(kind, rba, "has a wrong pointer to its last logical child");
        }
        Ok(())
    }

    fn find(&mut self, kind: &SegmentType, rba: Rba, what: &str) {
        self.wrong.push((kind.code, rba, format!("segment {} {what}", kind.name)));
    }
}

/// Every segment of a type, those that linger among them.
fn every(db: &Database, cursor: &mut Cursor<'_>, kind: &SegmentType) -> Result<Vec<Rba>, Trouble> {
    let Some(code) = kind.parent else { return every_root(db, cursor) };
    let above = db.kind(code);
    let mut all = Vec::new();
    for parent in every(db, cursor, above)? {
        let mut next = cursor.first_child(db, above, parent, kind)?;
        while let Some(rba) = next {
            all.push(rba);
            next = cursor.twin(db, kind, rba)?;
        }
    }
    Ok(all)
}

fn every_root(db: &Database, cursor: &mut Cursor<'_>) -> Result<Vec<Rba>, Trouble> {
    let hdam = match &db.roots {
        Roots::Hidam(tree) => {
            return Ok(tree.entries(cursor.pool())?.into_iter().map(|(_, root)| root).collect());
        }
        Roots::Hdam(hdam) => hdam,
    };
    let mut all = Vec::new();
    for anchor in 0..hdam.anchors * hdam.blocks {
        let mut next = db.chain_head(cursor, anchor)?;
        while let Some(rba) = next {
            all.push(rba);
            next = cursor.twin(db, db.root(), rba)?;
        }
    }
    Ok(all)
}
