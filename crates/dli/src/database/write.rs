//! Putting segments into a database, changing and removing them.

use super::change::{change_block, prepare};
use super::logical::Gone;
use super::{Cursor, Database, IndexOf, Journal, RootPlace, Roots, SegmentType};
use crate::error::Trouble;
use crate::format::block;
use crate::format::free_space::{self, ELEMENT_BYTES};
use crate::format::prefix::{DATA_PART, DATA_PART_PREFIX, DELETE_BYTE, SEPARATED};
use crate::format::{Rba, rba};
use crate::lock::{Item, Locker};
use crate::pool::{BufferPool, Content};
use crate::units::Units;
use logger::Change;
use std::sync::Arc;

/// The most bytes that one record puts.
const PUT_BYTES_MAX: usize = 16 * 1024;

/// Where a segment goes among its twins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Spot {
    /// Its parent; none for a root.
    pub(crate) parent: Option<Rba>,
    /// The anchor point of an HDAM root.
    pub(crate) anchor: u32,
    /// The twin before it.
    pub(crate) before: Option<Rba>,
    /// The twin after it.
    pub(crate) after: Option<Rba>,
}

/// Where a segment would best be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// In the block of this segment of the same data set group, or near it.
    Near(Rba),
    /// In this block of data, or near it.
    Block(u32),
    /// At the end of the data set, outside of the root addressable area.
    End,
}

/// Changes a database for a unit of work.
pub(crate) struct Writer<'e> {
    pub(crate) pool: &'e BufferPool,
    pub(crate) db: &'e Arc<Database>,
    pub(crate) cursor: Cursor<'e>,
    units: &'e Units,
    /// What takes the changes back; none for a load, which is done again from the start.
    journal: Option<&'e mut Journal>,
    scratch: Vec<u8>,
    /// An entry of a secondary index that should have been there was not.
    pub(super) misses_entry: bool,
    /// What was removed: types and places. Kept where there are secondary indexes.
    pub(crate) removed: Vec<(u8, Rba)>,
    /// What was removed where there are logical relationships, here and in other databases.
    pub(crate) gone: Vec<Gone>,
}

impl<'e> Writer<'e> {
    pub(crate) fn new(
        pool: &'e BufferPool,
        db: &'e Arc<Database>,
        units: &'e Units,
        journal: Option<&'e mut Journal>,
        locker: Option<&'e Locker<'e>>,
    ) -> Self {
        Self {
            pool,
            db,
            cursor: Cursor::new(pool, locker),
            units,
            journal,
            scratch: Vec::new(),
            misses_entry: false,
            removed: Vec::new(),
            gone: Vec::new(),
        }
    }

    /// The units of work that are under way.
    pub(super) fn units(&self) -> &'e Units {
        self.units
    }

    /// What takes the changes of the unit of work back.
    pub(super) fn journal_of_unit(&mut self) -> Option<&mut Journal> {
        self.journal.as_deref_mut()
    }

    /// Puts a segment into the database.
    pub(crate) fn insert(
        &mut self,
        kind: &SegmentType,
        data: &[u8],
        spot: Spot,
        wish: Wish,
    ) -> Result<Rba, Trouble> {
        self.refuse_duplicates(kind, data, spot)?;
        let len = kind.stored_bytes(data.len());
        let link = self.link_of(kind, spot)?;
        let new = self.take(kind.group, len, wish)?;
        let mut bytes = std::mem::take(&mut self.scratch);
        bytes.clear();
        bytes.resize(len, 0);
        bytes[0] = kind.code;
        let mut set = |at: Option<usize>, to: Option<Rba>| {
            if let Some(at) = at {
                bytes[at..at + 4].copy_from_slice(&rba::stored(to));
            }
        };
        set(kind.prefix.twin_forward, link.map_or(spot.after, |link| link.next()));
        set(kind.prefix.twin_backward, link.map_or(spot.before, |link| link.before()));
        set(kind.prefix.parent, spot.parent);
        bytes[kind.prefix.bytes..kind.prefix.bytes + data.len()].copy_from_slice(data);
        let put = self.put(kind.group, new, 0, &bytes);
        self.scratch = bytes;
        put?;
        match link {
            Some(link) => self.link_on_shared_chain(kind, new, spot, link)?,
            None => self.link(kind, new, spot)?,
        }
        self.connect(kind, new)?;
        self.index_source(kind, new)?;
        Ok(new)
    }

    /// Lets parent and twins point to a new segment.
    fn link(&mut self, kind: &SegmentType, new: Rba, spot: Spot) -> Result<(), Trouble> {
        if kind.parent.is_none() && self.is_chained_by_block() {
            return self.link_by_block(kind, new);
        }
        self.set_forward(kind, spot, Some(new))?;
        self.set_backward(kind, spot, Some(new))
    }

    /// What comes before in the chain points to `to`.
    pub(super) fn set_forward(
        &mut self,
        kind: &SegmentType,
        spot: Spot,
        to: Option<Rba>,
    ) -> Result<(), Trouble> {
        match (spot.before, spot.parent, kind.parent) {
            (Some(before), _, _) => self.set_pointer(kind.group, before, kind.prefix.twin_forward, to),
            (None, Some(parent), Some(code)) => {
                let group = self.db.kind(code).group;
                self.set_pointer(group, parent, kind.first_in_parent, to)
            }
            _ => self.set_anchor(spot.anchor, to),
        }
    }

    /// What comes after in the chain points to `to`.
    pub(super) fn set_backward(
        &mut self,
        kind: &SegmentType,
        spot: Spot,
        to: Option<Rba>,
    ) -> Result<(), Trouble> {
        match (spot.after, spot.parent, kind.parent) {
            (Some(after), _, _) => self.set_pointer(kind.group, after, kind.prefix.twin_backward, to),
            (None, Some(parent), Some(code)) => {
                let group = self.db.kind(code).group;
                self.set_pointer(group, parent, kind.last_in_parent, to)
            }
            _ => Ok(()),
        }
    }

    /// A HIDAM root without backward pointers hangs on the anchor point of its block, the latest first.
    pub(super) fn is_chained_by_block(&self) -> bool {
        matches!(self.db.roots, Roots::Hidam(_)) && self.db.groups[0].set.geometry.anchors == 1
    }

    fn link_by_block(&mut self, kind: &SegmentType, new: Rba) -> Result<(), Trouble> {
        let set = self.db.groups[kind.group].set.clone();
        let (number, _) = set.geometry.place(new);
        self.cursor.change(Item::Block(number))?;
        let head = block::pointer(self.cursor.block(&set, number)?, block::ROOT_ANCHORS);
        self.set_pointer(kind.group, new, kind.prefix.twin_forward, head)?;
        self.put_in_block(kind.group, number, block::ROOT_ANCHORS, &new.stored())
    }

    pub(super) fn unlink_by_block(&mut self, kind: &SegmentType, old: Rba) -> Result<(), Trouble> {
        let set = self.db.groups[kind.group].set.clone();
        let (number, _) = set.geometry.place(old);
        self.cursor.change(Item::Block(number))?;
        let mut before = None;
        let mut next = block::pointer(self.cursor.block(&set, number)?, block::ROOT_ANCHORS);
        while let Some(rba) = next.filter(|&rba| rba != old) {
            before = Some(rba);
            next = self.cursor.twin(self.db, kind, rba)?;
        }
        let after = self.cursor.twin(self.db, kind, old)?;
        match before {
            Some(before) => self.set_pointer(kind.group, before, kind.prefix.twin_forward, after),
            None => self.put_in_block(kind.group, number, block::ROOT_ANCHORS, &rba::stored(after)),
        }
    }

    fn set_anchor(&mut self, anchor: u32, to: Option<Rba>) -> Result<(), Trouble> {
        let Roots::Hdam(hdam) = &self.db.roots else { return Ok(()) };
        let (number, offset) = hdam.place_of(anchor);
        let number = self.db.groups[0].set.geometry.data_block(number);
        self.put_in_block(0, number, offset, &rba::stored(to))
    }

    /// Removes a segment and everything under it.
    pub(crate) fn delete(&mut self, kind: &SegmentType, rba: Rba, spot: Spot) -> Result<(), Trouble> {
        if let Some(link) = self.link_of(kind, spot)? {
            return self.delete_on_shared_chain(kind, rba, spot, link);
        }
        if kind.parent.is_none() && self.is_chained_by_block() {
            self.unlink_by_block(kind, rba)?;
        } else {
            self.set_forward(kind, spot, spot.after)?;
            self.set_backward(kind, spot, spot.before)?;
        }
        self.remove(kind, rba)
    }

    /// Frees a segment that nothing points to any more, and everything that it points to as its children.
    pub(super) fn remove(&mut self, kind: &SegmentType, rba: Rba) -> Result<(), Trouble> {
        let db = self.db;
        self.change_segment(kind, rba)?;
        self.unindex_source(kind, rba)?;
        if !db.indexes.is_empty() {
            self.removed.push((kind.code, rba));
        }
        if let Some(offset) = kind.prefix.dependents {
            let first = self.cursor.pointer(db, kind, rba, offset)?;
            self.remove_shared_chain(db.kind(kind.code + 1), first)?;
        }
        for slot in &kind.prefix.children {
            let child = db.kind(slot.code);
            let first = self.cursor.pointer(db, kind, rba, slot.first)?;
            if child.shares_chain {
                self.remove_shared_chain(child, first)?;
                continue;
            }
            let mut next = first;
            while let Some(twin) = next {
                next = self.cursor.twin(db, child, twin)?;
                self.remove(child, twin)?;
            }
        }
        self.free(kind, rba)
    }

    /// Frees the bytes of a segment.
    pub(super) fn free(&mut self, kind: &SegmentType, rba: Rba) -> Result<(), Trouble> {
        let stored = self.stored(kind, rba)?;
        if let Some((part, len)) = stored.part {
            self.release(kind.group, part, 0, len)?;
        }
        self.release(kind.group, rba, 0, stored.bytes)
    }

    pub(super) fn change_segment(&self, kind: &SegmentType, rba: Rba) -> Result<(), Trouble> {
        self.cursor.locker().map_or(Ok(()), |locker| locker.change_segment(kind.group, rba))
    }

    /// Replaces the data of a segment.
    pub(crate) fn replace(&mut self, kind: &SegmentType, rba: Rba, data: &[u8]) -> Result<(), Trouble> {
        self.check_replacement(kind, rba, data)?;
        self.replace_pair(kind, rba, data)?;
        self.replace_alone(kind, rba, data)
    }

    /// Replaces the data of a segment, and not that of its pair.
    pub(super) fn replace_alone(&mut self, kind: &SegmentType, rba: Rba, data: &[u8]) -> Result<(), Trouble> {
        self.change_segment(kind, rba)?;
        let before = self.entries_of(kind, rba)?;
        self.replace_stored(kind, rba, data)?;
        self.reindex_source(kind, rba, &before)
    }

    /// Replaces the data of a segment where it is kept.
    pub(super) fn replace_stored(
        &mut self,
        kind: &SegmentType,
        rba: Rba,
        data: &[u8],
    ) -> Result<(), Trouble> {
        if !kind.variable {
            return self.put(kind.group, rba, kind.prefix.bytes, data);
        }
        let stored = self.stored(kind, rba)?;
        match stored.part {
            Some((part, len)) => self.replace_part(kind, rba, (part, len), data),
            None if kind.stored_bytes(data.len()) <= stored.bytes => {
                self.put(kind.group, rba, kind.prefix.bytes, data)?;
                self.trim(
                    kind.group,
                    rba,
                    kind.prefix.bytes + data.len(),
                    kind.stored_bytes(data.len()),
                    stored.bytes,
                )
            }
            None => self.separate(kind, rba, stored.bytes, data),
        }
    }

    /// Moves data that grew out of its place to another, and leaves a pointer to it.
    fn separate(&mut self, kind: &SegmentType, rba: Rba, bytes: usize, data: &[u8]) -> Result<(), Trouble> {
        let part = self.insert_part(kind, rba, data)?;
        let flag = self.cursor.segment(self.db, kind, rba)?[DELETE_BYTE] | SEPARATED;
        self.put(kind.group, rba, DELETE_BYTE, &[flag])?;
        self.put(kind.group, rba, kind.prefix.bytes, &part.stored())?;
        let kept = kind.prefix.bytes + 4;
        self.trim(kind.group, rba, kept, kept.next_multiple_of(2).max(ELEMENT_BYTES), bytes)
    }

    fn replace_part(
        &mut self,
        kind: &SegmentType,
        rba: Rba,
        (part, len): (Rba, usize),
        data: &[u8],
    ) -> Result<(), Trouble> {
        let needed = part_bytes(data.len());
        if needed <= len {
            self.put(kind.group, part, DATA_PART_PREFIX, data)?;
            return self.trim(kind.group, part, DATA_PART_PREFIX + data.len(), needed, len);
        }
        let new = self.insert_part(kind, rba, data)?;
        self.put(kind.group, rba, kind.prefix.bytes, &new.stored())?;
        self.release(kind.group, part, 0, len)
    }

    fn insert_part(&mut self, kind: &SegmentType, rba: Rba, data: &[u8]) -> Result<Rba, Trouble> {
        let part = self.take(kind.group, part_bytes(data.len()), Wish::Near(rba))?;
        self.put(kind.group, part, 0, &[kind.code, DATA_PART])?;
        self.put(kind.group, part, DATA_PART_PREFIX, data)?;
        Ok(part)
    }

    /// Gives back what is not needed any more behind shorter data: `used` bytes of `kept`, of which there were `had`.
    fn trim(&mut self, group: usize, rba: Rba, used: usize, kept: usize, had: usize) -> Result<(), Trouble> {
        if had - kept >= ELEMENT_BYTES {
            self.zero(group, rba, used, kept)?;
            self.release(group, rba, kept, had - kept)
        } else {
            self.zero(group, rba, used, had)
        }
    }

    fn zero(&mut self, group: usize, rba: Rba, from: usize, to: usize) -> Result<(), Trouble> {
        let zeros = vec![0; to.saturating_sub(from)];
        self.put(group, rba, from, &zeros)
    }

    /// How many bytes a segment takes where it is, and where its data is if that lies apart.
    fn stored(&mut self, kind: &SegmentType, rba: Rba) -> Result<Stored, Trouble> {
        if !kind.variable {
            return Ok(Stored { bytes: kind.stored_bytes_max(), part: None });
        }
        let data = self.cursor.data(self.db, kind, rba)?.len();
        let segment = self.cursor.segment(self.db, kind, rba)?;
        if segment[DELETE_BYTE] & SEPARATED == 0 {
            return Ok(Stored { bytes: kind.stored_bytes(data), part: None });
        }
        let part = block::pointer(segment, kind.prefix.bytes).map(|part| (part, part_bytes(data)));
        Ok(Stored { bytes: (kind.prefix.bytes + 4).next_multiple_of(2).max(ELEMENT_BYTES), part })
    }

    /// Takes room for a segment.
    fn take(&mut self, group: usize, len: usize, wish: Wish) -> Result<Rba, Trouble> {
        self.cursor.rest();
        let db = self.db;
        let (set, space) = (&db.groups[group].set, &db.groups[group].space);
        let loading = self.journal.is_none();
        let paced = loading && (space.load_reserve > 0 || space.load_skip > 0);
        let overflow = set.geometry.root_blocks + 1;
        let near = match wish {
            Wish::Near(rba) => set.geometry.data_number(set.geometry.place(rba).0).unwrap_or(overflow),
            Wish::Block(number) => number,
            Wish::End => space.last().max(overflow),
        };
        let offer = |number| {
            let skipped = paced && space.load_skip > 0 && number % space.load_skip == 0;
            if skipped { Ok(None) } else { self.take_in(group, number, len, paced) }
        };
        match paced {
            true => space.search_for_load(near, &set.geometry, offer),
            false => space.search(near, &set.geometry, offer),
        }
    }

    /// Takes room in a block, if there is enough.
    fn take_in(
        &mut self,
        group: usize,
        number: u32,
        len: usize,
        paced: bool,
    ) -> Result<Option<Rba>, Trouble> {
        let (set, space) = (&self.db.groups[group].set, &self.db.groups[group].space);
        let unit = self.journal.as_ref().map_or(0, |journal| journal.unit);
        let usable = |owner: u32| owner == 0 || owner == unit || !self.units.is_active(owner);
        let block = set.geometry.data_block(number);
        let mut content = self.pool.write(set, block)?;
        prepare(set, &mut content.data);
        if !matches!(block::kind(&content.data), Some(block::Kind::Data)) {
            return Err(Trouble::broken(set.id, block, "it is no block for segments"));
        }
        let kept_free = paced && free_space::total(&content.data) < len + space.load_reserve;
        let found = free_space::find(&content.data, len, usable).filter(|_| !kept_free);
        if let Some(at) = found {
            self.make(group, block, &mut content, Change::Take { at, len })?;
        }
        let has_room = free_space::find(&content.data, space.longest, |_| true).is_some();
        drop(content);
        space.note(number, has_room);
        Ok(found.and_then(|at| set.geometry.rba(block, at)))
    }

    /// Frees bytes of a segment.
    fn release(&mut self, group: usize, rba: Rba, offset: usize, len: usize) -> Result<(), Trouble> {
        self.cursor.rest();
        let set = &self.db.groups[group].set;
        let (number, at) = set.geometry.place(rba);
        let owner = self.journal.as_ref().map_or(0, |journal| journal.unit);
        self.change(group, number, Change::Release { at: at + offset, len, owner })?;
        self.db.groups[group].space.note_released(&self.db.groups[group].set, number);
        Ok(())
    }

    pub(super) fn set_pointer(
        &mut self,
        group: usize,
        rba: Rba,
        offset: Option<usize>,
        to: Option<Rba>,
    ) -> Result<(), Trouble> {
        match offset {
            Some(offset) => self.put(group, rba, offset, &rba::stored(to)),
            None => Ok(()),
        }
    }

    /// Overwrites bytes of a segment.
    pub(super) fn put(&mut self, group: usize, rba: Rba, offset: usize, bytes: &[u8]) -> Result<(), Trouble> {
        let (number, at) = self.db.groups[group].set.geometry.place(rba);
        self.put_in_block(group, number, at + offset, bytes)
    }

    fn put_in_block(&mut self, group: usize, number: u32, at: usize, bytes: &[u8]) -> Result<(), Trouble> {
        self.cursor.rest();
        // A record has what was there before and what comes, and both have to fit it.
        for (piece, bytes) in bytes.chunks(PUT_BYTES_MAX).enumerate() {
            self.change(group, number, Change::Put { at: at + piece * PUT_BYTES_MAX, bytes })?;
        }
        Ok(())
    }

    /// Makes a change, and notes before what takes it back.
    fn change(&mut self, group: usize, number: u32, change: Change<'_>) -> Result<(), Trouble> {
        let set = &self.db.groups[group].set;
        let mut content = self.pool.write(set, number)?;
        prepare(set, &mut content.data);
        let change = match change {
            Change::Release { at, len, owner } => {
                // What goes with the segment comes back with it.
                let len = len + free_space::zeros_behind(&content.data, (at + len).min(content.data.len()));
                Change::Release { at, len, owner }
            }
            change => change,
        };
        self.make(group, number, &mut content, change)
    }

    /// Makes a change of a block that is latched.
    fn make(
        &mut self,
        group: usize,
        number: u32,
        content: &mut Content,
        change: Change<'_>,
    ) -> Result<(), Trouble> {
        let set = &self.db.groups[group].set;
        match self.journal.as_deref_mut() {
            Some(journal) => journal.change(self.units, self.db, (group, number), content, change),
            None => change_block(None, set, number, content, change, 0..0).map(drop),
        }
    }

    /// Adds a root to the primary index.
    pub(crate) fn index(&mut self, key: &[u8], root: RootPlace) -> Result<(), Trouble> {
        self.add_entry(IndexOf::Primary, key, root.rba)
    }

    /// Removes a root from the primary index.
    pub(crate) fn unindex(&mut self, key: &[u8], rba: Rba) -> Result<(), Trouble> {
        self.remove_entry(IndexOf::Primary, key, rba)
    }

    /// Adds an entry, its key and its data, to an index.
    pub(crate) fn add_entry(&mut self, of: IndexOf, entry: &[u8], rba: Rba) -> Result<(), Trouble> {
        self.cursor.rest();
        let Some(tree) = self.db.tree(of) else { return Ok(()) };
        match self.journal.as_deref_mut() {
            Some(journal) => journal.index((self.pool, self.units), self.db, of, entry, rba),
            None => tree.insert(self.pool, entry, rba, None).map(drop),
        }
    }

    /// Removes an entry from an index.
    pub(crate) fn remove_entry(&mut self, of: IndexOf, entry: &[u8], rba: Rba) -> Result<(), Trouble> {
        self.cursor.rest();
        let Some(tree) = self.db.tree(of) else { return Ok(()) };
        match self.journal.as_deref_mut() {
            Some(journal) => journal.unindex((self.pool, self.units), self.db, of, entry, rba),
            None => tree.remove(self.pool, entry, None).map(drop),
        }
    }
}

/// What a segment takes of its data set.
struct Stored {
    bytes: usize,
    part: Option<(Rba, usize)>,
}

/// Bytes that data takes where it lies apart from its prefix.
fn part_bytes(data: usize) -> usize {
    (DATA_PART_PREFIX + data).next_multiple_of(2).max(ELEMENT_BYTES)
}
