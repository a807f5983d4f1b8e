//! IMPORT DEFN SOURCE(CATALOG): activates what is staged.
//!
//! Whoever it is routed to, the master coordinates it for all sharers. A guest (ACBSHR=N) that it is routed to
//! does it for its own catalog.

use super::{Way, master, refuse_strangers};
use crate::region::ControlRegion;
use csl::om::view::{ImportMode, ImportOptions};
use csl::om::{Answer, Command, CompletionCode, ReasonCode, ReturnCode, Route, Row};
use plex::{ActivationMode, ActivationOptions};
use vocabulary::MemberName;

/// Who coordinates an import that is routed so.
pub(super) fn coordinator(
    region: &ControlRegion,
    command: &Command,
    options: &ImportOptions,
) -> Result<Way, Box<Answer>> {
    let named: &[MemberName] = match &command.route {
        Route::Members(members) => members,
        Route::All | Route::AnyOne => &[],
    };
    if let Some(guest) = named.iter().find(|member| region.is_guest(**member)) {
        return Ok(Way::ByOne { to: *guest, token: None });
    }
    refuse_strangers(region, command)?;
    // Member by member means that one of the members it is for has to answer for it (IMPORT DEFN with UPDATEPSB).
    let outside = options.mode != ImportMode::Plain && !named.is_empty();
    if outside && !named.iter().any(|member| options.imsids.contains(member)) {
        return Err(Box::new(outside_of_for(region, command, named)));
    }
    Ok(Way::ByOne { to: master(region, &command.text)?, token: None })
}

fn outside_of_for(region: &ControlRegion, command: &Command, named: &[MemberName]) -> Answer {
    let reason = "ROUTE has to name one of the members of FOR(IMSID())";
    let mut answer =
        Answer::refused(&command.text, region.now, ReturnCode::LIST, ReasonCode::NONE_SUCCEEDED, reason);
    answer.columns =
        vec![csl::om::Column::member(), csl::om::Column::completion(), csl::om::Column::completion_text()];
    answer.rows = named.iter().map(|member| Row::of(*member, CompletionCode::NOT_ALLOWED)).collect();
    answer
}

/// What the plex is to do.
pub(super) fn options(options: &ImportOptions) -> ActivationOptions {
    ActivationOptions {
        mode: match options.mode {
            ImportMode::Plain => ActivationMode::Plain,
            ImportMode::UpdatePsb => ActivationMode::UpdatePsb,
            ImportMode::RefreshPsb => ActivationMode::RefreshPsb,
            ImportMode::Either => ActivationMode::Either,
        },
        targets: options.imsids.iter().copied().collect(),
        delpenderr: options.delpenderr,
    }
}
