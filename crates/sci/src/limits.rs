//! How much a peer may ask of this process.

use crate::{lane::Lane, peer::Role};
use std::{sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bounds on connections and frames. Both ends of a connection should have the same frame sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Open connections of members, and as many again of operators and regions together: these two are counted
    /// apart, so that no crowd of operators can shut consensus out.
    pub connections_max: usize,
    /// Connections that have not yet shown who they are; a further one takes the place of the oldest.
    pub handshakes_max: usize,
    /// Longest frame in bytes, without its length field.
    pub frame_bytes_max: usize,
    /// The same on the Raft lane, where snapshots travel.
    pub raft_frame_bytes_max: usize,
    /// How long connecting, TLS and hello may take together, in milliseconds.
    pub handshake_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 512,
            handshakes_max: 64,
            frame_bytes_max: 8 << 20,
            raft_frame_bytes_max: 64 << 20,
            handshake_ms: 5_000,
        }
    }
}

impl Limits {
    /// Longest frame of a lane in bytes.
    pub fn frame_bytes_max(&self, lane: Lane) -> usize {
        match lane {
            Lane::Raft => self.raft_frame_bytes_max,
            Lane::Member | Lane::Operator | Lane::Region => self.frame_bytes_max,
        }
    }

    pub(crate) fn handshake(&self) -> Duration {
        Duration::from_millis(self.handshake_ms)
    }
}

/// The places for connections.
#[derive(Debug)]
pub(crate) struct Slots {
    members: Arc<Semaphore>,
    others: Arc<Semaphore>,
}

impl Slots {
    pub(crate) fn new(limits: &Limits) -> Self {
        let places = || Arc::new(Semaphore::new(limits.connections_max));
        Self { members: places(), others: places() }
    }

    /// A place, held until the permit is dropped; nothing when all are taken.
    pub(crate) fn take(&self, role: Role) -> Option<OwnedSemaphorePermit> {
        let places = match role {
            Role::Member => &self.members,
            Role::Operator(_) | Role::Region => &self.others,
        };
        Arc::clone(places).try_acquire_owned().ok()
    }
}
