//! Where log, marks and snapshots lie: on the disk of this machine, or, built with `--cfg simulated`, on one that a
//! simulated world has at its mercy.

#[cfg(simulated)]
pub(crate) use simulated_disk::fs::*;
#[cfg(not(simulated))]
pub(crate) use std::fs::*;
