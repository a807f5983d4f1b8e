//! One frame of a conversation: its kind in a byte, the number of the ask in eight (big-endian), then the body.

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// What a frame needs besides its body.
pub(super) const HEAD_BYTES: usize = 9;

/// What travels. Only asks and what answers them have numbers; other frames carry zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Frame {
    Ask { id: u64, body: Bytes },
    Answer { id: u64, body: Bytes },
    Progress { id: u64, body: Bytes },
    Unanswered { id: u64, reason: String },
    Tell(Bytes),
    Ping,
}

/// Bytes that are no frame of this protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum FrameError {
    #[error("a frame of {0} bytes, which is too short")]
    TooShort(usize),
    #[error("a frame of the unknown kind {0}")]
    UnknownKind(u8),
}

const ASK: u8 = 1;
const ANSWER: u8 = 2;
const PROGRESS: u8 = 3;
const UNANSWERED: u8 = 4;
const TELL: u8 = 5;
const PING: u8 = 6;

impl Frame {
    pub(super) fn encode(&self) -> Bytes {
        match self {
            Self::Ask { id, body } => join(ASK, *id, body),
            Self::Answer { id, body } => join(ANSWER, *id, body),
            Self::Progress { id, body } => join(PROGRESS, *id, body),
            Self::Unanswered { id, reason } => join(UNANSWERED, *id, reason.as_bytes()),
            Self::Tell(body) => join(TELL, 0, body),
            Self::Ping => join(PING, 0, &[]),
        }
    }

    pub(super) fn decode(mut bytes: Bytes) -> Result<Self, FrameError> {
        if bytes.len() < HEAD_BYTES {
            return Err(FrameError::TooShort(bytes.len()));
        }
        let (kind, id) = (bytes.get_u8(), bytes.get_u64());
        match kind {
            ASK => Ok(Self::Ask { id, body: bytes }),
            ANSWER => Ok(Self::Answer { id, body: bytes }),
            PROGRESS => Ok(Self::Progress { id, body: bytes }),
            UNANSWERED => Ok(Self::Unanswered { id, reason: printable(&bytes) }),
            TELL => Ok(Self::Tell(bytes)),
            PING => Ok(Self::Ping),
            unknown => Err(FrameError::UnknownKind(unknown)),
        }
    }
}

fn join(kind: u8, id: u64, body: &[u8]) -> Bytes {
    let mut bytes = BytesMut::with_capacity(HEAD_BYTES + body.len());
    bytes.put_u8(kind);
    bytes.put_u64(id);
    bytes.put_slice(body);
    bytes.freeze()
}

fn printable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().filter(|character| !character.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frames() -> impl Strategy<Value = Frame> {
        let body = || proptest::collection::vec(any::<u8>(), 0..40).prop_map(Bytes::from);
        prop_oneof![
            (any::<u64>(), body()).prop_map(|(id, body)| Frame::Ask { id, body }),
            (any::<u64>(), body()).prop_map(|(id, body)| Frame::Answer { id, body }),
            (any::<u64>(), body()).prop_map(|(id, body)| Frame::Progress { id, body }),
            (any::<u64>(), "[ -~]{0,40}").prop_map(|(id, reason)| Frame::Unanswered { id, reason }),
            body().prop_map(Frame::Tell),
            Just(Frame::Ping),
        ]
    }

    proptest! {
        #[test]
        fn a_frame_survives_the_way_there_and_back(frame in frames()) {
            prop_assert_eq!(Frame::decode(frame.encode()), Ok(frame));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let short = bytes.len() < HEAD_BYTES;
            let known = bytes.first().is_some_and(|kind| (ASK..=PING).contains(kind));
            prop_assert_eq!(Frame::decode(bytes.into()).is_ok(), !short && known);
        }
    }
}
