//! UPDATE IMS SET(LCLPARM(..)): limits of a member that change while it runs. They hold until it ends; its configuration
//! says what holds from its next start on.

use crate::region::ControlRegion;
use csl::om::view::UpdateIms;
use csl::om::{Answer, Column, CompletionCode, Row};

/// Sets what was given, and shows all.
pub(super) fn update(region: &mut ControlRegion, update: UpdateIms) -> Answer {
    let settings = &mut region.settings;
    for (limit_ms, given_s) in [
        (&mut settings.step_timeout_ms, update.step_timeout_s),
        (&mut settings.staging_wait_ms, update.staging_wait_s),
        (&mut settings.command_wait_ms, update.command_wait_s),
        (&mut settings.member_lost_ms, update.member_lost_s),
    ] {
        *limit_ms = given_s.map_or(*limit_ms, |seconds| seconds * 1_000);
    }
    let columns = vec![
        Column::name("MBR", "MbrName", 1),
        Column::completion(),
        Column::completion_text(),
        Column::number("STEPSEC", "StepSec"),
        Column::number("STGSEC", "StagingSec"),
        Column::number("CMDSEC", "CommandSec"),
        Column::number("LOSTSEC", "LostSec"),
    ];
    let row = Row::of(region.me(), CompletionCode::OK)
        .with("STEPSEC", region.settings.step_timeout_ms / 1_000)
        .with("STGSEC", region.settings.staging_wait_ms / 1_000)
        .with("CMDSEC", region.settings.command_wait_ms / 1_000)
        .with("LOSTSEC", region.settings.member_lost_ms / 1_000);
    Answer { columns, rows: vec![row], ..Answer::default() }
}
