//! QUERY DB: databases of the directory, as this member has them.

use super::named;
use crate::region::ControlRegion;
use catalog::Record;
use csl::om::view::QueryResource;
use csl::om::{Answer, Column, CompletionCode, Row};
use definitions::Definition;
use definitions::model::dbd::Access;
use vocabulary::{DbdName, ResourceKind};

fn columns(query: &QueryResource) -> Vec<Column> {
    let mut columns = named::columns("DB", "DBName");
    if query.show_definition {
        columns.push(Column::text("TYP", "TYPE"));
        columns.push(Column::text("ORG", "Organization"));
    }
    if query.show_status {
        columns.push(Column::text("LSTT", "LclStat"));
    }
    if query.show_access {
        columns.push(Column::text("ACC", "AccType"));
    }
    if query.show_definition || query.show_timestamps {
        columns.push(Column::text("TIMESTMP", "TimeStamp"));
        columns.push(Column::number("DIRLVL", "DirLevel"));
    }
    if query.show_work {
        columns.push(Column::text("WRK", "Work"));
    }
    if query.show_references {
        columns.push(Column::text("PGM", "PgmList"));
    }
    columns
}

/// The databases that were asked for, as this member has them.
pub(super) fn query(region: &ControlRegion, query: &QueryResource) -> Answer {
    let active = (&named::active_dbds(region)[..], DbdName::as_str as fn(&DbdName) -> &str);
    named::answer(region.me(), columns(query), &query.names, active, |dbd| row(region, query, dbd))
}

fn row(region: &ControlRegion, query: &QueryResource, dbd: DbdName) -> Option<Row> {
    let users = region.resources.scheduled_users_of(dbd);
    let status = statuses(region, dbd, !users.is_empty());
    if !query.status.is_empty() && !query.status.iter().any(|wanted| status.contains(wanted)) {
        return None;
    }
    let record = region.plex.catalog().record(&dbd.into())?;
    // Every row of a long list decodes a definition only where that is asked for.
    let access = (query.show_definition || !query.types.is_empty()).then(|| access(record)).flatten();
    let typ = access.map_or("", type_word);
    if !query.types.is_empty() && !query.types.iter().any(|wanted| typ.replace('/', "") == *wanted) {
        return None;
    }
    let mut row = Row::of(region.me(), CompletionCode::OK).with("DB", dbd.as_str());
    if query.show_definition {
        row = row.with("TYP", typ).with("ORG", access.map_or("", Access::name));
    }
    if query.show_status {
        row = row.with("LSTT", status.join(","));
    }
    if query.show_access {
        row = row.with("ACC", access_word(region.access_of(dbd)));
    }
    if query.show_definition || query.show_timestamps {
        row = row
            .with("TIMESTMP", record.active.map(|stamp| stamp.to_string()).unwrap_or_default())
            .with("DIRLVL", record.active_since.0);
    }
    if query.show_work {
        row = row.with("WRK", users.iter().map(ToString::to_string).collect::<Vec<_>>().join(","));
    }
    if query.show_references {
        row = row.with("PGM", programs_of(region, dbd).join(","));
    }
    Some(row)
}

/// How a database is: what is stopped, what is open, and what stands in the way of using it.
fn statuses(region: &ControlRegion, dbd: DbdName, is_used: bool) -> Vec<&'static str> {
    let mut status: Vec<&str> =
        region.resources.stops().of_database(dbd).map(crate::DatabaseStop::status).collect();
    let state = region.database_state(dbd);
    let told = [
        (is_used || state.open.is_some(), "ALLOCS"),
        (state.failed, "ALLOCF"),
        (state.open.is_some(), "OPEN"),
        (state.open.is_none() && region.settings.has_engine, "NOTOPEN"),
        (state.needs_backout, "BACKOUT"),
        (state.needs_recovery, "RECOV"),
        (state.has_errors, "EEQE"),
    ];
    status.extend(told.iter().filter(|(is, _)| *is).map(|(_, word)| *word));
    status
}

/// What a database is opened for, as type-2 commands call it.
fn access_word(access: dbrc::Access) -> &'static str {
    match access {
        dbrc::Access::ReadOnly => "BRWS",
        dbrc::Access::Read => "READ",
        dbrc::Access::Update => "UPD",
        dbrc::Access::Exclusive => "EXCL",
    }
}

fn access(record: &Record) -> Option<Access> {
    match record.active_instance()?.content.definition() {
        Ok(Definition::Dbd(dbd)) => Some(dbd.access),
        _ => None,
    }
}

/// The type of a database, as IMS calls it.
fn type_word(access: Access) -> &'static str {
    match access {
        Access::Hsam
        | Access::Shsam
        | Access::Hisam
        | Access::Shisam
        | Access::Hdam
        | Access::Hidam
        | Access::Index => "DL/I",
        _ => access.name(),
    }
}

/// The programs of the directory that refer to a database.
fn programs_of(region: &ControlRegion, dbd: DbdName) -> Vec<String> {
    let users = region.plex.catalog().users_of(dbd);
    users.filter(|user| user.kind() == ResourceKind::Psb).map(|psb| psb.as_str().to_string()).collect()
}
