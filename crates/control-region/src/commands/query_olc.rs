//! QUERY OLC: the state of the directory, and the activations that led to it. IMS reads it from OLCSTAT, where only the
//! last change stands; here the plex remembers a number of them.

use crate::region::ControlRegion;
use csl::om::view::QueryOlc;
use csl::om::{Answer, Column, CompletionCode, Row};
use plex::{AbortReason, ActivationMode, ActivationOptions, Finished, Outcome, TakeOver};
use std::fmt::Display;

fn columns() -> Vec<Column> {
    vec![
        Column::member(),
        Column::completion(),
        Column::completion_text(),
        Column::text("LIB", "Library"),
        Column::text("STT", "Status").global(),
        Column::number("DIRLVL", "DirLevel").global().skip_blank(),
        Column::text("BEGAN", "Began").global(),
        Column::text("ENDED", "Ended").global().skip_blank(),
        Column::text("MASTER", "Master").global().skip_blank(),
        Column::text("OPT", "Option").global().skip_blank(),
        Column::number("CHANGES", "Changes").global().skip_blank(),
        Column::text("MBRLIST", "MbrList").global(),
        Column::text("AWAY", "Away").global().skip_blank(),
        Column::text("TKOV", "TakeOver").global().skip_blank(),
        Column::text("REASON", "Reason").global().skip_blank(),
        Column::text("TOKEN", "CommandToken").global().skip_blank(),
    ]
}

/// The state now, the activations that are over, or both.
pub(super) fn query(region: &ControlRegion, query: QueryOlc) -> Answer {
    let mut rows = Vec::new();
    if query.current {
        rows.push(current(region));
    }
    if query.history {
        let finished: Vec<&Finished> = region.plex.history().collect();
        let most = query.last.and_then(|last| usize::try_from(last).ok()).unwrap_or(usize::MAX);
        let latest = finished.iter().skip(finished.len().saturating_sub(most));
        rows.extend(latest.map(|finished| finished_row(region, finished)));
    }
    Answer { columns: columns(), rows, master: region.master(), ..Answer::default() }
}

fn row(region: &ControlRegion, status: &str) -> Row {
    Row::of(region.me(), CompletionCode::OK).with("LIB", "OLCSTAT").with("STT", status)
}

/// What the directory is, and the activation under way.
fn current(region: &ControlRegion) -> Row {
    let (level, since) = region.directory_level();
    let sharers = region.plex.roster().iter().filter(|(_, entry)| entry.takes_part());
    let status = region.plex.activation().map_or("CURRENT", |activation| activation.phase.word());
    let row = row(region, status)
        .with("DIRLVL", level.0)
        .with("BEGAN", since.to_string())
        .with("MBRLIST", listed(sharers.map(|(member, _)| member)));
    match region.plex.activation() {
        None => row,
        Some(activation) => row
            .with("MASTER", activation.master.to_string())
            .with("OPT", options(&activation.options))
            .with("CHANGES", activation.plan.changes.len() as u64)
            .with("TKOV", takeovers(&activation.takeovers))
            .with("TOKEN", activation.token.to_string()),
    }
}

fn finished_row(region: &ControlRegion, finished: &Finished) -> Row {
    let down = finished.participants.iter().filter(|(_, participant)| participant.down);
    let away = finished.absent.iter().chain(down.map(|(member, _)| member));
    let row = match &finished.outcome {
        Outcome::Committed { level, .. } => row(region, "COMMITTED").with("DIRLVL", level.0),
        Outcome::BackedOut(reason) => row(region, "BACKED OUT").with("REASON", why(reason)),
    };
    row.with("BEGAN", finished.began.to_string())
        .with("ENDED", finished.ended.to_string())
        .with("MASTER", finished.master.to_string())
        .with("OPT", options(&finished.options))
        .with("CHANGES", finished.changes.len() as u64)
        .with("MBRLIST", listed(finished.participants.keys()))
        .with("AWAY", listed(away))
        .with("TKOV", takeovers(&finished.takeovers))
        .with("TOKEN", finished.token.to_string())
}

fn why(reason: &AbortReason) -> String {
    match reason {
        AbortReason::MasterLost(lost) => format!("MASTER {lost} WAS LOST"),
        AbortReason::NotAgreed { in_use, silent } => {
            let busy = (!in_use.is_empty()).then(|| format!("WORK IN PROGRESS ON {}", listed(in_use.keys())));
            let silent = (!silent.is_empty()).then(|| format!("NO VOTE IN TIME FROM {}", listed(silent)));
            busy.into_iter().chain(silent).collect::<Vec<_>>().join("; ")
        }
    }
}

fn options(options: &ActivationOptions) -> String {
    let mode = match options.mode {
        ActivationMode::Plain | ActivationMode::Either => None,
        ActivationMode::UpdatePsb => Some("UPDATEPSB".to_string()),
        ActivationMode::RefreshPsb => Some("REFRESHPSB".to_string()),
        ActivationMode::Unit(_) => Some("DDL".to_string()),
    };
    let delpenderr = options.delpenderr.then(|| "DELPENDERR".to_string());
    let targets = (!options.targets.is_empty()).then(|| format!("FOR({})", listed(&options.targets)));
    [mode, delpenderr, targets].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Who took it over from whom, when, and on which side of the commit point.
fn takeovers(takeovers: &[TakeOver]) -> String {
    let told = takeovers.iter().map(|takeover| {
        let side = if takeover.after_commit { "AFTER" } else { "BEFORE" };
        let TakeOver { from, to, at, .. } = takeover;
        format!("{to} FROM {from} AT {at} {side} THE COMMIT POINT")
    });
    told.collect::<Vec<_>>().join("; ")
}

fn listed<'a, T: Display + 'a>(all: impl IntoIterator<Item = &'a T>) -> String {
    all.into_iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}
