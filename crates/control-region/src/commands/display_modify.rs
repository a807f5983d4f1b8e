//! /DISPLAY MODIFY: what an activation waits for, on which member, and since when. Until when it will wait, and what
//! would release it, IMS does not say.
//!
//! Every member tells of its own work that stands in the way; the master tells of those that it waits for. Where
//! nothing is under way the work is told of that would make an import of what is staged fail.

use crate::activation::WaitingImport;
use crate::holder::Holder;
use crate::region::ControlRegion;
use crate::start::StartPhase;
use catalog::{ImportPlan, PlannedChange};
use csl::om::view::DisplayModify;
use csl::om::{Answer, Column, CompletionCode, Row};
use plex::{Activation, InUse, Phase};
use std::collections::BTreeSet;
use vocabulary::{MemberName, Moment, ResourceName};

/// What the rows are about that are not about a database or a program.
const IMS: &str = "IMS";
/// The row of the activation itself.
const ACTIVATION: &str = "OLC";

const WORK_ENDS: &str = "STOP IT OR LET THE WORK END";
const SUBMIT_AGAIN: &str = "STOP IT OR LET THE WORK END, THEN SUBMIT THE COMMAND AGAIN";

fn columns() -> Vec<Column> {
    vec![
        Column::name("NAME", "Name", 0),
        Column::text("TYP", "Type"),
        Column::member(),
        Column::completion(),
        Column::completion_text(),
        Column::text("ACT", "Action").skip_blank(),
        Column::text("WRK", "Work"),
        Column::text("SINCE", "Since").skip_blank(),
        Column::text("UNTIL", "Until").skip_blank(),
        Column::text("RELEASE", "ReleasedBy").skip_blank(),
    ]
}

fn row(member: MemberName, typ: &str, work: &str) -> Row {
    Row::of(member, CompletionCode::OK).with("NAME", "").with("TYP", typ).with("WRK", work)
}

fn resource_row(member: MemberName, name: ResourceName, work: &str) -> Row {
    let typ = if matches!(name, ResourceName::Dbd(_)) { "DB" } else { "PGM" };
    row(member, typ, work).with("NAME", name.as_str())
}

/// What this member knows: its own work, and as master whom it waits for.
pub(super) fn display(region: &ControlRegion) -> Answer {
    let mut rows = awaited(region);
    rows.extend(region.imports.iter().filter_map(|import| before_prepare(region, import)));
    rows.extend(region.ddl.waiting().zip(1..).map(|(waiting, before)| {
        let row = row(region.me(), IMS, &format!("DDL JOB, BEHIND {before} OTHERS"));
        since(row, waiting).with("RELEASE", "THE END OF THE JOBS BEFORE IT")
    }));
    rows.extend(own_work(region));
    if let StartPhase::Waiting { since: began, .. } = region.start {
        let row = since(row(region.me(), IMS, "START"), began);
        rows.push(row.with("RELEASE", "THE END OF THE ACTIVATION"));
    }
    Answer { columns: columns(), rows, ..Answer::default() }
}

/// The participants whose word the master waits for.
fn awaited(region: &ControlRegion) -> Vec<Row> {
    let Some(activation) = region.plex.activation().filter(|_| region.is_master()) else { return Vec::new() };
    let heard = region.coordination.as_ref().map(|own| own.heard(activation)).unwrap_or_default();
    let silent = activation.awaited().filter(|member| !heard.contains(member));
    silent.map(|member| awaited_row(region, activation, member)).collect()
}

fn awaited_row(region: &ControlRegion, activation: &Activation, member: MemberName) -> Row {
    let since = activation.phase_since();
    let reached = member == region.me() || region.links.is_up(member);
    let (work, release) = match (activation.phase, reached) {
        (Phase::Preparing, true) => ("VOTE", "ITS VOTE, OR ITS LOSS; BACKED OUT WHEN THE TIME IS OVER"),
        (Phase::Preparing, false) => {
            ("VOTE, OUT OF REACH", "ITS RETURN, OR ITS LOSS; BACKED OUT WHEN THE TIME IS OVER")
        }
        (Phase::Committing { .. }, true) => {
            ("REFRESH", "ITS ANSWER, OR ITS LOSS; COMPLETE WITHOUT IT WHEN THE TIME IS OVER")
        }
        (Phase::Committing { .. }, false) => {
            ("REFRESH, OUT OF REACH", "ITS RETURN, OR ITS LOSS; COMPLETE WITHOUT IT WHEN THE TIME IS OVER")
        }
    };
    row(member, IMS, work)
        .with("SINCE", since.to_string())
        .with("UNTIL", since.plus_ms(region.settings.step_timeout_ms).to_string())
        .with("RELEASE", release)
}

/// What an import waits for that has not come to its prepare phase.
fn before_prepare(region: &ControlRegion, import: &WaitingImport) -> Option<Row> {
    let is_under_way = region.plex.activation().is_some_and(|activation| activation.token == import.token);
    let is_over = region.plex.finished(import.token).is_some();
    if is_under_way || is_over {
        return None;
    }
    if let Some(job) = region.plex.catalog().job() {
        let work = format!("STAGING DATA SET, HELD BY {}", job.card.owner);
        let until = import.began.plus_ms(region.settings.staging_wait_ms);
        let release = "THE END OF THE POPULATE JOB; REFUSED WHEN THE TIME IS OVER";
        let row = since(row(region.me(), IMS, &work), job.card.since);
        return Some(row.with("UNTIL", until.to_string()).with("RELEASE", release));
    }
    let (work, release) = if region.validation.is_under_way() {
        ("CHECK OF WHAT IS STAGED", "THE END OF THE CHECK")
    } else {
        ("PREPARE ENTRY", "A MAJORITY OF THE MEMBERS TAKES IT")
    };
    Some(since(row(region.me(), IMS, work), import.began).with("RELEASE", release))
}

fn since(row: Row, moment: Moment) -> Row {
    row.with("SINCE", moment.to_string())
}

/// The work here that forbids the activation under way, or would forbid the import of what is staged.
fn own_work(region: &ControlRegion) -> Vec<Row> {
    match region.plex.activation() {
        Some(activation) => forbidding(region, activation),
        None => {
            let holders = region.holders(&staged(region));
            holders.iter().map(|holder| holder_row(region, holder).with("RELEASE", WORK_ENDS)).collect()
        }
    }
}

fn holder_row(region: &ControlRegion, holder: &Holder) -> Row {
    since(resource_row(region.me(), holder.resource, &holder.work()), holder.since)
}

/// The work that this member voted against an activation for. The vote stands where the work has ended since.
fn forbidding(region: &ControlRegion, activation: &Activation) -> Vec<Row> {
    let Some(ballot) = region.ballot.as_ref().filter(|ballot| ballot.token == activation.token) else {
        return Vec::new();
    };
    let mut holders = region.holders(&activation.plan);
    holders.extend(region.resources.refresh_blockers());
    let row = |work: &InUse| match holders.iter().find(|holder| holder.in_use() == *work) {
        Some(holder) => holder_row(region, holder).with("RELEASE", SUBMIT_AGAIN),
        None => resource_row(region.me(), work.resource, &format!("{}, ENDED", work.by))
            .with("RELEASE", "SUBMIT THE COMMAND AGAIN WHEN IT IS BACKED OUT"),
    };
    ballot.in_use.iter().map(row).collect()
}

/// What an import of everything staged would change, whether or not it can be imported as it is.
fn staged(region: &ControlRegion) -> ImportPlan {
    let change = |(name, record): (ResourceName, &catalog::Record)| {
        record.pending.map(|new| PlannedChange { name, old: record.active, new })
    };
    let changes = region.plex.catalog().staged().filter_map(change).collect();
    ImportPlan { changes, dependents: BTreeSet::new() }
}

/// Adds what is under way, and with ALL what is added and changed; or says that there is nothing.
pub(super) fn complete(region: &ControlRegion, display: DisplayModify, answer: &mut Answer) {
    answer.columns = columns();
    if display.all {
        let staged = staged(region);
        let plan = region.plex.activation().map_or(&staged, |activation| &activation.plan);
        answer.rows.extend(plan.changes.iter().map(|change| change_row(region, change)));
    }
    if let Some(activation) = region.plex.activation() {
        answer.rows.insert(0, activation_row(region, activation));
    }
    if answer.rows.is_empty() {
        answer.rows.push(row(region.me(), IMS, "NO WORK PENDING"));
    }
}

fn change_row(region: &ControlRegion, change: &PlannedChange) -> Row {
    let record = region.plex.catalog().record(&change.name);
    let is_drop = record.and_then(|record| record.instance(change.new)).is_some_and(|new| new.is_drop());
    let action = match change.old {
        _ if is_drop => "DROPPED",
        Some(_) => "CHANGED",
        None => "ADDED",
    };
    resource_row(region.me(), change.name, "").with("ACT", action)
}

fn activation_row(region: &ControlRegion, activation: &Activation) -> Row {
    let mut work = format!("{}, COMMAND TOKEN={}", activation.phase.word(), activation.token);
    if let Some(takeover) = activation.takeovers.last() {
        work += &format!(", TAKEN OVER FROM {} AT {}", takeover.from, takeover.at);
    }
    let row = since(row(activation.master, ACTIVATION, &work), activation.phase_since());
    // Nobody decides while nobody leads.
    if region.master().is_none() || !region.quorum {
        return row.with("RELEASE", "A MASTER THAT A MAJORITY OF THE MEMBERS FOLLOWS");
    }
    row
}
