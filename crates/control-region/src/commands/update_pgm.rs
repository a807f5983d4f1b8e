//! UPDATE PGM START(SCHD), STOP(SCHD): whether a program may be scheduled on this member.

use super::{not_found, query_pgm::active_psbs};
use crate::region::ControlRegion;
use csl::om::view::{UpdateAction, UpdateResource};
use csl::om::{Answer, Column, CompletionCode, Generic, Row};

/// Starts or stops programs on this member. A stop lets scheduled programs end.
pub(super) fn update(region: &mut ControlRegion, update: &UpdateResource) -> Answer {
    let mut answer = Answer {
        columns: vec![
            Column::name("PGM", "PgmName", 1),
            Column::member(),
            Column::completion(),
            Column::completion_text(),
        ],
        ..Answer::default()
    };
    let stopped = match update.action {
        UpdateAction::StartScheduling => Some(false),
        UpdateAction::StopScheduling => Some(true),
        _ => None,
    };
    let active = active_psbs(region);
    for psb in &active {
        if update.names.iter().any(|name| name.matches(psb.as_str())) {
            let code = match stopped {
                Some(stopped) => {
                    region.resources.set_program_stopped(*psb, stopped);
                    CompletionCode::OK
                }
                None => CompletionCode::NOT_ALLOWED,
            };
            answer.rows.push(Row::of(region.me(), code).with("PGM", psb.as_str()));
        }
    }
    let found = |name: &Generic| active.iter().any(|psb| name.matches(psb.as_str()));
    for (name, code) in not_found(&update.names, found) {
        answer.rows.push(Row::of(region.me(), code).with("PGM", name.to_string()));
    }
    answer.judge_by_rows();
    answer
}
