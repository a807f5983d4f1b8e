//! What bytes meet first that a member has not written itself, or not in this run: messages of other nodes, entries of
//! the log, snapshots, small files. For tests that hand it anything at all.

use crate::{consensus::strange, files::Identity};
use std::{io, path::Path};
use vocabulary::encoding::DecodeError;

/// Reads a message of consensus between nodes, whichever it may be.
pub fn read_message(bytes: &[u8]) -> io::Result<()> {
    strange::message(bytes)
}

/// Reads an entry of the log, and as well the position that a machine keeps.
pub fn read_entry(bytes: &[u8]) -> io::Result<()> {
    strange::entry(bytes)
}

/// Reads a snapshot from its beginning to its end, and gives how many records it has.
pub fn read_snapshot(path: &Path) -> io::Result<usize> {
    strange::snapshot(path)
}

/// Reads the small file that says whose a data folder is.
pub fn read_identity(bytes: &[u8]) -> Result<(), DecodeError> {
    Identity::from_bytes(bytes).map(drop)
}
