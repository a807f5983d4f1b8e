//! Who belongs to the plex, and in which state each was last known.

use serde::{Deserialize, Serialize};
use std::fmt;
use vocabulary::{DirectoryLevel, MemberName, Moment};

/// Tells one run of a member from the next. Chosen anew at every start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Incarnation(pub u64);

/// Whether a member shares the catalog of this plex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Membership {
    /// It votes, takes part in activations and may become master: ACBSHR=Y.
    Sharer,
    /// It is seen, and keeps a catalog of its own: ACBSHR=N.
    Guest,
}

/// What the plex last knew of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MemberState {
    /// Named when the plex was formed, and not started since.
    Expected,
    /// Registered and at work.
    Active,
    /// Shut down in order.
    Stopped,
    /// Gone without a word: abended, or out of reach.
    Lost,
}

impl fmt::Display for MemberState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Expected => "NOTSTARTED",
            Self::Active => "ACTIVE",
            Self::Stopped => "SHUTDOWN",
            Self::Lost => "ABENDED",
        })
    }
}

/// How a member starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StartKind {
    /// From nothing: the directory is loaded as it is.
    Cold,
    /// After an orderly shutdown.
    Warm,
    /// After an abend.
    Emergency,
}

impl fmt::Display for StartKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Cold => "COLD",
            Self::Warm => "WARM",
            Self::Emergency => "EMERGENCY",
        })
    }
}

/// A member that asks to be taken among the active.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// Its name.
    pub member: MemberName,
    /// Its number in the consensus group; a replaced data folder has another.
    pub node: u64,
    /// Where it listens.
    pub address: String,
    /// This run of it.
    pub incarnation: Incarnation,
    /// Whether it shares the catalog.
    pub membership: Membership,
    /// Whether a cold start was asked for; else the plex knows whether it is warm or emergency.
    pub cold: bool,
    /// The release it runs.
    pub version: String,
    /// When it asked.
    pub at: Moment,
}

/// What the plex keeps of a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterEntry {
    /// Its number in the consensus group.
    pub node: u64,
    /// Where it listens.
    pub address: String,
    /// Whether it shares the catalog.
    pub membership: Membership,
    /// What was last known of it.
    pub state: MemberState,
    /// Its latest run.
    pub incarnation: Incarnation,
    /// The directory level it last confirmed to work with. Of a guest: unused.
    pub level: DirectoryLevel,
    /// Since when it is in this state.
    pub since: Moment,
    /// The release it ran last; empty before its first start.
    pub version: String,
}

impl RosterEntry {
    /// A member named when the plex was formed.
    pub(crate) fn expected(node: u64, address: String, since: Moment) -> Self {
        Self {
            node,
            address,
            membership: Membership::Sharer,
            state: MemberState::Expected,
            incarnation: Incarnation::default(),
            level: DirectoryLevel::default(),
            since,
            version: String::new(),
        }
    }

    /// Whether it takes part in an activation that begins now.
    pub fn takes_part(&self) -> bool {
        self.membership == Membership::Sharer && self.state == MemberState::Active
    }

    /// How a member in this state starts next.
    pub fn next_start(&self, cold: bool) -> StartKind {
        match self.state {
            MemberState::Expected => StartKind::Cold,
            _ if cold => StartKind::Cold,
            MemberState::Stopped => StartKind::Warm,
            MemberState::Active | MemberState::Lost => StartKind::Emergency,
        }
    }
}

/// Why a node does not belong to the plex any more. Nodes are data folders: none is ever taken in again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Left {
    /// Its member was deleted.
    Deleted,
    /// Its member came back with another data folder.
    Replaced,
}

/// What the plex keeps of a node that left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerNode {
    /// Whose it was.
    pub member: MemberName,
    /// Why it left.
    pub left: Left,
}
