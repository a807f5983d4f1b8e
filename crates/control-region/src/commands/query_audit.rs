//! QUERY AUDIT: the commands that were accepted, by whom, from where, and how they went. An extension; the OM of IMS writes
//! its audit trail to a log stream.

use crate::region::ControlRegion;
use csl::om::view::QueryAudit;
use csl::om::{Answer, Column, CompletionCode, Row};
use plex::{AuditClass, AuditRecord};
use vocabulary::InstanceStamp;

fn columns() -> Vec<Column> {
    vec![
        Column::member(),
        Column::completion(),
        Column::completion_text(),
        Column::text("TIME", "Time").global(),
        Column::text("USER", "User").global(),
        Column::text("ROLE", "Role").global(),
        Column::text("FROM", "From").global(),
        Column::text("ENTRY", "Entry").global(),
        Column::text("TYP", "Type").global(),
        Column::text("RC", "RC").global(),
        Column::text("RSN", "RSN").global(),
        Column::number("MS", "Ms").global(),
        Column::text("CMD", "Command").global(),
    ]
}

/// The latest records that were asked for, the oldest of them first.
pub(super) fn query(region: &ControlRegion, asked: &QueryAudit) -> Answer {
    let classes = [(AuditClass::Change, asked.changes), (AuditClass::Query, asked.queries)];
    let classes = classes.into_iter().filter(|(_, wanted)| *wanted).map(|(class, _)| class);
    let records = classes.flat_map(|class| region.plex.audit().of(class));
    let mut records: Vec<&AuditRecord> = records.filter(|record| is_asked_for(record, asked)).collect();
    records.sort_by_key(|record| record.at);
    let beyond = records.len().saturating_sub(usize::try_from(asked.last).unwrap_or(usize::MAX));
    let rows = records.into_iter().skip(beyond).map(|record| row(region, record)).collect();
    Answer { columns: columns(), rows, master: region.master(), ..Answer::default() }
}

fn is_asked_for(record: &AuditRecord, asked: &QueryAudit) -> bool {
    asked.users.iter().any(|user| user.matches(&record.user))
        && (asked.verbs.is_empty() || asked.verbs.contains(&record.verb.as_str()))
        && asked.since.is_none_or(|since| InstanceStamp::at(record.at) >= since)
}

fn row(region: &ControlRegion, record: &AuditRecord) -> Row {
    Row::of(region.me(), CompletionCode::OK)
        .with("TIME", record.at.to_string())
        .with("USER", record.user.as_str())
        .with("ROLE", record.role.as_str())
        .with("FROM", record.address.as_str())
        .with("ENTRY", record.entry.as_str())
        .with("TYP", record.class.to_string())
        .with("RC", record.rc.to_string())
        .with("RSN", record.rsn.to_string())
        .with("MS", record.took_ms)
        .with("CMD", record.command.as_str())
}
