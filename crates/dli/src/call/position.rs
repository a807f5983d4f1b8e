//! Where a PCB stands in its database.

use super::{Deleted, View, ViewSegment};
use crate::Rba;
use crate::database::Gone;
use vocabulary::DbdName;

/// Where a PCB stands: nowhere yet, on a segment, or between segments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// The segments from the root on, as deep as the position is established.
    pub(crate) path: Vec<Place>,
    /// Where it is below that, when it is on no segment there.
    pub(crate) gap: Option<Gap>,
    /// The anchor point of the root, or of the gap among the roots.
    pub(crate) anchor: u32,
    /// In an alternate processing sequence: the key of the entry that led to the root. At a gap among the roots that of the next
    /// one, or of the one that it is behind where no next is given; empty behind all.
    pub(crate) entry: Vec<u8>,
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
        self.entry.clear();
        self.keys.clear();
        self.last = None;
    }

    /// Becomes as another is, in the memory that it has.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        let Self { path, gap, anchor, entry, keys, last } = other;
        self.path.clone_from(path);
        self.keys.clone_from(keys);
        self.entry.clone_from(entry);
        (self.gap, self.anchor, self.last) = (*gap, *anchor, *last);
    }

    /// Stands between segments from now on, below the first `depth` segments of the path.
    pub(crate) fn leave(&mut self, depth: usize, gap: Gap) {
        self.path.truncate(depth);
        self.gap = Some(gap);
        self.last = self.path.last().map(|place| (depth, place.segment));
    }

    /// A segment was deleted. Gives the level of the path that it was on, from 0, if the position was on it or under it.
    pub(crate) fn forget(&mut self, view: &View, deleted: &Deleted) -> Option<usize> {
        let is_kind =
            |segment: usize| view.segments.get(segment).is_some_and(|seen| seen.code == deleted.kind);
        let is_it = |place: &Place| place.rba == deleted.rba && is_kind(place.segment);
        if let Some(level) = self.path.iter().position(is_it) {
            let segment = self.path[level].segment;
            self.leave(level, Gap { segment: Some(segment), next: deleted.next });
            self.last = Some((level + 1, segment));
            return Some(level);
        }
        if let Some(gap) = &mut self.gap
            && gap.next == Some(deleted.rba)
            && gap.segment.is_some_and(is_kind)
        {
            gap.next = deleted.next;
        }
        None
    }

    /// The same for a segment that went where there are logical relationships, from any database. `own` is the database of
    /// the PCB.
    pub(crate) fn forget_gone(&mut self, view: &View, own: DbdName, gone: &Gone) -> Option<usize> {
        let seen = |segment: usize| view.segments.get(segment);
        let is_kind = |segment: usize| {
            seen(segment).is_some_and(|segment| {
                let dbd = segment.seen.as_ref().map_or(own, |seen| seen.own.db.name());
                (dbd, segment.code) == (gone.dbd, gone.code)
            })
        };
        let next = |segment: usize| match seen(segment).is_some_and(ViewSegment::is_logical_twin) {
            true => gone.next_logical,
            false => gone.next,
        };
        let is_it = |place: &Place| place.rba == gone.rba && is_kind(place.segment);
        if let Some(level) = self.path.iter().position(is_it) {
            let segment = self.path[level].segment;
            self.leave(level, Gap { segment: Some(segment), next: next(segment) });
            self.last = Some((level + 1, segment));
            return Some(level);
        }
        if let Some(gap) = &mut self.gap
            && gap.next == Some(gone.rba)
            && let Some(segment) = gap.segment.filter(|&segment| is_kind(segment))
        {
            gap.next = next(segment);
        }
        None
    }

    /// The same for a position in an alternate processing sequence, where what it was under need not be on its path: `removed`
    /// is everything that went. Among the roots it is behind the entry that led there.
    pub(crate) fn forget_all(
        &mut self,
        view: &View,
        deleted: &Deleted,
        removed: &[(u8, Rba)],
    ) -> Option<usize> {
        let is_gone = |place: &Place| removed.contains(&(view.segments[place.segment].code, place.rba));
        let Some(level) = self.path.iter().position(is_gone) else {
            return if self.path.is_empty() { None } else { self.forget(view, deleted) };
        };
        let place = self.path[level];
        let next = deleted.next.filter(|_| level > 0 && place.rba == deleted.rba);
        self.leave(level, Gap { segment: Some(place.segment), next });
        self.last = Some((level + 1, place.segment));
        Some(level)
    }
}
