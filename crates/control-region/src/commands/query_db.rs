//! QUERY DB: databases of the directory, as this member has them.

use super::named;
use crate::region::ControlRegion;
use csl::om::view::QueryResource;
use csl::om::{Answer, Column, CompletionCode, Row};
use definitions::Definition;
use vocabulary::DbdName;

fn columns(query: &QueryResource) -> Vec<Column> {
    let mut columns = named::columns("DB", "DBName");
    if query.show_definition {
        columns.push(Column::text("TYP", "TYPE"));
    }
    if query.show_status {
        columns.push(Column::text("LSTT", "LclStat"));
    }
    if query.show_definition || query.show_timestamps {
        columns.push(Column::text("TIMESTMP", "TimeStamp"));
        columns.push(Column::number("DIRLVL", "DirLevel"));
    }
    if query.show_work {
        columns.push(Column::text("WRK", "Work"));
    }
    columns
}

/// The databases that were asked for, as this member has them.
pub(super) fn query(region: &ControlRegion, query: &QueryResource) -> Answer {
    let active = (&named::active_dbds(region)[..], DbdName::as_str as fn(&DbdName) -> &str);
    named::answer(region.me(), columns(query), &query.names, active, |dbd| row(region, query, dbd))
}

fn row(region: &ControlRegion, query: &QueryResource, dbd: DbdName) -> Option<Row> {
    let stops: Vec<&str> =
        region.resources.stops().of_database(dbd).map(crate::DatabaseStop::status).collect();
    let users = region.resources.scheduled_users_of(dbd);
    let mut status = stops;
    if !users.is_empty() {
        status.push("ALLOCS");
    }
    if !query.status.is_empty() && !query.status.iter().any(|wanted| status.contains(wanted)) {
        return None;
    }
    let record = region.plex.catalog().record(&dbd.into())?;
    let mut row = Row::of(region.me(), CompletionCode::OK).with("DB", dbd.as_str());
    if query.show_definition {
        let definition = record.active_instance().and_then(|instance| instance.content.definition().ok());
        if let Some(Definition::Dbd(dbd)) = definition {
            row = row.with("TYP", dbd.access.name());
        }
    }
    if query.show_status {
        row = row.with("LSTT", status.join(","));
    }
    if query.show_definition || query.show_timestamps {
        row = row
            .with("TIMESTMP", record.active.map(|stamp| stamp.to_string()).unwrap_or_default())
            .with("DIRLVL", record.active_since.0);
    }
    if query.show_work {
        row = row.with("WRK", users.iter().map(ToString::to_string).collect::<Vec<_>>().join(","));
    }
    Some(row)
}
