//! A data set of blocks in one file.

use super::opened_alone::{open_alone, refused};
use super::sync_folder;
use dasd::{BlockSet, DataSetError};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use vocabulary::Epoch;
use vocabulary::encoding::Format;

/// What the file begins with. The header has as many bytes as a block, so that blocks lie on their own boundaries.
const FORMAT: Format = Format { what: "block data set", magic: *b"IMSPBLKS", version: 1 };
// Behind magic and version: bytes of a block, the lowest epoch that may write, a checksum of all before it.
const SIZE_AT: usize = Format::HEADER_BYTES;
const EPOCH_AT: usize = SIZE_AT + 4;
const CHECKSUM_AT: usize = EPOCH_AT + 8;
const HEADER_BYTES: usize = CHECKSUM_AT + 4;

/// A data set of blocks in one file, which no other process has open.
///
/// After a failed sync it refuses everything: the operating system may have dropped what it could not write.
#[derive(Debug)]
pub struct BlockFile {
    /// The file's path, for messages.
    set: String,
    file: File,
    block_bytes: usize,
    /// Held for reading by whoever writes a block, so that nobody from the past writes after an epoch was admitted.
    admitted: RwLock<Epoch>,
    poisoned: Mutex<Option<String>>,
}

impl BlockFile {
    /// Opens a file, or makes a new one.
    ///
    /// # Errors
    /// A file that another process has open, that is no data set, or has blocks of another size.
    pub fn open(path: &Path, block_bytes: usize) -> Result<Self, DataSetError> {
        let set = path.display().to_string();
        let refuse = |error: &io::Error| refused(&set, "open", error);
        let file = open_alone(path, &set)?;
        let length = file.metadata().map_err(|error| refuse(&error))?.len();
        let new = Self {
            set: set.clone(),
            file,
            block_bytes: block_bytes.max(HEADER_BYTES),
            admitted: RwLock::default(),
            poisoned: Mutex::default(),
        };
        if length == 0 {
            new.write_header(Epoch::default())?;
            sync_folder(path.parent().unwrap_or(Path::new("."))).map_err(|error| refuse(&error))?;
        } else {
            let epoch = new.read_header()?;
            *new.admitted.write().unwrap_or_else(PoisonError::into_inner) = epoch;
        }
        Ok(new)
    }

    fn read_header(&self) -> Result<Epoch, DataSetError> {
        let corrupt = |reason: String| {
            Err(DataSetError::Corrupt { set: self.set.clone(), place: "its header".into(), reason })
        };
        let mut header = [0; HEADER_BYTES];
        if let Err(error) = self.file.read_exact_at(&mut header, 0) {
            return corrupt(error.to_string());
        }
        if let Err(error) = FORMAT.open(&header) {
            return corrupt(error.to_string());
        }
        if crc32fast::hash(&header[..CHECKSUM_AT]).to_be_bytes() != header[CHECKSUM_AT..] {
            return corrupt("its checksum is wrong".into());
        }
        let size = u32::from_be_bytes(array(&header, SIZE_AT));
        if size as usize != self.block_bytes {
            return corrupt(format!("it has blocks of {size} bytes, and {} are wanted", self.block_bytes));
        }
        Ok(Epoch(u64::from_be_bytes(array(&header, EPOCH_AT))))
    }

    fn write_header(&self, epoch: Epoch) -> Result<(), DataSetError> {
        let mut header = vec![0; self.block_bytes];
        header[..SIZE_AT].copy_from_slice(&FORMAT.header());
        header[SIZE_AT..EPOCH_AT].copy_from_slice(&(self.block_bytes as u32).to_be_bytes());
        header[EPOCH_AT..CHECKSUM_AT].copy_from_slice(&epoch.0.to_be_bytes());
        let checksum = crc32fast::hash(&header[..CHECKSUM_AT]);
        header[CHECKSUM_AT..HEADER_BYTES].copy_from_slice(&checksum.to_be_bytes());
        self.file.write_all_at(&header, 0).map_err(|error| refused(&self.set, "write", &error))?;
        self.sync_file()
    }

    fn sync_file(&self) -> Result<(), DataSetError> {
        self.file.sync_data().map_err(|error| {
            *self.poison() = Some(error.to_string());
            refused(&self.set, "sync", &error)
        })
    }

    fn poison(&self) -> MutexGuard<'_, Option<String>> {
        self.poisoned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self) -> Result<(), DataSetError> {
        match &*self.poison() {
            Some(reason) => Err(DataSetError::Poisoned { set: self.set.clone(), reason: reason.clone() }),
            None => Ok(()),
        }
    }

    fn offset(&self, block: u32) -> u64 {
        (u64::from(block) + 1) * self.block_bytes as u64
    }
}

impl BlockSet for BlockFile {
    fn block_bytes(&self) -> usize {
        self.block_bytes
    }

    fn block_count(&self) -> u32 {
        let length = self.file.metadata().map_or(0, |metadata| metadata.len());
        // A block that was cut off by a crash counts: whoever reads it finds out.
        let blocks = length.div_ceil(self.block_bytes as u64).saturating_sub(1);
        u32::try_from(blocks).unwrap_or(u32::MAX)
    }

    fn read(&self, block: u32, into: &mut [u8]) -> Result<(), DataSetError> {
        self.check()?;
        let mut filled = 0;
        while filled < into.len() {
            match self.file.read_at(&mut into[filled..], self.offset(block) + filled as u64) {
                // Behind the end of the file are zeros, as for a block that was never written.
                Ok(0) => {
                    into[filled..].fill(0);
                    return Ok(());
                }
                Ok(bytes) => filled += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(refused(&self.set, "read", &error)),
            }
        }
        Ok(())
    }

    fn write(&self, writer: Epoch, block: u32, from: &[u8]) -> Result<(), DataSetError> {
        self.write_run(writer, block, from)
    }

    fn write_run(&self, writer: Epoch, first: u32, from: &[u8]) -> Result<(), DataSetError> {
        self.check()?;
        let admitted = self.admitted.read().unwrap_or_else(PoisonError::into_inner);
        if writer < *admitted {
            return Err(DataSetError::Fenced { set: self.set.clone(), writer, admitted: *admitted });
        }
        self.file.write_all_at(from, self.offset(first)).map_err(|error| refused(&self.set, "write", &error))
    }

    fn sync(&self) -> Result<(), DataSetError> {
        self.check()?;
        self.sync_file()
    }

    fn admit(&self, epoch: Epoch) -> Result<(), DataSetError> {
        self.check()?;
        let mut admitted = self.admitted.write().unwrap_or_else(PoisonError::into_inner);
        if epoch > *admitted {
            self.write_header(epoch)?;
            *admitted = epoch;
        }
        Ok(())
    }

    fn admitted(&self) -> Epoch {
        *self.admitted.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[at..at + N]);
    array
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_file_keeps_the_contract() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ACCTDD");
        dasd::contract::block_set(|| BlockFile::open(&path, 512).unwrap());
    }

    #[test]
    fn a_file_that_is_in_use_or_something_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ACCTDD");
        let first = BlockFile::open(&path, 512).unwrap();
        assert!(BlockFile::open(&path, 512).unwrap_err().to_string().contains("another process"));
        drop(first);
        assert!(BlockFile::open(&path, 1024).unwrap_err().to_string().contains("blocks of 512 bytes"));
        std::fs::write(&path, b"a letter to a friend").unwrap();
        assert!(matches!(BlockFile::open(&path, 512), Err(DataSetError::Corrupt { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), b"a letter to a friend", "and left as it was");
    }
}
