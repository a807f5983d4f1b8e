//! EXPORT DEFN SOURCE(CATALOG): definitions out of the catalog, as the macro source that a populate job takes
//! (DFS3CCE0). The source is told in lines after the list of what it defines.

use super::query_catalog;
use crate::columns::of_instances;
use crate::region::ControlRegion;
use catalog::Instance;
use csl::om::view::CatalogInstances;
use csl::om::{
    Answer, CC, CCTXT, Column, CompletionCode, MemberMessage, MessageBody, ReasonCode, ReturnCode, Row,
};
use definitions::ddl::to_macros;
use vocabulary::{InstanceStamp, ResourceName};

/// How much source one answer holds: half of what a frame to an operator does.
const SOURCE_BYTES_MAX: usize = 4 << 20;

fn columns() -> Vec<Column> {
    let mut columns = of_instances();
    columns.extend([Column::number("LINES", "Lines")]);
    columns
}

/// The instances that were asked for, as source.
pub(super) fn export(region: &ControlRegion, asked: &CatalogInstances) -> Answer {
    let mut answer = Answer { columns: columns(), master: region.master(), ..Answer::default() };
    let mut source_bytes = 0;
    for (resource, record) in region.plex.catalog().records() {
        if !query_catalog::is_named(&asked.definitions, &resource) {
            continue;
        }
        for (stamp, kind, instance) in record.instances() {
            if !query_catalog::includes(asked, kind) || instance.is_drop() {
                continue;
            }
            let row = row(resource, stamp).with("INST", kind.to_string());
            source_bytes += export_one(region, &mut answer, row, instance);
            if source_bytes > SOURCE_BYTES_MAX {
                return too_much(region);
            }
        }
    }
    answer.rows.extend(query_catalog::unknown(region, &asked.definitions));
    answer.judge_by_rows();
    answer
}

fn row(resource: ResourceName, stamp: InstanceStamp) -> Row {
    Row::default()
        .with("NAME", resource.as_str())
        .with("TYP", resource.kind().to_string())
        .with("TIMESTMP", stamp.to_string())
}

/// Adds one instance, and gives how many bytes its source has. One that can't be read does not keep the others.
fn export_one(region: &ControlRegion, answer: &mut Answer, row: Row, instance: &Instance) -> usize {
    let Ok(definition) = instance.content.definition() else {
        let code = CompletionCode::DEFINITION_ERROR;
        answer.rows.push(row.with(CC, code).with(CCTXT, code.text()));
        return 0;
    };
    let source = to_macros(&definition);
    answer.rows.push(row.with(CC, CompletionCode::OK).with("LINES", source.lines().count() as u64));
    let line =
        |line: &str| MemberMessage { member: Some(region.me()), body: MessageBody::Line(line.to_string()) };
    answer.messages.extend(source.lines().map(line));
    source.len()
}

fn too_much(region: &ControlRegion) -> Answer {
    let reason = format!(
        "what was asked for is more than {SOURCE_BYTES_MAX} bytes of source, and nothing was exported; export fewer \
         definitions at a time with NAME, TYPE or SHOW"
    );
    Answer::refused("", region.now, ReturnCode::OM_PARAMETER, ReasonCode::NONE, &reason)
}
