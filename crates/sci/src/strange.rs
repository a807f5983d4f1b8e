//! What the bytes of a peer meet first, before anything is believed of them. For tests that send anything at all.

use crate::hello::{self, Hello, Reply};
use crate::mux::frame_of;
use bytes::Bytes;
use vocabulary::encoding::DecodeError;

/// Reads the first frame of a side that dials, and as well that of one that answers.
pub fn read_first_frame(bytes: &[u8]) -> Result<(), DecodeError> {
    hello::open::<Hello>(bytes).map(drop).and(hello::open::<Reply>(bytes).map(drop))
}

/// Reads a frame of a conversation, and says why it is none. What it reads it writes again as it was.
pub fn read_frame(bytes: &[u8]) -> Result<(), String> {
    frame_of(Bytes::copy_from_slice(bytes))
}
