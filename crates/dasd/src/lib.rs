//! Data sets as the rest of the house sees them: contracts, and sets in memory that keep them.
//!
//! **What it guarantees.** Whoever writes to a data set through these contracts knows when a write can no longer
//! be lost, and hears of it when a set can't keep its word. Every set, in memory or on a disk, passes the same
//! suite ([`contract`]), so that a crate tested over memory behaves alike over files.
//!
//! **Its words.** A [`KeyedSet`] keeps records under keys, in key order, and takes changes in a [`Batch`] that
//! happens whole or not at all. A [`LogSet`] keeps records in the order they came and gives each a *position*. A
//! [`BlockSet`] keeps blocks of one size under numbers, and refuses writers from the past: an *epoch* rises at every
//! takeover, and a set writes for the one *admitted* last or a later one. A [`SequentialSet`] is bytes that are added at the
//! end, as other programs have them too.
//! *Forced* (of a log) and *synced* (of a keyed set) means: it survives the loss of power. *Accepted* means: the
//! call returned well, and a crash of the program alone may still lose it until it is forced. *Poisoned* means: a
//! force or a sync failed, nobody can tell what reached the disk, and the set refuses everything from then on.
//!
//! **Its invariants.**
//! - Positions start at 1 and rise by one; only a truncation, or the loss of what was never forced, gives one again.
//! - A forced record is read back as it was written until it is discarded or truncated.
//! - A batch is seen whole or not at all, by readers and after a crash.
//! - A refusal with [`DataSetError::Full`] changes nothing, and the set works again once there is room.
//! - After a failed force or sync every call answers [`DataSetError::Poisoned`], because the operating system may
//!   have dropped the very pages it could not write, and a second attempt that succeeds would prove nothing.
//! - A block set never writes for an epoch lower than the one admitted; the check and the write are one step.
//!
//! **What it leaves out.** Files and threads: those live in the host. Caches and checksums of blocks: they belong to
//! whoever knows what is in a block, and only he can tell a torn one.
//!
//! It stands where the access methods stand in IMS: VSAM KSDS below RECON and catalog, BSAM below the
//! OLDS and GSAM, OSAM and VSAM ESDS below databases.

mod block;
pub mod contract;
mod error;
mod faulty;
mod keyed;
mod log;
pub mod memory;
mod sequential;

pub use block::BlockSet;
pub use error::DataSetError;
pub use faulty::{Fault, Faulty};
pub use keyed::{Batch, KeyedSet, Record, Records};
pub use log::LogSet;
pub use sequential::SequentialSet;
