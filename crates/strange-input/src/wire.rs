//! What peers send.

use control_region::Letter;
use csl::envelope::{OperatorRequest, Progress};
use csl::om::Answer;
use csl::region::RegionRequest;
use plex::PlexChange;
use serde::{Serialize, de::DeserializeOwned};
use vocabulary::encoding;

/// Frames of a connection, before it is known what they carry.
pub(crate) fn frames(bytes: &[u8]) {
    let _ = sci::strange::read_first_frame(bytes);
    if let Err(reason) = sci::strange::read_frame(bytes) {
        assert!(!reason.contains("otherwise"), "{reason}: {bytes:?}");
    }
}

/// What frames carry: between operators and members, between members, between nodes of the consensus group, and entries of
/// the log. What is read is written again and read as the same.
pub(crate) fn messages(bytes: &[u8]) {
    read_again::<OperatorRequest>(bytes);
    read_again::<RegionRequest>(bytes);
    read_again::<Answer>(bytes);
    read_again::<Progress>(bytes);
    read_again::<Letter>(bytes);
    read_again::<PlexChange>(bytes);
    let _ = host::strange::read_message(bytes);
    let _ = host::strange::read_entry(bytes);
    let _ = host::strange::read_identity(bytes);
}

fn read_again<T: Serialize + DeserializeOwned + PartialEq>(bytes: &[u8]) {
    if let Ok(value) = encoding::decode::<T>("message", bytes) {
        let again = encoding::decode::<T>("message", &encoding::encode(&value));
        assert!(
            again.is_ok_and(|again| again == value),
            "a message reads otherwise when it is written again"
        );
    }
}
