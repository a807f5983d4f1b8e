//! QUERY MEMBER TYPE(IMS): what each member is set up to do, and what it is doing.

use super::away;
use crate::event::LinkState;
use crate::links::Contact;
use crate::region::ControlRegion;
use csl::om::view::QueryMember;
use csl::om::{Answer, Column, CompletionCode, Route, Row};
use plex::{Activation, Membership, Phase, RosterEntry};
use vocabulary::MemberName;

/// The words of the status columns. Names that start with OLC are those of Global Online Change, which an import
/// goes through as well; the others are our own.
mod word {
    /// An activation is under way in the plex.
    pub(super) const UNDER_WAY: &str = "OLC";
    /// This member is its master.
    pub(super) const MASTER: &str = "OLCMSTR";
    /// This member has not voted yet.
    pub(super) const PREPARING: &str = "OLCPREPI";
    /// This member is ready.
    pub(super) const PREPARED: &str = "OLCPREPC";
    /// This member has work in progress that forbids it.
    pub(super) const PREPARE_FAILED: &str = "OLCPREPF";
    /// This member refreshes.
    pub(super) const COMMITTING: &str = "OLCCMT2I";
    /// This member works with what was activated.
    pub(super) const COMMITTED: &str = "OLCCMT2C";
    /// A survivor took the activation over, and backs it out.
    pub(super) const TAKEN_OVER_ABORT: &str = "TKOVABRT";
    /// A survivor took the activation over, and commits it.
    pub(super) const TAKEN_OVER_COMMIT: &str = "TKOVCMT";
    /// A majority of the members is out of reach.
    pub(super) const NO_QUORUM: &str = "NOQUORUM";
    /// This member leads the plex.
    pub(super) const LEADS: &str = "MASTER";
    /// This member waits for an activation to end before it starts work.
    pub(super) const WAITING: &str = "RSTWAIT";
    /// The plex does not have this member among the active, and a new run of it is there.
    pub(super) const STARTING: &str = "STARTING";
}

fn columns(query: &QueryMember) -> Vec<Column> {
    let mut columns = vec![
        Column::name("MBR", "MbrName", 1),
        Column::completion(),
        Column::completion_text(),
        Column::text("TYP", "Type"),
    ];
    if query.status {
        columns.push(Column::text("STT", "Status").global());
        columns.push(Column::text("LSTT", "LclStat"));
        columns.push(Column::number("DIRLVL", "DirLevel"));
        columns.push(Column::text("SINCE", "Since"));
    }
    if query.attributes {
        columns.push(Column::text("LATTR", "LclAttr"));
        columns.push(Column::text("ADDR", "Address"));
        columns.push(Column::text("VER", "Version"));
    }
    columns
}

/// What this member says of itself.
pub(super) fn query(region: &ControlRegion, query: &QueryMember) -> Answer {
    let mut row = Row::of(region.me(), CompletionCode::OK).with("TYP", "IMS");
    let entry = region.plex.roster().get(&region.me());
    let status = local_status(region).join(",");
    if !is_asked_for(query, &status, local_attributes(region.settings.membership)) {
        return Answer { columns: columns(query), ..Answer::default() };
    }
    if query.status {
        row = row
            .with("LSTT", status)
            .with("DIRLVL", region.plex.catalog().level().0.0)
            .with("SINCE", entry.map(|entry| entry.since.to_string()).unwrap_or_default());
    }
    if query.attributes {
        row = row
            .with("LATTR", local_attributes(region.settings.membership))
            .with("ADDR", region.settings.address.clone())
            .with("VER", region.settings.version.clone());
    }
    Answer { columns: columns(query), rows: vec![row], ..Answer::default() }
}

/// Whether a member has one of the attributes and is in one of the states that are asked for, where some are.
fn is_asked_for(query: &QueryMember, status: &str, attributes: &str) -> bool {
    let has =
        |wanted: &[&str], all: &str| wanted.is_empty() || all.split(',').any(|word| wanted.contains(&word));
    has(&query.in_states, status) && has(&query.with_attributes, attributes)
}

/// DIRECTORY says that managed ACBs are on, which they always are here.
fn local_attributes(membership: Membership) -> &'static str {
    match membership {
        Membership::Sharer => "GBLOLC,DIRECTORY,ACBSHR",
        Membership::Guest => "DIRECTORY",
    }
}

fn local_status(region: &ControlRegion) -> Vec<&'static str> {
    let mut words = Vec::new();
    // A guest leads a plex of its own. Who leads without a majority can decide nothing.
    if region.is_master() && region.quorum && region.settings.membership == Membership::Sharer {
        words.push(word::LEADS);
    }
    let Some(activation) = region.plex.activation() else {
        if !region.is_running() && !region.is_stopping() {
            words.push(word::STARTING);
        }
        return words;
    };
    if activation.master == region.me() {
        words.push(word::MASTER);
    }
    if activation.takes_part(region.me(), region.settings.incarnation) {
        words.push(step_of(region, activation));
    } else if !region.is_running() {
        words.push(word::WAITING);
    }
    words
}

fn step_of(region: &ControlRegion, activation: &Activation) -> &'static str {
    let ballot = region.ballot.as_ref().filter(|ballot| ballot.token == activation.token);
    match (activation.phase, ballot) {
        (Phase::Preparing, None) => word::PREPARING,
        (Phase::Preparing, Some(ballot)) if ballot.in_use.is_empty() => word::PREPARED,
        (Phase::Preparing, Some(_)) => word::PREPARE_FAILED,
        (Phase::Committing { .. }, Some(ballot)) if ballot.completion.is_some() => word::COMMITTED,
        (Phase::Committing { .. }, _) => word::COMMITTING,
    }
}

/// Adds the row of the plex, and a row for each member that is not there to speak for itself.
pub(super) fn complete(region: &ControlRegion, route: &Route, query: &QueryMember, answer: &mut Answer) {
    if answer.columns.is_empty() {
        answer.columns = columns(query);
    }
    let away = away::unheard(region, route, answer).into_iter().filter(|(member, entry)| {
        is_asked_for(query, &away_status(region, *member, entry), local_attributes(entry.membership))
    });
    answer.rows.extend(away.map(|(member, entry)| away_row(region, member, entry, query)));
    answer.rows.sort_by_key(|row| row.get("MBR").map(ToString::to_string));
    if query.status {
        answer.rows.insert(0, plex_row(region));
    }
}

/// The state that the plex has a member in, and what is heard of a later run of it.
fn away_status(region: &ControlRegion, member: MemberName, entry: &RosterEntry) -> String {
    let Some(Contact { state: LinkState::Up, heard: Some((run, _)), .. }) = region.links.contact(member)
    else {
        return entry.state.to_string();
    };
    match region.plex.activation() {
        _ if run == entry.incarnation => entry.state.to_string(),
        Some(_) => format!("{},{}", entry.state, word::WAITING),
        None => format!("{},{}", entry.state, word::STARTING),
    }
}

fn away_row(region: &ControlRegion, member: MemberName, entry: &RosterEntry, query: &QueryMember) -> Row {
    let mut row = Row::of(member, CompletionCode::OK).with("TYP", "IMS");
    if query.status {
        row = row
            .with("LSTT", away_status(region, member, entry))
            .with("DIRLVL", entry.level.0)
            .with("SINCE", entry.since.to_string());
    }
    if query.attributes {
        row = row
            .with("LATTR", local_attributes(entry.membership))
            .with("ADDR", entry.address.clone())
            .with("VER", entry.version.clone());
    }
    row
}

fn plex_row(region: &ControlRegion) -> Row {
    let (level, since) = region.directory_level();
    let master = region.master().unwrap_or(region.me());
    let mut words = Vec::new();
    if !region.quorum {
        words.push(word::NO_QUORUM.to_string());
    }
    if let Some(activation) = region.plex.activation() {
        words.push(word::UNDER_WAY.to_string());
        if let Some(takeover) = activation.takeovers.last() {
            let how = if takeover.after_commit { word::TAKEN_OVER_COMMIT } else { word::TAKEN_OVER_ABORT };
            words.push(how.to_string());
        }
    }
    Row::of(master, CompletionCode::OK)
        .with("TYP", "IMS")
        .with("STT", words.join(","))
        .with("DIRLVL", level.0)
        .with("SINCE", since.to_string())
}
