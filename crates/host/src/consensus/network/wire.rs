//! What is said.

use crate::consensus::{
    format::{EntryRecord, LogIdRecord, VoteRecord, invalid},
    types::Blob,
};
use bytes::Bytes;
use futures::future::BoxFuture;
use sci::Frames;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::io;
use vocabulary::encoding::{self, Format};

/// The longest frame that is ever sent: the connections of [`Dial`] and those given to
/// [`super::super::Consensus::serve`] must carry it.
pub const MESSAGE_BYTES_MAX: usize = 64 << 20;

/// The first bytes on a connection.
const OPENING: Format = Format { what: "consensus conversation", magic: *b"IMSPRAFT", version: 1 };

/// Reaches another node.
pub trait Dial: Send + Sync {
    /// A fresh connection to node `node` at `address`, whose other end is given to
    /// [`super::super::Consensus::serve`] there.
    fn dial<'a>(&'a self, node: u64, address: &'a str) -> BoxFuture<'a, io::Result<Frames>>;
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Lane {
    /// [`Append`] with entries, many under way.
    Entries,
    /// [`Append`] without.
    Heartbeat,
    /// [`Call`], one after the other.
    Calls,
    /// [`SnapshotPart`].
    Snapshot,
}

/// The opening frame of a conversation with node `to`.
pub(super) fn opening(lane: Lane, to: u64) -> Bytes {
    let mut bytes = OPENING.header().to_vec();
    bytes.extend(encoding::encode(&(lane, to)));
    bytes.into()
}

/// The lane that an opening frame names, and the node that it is meant for. A member whose data folder was replaced
/// is another node at the same address, and must not be told what was meant for the earlier one.
pub(super) fn opened(frame: &[u8]) -> io::Result<(Lane, u64)> {
    let (_, encoded) = OPENING.open(frame).map_err(invalid)?;
    encoding::decode(OPENING.what, encoded).map_err(invalid)
}

/// Entries that follow `previous`, or none, which is a heartbeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Append {
    pub(super) vote: VoteRecord,
    pub(super) previous: Option<LogIdRecord>,
    pub(super) entries: Vec<EntryRecord>,
    pub(super) committed: Option<LogIdRecord>,
}

/// The answer. All but the first end the connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum AppendAnswer {
    /// The logs agree up to here.
    Matches(Option<LogIdRecord>),
    /// The entry that should go before is another here, or none.
    Conflict(LogIdRecord),
    /// Somebody else is master since.
    HigherVote(VoteRecord),
    /// This node can't.
    Failed(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Call {
    Vote(Ballot),
    PreVote(Ballot),
    TransferLeader { from: VoteRecord, to: u64, last: Option<LogIdRecord> },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ballot {
    pub(super) vote: VoteRecord,
    pub(super) last: Option<LogIdRecord>,
    pub(super) leadership_transfer: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum CallAnswer {
    Vote { vote: VoteRecord, granted: bool, last: Option<LogIdRecord> },
    TransferAccepted,
    TransferVoteChanged { expected: VoteRecord, actual: VoteRecord },
    TransferLogBehind { expected: Option<LogIdRecord>, actual: Option<LogIdRecord> },
    Failed(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum SnapshotPart {
    /// Pieces follow.
    Begin,
    Piece {
        offset: u64,
        content: Blob,
    },
    /// All pieces were sent; install it for the master with this vote.
    End {
        vote: VoteRecord,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum SnapshotAnswer {
    Received,
    /// Installed, or of no use to a node with this vote.
    Installed {
        vote: VoteRecord,
    },
    Failed(String),
}

pub(super) fn encode<T: Serialize>(message: &T) -> Bytes {
    encoding::encode(message).into()
}

pub(super) fn decode<T: DeserializeOwned>(frame: &[u8]) -> io::Result<T> {
    encoding::decode("consensus message", frame).map_err(invalid)
}

/// Reads a frame as each kind of message that there is; an error where it is none of them.
pub(in crate::consensus) fn read_message(frame: &[u8]) -> io::Result<()> {
    let append = decode::<Append>(frame);
    if let Ok(append) = append {
        append.entries.into_iter().try_for_each(|entry| entry.into_entry().map(drop))?;
    }
    opened(frame)
        .map(drop)
        .or_else(|_| decode::<AppendAnswer>(frame).map(drop))
        .or_else(|_| decode::<Call>(frame).map(drop))
        .or_else(|_| decode::<CallAnswer>(frame).map(drop))
        .or_else(|_| decode::<SnapshotPart>(frame).map(drop))
        .or_else(|_| decode::<SnapshotAnswer>(frame).map(drop))
        .or_else(|_| decode::<Append>(frame).map(drop))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opening_names_its_lane_and_a_newer_one_is_refused_with_advice() {
        for lane in [Lane::Entries, Lane::Heartbeat, Lane::Calls, Lane::Snapshot] {
            assert_eq!(opened(&opening(lane, 7)).unwrap(), (lane, 7));
        }
        let mut newer = opening(Lane::Calls, 7).to_vec();
        newer[9] += 1;
        assert!(opened(&newer).unwrap_err().to_string().contains("use the release"));
        assert!(opened(b"GET / HTTP/1.1").is_err());
    }
}
