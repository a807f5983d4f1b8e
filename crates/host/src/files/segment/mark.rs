//! How far the log was forced: a small file beside the segments.
//!
//! Written after each force and never forced itself, it is exact after a crash of the program and may lag after a
//! loss of power. It is evidence, not state: without it the log works, and tells less damage from torn tails.

use crate::files::fs::{File, OpenOptions};
use std::{io, os::unix::fs::FileExt, path::Path};

const NAME: &str = "forced";

/// Segment number, first position that is not forced, CRC-32: big-endian.
const BYTES: usize = 20;

#[derive(Debug)]
pub(super) struct ForcedMark {
    file: File,
}

impl ForcedMark {
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let path = folder.join(NAME);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        Ok(Self { file })
    }

    /// First position known not to have been forced, if that was noted in this segment. A mark of another segment
    /// says nothing of this one: a truncation may lie between.
    pub(super) fn read(&self, segment: u64) -> Option<u64> {
        let mut bytes = [0; BYTES];
        self.file.read_exact_at(&mut bytes, 0).ok()?;
        let (content, crc) = bytes.split_last_chunk::<4>()?;
        let (noted, unforced) = content.split_first_chunk::<8>()?;
        let intact = crc32fast::hash(content) == u32::from_be_bytes(*crc);
        let unforced = u64::from_be_bytes(unforced.try_into().ok()?);
        (intact && u64::from_be_bytes(*noted) == segment).then_some(unforced)
    }

    pub(super) fn write(&self, segment: u64, unforced: u64) {
        let mut bytes = [0; BYTES];
        bytes[..8].copy_from_slice(&segment.to_be_bytes());
        bytes[8..16].copy_from_slice(&unforced.to_be_bytes());
        let crc = crc32fast::hash(&bytes[..16]);
        bytes[16..].copy_from_slice(&crc.to_be_bytes());
        if let Err(error) = self.file.write_all_at(&bytes, 0) {
            tracing::debug!(%error, "how far the log was forced could not be noted");
        }
    }
}
