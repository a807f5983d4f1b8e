//! Reading segments where they are.

use super::{Database, SegmentType};
use crate::error::Trouble;
use crate::format::Rba;
use crate::format::block::{self, halfword};
use crate::format::prefix::{DATA_PART, DATA_PART_PREFIX, DELETE_BYTE, SEPARATED};
use crate::lock::{Item, Locker};
use crate::pool::{BufferPool, DataSet, Latched};
use std::cmp::Ordering;

/// Bytes of a line of the processor's cache.
const LINE_BYTES: usize = 64;
/// How much of a record is asked for at once.
const AHEAD_BYTES: usize = 1280;

/// A reader that keeps the block it read last, because the next segment is mostly in it.
pub(crate) struct Cursor<'e> {
    pool: &'e BufferPool,
    here: Option<Here<'e>>,
    /// What isolates it from other programs; none for a program that has the database alone or reads without integrity.
    locker: Option<&'e Locker<'e>>,
}

struct Here<'e> {
    latched: Latched<'e>,
    set: u16,
    block: u32,
    first_byte: u64,
}

impl<'e> Cursor<'e> {
    pub(crate) fn new(pool: &'e BufferPool, locker: Option<&'e Locker<'e>>) -> Self {
        Self { pool, here: None, locker }
    }

    /// What isolates it.
    pub(crate) fn locker(&self) -> Option<&'e Locker<'e>> {
        self.locker
    }

    /// Locks a record before looking at it.
    pub(crate) fn look_at(&self, item: Item) -> Result<(), Trouble> {
        self.locker.map_or(Ok(()), |locker| locker.look_at(item))
    }

    /// Goes past where nothing is. Gives whether to look again.
    pub(crate) fn pass(&self, item: Item) -> Result<bool, Trouble> {
        self.locker.map_or(Ok(false), |locker| locker.pass(item))
    }

    /// Locks what is about to change.
    pub(crate) fn change(&self, item: Item) -> Result<(), Trouble> {
        self.locker.map_or(Ok(()), |locker| locker.change(item))
    }

    /// The pool, for others to latch blocks in. The cursor lets go of its own: they may want its frame.
    pub(crate) fn pool(&mut self) -> &'e BufferPool {
        self.rest();
        self.pool
    }

    /// Lets go of the block. Needed before anything is changed.
    pub(crate) fn rest(&mut self) {
        self.here = None;
    }

    /// The bytes from an address to the end of its block.
    // Compiled into those who call it, as what follows on it: the call would cost as much as what is done.
    #[inline(always)]
    pub(crate) fn bytes(&mut self, set: &DataSet, rba: Rba) -> Result<&[u8], Trouble> {
        let byte = rba.byte();
        let bytes = set.geometry.block_bytes as u64;
        let is_here = |here: &Here<'_>| here.set == set.id && byte.wrapping_sub(here.first_byte) < bytes;
        if !self.here.as_ref().is_some_and(is_here) {
            self.go(set, (byte / bytes) as u32)?;
        }
        match &self.here {
            Some(here) => Ok(&here.latched.data[(byte - here.first_byte) as usize..]),
            None => Err(Trouble::NoBuffer),
        }
    }

    /// A record is about to be searched from here on. Mostly it lies in one piece, and its lines come into the processor's
    /// cache together when they are asked for together, in place of each when the pointer to it has come.
    /// Where it lies in another block than the one that is read, nothing is asked.
    #[inline]
    pub(crate) fn ask_ahead_here(&self, set: &DataSet, rba: Rba) {
        let Some(here) = self.here.as_ref().filter(|here| here.set == set.id) else { return };
        let at = rba.byte().wrapping_sub(here.first_byte) as usize;
        let bytes = here.latched.data.get(at..).unwrap_or_default();
        let lines = bytes[..bytes.len().min(AHEAD_BYTES)].iter().step_by(LINE_BYTES);
        std::hint::black_box(lines.fold(0, |all, byte| all | byte));
    }

    /// A whole block.
    pub(crate) fn block(&mut self, set: &DataSet, block: u32) -> Result<&[u8], Trouble> {
        if !self.here.as_ref().is_some_and(|here| here.set == set.id && here.block == block) {
            self.go(set, block)?;
        }
        self.here.as_ref().map(|here| &here.latched.data[..]).ok_or(Trouble::NoBuffer)
    }

    fn go(&mut self, set: &DataSet, block: u32) -> Result<(), Trouble> {
        // The latch is let go before the next one is asked for.
        self.here = None;
        let latched = self.pool.read(set, block)?;
        let first_byte = u64::from(block) * set.geometry.block_bytes as u64;
        self.here = Some(Here { latched, set: set.id, block, first_byte });
        Ok(())
    }

    /// A segment, from its code to the end of the block.
    #[inline(always)]
    pub(crate) fn segment(&mut self, db: &Database, kind: &SegmentType, rba: Rba) -> Result<&[u8], Trouble> {
        let set = db.set_of(kind);
        let bytes = self.bytes(set, rba)?;
        match bytes.first() == Some(&kind.code) && bytes.len() >= kind.prefix.bytes + kind.data_min.min(4) {
            true => Ok(bytes),
            false => Err(no_segment(set, kind, rba)),
        }
    }

    /// A pointer of a segment's prefix.
    #[inline(always)]
    pub(crate) fn pointer(
        &mut self,
        db: &Database,
        kind: &SegmentType,
        rba: Rba,
        offset: usize,
    ) -> Result<Option<Rba>, Trouble> {
        Ok(block::pointer(self.segment(db, kind, rba)?, offset))
    }

    /// The next twin; for a root the next synonym.
    #[inline]
    pub(crate) fn twin(
        &mut self,
        db: &Database,
        kind: &SegmentType,
        rba: Rba,
    ) -> Result<Option<Rba>, Trouble> {
        match kind.prefix.twin_forward {
            _ if kind.shares_chain => self.twin_on_shared_chain(db, kind, rba),
            Some(offset) => self.pointer(db, kind, rba, offset),
            None => Ok(None),
        }
    }

    /// The segment of a type under a parent that has this key, and that a program may see. No two twins have the same, and no other types share their
    /// chain.
    #[inline]
    pub(crate) fn child_with_key(
        &mut self,
        db: &Database,
        (above, parent): (&SegmentType, Rba),
        kind: &SegmentType,
        wanted: &[u8],
    ) -> Result<Option<Rba>, Trouble> {
        let mut next = self.live_child(db, above, parent, kind)?;
        while let Some(rba) = next {
            let data = self.data(db, kind, rba)?;
            match kind.key.as_ref().map_or(Ordering::Greater, |key| key.of(data).cmp(wanted)) {
                Ordering::Less => next = self.live_twin(db, kind, rba)?,
                Ordering::Equal => return Ok(Some(rba)),
                Ordering::Greater => return Ok(None),
            }
        }
        Ok(None)
    }

    /// The data of a segment. A fixed length one has all of it, a variable length one as much as its length says.
    #[inline(always)]
    pub(crate) fn data(&mut self, db: &Database, kind: &SegmentType, rba: Rba) -> Result<&[u8], Trouble> {
        if kind.variable {
            return self.variable_data(db, kind, rba);
        }
        let segment = self.segment(db, kind, rba)?;
        match segment.get(kind.prefix.bytes..kind.prefix.bytes + kind.data_max) {
            Some(data) => Ok(data),
            None => Err(cut_off(db.set_of(kind), kind, rba)),
        }
    }

    fn variable_data(&mut self, db: &Database, kind: &SegmentType, rba: Rba) -> Result<&[u8], Trouble> {
        let segment = self.segment(db, kind, rba)?;
        if segment[DELETE_BYTE] & SEPARATED != 0 {
            let part = block::pointer(segment, kind.prefix.bytes);
            return self.data_part(db, kind, rba, part);
        }
        let end = kind.prefix.bytes + usize::from(halfword(segment, kind.prefix.bytes));
        match self.segment(db, kind, rba)?.get(kind.prefix.bytes..end) {
            Some(data) if data.len() >= 2 => Ok(data),
            _ => Err(Trouble::broken(
                db.set_of(kind).id,
                0,
                format!("the length of segment {} is wrong", kind.name),
            )),
        }
    }

    /// The data that lies apart from its prefix.
    fn data_part(
        &mut self,
        db: &Database,
        kind: &SegmentType,
        rba: Rba,
        part: Option<Rba>,
    ) -> Result<&[u8], Trouble> {
        let set = db.set_of(kind);
        let wrong =
            || broken(set, rba, format!("the data of segment {} is not where it should be", kind.name));
        let bytes = self.bytes(set, part.ok_or_else(wrong)?)?;
        let is_part = bytes.len() > DATA_PART_PREFIX + 2 && bytes[..2] == [kind.code, DATA_PART];
        let end = if is_part { DATA_PART_PREFIX + usize::from(halfword(bytes, DATA_PART_PREFIX)) } else { 0 };
        bytes.get(DATA_PART_PREFIX..end).ok_or_else(wrong)
    }
}

#[cold]
fn no_segment(set: &DataSet, kind: &SegmentType, rba: Rba) -> Trouble {
    broken(set, rba, format!("there is no segment {} at {:#x}", kind.name, rba.byte()))
}

#[cold]
fn cut_off(set: &DataSet, kind: &SegmentType, rba: Rba) -> Trouble {
    broken(set, rba, format!("segment {} is cut off", kind.name))
}

/// What is said of a pointer that leads nowhere.
fn broken(set: &DataSet, rba: Rba, what: String) -> Trouble {
    Trouble::broken(set.id, set.geometry.place(rba).0, what)
}
