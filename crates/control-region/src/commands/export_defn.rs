//! EXPORT DEFN SOURCE(CATALOG): definitions out of the catalog, as the macro source that a populate job takes, or as the
//! DDL that a DDL job takes (DFS3CCE0). The source is told in lines after the list of what it defines.

use super::query_catalog;
use crate::columns::of_instances;
use crate::ddl::KnownDefinitions;
use crate::region::ControlRegion;
use catalog::Instance;
use csl::om::view::ExportDefn;
use csl::om::{
    Answer, CC, CCTXT, Column, CompletionCode, MemberMessage, MessageBody, ReasonCode, ReturnCode, Row,
};
use definitions::ddl::{END_OF_UNIT, drop_of};
use definitions::translate::{Language, said};
use vocabulary::message::DDL118;
use vocabulary::{InstanceStamp, MemberName, ResourceName};

/// How much source one answer holds: half of what a frame to an operator does.
const SOURCE_BYTES_MAX: usize = 4 << 20;

fn columns() -> Vec<Column> {
    let mut columns = of_instances();
    columns.extend([Column::number("LINES", "Lines")]);
    columns
}

/// The instances that were asked for, as source.
pub(super) fn export(region: &ControlRegion, asked: &ExportDefn) -> Answer {
    let catalog = region.plex.catalog();
    let mut export = Export {
        answer: Answer { columns: columns(), master: region.master(), ..Answer::default() },
        me: region.me(),
        language: if asked.ddl { Language::Ddl } else { Language::Macros },
        beside: if asked.instances.current {
            KnownDefinitions::active(catalog)
        } else {
            KnownDefinitions::coming(catalog)
        },
        source_bytes: 0,
    };
    for (resource, record) in catalog.records() {
        if !query_catalog::is_named(&asked.instances.definitions, &resource) {
            continue;
        }
        for (stamp, kind, instance) in record.instances() {
            if !query_catalog::includes(&asked.instances, kind) {
                continue;
            }
            export.add(row(resource, stamp).with("INST", kind.to_string()), resource, instance);
            if export.source_bytes > SOURCE_BYTES_MAX {
                return too_much(region);
            }
        }
    }
    if asked.ddl && export.source_bytes > 0 {
        export.write(END_OF_UNIT);
    }
    let mut answer = export.answer;
    answer.rows.extend(query_catalog::unknown(region, &asked.instances.definitions));
    answer.judge_by_rows();
    answer
}

/// What is exported so far.
struct Export<'a> {
    answer: Answer,
    me: MemberName,
    language: Language,
    /// The definitions that those which are exported stand beside.
    beside: KnownDefinitions<'a>,
    source_bytes: usize,
}

impl Export<'_> {
    /// Adds one instance. One that can't be read, or can't be said, does not keep the others.
    fn add(&mut self, row: Row, resource: ResourceName, instance: &Instance) {
        // Macros have no word for what is to be dropped.
        if instance.is_drop() {
            if self.language == Language::Ddl {
                self.add_source(row, &drop_of(&resource));
            }
            return;
        }
        let Ok(definition) = instance.content.definition() else {
            return self.add_failure(row, CompletionCode::DEFINITION_ERROR);
        };
        match said(&definition, self.language, &self.beside) {
            Ok(source) => self.add_source(row, &source),
            Err(what) => {
                self.answer.say(self.me, DDL118.with(&[&resource, &self.language, &what]));
                self.add_failure(row, CompletionCode::NOT_ALLOWED);
            }
        }
    }

    fn add_failure(&mut self, row: Row, code: CompletionCode) {
        self.answer.rows.push(row.with(CC, code).with(CCTXT, code.text()));
    }

    fn add_source(&mut self, row: Row, source: &str) {
        self.answer.rows.push(row.with(CC, CompletionCode::OK).with("LINES", source.lines().count() as u64));
        self.write(source);
    }

    fn write(&mut self, source: &str) {
        let line =
            |line: &str| MemberMessage { member: Some(self.me), body: MessageBody::Line(line.to_string()) };
        self.answer.messages.extend(source.lines().map(line));
        self.source_bytes += source.len();
    }
}

fn row(resource: ResourceName, stamp: InstanceStamp) -> Row {
    Row::default()
        .with("NAME", resource.as_str())
        .with("TYP", resource.kind().to_string())
        .with("TIMESTMP", stamp.to_string())
}

fn too_much(region: &ControlRegion) -> Answer {
    let reason = format!(
        "what was asked for is more than {SOURCE_BYTES_MAX} bytes of source, and nothing was exported; export fewer \
         definitions at a time with NAME, TYPE or SHOW"
    );
    Answer::refused("", region.now, ReturnCode::OM_PARAMETER, ReasonCode::NONE, &reason)
}
