//! Consensus on real folders and real sockets.

mod cluster;
mod faults;
mod ledger;
mod plex;
mod storage;
