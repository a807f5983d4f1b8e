//! GU with one key for each level, from the root of an HDAM database down.
//!
//! Most programs begin each piece of their work with this call, and there is nothing to search for: the keys lead to one segment,
//! wherever the program stands, or to none. Here it is made in place. Where there is more to it, or no such segment,
//! nothing was changed, and the call goes the general way, which gives the same for this one too.

use super::function::{Get, Scope};
use super::{Place, Shown, area};
use crate::Rba;
use crate::database::{Cursor, Roots};
use crate::lock::{Item, Locker};
use crate::pcb::DbPcb;
use crate::pool::BufferPool;
use crate::status::StatusCode;

/// Goes to the segment and returns it. False where that is not all.
pub(crate) fn go_straight(
    pool: &BufferPool,
    pcb: &mut DbPcb,
    get: Get,
    area: &mut [u8],
    ssas: &[&[u8]],
    locker: Option<&Locker<'_>>,
) -> bool {
    if !leads_straight(pcb, get, ssas) || area.is_empty() {
        return false;
    }
    let found = find(pool, pcb, area, ssas, locker);
    let Some((anchor, bytes)) = found else {
        if let Some(locker) = locker {
            locker.give_up();
        }
        return false;
    };
    if let Some(locker) = locker {
        locker.enter();
    }
    arrive(pcb, ssas, anchor);
    let depth = pcb.position.path.len();
    pcb.parentage = Some(depth);
    pcb.held.clear();
    pcb.held.push((depth - 1, bytes));
    (pcb.area_used, pcb.is_held) = (bytes, get.hold);
    pcb.show(StatusCode::OK, Shown::Level(depth));
    true
}

/// Whether the call is one for this way, and its arguments ask for one key on each level.
fn leads_straight(pcb: &mut DbPcb, get: Get, ssas: &[&[u8]]) -> bool {
    // Where segments linger the first one with a key need not be the one that is there.
    if get.scope != Scope::Unique || ssas.is_empty() || pcb.view.may_linger || !pcb.goes_in_place() {
        return false;
    }
    let parsed = pcb.arguments.parse(&pcb.view, &pcb.db.types, ssas);
    let most = pcb.arguments_bytes_max.unwrap_or(usize::MAX);
    parsed.is_ok() && pcb.arguments.bytes() <= most && pcb.arguments.is_straight()
}

/// Finds the segment and puts it into the area; its path is in the PCB's spare memory then. Gives the anchor point of the
/// root, and how many bytes of the area are used.
fn find(
    pool: &BufferPool,
    pcb: &mut DbPcb,
    area: &mut [u8],
    ssas: &[&[u8]],
    locker: Option<&Locker<'_>>,
) -> Option<(u32, usize)> {
    let (db, view) = (&*pcb.db, &*pcb.view);
    let Roots::Hdam(hdam) = &db.roots else { return None };
    let (path, _) = &mut pcb.spare;
    path.clear();
    // A database that is damaged is told of by the general way, which finds the same.
    let mut cursor = Cursor::new(pool, None);
    let mut anchor = 0;
    let mut parent: Option<(usize, Rba)> = None;
    for (segment, key) in pcb.arguments.keys(ssas) {
        let kind = db.kind(view.segments[segment].code);
        let rba = match parent {
            None => {
                anchor = hdam.anchor_of(key);
                if !locker.is_none_or(|locker| locker.try_look_at(Item::Anchor(anchor))) {
                    return None;
                }
                db.find_on_anchor(&mut cursor, hdam, anchor, key).ok()?.exact?
            }
            Some((above, rba)) => {
                let above = db.kind(view.segments[above].code);
                cursor.child_with_key(db, (above, rba), kind, key).ok()??
            }
        };
        path.push(Place { segment, rba });
        parent = Some((segment, rba));
    }
    let (segment, rba) = parent?;
    let seen = &view.segments[segment];
    if !seen.options.is_returned() {
        return None;
    }
    let data = cursor.data(db, db.kind(seen.code), rba).ok()?;
    Some((anchor, area::give(seen, data, area).ok()?))
}

/// Stands on the segment whose path is in the spare memory.
fn arrive(pcb: &mut DbPcb, ssas: &[&[u8]], anchor: u32) {
    let position = &mut pcb.position;
    std::mem::swap(&mut position.path, &mut pcb.spare.0);
    position.keys.clear();
    pcb.arguments.keys(ssas).for_each(|(_, key)| position.keys.extend_from_slice(key));
    position.entry.clear();
    (position.gap, position.anchor) = (None, anchor);
    position.last = position.path.last().map(|place| (position.path.len(), place.segment));
}
