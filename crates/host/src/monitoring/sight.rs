//! What is looked at when somebody asks: one member at one moment.

use super::disk::Space;
use crate::consensus::{Consensus, Standing};
use crate::member::core::Core;
use crate::messages::{Issued, Messages};
use sci::{Identity, Refused};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::block_in_place;
use vocabulary::{MemberName, Moment, PlexName};

/// Where to look, and what never changes.
pub(crate) struct Sight {
    pub(crate) member: MemberName,
    pub(crate) plex: PlexName,
    pub(crate) data: PathBuf,
    pub(crate) started: Moment,
    pub(crate) identities: watch::Receiver<Identity>,
    pub(crate) core: Arc<Core>,
    pub(crate) consensus: Arc<Consensus>,
    pub(crate) messages: Messages,
    pub(crate) refused: Refused,
}

/// What was seen.
pub(super) struct Seen {
    pub(super) at: Moment,
    pub(super) region: control_region::Sample,
    pub(super) standing: Standing,
    pub(super) snapshot_bytes: u64,
    pub(super) shelf_failure: Option<String>,
    pub(super) space: Option<Space>,
    pub(super) issued: Vec<Issued>,
    pub(super) refused: u64,
    /// When the first of the member's certificates ends: its own, or that of its authority, in seconds since 1970.
    pub(super) certificate_ends_s: i64,
}

impl Sight {
    /// Looks. The member's lock is held for as long as it takes to count; the disk may take longer.
    pub(super) fn look(&self) -> Seen {
        Seen {
            at: crate::member::core::now(),
            region: self.core.look(control_region::ControlRegion::sample),
            standing: self.consensus.standing().borrow().clone(),
            snapshot_bytes: block_in_place(|| self.consensus.snapshot_bytes()),
            shelf_failure: self.core.shelf_failure(),
            space: block_in_place(|| Space::of(&self.data)),
            issued: self.messages.issued(),
            refused: self.refused.count(),
            certificate_ends_s: self.identities.borrow().ends().iter().map(|end| end.at_s).min().unwrap_or(0),
        }
    }

    /// For how long the member has not been told that time passes.
    pub(super) fn stood_still(&self) -> Duration {
        self.core.stood_still()
    }
}
