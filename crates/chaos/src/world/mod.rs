//! A simulated plex: members, an ideal log, links, disks and a clock, all in the hands of whoever drives it.

pub(crate) mod cluster;
pub(crate) mod consensus;
pub(crate) mod network;
pub(crate) mod node;
