//! UPDATE DB START, STOP, and /DBRECOVERY, /DBDUMP, /START: what may use a database on this member.

use super::named;
use crate::region::ControlRegion;
use crate::stops::{DatabaseStop, StopChange};
use csl::om::view::{AccessType, UpdateAction, UpdateResource};
use csl::om::{Answer, CompletionCode};
use dbrc::Access;
use vocabulary::DbdName;

/// Starts or stops databases on this member. What is to be closed is closed on the turns that follow; the answer waits for it.
pub(super) fn update(region: &mut ControlRegion, update: &UpdateResource) -> Answer {
    let dbds = named::active_dbds(region);
    let active = (&dbds[..], DbdName::as_str as fn(&DbdName) -> &str);
    let columns = named::columns("DB", "DBName");
    let accesses: Vec<StopChange> = match update.access {
        Some(access) => {
            let named = dbds.iter().filter(|dbd| update.names.iter().any(|name| name.matches(dbd.as_str())));
            let free = named.filter(|dbd| region.resources.scheduled_users_of(**dbd).is_empty());
            free.map(|dbd| StopChange::SetAccess(*dbd, access_of(access))).collect()
        }
        None => Vec::new(),
    };
    let changes = |region: &ControlRegion, dbd| change(region, dbd, update);
    let answer = named::update(region, columns, &update.names, active, changes);
    if update.action == UpdateAction::StartAccess {
        if let Err(message) = region.keep_stops(&accesses) {
            return refused(region, answer, message);
        }
        for dbd in dbds.iter().filter(|dbd| update.names.iter().any(|name| name.matches(dbd.as_str()))) {
            region.database_started(*dbd);
        }
    }
    answer
}

fn refused(region: &ControlRegion, mut answer: Answer, message: vocabulary::Message) -> Answer {
    answer.say(region.me(), message);
    answer
}

fn access_of(access: AccessType) -> Access {
    match access {
        AccessType::Browse => Access::ReadOnly,
        AccessType::Read => Access::Read,
        AccessType::Update => Access::Update,
        AccessType::Exclusive => Access::Exclusive,
    }
}

fn change(
    region: &ControlRegion,
    dbd: DbdName,
    update: &UpdateResource,
) -> Result<StopChange, CompletionCode> {
    let is_used = || !region.resources.scheduled_users_of(dbd).is_empty();
    match update.action {
        // What a program has can't be opened for something else in the middle of its work.
        UpdateAction::StartAccess
            if is_used()
                && update.access.is_some_and(|access| access_of(access) != region.access_of(dbd)) =>
        {
            Err(CompletionCode::SCHEDULED)
        }
        UpdateAction::StartAccess => Ok(StopChange::StartDatabase(dbd)),
        UpdateAction::StopScheduling => Ok(StopChange::StopDatabase(dbd, DatabaseStop::Schedule)),
        // Access can't be taken from a program in the middle of its work.
        UpdateAction::StopAccess | UpdateAction::StopUpdates if is_used() => Err(CompletionCode::SCHEDULED),
        UpdateAction::StopUpdates => Ok(StopChange::StopDatabase(dbd, DatabaseStop::Updates)),
        UpdateAction::StopAccess => Ok(StopChange::StopDatabase(dbd, DatabaseStop::Access)),
        UpdateAction::StartScheduling => Err(CompletionCode::NOT_ALLOWED),
    }
}
