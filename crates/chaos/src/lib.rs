//! The proving ground: control regions, unchanged, in worlds that are hard on them.
//!
//! **What it guarantees.** A world does nothing that its driver did not ask for: the same script, or the same random
//! choices, give the same run, message by message.
//!
//! **Its words.** A *world* is a simulated plex: members, one ideal ordered log for each consensus group, the network
//! between them, their disks and a clock. A *story* is a golden script in `crates/control-region/scripts/`. An
//! *invariant* is what has to be true of every world after every event.
//!
//! **What it leaves out.** Real consensus, disks and sockets: the ideal log aims at the protocols of the plex.
#![allow(
    clippy::unwrap_used,
    reason = "a world that can't go on is a failure of the world, and ends the test"
)]

#[cfg(test)]
mod bank;
#[cfg(test)]
mod invariants;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod world;
