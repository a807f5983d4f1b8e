//! UPDATE PGM START(SCHD), STOP(SCHD): whether a program may be scheduled on this member.

use super::named;
use crate::region::ControlRegion;
use csl::om::view::{UpdateAction, UpdateResource};
use csl::om::{Answer, CompletionCode};
use vocabulary::PsbName;

/// Starts or stops programs on this member. A stop lets scheduled programs end.
pub(super) fn update(region: &mut ControlRegion, update: &UpdateResource) -> Answer {
    let me = region.me();
    let psbs = named::active_psbs(region);
    let active = (&psbs[..], PsbName::as_str as fn(&PsbName) -> &str);
    named::answer(me, named::columns("PGM", "PgmName"), &update.names, active, |psb| {
        Some(named::row(me, "PGM", psb.as_str(), update_one(region, psb, update.action)))
    })
}

fn update_one(region: &mut ControlRegion, psb: PsbName, action: UpdateAction) -> CompletionCode {
    match action {
        UpdateAction::StartScheduling => region.resources.set_program_stopped(psb, false),
        UpdateAction::StopScheduling => region.resources.set_program_stopped(psb, true),
        _ => return CompletionCode::NOT_ALLOWED,
    }
    CompletionCode::OK
}
