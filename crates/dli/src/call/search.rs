//! The search for a segment: down the levels, along the twins, and back up where a level is exhausted.
//!
//! A level is *fixed* when no other segment on it can do: the parent of a GNP call, a sequence field that is unique and
//! wanted equal, a concatenated key, L, U and V, and for GU and ISRT a level without an argument where there is a position.
//! A search that fails leaves the position below the last segments that did, where it stopped looking.

use super::qualification::Verdict;
use super::ssa::Want;
use super::view::View;
use super::{Gap, Place, Position};
use crate::Rba;
use crate::database::{Cursor, Database, RootPlace, Roots, SegmentType};
use crate::error::Trouble;
use crate::partitions::Among;
use std::cmp::Ordering;

/// A search under way.
pub(crate) struct Search<'s, 'e> {
    pub(crate) db: &'s Database,
    pub(crate) view: &'s View,
    pub(crate) cursor: Cursor<'e>,
    /// The path so far.
    pub(crate) path: Vec<Place>,
    /// Its concatenated key.
    pub(crate) keys: Vec<u8>,
    /// The anchor point of the root.
    pub(crate) anchor: u32,
    /// In an alternate processing sequence: the key of the entry that led to the root; empty behind all.
    pub(crate) entry: Vec<u8>,
    /// The partitions of a HALDB, that which is searched, and that of the root on the path.
    pub(super) partitions: Option<&'s Among>,
    pub(super) at: usize,
    pub(super) root_at: usize,
    /// The anchor point of the root on the path, while others are looked at; its entry.
    root_anchor: u32,
    root_entry: Vec<u8>,
    /// Only the roots on this anchor point are looked at.
    pub(super) on_anchor: bool,
    /// Where the last scan of twins stopped.
    stopped_before: Option<Rba>,
    /// The last scan of roots came to the end of the database.
    pub(super) at_end: bool,
}

/// How a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The path leads to the segment.
    Found,
    /// No segment will do.
    NotFound {
        /// Where the position is now, below what is left of the path.
        gap: Gap,
        /// The database ends there.
        at_end: bool,
    },
}

/// An anchor point behind all there are.
const BEHIND_ALL: u32 = u32::MAX - 1;

impl<'s, 'e> Search<'s, 'e> {
    pub(crate) fn new(db: &'s Database, view: &'s View, cursor: Cursor<'e>) -> Self {
        Self {
            db,
            view,
            cursor,
            path: Vec::new(),
            keys: Vec::new(),
            anchor: 0,
            entry: Vec::new(),
            partitions: None,
            at: 0,
            root_at: 0,
            root_anchor: 0,
            root_entry: Vec::new(),
            on_anchor: false,
            stopped_before: None,
            at_end: false,
        }
    }

    /// Begins where a PCB stands; buffers are borrowed from it.
    pub(crate) fn stand(&mut self, position: &Position, path: Vec<Place>, keys: Vec<u8>) {
        (self.path, self.keys) = (path, keys);
        (self.anchor, self.root_anchor) = (position.anchor, position.anchor);
        self.entry.clone_from(&position.entry);
        self.root_entry.clone_from(&position.entry);
        self.path.clear();
        self.path.extend_from_slice(&position.path);
        self.keys.clear();
        self.keys.extend_from_slice(&position.keys);
    }

    fn kind(&self, segment: usize) -> &'s SegmentType {
        let segment = &self.view.segments[segment];
        segment.seen_kind().unwrap_or_else(|| self.db.kind(segment.code))
    }

    /// The first segment that is wanted, from the position on. The first `floor` levels stay as they are.
    pub(crate) fn find(
        &mut self,
        wants: &[Want<'_>],
        gap: Option<Gap>,
        floor: usize,
    ) -> Result<Outcome, Trouble> {
        self.at_end = false;
        let kept = self.keep(wants, floor)?;
        if kept < floor.min(wants.len()) || wants.len() <= floor {
            self.path.truncate(floor);
            return Ok(Outcome::NotFound { gap: Gap { segment: None, next: None }, at_end: false });
        }
        let level = kept.min(wants.len() - 1);
        let next = if kept == wants.len() {
            self.next_after(level)?
        } else {
            self.begin(&wants[level], gap, level)?
        };
        self.path.truncate(level);
        self.run(wants, level, next, floor)
    }

    /// How many levels of the position hold for a GU or an ISRT: those without an argument, and those whose argument
    /// can only mean the segment that is there. The first level that the position does not decide ends it.
    pub(crate) fn keep_for_unique(&mut self, wants: &mut [Want<'_>]) -> Result<usize, Trouble> {
        for level in 0..wants.len() {
            let place = self.path.get(level).copied();
            let Some(place) = place.filter(|place| place.segment == wants[level].segment) else {
                return Ok(level);
            };
            if !wants[level].is_given {
                wants[level].is_implied = true;
            } else if !self.is_certain(wants, level) || !self.accepts(&wants[level], place.rba)? {
                return Ok(level);
            }
        }
        Ok(wants.len())
    }

    /// Forgets the position below the first levels.
    pub(crate) fn begin_below(&mut self, depth: usize) {
        self.path.truncate(depth);
        if depth == 0 {
            self.keys.clear();
            (self.anchor, self.root_anchor) = (0, 0);
            self.entry.clear();
        }
    }

    /// How many levels of the position do for what is wanted.
    fn keep(&mut self, wants: &[Want<'_>], floor: usize) -> Result<usize, Trouble> {
        for (level, want) in wants.iter().enumerate() {
            let Some(place) = self.path.get(level).copied() else { return Ok(level) };
            if place.segment != want.segment {
                return Ok(level);
            }
            let starts_over = want.codes.first && level > 0 && level >= floor;
            if is_kept(wants, level) {
                continue;
            }
            if starts_over || !self.accepts(want, place.rba)? {
                return Ok(level);
            }
        }
        Ok(wants.len())
    }

    fn accepts(&mut self, want: &Want<'_>, rba: Rba) -> Result<bool, Trouble> {
        if !want.is_qualified() {
            return Ok(true);
        }
        if let Some(seen) = &self.view.segments[want.segment].seen {
            return Ok(self.verdict_seen(want, seen, rba, false)? == Verdict::Accepted);
        }
        let kind = self.kind(want.segment);
        if want.asks_indexes() {
            return self.accepts_indexed(want, kind, rba);
        }
        let data = self.cursor.data(self.db, kind, rba)?;
        Ok(want.accepts(kind.key.as_ref(), data, search_key(self.db, self.view, &self.entry, want)))
    }

    /// Where on its level the search begins, below the segments that are kept.
    fn begin(&mut self, want: &Want<'_>, gap: Option<Gap>, level: usize) -> Result<Option<Rba>, Trouble> {
        if level == 0 {
            return self.begin_at_root(want, gap);
        }
        let deeper = self.path.get(level).copied();
        self.path.truncate(level);
        let (on, next) = match (deeper, gap) {
            (Some(place), _) => (Some(place.segment), None),
            (None, Some(Gap { segment, next })) => (Some(segment.unwrap_or(usize::MAX)), next),
            (None, None) => (None, None),
        };
        match on {
            _ if want.codes.first => self.first_child(want.segment),
            None => self.first_child(want.segment),
            Some(on) if on < want.segment => self.first_child(want.segment),
            Some(on) if on > want.segment => {
                self.stopped_before = None;
                Ok(None)
            }
            Some(_) => match deeper {
                Some(place) => self.twin_of(level, place.segment, place.rba),
                None => Ok(next),
            },
        }
    }

    fn begin_at_root(&mut self, want: &Want<'_>, gap: Option<Gap>) -> Result<Option<Rba>, Trouble> {
        let here = self.path.first().copied();
        if self.view.sequence.is_some() {
            self.path.clear();
            return self.begin_in_sequence(want, here, gap);
        }
        if let Some(key) = want.key_wanted() {
            return self.find_root(key, here, gap);
        }
        self.path.clear();
        match (here, gap) {
            (Some(place), _) => self.root_after(place.rba),
            (None, Some(Gap { next: Some(next), .. })) => Ok(Some(next)),
            (None, Some(_)) => self.root_behind(),
            (None, None) => self.first_root(),
        }
    }

    /// A root whose key is known is gone to directly. Where roots have an order, one that lies behind is not found.
    fn find_root(
        &mut self,
        key: &[u8],
        here: Option<Place>,
        gap: Option<Gap>,
    ) -> Result<Option<Rba>, Trouble> {
        let side = self.side_of(key)?;
        let behind = match (self.db.is_in_key_order(), here, gap) {
            (false, ..) | (_, None, None) => false,
            _ if side.is_some_and(|(_, side)| side != Ordering::Equal) => {
                side.is_some_and(|(_, side)| side == Ordering::Less)
            }
            (_, Some(_), _) => self.keys.get(..key.len()).is_some_and(|here| key <= here),
            (_, None, Some(Gap { next: None, .. })) => true,
            (_, None, Some(Gap { next: Some(next), .. })) => {
                let root = self.db.root();
                let data = self.cursor.data(self.db, root, next)?;
                root.key.is_some_and(|field| key < field.of(data))
            }
        };
        self.on_anchor = true;
        self.path.clear();
        if behind {
            // Nothing was looked at, and so the position stays where it is among the roots.
            self.stopped_before = match (here, gap) {
                (Some(place), _) => {
                    let root = self.root_place(place.rba);
                    self.db.root_after(&mut self.cursor, root)?.map(|root| root.rba)
                }
                (_, gap) => gap.and_then(|gap| gap.next),
            };
            return Ok(None);
        }
        if let Some((home, _)) = side {
            self.go_to(home)?;
        }
        let found = self.db.find_root(&mut self.cursor, key)?;
        self.anchor = found.anchor;
        self.stopped_before = found.next;
        Ok(found.exact)
    }

    /// Goes down and along from a place, until the last level is reached or nothing is left.
    fn run(
        &mut self,
        wants: &[Want<'_>],
        mut level: usize,
        mut next: Option<Rba>,
        floor: usize,
    ) -> Result<Outcome, Trouble> {
        let mut failed = None;
        loop {
            if let Some(rba) = self.scan(wants, level, next)? {
                self.path.truncate(level);
                self.enter(wants[level].segment, rba)?;
                failed = None;
                level += 1;
                match wants.get(level) {
                    None => return Ok(Outcome::Found),
                    Some(want) => next = self.first_child(want.segment)?,
                }
                continue;
            }
            let gap = Gap { segment: Some(wants[level].segment), next: self.stopped_before };
            let gap = *failed.get_or_insert(gap);
            let can_advance = |&up: &usize| up >= floor && !self.is_fixed(wants, up);
            let Some(up) = (0..level).rev().find(can_advance) else {
                if !self.path.is_empty() {
                    self.anchor = self.root_anchor;
                    self.return_to_path();
                    self.entry.clone_from(&self.root_entry);
                }
                return Ok(Outcome::NotFound { gap, at_end: self.at_end && !self.on_anchor });
            };
            next = self.next_after(up)?;
            level = up;
        }
    }

    fn is_fixed(&self, wants: &[Want<'_>], level: usize) -> bool {
        self.is_certain(wants, level) || (wants[level].codes.last && level > 0)
    }

    /// Only one segment on the level can do, wherever the search begins.
    fn is_certain(&self, wants: &[Want<'_>], level: usize) -> bool {
        let want = &wants[level];
        let unique = match self.sequence().filter(|_| want.segment == 0) {
            Some(index) => index.rules.search_is_unique(),
            None => self.kind(want.segment).key.is_some_and(|key| key.unique),
        };
        is_kept(wants, level) || (unique && want.key_wanted().is_some())
    }

    /// The first twin from `next` on that will do; the last one with L.
    fn scan(&mut self, wants: &[Want<'_>], level: usize, next: Option<Rba>) -> Result<Option<Rba>, Trouble> {
        let want = &wants[level];
        let kind = self.kind(want.segment);
        let in_sequence = level == 0 && self.view.sequence.is_some();
        let ordered = level > 0 || self.on_anchor || in_sequence || self.db.is_in_key_order();
        let wants_last = want.codes.last && level > 0;
        let mut found = None;
        let mut next = next;
        if next.is_some() {
            self.stopped_before = None;
        }
        while let Some(rba) = next {
            if want.is_qualified() {
                let verdict = match &self.view.segments[want.segment].seen {
                    Some(seen) => self.verdict_seen(want, seen, rba, ordered)?,
                    None => {
                        let data = self.cursor.data(self.db, kind, rba)?;
                        let search = search_key(self.db, self.view, &self.entry, want);
                        want.verdict(kind.key.as_ref(), data, search, ordered)
                    }
                };
                let accepted = match verdict {
                    Verdict::Passed => {
                        self.stopped_before = Some(rba);
                        return Ok(found);
                    }
                    _ if want.asks_indexes() => self.accepts_indexed(want, kind, rba)?,
                    verdict => verdict == Verdict::Accepted,
                };
                if !accepted {
                    next = self.twin_of(level, want.segment, rba)?;
                    continue;
                }
            }
            found = Some(rba);
            if !wants_last {
                return Ok(found);
            }
            next = self.twin_of(level, want.segment, rba)?;
        }
        Ok(found)
    }

    /// The next twin; of a root the next root.
    fn twin_of(&mut self, level: usize, segment: usize, rba: Rba) -> Result<Option<Rba>, Trouble> {
        match level {
            0 => self.root_after(rba),
            _ if self.view.segments[segment].inverted => Ok(None),
            _ => match &self.view.segments[segment].seen {
                Some(seen) => self.twin_seen(seen, rba),
                None => self.cursor.live_twin(self.db, self.kind(segment), rba),
            },
        }
    }

    /// The twin after the segment on a level of the path.
    pub(super) fn next_after(&mut self, level: usize) -> Result<Option<Rba>, Trouble> {
        let place = self.path[level];
        self.stopped_before = None;
        self.twin_of(level, place.segment, place.rba)
    }

    fn first_child(&mut self, segment: usize) -> Result<Option<Rba>, Trouble> {
        self.stopped_before = None;
        if let Some(seen) = &self.view.segments[segment].seen {
            return self.first_seen(seen);
        }
        let kind = self.kind(segment);
        if let (Some(below), true) = (self.path.last().copied(), self.view.segments[segment].inverted) {
            let from = self.kind(below.segment);
            return self.db.ancestor(&mut self.cursor, from, below.rba, kind.code).map(Some);
        }
        match (self.path.last().copied(), kind.parent) {
            (Some(place), Some(code)) => {
                let parent = self.db.kind(code);
                self.cursor.live_child(self.db, parent, place.rba, kind)
            }
            _ => Ok(None),
        }
    }

    fn root_place(&self, rba: Rba) -> RootPlace {
        RootPlace { rba, anchor: self.anchor }
    }

    fn first_root(&mut self) -> Result<Option<Rba>, Trouble> {
        if self.view.sequence.is_some() {
            return self.next_in_sequence(&[], false);
        }
        self.begin_partitions()?;
        let found = self.db.first_root(&mut self.cursor)?;
        let found = self.or_in_next(found)?;
        Ok(self.at_root(found))
    }

    fn root_after(&mut self, rba: Rba) -> Result<Option<Rba>, Trouble> {
        if self.view.sequence.is_some() {
            let from = std::mem::take(&mut self.entry);
            return self.next_in_sequence(&from, true);
        }
        if self.on_anchor && matches!(self.db.roots, Roots::Hdam(_)) {
            return self.cursor.live_twin(self.db, self.db.root(), rba);
        }
        let root = self.root_place(rba);
        let mut found = self.db.root_after(&mut self.cursor, root)?;
        if !self.on_anchor {
            found = self.or_in_next(found)?;
        }
        Ok(self.at_root(found))
    }

    fn root_behind(&mut self) -> Result<Option<Rba>, Trouble> {
        let found = self.db.root_behind(&mut self.cursor, self.anchor)?;
        let found = self.or_in_next(found)?;
        Ok(self.at_root(found))
    }

    fn at_root(&mut self, found: Option<RootPlace>) -> Option<Rba> {
        self.at_end = found.is_none();
        self.anchor = found.map_or(BEHIND_ALL, |root| root.anchor);
        found.map(|root| root.rba)
    }

    /// Adds a segment to the path.
    fn enter(&mut self, segment: usize, rba: Rba) -> Result<(), Trouble> {
        if self.path.is_empty() {
            (self.root_anchor, self.root_at) = (self.anchor, self.at);
            self.root_entry.clone_from(&self.entry);
            if let Some(locker) = self.cursor.locker() {
                locker.enter();
            }
        }
        self.path.push(Place { segment, rba });
        let seen = &self.view.segments[segment];
        self.keys.truncate(seen.key_offset);
        let kind = self.kind(segment);
        if let Some(index) =
            self.view.sequence.filter(|_| segment == 0).and_then(|at| self.db.indexes.get(at))
        {
            self.keys.extend_from_slice(&self.entry[index.rules.search_at()]);
        } else if let Some(seen) = &seen.seen {
            let key = seen.key(&mut self.cursor, rba)?;
            self.keys.extend_from_slice(&key);
        } else if let Some(key) = &kind.key {
            let data = self.cursor.data(self.db, kind, rba)?;
            self.keys.extend_from_slice(key.of(data));
        }
        Ok(())
    }

    /// The next segment in the hierarchy, without leaving the first `floor` levels. False when there is none.
    pub(crate) fn advance(&mut self, gap: Option<Gap>, floor: usize) -> Result<bool, Trouble> {
        let mut gap = gap;
        loop {
            if !self.advance_one(gap.take(), floor)? {
                return Ok(false);
            }
            let here = self.path.last().map(|place| &self.view.segments[place.segment]);
            if here.is_some_and(|segment| segment.options.is_returned()) {
                return Ok(true);
            }
        }
    }

    fn advance_one(&mut self, gap: Option<Gap>, floor: usize) -> Result<bool, Trouble> {
        let mut behind = match gap {
            None if self.path.is_empty() => {
                let next = self.first_root()?;
                return self.enter_next(0, next);
            }
            None => None,
            Some(_) if self.path.is_empty() && self.view.sequence.is_some() => {
                let next = self.resume_sequence(gap)?;
                return self.enter_next(0, next);
            }
            Some(Gap { segment: Some(segment), next: Some(next) }) => {
                self.enter(segment, next)?;
                return Ok(true);
            }
            Some(_) if self.path.is_empty() => {
                let next = self.root_behind()?;
                return self.enter_next(0, next);
            }
            Some(gap) => Some(gap.segment.unwrap_or(usize::MAX)),
        };
        loop {
            if self.enter_child(behind)? {
                return Ok(true);
            }
            if self.path.len() <= floor {
                return Ok(false);
            }
            let level = self.path.len() - 1;
            let segment = self.path[level].segment;
            let next = self.next_after(level)?;
            self.path.pop();
            if self.enter_next(segment, next)? {
                return Ok(true);
            }
            if self.path.is_empty() {
                return Ok(false);
            }
            behind = Some(segment);
        }
    }

    fn enter_next(&mut self, segment: usize, next: Option<Rba>) -> Result<bool, Trouble> {
        match next {
            Some(rba) => self.enter(segment, rba).map(|()| true),
            None => Ok(false),
        }
    }

    /// Enters the first child of the last segment of the path, of the types behind one.
    fn enter_child(&mut self, behind: Option<usize>) -> Result<bool, Trouble> {
        let Some(parent) = self.path.last().copied() else { return Ok(false) };
        let view = self.view;
        for &child in &view.segments[parent.segment].children {
            if behind.is_none_or(|behind| child > behind) {
                let next = self.first_child(child)?;
                if self.enter_next(child, next)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// The search key of the entry that led to what is wanted, if that is a root in an alternate processing sequence.
fn search_key<'k>(db: &Database, view: &View, entry: &'k [u8], want: &Want<'_>) -> Option<&'k [u8]> {
    let index = view.sequence.filter(|_| want.segment == 0).and_then(|at| db.indexes.get(at))?;
    entry.get(index.rules.search_at())
}

/// The position decides: there is no argument, or U on this level, or V on it or below.
fn is_kept(wants: &[Want<'_>], level: usize) -> bool {
    wants[level].is_implied
        || wants[level].codes.keep
        || wants[level..].iter().any(|want| want.codes.keep_above)
}
