//! Whose a data folder is.

use serde::{Deserialize, Serialize};
use vocabulary::{
    MemberName, PlexName,
    encoding::{self, DecodeError, Format},
};

/// The identity file of a data folder.
const FORMAT: Format = Format { what: "member identity", magic: *b"IMSPIDNT", version: 1 };

/// Whose a data folder is. All but the plex id is settled when the folder is first used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The plex that the member belongs to.
    pub plex: PlexName,
    /// Which plex of that name; `None` until the plex is formed or joined.
    pub plex_id: Option<u64>,
    /// The member.
    pub member: MemberName,
    /// What consensus calls the member. Never given to another member, nor to the same one with a new folder.
    pub node_id: u64,
}

impl Identity {
    /// Format header, encoded value, CRC-32 of both.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = FORMAT.header().to_vec();
        bytes.extend(encoding::encode(self));
        let crc = crc32fast::hash(&bytes);
        bytes.extend(crc.to_be_bytes());
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        FORMAT.open(bytes)?;
        let damaged = || DecodeError::Malformed { what: FORMAT.what, reason: "its checksum is wrong".into() };
        let (content, crc) = bytes.split_last_chunk::<4>().ok_or_else(damaged)?;
        if crc32fast::hash(content) != u32::from_be_bytes(*crc) {
            return Err(damaged());
        }
        encoding::decode(FORMAT.what, content.get(Format::HEADER_BYTES..).ok_or_else(damaged)?)
    }
}
