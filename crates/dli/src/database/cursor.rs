//! Reading segments where they are.

use super::{Database, SegmentType};
use crate::error::Trouble;
use crate::format::Rba;
use crate::format::block::{self, halfword};
use crate::format::prefix::{DATA_PART, DATA_PART_PREFIX, DELETE_BYTE, SEPARATED};
use crate::lock::{Item, Locker};
use crate::pool::{BufferPool, DataSet, Latched};

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
    pub(crate) fn segment(&mut self, db: &Database, kind: &SegmentType, rba: Rba) -> Result<&[u8], Trouble> {
        let set = db.set_of(kind);
        let bytes = self.bytes(set, rba)?;
        if bytes.first() == Some(&kind.code) && bytes.len() >= kind.prefix.bytes + kind.data_min.min(4) {
            // A second look at a block that is here costs nothing, and satisfies the borrow checker.
            return self.bytes(set, rba);
        }
        Err(broken(set, rba, format!("there is no segment {} at {:#x}", kind.name, rba.byte())))
    }

    /// A pointer of a segment's prefix.
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

    /// The data of a segment. A fixed length one has all of it, a variable length one as much as its length says.
    pub(crate) fn data(&mut self, db: &Database, kind: &SegmentType, rba: Rba) -> Result<&[u8], Trouble> {
        let segment = self.segment(db, kind, rba)?;
        if !kind.variable {
            let end = kind.prefix.bytes + kind.data_max;
            if segment.len() < end {
                return Err(broken(db.set_of(kind), rba, format!("segment {} is cut off", kind.name)));
            }
            return Ok(&self.segment(db, kind, rba)?[kind.prefix.bytes..end]);
        }
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

/// What is said of a pointer that leads nowhere.
fn broken(set: &DataSet, rba: Rba, what: String) -> Trouble {
    Trouble::broken(set.id, set.geometry.place(rba).0, what)
}
