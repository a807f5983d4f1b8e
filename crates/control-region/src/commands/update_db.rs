//! UPDATE DB START, STOP: what may use a database on this member.

use super::named;
use crate::region::ControlRegion;
use crate::resources::DatabaseStop;
use csl::om::view::{UpdateAction, UpdateResource};
use csl::om::{Answer, CompletionCode};
use vocabulary::DbdName;

/// Starts or stops databases on this member.
pub(super) fn update(region: &mut ControlRegion, update: &UpdateResource) -> Answer {
    let me = region.me();
    let dbds = named::active_dbds(region);
    let active = (&dbds[..], DbdName::as_str as fn(&DbdName) -> &str);
    named::answer(me, named::columns("DB", "DBName"), &update.names, active, |dbd| {
        Some(named::row(me, "DB", dbd.as_str(), update_one(region, dbd, update.action)))
    })
}

fn update_one(region: &mut ControlRegion, dbd: DbdName, action: UpdateAction) -> CompletionCode {
    match action {
        UpdateAction::StartAccess => region.resources.start_database(dbd),
        UpdateAction::StopScheduling => region.resources.stop_database(dbd, DatabaseStop::Schedule),
        UpdateAction::StopUpdates => region.resources.stop_database(dbd, DatabaseStop::Updates),
        // Access can't be taken from a program in the middle of its work.
        UpdateAction::StopAccess if !region.resources.scheduled_users_of(dbd).is_empty() => {
            return CompletionCode::SCHEDULED;
        }
        UpdateAction::StopAccess => region.resources.stop_database(dbd, DatabaseStop::Access),
        UpdateAction::StartScheduling => return CompletionCode::NOT_ALLOWED,
    }
    CompletionCode::OK
}
