//! The proving ground: control regions, unchanged, in worlds that are hard on them.
//!
//! **What it guarantees.** Everything in a run follows from its seed: the same seed gives the same run, message by
//! message, on every machine. A run that fails tells the line that replays it.
//!
//! **Its words.** A *world* is a simulated plex: members, one ideal ordered log for each consensus group, the network
//! between them, their disks and their clocks. A *run* is a world from its seed to its end: a *storm* of faults, in
//! which operators work all the while, then a *calm* in which everything has to converge and to serve. An *invariant*
//! is what has to be true of every world after every event; the *oracle* knows all of them. A *history* is what
//! operators did and were told. A *story* is what happened, one line an event; those in
//! `crates/control-region/scripts/` are written by hand.
//!
//! **What befalls a world.** Letters take their time, overtake each other, get lost and come twice; the network
//! falls apart, in one direction or in both; members crash and keep what was synced, and some of what was not; they
//! stand still, apply late, hear late how links and leadership stand; a bit flips on a shelf, a disk fails or is full;
//! databases take their time to be opened, can't be, and pass to others while their member stands still; clocks drift and
//! jump; the outcome of a proposal is not told; members are stopped, started warm, after an abend or
//! cold, deleted, and replaced with an empty data folder.
//!
//! **Real members.** [`under_fire`] has real processes on a real network meet what the worlds simulate, as far as a machine
//! can bring it about, and looks for one order in what operators were told.
//!
//! **Two depths.** Under an ideal log ([`ideal`]) it is the protocols of the plex that are aimed at. With real consensus
//! (`raft`, in a build with `--cfg simulated`) it is also what they rest on: openraft, what keeps its log, votes and
//! snapshots, and the host that drives both. The same invariants are asked of both.
//!
//! **What it leaves out.** Engines and databases, TLS, and the lanes of operators and regions: they are for real processes.
#![allow(
    clippy::unwrap_used,
    reason = "a world that can't go on is a failure of the world, and ends the run"
)]

mod bank;
mod databases;
mod dice;
mod drafts;
mod fire;
mod history;
mod invariants;
mod operators;
#[cfg(simulated)]
mod raft;
mod run;
mod storm;
mod sweep;
mod world;

#[cfg(test)]
mod ddl_jobs;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod sabotage;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod story_commands;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use fire::{FireReport, FireSettings, enter_namespaces, under_fire};
#[cfg(simulated)]
pub use raft::{RaftReport, RaftSum, Sabotage, raft};
pub use run::{Report, ideal};
pub use sweep::{IdealSum, Tally, sweep};

/// What a mutex guards, whatever became of whoever had it before.
fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
