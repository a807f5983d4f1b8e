//! Consensus: one log for all members of the plex.
//!
//! **What it guarantees.** A proposal that [`Consensus::propose`] answers with [`Proposed`] is in the log of a
//! majority, forced there, and was given to the [`Machine`] here; every member's machine is given the same
//! entries in the same order, and no acknowledged entry is lost while a majority of data folders survives. After
//! [`Consensus::read_barrier`] a read that waits for the index it returned sees everything acknowledged before.
//!
//! **Its words.** A *node* is a member as consensus sees it: a number and an address. The *master* leads (Raft
//! calls it the leader), *voters* decide, *learners* follow without a vote until they caught up. A *proposal* is
//! opaque bytes that become an *entry* of the log; the machine answers each with an opaque *reply*. The *position*
//! is what the machine keeps for us: up to which entry it was fed. A *snapshot* is the machine's content at a
//! position, in a file. *Standing* is what this node knows of itself and of the others.
//!
//! **Its invariants.**
//! - A vote and every entry is forced before anybody hears of it. After a force fails this node stops for good and
//!   says so in [`Standing::failed`].
//! - Want of room stops nothing: what can't be written waits, new proposals are refused, and it goes on once there is
//!   room.
//! - The log is let go only up to the older of two snapshots, so that a damaged snapshot costs nothing but a message.
//! - A node that led before it restarted leads again only by an election.
//! - No message waits for ever: every exchange has a deadline, and a proposal whose fate is not known in time is
//!   answered as [`ProposeError::Unknown`]. Only then may it happen later.
//!
//! **What it leaves out.** What entries mean. Who may join. Reads at members that are not master: they ask the
//! master for the barrier and wait here.
//!
//! All of openraft is behind this module: no type of it is in a public signature, in a file or on the wire, where
//! our own versioned formats stand. In an IMSplex this is the part of the Common Service Layer that
//! IMS gives to the structures of the coupling facility.

mod error;
mod format;
mod log;
mod machine;
mod membership;
mod monitor;
mod network;
mod node;
mod settings;
mod snapshot;
mod standing;
mod state;
pub(crate) mod strange;
#[cfg(test)]
mod tests;
mod types;

pub use error::{ConsensusError, FormError, MembershipError, ProposeError, ReadError};
pub use machine::{Applied, Frozen, Machine, MachineRecord};
pub use network::{Dial, Duplex, Frames, MESSAGE_BYTES_MAX};
pub use node::{Consensus, Proposed};
pub use settings::{Settings, SnapshotBounds, Timers};
pub use standing::{NodeStanding, Standing};
