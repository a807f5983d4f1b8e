//! Where among its twins a segment goes.

use super::tree::Tree;
use super::{Cursor, Database, Roots, SegmentType, Spot, copy_key};
use crate::error::Trouble;
use crate::format::Rba;
use crate::lock::Item;
use definitions::model::segment::InsertPlace;
use std::cmp::Ordering;

/// Where a segment goes, or the twin that is in its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// There.
    At(Spot),
    /// A twin has the same key, and keys are unique; or there may be one twin only.
    Taken(Spot, Rba),
}

/// The rule that decides among equals, and the twin where the program stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) place: InsertPlace,
    pub(crate) here: Option<Rba>,
}

impl Database {
    /// Where a segment with this data goes under a parent.
    pub(crate) fn place_under(
        &self,
        cursor: &mut Cursor<'_>,
        kind: &SegmentType,
        parent: Rba,
        data: &[u8],
        rule: Rule,
    ) -> Result<Room, Trouble> {
        let Some(code) = kind.parent else { return self.place_root(cursor, data, rule) };
        let above = self.kind(code);
        let first = cursor.first_child(self, above, parent, kind)?;
        let spot = Spot { parent: Some(parent), ..Spot::default() };
        if let (Some(twin), None) = (first, kind.prefix.twin_forward) {
            return Ok(Room::Taken(spot, twin));
        }
        if let Some(offset) = kind.last_in_parent
            && let Some(last) = cursor.pointer(self, above, parent, offset)?
            && self.goes_behind(cursor, kind, last, data, rule)?
        {
            return Ok(Room::At(Spot { before: Some(last), ..spot }));
        }
        self.place_on_chain(cursor, kind, first, data, rule, spot)
    }

    /// Whether a segment goes behind the last twin.
    fn goes_behind(
        &self,
        cursor: &mut Cursor<'_>,
        kind: &SegmentType,
        last: Rba,
        data: &[u8],
        rule: Rule,
    ) -> Result<bool, Trouble> {
        let Some(key) = &kind.key else { return Ok(rule.place == InsertPlace::Last) };
        let twin = cursor.data(self, kind, last)?;
        Ok(match key.of(twin).cmp(key.of(data)) {
            Ordering::Less => true,
            Ordering::Equal => !key.unique && rule.place == InsertPlace::Last,
            Ordering::Greater => false,
        })
    }

    /// Where a root with this data goes.
    pub(crate) fn place_root(
        &self,
        cursor: &mut Cursor<'_>,
        data: &[u8],
        rule: Rule,
    ) -> Result<Room, Trouble> {
        let root = self.root();
        let key = root.key.as_ref().map_or(&[][..], |key| key.of(data));
        let room = match &self.roots {
            Roots::Hdam(_) => self.place_on_anchor(cursor, key, data, rule)?,
            Roots::Hidam(tree) => self.place_in_index(cursor, tree, key)?,
        };
        let (Room::At(spot) | Room::Taken(spot, _)) = room;
        cursor.look_at(self.record_of(key, spot.anchor))?;
        Ok(room)
    }

    fn place_on_anchor(
        &self,
        cursor: &mut Cursor<'_>,
        key: &[u8],
        data: &[u8],
        rule: Rule,
    ) -> Result<Room, Trouble> {
        let found = self.find_root(cursor, key)?;
        let spot = Spot { parent: None, anchor: found.anchor, before: found.before, after: found.next };
        let room = match found.exact {
            None if let Some(root) = self.lingering_with(cursor, key, found.before)? => {
                Room::Taken(spot, root)
            }
            None => Room::At(spot),
            // The chain up to here has lower keys: the rule decides among those that are equal.
            Some(first) => self.place_on_chain(cursor, self.root(), Some(first), data, rule, spot)?,
        };
        if matches!(room, Room::At(_)) {
            cursor.change(Item::Anchor(found.anchor))?;
        }
        Ok(room)
    }

    /// The root before a place, where it has this key and lingers.
    fn lingering_with(
        &self,
        cursor: &mut Cursor<'_>,
        key: &[u8],
        before: Option<Rba>,
    ) -> Result<Option<Rba>, Trouble> {
        let field = self.root().key.filter(|key| key.unique && self.root().lingers);
        let (Some(before), Some(field)) = (before, field) else {
            return Ok(None);
        };
        let is_it = field.of(cursor.data(self, self.root(), before)?) == key
            && cursor.is_deleted(self, self.root(), before)?;
        Ok(is_it.then_some(before))
    }

    /// Among the roots of an index. Those before and after point to the new one, where they point to each other.
    fn place_in_index(&self, cursor: &mut Cursor<'_>, tree: &Tree, key: &[u8]) -> Result<Room, Trouble> {
        // From here on nobody adds or removes this root: who may insert locks for update.
        cursor.look_at(Item::root(key))?;
        if let Some(twin) = tree.find(cursor.pool(), key)? {
            return Ok(Room::Taken(Spot::default(), twin));
        }
        cursor.change(Item::root(key))?;
        if self.root().prefix.twin_backward.is_none() {
            return Ok(Room::At(Spot::default()));
        }
        loop {
            let neighbours = |pool| Ok::<_, Trouble>([tree.below(pool, key)?, tree.from(pool, key, false)?]);
            let found = neighbours(cursor.pool())?;
            for entry in found.iter().flatten() {
                cursor.change(entry.item)?;
            }
            if neighbours(cursor.pool())? == found {
                let [before, after] = found.map(|entry| entry.map(|entry| entry.rba));
                return Ok(Room::At(Spot { before, after, ..Spot::default() }));
            }
        }
    }

    /// Locks the roots around one that is deleted: whoever passes there waits until that is final.
    pub(crate) fn change_around_root(
        &self,
        cursor: &mut Cursor<'_>,
        key: &[u8],
        before: Option<Rba>,
    ) -> Result<(), Trouble> {
        let Roots::Hidam(tree) = &self.roots else { return Ok(()) };
        if let Some(before) = before {
            let mut its = [0; 255];
            let item = Item::root(copy_key(self, cursor, before, &mut its)?);
            cursor.change(item)?;
        }
        loop {
            let next = tree.from(cursor.pool(), key, true)?;
            cursor.change(next.map_or(Item::End, |entry| entry.item))?;
            if cursor.locker().is_none() || tree.from(cursor.pool(), key, true)? == next {
                return Ok(());
            }
        }
    }

    /// Where a segment goes on a chain that begins with `first`, behind `spot.before`.
    fn place_on_chain(
        &self,
        cursor: &mut Cursor<'_>,
        kind: &SegmentType,
        first: Option<Rba>,
        data: &[u8],
        rule: Rule,
        spot: Spot,
    ) -> Result<Room, Trouble> {
        let key = kind.key.as_ref().map(|key| (key, key.of(data)));
        let (mut before, mut next) = (spot.before, first);
        let mut first_equal = None;
        while let Some(rba) = next {
            let order = match key {
                None => Ordering::Equal,
                Some((key, wanted)) => key.of(cursor.data(self, kind, rba)?).cmp(wanted),
            };
            let here = Spot { before, after: next, ..spot };
            match order {
                Ordering::Greater => break,
                Ordering::Equal if key.is_some_and(|(key, _)| key.unique) => {
                    return Ok(Room::Taken(here, rba));
                }
                Ordering::Equal if rule.place == InsertPlace::First => return Ok(Room::At(here)),
                Ordering::Equal if rule.place == InsertPlace::Here && rule.here == Some(rba) => {
                    return Ok(Room::At(here));
                }
                Ordering::Equal => {
                    first_equal.get_or_insert(here);
                }
                Ordering::Less => {}
            }
            (before, next) = (next, cursor.twin(self, kind, rba)?);
        }
        let end = Spot { before, after: next, ..spot };
        // HERE without a position among the equals is FIRST.
        let chosen = if rule.place == InsertPlace::Here { first_equal.unwrap_or(end) } else { end };
        Ok(Room::At(chosen))
    }

    /// Where a segment is among its twins.
    pub(crate) fn spot_of(
        &self,
        cursor: &mut Cursor<'_>,
        kind: &SegmentType,
        rba: Rba,
        parent: Option<Rba>,
        anchor: u32,
    ) -> Result<Spot, Trouble> {
        let after = cursor.twin(self, kind, rba)?;
        let spot = Spot { parent, anchor, before: None, after };
        if let Some(offset) = kind.prefix.twin_backward.filter(|_| !kind.shares_chain) {
            return Ok(Spot { before: cursor.pointer(self, kind, rba, offset)?, ..spot });
        }
        let first = match (parent, kind.parent) {
            (Some(parent), Some(code)) => cursor.first_child(self, self.kind(code), parent, kind)?,
            _ => self.chain_head(cursor, anchor)?,
        };
        let (mut before, mut next) = (None, first);
        while let Some(twin) = next.filter(|&twin| twin != rba) {
            (before, next) = (next, cursor.twin(self, kind, twin)?);
        }
        Ok(Spot { before, ..spot })
    }
}
