//! The first frame each way, once TLS stands: who speaks, which protocol, what for.
//!
//! The name and the plex are in the certificate already. They are said again so that a process that mistakes
//! itself for another one is found out before it does harm.

use crate::{lane::Lane, peer::Peer};
use bytes::Bytes;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use vocabulary::{
    PlexName,
    encoding::{self, DecodeError, Format},
};

/// The protocol of this crate.
pub(crate) const PROTOCOL: Format = Format { what: "SCI conversation", magic: *b"IMSSCI\0\0", version: 1 };

/// No hello is longer, so nobody can make a member hold more than this before it knows what it talks to.
pub(crate) const HELLO_BYTES_MAX: usize = 4_096;

/// What a side says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hello {
    pub(crate) plex: PlexName,
    pub(crate) from: String,
    pub(crate) lane: Lane,
}

/// What the listening side answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Reply {
    Welcome(Hello),
    Refused(String),
}

impl Hello {
    pub(crate) fn of(peer: &Peer, lane: Lane) -> Self {
        Self { plex: peer.plex, from: peer.name.clone(), lane }
    }

    /// Whether it says what the certificate of the speaker says.
    pub(crate) fn agrees_with(&self, peer: &Peer) -> bool {
        self.plex == peer.plex && self.from == peer.name
    }
}

/// Header and value, as the first frame.
pub(crate) fn seal<T: Serialize>(value: &T) -> Bytes {
    let mut bytes = PROTOCOL.header().to_vec();
    bytes.extend_from_slice(&encoding::encode(value));
    bytes.into()
}

/// The value of a first frame.
pub(crate) fn open<T: DeserializeOwned>(frame: &[u8]) -> Result<T, DecodeError> {
    let (_, body) = PROTOCOL.open(frame)?;
    encoding::decode(PROTOCOL.what, body)
}
