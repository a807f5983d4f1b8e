//! A dependent region that holds a PSB scheduled and does nothing else: a way to have work in progress.

use crate::args::Region;
use crate::{EXIT_ENVIRONMENT, EXIT_WRONG};
use bytes::Bytes;
use csl::region::{RegionReply, RegionRequest};
use sci::mux::{AskError, Caller, LinkLost, MuxSettings};
use sci::{ClientSettings, DialError, Lane, Limits};
use std::{io, time::Duration};
use vocabulary::encoding;

/// How long scheduling may take.
const SCHEDULE: Duration = Duration::from_secs(10);

/// Why a region does not run, or ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RegionError {
    #[error("no member is named; say with --member where the region runs")]
    NoMember,
    #[error(transparent)]
    Dial(#[from] DialError),
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error("the member's answer can't be read: {0}")]
    Answer(#[from] encoding::DecodeError),
    #[error("not scheduled: {0}")]
    Refused(String),
    #[error("the region has ended: {0}")]
    Lost(LinkLost),
    #[error("the runtime could not be started: {0}")]
    Runtime(#[source] io::Error),
}

impl RegionError {
    /// What a process that ends for it exits with.
    pub(crate) fn exit_status(&self) -> u8 {
        match self {
            Self::NoMember | Self::Refused(_) => EXIT_WRONG,
            _ => EXIT_ENVIRONMENT,
        }
    }
}

/// Schedules a PSB at the one member of the settings, says so, and holds it.
pub(crate) fn hold(
    settings: &ClientSettings,
    region: &Region,
    mut say: impl FnMut(&str),
) -> Result<(), RegionError> {
    let [(member, address)] = settings.members.as_slice() else { return Err(RegionError::NoMember) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(RegionError::Runtime)?.block_on(async {
        let identity = &settings.identity;
        let dialed = sci::dial(identity, address, Some(*member), Lane::Region, &Limits::default()).await?;
        let caller = Caller::start(dialed, MuxSettings::default());
        let request = RegionRequest::Schedule { psb: region.psb };
        let answer = caller.ask(Bytes::from(encoding::encode(&request)), SCHEDULE).await?;
        encoding::decode::<RegionReply>("answer to a region", &answer)?.map_err(RegionError::Refused)?;
        say(&format!("SCHEDULED {} {member}", region.psb));
        tokio::select! {
            lost = caller.closed() => Err(RegionError::Lost(lost)),
            () = until_over(region.hold) => Ok(()),
        }
    })
}

async fn until_over(hold_s: Option<u64>) {
    match hold_s {
        Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
        None => {
            // Whatever stdin says, its end is what counts.
            let _ = tokio::io::copy(&mut tokio::io::stdin(), &mut tokio::io::sink()).await;
        }
    }
}
