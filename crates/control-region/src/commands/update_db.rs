//! UPDATE DB START, STOP: what may use a database on this member.

use super::named;
use crate::region::ControlRegion;
use crate::stops::{DatabaseStop, StopChange};
use csl::om::view::{UpdateAction, UpdateResource};
use csl::om::{Answer, CompletionCode};
use vocabulary::DbdName;

/// Starts or stops databases on this member.
pub(super) fn update(region: &mut ControlRegion, update: &UpdateResource) -> Answer {
    let dbds = named::active_dbds(region);
    let active = (&dbds[..], DbdName::as_str as fn(&DbdName) -> &str);
    let columns = named::columns("DB", "DBName");
    named::update(region, columns, &update.names, active, |region, dbd| change(region, dbd, update.action))
}

fn change(region: &ControlRegion, dbd: DbdName, action: UpdateAction) -> Result<StopChange, CompletionCode> {
    match action {
        UpdateAction::StartAccess => Ok(StopChange::StartDatabase(dbd)),
        UpdateAction::StopScheduling => Ok(StopChange::StopDatabase(dbd, DatabaseStop::Schedule)),
        UpdateAction::StopUpdates => Ok(StopChange::StopDatabase(dbd, DatabaseStop::Updates)),
        // Access can't be taken from a program in the middle of its work.
        UpdateAction::StopAccess if !region.resources.scheduled_users_of(dbd).is_empty() => {
            Err(CompletionCode::SCHEDULED)
        }
        UpdateAction::StopAccess => Ok(StopChange::StopDatabase(dbd, DatabaseStop::Access)),
        UpdateAction::StartScheduling => Err(CompletionCode::NOT_ALLOWED),
    }
}
