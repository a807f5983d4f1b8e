//! Deleting where there are logical relationships: what the rules refuse, what lingers, and what goes.
//!
//! A segment that is deleted along its physical path is marked, and everything under it. Then what has no reason to stay
//! goes, from the leaves up: a logical parent stays while logical children point to it, a logical child while it was not
//! deleted along its logical path, and every parent while something under it stays.

use super::elsewhere::Gone;
use crate::database::{RootPlace, Roots, SegmentType, Spot, Writer, copy_key};
use crate::error::Trouble;
use crate::format::Rba;
use crate::format::prefix::{DELETE_BYTE, LOGICALLY_DELETED, PHYSICALLY_DELETED};
use crate::status::StatusCode;
use definitions::model::segment::PathRule;
use std::collections::BTreeSet;

impl Writer<'_> {
    /// Deletes a segment along its physical path, and everything under it. It has a pointer to its parent.
    pub(crate) fn delete_related(&mut self, kind: &SegmentType, rba: Rba) -> Result<(), Trouble> {
        let parent = self.parent_of(kind, rba)?;
        self.delete_under(kind, rba, parent)
    }

    /// Deletes a segment along its physical path, and everything under it.
    ///
    /// Refused ([`StatusCode::DX`]) where a rule asks that it was deleted on its logical paths before.
    pub(crate) fn delete_under(
        &mut self,
        kind: &SegmentType,
        rba: Rba,
        parent: Option<Rba>,
    ) -> Result<(), Trouble> {
        if self.cursor.is_deleted(self.db, kind, rba)? {
            return Ok(());
        }
        self.check_delete_rules(kind, rba)?;
        self.mark_deleted(kind, rba)?;
        match self.settle(kind, rba, parent)? {
            true => self.settle_above(kind, parent),
            false => Ok(()),
        }
    }

    /// Deletes a logical child along its logical path.
    pub(crate) fn delete_logically(&mut self, kind: &SegmentType, rba: Rba) -> Result<(), Trouble> {
        let db = self.db;
        self.change_logical_parent(kind, rba)?;
        self.change_record_of(kind, rba)?;
        let parent = self.parent_of(kind, rba)?;
        self.put_flag(kind, rba, LOGICALLY_DELETED, 0)?;
        match rule_of(kind) {
            Some(PathRule::Virtual) => self.delete_under(kind, rba, parent)?,
            _ if self.cursor.is_deleted(db, kind, rba)? => self.settle_up(kind, rba)?,
            _ => {}
        }
        self.delete_unlinked_parent(kind, parent)
    }

    /// With rule B a physical parent goes with the last of its logical children that is deleted along its logical path.
    fn delete_unlinked_parent(&mut self, kind: &SegmentType, parent: Option<Rba>) -> Result<(), Trouble> {
        let db = self.db;
        let (Some(code), Some(parent)) = (kind.parent, parent) else { return Ok(()) };
        let above = db.kind(code);
        if rule_of(above) != Some(PathRule::BidirectionalVirtual)
            || !self.is_there(above, parent)
            || self.cursor.is_deleted(db, above, parent)?
        {
            return Ok(());
        }
        for slot in &above.prefix.children {
            let child = db.kind(slot.code);
            if child.prefix.logical_forward.is_none() {
                continue;
            }
            let mut next = self.cursor.live_child(db, above, parent, child)?;
            while let Some(twin) = next {
                if !self.cursor.is_logically_deleted(db, child, twin)? {
                    return Ok(());
                }
                next = self.cursor.live_twin(db, child, twin)?;
            }
        }
        self.delete_related(above, parent)
    }

    /// Whether a segment was not removed meanwhile.
    fn is_there(&self, kind: &SegmentType, rba: Rba) -> bool {
        let is_it = |gone: &Gone| (gone.dbd, gone.code, gone.rba) == (self.db.name(), kind.code, rba);
        !self.gone.iter().any(is_it)
    }

    /// A segment or one under it that a rule keeps.
    fn check_delete_rules(&mut self, kind: &SegmentType, rba: Rba) -> Result<(), Trouble> {
        let db = self.db;
        if rule_of(kind) == Some(PathRule::Physical) {
            let is_child = kind.logical_parent().is_some();
            if self.has_logical_children(kind, rba, true)?
                || (is_child && self.has_logical_path(kind, rba)?)
            {
                return Err(Trouble::Told(StatusCode::DX));
            }
        }
        for slot in kind.prefix.children.iter().filter(|slot| db.kind(slot.code).lingers) {
            let child = db.kind(slot.code);
            let mut next = self.cursor.live_child(db, kind, rba, child)?;
            while let Some(twin) = next {
                self.check_delete_rules(child, twin)?;
                next = self.cursor.live_twin(db, child, twin)?;
            }
        }
        Ok(())
    }

    /// A segment is not there any more on its physical path, and nothing under it. What goes meanwhile for other reasons
    /// finds the marks, and leaves to [`Self::settle`] what is under one.
    fn mark_deleted(&mut self, kind: &SegmentType, rba: Rba) -> Result<(), Trouble> {
        let db = self.db;
        self.change_segment(kind, rba)?;
        self.unindex_source(kind, rba)?;
        let both = kind.logical_parent().is_some() && rule_of(kind) == Some(PathRule::Virtual);
        if both {
            self.change_logical_parent(kind, rba)?;
        }
        if kind.lingers {
            let bits = if both { PHYSICALLY_DELETED | LOGICALLY_DELETED } else { PHYSICALLY_DELETED };
            self.put_flag(kind, rba, bits, 0)?;
        }
        for slot in &kind.prefix.children {
            let child = db.kind(slot.code);
            let mut next = self.cursor.live_child(db, kind, rba, child)?;
            while let Some(twin) = next {
                self.mark_deleted(child, twin)?;
                next = self.cursor.live_twin(db, child, twin)?;
            }
        }
        if both { self.delete_pair(kind, rba) } else { Ok(()) }
    }

    /// Removes what has no reason to stay, from the leaves up. Gives whether the segment itself went. With what goes others may
    /// go that stayed for its sake, this one too.
    fn settle(&mut self, kind: &SegmentType, rba: Rba, parent: Option<Rba>) -> Result<bool, Trouble> {
        let db = self.db;
        for slot in &kind.prefix.children {
            let child = db.kind(slot.code);
            let mut staying = BTreeSet::new();
            while self.is_there(kind, rba)
                && let Some(twin) = self.first_but(kind, rba, child, &staying)?
            {
                if !self.settle(child, twin, Some(rba))? {
                    staying.insert(twin);
                }
            }
        }
        if !self.is_there(kind, rba) {
            return Ok(true);
        }
        if self.has_children(kind, rba)? || self.must_stay(kind, rba)? {
            return Ok(false);
        }
        self.take_out(kind, rba, parent).map(|()| true)
    }

    fn has_children(&mut self, kind: &SegmentType, rba: Rba) -> Result<bool, Trouble> {
        for slot in &kind.prefix.children {
            if self.cursor.first_child(self.db, kind, rba, self.db.kind(slot.code))?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The first of a chain that is none of these.
    fn first_but(
        &mut self,
        parent: &SegmentType,
        rba: Rba,
        kind: &SegmentType,
        but: &BTreeSet<Rba>,
    ) -> Result<Option<Rba>, Trouble> {
        let db = self.db;
        let mut next = self.cursor.first_child(db, parent, rba, kind)?;
        while let Some(twin) = next.filter(|twin| but.contains(twin)) {
            next = self.cursor.twin(db, kind, twin)?;
        }
        Ok(next)
    }

    /// A segment that lingers goes when its last reason to stay did, and then its parent if that lingers for its sake.
    fn settle_up(&mut self, kind: &SegmentType, rba: Rba) -> Result<(), Trouble> {
        if self.has_children(kind, rba)? || self.must_stay(kind, rba)? {
            return Ok(());
        }
        let parent = self.parent_of(kind, rba)?;
        self.take_out(kind, rba, parent)?;
        self.settle_above(kind, parent)
    }

    fn settle_above(&mut self, kind: &SegmentType, parent: Option<Rba>) -> Result<(), Trouble> {
        let (Some(code), Some(parent)) = (kind.parent, parent) else { return Ok(()) };
        let above = self.db.kind(code);
        match self.is_there(above, parent) && self.cursor.is_deleted(self.db, above, parent)? {
            true => self.settle_up(above, parent),
            false => Ok(()),
        }
    }

    /// A logical path still leads to it.
    fn must_stay(&mut self, kind: &SegmentType, rba: Rba) -> Result<bool, Trouble> {
        let chained = kind.prefix.logical_forward.is_some();
        Ok(self.has_logical_children(kind, rba, false)?
            || (chained && !self.cursor.is_logically_deleted(self.db, kind, rba)?))
    }

    /// A logical parent has one logical child less.
    pub(super) fn let_go(&mut self, kind: &SegmentType, rba: Rba) -> Result<(), Trouble> {
        match self.cursor.is_deleted(self.db, kind, rba)? {
            true => self.settle_up(kind, rba),
            false
                if rule_of(kind) == Some(PathRule::Virtual)
                    && !self.has_logical_children(kind, rba, false)? =>
            {
                self.delete_related(kind, rba)
            }
            false => Ok(()),
        }
    }

    /// Takes a segment out of every chain that it is on, and frees its bytes.
    fn take_out(&mut self, kind: &SegmentType, rba: Rba, parent: Option<Rba>) -> Result<(), Trouble> {
        self.change_segment(kind, rba)?;
        let spot = self.spot_under(kind, rba, parent)?;
        self.note_gone(kind, rba, spot)?;
        let above = self.disconnect(kind, rba)?;
        if kind.parent.is_none() {
            self.take_out_root(kind, rba, spot)?;
        } else {
            self.set_forward(kind, spot, spot.after)?;
            self.set_backward(kind, spot, spot.before)?;
        }
        self.free(kind, rba)?;
        let Some((other, code, parent)) = above else { return Ok(()) };
        self.in_database(&other, |writer| writer.let_go(other.kind(code), parent))
    }

    fn take_out_root(&mut self, kind: &SegmentType, rba: Rba, spot: Spot) -> Result<(), Trouble> {
        let db = self.db;
        if let Roots::Hidam(_) = &db.roots {
            let mut key = [0; 255];
            let key = copy_key(db, &mut self.cursor, rba, &mut key)?;
            db.change_around_root(&mut self.cursor, key, spot.before)?;
            self.unindex(key, rba)?;
        }
        if self.is_chained_by_block() {
            return self.unlink_by_block(kind, rba);
        }
        self.set_forward(kind, spot, spot.after)?;
        self.set_backward(kind, spot, spot.before)
    }

    fn note_gone(&mut self, kind: &SegmentType, rba: Rba, spot: Spot) -> Result<(), Trouble> {
        let db = self.db;
        let next = match kind.parent {
            Some(_) => self.cursor.live(db, kind, spot.after)?,
            None => {
                let root = RootPlace { rba, anchor: spot.anchor };
                db.root_after(&mut self.cursor, root)?.map(|root| root.rba)
            }
        };
        let after = self.cursor.logical_twin(db, kind, rba)?;
        let next_logical = self.cursor.live_logical_twin(db, kind, after)?;
        self.gone.push(Gone { dbd: db.name(), code: kind.code, rba, next, next_logical });
        Ok(())
    }

    fn parent_of(&mut self, kind: &SegmentType, rba: Rba) -> Result<Option<Rba>, Trouble> {
        match kind.parent {
            Some(_) => self.cursor.physical_parent(self.db, kind, rba).map(Some),
            None => Ok(None),
        }
    }

    /// Whether a segment in the way of a new one lingers: then it is that one from now on.
    pub(crate) fn is_revived(&mut self, kind: &SegmentType, rba: Rba, data: &[u8]) -> Result<bool, Trouble> {
        let db = self.db;
        let Some(key) = kind.key.filter(|key| key.unique && kind.lingers) else { return Ok(false) };
        if !self.cursor.is_deleted(db, kind, rba)? {
            return Ok(false);
        }
        let old = self.cursor.data(db, kind, rba)?;
        let keys = kind.logical_parent().map_or(0, |parent| parent.key_bytes);
        // A logical child comes back under the same logical parent only.
        Ok(key.of(old) == key.of(data) && old.get(..keys) == data.get(..keys))
    }

    /// A segment that was deleted along its physical path is there again, with other data.
    pub(crate) fn revive(&mut self, kind: &SegmentType, rba: Rba, data: &[u8]) -> Result<(), Trouble> {
        self.change_segment(kind, rba)?;
        self.put_flag(kind, rba, 0, PHYSICALLY_DELETED)?;
        if kind.logical_parent().is_some() {
            self.change_logical_parent(kind, rba)?;
            self.unlink_and_replace(kind, rba, data)?;
        } else {
            self.replace_stored(kind, rba, data)?;
        }
        self.index_source(kind, rba)
    }

    /// Sets and clears bits of a delete byte.
    pub(super) fn put_flag(&mut self, kind: &SegmentType, rba: Rba, on: u8, off: u8) -> Result<(), Trouble> {
        let byte = self.cursor.segment(self.db, kind, rba)?[DELETE_BYTE];
        self.put(kind.group, rba, DELETE_BYTE, &[(byte | on) & !off])
    }
}

fn rule_of(kind: &SegmentType) -> Option<PathRule> {
    kind.logical.as_ref().map(|logical| logical.rules.delete)
}
