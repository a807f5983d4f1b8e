//! How much room there is where the member keeps what it keeps.

use std::path::Path;

/// A file system.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Space {
    pub(super) free_bytes: u64,
    pub(super) size_bytes: u64,
}

impl Space {
    /// The file system that a folder is on; nothing where it does not say.
    pub(super) fn of(folder: &Path) -> Option<Self> {
        let found = rustix::fs::statvfs(folder).ok()?;
        let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
        Some(Self { free_bytes: bytes(found.f_bavail), size_bytes: bytes(found.f_blocks) })
    }
}
