//! What a PCB sees of its database, compiled.

use super::concatenated::{Seen, Shape, compile};
use super::qualification::{Compared, Of};
use crate::database::{Database, Field, Fill, SegmentType};
use definitions::acb::{DbBlock, SensitiveBlock};
use definitions::model::procopt::ProcOpt;
use vocabulary::SegmentName;

/// The sensitive segments of a PCB, in the order of its SENSEG statements.
pub(crate) struct View {
    /// The segments; the root is the first.
    pub(crate) segments: Vec<ViewSegment>,
    /// The database is loaded.
    pub(crate) loads: bool,
    /// Some segment may be changed.
    pub(crate) updates: bool,
    /// The secondary index whose order the roots have.
    pub(crate) sequence: Option<usize>,
    /// Nobody else may have the database meanwhile: it is loaded, or the PCB says so (PROCOPT E).
    pub(crate) needs_alone: bool,
    /// Its segments are made of others, here or in several databases.
    pub(crate) is_concatenated: bool,
    /// Segments of its database may linger in their places when they were deleted.
    pub(crate) may_linger: bool,
}

/// A sensitive segment.
pub(crate) struct ViewSegment {
    /// Its name.
    pub(crate) name: SegmentName,
    /// The code of its type.
    pub(crate) code: u8,
    /// Its level, from 1.
    pub(crate) level: usize,
    /// The segments from the root to it.
    pub(crate) path: Vec<usize>,
    /// Its children.
    pub(crate) children: Vec<usize>,
    /// What may be done with it.
    pub(crate) options: Options,
    /// Where its key begins in the concatenated key.
    pub(crate) key_offset: usize,
    /// Where it ends.
    pub(crate) key_end: usize,
    /// Bytes of it in the I/O area, where it is of fixed length there.
    pub(crate) area_bytes: usize,
    /// The fields that the program sees; none when it sees all.
    pub(crate) fields: Vec<ViewField>,
    /// It is above its parent in the database: an index turned the structure around.
    pub(crate) inverted: bool,
    /// What it is made of, where that is not a segment of the database that the PCB has.
    pub(crate) seen: Option<Seen>,
    /// What search arguments may name of secondary indexes that lead to it.
    indexed: Vec<(vocabulary::FieldName, Compared)>,
}

impl ViewSegment {
    /// The field of this name, blank padded, if the program sees it or it is the sequence field.
    pub(crate) fn field(&self, kind: &SegmentType, name: &[u8]) -> Option<Compared> {
        if let Some((_, compared)) = self.indexed.iter().find(|(field, _)| field.padded() == *name) {
            return Some(*compared);
        }
        let field = kind.fields.iter().find(|field| field.name.padded() == *name)?;
        (field.is_key || self.sees(field)).then(|| Compared::field(field))
    }

    /// Whether the program can say which key a new segment has.
    pub(crate) fn sees_key(&self, kind: &SegmentType) -> bool {
        kind.fields.iter().filter(|field| field.is_key).all(|key| self.sees(key))
    }

    fn sees(&self, field: &Field) -> bool {
        self.fields.is_empty() || self.fields.iter().any(|seen| seen.name == field.name)
    }
}

/// A sensitive field.
pub(crate) struct ViewField {
    pub(crate) name: vocabulary::FieldName,
    pub(crate) in_segment: usize,
    pub(crate) in_area: usize,
    pub(crate) bytes: usize,
    pub(crate) replaceable: bool,
    pub(crate) fill: Fill,
}

/// PROCOPT, looked up once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    pub(crate) get: bool,
    pub(crate) insert: bool,
    pub(crate) replace: bool,
    pub(crate) delete: bool,
    pub(crate) path: bool,
    pub(crate) key_only: bool,
}

impl Options {
    /// Whether a get call may return the segment.
    pub(crate) fn is_returned(self) -> bool {
        self.get && !self.key_only
    }

    fn of(options: ProcOpt) -> Self {
        Self {
            get: options.has('G'),
            insert: options.has('I'),
            replace: options.has('R'),
            delete: options.has('D'),
            path: options.has('P'),
            key_only: options.is_key_only(),
        }
    }
}

impl View {
    /// What a PCB sees of a database, or of the secondary index with this number as a database of its own.
    pub(crate) fn of(block: &DbBlock, db: &Database, of_index: Option<usize>) -> Self {
        let types = types_of(db, of_index);
        let mut segments: Vec<ViewSegment> = Vec::with_capacity(block.segments.len());
        for (at, segment) in block.segments.iter().enumerate() {
            let mut path = segment.parent.map_or_else(Vec::new, |parent| segments[parent].path.clone());
            path.push(at);
            if let Some(parent) = segment.parent {
                segments[parent].children.push(at);
            }
            segments.push(view_segment(segment, path, types));
        }
        let updates =
            block.options.updates() || block.segments.iter().any(|segment| segment.options.updates());
        let loads = block.options.loads();
        let needs_alone =
            loads || block.options.has('E') || block.segments.iter().any(|segment| segment.options.has('E'));
        let sequence = block
            .sequence
            .as_ref()
            .and_then(|sequence| db.indexes.iter().position(|index| index.rules.name == sequence.index));
        let (is_concatenated, may_linger) = (false, db.is_related());
        let mut view = Self { segments, loads, updates, sequence, needs_alone, is_concatenated, may_linger };
        if of_index.is_none() {
            view.add_indexes(block, db);
        }
        view
    }

    /// What a PCB sees of a logical database, or of a physical one with virtual logical children. None where a segment can't
    /// be got to from its parent, or is other than the PSB says.
    pub(crate) fn concatenated(block: &DbBlock, root: &Database, shape: &Shape<'_>) -> Option<Self> {
        let seen = compile(block, shape)?;
        let mut view = Self::of(block, root, None);
        view.is_concatenated = true;
        for ((segment, seen), named) in view.segments.iter_mut().zip(seen).zip(&block.segments) {
            let key_bytes = seen.kind.key.as_ref().map_or(0, |key| key.bytes);
            if segment.key_end - segment.key_offset != key_bytes || seen.kind.name != named.name {
                return None;
            }
            segment.code = seen.own.code;
            for field in &mut segment.fields {
                let of_dbd = seen.kind.fields.iter().find(|other| other.name == field.name)?;
                field.fill = of_dbd.fill;
            }
            segment.seen = Some(seen);
        }
        Some(view)
    }

    /// What search arguments may name of secondary indexes, and what is other in an alternate processing sequence.
    fn add_indexes(&mut self, block: &DbBlock, db: &Database) {
        for (place, named) in block.segments.iter().enumerate() {
            for (at, index) in db.indexes.iter().enumerate() {
                let of = match () {
                    () if index.rules.target != named.code => continue,
                    () if place == 0 && self.sequence == Some(at) => Of::Sequence(at),
                    () if named.indices.contains(&index.rules.name) => Of::Index(at),
                    () => continue,
                };
                let compared = Compared::search_key(of, index.rules.search_bytes);
                self.segments[place].indexed.push((index.rules.field, compared));
            }
        }
        if self.sequence.is_none() {
            return;
        }
        for place in 0..self.segments.len() {
            let above = named_parent(block, place).and_then(|parent| db.kind(parent).parent);
            let segment = &mut self.segments[place];
            segment.inverted = above == Some(segment.code);
            // The target and what is above it neither come nor go this way.
            if place == 0 || segment.inverted {
                (segment.options.insert, segment.options.delete) = (false, false);
            }
        }
    }

    /// The segment of this name, blank padded.
    pub(crate) fn find(&self, name: &[u8; 8]) -> Option<usize> {
        self.segments.iter().position(|segment| segment.name.padded() == *name)
    }

    /// Whether the DMB is the one that the view was made for.
    pub(crate) fn agrees_with(&self, db: &Database, of_index: Option<usize>) -> bool {
        let dmb = of_index.and_then(|at| db.indexes.get(at)).map_or(&*db.dmb, |index| &index.block);
        self.segments.iter().all(|segment| {
            let kind = dmb.segment_of_code(segment.code);
            let key_bytes = kind.and_then(|kind| kind.key.as_ref()).map_or(0, |key| key.bytes as usize);
            let index = self.sequence.filter(|_| segment.path.len() == 1).and_then(|at| db.indexes.get(at));
            let key_bytes = index.map_or(key_bytes, |index| index.rules.search_bytes);
            let is_there = |seen: &ViewField| {
                kind.and_then(|kind| kind.field(&seen.name)).is_some_and(|field| {
                    (field.offset as usize, field.bytes as usize) == (seen.in_segment, seen.bytes)
                })
            };
            kind.is_some_and(|kind| kind.name == segment.name)
                && segment.key_end - segment.key_offset == key_bytes
                && segment.fields.iter().all(is_there)
        })
    }
}

/// The code of the segment that the PCB has as the parent of one.
fn named_parent(block: &DbBlock, place: usize) -> Option<u8> {
    block.segments[place].parent.map(|parent| block.segments[parent].code)
}

/// The types of the segments that a PCB sees: those of a database, or of a secondary index.
pub(crate) fn types_of(db: &Database, of_index: Option<usize>) -> &[SegmentType] {
    let index = of_index.and_then(|at| db.indexes.get(at));
    index.map_or(&db.types, |index| std::slice::from_ref(&index.kind))
}

fn view_segment(segment: &SensitiveBlock, path: Vec<usize>, types: &[SegmentType]) -> ViewSegment {
    let kind = types.iter().find(|kind| kind.code == segment.code);
    let of_dbd = |name| kind.and_then(|kind| kind.fields.iter().find(|field| field.name == name));
    let key_end = segment.concatenated_key_bytes as usize;
    ViewSegment {
        name: segment.name,
        code: segment.code,
        level: usize::from(segment.level),
        path,
        children: Vec::new(),
        options: Options::of(segment.options),
        key_offset: key_end - segment.key_bytes as usize,
        key_end,
        area_bytes: segment.io_area_bytes as usize,
        inverted: false,
        seen: None,
        indexed: Vec::new(),
        fields: segment
            .fields
            .iter()
            .map(|field| ViewField {
                name: field.name,
                in_segment: field.segment_offset as usize,
                in_area: field.area_offset as usize,
                bytes: field.bytes as usize,
                replaceable: field.replaceable,
                fill: of_dbd(field.name).map_or(Fill::Zeros, |field| field.fill),
            })
            .collect(),
    }
}
