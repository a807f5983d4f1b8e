//! QUERY MASTER: who leads the plex and why that changed, and what the member that answers sees of the others. An
//! extension: in IMS there is no master but that of a command.
//!
//! The changes are what the masters wrote into the log. How things stand now is told by one member, from its own links, so
//! that it can be asked where no majority is in reach.

use crate::region::ControlRegion;
use csl::om::view::QueryMaster;
use csl::om::{Answer, Column, CompletionCode, Row};
use plex::{MasterCause, MasterChange, Membership, RosterEntry};
use vocabulary::{MemberName, Moment};

fn columns() -> Vec<Column> {
    vec![
        Column::member(),
        Column::completion(),
        Column::completion_text(),
        Column::text("TYP", "Type"),
        Column::text("NAME", "Name"),
        Column::text("STT", "Status"),
        Column::text("SINCE", "Since"),
        Column::number("TERM", "Term").skip_blank(),
        Column::text("PRIOR", "PriorMaster").skip_blank(),
        Column::text("EVID", "EvidenceSince").skip_blank(),
        Column::text("LINK", "Link").skip_blank(),
        Column::text("LNKSINCE", "LinkSince").skip_blank(),
        Column::text("HEARD", "LastHeard").skip_blank(),
    ]
}

/// How things stand, the changes that are remembered, or both.
pub(super) fn query(region: &ControlRegion, query: QueryMaster) -> Answer {
    let mut rows = Vec::new();
    if query.current {
        rows.extend([quorum_row(region), leader_row(region)]);
        rows.extend(sharers(region).map(|(member, entry)| member_row(region, *member, entry)));
    }
    if query.history {
        let changes: Vec<&MasterChange> = region.plex.masters().collect();
        let most = query.last.and_then(|last| usize::try_from(last).ok()).unwrap_or(usize::MAX);
        let latest = changes.iter().skip(changes.len().saturating_sub(most));
        rows.extend(latest.map(|change| change_row(region, change)));
    }
    Answer { columns: columns(), rows, master: region.master(), ..Answer::default() }
}

fn sharers(region: &ControlRegion) -> impl Iterator<Item = (&MemberName, &RosterEntry)> {
    region.plex.roster().iter().filter(|(_, entry)| entry.membership == Membership::Sharer)
}

fn row(region: &ControlRegion, typ: &str, name: &str, status: &str, since: Moment) -> Row {
    let row = Row::of(region.me(), CompletionCode::OK);
    row.with("TYP", typ).with("NAME", name).with("STT", status).with("SINCE", since.to_string())
}

fn quorum_row(region: &ControlRegion) -> Row {
    let plex = region.settings.plex;
    let status = if region.quorum { "THERE" } else { "LOST" };
    row(region, "QUORUM", plex.as_str(), status, region.outlook.quorum_since)
}

fn leader_row(region: &ControlRegion) -> Row {
    let name = region.master().map(|master| master.to_string()).unwrap_or_default();
    // Whoever is cut off may take somebody for the master who has a successor by now.
    let status = match (region.leader, region.quorum) {
        (None, _) => "NONE",
        (Some(_), true) => "LEADS",
        (Some(_), false) => "UNSURE",
    };
    row(region, "LEADER", &name, status, region.outlook.leader_since).with("TERM", region.term)
}

fn member_row(region: &ControlRegion, member: MemberName, entry: &RosterEntry) -> Row {
    let (link, since, heard) = region.contact_words(member);
    row(region, "IMS", member.as_str(), &entry.state.to_string(), entry.since)
        .with("LINK", link)
        .with("LNKSINCE", told(since))
        .with("HEARD", told(heard))
}

fn change_row(region: &ControlRegion, change: &MasterChange) -> Row {
    let (why, evidence) = cause(change.why);
    row(region, "CHANGE", change.member.as_str(), why, change.since)
        .with("TERM", change.term)
        .with("PRIOR", change.prior.map(|prior| prior.to_string()).unwrap_or_default())
        .with("EVID", told(evidence))
        .with("HEARD", told(change.last_heard))
}

/// The word for a cause, and since when there was evidence of it.
fn cause(why: MasterCause) -> (&'static str, Option<Moment>) {
    match why {
        MasterCause::Formed => ("FORMED", None),
        MasterCause::FirstRecorded => ("FIRSTRECORDED", None),
        MasterCause::PlexStarted => ("PLEXSTARTED", None),
        MasterCause::ElectedAgain => ("ELECTEDAGAIN", None),
        MasterCause::Stopped { at } => ("STOPPED", Some(at)),
        MasterCause::Left => ("LEFT", None),
        MasterCause::Abended { at } => ("ABENDED", Some(at)),
        MasterCause::Ended { since } => ("ENDED", Some(since)),
        MasterCause::Unreachable { since } => ("UNREACHABLE", Some(since)),
        MasterCause::Silent { since } => ("SILENT", Some(since)),
        MasterCause::StartedAgain => ("STARTEDAGAIN", None),
        MasterCause::Linked => ("LINKED", None),
    }
}

fn told(moment: Option<Moment>) -> String {
    moment.map(|moment| moment.to_string()).unwrap_or_default()
}
