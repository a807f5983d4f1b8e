//! A logical child comes, changes or goes: its logical parent is told, and its pair is kept equal.

use super::LogicalChild;
use super::path::broken;
use crate::database::{Database, Room, Roots, Rule, SegmentType, Spot, Wish, Writer};
use crate::error::Trouble;
use crate::format::Rba;
use crate::format::block::fullword;
use crate::format::prefix::LogicalSlot;
use crate::status::StatusCode;
use definitions::model::segment::InsertPlace;
use std::cmp::Ordering;
use std::sync::Arc;

/// A logical child and what it hangs on.
struct Bond<'d> {
    kind: &'d SegmentType,
    /// The database of the logical parent.
    other: Arc<Database>,
    /// Its type there.
    parent_code: u8,
    /// Where it is.
    parent: Rba,
    /// What it says of its logical children.
    child: LogicalChild,
}

impl Bond<'_> {
    fn parent_kind(&self) -> &SegmentType {
        self.other.kind(self.parent_code)
    }

    /// The pointers that the logical parent has to this chain.
    fn slot(&self, own: &Database) -> Option<LogicalSlot> {
        let slots = &self.parent_kind().prefix.logical_children;
        slots.iter().find(|slot| (slot.dbd, slot.code) == (own.name(), self.kind.code)).copied()
    }

    /// The type that is kept equal.
    fn pair(&self) -> Option<&SegmentType> {
        self.child.pair.filter(|_| !self.child.is_chained).map(|code| self.other.kind(code))
    }
}

impl Writer<'_> {
    /// A segment came. Where it is a logical child, its logical parent has to be there.
    pub(in crate::database) fn connect(&mut self, kind: &SegmentType, new: Rba) -> Result<(), Trouble> {
        let db = self.db;
        let Some(parent) = kind.logical_parent() else { return Ok(()) };
        let data = self.cursor.data(db, kind, new)?.to_vec();
        let other = db.relative(&parent.dbd)?;
        let to = other.kind(parent.code);
        let keys = data.get(..parent.key_bytes).unwrap_or_default();
        let found = self.in_database(&other, |writer| {
            let found = writer.cursor.find_by_keys(&other, to, keys)?;
            if let Some(found) = found {
                writer.change_record_of(to, found)?;
            }
            Ok(found)
        })?;
        let found = found.ok_or(Trouble::Told(StatusCode::IX))?;
        self.set_pointer(kind.group, new, kind.prefix.logical_parent, Some(found))?;
        let bond = self.bond(kind, new)?;
        self.bind(&bond, new)?;
        self.insert_pair(&bond, new, &data[parent.key_bytes.min(data.len())..])
    }

    fn bond<'k>(&mut self, kind: &'k SegmentType, rba: Rba) -> Result<Bond<'k>, Trouble> {
        let db = self.db;
        let link = kind.logical_parent().ok_or_else(|| broken(db, kind, rba, "is no logical child"))?;
        let other = db.relative(&link.dbd)?;
        let parent = self.cursor.logical_parent(db, kind, rba)?;
        let child =
            other.kind(link.code).logical.as_ref().and_then(|logical| logical.child(db.name(), kind.code));
        let child = *child.ok_or_else(|| broken(db, kind, rba, "is unknown to its logical parent"))?;
        Ok(Bond { kind, parent_code: link.code, parent, child, other })
    }

    /// The logical parent points to it, or counts it.
    fn bind(&mut self, bond: &Bond<'_>, new: Rba) -> Result<(), Trouble> {
        match bond.slot(self.db) {
            Some(slot) => self.link_logical_twin(bond, slot, new),
            None => self.count(bond, 1),
        }
    }

    fn unbind(&mut self, bond: &Bond<'_>, old: Rba) -> Result<(), Trouble> {
        match bond.slot(self.db) {
            Some(slot) => self.unlink_logical_twin(bond, slot, old),
            None => self.count(bond, -1),
        }
    }

    fn count(&mut self, bond: &Bond<'_>, by: i32) -> Result<(), Trouble> {
        let kind = bond.parent_kind();
        let Some(offset) = kind.prefix.counter else { return Ok(()) };
        self.in_database(&bond.other, |writer| {
            let segment = writer.cursor.segment(&bond.other, kind, bond.parent)?;
            let count = fullword(segment, offset).checked_add_signed(by);
            let count = count.ok_or_else(|| {
                broken(&bond.other, kind, bond.parent, "counts fewer logical children than it has")
            })?;
            writer.put(kind.group, bond.parent, offset, &count.to_be_bytes())
        })
    }

    fn link_logical_twin(&mut self, bond: &Bond<'_>, slot: LogicalSlot, new: Rba) -> Result<(), Trouble> {
        let (before, after) = self.place_of_logical_twin(bond, slot, new)?;
        let (kind, prefix) = (bond.kind, &bond.kind.prefix);
        self.set_pointer(kind.group, new, prefix.logical_forward, after)?;
        self.set_pointer(kind.group, new, prefix.logical_backward, before)?;
        self.lead_logically(bond, slot, (before, after), (Some(new), Some(new)))
    }

    fn unlink_logical_twin(&mut self, bond: &Bond<'_>, slot: LogicalSlot, old: Rba) -> Result<(), Trouble> {
        let db = self.db;
        let after = self.cursor.logical_twin(db, bond.kind, old)?;
        let mut before = None;
        let mut next = self.first_logical_twin(bond, slot)?;
        while let Some(rba) = next.filter(|&rba| rba != old) {
            before = Some(rba);
            next = self.cursor.logical_twin(db, bond.kind, rba)?;
        }
        self.lead_logically(bond, slot, (before, after), (after, before))
    }

    /// What is before a place on the chain leads to the first of two, and what is behind it back to the second.
    fn lead_logically(
        &mut self,
        bond: &Bond<'_>,
        slot: LogicalSlot,
        (before, after): (Option<Rba>, Option<Rba>),
        (forward, backward): (Option<Rba>, Option<Rba>),
    ) -> Result<(), Trouble> {
        let (kind, prefix) = (bond.kind, &bond.kind.prefix);
        let parent_group = bond.parent_kind().group;
        // Who has the record of the logical parent has the chain: twins of other records are written to without theirs.
        match before {
            Some(before) => self.set_pointer(kind.group, before, prefix.logical_forward, forward)?,
            None => self.in_database(&bond.other, |writer| {
                writer.set_pointer(parent_group, bond.parent, Some(slot.first), forward)
            })?,
        }
        match after {
            Some(after) => self.set_pointer(kind.group, after, prefix.logical_backward, backward),
            None => self.in_database(&bond.other, |writer| {
                writer.set_pointer(parent_group, bond.parent, slot.last, backward)
            }),
        }
    }

    fn first_logical_twin(&mut self, bond: &Bond<'_>, slot: LogicalSlot) -> Result<Option<Rba>, Trouble> {
        self.cursor.pointer(&bond.other, bond.parent_kind(), bond.parent, slot.first)
    }

    /// Where a logical twin goes: by the key of the virtual logical child, and the rule among those that are equal.
    fn place_of_logical_twin(
        &mut self,
        bond: &Bond<'_>,
        slot: LogicalSlot,
        new: Rba,
    ) -> Result<(Option<Rba>, Option<Rba>), Trouble> {
        let db = self.db;
        let key = bond.child.pair.and_then(|code| bond.other.kind(code).key);
        let data = self.cursor.data_from_logical_parent(db, bond.kind, new)?;
        let (mut before, mut next) = (None, self.first_logical_twin(bond, slot)?);
        while let Some(rba) = next {
            let order = match &key {
                None => Ordering::Equal,
                Some(key) => {
                    key.of(&self.cursor.data_from_logical_parent(db, bond.kind, rba)?).cmp(key.of(&data))
                }
            };
            let is_deleted = self.cursor.is_logically_deleted(db, bond.kind, rba)?;
            match order {
                Ordering::Greater => break,
                Ordering::Equal if !is_deleted && key.is_some_and(|key| key.unique) => {
                    return Err(Trouble::Told(StatusCode::II));
                }
                // No program has a position on this chain while a segment comes on another.
                Ordering::Equal if bond.child.place != InsertPlace::Last => break,
                _ => {}
            }
            (before, next) = (next, self.cursor.logical_twin(db, bond.kind, rba)?);
        }
        Ok((before, next))
    }

    /// The pair of a new logical child comes with it, unless it was there before: then it gets its data.
    fn insert_pair(&mut self, bond: &Bond<'_>, new: Rba, intersection: &[u8]) -> Result<(), Trouble> {
        let Some(pair) = bond.pair() else { return Ok(()) };
        let db = self.db;
        let data = self.cursor.data_from_logical_parent(db, bond.kind, new)?;
        if let Some((found, has)) = self.find_pair(bond, new)? {
            return match has == intersection {
                true => Ok(()),
                false => self.in_database(&bond.other, |writer| writer.replace_alone(pair, found, &data)),
            };
        }
        self.in_database(&bond.other, |writer| {
            let rule = Rule { place: pair.place, here: None };
            let room = bond.other.place_under(&mut writer.cursor, pair, bond.parent, &data, rule)?;
            let Room::At(spot) = room else { return Err(Trouble::Told(StatusCode::II)) };
            let near = spot.before.unwrap_or(bond.parent);
            let same_group = spot.before.is_some() || bond.parent_kind().group == pair.group;
            let wish = if same_group { Wish::Near(near) } else { Wish::End };
            writer.insert(pair, &data, spot, wish).map(drop)
        })
    }

    /// The pair of a logical child under its logical parent, and its intersection data. Among several between the same
    /// parents it is one with the same data, if there is one.
    fn find_pair(&mut self, bond: &Bond<'_>, rba: Rba) -> Result<Option<(Rba, Vec<u8>)>, Trouble> {
        let db = self.db;
        let Some(pair) = bond.pair() else { return Ok(None) };
        let own_parent = self.cursor.physical_parent(db, bond.kind, rba)?;
        let key_bytes = bond.kind.logical_parent().map_or(0, |parent| parent.key_bytes);
        let own = self.cursor.data(db, bond.kind, rba)?.get(key_bytes..).unwrap_or_default().to_vec();
        let pair_key_bytes = pair.logical_parent().map_or(0, |parent| parent.key_bytes);
        let mut found = None;
        let mut next = self.cursor.live_child(&bond.other, bond.parent_kind(), bond.parent, pair)?;
        while let Some(twin) = next {
            // One that is coming has no logical parent yet.
            let offset = pair.prefix.logical_parent.unwrap_or_default();
            if self.cursor.pointer(&bond.other, pair, twin, offset)? == Some(own_parent) {
                let data = self.cursor.data(&bond.other, pair, twin)?;
                let data = data.get(pair_key_bytes..).unwrap_or_default().to_vec();
                if data == own {
                    return Ok(Some((twin, data)));
                }
                found.get_or_insert((twin, data));
            }
            next = self.cursor.live_twin(&bond.other, pair, twin)?;
        }
        Ok(found)
    }

    /// Refuses a replacement that would tear a logical child from its logical parent or from its place among its logical
    /// twins.
    pub(in crate::database) fn check_replacement(
        &mut self,
        kind: &SegmentType,
        rba: Rba,
        data: &[u8],
    ) -> Result<(), Trouble> {
        let db = self.db;
        let Some(parent) = kind.logical_parent() else { return Ok(()) };
        let old = self.cursor.data(db, kind, rba)?.to_vec();
        let keys = |data: &[u8]| data.get(..parent.key_bytes).map(<[u8]>::to_vec);
        if keys(&old) != keys(data) {
            return Err(Trouble::Told(StatusCode::DA));
        }
        let bond = self.bond(kind, rba)?;
        let Some(key) = bond.child.pair.and_then(|code| bond.other.kind(code).key) else { return Ok(()) };
        let seen = self.cursor.data_from_logical_parent(db, kind, rba)?;
        let above = seen.len() - old.len().saturating_sub(parent.key_bytes);
        let seen_new = [&seen[..above], &data[parent.key_bytes..]].concat();
        match key.of(&seen) == key.of(&seen_new) {
            true => Ok(()),
            false => Err(Trouble::Told(StatusCode::DA)),
        }
    }

    /// The pair of a logical child gets its data, before the logical child itself has it.
    pub(in crate::database) fn replace_pair(
        &mut self,
        kind: &SegmentType,
        rba: Rba,
        data: &[u8],
    ) -> Result<(), Trouble> {
        let Some(parent) = kind.logical_parent() else { return Ok(()) };
        let bond = self.bond(kind, rba)?;
        let (Some(pair), Some((twin, _))) = (bond.pair(), self.find_pair(&bond, rba)?) else { return Ok(()) };
        let bytes = pair.logical_parent().map_or(0, |parent| parent.key_bytes);
        self.in_database(&bond.other, |writer| {
            writer.change_record_of(pair, twin)?;
            let keys = writer.cursor.data(&bond.other, pair, twin)?.get(..bytes).unwrap_or_default().to_vec();
            writer.replace_alone(pair, twin, &[&keys, &data[parent.key_bytes..]].concat())
        })
    }

    /// A logical child goes: its logical parent does not lead to it any more. Gives which that is.
    pub(super) fn disconnect(
        &mut self,
        kind: &SegmentType,
        old: Rba,
    ) -> Result<Option<(Arc<Database>, u8, Rba)>, Trouble> {
        if kind.logical_parent().is_none() {
            return Ok(None);
        }
        self.change_logical_parent(kind, old)?;
        let bond = self.bond(kind, old)?;
        self.unbind(&bond, old)?;
        Ok(Some((bond.other, bond.parent_code, bond.parent)))
    }

    /// Has the record alone that the logical parent of a logical child is in.
    pub(super) fn change_logical_parent(&mut self, kind: &SegmentType, rba: Rba) -> Result<(), Trouble> {
        let bond = self.bond(kind, rba)?;
        let to = bond.parent_kind();
        self.in_database(&bond.other, |writer| writer.change_record_of(to, bond.parent))
    }

    /// Replaces the data of a logical child that takes its place among its logical twins anew.
    pub(super) fn unlink_and_replace(
        &mut self,
        kind: &SegmentType,
        rba: Rba,
        data: &[u8],
    ) -> Result<(), Trouble> {
        let bond = self.bond(kind, rba)?;
        self.unbind(&bond, rba)?;
        self.replace_stored(kind, rba, data)?;
        self.bind(&bond, rba)
    }

    /// Deletes the pair of a logical child along its own physical path.
    pub(super) fn delete_pair(&mut self, kind: &SegmentType, rba: Rba) -> Result<(), Trouble> {
        let bond = self.bond(kind, rba)?;
        let (Some(pair), Some((twin, _))) = (bond.pair(), self.find_pair(&bond, rba)?) else { return Ok(()) };
        self.in_database(&bond.other, |writer| {
            writer.change_record_of(pair, twin)?;
            writer.delete_related(pair, twin)
        })
    }

    /// Whether a logical child can be got to from its logical parent: through a virtual one that was not deleted, or a pair.
    pub(super) fn has_logical_path(&mut self, kind: &SegmentType, rba: Rba) -> Result<bool, Trouble> {
        let bond = self.bond(kind, rba)?;
        match bond.pair() {
            Some(_) => Ok(self.find_pair(&bond, rba)?.is_some()),
            None if bond.child.is_chained => Ok(!self.cursor.is_logically_deleted(self.db, kind, rba)?),
            None => Ok(false),
        }
    }

    /// Whether a logical parent has logical children; with `live` only those count that were not deleted along their
    /// logical path.
    pub(super) fn has_logical_children(
        &mut self,
        kind: &SegmentType,
        rba: Rba,
        live: bool,
    ) -> Result<bool, Trouble> {
        let db = self.db;
        if let Some(offset) = kind.prefix.counter
            && fullword(self.cursor.segment(db, kind, rba)?, offset) > 0
        {
            return Ok(true);
        }
        for slot in &kind.prefix.logical_children {
            let first = self.cursor.pointer(db, kind, rba, slot.first)?;
            let other = db.relative(&slot.dbd)?;
            let found = match live {
                true => self.cursor.live_logical_twin(&other, other.kind(slot.code), first)?,
                false => first,
            };
            if found.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Where a segment is among its physical twins.
    pub(super) fn spot_under(
        &mut self,
        kind: &SegmentType,
        rba: Rba,
        parent: Option<Rba>,
    ) -> Result<Spot, Trouble> {
        let db = self.db;
        let anchor = match (parent, &db.roots) {
            (None, Roots::Hdam(hdam)) => {
                let data = self.cursor.data(db, kind, rba)?;
                hdam.anchor_of(kind.key.as_ref().map_or(&[][..], |key| key.of(data)))
            }
            _ => 0,
        };
        db.spot_of(&mut self.cursor, kind, rba, parent, anchor)
    }
}
