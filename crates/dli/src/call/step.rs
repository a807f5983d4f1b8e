//! GN and GNP without search arguments, one step down or along the twins, or to their end.
//!
//! Whoever reads whole records makes this call more often than all others, and it needs next to nothing: the program stays
//! in the record that it has locked, and most of its PCB stays as it is. Here it is made in place. Where there is more to
//! it nothing was changed yet, and the call goes the general way, which gives the same for this one too.

use super::function::{Get, Scope};
use super::{Gap, Place, Shown, area};
use crate::database::Cursor;
use crate::pcb::DbPcb;
use crate::pool::BufferPool;
use crate::status::StatusCode;

/// Where a step leads.
enum Next {
    /// To a segment on this level.
    Segment(usize, Place),
    /// Nowhere: it was the last twin, and the program sees no other types behind it under the parent.
    NoMore,
}

/// Goes on to the first child, or where there can be none to the next twin, and returns it. None where that is not all.
pub(crate) fn step(pool: &BufferPool, pcb: &mut DbPcb, get: Get, area: &mut [u8]) -> Option<StatusCode> {
    let here = *pcb.position.path.last()?;
    if area.is_empty() || !stays_in_place(pcb, get.scope, here) {
        return None;
    }
    // A database that is damaged is told of by the general way, which finds the same.
    let mut cursor = Cursor::new(pool, None);
    let floor = if get.scope == Scope::NextWithinParent { pcb.parentage? } else { 1 };
    let (depth, next) = match next_place(&mut cursor, pcb, here)? {
        Next::Segment(depth, next) if depth > floor => (depth, next),
        Next::NoMore if get.scope == Scope::NextWithinParent && floor + 1 == pcb.position.path.len() => {
            return Some(end(pcb, floor));
        }
        _ => return None,
    };
    let seen = &pcb.view.segments[next.segment];
    if !seen.options.is_returned() {
        return None;
    }
    let kind = pcb.db.kind(seen.code);
    let data = cursor.data(&pcb.db, kind, next.rba).ok()?;
    let bytes = area::give(seen, data, area).ok()?;
    pcb.position.keys.truncate(seen.key_offset);
    if let Some(key) = &kind.key {
        pcb.position.keys.extend_from_slice(key.of(data));
    }
    drop(cursor);
    arrive(pcb, depth, next);
    if get.scope == Scope::Next {
        pcb.parentage = Some(depth);
    }
    pcb.held.clear();
    pcb.held.push((depth - 1, bytes));
    (pcb.area_used, pcb.is_held) = (bytes, get.hold);
    pcb.show(StatusCode::OK, Shown::Level(depth));
    Some(StatusCode::OK)
}

/// Whether the program stands on a segment of a record that is its own to read, and nothing keeps it from going on.
fn stays_in_place(pcb: &DbPcb, scope: Scope, here: Place) -> bool {
    let has_record = pcb.standing.on.is_some() || pcb.lock_state.is_none();
    scope != Scope::Unique
        && pcb.goes_in_place()
        && pcb.position.gap.is_none()
        && pcb.position.last == Some((pcb.position.path.len(), here.segment))
        && has_record
}

/// The first child of the first type that the program sees, or else the next twin, with its level.
fn next_place(cursor: &mut Cursor<'_>, pcb: &DbPcb, here: Place) -> Option<Next> {
    let (db, view) = (&pcb.db, &pcb.view);
    let depth = pcb.position.path.len();
    let seen = &view.segments[here.segment];
    let kind = db.kind(seen.code);
    if let Some(&child) = seen.children.first() {
        let below = db.kind(view.segments[child].code);
        let rba = cursor.live_child(db, kind, here.rba, below).ok()??;
        return Some(Next::Segment(depth + 1, Place { segment: child, rba }));
    }
    let parent = depth.checked_sub(2).map(|above| pcb.position.path[above].segment)?;
    match cursor.live_twin(db, kind, here.rba).ok()? {
        Some(rba) => Some(Next::Segment(depth, Place { rba, ..here })),
        None => (view.segments[parent].children.last() == Some(&here.segment)).then_some(Next::NoMore),
    }
}

/// There is no more under the parent: the program stands behind the last, under it.
fn end(pcb: &mut DbPcb, depth: usize) -> StatusCode {
    pcb.position.leave(depth, Gap { segment: None, next: None });
    (pcb.area_used, pcb.is_held) = (0, false);
    pcb.show(StatusCode::GE, Shown::Level(depth));
    StatusCode::GE
}

fn arrive(pcb: &mut DbPcb, depth: usize, next: Place) {
    pcb.position.path.truncate(depth - 1);
    pcb.position.path.push(next);
    pcb.position.last = Some((depth, next.segment));
}
