//! Segment types, compiled: every offset that a call needs.

use super::logical::{Logical, may_linger};
use crate::format::free_space::ELEMENT_BYTES;
use crate::format::prefix::{PrefixLayout, is_hierarchic};
use definitions::acb::{Dmb, SegmentBlock};
use definitions::model::field::FieldKind;
use definitions::model::segment::InsertPlace;
use vocabulary::{FieldName, SegmentName};

/// A segment type of a database that is open.
#[derive(Debug, Clone)]
pub(crate) struct SegmentType {
    /// Its name.
    pub(crate) name: SegmentName,
    /// Its code: its place among the types, plus one.
    pub(crate) code: u8,
    /// The parent's code.
    pub(crate) parent: Option<u8>,
    /// The data set group.
    pub(crate) group: usize,
    /// The prefix.
    pub(crate) prefix: PrefixLayout,
    /// In the prefix of the parent: to the first of these under it, or to the first of all types that share its chain. None
    /// where they follow on the parent's own chain.
    pub(crate) first_in_parent: Option<usize>,
    /// In the prefix of the parent: to the last.
    pub(crate) last_in_parent: Option<usize>,
    /// Segments of other types are on its chain, too.
    pub(crate) shares_chain: bool,
    /// The highest code of a segment that may be under it on its chain; its own, if none may.
    pub(crate) chain_end: u8,
    /// The greatest length of the data.
    pub(crate) data_max: usize,
    /// The least.
    pub(crate) data_min: usize,
    /// The data begins with its length.
    pub(crate) variable: bool,
    /// The sequence field.
    pub(crate) key: Option<Key>,
    /// Where a twin goes that its key does not tell apart.
    pub(crate) place: InsertPlace,
    /// What search arguments may name.
    pub(crate) fields: Vec<Field>,
    /// What ties it to segments of other databases.
    pub(crate) logical: Option<Box<Logical>>,
    /// A segment of it may stay in its place when it was deleted physically, for those who get to it on a logical path.
    pub(crate) lingers: bool,
}

/// A sequence field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    /// Its first byte in the data.
    pub(crate) offset: usize,
    /// Its length.
    pub(crate) bytes: usize,
    /// No two twins have the same.
    pub(crate) unique: bool,
}

impl Key {
    /// The key in the data of a segment.
    pub(crate) fn of<'d>(&self, data: &'d [u8]) -> &'d [u8] {
        data.get(self.offset..self.offset + self.bytes).unwrap_or_default()
    }
}

/// A field that a search argument can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field {
    /// Its name.
    pub(crate) name: FieldName,
    /// Its first byte in the data.
    pub(crate) offset: usize,
    /// Its length.
    pub(crate) bytes: usize,
    /// It is the sequence field.
    pub(crate) is_key: bool,
    /// What it has as long as nobody gave it a value.
    pub(crate) fill: Fill,
}

/// What a field has as long as nobody gave it a value: a matter of its TYPE=.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fill {
    /// Of characters.
    Blanks,
    /// Of packed decimals: zero, with its sign.
    PackedZero,
    /// Of anything else: binary zeros.
    Zeros,
}

impl Fill {
    fn of(kind: FieldKind) -> Self {
        match kind {
            FieldKind::Character => Self::Blanks,
            FieldKind::Packed => Self::PackedZero,
            FieldKind::Hexadecimal | FieldKind::Fullword | FieldKind::Halfword => Self::Zeros,
        }
    }

    /// Fills a whole field.
    pub(crate) fn put(self, field: &mut [u8]) {
        field.fill(if self == Self::Blanks { b' ' } else { 0 });
        if let (Self::PackedZero, Some(last)) = (self, field.last_mut()) {
            *last = 0x0c;
        }
    }
}

impl SegmentType {
    pub(crate) fn of(dmb: &Dmb, segment: &SegmentBlock) -> Self {
        let parent = segment.parent.and_then(|code| dmb.segment_of_code(code));
        let above = parent.map(|parent| PrefixLayout::of(dmb, parent));
        let dependents = above.as_ref().and_then(|above| above.dependents);
        let slot = above.and_then(|above| above.children.into_iter().find(|slot| slot.code == segment.code));
        let leads_on = parent.is_some() && is_hierarchic(segment) && !segment.children.is_empty();
        let key = segment.key.as_ref();
        let fields = segment.fields.iter().filter(|field| !field.system_related).map(|field| Field {
            name: field.name,
            offset: field.offset as usize,
            bytes: field.bytes as usize,
            is_key: key.is_some_and(|key| key.name == field.name),
            fill: Fill::of(field.kind),
        });
        Self {
            name: segment.name,
            code: segment.code,
            parent: segment.parent,
            group: segment.data_set_group,
            prefix: PrefixLayout::of(dmb, segment),
            first_in_parent: dependents.or(slot.map(|slot| slot.first)),
            last_in_parent: slot.and_then(|slot| slot.last),
            shares_chain: leads_on || parent.is_some_and(is_hierarchic),
            chain_end: if leads_on { last_under(dmb, segment) } else { segment.code },
            data_max: segment.bytes_max as usize,
            data_min: segment.bytes_min as usize,
            variable: segment.variable_length,
            key: key.map(|key| Key {
                offset: key.offset as usize,
                bytes: key.bytes as usize,
                unique: key.unique,
            }),
            place: segment.rules.place,
            fields: fields.collect(),
            logical: Logical::of(dmb, segment).map(Box::new),
            lingers: may_linger(dmb, segment.code),
        }
    }

    /// Bytes that a segment with so much data takes in its block. Data of variable length leaves room for a pointer to
    /// where it may lie one day.
    pub(crate) fn stored_bytes(&self, data: usize) -> usize {
        let data = if self.variable { data.max(self.data_min).max(4) } else { data };
        (self.prefix.bytes + data).next_multiple_of(2).max(ELEMENT_BYTES)
    }

    /// Bytes that the longest segment takes.
    pub(crate) fn stored_bytes_max(&self) -> usize {
        self.stored_bytes(self.data_max)
    }
}

/// The code of the last type under one. Codes are in hierarchical order.
fn last_under(dmb: &Dmb, segment: &SegmentBlock) -> u8 {
    let behind = dmb.segments.iter().skip(usize::from(segment.code));
    behind.take_while(|other| other.level > segment.level).last().map_or(segment.code, |last| last.code)
}
