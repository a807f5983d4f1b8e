//! UPDATE CATALOG SET(TIMESTAMP(CHECK)): whether the headers of a member's copy of the catalog agree with its directory and
//! its staging data set (DFS3CM00). What UPDATE CATALOG changes, the master does for all.

use super::query_catalog;
use crate::region::ControlRegion;
use csl::om::view::Definitions;
use csl::om::{Answer, CC, CCTXT, Column, CompletionCode, Row};
use vocabulary::message::{DFS9111I, DFS9116W};

fn columns() -> Vec<Column> {
    vec![
        Column::name("NAME", "Name", 0),
        Column::text("TYP", "Type"),
        Column::member(),
        Column::completion(),
        Column::completion_text(),
    ]
}

/// A row for each header that names what is not there.
pub(super) fn check(region: &ControlRegion, definitions: &Definitions) -> Answer {
    let (me, mut agreed) = (region.me(), 0_u64);
    let mut answer = Answer { columns: columns(), ..Answer::default() };
    for (name, record) in region.plex.catalog().records() {
        if !query_catalog::is_named(definitions, &name) {
            continue;
        }
        let mut problems = record.problems().peekable();
        if problems.peek().is_none() {
            agreed += 1;
            continue;
        }
        let row = Row::of(me, CompletionCode::COPY_DAMAGED);
        answer.rows.push(row.with("NAME", name.as_str()).with("TYP", name.kind().to_string()));
        problems.for_each(|problem| answer.say(me, DFS9116W.with(&[&name, &problem])));
    }
    let damaged = answer.rows.len();
    answer.say(me, DFS9111I.with(&[&agreed, &damaged]));
    let unknown = query_catalog::unknown_names(region.plex.catalog(), definitions);
    answer.rows.extend(unknown.map(|name| {
        let code = CompletionCode::NOT_FOUND;
        Row::of(me, code).with("NAME", name.as_str()).with("TYP", "").with(CC, code).with(CCTXT, code.text())
    }));
    answer.judge_by_rows();
    answer
}
