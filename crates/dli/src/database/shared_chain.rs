//! Chains that several segment types share: those of hierarchic pointers.
//!
//! A segment with PTR=H or HB points to the next segment of the hierarchy, whatever its type, and so do its dependents as far
//! as they have such pointers, too. Dependents with twin pointers are on the chain as well, and have their own children
//! apart from it. Segment codes are in hierarchical order, so that they tell what is under what: whatever follows a
//! segment with a code above its own and not above `chain_end` is under it, and the next with its own code is its twin.

use super::write::{Spot, Writer};
use super::{Cursor, Database, SegmentType};
use crate::error::Trouble;
use crate::format::Rba;

/// A segment on a chain, with the code of its type.
pub(super) type Member = (Rba, u8);

/// A place on a chain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    /// The segment before; none where a pointer of the parent leads there that no segment of the chain has.
    before: Option<Member>,
    /// The segment that follows.
    next: Option<Member>,
}

/// Codes above one and up to another.
#[derive(Debug, Clone, Copy)]
struct Codes {
    above: u8,
    last: u8,
}

impl Codes {
    /// Those of what may be under a segment on its chain.
    fn under(kind: &SegmentType) -> Self {
        Self { above: kind.code, last: kind.chain_end }
    }

    fn contain(self, code: u8) -> bool {
        self.above < code && code <= self.last
    }
}

impl Link {
    pub(super) fn before(&self) -> Option<Rba> {
        self.before.map(|(rba, _)| rba)
    }

    pub(super) fn next(&self) -> Option<Rba> {
        self.next.map(|(rba, _)| rba)
    }
}

impl Cursor<'_> {
    /// The first segment of a type under a parent.
    #[inline]
    pub(crate) fn first_child(
        &mut self,
        db: &Database,
        parent: &SegmentType,
        rba: Rba,
        kind: &SegmentType,
    ) -> Result<Option<Rba>, Trouble> {
        if !kind.shares_chain {
            return kind.first_in_parent.map_or(Ok(None), |offset| self.pointer(db, parent, rba, offset));
        }
        let first = self.first_on_chain(db, parent, rba, kind)?;
        let (_, found) = self.skip(db, (None, first), Codes { above: parent.code, last: kind.code - 1 })?;
        Ok(found.filter(|&(_, code)| code == kind.code).map(|(rba, _)| rba))
    }

    /// The next twin on a chain that other types share.
    pub(super) fn twin_on_shared_chain(
        &mut self,
        db: &Database,
        kind: &SegmentType,
        rba: Rba,
    ) -> Result<Option<Rba>, Trouble> {
        let next = self.next_on_chain(db, kind, rba)?;
        let (_, found) = self.skip(db, (None, next), Codes::under(kind))?;
        Ok(found.filter(|&(_, code)| code == kind.code).map(|(rba, _)| rba))
    }

    /// Where the chain begins on which segments of a type are under a parent, or goes on behind the parent.
    fn first_on_chain(
        &mut self,
        db: &Database,
        parent: &SegmentType,
        rba: Rba,
        kind: &SegmentType,
    ) -> Result<Option<Member>, Trouble> {
        let Some(offset) = kind.first_in_parent.or(parent.prefix.twin_forward) else { return Ok(None) };
        let first = self.pointer(db, parent, rba, offset)?;
        self.member(db, kind, first)
    }

    /// What follows a segment on its chain.
    pub(super) fn next_on_chain(
        &mut self,
        db: &Database,
        kind: &SegmentType,
        rba: Rba,
    ) -> Result<Option<Member>, Trouble> {
        let Some(offset) = kind.prefix.twin_forward else { return Ok(None) };
        let next = self.pointer(db, kind, rba, offset)?;
        self.member(db, kind, next)
    }

    /// Goes along a chain past segments with these codes. Gives the last of them, or the one before, and what follows.
    fn skip(
        &mut self,
        db: &Database,
        (mut before, mut next): (Option<Member>, Option<Member>),
        codes: Codes,
    ) -> Result<(Option<Member>, Option<Member>), Trouble> {
        while let Some((rba, code)) = next.filter(|&(_, code)| codes.contain(code)) {
            before = next;
            next = self.next_on_chain(db, db.kind(code), rba)?;
        }
        Ok((before, next))
    }

    /// A segment on the chain that a type is on, with its code.
    pub(super) fn member(
        &mut self,
        db: &Database,
        kind: &SegmentType,
        rba: Option<Rba>,
    ) -> Result<Option<Member>, Trouble> {
        let Some(rba) = rba else { return Ok(None) };
        let set = db.set_of(kind);
        let code = self.bytes(set, rba)?.first().copied().unwrap_or(0);
        let is_member = |other: &SegmentType| other.shares_chain && other.group == kind.group;
        match db.types.get(usize::from(code).wrapping_sub(1)).filter(|other| is_member(other)) {
            Some(_) => Ok(Some((rba, code))),
            None => {
                let what = format!("there is no segment of a hierarchic chain at {:#x}", rba.byte());
                Err(Trouble::broken(set.id, set.geometry.place(rba).0, what))
            }
        }
    }
}

impl Writer<'_> {
    /// Where on a chain that types share a segment is, or goes to, that has these twins; none on any other chain.
    pub(super) fn link_of(&mut self, kind: &SegmentType, spot: Spot) -> Result<Option<Link>, Trouble> {
        let db = self.db;
        let (Some(parent), Some(code), true) = (spot.parent, kind.parent, kind.shares_chain) else {
            return Ok(None);
        };
        let above = db.kind(code);
        let (start, codes) = match spot.before {
            Some(twin) => {
                let next = self.cursor.next_on_chain(db, kind, twin)?;
                ((Some((twin, kind.code)), next), Codes::under(kind))
            }
            None => {
                let first = self.cursor.first_on_chain(db, above, parent, kind)?;
                let before = kind.first_in_parent.is_none().then_some((parent, code));
                ((before, first), Codes { above: code, last: kind.code - 1 })
            }
        };
        let (before, next) = self.cursor.skip(db, start, codes)?;
        Ok(Some(Link { before, next }))
    }

    /// Lets a chain lead through a new segment.
    pub(super) fn link_on_shared_chain(
        &mut self,
        kind: &SegmentType,
        new: Rba,
        spot: Spot,
        link: Link,
    ) -> Result<(), Trouble> {
        self.lead(kind, spot, link.before, Some(new))?;
        self.lead_back(link.next, Some(new))?;
        if spot.after.is_none() { self.set_last(kind, spot, Some(new)) } else { Ok(()) }
    }

    /// Takes a segment off its chain, with everything under it, and frees it all.
    pub(super) fn delete_on_shared_chain(
        &mut self,
        kind: &SegmentType,
        rba: Rba,
        spot: Spot,
        link: Link,
    ) -> Result<(), Trouble> {
        let db = self.db;
        if link.next() != Some(rba) {
            let set = db.set_of(kind);
            let what = format!("segment {} is not on the chain of its parent", kind.name);
            return Err(Trouble::broken(set.id, set.geometry.place(rba).0, what));
        }
        let mut gone = vec![(rba, kind.code)];
        let mut next = self.cursor.next_on_chain(db, kind, rba)?;
        while let Some((under_it, code)) = next.filter(|&(_, code)| Codes::under(kind).contain(code)) {
            gone.push((under_it, code));
            next = self.cursor.next_on_chain(db, db.kind(code), under_it)?;
        }
        self.lead(kind, spot, link.before, next.map(|(rba, _)| rba))?;
        self.lead_back(next, link.before())?;
        if spot.after.is_none() {
            self.set_last(kind, spot, spot.before)?;
        }
        self.remove_from_below(gone)
    }

    /// Frees segments of a chain, the last first: entries of secondary indexes look up to the parents.
    fn remove_from_below(&mut self, gone: Vec<Member>) -> Result<(), Trouble> {
        gone.into_iter().rev().try_for_each(|(rba, code)| self.remove(self.db.kind(code), rba))
    }

    /// Frees all segments of a chain that nothing leads to any more.
    pub(super) fn remove_shared_chain(
        &mut self,
        child: &SegmentType,
        first: Option<Rba>,
    ) -> Result<(), Trouble> {
        let db = self.db;
        let mut gone = Vec::new();
        let mut next = self.cursor.member(db, child, first)?;
        while let Some((rba, code)) = next {
            gone.push((rba, code));
            next = self.cursor.next_on_chain(db, db.kind(code), rba)?;
        }
        self.remove_from_below(gone)
    }

    /// What comes before on the chain, or the parent, points to `to`.
    fn lead(
        &mut self,
        kind: &SegmentType,
        spot: Spot,
        before: Option<Member>,
        to: Option<Rba>,
    ) -> Result<(), Trouble> {
        match (before, spot.parent, kind.parent) {
            (Some((rba, code)), _, _) => {
                let before = self.db.kind(code);
                self.set_pointer(before.group, rba, before.prefix.twin_forward, to)
            }
            (None, Some(parent), Some(code)) => {
                let group = self.db.kind(code).group;
                self.set_pointer(group, parent, kind.first_in_parent, to)
            }
            _ => Ok(()),
        }
    }

    /// What comes next on the chain points back to `to`.
    fn lead_back(&mut self, next: Option<Member>, to: Option<Rba>) -> Result<(), Trouble> {
        let Some((rba, code)) = next else { return Ok(()) };
        let next = self.db.kind(code);
        self.set_pointer(next.group, rba, next.prefix.twin_backward, to)
    }

    /// The parent's pointer to the last twin, where it has one.
    fn set_last(&mut self, kind: &SegmentType, spot: Spot, to: Option<Rba>) -> Result<(), Trouble> {
        match (spot.parent, kind.parent) {
            (Some(parent), Some(code)) => {
                let group = self.db.kind(code).group;
                self.set_pointer(group, parent, kind.last_in_parent, to)
            }
            _ => Ok(()),
        }
    }
}
