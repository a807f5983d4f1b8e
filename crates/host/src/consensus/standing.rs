//! What a node knows of itself and of the others.

use std::collections::BTreeMap;

/// How things stand, as this node sees them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// This node.
    pub node_id: u64,
    /// The term it is in.
    pub term: u64,
    /// The master it knows of: number and address.
    pub leader: Option<(u64, String)>,
    /// Whether it is the master. One that was cut off is not aware of its successor; see `quorum`.
    pub is_master: bool,
    /// Of the master: a majority answered of late. Of the others: they heard the master of late.
    pub quorum: bool,
    /// Those that decide.
    pub voters: BTreeMap<u64, NodeStanding>,
    /// Those that follow without a vote.
    pub learners: BTreeMap<u64, NodeStanding>,
    /// Index of the last entry in the log.
    pub last_log: Option<u64>,
    /// Index of the last entry that is known here to be agreed on.
    pub committed: Option<u64>,
    /// Index of the last entry that the machine was given.
    pub applied: Option<u64>,
    /// Index of the last entry in the newest snapshot.
    pub snapshot: Option<u64>,
    /// Bytes that the log takes up on the disk.
    pub log_bytes: u64,
    /// Why the log can't take more at the moment: it waits for room.
    pub full: Option<String>,
    /// Why this node stopped for good.
    pub failed: Option<String>,
}

/// One node of the plex.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeStanding {
    /// Where it is reached.
    pub address: String,
    /// The last entry that its log is known to share with the master's; known to the master only.
    pub matched: Option<u64>,
}
