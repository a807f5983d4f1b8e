//! UPDATE DB START, STOP: what may use a database on this member.

use super::{not_found, query_db::active_dbds};
use crate::region::ControlRegion;
use crate::resources::DatabaseStop;
use csl::om::view::{UpdateAction, UpdateResource};
use csl::om::{Answer, Column, CompletionCode, Generic, Row};
use vocabulary::DbdName;

/// Starts or stops databases on this member.
pub(super) fn update(region: &mut ControlRegion, update: &UpdateResource) -> Answer {
    let mut answer = Answer {
        columns: vec![
            Column::name("DB", "DBName", 1),
            Column::member(),
            Column::completion(),
            Column::completion_text(),
        ],
        ..Answer::default()
    };
    let active = active_dbds(region);
    for dbd in &active {
        if update.names.iter().any(|name| name.matches(dbd.as_str())) {
            let code = update_one(region, *dbd, update.action);
            answer.rows.push(Row::of(region.me(), code).with("DB", dbd.as_str()));
        }
    }
    let found = |name: &Generic| active.iter().any(|dbd| name.matches(dbd.as_str()));
    for (name, code) in not_found(&update.names, found) {
        answer.rows.push(Row::of(region.me(), code).with("DB", name.to_string()));
    }
    answer.judge_by_rows();
    answer
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
