//! QUERY IMS: how each member is set up, and what it does, as that member itself says.

use crate::region::ControlRegion;
use crate::start::StartPhase;
use csl::om::view::QueryIms;
use csl::om::{Answer, Column, CompletionCode, Row};
use plex::Membership;
use vocabulary::PsbName;

fn columns(query: QueryIms) -> Vec<Column> {
    let mut columns = vec![
        Column::name("MBR", "MbrName", 1),
        Column::completion(),
        Column::completion_text(),
        Column::text("VER", "Version"),
    ];
    if query.status {
        columns.push(Column::text("LSTT", "LclStat"));
        columns.push(Column::text("MASTER", "Master"));
        columns.push(Column::text("LDSINCE", "LeadsSince").skip_blank());
        columns.push(Column::text("QUORUM", "Quorum"));
        columns.push(Column::number("DIRLVL", "DirLevel"));
        columns.push(Column::number("STAGED", "Staged"));
        columns.push(Column::number("RGNS", "Regions"));
        columns.push(Column::text("REFP", "RefreshPending"));
    }
    if query.attributes {
        columns.push(Column::text("ACBMGMT", "AcbMgmt"));
        columns.push(Column::text("ACBSHR", "AcbShr"));
        columns.push(Column::number("STEPSEC", "StepSec"));
        columns.push(Column::number("STGSEC", "StagingSec"));
        columns.push(Column::number("CMDSEC", "CommandSec"));
        columns.push(Column::number("LOSTSEC", "LostSec"));
        columns.push(Column::number("STGMAX", "StagingMaxBytes"));
        columns.push(Column::number("RETINST", "RetainInst"));
        columns.push(Column::number("RETDAYS", "RetainDays"));
    }
    columns
}

/// What this member says of itself.
pub(super) fn query(region: &ControlRegion, query: QueryIms) -> Answer {
    let mut row = Row::of(region.me(), CompletionCode::OK).with("VER", region.settings.version.clone());
    if query.status {
        row = with_status(region, row);
    }
    if query.attributes {
        row = with_attributes(region, row);
    }
    Answer { columns: columns(query), rows: vec![row], ..Answer::default() }
}

fn with_status(region: &ControlRegion, row: Row) -> Row {
    let pending: Vec<String> =
        region.resources.refresh_pending().map(|psb: PsbName| psb.to_string()).collect();
    row.with("LSTT", phase(region.start))
        .with("MASTER", region.master().map(|master| master.to_string()).unwrap_or_default())
        .with("LDSINCE", region.leads_from().map(|moment| moment.to_string()).unwrap_or_default())
        .with("QUORUM", if region.quorum { "Y" } else { "N" })
        .with("DIRLVL", region.plex.catalog().level().0.0)
        .with("STAGED", region.plex.catalog().staged_count())
        .with("RGNS", region.resources.busy_region_count())
        .with("REFP", pending.join(","))
}

/// Managed ACBs are always on here: ACBMGMT=CATALOG.
fn with_attributes(region: &ControlRegion, row: Row) -> Row {
    let settings = &region.settings;
    row.with("ACBMGMT", "CATALOG")
        .with("ACBSHR", if settings.membership == Membership::Sharer { "Y" } else { "N" })
        .with("STEPSEC", settings.step_timeout_ms / 1_000)
        .with("STGSEC", settings.staging_wait_ms / 1_000)
        .with("CMDSEC", settings.command_wait_ms / 1_000)
        .with("LOSTSEC", settings.member_lost_ms / 1_000)
        .with("STGMAX", settings.staging_bytes_max)
        .with("RETINST", u64::from(settings.retention.instances))
        .with("RETDAYS", u64::from(settings.retention.days))
}

fn phase(start: StartPhase) -> &'static str {
    match start {
        StartPhase::CatchingUp { .. } => "CATCHING UP",
        StartPhase::Waiting { .. } => "RSTWAIT",
        StartPhase::Registering { .. } => "REGISTERING",
        StartPhase::Running => "READY",
        StartPhase::Stopping { .. } => "STOPPING",
        StartPhase::Leaving { .. } => "LEAVING",
        StartPhase::Stopped => "STOPPED",
    }
}
