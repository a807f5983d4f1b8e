//! One segment file: its name and its header.

use crate::files::fs::{self, File, OpenOptions};
use dasd::DataSetError;
use std::{
    io::{self, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};
use vocabulary::encoding::Format;

const FORMAT: Format = Format { what: "log segment", magic: *b"IMSPSEGM", version: 1 };

/// What is written of a segment's zeros at a time.
static ZEROS: [u8; 1 << 16] = [0; 1 << 16];

/// The highest number and first position that a segment can have. No log comes near it.
const COUNT_MAX: u64 = 1 << 62;

/// What a segment says of itself, at its beginning:
///
/// ```text
/// format header (10) | number (8) | first position (8) | restart (1) | unused (1) | CRC-32 (4)
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    /// Segments are numbered from 1 in the order they were begun.
    pub(super) number: u64,
    /// The position of its first record.
    pub(super) first: u64,
    /// Whether all older segments are void.
    pub(super) restart: bool,
}

impl SegmentHeader {
    /// Bytes of a segment before its records.
    pub(super) const BYTES: usize = Format::HEADER_BYTES + 22;

    pub(super) fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = FORMAT.header().to_vec();
        bytes.extend(self.number.to_be_bytes());
        bytes.extend(self.first.to_be_bytes());
        bytes.extend([u8::from(self.restart), 0]);
        bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
        let mut header = [0; Self::BYTES];
        header.copy_from_slice(&bytes);
        header
    }

    /// The header that `bytes` begin with, or why they don't.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        FORMAT.open(bytes).map_err(|error| error.to_string())?;
        let header = bytes.first_chunk::<{ Self::BYTES }>().ok_or("the segment is cut off in its header")?;
        let number = |at: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&header[at..at + 8]);
            u64::from_be_bytes(bytes)
        };
        let read = Self {
            number: number(Format::HEADER_BYTES),
            first: number(Format::HEADER_BYTES + 8),
            restart: header[Format::HEADER_BYTES + 16] == 1,
        };
        if read.to_bytes()[Format::HEADER_BYTES..] != header[Format::HEADER_BYTES..] {
            return Err("the segment header has a wrong checksum".into());
        }
        // Positions and numbers are counted on from here, and must not come to an end.
        match read.first <= COUNT_MAX && read.number <= COUNT_MAX {
            true => Ok(read),
            false => Err("the segment header begins at a position that no log reaches".into()),
        }
    }
}

/// Where segment `number` lies.
pub(super) fn segment_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:020}.log"))
}

/// The number of the segment that lies at `path`; `None` for any other file.
pub(super) fn segment_number(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?.strip_suffix(".log")?;
    (name.len() == 20).then(|| name.parse().ok()).flatten()
}

/// Makes a durable file of `bytes` zeros. Fails without leaving one when there is no room.
pub(super) fn make_zeros(path: &Path, bytes: u64) -> io::Result<()> {
    let making = path.with_added_extension("new");
    let made = File::create(&making).and_then(|file| fill(&file, bytes)).and_then(|()| {
        fs::rename(&making, path)?;
        super::super::sync_folder(path.parent().unwrap_or(Path::new(".")))
    });
    if made.is_err() {
        let _ = fs::remove_file(&making);
    }
    made
}

fn fill(mut file: &File, bytes: u64) -> io::Result<()> {
    let mut missing = bytes;
    while missing > 0 {
        let piece = missing.min(ZEROS.len() as u64);
        file.write_all(&ZEROS[..piece as usize])?;
        missing -= piece;
    }
    file.sync_all()
}

/// Overwrites a range with zeros, and makes that durable.
pub(super) fn clear(file: &File, from: u64, until: u64) -> io::Result<()> {
    let mut at = from;
    while at < until {
        let piece = (until - at).min(ZEROS.len() as u64);
        file.write_all_at(&ZEROS[..piece as usize], at)?;
        at += piece;
    }
    file.sync_data()
}

pub(super) fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(path)
}

/// Damage in the file at `path`, at `offset` bytes.
pub(super) fn damaged(set: &str, path: &Path, offset: u64, reason: impl Into<String>) -> DataSetError {
    let place = format!("{}, offset {offset}", path.display());
    DataSetError::Corrupt { set: set.into(), place, reason: reason.into() }
}
