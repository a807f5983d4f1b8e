//! Who was master of the plex, since when, and why: what is left of each change.
//!
//! The master is whoever leads the consensus group, which writes nothing down of its own. So each new master does, as
//! its first decision, with what it knows of the one before: a record of evidence, not a verdict.

use crate::machine::Plex;
use crate::roster::Incarnation;
use crate::stored::PlexKey;
use serde::{Deserialize, Serialize};
use vocabulary::{MemberName, Moment};

/// How many changes of the master the plex remembers.
const MASTERS_REMEMBERED: usize = 32;

/// A member became master.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MasterChange {
    /// Who.
    pub member: MemberName,
    /// Which run of it.
    pub incarnation: Incarnation,
    /// Its number in the consensus group.
    pub node: u64,
    /// The term of consensus that it leads in. Terms rise; most elections take one, some several.
    pub term: u64,
    /// When it found itself master, by its own clock.
    pub since: Moment,
    /// Who was master before, as far as the plex knows.
    pub prior: Option<MemberName>,
    /// Why there was a change.
    pub why: MasterCause,
    /// When the new master heard of the one before last, if it ever did.
    pub last_heard: Option<Moment>,
}

/// Why a member became master, as far as it could tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MasterCause {
    /// The plex was formed, and had no master before.
    Formed,
    /// There were masters before, and no record of any.
    FirstRecorded,
    /// No member was at work: the plex was started again.
    PlexStarted,
    /// The same run of the same member was master before, and was elected again.
    ElectedAgain,
    /// The one before had stopped in order.
    Stopped {
        /// When.
        at: Moment,
    },
    /// The one before was deleted, or came back with another data folder.
    Left,
    /// The plex had taken the one before for lost.
    Abended {
        /// When.
        at: Moment,
    },
    /// Nobody listened at the address of the one before: its process had ended.
    Ended {
        /// Since when the new master had no link to it.
        since: Moment,
    },
    /// No connection to the one before could be had.
    Unreachable {
        /// Since when the new master had no link to it.
        since: Moment,
    },
    /// The connection to the one before was there, and nothing came over it.
    Silent {
        /// When it was heard last.
        since: Moment,
    },
    /// The one before spoke as another run: it had ended, and was started again.
    StartedAgain,
    /// The connection to the one before was there, and it was heard of late: its heartbeats came too late for a
    /// majority, or it gave the lead away.
    Linked,
}

impl Plex {
    /// A change of the master that a later one overtook is not worth a record.
    pub(crate) fn lead(&mut self, change: MasterChange) {
        if self.masters.back().is_some_and(|last| last.term >= change.term) {
            return;
        }
        if self.masters.len() == MASTERS_REMEMBERED {
            self.masters.pop_front();
        }
        self.masters.push_back(change);
        self.changed.insert(PlexKey::Masters);
    }
}
