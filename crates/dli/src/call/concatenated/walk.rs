//! The search through segments that are made of others.

use super::seen::{Above, End, Seen, Way, look_at};
use crate::Rba;
use crate::call::qualification::Verdict;
use crate::call::search::Search;
use crate::call::ssa::Want;
use crate::error::Trouble;
use std::cmp::Ordering;

impl<'s> Search<'s, '_> {
    fn seen(&self, segment: usize) -> Option<&'s Seen> {
        self.view.segments[segment].seen.as_ref()
    }

    /// One end of the last segment of the path: the type, and where it is.
    fn above(&mut self, above: Above) -> Result<Option<(&'s End, Rba)>, Trouble> {
        let Some(place) = self.path.last().copied() else { return Ok(None) };
        let Some(seen) = self.seen(place.segment) else { return Ok(None) };
        match above {
            Above::Own => Ok(Some((&seen.own, place.rba))),
            Above::Other => {
                let to = seen.other_end(&mut self.cursor, place.rba)?;
                Ok(seen.other.as_ref().zip(to))
            }
        }
    }

    /// The first segment of a type under the last one of the path.
    pub(in crate::call) fn first_seen(&mut self, seen: &'s Seen) -> Result<Option<Rba>, Trouble> {
        let (above, own) = match seen.way {
            Way::Root => return Ok(None),
            Way::Child(above) | Way::Inverted(above) | Way::LogicalChild(above, _) => (above, &seen.own),
        };
        let Some((end, rba)) = self.above(above)? else { return Ok(None) };
        match seen.way {
            Way::Root => Ok(None),
            Way::Child(_) => self.cursor.live_child(&end.db, end.kind(), rba, own.kind()),
            Way::Inverted(_) => self.cursor.physical_parent(&end.db, end.kind(), rba).map(Some),
            Way::LogicalChild(_, first) => {
                let first = self.cursor.pointer(&end.db, end.kind(), rba, first)?;
                self.logical_twin_from(seen, first)
            }
        }
    }

    /// The next twin below the root.
    pub(in crate::call) fn twin_seen(&mut self, seen: &'s Seen, rba: Rba) -> Result<Option<Rba>, Trouble> {
        let own = &seen.own;
        match seen.way {
            Way::Root | Way::Inverted(_) => Ok(None),
            Way::Child(_) => self.cursor.live_twin(&own.db, own.kind(), rba),
            Way::LogicalChild(..) => {
                let next = self.cursor.logical_twin(&own.db, own.kind(), rba)?;
                self.logical_twin_from(seen, next)
            }
        }
    }

    fn logical_twin_from(&mut self, seen: &Seen, from: Option<Rba>) -> Result<Option<Rba>, Trouble> {
        let own = &seen.own;
        let found = self.cursor.live_logical_twin(&own.db, own.kind(), from)?;
        if let Some(rba) = found {
            look_at(&mut self.cursor, own, rba)?;
        }
        Ok(found)
    }

    /// What a segment is to the search.
    pub(in crate::call) fn verdict_seen(
        &mut self,
        want: &Want<'_>,
        seen: &Seen,
        rba: Rba,
        is_ordered: bool,
    ) -> Result<Verdict, Trouble> {
        if let Some(wanted) = want.key() {
            let key = seen.key(&mut self.cursor, rba)?;
            return Ok(match (*key).cmp(wanted) {
                Ordering::Equal => Verdict::Accepted,
                Ordering::Greater if is_ordered => Verdict::Passed,
                _ => Verdict::Other,
            });
        }
        // Who asks for nothing of the parent at the other end does not wait for it.
        let own = if seen.shows_own { seen.own_data(&mut self.cursor, rba)? } else { Vec::new() };
        let data = match seen.shows_other && want.reaches_beyond(own.len()) {
            true => [own, seen.other_data(&mut self.cursor, rba)?].concat(),
            false => own,
        };
        Ok(want.verdict(None, &data, None, is_ordered))
    }
}
