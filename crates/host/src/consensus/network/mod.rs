//! How nodes talk: frames over connections that somebody else dials and accepts.
//!
//! A connection begins with an opening frame that names its [`wire::Lane`]; then every request frame is answered by
//! one frame, in order. Many requests may be under way on a connection. Lanes are apart so that a heartbeat never
//! waits behind a snapshot.

mod client;
mod link;
mod serve;
mod wire;

pub(super) use client::Network;
pub(super) use serve::{Heard, Server};
pub(super) use wire::read_message;
pub use wire::{Dial, MESSAGE_BYTES_MAX};

pub use sci::{Duplex, Frames};
