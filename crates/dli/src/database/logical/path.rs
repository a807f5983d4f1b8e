//! Ways between segments: up to the root, along a concatenated key, and past those that linger.

use crate::database::{Cursor, Database, SegmentType};
use crate::error::Trouble;
use crate::format::Rba;
use crate::format::prefix::{DELETE_BYTE, LOGICALLY_DELETED, PHYSICALLY_DELETED};

impl Cursor<'_> {
    /// The bits of a delete byte.
    fn has_bit(&mut self, db: &Database, kind: &SegmentType, rba: Rba, bit: u8) -> Result<bool, Trouble> {
        Ok(self.segment(db, kind, rba)?[DELETE_BYTE] & bit != 0)
    }

    /// It was deleted along its physical path, and lingers.
    pub(crate) fn is_deleted(
        &mut self,
        db: &Database,
        kind: &SegmentType,
        rba: Rba,
    ) -> Result<bool, Trouble> {
        Ok(kind.lingers && self.has_bit(db, kind, rba, PHYSICALLY_DELETED)?)
    }

    /// It was deleted along its logical path, and lingers.
    pub(crate) fn is_logically_deleted(
        &mut self,
        db: &Database,
        kind: &SegmentType,
        rba: Rba,
    ) -> Result<bool, Trouble> {
        self.has_bit(db, kind, rba, LOGICALLY_DELETED)
    }

    /// The first of a chain, from one on, that was not deleted along its physical path.
    pub(crate) fn live(
        &mut self,
        db: &Database,
        kind: &SegmentType,
        from: Option<Rba>,
    ) -> Result<Option<Rba>, Trouble> {
        let mut next = from;
        while let Some(rba) = next.filter(|_| kind.lingers) {
            if !self.is_deleted(db, kind, rba)? {
                break;
            }
            next = self.twin(db, kind, rba)?;
        }
        Ok(next)
    }

    /// The next twin that a program may see.
    #[inline]
    pub(crate) fn live_twin(
        &mut self,
        db: &Database,
        kind: &SegmentType,
        rba: Rba,
    ) -> Result<Option<Rba>, Trouble> {
        let next = self.twin(db, kind, rba)?;
        if kind.lingers { self.live(db, kind, next) } else { Ok(next) }
    }

    /// The first segment of a type under a parent that a program may see.
    #[inline]
    pub(crate) fn live_child(
        &mut self,
        db: &Database,
        parent: &SegmentType,
        rba: Rba,
        kind: &SegmentType,
    ) -> Result<Option<Rba>, Trouble> {
        let first = self.first_child(db, parent, rba, kind)?;
        if kind.lingers { self.live(db, kind, first) } else { Ok(first) }
    }

    /// The next logical twin that was not deleted along its logical path, from one on.
    pub(crate) fn live_logical_twin(
        &mut self,
        db: &Database,
        kind: &SegmentType,
        from: Option<Rba>,
    ) -> Result<Option<Rba>, Trouble> {
        let mut next = from;
        while let Some(rba) = next {
            if !self.is_logically_deleted(db, kind, rba)? {
                break;
            }
            next = self.logical_twin(db, kind, rba)?;
        }
        Ok(next)
    }

    /// Where a pointer leads, in a segment of a type that may have none.
    fn pointer_of(
        &mut self,
        db: &Database,
        kind: &SegmentType,
        rba: Rba,
        offset: Option<usize>,
    ) -> Result<Option<Rba>, Trouble> {
        offset.map_or(Ok(None), |offset| self.pointer(db, kind, rba, offset))
    }

    /// The next logical twin.
    pub(crate) fn logical_twin(
        &mut self,
        db: &Database,
        kind: &SegmentType,
        rba: Rba,
    ) -> Result<Option<Rba>, Trouble> {
        self.pointer_of(db, kind, rba, kind.prefix.logical_forward)
    }

    /// The logical parent of a logical child.
    pub(crate) fn logical_parent(
        &mut self,
        db: &Database,
        kind: &SegmentType,
        rba: Rba,
    ) -> Result<Rba, Trouble> {
        let to = self.pointer_of(db, kind, rba, kind.prefix.logical_parent)?;
        to.ok_or_else(|| broken(db, kind, rba, "has no pointer to its logical parent"))
    }

    /// The physical parent of a segment below the root.
    pub(crate) fn physical_parent(
        &mut self,
        db: &Database,
        kind: &SegmentType,
        rba: Rba,
    ) -> Result<Rba, Trouble> {
        let to = self.pointer_of(db, kind, rba, kind.prefix.parent)?;
        to.ok_or_else(|| broken(db, kind, rba, "has no pointer to its parent"))
    }

    /// The keys from the root to a segment.
    pub(crate) fn concatenated_key(
        &mut self,
        db: &Database,
        kind: &SegmentType,
        rba: Rba,
    ) -> Result<Vec<u8>, Trouble> {
        let mut keys = match kind.parent {
            Some(above) => {
                let parent = self.physical_parent(db, kind, rba)?;
                self.concatenated_key(db, db.kind(above), parent)?
            }
            None => Vec::new(),
        };
        let data = self.data(db, kind, rba)?;
        keys.extend_from_slice(kind.key.as_ref().map_or(&[][..], |key| key.of(data)));
        Ok(keys)
    }

    /// The data of a logical child as it is seen from its logical parent: the concatenated key of its physical parent in
    /// the place of that of its logical one.
    pub(crate) fn data_from_logical_parent(
        &mut self,
        db: &Database,
        kind: &SegmentType,
        rba: Rba,
    ) -> Result<Vec<u8>, Trouble> {
        let (Some(above), Some(parent)) = (kind.parent, kind.logical_parent()) else {
            return Ok(self.data(db, kind, rba)?.to_vec());
        };
        let to = self.physical_parent(db, kind, rba)?;
        let mut data = self.concatenated_key(db, db.kind(above), to)?;
        data.extend_from_slice(self.data(db, kind, rba)?.get(parent.key_bytes..).unwrap_or_default());
        Ok(data)
    }

    /// The segment that a concatenated key leads to, past all that linger. The record it is in is locked.
    pub(crate) fn find_by_keys(
        &mut self,
        db: &Database,
        kind: &SegmentType,
        keys: &[u8],
    ) -> Result<Option<Rba>, Trouble> {
        let bytes = kind.key.as_ref().map_or(0, |key| key.bytes).min(keys.len());
        let (above, own) = keys.split_at(keys.len() - bytes);
        let Some(code) = kind.parent else {
            return Ok(db.find_root(self, own)?.exact);
        };
        let parent = db.kind(code);
        let Some(on) = self.find_by_keys(db, parent, above)? else { return Ok(None) };
        let mut next = self.live_child(db, parent, on, kind)?;
        while let Some(rba) = next {
            let data = self.data(db, kind, rba)?;
            if kind.key.as_ref().is_none_or(|key| key.of(data) == own) {
                return Ok(Some(rba));
            }
            next = self.live_twin(db, kind, rba)?;
        }
        Ok(None)
    }
}

impl SegmentType {
    /// The logical parent of this type.
    pub(crate) fn logical_parent(&self) -> Option<&super::LogicalParent> {
        self.logical.as_ref()?.parent.as_ref().filter(|_| !self.is_virtual())
    }

    /// The types of its logical children.
    pub(crate) fn logical_children(&self) -> &[super::LogicalChild] {
        self.logical.as_ref().map_or(&[], |logical| &logical.children)
    }

    /// What it shows is kept elsewhere.
    pub(crate) fn is_virtual(&self) -> bool {
        self.logical.as_ref().is_some_and(|logical| logical.source.is_some())
    }
}

pub(super) fn broken(db: &Database, kind: &SegmentType, rba: Rba, what: &str) -> Trouble {
    let set = db.set_of(kind);
    let place = set.geometry.place(rba).0;
    Trouble::broken(set.id, place, format!("segment {} at {:#x} {what}", kind.name, rba.byte()))
}
