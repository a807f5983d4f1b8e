//! What can be set.

use super::ConsensusError;
use crate::files::SegmentBounds;
use openraft::{Config, SnapshotPolicy};
use std::{path::PathBuf, time::Duration};

/// What a node is started with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The number of this node, never given to another one nor to this one with an empty folder.
    pub node_id: u64,
    /// Where log, votes and snapshots are kept. Nobody else's folder.
    pub folder: PathBuf,
    /// How long to wait for whom.
    pub timers: Timers,
    /// When to make a snapshot.
    pub snapshots: SnapshotBounds,
    /// How large the pieces of the log are.
    pub log: SegmentBounds,
}

/// How long to wait for whom, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timers {
    /// How often the master tells the others that it is there.
    pub heartbeat_ms: u64,
    /// A node that does not hear the master for so long may call an election, not earlier.
    pub election_min_ms: u64,
    /// And calls one at the latest after so long. A master that a majority did not answer for so long refuses
    /// proposals.
    pub election_max_ms: u64,
    /// How long a proposal or a read barrier may take before its fate is called unknown.
    pub proposal_ms: u64,
    /// How long another node may take to answer one message; of a snapshot, to take in one piece.
    pub exchange_ms: u64,
    /// How long another node may take to install a snapshot that it received.
    pub install_ms: u64,
}

/// A snapshot is made when the first of these is reached since the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotBounds {
    /// Entries of the log.
    pub entries: u64,
    /// Bytes of the log.
    pub log_bytes: u64,
    /// Entries that are kept in the log though a snapshot covers them, for nodes that lag a little.
    pub keep_entries: u64,
}

impl Settings {
    /// The usual settings for a node.
    pub fn new(node_id: u64, folder: PathBuf) -> Self {
        Self {
            node_id,
            folder,
            timers: Timers::default(),
            snapshots: SnapshotBounds::default(),
            log: SegmentBounds::default(),
        }
    }
}

/// Heartbeat 100 ms, election after 500 to 900 ms.
impl Default for Timers {
    fn default() -> Self {
        Self {
            heartbeat_ms: 100,
            election_min_ms: 500,
            election_max_ms: 900,
            proposal_ms: 10_000,
            exchange_ms: 3_000,
            install_ms: 120_000,
        }
    }
}

impl Timers {
    /// Heartbeat 10 ms, election after 40 to 80 ms: for a quiet machine and a fast disk.
    pub fn fast() -> Self {
        Self { heartbeat_ms: 10, election_min_ms: 40, election_max_ms: 80, ..Self::default() }
    }

    pub(super) fn proposal(&self) -> Duration {
        Duration::from_millis(self.proposal_ms)
    }

    pub(super) fn election_max(&self) -> Duration {
        Duration::from_millis(self.election_max_ms)
    }

    pub(super) fn exchange(&self) -> Duration {
        Duration::from_millis(self.exchange_ms)
    }

    pub(super) fn install(&self) -> Duration {
        Duration::from_millis(self.install_ms)
    }
}

/// 10,000 entries or 64 MiB, 1,000 entries kept.
impl Default for SnapshotBounds {
    fn default() -> Self {
        Self { entries: 10_000, log_bytes: 64 << 20, keep_entries: 1_000 }
    }
}

impl Settings {
    /// The same as openraft has it.
    ///
    /// openraft waits for the master's lease, which is its `election_timeout_max`, and after that for a random time
    /// between its two timeouts. Ours are from the last word of the master to the election, so its lease is half of
    /// our longest wait, and the random time fills the rest.
    pub(super) fn config(&self) -> Result<Config, ConsensusError> {
        let Timers { heartbeat_ms, election_min_ms, election_max_ms, install_ms, .. } = self.timers;
        let lease_ms = election_max_ms / 2;
        let config = Config {
            heartbeat_interval: heartbeat_ms,
            election_timeout_min: election_min_ms.saturating_sub(lease_ms).max(heartbeat_ms * 3 / 2),
            election_timeout_max: lease_ms,
            install_snapshot_timeout: install_ms,
            backoff: format!("{heartbeat_ms}ms ...{election_max_ms}ms"),
            snapshot_policy: SnapshotPolicy::LogsSinceLast(self.snapshots.entries),
            replication_lag_threshold: self.snapshots.entries.saturating_mul(2),
            max_in_snapshot_log_to_keep: self.snapshots.keep_entries,
            purge_batch_size: 256,
            // A master that comes back without an election could answer reads from before its restart.
            enable_leader_restore: Some(false),
            // A node that was cut off must not depose the master when it comes back.
            enable_pre_vote: Some(true),
            // An older copy of a member's data folder that somebody put back must not cost the plex its master.
            allow_log_reversion: Some(true),
            ..Config::default()
        };
        config.validate().map_err(|error| ConsensusError::Settings { reason: error.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elections_fall_between_the_two_timers() {
        for timers in [Timers::default(), Timers::fast()] {
            let config = Settings { timers, ..Settings::new(1, PathBuf::new()) }.config().unwrap();
            let lease = config.election_timeout_max;
            assert!(lease + config.election_timeout_min >= timers.election_min_ms);
            assert!(lease + config.election_timeout_max <= timers.election_max_ms);
        }
    }

    #[test]
    fn timers_that_can_not_work_are_refused() {
        let timers = Timers { heartbeat_ms: 500, ..Timers::default() };
        assert!(Settings { timers, ..Settings::new(1, PathBuf::new()) }.config().is_err());
    }
}
