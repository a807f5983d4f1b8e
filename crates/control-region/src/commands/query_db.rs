//! QUERY DB: databases of the directory, as this member has them.

use super::not_found;
use crate::region::ControlRegion;
use csl::om::view::QueryResource;
use csl::om::{Answer, Column, CompletionCode, Row};
use definitions::Definition;
use vocabulary::{DbdName, ResourceName};

fn columns(query: &QueryResource) -> Vec<Column> {
    let mut columns = vec![
        Column::name("DB", "DBName", 1),
        Column::member(),
        Column::completion(),
        Column::completion_text(),
    ];
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
    let mut answer = Answer { columns: columns(query), ..Answer::default() };
    let active: Vec<DbdName> = active_dbds(region);
    for dbd in &active {
        if query.names.iter().any(|name| name.matches(dbd.as_str())) {
            answer.rows.extend(row(region, query, *dbd));
        }
    }
    let found = |name: &csl::om::Generic| active.iter().any(|dbd| name.matches(dbd.as_str()));
    for (name, code) in not_found(&query.names, found) {
        answer.rows.push(Row::of(region.me(), code).with("DB", name.to_string()));
    }
    answer.judge_by_rows();
    answer
}

/// The DBDs of the directory.
pub(super) fn active_dbds(region: &ControlRegion) -> Vec<DbdName> {
    let active = region.plex.catalog().records().filter(|(_, record)| record.active.is_some());
    active
        .filter_map(|(name, _)| match name {
            ResourceName::Dbd(dbd) => Some(dbd),
            ResourceName::Psb(_) => None,
        })
        .collect()
}

fn row(region: &ControlRegion, query: &QueryResource, dbd: DbdName) -> Option<Row> {
    let stops: Vec<&str> = region.resources.stops_of(dbd).map(crate::DatabaseStop::status).collect();
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
