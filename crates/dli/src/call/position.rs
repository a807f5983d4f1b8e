//! Where a PCB stands in its database.

use super::{Deleted, View};
use crate::Rba;

/// Where a PCB stands: nowhere yet, on a segment, or between segments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// The segments from the root on, as deep as the position is established.
    pub(crate) path: Vec<Place>,
    /// Where it is below that, when it is on no segment there.
    pub(crate) gap: Option<Gap>,
    /// The anchor point of the root, or of the gap among the roots.
    pub(crate) anchor: u32,
    /// The concatenated key of the path.
    pub(crate) keys: Vec<u8>,
    /// Level and sensitive segment that the next one is compared with for GA and GK.
    pub(crate) last: Option<(usize, usize)>,
}

/// A segment on the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Which sensitive segment it is.
    pub(crate) segment: usize,
    /// Where it is.
    pub(crate) rba: Rba,
}

/// A place between segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gap {
    /// On the chain of these; none behind all of them.
    pub(crate) segment: Option<usize>,
    /// Before this one; none at the end of the chain.
    pub(crate) next: Option<Rba>,
}

impl Position {
    /// Forgets where it was.
    pub(crate) fn clear(&mut self) {
        self.path.clear();
        self.gap = None;
        self.anchor = 0;
        self.keys.clear();
        self.last = None;
    }

    /// Becomes as another is, in the memory that it has.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        let Self { path, gap, anchor, keys, last } = other;
        self.path.clone_from(path);
        self.keys.clone_from(keys);
        (self.gap, self.anchor, self.last) = (*gap, *anchor, *last);
    }

    /// Stands between segments from now on, below the first `depth` segments of the path.
    pub(crate) fn leave(&mut self, depth: usize, gap: Gap) {
        self.path.truncate(depth);
        self.gap = Some(gap);
        self.last = self.path.last().map(|place| (depth, place.segment));
    }

    /// A segment was deleted. Gives whether the position was on it or under it.
    pub(crate) fn forget(&mut self, view: &View, deleted: &Deleted) -> bool {
        let level = deleted.level - 1;
        let is_kind =
            |segment: usize| view.segments.get(segment).is_some_and(|seen| seen.code == deleted.kind);
        if let Some(place) = self.path.get(level).copied()
            && place.rba == deleted.rba
            && is_kind(place.segment)
        {
            self.leave(level, Gap { segment: Some(place.segment), next: deleted.next });
            self.last = Some((level + 1, place.segment));
            return true;
        }
        if self.path.len() == level
            && let Some(gap) = &mut self.gap
            && gap.next == Some(deleted.rba)
            && gap.segment.is_some_and(is_kind)
        {
            gap.next = deleted.next;
        }
        false
    }
}
