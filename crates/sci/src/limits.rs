//! How much a peer may ask of this process.

use crate::{
    lane::Lane,
    peer::{Peer, Role},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Open connections of one other member. It needs a handful; the others are for those that broke, and are not known to
/// have yet.
pub(crate) const MEMBER_CONNECTIONS_MAX: usize = 64;

/// Bounds on connections and frames. Both ends of a connection should have the same frame sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Open connections of operators and regions together. Members are not among them: no crowd of operators, and no
    /// limit that was set for one, can shut consensus out.
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

/// The places for connections. Each member has its own, so that one which makes too many harms itself alone.
#[derive(Debug)]
pub(crate) struct Slots {
    members: Mutex<BTreeMap<String, Arc<Semaphore>>>,
    others: Arc<Semaphore>,
}

impl Slots {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { members: Mutex::default(), others: Arc::new(Semaphore::new(limits.connections_max)) }
    }

    /// A place, held until the permit is dropped; nothing when all are taken.
    pub(crate) fn take(&self, peer: &Peer) -> Option<OwnedSemaphorePermit> {
        let places = match peer.role {
            Role::Member => self.of_member(&peer.name),
            Role::Operator(_) | Role::Region => Arc::clone(&self.others),
        };
        places.try_acquire_owned().ok()
    }

    fn of_member(&self, name: &str) -> Arc<Semaphore> {
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        let places = || Arc::new(Semaphore::new(MEMBER_CONNECTIONS_MAX));
        Arc::clone(members.entry(name.to_string()).or_insert_with(places))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vocabulary::PlexName;

    fn member(name: &str) -> Peer {
        Peer { name: name.to_string(), plex: PlexName::new("PLEX1").unwrap(), role: Role::Member }
    }

    #[test]
    fn a_member_that_makes_too_many_connections_shuts_out_itself_alone() {
        let slots = Slots::new(&Limits { connections_max: 1, ..Limits::default() });
        let mut held: Vec<_> = (0..MEMBER_CONNECTIONS_MAX).map(|_| slots.take(&member("IMS2"))).collect();
        assert!(held.iter().all(Option::is_some));
        assert!(slots.take(&member("IMS2")).is_none());
        assert!(slots.take(&member("IMS3")).is_some());
        held.pop();
        assert!(slots.take(&member("IMS2")).is_some(), "a place that is given back is free");
    }
}
