//! Answers about resources that were asked for by name: what QUERY and UPDATE of databases and programs share.

use crate::region::ControlRegion;
use crate::stops::StopChange;
use csl::om::{Answer, CC, CCTXT, Column, CompletionCode, Generic, Row};
use vocabulary::{DbdName, MemberName, PsbName, ResourceName};

/// The columns that every such answer begins with.
pub(super) fn columns(short: &str, long: &str) -> Vec<Column> {
    vec![Column::name(short, long, 1), Column::member(), Column::completion(), Column::completion_text()]
}

/// A row of a member for a resource.
fn row(member: MemberName, short: &str, name: &str, code: CompletionCode) -> Row {
    Row::of(member, code).with(short, name)
}

/// A row for each of these resources that was asked for, as far as `row` gives one, and a row for each name that
/// nothing answers to. The first column holds the names.
pub(super) fn answer<N: Copy>(
    me: MemberName,
    columns: Vec<Column>,
    asked: &[Generic],
    (active, text): (&[N], fn(&N) -> &str),
    mut row_of: impl FnMut(N) -> Option<Row>,
) -> Answer {
    let short = columns.first().map(|column| column.short.clone()).unwrap_or_default();
    let mut answer = Answer { columns, ..Answer::default() };
    let wanted = active.iter().filter(|name| asked.iter().any(|generic| generic.matches(text(name))));
    answer.rows.extend(wanted.filter_map(|name| row_of(*name)));
    let unknown = asked.iter().filter(|generic| !active.iter().any(|name| generic.matches(text(name))));
    answer.rows.extend(unknown.map(|generic| row(me, &short, generic.as_str(), CompletionCode::NOT_FOUND)));
    answer.judge_by_rows();
    answer
}

/// Stops or starts what was asked for. `change` gives the change of a resource, or why there is none.
pub(super) fn update<N: Copy>(
    region: &mut ControlRegion,
    columns: Vec<Column>,
    asked: &[Generic],
    (active, text): (&[N], fn(&N) -> &str),
    change: impl Fn(&ControlRegion, N) -> Result<StopChange, CompletionCode>,
) -> Answer {
    let me = region.me();
    let short = columns.first().map(|column| column.short.clone()).unwrap_or_default();
    let mut changes = Vec::new();
    let mut answer = answer(me, columns, asked, (active, text), |name| {
        let code = change(region, name).map_or_else(
            |code| code,
            |change| {
                changes.push(change);
                CompletionCode::OK
            },
        );
        Some(row(me, &short, text(&name), code))
    });
    if let Err(message) = region.keep_stops(&changes) {
        for row in answer.rows.iter_mut().filter(|row| row.completion().is_some_and(CompletionCode::is_ok)) {
            *row =
                row.clone().with(CC, CompletionCode::INTERNAL).with(CCTXT, CompletionCode::INTERNAL.text());
        }
        answer.say(me, message);
        answer.judge_by_rows();
    }
    answer
}

fn active(region: &ControlRegion) -> impl Iterator<Item = ResourceName> {
    region.plex.catalog().records().filter(|(_, record)| record.active.is_some()).map(|(name, _)| name)
}

/// The DBDs of the directory.
pub(super) fn active_dbds(region: &ControlRegion) -> Vec<DbdName> {
    active(region)
        .filter_map(|name| match name {
            ResourceName::Dbd(dbd) => Some(dbd),
            ResourceName::Psb(_) => None,
        })
        .collect()
}

/// The PSBs of the directory.
pub(super) fn active_psbs(region: &ControlRegion) -> Vec<PsbName> {
    active(region)
        .filter_map(|name| match name {
            ResourceName::Psb(psb) => Some(psb),
            ResourceName::Dbd(_) => None,
        })
        .collect()
}
