//! The log of consensus: entries in a segment log, votes and marks beside it.
//!
//! Entry `i` lies at position `i + 1`. One thread writes everything, in the order it was asked, so that a vote and
//! the entries that rest on it reach the disk in that order. It takes up all that has gathered, writes it, forces
//! it once, and then answers everybody.

mod marks;
mod store;
mod writer;

pub(super) use store::LogStore;
