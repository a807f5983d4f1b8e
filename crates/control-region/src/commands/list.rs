//! The listing of the catalog: instances, what each is to its record, and since which level.
//!
//! It stands beside the catalog API of IMS (DFS3CATQ LIST with DEFINITION=CURRENT, PENDING, BOTH).

use crate::columns::of_instances;
use crate::region::ControlRegion;
use catalog::{Instance, InstanceKind, Record, Retention};
use csl::envelope::{ListInstances, ListRequest};
use csl::om::{Answer, CC, Column, CompletionCode, Generic, ReasonCode, ReturnCode, Row};
use vocabulary::{InstanceStamp, ResourceName};

/// The instances that were asked for.
pub(super) fn list(region: &ControlRegion, asked: &ListRequest) -> Answer {
    let Ok(name) = Generic::new(&asked.name) else {
        let reason = format!("{:?} is not a name, and not a generic one with * or %", asked.name);
        return Answer::refused("", region.now, ReturnCode::OM_PARAMETER, ReasonCode::NONE, &reason);
    };
    let named = |resource: &ResourceName| {
        asked.kind.is_none_or(|kind| kind == resource.kind()) && name.matches(resource.as_str())
    };
    listing(region, named, |kind| wants(asked.instances, kind))
}

fn columns() -> Vec<Column> {
    let mut columns = of_instances();
    columns.extend([
        Column::number("DIRLVL", "DirLevel").skip_blank(),
        Column::number("BYTES", "Bytes"),
        Column::text("REFERS", "RefersTo").skip_blank(),
        Column::number("RETINST", "RetainInst").skip_blank(),
        Column::number("RETDAYS", "RetainDays").skip_blank(),
    ]);
    columns
}

/// The instances of some records, of some kinds.
pub(super) fn listing(
    region: &ControlRegion,
    named: impl Fn(&ResourceName) -> bool,
    wanted: impl Fn(InstanceKind) -> bool,
) -> Answer {
    let records = region.plex.catalog().records().filter(|(resource, _)| named(resource));
    let rows = records
        .flat_map(|(resource, record)| {
            let wanted = record.instances().filter(|(_, kind, _)| wanted(*kind));
            wanted.map(move |(stamp, kind, instance)| row(resource, record, stamp, kind, instance))
        })
        .collect();
    Answer { columns: columns(), rows, master: region.master(), ..Answer::default() }
}

fn row(
    resource: ResourceName,
    record: &Record,
    stamp: InstanceStamp,
    kind: InstanceKind,
    instance: &Instance,
) -> Row {
    let references: Vec<String> = instance.facts.references.iter().map(ToString::to_string).collect();
    let row = Row::default()
        .with("NAME", resource.as_str())
        .with("TYP", resource.kind().to_string())
        .with(CC, CompletionCode::OK)
        .with("INST", if instance.is_drop() { "PENDING DROP".to_string() } else { kind.to_string() })
        .with("TIMESTMP", stamp.to_string())
        .with("BYTES", instance.content.byte_count())
        .with("REFERS", references.join(","));
    let row = match record.retention() {
        Some(Retention { instances, days }) => {
            row.with("RETINST", u64::from(instances)).with("RETDAYS", u64::from(days))
        }
        None => row,
    };
    if kind == InstanceKind::Active { row.with("DIRLVL", record.active_since.0) } else { row }
}

fn wants(asked: ListInstances, kind: InstanceKind) -> bool {
    match asked {
        ListInstances::Active => kind == InstanceKind::Active,
        ListInstances::Pending => kind == InstanceKind::Pending,
        ListInstances::All => true,
    }
}
