//! Whose a data folder is.

use super::{seal, unseal};
use serde::{Deserialize, Serialize};
use vocabulary::{
    MemberName, PlexName,
    encoding::{DecodeError, Format},
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
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        seal(&FORMAT, self)
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        unseal(&FORMAT, bytes)
    }
}
