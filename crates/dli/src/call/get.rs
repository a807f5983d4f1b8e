//! GU, GN, GNP, and the same with hold.

use super::function::{Get, Scope};
use super::search::{Outcome, Search};
use super::ssa::{Arguments, Want};
use super::{Gap, Refused, Request, Shown, area};
use crate::lock::Resource;
use crate::pcb::DbPcb;
use crate::status::StatusCode;
use std::borrow::Cow;

impl Request<'_> {
    pub(super) fn get(&mut self, get: Get) -> Result<StatusCode, Refused> {
        let arguments = self.arguments()?;
        let outcome = self.get_with(get, &arguments);
        self.pcb.arguments = arguments;
        outcome
    }

    fn get_with(&mut self, get: Get, arguments: &Arguments) -> Result<StatusCode, Refused> {
        self.check_options(arguments)?;
        let floor = self.floor(get.scope)?;
        let mut wants = Vec::new();
        arguments.wants(&self.pcb.view, self.ssas, &mut wants);
        // Without the position there would be no parent either.
        if get.scope != Scope::NextWithinParent && wants.iter().any(|want| want.codes.clear) {
            self.pcb.clear_position();
        }
        let view = self.pcb.view.clone();
        let db = self.pcb.db.clone();
        let among = self.pcb.partitions.clone();
        let search = Search::new(&db, &view, self.cursor());
        let mut search = search.among(among.as_deref(), self.pcb.partition);
        let (path, keys) = std::mem::take(&mut self.pcb.spare);
        let begin = self.pcb.position_towards(wants.last().map(|want| want.segment), floor);
        search.stand(&begin, path, keys);
        let mut gap = begin.gap;
        drop(begin);
        if let (true, Some(paths)) = (wants.is_empty(), &mut self.pcb.paths) {
            paths.clear();
        }
        if get.scope == Scope::Unique {
            let kept = search.keep_for_unique(&mut wants)?;
            search.begin_below(kept.min(wants.len().saturating_sub(1)));
            gap = None;
        }
        let outcome = match wants.is_empty() {
            true => advance(&mut search, gap, floor)?,
            false => search.find(&wants, gap, floor)?,
        };
        match outcome {
            Outcome::Found => self.found(get, &wants, search),
            Outcome::NotFound { gap, at_end } => Err(self.not_found(get.scope, gap, at_end, search)),
        }
    }

    /// Every segment that is returned has to allow it, and a path has to be allowed as such.
    fn check_options(&self, arguments: &Arguments) -> Result<(), Refused> {
        let segments = &self.pcb.view.segments;
        let Some(last) = arguments.ssas().last() else {
            // Without arguments any segment may come; those that may not be got are passed over.
            return if self.pcb.can_get { Ok(()) } else { Err(StatusCode::AM.into()) };
        };
        let refused = |segment: usize| !segments[segment].options.is_returned();
        let path_refused = |segment: usize| !segments[segment].options.path || refused(segment);
        let is_last = |segment: usize| segment == last.segment;
        let mut paths = arguments.ssas().iter().filter(|ssa| ssa.codes.path && !is_last(ssa.segment));
        if refused(last.segment) || paths.any(|ssa| path_refused(ssa.segment)) {
            return Err(StatusCode::AM.into());
        }
        Ok(())
    }

    /// How many levels have to stay: for GNP those of the parent.
    fn floor(&mut self, scope: Scope) -> Result<usize, Refused> {
        match (scope, self.pcb.parentage) {
            (Scope::NextWithinParent, None) => Err(Refused::Status(StatusCode::GP, Shown::Nothing)),
            (Scope::NextWithinParent, Some(level)) => Ok(level),
            _ => Ok(0),
        }
    }

    fn found(&mut self, get: Get, wants: &[Want<'_>], search: Search<'_, '_>) -> Result<StatusCode, Refused> {
        let remark = if wants.is_empty() && get.scope != Scope::Unique {
            remark(self.pcb, &search)
        } else {
            StatusCode::OK
        };
        self.pcb.stand_in(search.at);
        self.pcb.arrive(&search.path, &search.keys, search.anchor);
        self.pcb.position.entry.clone_from(&search.entry);
        let mut cursor = search.cursor;
        self.pcb.spare = (search.path, search.keys);
        let depth = self.pcb.position.path.len();
        self.set_parentage(get.scope, wants, depth);
        self.reserve(wants)?;
        self.pcb.held.clear();
        let mut used = 0;
        for level in 0..depth {
            let is_target = level + 1 == depth;
            if !is_target && !wants.get(level).is_some_and(|want| want.codes.path) {
                continue;
            }
            let place = self.pcb.position.path[level];
            let segment = &self.pcb.view.segments[place.segment];
            let data = match &segment.seen {
                Some(seen) => Cow::Owned(seen.data(&mut cursor, place.rba)?),
                None => {
                    Cow::Borrowed(cursor.data(&self.pcb.db, self.pcb.db.kind(segment.code), place.rba)?)
                }
            };
            let room = self.area.get_mut(used..).unwrap_or_default();
            // Too small an area is told at the end: the position is where the segment is.
            let bytes = area::give(segment, &data, room)
                .map_err(|status| Refused::Status(status, Shown::Level(depth)))?;
            self.pcb.held.push((level, bytes));
            used += bytes;
        }
        self.pcb.area_used = used;
        self.pcb.is_held = get.hold;
        self.pcb.show(remark, Shown::Level(depth));
        Ok(remark)
    }

    /// Reserves the segments of the path that Q asks for.
    fn reserve(&mut self, wants: &[Want<'_>]) -> Result<(), Refused> {
        let Some(locker) = self.locker else { return Ok(()) };
        let asked = wants.iter().zip(&self.pcb.position.path).filter_map(|(want, place)| {
            let segment = &self.pcb.view.segments[place.segment];
            let db = segment.seen.as_ref().map_or(&self.pcb.db, |seen| &seen.own.db);
            let group = db.kind(segment.code).group;
            Some((want.codes.class?, locker.segment(db.number(), group, place.rba)))
        });
        let asked: Vec<(u8, Resource)> = asked.collect();
        if !self.reservations.have_room_for(asked.iter().map(|&(_, segment)| segment)) {
            return Err(Refused::Status(StatusCode::RX, Shown::Level(self.pcb.position.path.len())));
        }
        for &(_, segment) in &asked {
            locker.reserve(segment)?;
        }
        asked.into_iter().for_each(|(class, segment)| self.reservations.note(class, segment));
        Ok(())
    }

    /// The parent of later GNP calls: where P says, else for GU and GN the segment returned.
    fn set_parentage(&mut self, scope: Scope, wants: &[Want<'_>], depth: usize) {
        let asked = wants.iter().rposition(|want| want.codes.parent).map(|level| level + 1);
        match (asked, scope) {
            (Some(level), _) => self.pcb.parentage = Some(level),
            (None, Scope::NextWithinParent) => {}
            (None, _) => self.pcb.parentage = Some(depth),
        }
    }

    fn not_found(&mut self, scope: Scope, gap: Gap, at_end: bool, search: Search<'_, '_>) -> Refused {
        let depth = search.path.len();
        self.pcb.stand_in(search.at);
        self.pcb.arrive(&search.path, &search.keys, search.anchor);
        self.pcb.position.entry = search.entry;
        self.pcb.spare = (search.path, search.keys);
        self.pcb.position.leave(depth, gap);
        if scope != Scope::NextWithinParent {
            self.pcb.parentage = None;
        }
        if scope == Scope::Next && at_end {
            self.pcb.clear_position();
            return Refused::Status(StatusCode::GB, Shown::Nothing);
        }
        Refused::Status(StatusCode::GE, if depth == 0 { Shown::Nothing } else { Shown::Level(depth) })
    }
}

fn advance(search: &mut Search<'_, '_>, gap: Option<Gap>, floor: usize) -> Result<Outcome, Refused> {
    if search.advance(gap, floor)? {
        return Ok(Outcome::Found);
    }
    Ok(Outcome::NotFound { gap: Gap { segment: None, next: None }, at_end: floor == 0 })
}

/// GA when the segment is on a higher level than the last one, GK when it is of another type on the same.
fn remark(pcb: &DbPcb, search: &Search<'_, '_>) -> StatusCode {
    let (Some((level, last)), Some(here)) = (pcb.position.last, search.path.last()) else {
        return StatusCode::OK;
    };
    match search.path.len() {
        now if now < level => StatusCode::GA,
        now if now == level && here.segment != last => StatusCode::GK,
        _ => StatusCode::OK,
    }
}
