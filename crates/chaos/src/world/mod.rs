//! A simulated plex: members, an ideal log, links, disks and clocks, all in the hands of whoever drives it.

pub(crate) mod clock;
pub(crate) mod cluster;
pub(crate) mod consensus;
#[cfg(test)]
mod damage;
pub(crate) mod disk;
pub(crate) mod engine;
pub(crate) mod entries;
pub(crate) mod facts;
pub(crate) mod network;
pub(crate) mod node;
mod replication;
pub(crate) mod scene;
mod sight;
mod standings;
pub(crate) mod tempo;
pub(crate) mod workplace;
