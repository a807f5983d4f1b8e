//! Many conversations over one connection.
//!
//! The side that dialed *asks* and *tells*; the side that accepted *serves*. An ask has one answer, and any number
//! of progress reports before it; a tell has none. Answers come in whatever order they are ready.
//!
//! ```text
//!   Caller                                         serve
//!     ask 1   ───────────────────────────────────▶  handler(Ask)   ──┐ side by side,
//!     ask 2   ───────────────────────────────────▶  handler(Ask)   ──┘ `asks_max` of them
//!     tell    ───────────────────────────────────▶  handler(Tell)      one after the other, in order
//!             ◀───────────────────────────────────  progress 2
//!             ◀───────────────────────────────────  answer 2
//!             ◀───────────────────────────────────  answer 1
//!     ping    ◀──────────────────────────────────▶  ping               every `keepalive_ms`, both ways
//! ```
//!
//! **A lost peer.** A stopped process keeps its sockets open, and a cut cable says nothing. So both sides ping, and
//! a side that receives nothing for `silence_ms` counts the link as lost and closes it.
//!
//! **Overload.** A server with `asks_max` asks in work, or `tells_max` tells waiting, stops reading until there is
//! room; the caller's queue fills, its asks wait within their time limit, and [`Caller::tell`] says so.
//!
//! **Not known.** An ask that timed out or lost its link may have been obeyed all the same. Only
//! [`AskError::NotSent`] and [`AskError::TooLong`] say that it was not.

mod caller;
mod frame;
mod link;
mod server;

pub use caller::{AskError, Caller, TellError};
pub use link::{LinkLost, LostReason};
pub use server::{Incoming, Responder, serve};

/// Whether these bytes are a frame, and one that is written as it was read.
pub(crate) fn frame_of(bytes: bytes::Bytes) -> Result<(), String> {
    let frame = frame::Frame::decode(bytes).map_err(|error| error.to_string())?;
    match frame::Frame::decode(frame.encode()) {
        Ok(again) if again == frame => Ok(()),
        _ => Err("a frame that reads otherwise when it is written again".to_string()),
    }
}

/// Times and bounds of a multiplexed connection. Both sides should have the same times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MuxSettings {
    /// A ping is sent so often, in milliseconds.
    pub keepalive_ms: u64,
    /// After so long without a whole frame the link is lost, in milliseconds. Several times `keepalive_ms`, and
    /// long enough for the longest frame to arrive.
    pub silence_ms: u64,
    /// Asks in work at a time.
    pub asks_max: usize,
    /// Frames that wait to be sent, and tells that wait to be handled.
    pub tells_max: usize,
}

impl Default for MuxSettings {
    fn default() -> Self {
        Self { keepalive_ms: 1_000, silence_ms: 6_000, asks_max: 256, tells_max: 1_024 }
    }
}
