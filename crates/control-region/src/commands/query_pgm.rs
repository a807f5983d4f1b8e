//! QUERY PGM: programs, which go by the names of their PSBs, as this member has them.

use super::named;
use crate::region::ControlRegion;
use csl::om::view::QueryResource;
use csl::om::{Answer, Column, CompletionCode, Row};
use vocabulary::PsbName;

fn columns(query: &QueryResource) -> Vec<Column> {
    let mut columns = named::columns("PGM", "PgmName");
    if query.show_status {
        columns.push(Column::text("LSTT", "LclStat"));
    }
    if query.show_definition || query.show_timestamps {
        columns.push(Column::text("TIMESTMP", "TimeStamp"));
        columns.push(Column::text("LTIMSTMP", "LclTimeStamp"));
        columns.push(Column::number("DIRLVL", "DirLevel"));
    }
    if query.show_work {
        columns.push(Column::text("WRK", "Work"));
    }
    if query.show_references {
        columns.push(Column::text("DB", "DBList"));
    }
    columns
}

/// The programs that were asked for, as this member has them.
pub(super) fn query(region: &ControlRegion, query: &QueryResource) -> Answer {
    let active = (&named::active_psbs(region)[..], PsbName::as_str as fn(&PsbName) -> &str);
    named::answer(region.me(), columns(query), &query.names, active, |psb| row(region, query, psb))
}

fn row(region: &ControlRegion, query: &QueryResource, psb: PsbName) -> Option<Row> {
    let loaded = region.resources.loaded(psb);
    let regions: Vec<String> = region.resources.regions_of(psb).map(|region| region.0.to_string()).collect();
    let mut status = Vec::new();
    if region.resources.stops().is_program_stopped(psb) {
        status.push("STOSCHD");
    }
    if loaded.is_some_and(|loaded| loaded.refresh_pending) {
        status.push("REFP");
    }
    if !regions.is_empty() {
        status.push("SCHEDULED");
    }
    if !query.status.is_empty() && !query.status.iter().any(|wanted| status.contains(wanted)) {
        return None;
    }
    let record = region.plex.catalog().record(&psb.into())?;
    let mut row = Row::of(region.me(), CompletionCode::OK).with("PGM", psb.as_str());
    if query.show_status {
        row = row.with("LSTT", status.join(","));
    }
    if query.show_definition || query.show_timestamps {
        // Not loaded means that the next schedule loads what the directory has.
        row = row
            .with("TIMESTMP", record.active.map(|stamp| stamp.to_string()).unwrap_or_default())
            .with("LTIMSTMP", loaded.map(|loaded| loaded.stamp.to_string()).unwrap_or_default())
            .with("DIRLVL", record.active_since.0);
    }
    if query.show_work {
        row = row.with("WRK", regions.join(","));
    }
    if query.show_references {
        let references = record.active_instance().map(|instance| &instance.facts.references);
        let listed = references.into_iter().flatten().map(ToString::to_string);
        row = row.with("DB", listed.collect::<Vec<_>>().join(","));
    }
    Some(row)
}
