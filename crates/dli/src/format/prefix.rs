//! What stands before the data of a segment.
//!
//! ```text
//! 0  segment code   1
//! 1  delete byte    1
//! 2  counter        4   pointer=CTR
//!    forward        4   TWIN, TWINBWD: to the next twin; HIER, HIERBWD: to the next segment of the hierarchy
//!    backward       4   TWINBWD, HIERBWD: to the one before
//!    parent         4   below the root, on the way from the source of a secondary index to the root
//!    children       4 or 8 for each type of child: first, or first and last
//! ```
//!
//! With HIER and HIERBWD there are no pointers to children: they follow on the chain of the segment. But a root is chained
//! with other roots as with TWIN and TWINBWD, and has one pointer to the first of its dependents.

use definitions::acb::{Dmb, SegmentBlock};
use definitions::model::segment::{ChildPointer, PhysicalPointer};

/// Where the delete byte is.
pub(crate) const DELETE_BYTE: usize = 1;
/// In the delete byte: the data lies elsewhere, and a pointer to it stands where it would be.
pub(crate) const SEPARATED: u8 = 0x08;
/// The delete byte of data that lies apart from its prefix.
pub(crate) const DATA_PART: u8 = 0xff;
/// Bytes before the data in a data part.
pub(crate) const DATA_PART_PREFIX: usize = 2;

/// The offsets of what a prefix has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PrefixLayout {
    /// To the next on its chain: the next twin, unless other types share the chain.
    pub(crate) twin_forward: Option<usize>,
    /// To the one before.
    pub(crate) twin_backward: Option<usize>,
    /// To the parent.
    pub(crate) parent: Option<usize>,
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
        pointer(segment.pointers.counter);
        let physical = segment.pointers.physical;
        let twin_forward = pointer(!matches!(physical, None | Some(PhysicalPointer::NoTwin)));
        let twin_backward = pointer(points_backward(segment));
        let parent = pointer(segment.parent.is_some() && leads_to_source(dmb, segment.code));
        let hierarchic = is_hierarchic(segment);
        let dependents = pointer(hierarchic && segment.parent.is_none() && !segment.children.is_empty());
        let mut children = Vec::new();
        for &code in segment.children.iter().filter(|_| !hierarchic) {
            let double = dmb
                .segment_of_code(code)
                .is_some_and(|child| child.parent_pointer == ChildPointer::FirstAndLast);
            if let Some(first) = pointer(true) {
                children.push(ChildSlot { code, first, last: pointer(double) });
            }
        }
        Self { twin_forward, twin_backward, parent, children, dependents, bytes }
    }
}

/// Whether a segment is the source of a secondary index, or above one.
fn leads_to_source(dmb: &Dmb, code: u8) -> bool {
    let up = |&below: &u8| dmb.segment_of_code(below).and_then(|segment| segment.parent);
    dmb.secondary_indexes
        .iter()
        .any(|index| std::iter::successors(Some(index.source), up).any(|on| on == code))
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
