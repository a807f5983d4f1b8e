//! Snapshots: the machine's content at a position, each in a file of its own.

mod file;
mod folder;

pub(crate) use file::SnapshotFile;
pub(super) use folder::{Incoming, Snapshots};
