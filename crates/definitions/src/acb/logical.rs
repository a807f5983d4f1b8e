//! Logical relationships: each end has to know of the other.

use super::dmb_block::{Dmb, LogicalChildLink, LogicalParentLink, SourceLink};
use super::resolver::{Resolver, code_of};
use crate::model::dbd::{Access, Dbd};
use crate::model::relation::{LogicalChild, LogicalChildPointer};
use crate::model::segment::Segment;
use crate::origin::Part;
use vocabulary::SegmentName;
use vocabulary::message::*;

/// Resolves the logical parents, logical children and sources of every segment.
pub(super) fn resolve(dbd: &Dbd, dmb: &mut Dmb, resolver: &mut Resolver<'_>) {
    for (segment, block) in dbd.segments.iter().zip(&mut dmb.segments) {
        block.logical_parent = logical_parent(dbd, segment, resolver);
        block.sources = sources(dbd, segment, resolver);
        if !dbd.access.is_index() {
            let children = segment.logical_children.iter().enumerate();
            block.logical_children = children
                .filter(|(_, child)| child.pointer != LogicalChildPointer::Index && !names_index(child))
                .filter_map(|(number, child)| logical_child(dbd, segment, (number, child), resolver))
                .collect();
        }
    }
}

/// An LCHILD with an XDFLD leads to an index, and one with INDEX= from an index to its target.
fn names_index(child: &LogicalChild) -> bool {
    child.indexed_field.is_some() || child.index.is_some()
}

/// The logical parent has an LCHILD that names this segment.
fn logical_parent(dbd: &Dbd, segment: &Segment, resolver: &mut Resolver<'_>) -> Option<LogicalParentLink> {
    let parent = segment.logical_parent?;
    let part = Part::Segment(segment.name);
    let at = (&part, "PARENT");
    let physical_parent = segment.parent.and_then(|parent| dbd.segment(&parent.name));
    if physical_parent.is_some_and(|parent| parent.logical_parent.is_some()) {
        let reason = "A LOGICAL CHILD CAN'T BE RIGHT UNDER A LOGICAL CHILD";
        resolver.report(&DFS0935I, at, &[&segment.name, &reason]);
    }
    let other = resolver.dbd(&parent.dbd, at)?;
    let code = resolver.code(&other, parent.segment, segment.name, at)?;
    let names_back = other.segment(&parent.segment).is_some_and(|parent| {
        let real = parent
            .logical_children
            .iter()
            .any(|child| child.segment == segment.name && child.dbd == dbd.name);
        // A virtual logical child, and each of a physical pair, is known to its parent by PAIR= as well.
        real || parent.logical_children.iter().any(|child| child.pair == Some(segment.name))
    });
    if !names_back && segment.sources.is_empty() {
        let reason =
            format!("ITS LOGICAL PARENT {} IN DBD {} HAS NO LCHILD FOR IT", parent.segment, parent.dbd);
        resolver
            .report(&DFS0935I, at, &[&segment.name, &reason])
            .hint(format!("LCHILD NAME=({},{}) under {}", segment.name, dbd.name, parent.segment));
    }
    let key_bytes = concatenated_key_bytes(&other, parent.segment);
    let (dbd, segment, key_stored) = (parent.dbd, parent.segment, parent.key_stored);
    Some(LogicalParentLink { dbd, segment, code, key_stored, key_bytes })
}

/// The logical child says that this segment is its logical parent.
fn logical_child(
    dbd: &Dbd,
    segment: &Segment,
    (number, child): (usize, &LogicalChild),
    resolver: &mut Resolver<'_>,
) -> Option<LogicalChildLink> {
    let part = Part::LogicalChild(segment.name, number);
    let at = (&part, "NAME");
    let pair = pair(dbd, segment, child, &part, resolver);
    let other = resolver.dbd(&child.dbd, at)?;
    let code = resolver.code(&other, child.segment, segment.name, at)?;
    let points_back = other
        .segment(&child.segment)
        .and_then(|child| child.logical_parent)
        .is_some_and(|parent| parent.segment == segment.name && parent.dbd == dbd.name);
    if !points_back {
        let reason = format!("SEGMENT {} IN DBD {} IS NOT ITS LOGICAL CHILD", child.segment, child.dbd);
        resolver
            .report(&DFS0935I, at, &[&segment.name, &reason])
            .hint(format!("PARENT=((parent),({},VIRTUAL,{})) on {}", segment.name, dbd.name, child.segment));
    }
    let (pointer, place) = (child.pointer, child.place.unwrap_or_default());
    Some(LogicalChildLink { dbd: child.dbd, segment: child.segment, code, pointer, pair, place })
}

/// PAIR= names a segment of this DBD: a virtual one whose source is the real logical child, or a real one.
fn pair(
    dbd: &Dbd,
    segment: &Segment,
    child: &LogicalChild,
    part: &Part,
    resolver: &mut Resolver<'_>,
) -> Option<u8> {
    let name = child.pair?;
    let at = (part, "PAIR");
    let Some(paired) = dbd.segment(&name) else {
        resolver.report(&DFS0930I, at, &[&name, &segment.name, &"IT IS NO SEGMENT OF THE DBD"]);
        return None;
    };
    if let Some(source) = paired.sources.first() {
        let real = resolver.look(&source.dbd);
        let real = real.as_ref().and_then(|dbd| dbd.segment(&source.segment));
        if real.is_some_and(|real| real.pointers.paired) {
            resolver.report(
                &DFS0930I,
                at,
                &[&name, &segment.name, &"ITS SOURCE IS VIRTUAL TOO (POINTER=PAIRED)"],
            );
        }
        if real.is_some_and(|real| real.logical_parent.is_some() && real.pointers.logical_twin.is_none()) {
            let reason = format!("{} HAS NO LOGICAL TWIN POINTER (POINTER=LTWIN)", source.segment);
            resolver.report(&DFS0930I, at, &[&name, &segment.name, &reason]);
        }
        if source.segment != child.segment || source.dbd != child.dbd {
            resolver.report(&DFS0930I, at, &[&name, &segment.name, &"ITS SOURCE= IS NOT THAT LOGICAL CHILD"]);
        }
    }
    code_of(dbd, name)
}

fn sources(dbd: &Dbd, segment: &Segment, resolver: &mut Resolver<'_>) -> Vec<SourceLink> {
    let part = Part::Segment(segment.name);
    let at = (&part, "SOURCE");
    let mut links = Vec::new();
    for source in &segment.sources {
        let Some(other) = resolver.dbd(&source.dbd, at) else { continue };
        if other.access == Access::Logical {
            let reason = format!("ITS SOURCE= IS IN {}, WHICH IS A LOGICAL DBD ITSELF", other.name);
            resolver.report(&DFS0935I, at, &[&segment.name, &reason]);
        }
        if let Some(code) = resolver.code(&other, source.segment, segment.name, at) {
            links.push(SourceLink { dbd: source.dbd, segment: source.segment, code, data: source.data });
        }
    }
    if dbd.access == Access::Logical {
        check_concatenation(segment, &links, resolver);
    }
    links
}

/// Two sources are a logical child and the segment at the other end of its relationship.
fn check_concatenation(segment: &Segment, links: &[SourceLink], resolver: &mut Resolver<'_>) {
    let [child, parent] = links else { return };
    let Some(dbd) = resolver.look(&child.dbd) else { return };
    let Some(source) = dbd.segment(&child.segment) else { return };
    let to_parent =
        source.logical_parent.is_some_and(|to| to.segment == parent.segment && to.dbd == parent.dbd);
    // Seen through a virtual logical child, the other end is the physical parent of the real one.
    if !to_parent && source.sources.is_empty() {
        let reason = format!("{} IS NOT THE LOGICAL PARENT OF {}", parent.segment, child.segment);
        resolver.report(&DFS0935I, (&Part::Segment(segment.name), "SOURCE"), &[&segment.name, &reason]);
    }
}

/// Bytes of the keys from the root to a segment.
pub(super) fn concatenated_key_bytes(dbd: &Dbd, segment: SegmentName) -> u32 {
    let mut bytes = 0u32;
    let mut next = dbd.segment(&segment);
    for _ in 0..dbd.segments.len() {
        let Some(segment) = next else { break };
        bytes = bytes.saturating_add(segment.key().and_then(|key| key.bytes).unwrap_or(0));
        next = segment.parent.and_then(|parent| dbd.segment(&parent.name));
    }
    bytes
}
