//! SENSEG and SENFLD against the DBD.

use super::dmb_block::{Dmb, SegmentBlock};
use super::psb_block::{SensitiveBlock, SensitiveFieldBlock};
use super::resolver::Resolver;
use super::sequence::View;
use crate::model::dbd::Access;
use crate::model::procopt::ProcOpt;
use crate::model::psb::{DbPcb, SensitiveField, SensitiveSegment};
use crate::nearest::nearest;
use crate::origin::Part;
use std::collections::BTreeMap;
use vocabulary::SegmentName;
use vocabulary::message::*;

/// The last byte that an I/O area has.
const AREA_BYTES_MAX: u32 = 32_767;

/// Resolves the sensitive segments of a PCB. One that the DBD doesn't have is left out, after it was reported.
pub(super) fn resolve(
    (pcb, number): (&DbPcb, usize),
    dmb: &Dmb,
    view: &View<'_>,
    resolver: &mut Resolver<'_>,
) -> Vec<SensitiveBlock> {
    let mut blocks: Vec<SensitiveBlock> = Vec::with_capacity(pcb.segments.len());
    let mut places: BTreeMap<SegmentName, usize> = BTreeMap::new();
    for (at, segment) in pcb.segments.iter().enumerate() {
        let part = Part::SensitiveSegment(number, at);
        let context = Context { pcb, number, at, dmb, view };
        let Some(found) = find(segment, dmb, &part, resolver) else { continue };
        check_place(segment, found, &context, &part, resolver);
        let parent = segment.parent.and_then(|parent| places.get(&parent).copied());
        let above = parent.and_then(|parent| blocks.get(parent));
        let block = block(segment, found, (parent, above), &context, resolver);
        check_order(&blocks, &block, &part, resolver);
        places.insert(segment.name, blocks.len());
        blocks.push(block);
    }
    blocks
}

/// The surroundings of a SENSEG.
struct Context<'c> {
    pcb: &'c DbPcb,
    /// The number of the PCB, and of the SENSEG in it.
    number: usize,
    at: usize,
    dmb: &'c Dmb,
    view: &'c View<'c>,
}

fn find<'d>(
    segment: &SensitiveSegment,
    dmb: &'d Dmb,
    part: &Part,
    resolver: &mut Resolver<'_>,
) -> Option<&'d SegmentBlock> {
    let found = dmb.segment(&segment.name);
    if found.is_none() {
        let finding = resolver.report(&DFS2521I, (part, "NAME"), &[&segment.name, &dmb.name]);
        let names = dmb.segments.iter().map(|segment| segment.name.as_str());
        if let Some(nearest) = nearest(segment.name.as_str(), names) {
            finding.hint(format!("{nearest} is the nearest segment"));
        }
    }
    found
}

/// The parent of a SENSEG is its parent in the hierarchy that the PCB sees.
fn check_place(
    segment: &SensitiveSegment,
    found: &SegmentBlock,
    context: &Context<'_>,
    part: &Part,
    resolver: &mut Resolver<'_>,
) {
    if !context.view.reaches(found) {
        let index = context.pcb.sequence.map(|sequence| sequence.index.to_string()).unwrap_or_default();
        let reason = format!("SEGMENT {} IS NEITHER ABOVE NOR BELOW ITS TARGET", segment.name);
        resolver.report(&DFS0926I, (part, "NAME"), &[&index, &reason]);
        return;
    }
    let expected = context.view.parent(found).map(|parent| parent.name);
    if segment.parent != expected {
        let expected = expected.map_or("0".to_string(), |parent| parent.to_string());
        let given = segment.parent.map_or("0".to_string(), |parent| parent.to_string());
        resolver
            .report(&SENS836, (part, "PARENT"), &[&given, &segment.name, &context.dmb.name])
            .hint(format!("PARENT={expected}"));
    }
}

/// Twins of different types are accessed in the order of the SENSEGs, which is rarely meant to differ from the DBD's.
fn check_order(before: &[SensitiveBlock], block: &SensitiveBlock, part: &Part, resolver: &mut Resolver<'_>) {
    let sibling =
        before.iter().rev().find(|other| other.parent == block.parent && other.level == block.level);
    if let Some(sibling) = sibling.filter(|sibling| sibling.code > block.code && block.parent.is_some()) {
        resolver.report(&SENS837, (part, "NAME"), &[&block.name, &sibling.name]);
    }
}

fn block(
    segment: &SensitiveSegment,
    found: &SegmentBlock,
    (parent, above): (Option<usize>, Option<&SensitiveBlock>),
    context: &Context<'_>,
    resolver: &mut Resolver<'_>,
) -> SensitiveBlock {
    let options = segment.options.unwrap_or(context.pcb.options);
    let part = Part::SensitiveSegment(context.number, context.at);
    check_options(segment, options, context, &part, resolver);
    check_indices(segment, context.dmb, &part, resolver);
    check_subset_pointers(segment, found, context.dmb, &part, resolver);
    let fields = fields(segment, found, context, resolver);
    let area_bytes = fields.iter().map(|field| field.area_offset.saturating_add(field.bytes)).max();
    let key_bytes = context.view.key_bytes(found);
    SensitiveBlock {
        name: segment.name,
        code: found.code,
        level: above.map_or(1, |above| above.level.saturating_add(1)),
        parent,
        options,
        key_bytes,
        concatenated_key_bytes: above.map_or(0, |above| above.concatenated_key_bytes) + key_bytes,
        io_area_bytes: area_bytes.unwrap_or(found.bytes_max),
        indices: segment.indices.clone(),
        subset_pointers: segment.subset_pointers.clone(),
        fields,
    }
}

/// The options of a SENSEG have to make sense for its database, and within its PCB.
fn check_options(
    segment: &SensitiveSegment,
    options: ProcOpt,
    context: &Context<'_>,
    part: &Part,
    resolver: &mut Resolver<'_>,
) {
    let access = context.dmb.access;
    let reason = match segment.options {
        Some(own) if own.loads() != context.pcb.options.loads() && !own.is_key_only() => {
            Some(format!("LOADING IS FOR A WHOLE PCB, WHICH HAS PROCOPT={}", context.pcb.options))
        }
        Some(own) if own.has('H') && access != Access::Dedb => Some("H IS FOR DEDBS".to_string()),
        Some(own) if own.updates() && context.pcb.options.reads_without_integrity() => {
            Some(format!("THE PCB READS WITHOUT INTEGRITY, PROCOPT={}", context.pcb.options))
        }
        _ if options.loads() && access == Access::Logical => {
            Some("A LOGICAL DATABASE CAN'T BE LOADED".to_string())
        }
        _ if options.updates() && !options.loads() && matches!(access, Access::Hsam | Access::Shsam) => {
            Some(format!("A DATABASE WITH ACCESS={} IS READ OR LOADED", access.name()))
        }
        _ => None,
    };
    if let Some(reason) = reason {
        // Options that the whole PCB has are reported once, at its first SENSEG.
        if segment.options.is_some() {
            resolver.report(&DFS0906I, (part, "PROCOPT"), &[&options, &segment.name, &reason]);
        } else if context.at == 0 {
            resolver.report(
                &DFS0906I,
                (&Part::Pcb(context.number), "PROCOPT"),
                &[&options, &segment.name, &reason],
            );
        }
    }
}

/// INDICES= names secondary indexes of the database.
fn check_indices(segment: &SensitiveSegment, dmb: &Dmb, part: &Part, resolver: &mut Resolver<'_>) {
    for index in &segment.indices {
        let known = dmb.secondary_indexes.iter().any(|secondary| secondary.dbd == *index);
        if resolver.dbd(index, (part, "INDICES")).is_some() && !known && dmb.access != Access::Logical {
            resolver.report(&SENS838, (part, "INDICES"), &[index, &dmb.name]);
        }
    }
}

fn check_subset_pointers(
    segment: &SensitiveSegment,
    found: &SegmentBlock,
    dmb: &Dmb,
    part: &Part,
    resolver: &mut Resolver<'_>,
) {
    let highest = segment.subset_pointers.iter().map(|(number, _)| *number).max().unwrap_or(0);
    if highest > found.subset_pointers {
        resolver.report(
            &SENS839,
            (part, "SSPTR"),
            &[&highest, &segment.name, &dmb.name, &found.subset_pointers],
        );
    }
}

fn fields(
    segment: &SensitiveSegment,
    found: &SegmentBlock,
    context: &Context<'_>,
    resolver: &mut Resolver<'_>,
) -> Vec<SensitiveFieldBlock> {
    let fields = segment.fields.iter().enumerate();
    fields
        .filter_map(|(number, field)| {
            let part = Part::SensitiveField(context.number, context.at, number);
            sensitive_field(field, found, &part, resolver)
        })
        .collect()
}

fn sensitive_field(
    field: &SensitiveField,
    found: &SegmentBlock,
    part: &Part,
    resolver: &mut Resolver<'_>,
) -> Option<SensitiveFieldBlock> {
    let Some(block) = found.field(&field.name).filter(|block| !block.system_related) else {
        let finding = resolver.report(&SENF852, (part, "NAME"), &[&field.name, &found.name]);
        let names =
            found.fields.iter().filter(|field| !field.system_related).map(|field| field.name.as_str());
        if let Some(nearest) = nearest(field.name.as_str(), names) {
            finding.hint(format!("{nearest} is the nearest field"));
        }
        return None;
    };
    let area_offset = field.start.saturating_sub(1);
    if area_offset.saturating_add(block.bytes) > AREA_BYTES_MAX {
        resolver.report(&SENF853, (part, "START"), &[&field.name, &AREA_BYTES_MAX]);
    }
    Some(SensitiveFieldBlock {
        name: field.name,
        segment_offset: block.offset,
        area_offset,
        bytes: block.bytes,
        replaceable: field.replaceable,
    })
}
