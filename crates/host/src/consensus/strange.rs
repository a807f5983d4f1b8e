//! What bytes of other nodes, and of files that may be damaged, meet first.

use super::format::{PositionRecord, decode_entry};
use super::network::read_message;
use super::snapshot::SnapshotFile;
use std::{io, path::Path};

/// Reads a message of another node, whichever it may be.
pub(crate) fn message(bytes: &[u8]) -> io::Result<()> {
    read_message(bytes)
}

/// Reads an entry of the log, and as well a position of the machine.
pub(crate) fn entry(bytes: &[u8]) -> io::Result<()> {
    decode_entry(bytes)
        .map(drop)
        .and(PositionRecord::from_bytes(bytes).and_then(|position| position.meta()).map(drop))
}

/// Reads a snapshot from its beginning to its end, and gives how many records it has.
pub(crate) fn snapshot(path: &Path) -> io::Result<usize> {
    let file = SnapshotFile::open(path)?;
    file.meta()?;
    file.records()?.try_fold(0, |count, record| record.map(|_| count + 1))
}
