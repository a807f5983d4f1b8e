//! The utilities that reorganize and recover databases.
//!
//! **What it guarantees.** What is reloaded is what was unloaded, or the reload says which segment does not fit. A data set
//! that is recovered has what was committed, to the end of the log or to a moment, or the recovery says what is missing and
//! changes nothing. Everything that one utility writes and another reads is checked piece by piece: what was cut off,
//! damaged, or belongs to another database is refused.
//!
//! **Its words.** An *unload* ([`unload`], DFSURGU0) has the segments of a database in hierarchic order; a *reload*
//! ([`reload`], DFSURGL0) makes a database of them, of another shape where the DBD was changed. An *image copy*
//! ([`copy_data_set`], DFSUDMP0) has the blocks of one data set. Its *mark* ([`LogMark`]) is the record of the log behind which
//! what it lacks begins. A *change accumulation* ([`accumulate`], DFSUCUM0) has each block that a part of the log changed as
//! it is with the last of those changes. A *recovery* (DFSURDB0) restores data sets from copies ([`restore`]), and has the
//! engine do what the log has from there on ([`dli::Engine::recover`]); [`survey`] says beforehand whether it can.
//!
//! ```text
//!   database ──unload──▶ segments ──reload──▶ database of the new DBD
//!   data set ──copy────▶ image copy ─┐
//!   log ──────accumulate▶ blocks ────┼─restore──▶ data set ──recover, with the log──▶ database
//! ```
//!
//! **Its invariants.**
//! - A file without its last piece is none: whoever writes one is done when that is durable.
//! - A copy is of a data set that was closed, and each block of it is whole.
//! - A log that does not have the record of a mark, as it was, is not the log of that copy.
//! - Nothing is recovered across a load, a reload or a recovery to an earlier moment, which the log does not hold.
//!
//! **What it leaves out.** Files and their names, the order in which they take the places of others, and messages: those are
//! the matter of the host. Copies of data sets that are in use. Databases that the engine does not open.
//!
//! It follows *Database Utilities* of IMS.

mod accumulate;
mod error;
mod image_copy;
mod mark;
mod pieces;
mod program;
mod reload;
mod survey;
mod unload;

pub use accumulate::{Accumulation, AccumulationHead, accumulate};
pub use error::UtilityError;
pub use image_copy::{Copied, CopyHead, copy_data_set, read_copy_head, restore};
pub use mark::LogMark;
pub use program::Count;
pub use reload::reload;
pub use survey::survey;
pub use unload::{UnloadHead, UnloadedType, read_unload_head, unload};
