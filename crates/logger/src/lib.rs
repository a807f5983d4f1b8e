//! The log: what was done, in the order it was done, on data sets that survive.
//!
//! **What it guarantees.** A record that was forced is read back as it was written, after any crash, while one copy of
//! each online log data set is left. What comes back after a crash is a beginning of what was written: no record is
//! there without those before it. A log that could not make something durable says so, and takes nothing more.
//!
//! **Its words.** A *record* ([`LogRecord`]) has a type, a subtype and a [`LogSequence`]; records of a unit of work carry
//! its [`RecoveryToken`]. *Appended* means: it has its place. *Forced* means: it survives the loss of power. An *OLDS* is a
//! data set of a fixed number of blocks, or a pair of equal ones; together they are a *ring*, written one after the other
//! and over again. A full one is *archived* to the *SLDS*, which keeps blocks under their numbers, before it is written
//! again. A *checkpoint* says where a restart has to begin reading; the *RDS* says where the last one is. The *horizon* is
//! the last checkpoint's beginning: the first change of a block after it logs the whole block before, so that a block that
//! a power failure tore can be made anew.
//!
//! **How it is built.** `record` and `change` are the bytes of records, `block` those of a block of an OLDS. `olds` is a
//! pair, `ring` all of them with the SLDS. [`Log`] appends and forces, `turns` says who of many that force does it, and
//! [`LogReader`] reads. [`RestartPlan`] is the first pass of a restart.
//!
//! ```text
//!   append ─▶ tail, in memory ──force──▶ blocks ─▶ DFSOLP00 DFSOLP01 DFSOLP02 ─▶ archive ─▶ SLDS
//!   (many units)           (one for all of them)   DFSOLS00 DFSOLS01 DFSOLS02
//! ```
//!
//! **Its invariants.**
//! - Sequences rise by one from record to record, over restarts too.
//! - A block is written once: what is forced never shares a block with what comes later, so that no torn write can take
//!   forced records along.
//! - Each block carries the checksum of the one before; a block of an earlier round is never taken for the next one.
//! - An OLDS is written again only after it was archived.
//! - A writer of a lower epoch than the one admitted writes nothing.
//! - A force that failed on every copy stops the log for good.
//!
//! **What it leaves out.** Blocks of databases, and what a record means for them: `dli`. Threads and clocks: time is told
//! ([`Log::tell`]), and whoever forces waits: for the disk, and for a moment for others to come along. Records of messages
//! and terminals, which come with those who write them.
//!
//! It follows *Log records* (*Diagnosis*) and *IMS system log* (*System Administration*).

mod block;
mod change;
mod checkpoint;
mod error;
mod inventory;
mod log;
mod olds;
mod plan;
mod reader;
mod record;
mod ring;
mod saved;
mod token;
mod turns;

pub use change::{Change, DatabaseChange, IndexEntry};
pub use checkpoint::{Checkpoint, CheckpointKind, RestartDataSet};
pub use error::LogError;
pub use inventory::{Extents, Inventory, OldsUse};
pub use log::{Appender, Log, LogSets};
pub use olds::Olds;
pub use plan::{InFlight, PendingDatabase, RestartKind, RestartPlan};
pub use reader::LogReader;
pub use record::{ActiveUnit, Body, LogRecord};
pub use saved::SavedProgram;
pub use token::RecoveryToken;
pub use vocabulary::LogSequence;
