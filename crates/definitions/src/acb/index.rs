//! Indexes: the indexed database and the index database have to name each other, and mean the same key.

use super::dmb_block::{Dmb, IndexTarget, KeyPart, PrimaryIndex, SecondaryIndex};
use super::logical::concatenated_key_bytes;
use super::resolver::{Resolver, code_of};
use crate::model::dbd::{Access, Dbd};
use crate::model::relation::{IndexedField, LogicalChild, LogicalChildPointer};
use crate::model::segment::Segment;
use crate::origin::Part;
use vocabulary::message::*;
use vocabulary::{FieldName, SegmentName};

/// Bytes of `/SX...`: an address, or the eight bytes that identify a segment of a partitioned database.
const UNIQUE_BYTES: u32 = 4;
const UNIQUE_BYTES_HALDB: u32 = 8;

/// Resolves the indexes of a database, or the targets of an index.
pub(super) fn resolve(dbd: &Dbd, dmb: &mut Dmb, resolver: &mut Resolver<'_>) {
    for (place, segment) in dbd.segments.iter().enumerate() {
        for (number, child) in segment.logical_children.iter().enumerate() {
            let part = Part::LogicalChild(segment.name, number);
            if dbd.access.is_index() || (dbd.access != Access::Dedb && child.index.is_some()) {
                let target = index_target(dbd, segment, child, &part, resolver);
                if let Some(block) = dmb.segments.get_mut(place) {
                    block.index_target = target;
                }
            } else if let Some(field) = &child.indexed_field {
                let index = secondary_index(dbd, segment, (child, field), &part, resolver);
                dmb.secondary_indexes.extend(index);
            } else if child.pointer == LogicalChildPointer::Index {
                check_primary_index(dbd, segment, child, &part, resolver);
                dmb.primary_index = Some(PrimaryIndex { dbd: child.dbd, segment: child.segment });
            }
        }
    }
}

/// What an index segment points to. The target names the index in an LCHILD with POINTER=INDX.
fn index_target(
    dbd: &Dbd,
    segment: &Segment,
    child: &LogicalChild,
    part: &Part,
    resolver: &mut Resolver<'_>,
) -> Option<IndexTarget> {
    let target_dbd = resolver.dbd(&child.dbd, (part, "NAME"))?;
    let code = resolver.code(&target_dbd, child.segment, segment.name, (part, "NAME"))?;
    let target = target_dbd.segment(&child.segment)?;
    let Some(back) = names_index(dbd, target, segment.name) else {
        resolver
            .report(&LCHD404, (part, "NAME"), &[&child.segment, &child.dbd, &segment.name, &dbd.name])
            .hint(format!(
                "LCHILD NAME=({},{}),POINTER=INDX under {}",
                segment.name, dbd.name, child.segment
            ));
        return None;
    };
    let field = child.index?;
    let expected = match &back.indexed_field {
        Some(indexed) => Some(indexed.name),
        None => target.key().and_then(|key| key.name),
    };
    if expected != Some(field) {
        let expected = expected.map(|name| name.to_string()).unwrap_or_default();
        resolver.report(&LCHD405, (part, "INDEX"), &[&field, &child.segment, &child.dbd, &expected]);
    }
    check_root_key(&target_dbd, child, part, resolver);
    Some(IndexTarget {
        dbd: child.dbd,
        segment: child.segment,
        code,
        field,
        primary: back.indexed_field.is_none(),
        symbolic: child.pointer == LogicalChildPointer::Symbolic,
    })
}

/// RKSIZE= of a partitioned index is the length of the root key of its target.
fn check_root_key(target: &Dbd, child: &LogicalChild, part: &Part, resolver: &mut Resolver<'_>) {
    let root_key = target.segments.first().and_then(Segment::key).and_then(|key| key.bytes);
    if let (Some(given), Some(expected)) = (child.root_key_bytes, root_key)
        && given != expected
    {
        resolver.report(&LCHD407, (part, "RKSIZE"), &[&given, &target.name, &expected]);
    }
}

/// The LCHILD of the target that names this index segment.
fn names_index<'t>(index: &Dbd, target: &'t Segment, segment: SegmentName) -> Option<&'t LogicalChild> {
    target.logical_children.iter().find(|child| {
        let own = child.dbd == index.name || index.shared_names.contains(&child.dbd);
        let points = child.pointer == LogicalChildPointer::Index || child.indexed_field.is_some();
        child.segment == segment && own && points
    })
}

/// The index database that an LCHILD names, and its segment, which has an LCHILD that names the target.
fn check_index<'r>(
    dbd: &Dbd,
    target: &Segment,
    child: &LogicalChild,
    part: &Part,
    resolver: &mut Resolver<'r>,
) -> Option<super::resolver::Found<'r>> {
    let index = resolver.dbd(&child.dbd, (part, "NAME"))?;
    // A DEDB is indexed by HISAM and SHISAM databases.
    let fast_path = dbd.access == Access::Dedb && matches!(index.access, Access::Hisam | Access::Shisam);
    if !index.access.is_index() && !fast_path {
        resolver.report(&LCHD408, (part, "NAME"), &[&child.dbd, &index.access.name()]);
        return None;
    }
    resolver.code(&index, child.segment, target.name, (part, "NAME"))?;
    let names_back = index.segment(&child.segment).is_some_and(|segment| {
        segment.logical_children.iter().any(|back| back.segment == target.name && back.dbd == dbd.name)
    });
    if !names_back {
        resolver
            .report(&LCHD404, (part, "NAME"), &[&child.segment, &child.dbd, &target.name, &dbd.name])
            .hint(format!("LCHILD NAME=({},{}),INDEX=field under {}", target.name, dbd.name, child.segment));
    }
    Some(index)
}

fn check_primary_index(
    dbd: &Dbd,
    root: &Segment,
    child: &LogicalChild,
    part: &Part,
    resolver: &mut Resolver<'_>,
) {
    let Some(index) = check_index(dbd, root, child, part, resolver) else { return };
    if let Some(bytes) = root.key().and_then(|key| key.bytes) {
        check_key_bytes(&index, child.segment, bytes, part, resolver);
    }
}

/// The sequence field of an index segment holds the whole key of the index.
fn check_key_bytes(
    index: &Dbd,
    segment: SegmentName,
    expected: u32,
    part: &Part,
    resolver: &mut Resolver<'_>,
) {
    let key = index.segment(&segment).and_then(Segment::key).and_then(|key| key.bytes);
    if let Some(bytes) = key.filter(|&bytes| bytes != expected && index.access.is_index()) {
        resolver.report(&LCHD406, (part, "NAME"), &[&segment, &index.name, &bytes, &expected]);
    }
}

fn secondary_index(
    dbd: &Dbd,
    target: &Segment,
    (child, field): (&LogicalChild, &IndexedField),
    part: &Part,
    resolver: &mut Resolver<'_>,
) -> Option<SecondaryIndex> {
    let source = dbd.segment(&field.source)?;
    let parts = |names: &[FieldName]| names.iter().filter_map(|name| key_part(dbd, source, name)).collect();
    let search: Vec<KeyPart> = parts(&field.search);
    let subsequence: Vec<KeyPart> = parts(&field.subsequence);
    let bytes = |parts: &[KeyPart]| parts.iter().map(|part| part.bytes).sum::<u32>();
    let search_bytes = bytes(&search);
    let key_bytes = u32::from(field.constant.is_some()) + search_bytes + bytes(&subsequence);
    let index = check_index(dbd, target, child, part, resolver)?;
    check_key_bytes(&index, child.segment, key_bytes, part, resolver);
    let back = index.segment(&child.segment).and_then(|segment| segment.logical_children.first());
    let symbolic = |child: &LogicalChild| child.pointer == LogicalChildPointer::Symbolic;
    // Only concatenated keys stay true when the segments of HISAM and DEDB databases move.
    if matches!(dbd.access, Access::Hisam | Access::Dedb) && !symbolic(child) && !back.is_some_and(symbolic) {
        resolver.report(&LCHD409, (part, "POINTER"), &[&child.dbd, &dbd.access.name()]);
    }
    Some(SecondaryIndex {
        field: field.name,
        dbd: child.dbd,
        segment: child.segment,
        target: code_of(dbd, target.name)?,
        source: code_of(dbd, field.source)?,
        constant: field.constant.clone(),
        search,
        subsequence,
        duplicate_data: parts(&field.duplicate_data),
        null_value: field.null_value.clone(),
        exit: field.exit.clone(),
        symbolic: symbolic(child) || back.is_some_and(symbolic),
        search_bytes,
        key_bytes,
    })
}

fn key_part(dbd: &Dbd, source: &Segment, name: &FieldName) -> Option<KeyPart> {
    let field = source.field(name)?;
    let default = match name.as_str() {
        text if text.starts_with("/SX") && dbd.access.is_haldb() => UNIQUE_BYTES_HALDB,
        text if text.starts_with("/SX") => UNIQUE_BYTES,
        text if text.starts_with("/CK") => concatenated_key_bytes(dbd, source.name),
        _ => 0,
    };
    let offset = field.start.unwrap_or(1).saturating_sub(1);
    Some(KeyPart { name: *name, offset, bytes: field.bytes.unwrap_or(default) })
}
