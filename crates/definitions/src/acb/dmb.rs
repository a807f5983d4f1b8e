//! DBD into DMB.

use super::Library;
use super::dmb_block::{Dmb, FieldBlock, KeyBlock, SegmentBlock};
use super::logical::concatenated_key_bytes;
use super::resolver::{Resolver, code_of};
use crate::finding::Finding;
use crate::model::dbd::{Access, Dbd};
use crate::model::field::{Field, Sequence};
use crate::model::segment::{ChildPointer, PhysicalPointer, Pointers, Segment};
use vocabulary::DbdName;

/// How many databases a chain of SOURCE= may lead through; a longer one runs in a circle.
const SOURCE_DEPTH_MAX: usize = 4;

/// Builds the DMB of a DBD, with the indexes and logical relationships to other DBDs resolved. That of a logical DBD is
/// the shape in which programs see its sources; only physical DBDs have one that is kept as an ACB.
///
/// Warnings are for those who show them: [`build_dmb_with_findings`].
///
/// # Errors
/// Everything that is wrong between this DBD and those that it refers to.
pub fn build_dmb(dbd: &Dbd, library: &dyn Library) -> Result<Dmb, Vec<Finding>> {
    let (dmb, findings) = build_dmb_with_findings(dbd, library);
    dmb.ok_or(findings)
}

/// As [`build_dmb`], with everything found: the warnings about a DMB that is built, the errors when none is.
pub fn build_dmb_with_findings(dbd: &Dbd, library: &dyn Library) -> (Option<Dmb>, Vec<Finding>) {
    let mut resolver = Resolver::of_dbd(dbd, library);
    let dmb = assemble(dbd, &mut resolver);
    let usable = !resolver.has_errors();
    (usable.then_some(dmb), resolver.into_findings())
}

/// The DMB as far as it can be resolved, whether or not it may be used.
pub(super) fn assemble(dbd: &Dbd, resolver: &mut Resolver<'_>) -> Dmb {
    let mut segments: Vec<SegmentBlock> = Vec::with_capacity(dbd.segments.len());
    for segment in &dbd.segments {
        let Ok(code) = u8::try_from(segments.len() + 1) else { break };
        let block = block(dbd, segment, code, &segments, resolver);
        if let Some(parent) = block.parent.and_then(|parent| segments.get_mut(usize::from(parent) - 1)) {
            parent.children.push(code);
        }
        segments.push(block);
    }
    let key_bytes_max = segments.iter().map(|segment| segment.concatenated_key_bytes).max().unwrap_or(0);
    let mut dmb = Dmb {
        name: dbd.name,
        access: dbd.access,
        os_access: dbd.os_access,
        protected: dbd.protected,
        encoding: dbd.encoding.clone(),
        randomizer: dbd.randomizer.clone(),
        partition_selection: dbd.partition_selection.clone(),
        segments,
        data_sets: dbd.data_sets.clone(),
        areas: dbd.areas.clone(),
        primary_index: None,
        secondary_indexes: Vec::new(),
        key_bytes_max,
    };
    super::logical::resolve(dbd, &mut dmb, resolver);
    super::index::resolve(dbd, &mut dmb, resolver);
    dmb
}

fn block(
    dbd: &Dbd,
    segment: &Segment,
    code: u8,
    before: &[SegmentBlock],
    resolver: &Resolver<'_>,
) -> SegmentBlock {
    let parent = segment.parent.and_then(|parent| code_of(dbd, parent.name)).filter(|&parent| parent < code);
    let above = parent.and_then(|parent| before.get(usize::from(parent) - 1));
    let shape = Shape::of(segment, resolver, SOURCE_DEPTH_MAX);
    let key_bytes = shape.key.as_ref().map_or(0, |key| key.bytes);
    SegmentBlock {
        name: segment.name,
        code,
        level: above.map_or(1, |above| above.level.saturating_add(1)),
        parent,
        children: Vec::new(),
        parent_pointer: segment.parent.map_or(ChildPointer::First, |parent| parent.pointer),
        bytes_max: shape.bytes_max,
        bytes_min: shape.bytes_min,
        variable_length: shape.bytes_min != shape.bytes_max,
        concatenated_key_bytes: above.map_or(0, |above| above.concatenated_key_bytes) + key_bytes,
        key: shape.key,
        fields: shape.fields,
        pointers: pointers(dbd.access, segment),
        rules: segment.rules,
        data_set_group: segment.data_set_group,
        compression: segment.compression.clone(),
        exits: segment.exits.clone().unwrap_or_else(|| dbd.exits.clone()),
        dependent: segment.dependent,
        subset_pointers: segment.subset_pointers,
        logical_parent: None,
        logical_children: Vec::new(),
        sources: Vec::new(),
        index_target: None,
    }
}

/// Without POINTER= the segments of a direct database are chained forward.
fn pointers(access: Access, segment: &Segment) -> Pointers {
    let mut pointers = segment.pointers;
    let is_virtual = !segment.sources.is_empty();
    if access.is_hierarchical_direct() && pointers.physical.is_none() && !is_virtual {
        pointers.physical = Some(PhysicalPointer::Twin);
    }
    pointers
}

/// What a program sees of a segment: its length, its key and its fields.
struct Shape {
    bytes_max: u32,
    bytes_min: u32,
    key: Option<KeyBlock>,
    fields: Vec<FieldBlock>,
}

impl Shape {
    /// A segment of a logical database has the data of its sources, one after the other, and the key of the first.
    fn of(segment: &Segment, resolver: &Resolver<'_>, depth: usize) -> Self {
        let mut shape = Self::own(segment);
        if depth == 0 || segment.bytes_max > 0 {
            return shape;
        }
        if segment.pointers.paired {
            let bytes = virtual_child_bytes(segment, resolver).unwrap_or(0);
            (shape.bytes_max, shape.bytes_min) = (bytes, bytes);
            return shape;
        }
        for source in &segment.sources {
            let Some(found) = Self::of_source(&source.dbd, source.segment, resolver, depth - 1) else {
                continue;
            };
            if shape.key.is_none() && shape.bytes_max == 0 {
                shape.key = found.key;
            }
            if !source.data {
                continue;
            }
            let offset = shape.bytes_max;
            let shifted = found.fields.into_iter().map(|field| match field.system_related {
                true => field,
                false => FieldBlock { offset: field.offset.saturating_add(offset), ..field },
            });
            shape.fields.extend(shifted);
            shape.bytes_max = shape.bytes_max.saturating_add(found.bytes_max);
            shape.bytes_min = shape.bytes_min.saturating_add(found.bytes_min);
        }
        shape
    }

    fn of_source(
        dbd: &DbdName,
        segment: vocabulary::SegmentName,
        resolver: &Resolver<'_>,
        depth: usize,
    ) -> Option<Self> {
        let dbd = resolver.look(dbd)?;
        dbd.segment(&segment).map(|segment| Self::of(segment, resolver, depth))
    }

    fn own(segment: &Segment) -> Self {
        Self {
            bytes_max: segment.bytes_max,
            bytes_min: segment.bytes_min.unwrap_or(segment.bytes_max),
            key: segment.key().and_then(key),
            fields: segment.fields.iter().filter_map(field).collect(),
        }
    }
}

/// A virtual logical child has the intersection data of the real one, and before it the concatenated key of the real
/// one's physical parent where that has the key of the logical parent.
fn virtual_child_bytes(segment: &Segment, resolver: &Resolver<'_>) -> Option<u32> {
    let source = segment.sources.first()?;
    let dbd = resolver.look(&source.dbd)?;
    let real = dbd.segment(&source.segment)?;
    let logical_parent = real.logical_parent?;
    let logical_parent_dbd = resolver.look(&logical_parent.dbd)?;
    let logical_key = concatenated_key_bytes(&logical_parent_dbd, logical_parent.segment);
    let physical_key = concatenated_key_bytes(&dbd, real.parent?.name);
    Some(real.bytes_max.saturating_sub(logical_key).saturating_add(physical_key))
}

fn key(field: &Field) -> Option<KeyBlock> {
    Some(KeyBlock {
        name: field.name?,
        offset: field.start?.saturating_sub(1),
        bytes: field.bytes?,
        unique: field.sequence == Some(Sequence::Unique),
    })
}

/// Only fields with a name are in the DMB.
fn field(field: &Field) -> Option<FieldBlock> {
    Some(FieldBlock {
        name: field.name?,
        offset: field.start.unwrap_or(1).saturating_sub(1),
        bytes: field.bytes.unwrap_or(0),
        kind: field.kind,
        system_related: field.is_system_related(),
    })
}
