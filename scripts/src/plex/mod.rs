//! The workshop's plex: three members on this machine, in the folder `run/`.

mod noted;
mod operator;
mod running;
mod up;

use crate::printer::say;
use end_to_end::Layout;
use std::path::Path;
use std::time::Duration;

pub(crate) use up::up;

const PLEX: &str = "PLEX1";
const MEMBERS: [&str; 3] = ["IMS1", "IMS2", "IMS3"];

/// How long a member may take to end in good order.
const END_LIMIT: Duration = Duration::from_secs(30);

/// Members that could not be stopped.
#[derive(Debug, thiserror::Error)]
#[error("these members could not be stopped: {0}")]
pub(crate) struct DownError(String);

/// Stops the members that are noted as running.
pub(crate) fn down(root: &Path) -> Result<(), DownError> {
    let folder = root.join("run");
    let layout = Layout {
        folder: folder.canonicalize().unwrap_or(folder),
        plex: PLEX.into(),
        members: MEMBERS.map(Into::into).into(),
    };
    let running = noted::running(&layout);
    if running.is_empty() {
        say("no member is running");
        return Ok(());
    }
    let left = noted::stop(&layout, &running, END_LIMIT);
    if left.is_empty() {
        say(format!("stopped: {}", noted::names(&running)));
        return Ok(());
    }
    Err(DownError(noted::names(&left)))
}
