//! What is kept beside the entries: the vote, how far the log was let go, how far entries are known to be committed.

use crate::{
    consensus::format::{LogIdRecord, VoteRecord, invalid},
    files::{
        fs::{self, File, OpenOptions},
        seal, unseal, write_aside,
    },
};
use serde::{Deserialize, Serialize};
use std::{
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};
use vocabulary::encoding::Format;

const FORMAT: Format = Format { what: "vote file", magic: *b"IMSPVOTE", version: 1 };

/// What must be forced before anybody hears of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Marks {
    pub(super) vote: Option<VoteRecord>,
    /// The last entry that the log was let go up to.
    pub(super) purged: Option<LogIdRecord>,
}

impl Marks {
    pub(super) fn path(folder: &Path) -> PathBuf {
        folder.join("vote")
    }

    pub(super) fn read(folder: &Path) -> io::Result<Self> {
        let bytes = match fs::read(Self::path(folder)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        unseal(&FORMAT, &bytes).map_err(invalid)
    }

    /// Durable when it returns.
    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        write_aside(&Self::path(folder), &seal(&FORMAT, self))
    }
}

/// Up to which entry the log is known to be committed. Never forced: after a loss of power it lags, and that only
/// means that the machine is brought up to date by the others instead of by this node alone.
#[derive(Debug)]
pub(super) struct CommittedMark {
    file: File,
}

impl CommittedMark {
    pub(super) fn path(folder: &Path) -> PathBuf {
        folder.join("committed")
    }

    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        Ok(Self { file: options.open(Self::path(folder))? })
    }

    pub(super) fn read(&self) -> Option<LogIdRecord> {
        let mut bytes = [0; 20];
        self.file.read_exact_at(&mut bytes, 0).ok()?;
        let (content, crc) = bytes.split_last_chunk::<4>()?;
        let (term, index) = content.split_first_chunk::<8>()?;
        let record = LogIdRecord {
            term: u64::from_be_bytes(*term),
            index: u64::from_be_bytes(index.try_into().ok()?),
        };
        (crc32fast::hash(content) == u32::from_be_bytes(*crc)).then_some(record)
    }

    pub(super) fn write(&self, committed: LogIdRecord) {
        let mut bytes = [0; 20];
        bytes[..8].copy_from_slice(&committed.term.to_be_bytes());
        bytes[8..16].copy_from_slice(&committed.index.to_be_bytes());
        let crc = crc32fast::hash(&bytes[..16]);
        bytes[16..].copy_from_slice(&crc.to_be_bytes());
        if let Err(error) = self.file.write_all_at(&bytes, 0) {
            tracing::debug!(%error, "how far the log is committed could not be noted");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vote_reads_back_and_a_damaged_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Marks::read(folder.path()).unwrap(), Marks::default());
        let vote = Some(VoteRecord { term: 3, node: 2, committed: true });
        let marks = Marks { vote, purged: Some(LogIdRecord { term: 1, index: 9 }) };
        marks.write(folder.path()).unwrap();
        assert_eq!(Marks::read(folder.path()).unwrap(), marks);
        let good = fs::read(Marks::path(folder.path())).unwrap();
        for at in 0..good.len() {
            let mut bytes = good.clone();
            bytes[at] ^= 4;
            fs::write(Marks::path(folder.path()), bytes).unwrap();
            assert!(Marks::read(folder.path()).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_damaged_committed_mark_counts_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let mark = CommittedMark::open(folder.path()).unwrap();
        assert_eq!(mark.read(), None);
        mark.write(LogIdRecord { term: 2, index: 5 });
        assert_eq!(mark.read(), Some(LogIdRecord { term: 2, index: 5 }));
        mark.file.write_all_at(&[9], 3).unwrap();
        assert_eq!(mark.read(), None);
    }
}
