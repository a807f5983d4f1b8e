//! POS=MULTIPLE: a position on every path.
//!
//! For each sensitive segment there is the position that the last call on it left, as long as the position of its parent
//! is the same. A call with arguments goes on from the position on the way to the segment that it names; one without
//! goes on from where the last call ended, and there is no position on other paths afterwards.

use super::{Deleted, Position, View};
use crate::database::Gone;
use std::collections::BTreeMap;

/// Where a program stands on each path, by the sensitive segment on which or among which that is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Paths {
    positions: BTreeMap<usize, Position>,
}

impl Paths {
    /// Where the program stands on the way to a segment.
    pub(crate) fn towards(&self, view: &View, segment: usize) -> Position {
        let mut way = view.segments[segment].path.iter().rev();
        way.find_map(|step| self.positions.get(step)).cloned().unwrap_or_default()
    }

    /// Forgets all of them.
    pub(crate) fn clear(&mut self) {
        self.positions.clear();
    }

    /// Notes where a call left the position.
    pub(crate) fn note(&mut self, view: &View, position: &Position) {
        for (level, place) in position.path.iter().enumerate() {
            let on_it = Position {
                path: position.path[..=level].to_vec(),
                gap: None,
                anchor: position.anchor,
                entry: position.entry.clone(),
                keys: position.keys[..view.segments[place.segment].key_end.min(position.keys.len())].to_vec(),
                last: Some((level + 1, place.segment)),
            };
            self.put(view, place.segment, on_it);
        }
        if let Some(segment) = position.gap.and_then(|gap| gap.segment) {
            self.put(view, segment, position.clone());
        }
    }

    fn put(&mut self, view: &View, segment: usize, position: Position) {
        let is_there = |old: &Position| {
            (&old.path, old.gap, old.anchor) == (&position.path, position.gap, position.anchor)
                && old.entry == position.entry
        };
        if !self.positions.get(&segment).is_some_and(is_there) {
            // Under another parent nobody stands yet.
            self.positions.retain(|&other, _| !view.segments[other].path.contains(&segment));
            self.positions.insert(segment, position);
        }
    }

    /// A segment was deleted: positions on it are before the next twin now, and there is none under it.
    pub(crate) fn forget(&mut self, view: &View, deleted: &Deleted) {
        self.positions.retain(|&segment, position| {
            let left = position.forget(view, deleted);
            left.is_none_or(|level| view.segments[segment].level <= level + 1)
        });
    }

    /// The same, of a segment that went where there are logical relationships.
    pub(crate) fn forget_gone(&mut self, view: &View, own: vocabulary::DbdName, gone: &Gone) {
        self.positions.retain(|&segment, position| {
            let left = position.forget_gone(view, own, gone);
            left.is_none_or(|level| view.segments[segment].level <= level + 1)
        });
    }

    /// The same, of all that went, in an alternate processing sequence.
    pub(crate) fn forget_all(&mut self, view: &View, deleted: &Deleted, removed: &[(u8, crate::Rba)]) {
        self.positions.retain(|&segment, position| {
            let left = position.forget_all(view, deleted, removed);
            left.is_none_or(|level| view.segments[segment].level <= level + 1)
        });
    }
}
