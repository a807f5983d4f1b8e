//! What a sensitive segment is made of, and how it is got to.

use crate::Rba;
use crate::call::view::ViewSegment;
use crate::database::{Cursor, Database, SegmentType};
use crate::error::Trouble;
use definitions::acb::{DbBlock, Dmb, SegmentBlock};
use std::sync::Arc;
use vocabulary::DbdName;

/// A sensitive segment that is made of segments of physical databases.
pub(crate) struct Seen {
    /// The type as a program sees it.
    pub(crate) kind: SegmentType,
    /// The segment that it is: the logical child where it is made of two.
    pub(crate) own: End,
    /// It is seen from its logical parent.
    pub(crate) is_virtual: bool,
    /// Its data is shown, and not its key alone.
    pub(crate) shows_own: bool,
    /// The parent at the other end of the relationship.
    pub(crate) other: Option<End>,
    /// The data of that is shown.
    pub(crate) shows_other: bool,
    /// How it is got to from its parent.
    pub(crate) way: Way,
}

/// A segment type of a physical database.
#[derive(Clone)]
pub(crate) struct End {
    pub(crate) db: Arc<Database>,
    pub(crate) code: u8,
}

impl End {
    pub(crate) fn kind(&self) -> &SegmentType {
        self.db.kind(self.code)
    }

    /// It is a root, or has pointers that lead up to one.
    pub(crate) fn knows_its_record(&self) -> bool {
        self.kind().parent.is_none() || self.kind().prefix.parent.is_some()
    }

    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.db, &other.db) && self.code == other.code
    }

    fn is_child_of(&self, parent: &Self) -> bool {
        Arc::ptr_eq(&self.db, &parent.db) && self.kind().parent == Some(parent.code)
    }
}

/// How a segment is got to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// It is a root.
    Root,
    /// Along the physical twins under one end of its parent.
    Child(Above),
    /// It is the physical parent of one end of its parent.
    Inverted(Above),
    /// Along the logical twins under one end of its parent: where that has the pointer to the first.
    LogicalChild(Above, usize),
}

/// Which end of the parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Above {
    /// The segment that it is.
    Own,
    /// The one at the other end.
    Other,
}

/// The description of a PCB's database as programs see it, and where the segments are.
pub(crate) struct Shape<'s> {
    pub(crate) dmb: &'s Dmb,
    pub(crate) databases: &'s dyn Fn(&DbdName) -> Option<Arc<Database>>,
}

/// Compiles what each sensitive segment is made of. None where one can't be got to from its parent.
pub(crate) fn compile(block: &DbBlock, shape: &Shape<'_>) -> Option<Vec<Seen>> {
    let mut all: Vec<Seen> = Vec::with_capacity(block.segments.len());
    for segment in &block.segments {
        let described = shape.dmb.segment_of_code(segment.code)?;
        let ends = ends(described, shape)?;
        let way = match segment.parent {
            None if ends.own.kind().parent.is_none() => Way::Root,
            None => return None,
            Some(parent) => way(&ends, all.get(parent)?)?,
        };
        let sources = &described.sources;
        let shows = |at: usize| sources.get(at).is_some_and(|source| source.data);
        all.push(Seen {
            kind: SegmentType::of(shape.dmb, described),
            is_virtual: ends.of.is_some(),
            // What a physical database shows of a virtual logical child is not a matter of KEY and DATA.
            shows_own: shows(0) || !shape.is_logical(),
            shows_other: shows(1),
            own: ends.own,
            other: ends.other,
            way,
        });
    }
    Some(all)
}

impl Shape<'_> {
    fn is_logical(&self) -> bool {
        self.dmb.access == definitions::model::dbd::Access::Logical
    }
}

struct Ends {
    own: End,
    /// The virtual type through which it is seen.
    of: Option<End>,
    other: Option<End>,
}

fn ends(described: &SegmentBlock, shape: &Shape<'_>) -> Option<Ends> {
    let end = |dbd: &DbdName, code: u8| Some(End { db: (shape.databases)(dbd)?, code });
    let first = match (shape.is_logical(), described.sources.first()) {
        (true, Some(source)) => end(&source.dbd, source.code)?,
        (true, None) => return None,
        (false, _) => end(&shape.dmb.name, described.code)?,
    };
    let source = first.kind().logical.as_ref().and_then(|logical| logical.source);
    let (own, of) = match source {
        Some((dbd, code)) => (end(&dbd, code)?, Some(first)),
        None => (first, None),
    };
    let named = match described.sources.get(1) {
        Some(second) if shape.is_logical() => Some(end(&second.dbd, second.code)?),
        _ => None,
    };
    let other = match (&of, own.kind().logical_parent()) {
        (Some(_), _) => own.kind().parent.map(|code| End { db: own.db.clone(), code }),
        (None, Some(parent)) => Some(end(&parent.dbd, parent.code)?),
        (None, None) => None,
    };
    match (named, other) {
        (Some(named), Some(other)) if named.is(&other) => Some(Ends { own, of, other: Some(other) }),
        (Some(_), _) => None,
        (None, _) => Some(Ends { own, of, other: None }),
    }
}

fn way(ends: &Ends, parent: &Seen) -> Option<Way> {
    let above = [(Above::Own, Some(&parent.own)), (Above::Other, parent.other.as_ref())];
    above.into_iter().find_map(|(above, end)| {
        let end = end?;
        match &ends.of {
            Some(of) if of.is_child_of(end) => {
                let slots = &end.kind().prefix.logical_children;
                let own = (ends.own.db.name(), ends.own.code);
                let slot = slots.iter().find(|slot| (slot.dbd, slot.code) == own)?;
                Some(Way::LogicalChild(above, slot.first))
            }
            Some(_) => None,
            None if ends.own.is_child_of(end) => Some(Way::Child(above)),
            None if end.is_child_of(&ends.own) => Some(Way::Inverted(above)),
            None => None,
        }
    })
}

impl Seen {
    /// The data of the segment that it is, as it is seen from this side.
    pub(crate) fn own_data(&self, cursor: &mut Cursor<'_>, rba: Rba) -> Result<Vec<u8>, Trouble> {
        match self.is_virtual {
            true => cursor.data_from_logical_parent(&self.own.db, self.own.kind(), rba),
            false => Ok(cursor.data(&self.own.db, self.own.kind(), rba)?.to_vec()),
        }
    }

    /// The data of the parent at the other end.
    pub(crate) fn other_data(&self, cursor: &mut Cursor<'_>, rba: Rba) -> Result<Vec<u8>, Trouble> {
        let (Some(other), Some(to)) = (&self.other, self.other_end(cursor, rba)?) else {
            return Ok(Vec::new());
        };
        Ok(cursor.data(&other.db, other.kind(), to)?.to_vec())
    }

    /// What a program is shown.
    pub(crate) fn data(&self, cursor: &mut Cursor<'_>, rba: Rba) -> Result<Vec<u8>, Trouble> {
        let mut data = if self.shows_own { self.own_data(cursor, rba)? } else { Vec::new() };
        if self.shows_other {
            data.extend(self.other_data(cursor, rba)?);
        }
        Ok(data)
    }

    /// Its key.
    pub(crate) fn key(&self, cursor: &mut Cursor<'_>, rba: Rba) -> Result<Vec<u8>, Trouble> {
        let Some(key) = &self.kind.key else { return Ok(Vec::new()) };
        Ok(key.of(&self.own_data(cursor, rba)?).to_vec())
    }

    /// Where the parent at the other end is. Its record is locked.
    pub(crate) fn other_end(&self, cursor: &mut Cursor<'_>, rba: Rba) -> Result<Option<Rba>, Trouble> {
        let Some(other) = &self.other else { return Ok(None) };
        let own = self.own.kind();
        let to = match self.is_virtual {
            true => cursor.physical_parent(&self.own.db, own, rba)?,
            false => cursor.logical_parent(&self.own.db, own, rba)?,
        };
        look_at(cursor, other, to)?;
        Ok(Some(to))
    }
}

/// Locks the record that a segment is in which was got to from another one.
pub(crate) fn look_at(cursor: &mut Cursor<'_>, end: &End, rba: Rba) -> Result<(), Trouble> {
    let Some(locker) = cursor.locker() else { return Ok(()) };
    let record = end.db.record_above(cursor, end.kind(), rba)?;
    locker.look_in(end.db.number(), record)
}

impl ViewSegment {
    /// Its twins are logical ones.
    pub(crate) fn is_logical_twin(&self) -> bool {
        self.seen.as_ref().is_some_and(|seen| matches!(seen.way, Way::LogicalChild(..)))
    }

    /// The type as a program sees it, where it is made of others.
    pub(crate) fn seen_kind(&self) -> Option<&SegmentType> {
        self.seen.as_ref().map(|seen| &seen.kind)
    }
}
