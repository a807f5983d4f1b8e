//! The hierarchy as a PCB sees it: that of the DBD, or the one that a secondary index turns around.
//!
//! With an alternate processing sequence the target of the index is the root. The segments above it become its
//! dependents, nearest first, and the segments below it stay where they are; the others can't be reached.

use super::dmb_block::{Dmb, SecondaryIndex, SegmentBlock};
use super::psb_block::SequenceBlock;
use super::resolver::Resolver;
use crate::model::dbd::Access;
use crate::model::psb::DbPcb;
use crate::origin::Part;
use vocabulary::DbdName;
use vocabulary::message::*;

/// Who is whose parent for a PCB.
pub(super) struct View<'d> {
    dmb: &'d Dmb,
    /// The code of the segment that the index leads to, and the bytes of its search key.
    target: Option<(u8, u32)>,
}

impl<'d> View<'d> {
    /// The hierarchy of the DBD.
    pub(super) fn physical(dmb: &'d Dmb) -> Self {
        Self { dmb, target: None }
    }

    /// The hierarchy that begins with the target of an index.
    pub(super) fn through(dmb: &'d Dmb, index: &SecondaryIndex) -> Self {
        Self { dmb, target: Some((index.target, index.search_bytes)) }
    }

    /// Whether the segment can be reached at all.
    pub(super) fn reaches(&self, segment: &SegmentBlock) -> bool {
        match self.target {
            None => true,
            Some((target, _)) => self.is_above(segment.code, target) || self.is_above(target, segment.code),
        }
    }

    /// The segment that is the parent of this one; none for the root.
    pub(super) fn parent(&self, segment: &SegmentBlock) -> Option<&'d SegmentBlock> {
        let parent = match self.target {
            Some((target, _)) if segment.code == target => None,
            Some((target, _)) if self.is_above(segment.code, target) => {
                self.child_towards(segment.code, target)
            }
            _ => segment.parent,
        };
        self.dmb.segment_of_code(parent?)
    }

    /// Bytes of the key that this segment adds to the feedback area.
    pub(super) fn key_bytes(&self, segment: &SegmentBlock) -> u32 {
        match self.target {
            Some((target, search_bytes)) if segment.code == target => search_bytes,
            _ => segment.key.as_ref().map_or(0, |key| key.bytes),
        }
    }

    fn is_above(&self, ancestor: u8, segment: u8) -> bool {
        self.path(segment).any(|code| code == ancestor)
    }

    /// The segment right below `ancestor` on the way to `segment`.
    fn child_towards(&self, ancestor: u8, segment: u8) -> Option<u8> {
        self.path(segment).take_while(|&code| code != ancestor).last()
    }

    /// The codes from a segment up to the root. Parents have lower codes, so the path ends.
    fn path(&self, segment: u8) -> impl Iterator<Item = u8> {
        std::iter::successors(Some(segment), |&code| self.dmb.segment_of_code(code)?.parent)
    }
}

/// The index that PROCSEQ= or PROCSEQD= names, if it is one of this database.
pub(super) fn resolve<'d>(
    pcb: &DbPcb,
    dmb: &'d Dmb,
    part: &Part,
    resolver: &mut Resolver<'_>,
) -> Option<(&'d SecondaryIndex, SequenceBlock)> {
    let sequence = pcb.sequence?;
    let keyword = if sequence.fast_path { "PROCSEQD" } else { "PROCSEQ" };
    let at = (part, keyword);
    if sequence.fast_path && dmb.access != Access::Dedb {
        resolver
            .report(&DFS2199E, at, &[&dmb.name, &dmb.access.name()])
            .hint("PROCSEQ= is for full function");
        return None;
    }
    if !sequence.fast_path && dmb.access == Access::Dedb {
        let reason = "THE DATABASE IS A DEDB";
        resolver.report(&DFS0926I, at, &[&sequence.index, &reason]).hint("PROCSEQD= is for DEDBs");
        return None;
    }
    resolver.dbd(&sequence.index, at)?;
    let Some(index) = index_of(dmb, sequence.index) else {
        let reason = format!("IT IS NO SECONDARY INDEX OF {}", dmb.name);
        resolver.report(&DFS0926I, at, &[&sequence.index, &reason]);
        return None;
    };
    let target = dmb.segment_of_code(index.target)?.name;
    if let Some(first) = pcb.segments.first().filter(|first| first.name != target) {
        let reason = format!("IT LEADS TO SEGMENT {target}, AND THE FIRST SENSEG IS {}", first.name);
        resolver.report(&DFS0926I, at, &[&sequence.index, &reason]);
        return None;
    }
    let (field, search_bytes) = (index.field, index.search_bytes);
    Some((index, SequenceBlock { index: sequence.index, field, target, search_bytes }))
}

fn index_of(dmb: &Dmb, name: DbdName) -> Option<&SecondaryIndex> {
    dmb.secondary_indexes.iter().find(|index| index.dbd == name)
}
