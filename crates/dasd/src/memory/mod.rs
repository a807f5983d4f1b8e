//! Data sets in memory, for tests and for worlds without disks.
//!
//! Clones of a set are handles on one content: to keep a clone is to keep the disk, and to take it up after the
//! first handle is gone is a restart. A crash (`crash` of each set) loses what was not forced, as a power failure
//! does, and says how much of that the disk happened to have written.

mod block;
mod keyed;
mod log;
mod sequential;

pub use block::{MemoryBlockSet, Torn};
pub use keyed::MemoryKeyedSet;
pub use log::MemoryLogSet;
pub use sequential::MemorySequentialSet;
