//! Why something did not happen, per operation.

use dasd::DataSetError;
use std::{io, path::PathBuf};

/// Why a node can't be started.
#[derive(Debug, thiserror::Error)]
pub enum ConsensusError {
    /// The settings contradict each other.
    #[error(
        "the consensus timers can't work together: {reason}. The heartbeat must be well below the elections"
    )]
    Settings {
        /// In what.
        reason: String,
    },
    /// The log can't be used.
    #[error(transparent)]
    Log(#[from] DataSetError),
    /// A file beside the log can't be used.
    #[error("{path} can't be used: {source}")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What was found does not fit together, or the machine refused.
    #[error("consensus can't start from what is in the data folder: {reason}")]
    State {
        /// What was met.
        reason: String,
    },
}

/// Why a plex was not formed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// This node belongs to a plex.
    #[error("this member belongs to a plex already")]
    AlreadyFormed,
    /// This node is not among those that shall form it.
    #[error("node {node_id} is not among the members that shall form the plex")]
    NotAmongMembers {
        /// This node.
        node_id: u64,
    },
    /// The node stopped.
    #[error("consensus has stopped: {reason}")]
    Stopped {
        /// Why.
        reason: String,
    },
}

/// Why there is no answer to a proposal. Only after [`Self::Unknown`] may it still happen, or have happened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProposeError {
    /// Another node is master. Nothing happened.
    #[error("this member is not the master{}", at(.leader.as_ref()))]
    NotMaster {
        /// The master's number and address, if one is known.
        leader: Option<(u64, String)>,
    },
    /// A majority does not answer. Nothing happened.
    #[error("a majority of the members can't be reached; nothing was changed")]
    NoQuorum,
    /// The log of this node has no room. Nothing happened.
    #[error("the log of the master has no room: {0}")]
    NoRoom(String),
    /// It is too long. Nothing happened.
    #[error("{0}")]
    Refused(String),
    /// It may have happened, or happen later.
    #[error("it is not known whether the change was made: {0}")]
    Unknown(String),
    /// The node stopped. Nothing happened.
    #[error("consensus has stopped on this member")]
    Stopped,
}

/// Why a read can't be sure to be current.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Another node is master.
    #[error("this member is not the master{}", at(.leader.as_ref()))]
    NotMaster {
        /// The master's number and address, if one is known.
        leader: Option<(u64, String)>,
    },
    /// A majority does not answer.
    #[error("a majority of the members can't be reached")]
    NoQuorum,
    /// The node stopped.
    #[error("consensus has stopped on this member")]
    Stopped,
}

/// Why the membership was not changed. Only after [`Self::Unknown`] may it have been, in part or whole; repeating the
/// request finds out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MembershipError {
    /// Another node is master.
    #[error("this member is not the master{}", at(.leader.as_ref()))]
    NotMaster {
        /// The master's number and address, if one is known.
        leader: Option<(u64, String)>,
    },
    /// A majority does not answer.
    #[error("a majority of the members can't be reached; the membership was not changed")]
    NoQuorum,
    /// Another change is under way.
    #[error("another change of the membership is under way; repeat this one later")]
    InProgress,
    /// The node is known under another address.
    #[error("node {node_id} is known at {address} already")]
    OtherAddress {
        /// The node.
        node_id: u64,
        /// Where it is known.
        address: String,
    },
    /// There is no such node in the plex.
    #[error("node {node_id} is not in the plex")]
    NotInPlex {
        /// The node.
        node_id: u64,
    },
    /// The last voter can't go.
    #[error("node {node_id} is the last one that votes and can't be removed")]
    LastVoter {
        /// The node.
        node_id: u64,
    },
    /// The new node does not catch up; it stays in the plex without a vote.
    #[error(
        "node {node_id} did not catch up in time and has no vote yet. Check that it runs, and repeat the request"
    )]
    NotCaughtUp {
        /// The node.
        node_id: u64,
    },
    /// It may have happened.
    #[error("it is not known whether the membership was changed: {0}")]
    Unknown(String),
    /// The node stopped.
    #[error("consensus has stopped on this member")]
    Stopped,
}

fn at(leader: Option<&(u64, String)>) -> String {
    leader.map(|(node, address)| format!("; it is node {node} at {address}")).unwrap_or_default()
}
