//! What goes over the lane between members: letters one way, and a few questions that hosts have for each other.

use control_region::Letter;
use plex::{Incarnation, Left};
use serde::{Deserialize, Serialize};
use vocabulary::MemberName;

/// A letter with the run of the member that it is from.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Envelope {
    pub(super) incarnation: Incarnation,
    pub(super) letter: Letter,
}

/// What a host asks another.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Question {
    /// Who are you, and is there a plex yet?
    Who,
    /// Which log index is the newest? Only a leader knows.
    Barrier,
    /// Did this node leave the plex?
    HasLeft {
        /// Its number in the group.
        node: u64,
    },
    /// Take this node into the group. Only a leader can.
    Join {
        /// Whose node it is.
        member: MemberName,
        /// Its number.
        node: u64,
        /// Where it listens.
        address: String,
    },
    /// This member listens elsewhere now, with the data folder that it had. The certificate says which member.
    MovedTo {
        /// Its number in the group.
        node: u64,
        /// Where it listens.
        address: String,
    },
}

/// What a host answers.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Reply {
    /// Its node number, and whether it belongs to a plex.
    Who {
        /// Its number in the group.
        node: u64,
        /// Whether its group is formed.
        formed: bool,
    },
    /// The index that has to be applied.
    Barrier(u64),
    /// Why the node left, if it did.
    HasLeft(Option<Left>),
    /// It is done.
    Joined,
    /// It can't be done here and now, for this reason.
    No(String),
    /// The master has to be asked, and this is who and where it is.
    AskMaster {
        /// The master.
        member: MemberName,
        /// Where it listens.
        address: String,
    },
}
