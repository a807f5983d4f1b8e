//! Who may open which database: RECON, as far as authorization goes.
//!
//! **What it guarantees.** Whoever holds an [`Authorization`] was given it by a [`Recon`]: there is no other way to
//! make one. An engine that opens databases only for one can't open what RECON forbids.
//!
//! **Its words.** A *database* is registered with a *share level*: how many subsystems may have it at once. A
//! *subsystem* is a member, or a batch job, that signed on. An [`Access`] is what it intends: EX, UP, RD or RO. An
//! *authorization* is granted for one subsystem, database and access, and carries the *epoch* in which it was granted;
//! the epoch of a database rises when a subsystem's authorizations pass to another, so that the data sets refuse what
//! the first one still writes.
//!
//! **Its invariants.**
//! - Of two authorizations held for a database each allows the other ([`Access::allows`] at its share level).
//! - An epoch never falls, and two subsystems of which one took over from the other never hold the same.
//! - A refusal changes nothing.
//!
//! **What it leaves out.** Data sets, image copies, logs, reorganizations and their records; agreement between members.
//! It follows the AUTH request of DBRC and its share levels.

mod access;
mod authorization;
mod recon;

pub use access::{Access, ShareLevel};
pub use authorization::Authorization;
pub use recon::{Database, Recon, Refusal};
