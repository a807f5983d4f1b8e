//! What lies in our files and goes over the wire in place of openraft's types, so that another version of openraft
//! reads what this one wrote.
//!
//! An entry in the log is one byte, the version, and an encoded [`EntryRecord`]. The machine's position is the same
//! with a [`PositionRecord`].

use super::types::{Blob, Entry, LogId, Membership, SnapshotMeta, StoredMembership, Vote};
use openraft::{BasicNode, EntryPayload, entry::RaftEntry};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};
use vocabulary::encoding;

/// Version of [`EntryRecord`] and [`PositionRecord`] in the log and in the machine.
const VERSION: u8 = 1;

/// Which entry: its term and index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LogIdRecord {
    pub(crate) term: u64,
    pub(crate) index: u64,
}

/// Whom a node voted for, and whether a majority did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VoteRecord {
    pub(crate) term: u64,
    pub(crate) node: u64,
    pub(crate) committed: bool,
}

/// Who takes part. Of two voter sets both have to agree.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MembershipRecord {
    pub(crate) voters: Vec<BTreeSet<u64>>,
    pub(crate) addresses: BTreeMap<u64, String>,
}

/// One entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EntryRecord {
    pub(crate) id: LogIdRecord,
    pub(crate) content: Content,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Content {
    Blank,
    Proposal(Blob),
    Membership(MembershipRecord),
}

/// Up to where a machine was fed, and the membership in force there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PositionRecord {
    pub(crate) last: Option<LogIdRecord>,
    pub(crate) membership_at: Option<LogIdRecord>,
    pub(crate) membership: MembershipRecord,
}

impl From<LogId> for LogIdRecord {
    fn from(id: LogId) -> Self {
        Self { term: id.leader_id.term, index: id.index }
    }
}

impl From<LogIdRecord> for LogId {
    fn from(record: LogIdRecord) -> Self {
        Self::new_term_index(record.term, record.index)
    }
}

impl From<Vote> for VoteRecord {
    fn from(vote: Vote) -> Self {
        Self { term: vote.leader_id.term, node: vote.leader_id.voted_for, committed: vote.committed }
    }
}

impl From<VoteRecord> for Vote {
    fn from(record: VoteRecord) -> Self {
        match record.committed {
            true => Self::new_committed(record.term, record.node),
            false => Self::new(record.term, record.node),
        }
    }
}

impl From<&Membership> for MembershipRecord {
    fn from(membership: &Membership) -> Self {
        let addresses = membership.nodes().map(|(&id, node)| (id, node.addr.clone())).collect();
        Self { voters: membership.get_joint_config().clone(), addresses }
    }
}

impl TryFrom<MembershipRecord> for Membership {
    type Error = io::Error;

    fn try_from(record: MembershipRecord) -> io::Result<Self> {
        // A plex that is not formed has no voters, which only the default says.
        if record.voters.is_empty() {
            return Ok(Self::default());
        }
        let nodes: BTreeMap<_, _> =
            record.addresses.into_iter().map(|(id, address)| (id, BasicNode::new(address))).collect();
        Self::new(record.voters, nodes).map_err(invalid)
    }
}

impl From<&Entry> for EntryRecord {
    fn from(entry: &Entry) -> Self {
        let content = match &entry.payload {
            EntryPayload::Blank => Content::Blank,
            EntryPayload::Normal(proposal) => Content::Proposal(proposal.clone()),
            EntryPayload::Membership(membership) => Content::Membership(membership.into()),
        };
        Self { id: entry.log_id.into(), content }
    }
}

impl EntryRecord {
    pub(crate) fn into_entry(self) -> io::Result<Entry> {
        let payload = match self.content {
            Content::Blank => EntryPayload::Blank,
            Content::Proposal(proposal) => EntryPayload::Normal(proposal),
            Content::Membership(membership) => EntryPayload::Membership(membership.try_into()?),
        };
        Ok(Entry::new(self.id.into(), payload))
    }
}

impl PositionRecord {
    /// As the machine keeps it.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        versioned(self)
    }

    /// What the machine kept; no bytes are the position before the first entry.
    pub(crate) fn from_bytes(bytes: &[u8]) -> io::Result<Self> {
        match bytes {
            [] => Ok(Self::default()),
            bytes => of_version("machine position", bytes),
        }
    }

    pub(crate) fn membership(&self) -> io::Result<StoredMembership> {
        let membership = self.membership.clone().try_into()?;
        Ok(StoredMembership::new(self.membership_at.map(LogId::from), membership))
    }

    pub(crate) fn meta(&self) -> io::Result<SnapshotMeta> {
        let last_log_id = self.last.map(LogId::from);
        Ok(SnapshotMeta { last_log_id, last_membership: self.membership()? })
    }
}

/// An entry as a record of the log.
pub(crate) fn encode_entry(entry: &Entry) -> Vec<u8> {
    versioned(&EntryRecord::from(entry))
}

/// The entry that a record of the log holds.
pub(crate) fn decode_entry(bytes: &[u8]) -> io::Result<Entry> {
    of_version::<EntryRecord>("log entry", bytes)?.into_entry()
}

fn versioned<T: Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    bytes.extend(encoding::encode(value));
    bytes
}

fn of_version<T: DeserializeOwned>(what: &'static str, bytes: &[u8]) -> io::Result<T> {
    match bytes.split_first() {
        Some((&VERSION, encoded)) => encoding::decode(what, encoded).map_err(invalid),
        Some((found, _)) => Err(invalid(format!(
            "this {what} is of format {found}, and this program reads format {VERSION}: use the release that wrote it"
        ))),
        None => Err(invalid(format!("this {what} is empty"))),
    }
}

pub(crate) fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn membership() -> Membership {
        let nodes = BTreeMap::from([
            (1, BasicNode::new("a:1")),
            (2, BasicNode::new("b:1")),
            (9, BasicNode::new("c:1")),
        ]);
        Membership::new(vec![BTreeSet::from([1, 2]), BTreeSet::from([1])], nodes).unwrap()
    }

    #[test]
    fn entries_of_every_kind_read_back() {
        let id = LogId::new_term_index(3, 7);
        let contents = [
            EntryPayload::Blank,
            EntryPayload::Normal(Blob(vec![0; 300].into())),
            EntryPayload::Membership(membership()),
        ];
        for content in contents {
            let entry = Entry::new(id, content);
            assert_eq!(decode_entry(&encode_entry(&entry)).unwrap(), entry);
        }
    }

    #[test]
    fn a_position_reads_back_and_an_empty_one_is_the_beginning() {
        let at = LogIdRecord { term: 1, index: 2 };
        let position =
            PositionRecord { last: Some(at), membership_at: Some(at), membership: (&membership()).into() };
        assert_eq!(PositionRecord::from_bytes(&position.to_bytes()).unwrap(), position);
        assert_eq!(position.membership().unwrap().membership(), &membership());
        assert_eq!(PositionRecord::from_bytes(b"").unwrap(), PositionRecord::default());
        assert_eq!(PositionRecord::default().membership().unwrap(), StoredMembership::default());
    }

    #[test]
    fn a_newer_entry_is_refused_with_advice_and_garbage_without_a_panic() {
        let mut bytes = encode_entry(&Entry::new(LogId::new_term_index(1, 1), EntryPayload::Blank));
        bytes[0] = 2;
        assert!(decode_entry(&bytes).unwrap_err().to_string().contains("use the release that wrote it"));
        assert!(decode_entry(&[]).is_err());
        assert!(decode_entry(&[1, 255, 255, 255]).is_err());
    }
}
