//! An alternate processing sequence: the roots that a PCB sees are those that a secondary index leads to, in its order.
//!
//! The same target comes as often as there are entries that lead to it. Where a search is among the roots is told by the
//! key of an entry, which says so still when the entry is gone.

use super::search::Search;
use super::ssa::Want;
use super::{Gap, Place};
use crate::Rba;
use crate::database::{SecondaryIndex, SegmentType};
use crate::error::Trouble;

impl Search<'_, '_> {
    /// The index whose order the roots have.
    pub(super) fn sequence(&self) -> Option<&SecondaryIndex> {
        self.db.indexes.get(self.view.sequence?)
    }

    /// Begins among the roots behind the position, or where the search key that is wanted would be.
    pub(super) fn begin_in_sequence(
        &mut self,
        want: &Want<'_>,
        here: Option<Place>,
        gap: Option<Gap>,
    ) -> Result<Option<Rba>, Trouble> {
        let low = match (self.sequence(), want.lowest_search_key()) {
            (Some(index), Some(search)) => index.rules.key_from(search),
            _ => Vec::new(),
        };
        self.on_anchor = want.key_wanted().is_some();
        if here.is_none() && gap.is_some() && self.entry.is_empty() {
            self.at_end = true;
            return Ok(None);
        }
        let begins = here.is_none() && gap.is_none();
        let from = if begins { Vec::new() } else { self.entry.clone() };
        match low > from {
            true => self.next_in_sequence(&low, false),
            false => self.next_in_sequence(&from, here.is_some() || is_behind(gap)),
        }
    }

    /// The root at a gap among the roots, whatever became of the one that was there.
    pub(super) fn resume_sequence(&mut self, gap: Option<Gap>) -> Result<Option<Rba>, Trouble> {
        match self.entry.is_empty() {
            true => Ok(None),
            false => {
                let from = self.entry.clone();
                self.next_in_sequence(&from, is_behind(gap))
            }
        }
    }

    /// The root whose entry has this key or the next higher one, or comes `after` it.
    pub(super) fn next_in_sequence(&mut self, from: &[u8], after: bool) -> Result<Option<Rba>, Trouble> {
        let Some(index) = self.view.sequence.and_then(|at| self.db.indexes.get(at)) else { return Ok(None) };
        let found = index.next(self.db, &mut self.cursor, from, after, &mut self.entry)?;
        self.at_end = found.is_none();
        Ok(found)
    }

    /// The search key of the root that is looked at; none where roots have keys of their own.
    pub(super) fn search_key(&self, segment: usize) -> Option<&[u8]> {
        let index = self.sequence().filter(|_| segment == 0)?;
        self.entry.get(index.rules.search_at())
    }

    /// Whether a segment satisfies statements about secondary indexes that do not lead the way.
    pub(super) fn accepts_indexed(
        &mut self,
        want: &Want<'_>,
        kind: &SegmentType,
        rba: Rba,
    ) -> Result<bool, Trouble> {
        let data = self.cursor.data(self.db, kind, rba)?.to_vec();
        let search = self.search_key(want.segment).map(<[u8]>::to_vec);
        for set in want.sets() {
            if set.holds(&data, search.as_deref()) && self.sources_hold(&set, kind, rba)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Each group of statements about an index is satisfied by one source.
    fn sources_hold(
        &mut self,
        set: &super::ssa::StatementSet<'_>,
        kind: &SegmentType,
        rba: Rba,
    ) -> Result<bool, Trouble> {
        for (number, group) in set.index_groups() {
            let Some(index) = self.db.indexes.get(number) else { return Ok(false) };
            let mut found = false;
            self.db.for_each_entry(&mut self.cursor, index, kind, rba, &mut |key| {
                found = found || set.group_holds(number, group, &key[index.rules.search_at()]);
            })?;
            if !found {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Whether a gap among the roots is behind the entry that is noted, and not before it.
fn is_behind(gap: Option<Gap>) -> bool {
    gap.is_some_and(|gap| gap.next.is_none())
}
