//! What stands before the data of a segment.
//!
//! ```text
//! 0  segment code   1
//! 1  delete byte    1
//! 2  counter        4   POINTER=CTR, and of a logical parent that has logical children and no pointers to them
//!    forward        4   TWIN, TWINBWD: to the next twin; HIER, HIERBWD: to the next segment of the hierarchy
//!    backward       4   TWINBWD, HIERBWD: to the one before
//!    parent         4   below the root, on the way from the source of a secondary index, or from an end of a logical
//!                       relationship, to the root
//!    logical twin   4   LTWIN, LTWINBWD: to the next under the same logical parent
//!    backward       4   LTWINBWD: to the one before
//!    logical parent 4   of a logical child
//!    logical children   4 or 8 for each virtual logical child (SNGL, DBLE): first, or first and last
//!    children       4 or 8 for each type of child: first, or first and last
//! ```
//!
//! With HIER and HIERBWD there are no pointers to children: they follow on the chain of the segment. But a root is chained
//! with other roots as with TWIN and TWINBWD, and has one pointer to the first of its dependents.

use definitions::acb::{Dmb, LogicalChildLink, SegmentBlock};
use definitions::model::relation::LogicalChildPointer;
use definitions::model::segment::{ChildPointer, LogicalTwinPointer, PhysicalPointer};
use vocabulary::DbdName;

/// Where the delete byte is.
pub(crate) const DELETE_BYTE: usize = 1;
/// In the delete byte: the data lies elsewhere, and a pointer to it stands where it would be.
pub(crate) const SEPARATED: u8 = 0x08;
/// In the delete byte: the segment was deleted along its physical path, and is there on a logical one.
pub(crate) const PHYSICALLY_DELETED: u8 = 0x04;
/// In the delete byte: the logical child was deleted along its logical path, and is there on the physical one.
pub(crate) const LOGICALLY_DELETED: u8 = 0x02;
/// The delete byte of data that lies apart from its prefix.
pub(crate) const DATA_PART: u8 = 0xff;
/// Bytes before the data in a data part.
pub(crate) const DATA_PART_PREFIX: usize = 2;

/// The offsets of what a prefix has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PrefixLayout {
    /// How many logical children there are.
    pub(crate) counter: Option<usize>,
    /// To the next on its chain: the next twin, unless other types share the chain.
    pub(crate) twin_forward: Option<usize>,
    /// To the one before.
    pub(crate) twin_backward: Option<usize>,
    /// To the parent.
    pub(crate) parent: Option<usize>,
    /// To the next logical twin.
    pub(crate) logical_forward: Option<usize>,
    /// To the logical twin before.
    pub(crate) logical_backward: Option<usize>,
    /// To the logical parent.
    pub(crate) logical_parent: Option<usize>,
    /// To the logical children that have virtual ones here.
    pub(crate) logical_children: Vec<LogicalSlot>,
    /// To the children, in the order of their types.
    pub(crate) children: Vec<ChildSlot>,
    /// Of a root with hierarchic pointers: to its first dependent, of whichever type.
    pub(crate) dependents: Option<usize>,
    /// Bytes of the whole prefix.
    pub(crate) bytes: usize,
}

/// The pointers to the children of one type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChildSlot {
    /// The code of the type.
    pub(crate) code: u8,
    /// To the first.
    pub(crate) first: usize,
    /// To the last.
    pub(crate) last: Option<usize>,
}

/// The pointers of a logical parent to its logical children of one type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogicalSlot {
    /// Their database.
    pub(crate) dbd: DbdName,
    /// Their code there.
    pub(crate) code: u8,
    /// To the first.
    pub(crate) first: usize,
    /// To the last.
    pub(crate) last: Option<usize>,
}

impl PrefixLayout {
    /// The layout of a segment type.
    pub(crate) fn of(dmb: &Dmb, segment: &SegmentBlock) -> Self {
        let mut bytes = 2;
        let mut pointer = |wanted: bool| {
            wanted.then(|| {
                bytes += 4;
                bytes - 4
            })
        };
        let is_real = !segment.is_virtual();
        let counter = pointer(is_real && (segment.pointers.counter || counts(dmb, segment)));
        let physical = segment.pointers.physical;
        let twin_forward = pointer(!matches!(physical, None | Some(PhysicalPointer::NoTwin)));
        let twin_backward = pointer(points_backward(segment));
        let leads_up = leads_to_source(dmb, segment.code) || leads_to_relationship(dmb, segment.code);
        let parent = pointer(segment.parent.is_some() && leads_up);
        let is_child = is_real && segment.logical_parent.is_some();
        let twin = segment.pointers.logical_twin;
        let logical_forward = pointer(is_child && twin.is_some());
        let logical_backward = pointer(is_child && twin == Some(LogicalTwinPointer::Backward));
        let logical_parent = pointer(is_child);
        let mut logical_children = Vec::new();
        for child in segment.logical_children.iter().filter(|child| is_chained(dmb, child)) {
            if let Some(first) = pointer(true) {
                let last = pointer(child.pointer == LogicalChildPointer::Double);
                logical_children.push(LogicalSlot { dbd: child.dbd, code: child.code, first, last });
            }
        }
        let hierarchic = is_hierarchic(segment);
        let dependents = pointer(hierarchic && segment.parent.is_none() && !segment.children.is_empty());
        let mut children = Vec::new();
        for &code in segment.children.iter().filter(|_| !hierarchic) {
            let Some(child) = dmb.segment_of_code(code).filter(|child| !child.is_virtual()) else { continue };
            let double = child.parent_pointer == ChildPointer::FirstAndLast;
            if let Some(first) = pointer(true) {
                children.push(ChildSlot { code, first, last: pointer(double) });
            }
        }
        Self {
            counter,
            twin_forward,
            twin_backward,
            parent,
            logical_forward,
            logical_backward,
            logical_parent,
            logical_children,
            children,
            dependents,
            bytes,
        }
    }
}

/// Whether a segment is the source of a secondary index, or above one.
fn leads_to_source(dmb: &Dmb, code: u8) -> bool {
    let up = |&below: &u8| dmb.segment_of_code(below).and_then(|segment| segment.parent);
    dmb.secondary_indexes
        .iter()
        .any(|index| std::iter::successors(Some(index.source), up).any(|on| on == code))
}

/// Whether a segment is an end of a logical relationship, or above one.
pub(crate) fn leads_to_relationship(dmb: &Dmb, code: u8) -> bool {
    let up = |&below: &u8| dmb.segment_of_code(below).and_then(|segment| segment.parent);
    let is_end = |segment: &&SegmentBlock| {
        !segment.is_virtual() && (segment.logical_parent.is_some() || !segment.logical_children.is_empty())
    };
    dmb.segments
        .iter()
        .filter(is_end)
        .any(|end| std::iter::successors(Some(end.code), up).any(|on| on == code))
}

/// Whether a logical parent keeps pointers to its logical children: they have a virtual one under it.
pub(crate) fn is_chained(dmb: &Dmb, child: &LogicalChildLink) -> bool {
    child.pair.and_then(|code| dmb.segment_of_code(code)).is_some_and(SegmentBlock::is_virtual)
}

/// Whether a logical parent counts some of its logical children.
fn counts(dmb: &Dmb, segment: &SegmentBlock) -> bool {
    segment.logical_children.iter().any(|child| !is_chained(dmb, child))
}

/// HIER, HIERBWD.
pub(crate) fn is_hierarchic(segment: &SegmentBlock) -> bool {
    use PhysicalPointer::{Hierarchic, HierarchicBackward};
    matches!(segment.pointers.physical, Some(Hierarchic | HierarchicBackward))
}

/// TWINBWD, HIERBWD.
pub(crate) fn points_backward(segment: &SegmentBlock) -> bool {
    use PhysicalPointer::{HierarchicBackward, TwinBackward};
    matches!(segment.pointers.physical, Some(TwinBackward | HierarchicBackward))
}
