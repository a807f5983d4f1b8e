//! QUERY IMSPLEX: what belongs to the plex. IMS, OM, RM and SCI are address spaces of their own on z/OS; here every
//! member has all four in itself, and they come and go together.

use super::away;
use crate::region::ControlRegion;
use csl::om::view::QueryImsplex;
use csl::om::{Answer, Column, CompletionCode, Generic, ReturnCode, Route, Row, SUBTYPE};
use vocabulary::MemberName;

/// A kind of component: its type, its subtype, and what its name ends with after that of the member.
struct Component {
    typ: &'static str,
    subtype: &'static str,
    suffix: &'static str,
}

const COMPONENTS: [Component; 4] = [
    Component { typ: "IMS", subtype: SUBTYPE, suffix: "" },
    Component { typ: "OM", subtype: "", suffix: "OM" },
    Component { typ: "RM", subtype: "", suffix: "RM" },
    Component { typ: "SCI", subtype: "", suffix: "SC" },
];

/// What is known of the member whose components are told of.
struct Known<'a> {
    member: MemberName,
    version: &'a str,
    os: &'a str,
    status: Vec<String>,
}

fn columns(query: &QueryImsplex) -> Vec<Column> {
    let always = [
        Column::name("IMSPLX", "IMSplex", 1),
        Column::member(),
        Column::completion(),
        Column::completion_text(),
        Column { len: None, ..Column::name("IMSMBR", "Member", 2) },
    ];
    let shown = query.shown.iter().filter_map(|what| match *what {
        "JOB" => Some(Column::text("JOB", "JobName")),
        "TYPE" => Some(Column::text("TYP", "Type")),
        "SUBTYPE" => Some(Column::text("STYP", "Subtype")),
        "VERSION" => Some(Column::text("VER", "Version")),
        "OS" => Some(Column::text("OS", "OSName")),
        "STATUS" => Some(Column::text("STT", "Status")),
        _ => None,
    });
    always.into_iter().chain(shown).collect()
}

/// The components of this member.
pub(super) fn query(region: &ControlRegion, query: &QueryImsplex) -> Answer {
    let os = std::env::consts::OS.to_uppercase();
    let running = if region.is_running() { "READY,ACTIVE" } else { "ACTIVE" };
    let status = running.split(',').map(str::to_string).collect();
    let known = Known { member: region.me(), version: &region.settings.version, os: &os, status };
    Answer { columns: columns(query), rows: rows(region, query, &known), ..Answer::default() }
}

/// Adds the components of members that are not there to speak for themselves, and the names that no plex has.
pub(super) fn complete(region: &ControlRegion, route: &Route, query: &QueryImsplex, answer: &mut Answer) {
    answer.columns = columns(query);
    for (member, entry) in away::unheard(region, route, answer) {
        let status = vec![entry.state.to_string()];
        let known = Known { member, version: &entry.version, os: "", status };
        answer.rows.extend(rows(region, query, &known));
    }
    let unknown = query.names.iter().filter(|name| !is_called(region, name));
    answer.rows.extend(unknown.map(|name| {
        Row::of(region.me(), CompletionCode::NOT_FOUND).with("IMSPLX", name.as_str()).with("IMSMBR", "")
    }));
    // A plex has no components of the other types, which is told where nothing else is.
    let of_no_type = |typ: &&str| !COMPONENTS.iter().any(|component| component.typ == *typ);
    if answer.rows.is_empty() && query.types.iter().any(of_no_type) {
        let row = Row::of(region.me(), CompletionCode::NOT_FOUND);
        answer.rows.push(row.with("IMSPLX", region.settings.plex.as_str()).with("IMSMBR", ""));
    }
    answer.rows.sort_by_key(|row| [row.get("IMSPLX").cloned(), row.get("IMSMBR").cloned()]);
    // That somebody is missing says more than that a name is unknown.
    if answer.rc == ReturnCode::OK {
        answer.judge_by_rows();
    }
}

fn is_called(region: &ControlRegion, name: &Generic) -> bool {
    name.matches(region.settings.plex.as_str())
}

fn rows(region: &ControlRegion, query: &QueryImsplex, known: &Known<'_>) -> Vec<Row> {
    let named = query.names.iter().any(|name| is_called(region, name));
    let in_state = query.status.is_empty()
        || query.status.iter().any(|wanted| known.status.iter().any(|status| status == wanted));
    let wanted = |component: &&Component| query.types.is_empty() || query.types.contains(&component.typ);
    let rows = COMPONENTS.iter().filter(|_| named && in_state).filter(wanted);
    rows.map(|component| row(region, component, known)).collect()
}

fn row(region: &ControlRegion, component: &Component, known: &Known<'_>) -> Row {
    Row::of(region.me(), CompletionCode::OK)
        .with("IMSPLX", region.settings.plex.as_str())
        .with("IMSMBR", format!("{}{}", known.member, component.suffix))
        .with("JOB", known.member.as_str())
        .with("TYP", component.typ)
        .with("STYP", component.subtype)
        .with("VER", known.version)
        .with("OS", known.os)
        .with("STT", known.status.join(","))
}
