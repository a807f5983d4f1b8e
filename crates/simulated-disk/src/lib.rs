//! A disk in memory that behaves as badly as a disk may.
//!
//! **What it guarantees.** What was synced is there after power was lost: content by [`fs::File::sync_all`] or
//! [`fs::File::sync_data`], a name by a sync of its folder. Of everything else any part may be there and any part may
//! be missing, as chance has it: a write as a whole, or some of its sectors, and the changes of names of a folder up to
//! some one of them. Chance follows from a seed.
//!
//! **Its words.** [`fs`] has of `std::fs` what a log and snapshots are kept with, under the same names, so that the same
//! code can be built for the one or for the other. A *disk* is mounted under a folder ([`mount`]), for the thread that
//! does so, which is the only one of its world. *Losing power* ([`lose_power`]), at once or in the midst of
//! what is written ([`lose_power_after`]), ends every open file; those that are opened after [`power_up`] find what was kept.
//!
//! **Its invariants.**
//! - A file that is open goes on to exist when its name goes to another one, or to nobody.
//! - A sector is written as a whole or not at all.
//! - After a sync that failed nobody may rely on what came before it, so that there is nothing that makes it succeed
//!   later ([`fail_syncs`]).
//! - A disk that acknowledges and does not keep ([`lie`]) is for showing that this is found.
//!
//! **What it leaves out.** A disk that is full: whoever writes a log waits for room, and the one thread of a simulated
//! world can't. Folders that go away by a crash: they are made once. Time: operations take none.

mod disk;
mod file;
pub mod fs;
mod mounts;

pub use mounts::{fail_syncs, is_sound, lie, lose_power, lose_power_after, mount, power_up};
