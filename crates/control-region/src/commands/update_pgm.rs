//! UPDATE PGM START(SCHD), STOP(SCHD): whether a program may be scheduled on this member.

use super::named;
use crate::region::ControlRegion;
use crate::stops::StopChange;
use csl::om::view::{UpdateAction, UpdateResource};
use csl::om::{Answer, CompletionCode};
use vocabulary::PsbName;

/// Starts or stops programs on this member. A stop lets scheduled programs end.
pub(super) fn update(region: &mut ControlRegion, update: &UpdateResource) -> Answer {
    let psbs = named::active_psbs(region);
    let active = (&psbs[..], PsbName::as_str as fn(&PsbName) -> &str);
    let columns = named::columns("PGM", "PgmName");
    named::update(region, columns, &update.names, active, |_, psb| change(psb, update.action))
}

fn change(psb: PsbName, action: UpdateAction) -> Result<StopChange, CompletionCode> {
    match action {
        UpdateAction::StartScheduling => Ok(StopChange::StartProgram(psb)),
        UpdateAction::StopScheduling => Ok(StopChange::StopProgram(psb)),
        _ => Err(CompletionCode::NOT_ALLOWED),
    }
}
