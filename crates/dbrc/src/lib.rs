//! RECON: who may open which database, and what each of its data sets can be recovered from.
//!
//! **What it guarantees.** Whoever holds an [`Authorization`] was given it by a [`Recon`]: there is no other way to
//! make one. An engine that opens databases only for one can't open what RECON forbids. Whoever follows a
//! [`RecoveryPlan`] gets back what the data set had, or the plan says what is missing.
//!
//! **Its words.** A *database* is registered with a *share level*: how many subsystems may have it at once. A
//! *subsystem* is a member, or a batch job, that signed on. An [`Access`] is what it intends: EX, UP, RD or RO. An
//! *authorization* is granted for one subsystem, database and access, and carries the *epoch* in which it was granted;
//! the epoch of a database rises when a subsystem's authorizations pass to another, or are taken away from it, so that the
//! data sets refuse what the first one still writes. A *data set* of a database has *image copies*, *allocations* (spans of time in which it
//! could be changed, each with the log that has the changes), *reorganizations* and *recoveries*, by their moments.
//!
//! **Its phases.** A subsystem signs on, is authorized, gives back, and signs off. One that ends abnormally keeps what
//! it has, until it comes back, another takes over, or an operator says that it was recovered.
//!
//! **Its invariants.**
//! - Of two authorizations held for a database each allows the other ([`Access::allows`] at its share level).
//! - An epoch never falls, also where its database is deleted and registered again, and two subsystems of which one took over from the other never hold the same.
//! - A refusal changes nothing.
//! - An image copy from before a reorganization, or from before a recovery that left changes out, is in no plan.
//! - No log goes by DELETE.LOG INACTIVE that a plan to the end of the logs would name.
//!
//! **What it leaves out.** The agreement between members: RECON is a part of what the plex agrees on. The copies,
//! and the logs, are elsewhere: it has their names. It follows the RECON data sets of DBRC, its commands INIT, CHANGE,
//! DELETE and NOTIFY, and its AUTH request.

mod access;
mod authorization;
pub mod change;
mod listing;
mod plan;
mod recon;
pub mod record;
pub mod stored;

pub use access::{Access, ShareLevel};
pub use authorization::Authorization;
pub use change::ReconChange;
pub use listing::Listing;
pub use plan::{NoPlan, RecoveryPlan};
pub use recon::{Recon, ReconError, RecordName, Refusal, Repair};
