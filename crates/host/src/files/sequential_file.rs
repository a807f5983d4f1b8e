//! A sequential data set in a plain file, which other programs read and write, too.

use super::opened_alone::{open_alone, refused};
use super::sync_folder;
use dasd::{DataSetError, SequentialSet};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// A sequential data set in a file that has its bytes and nothing else.
///
/// After a failed sync it refuses everything: the operating system may have dropped what it could not write.
#[derive(Debug)]
pub struct SequentialFile {
    /// The file's path, for messages.
    set: String,
    file: File,
    byte_count: u64,
    poisoned: Option<String>,
}

impl SequentialFile {
    /// Opens a file, or makes an empty one.
    ///
    /// # Errors
    /// A file that another process has open for a data set, or that can't be used.
    pub fn open(path: &Path) -> Result<Self, DataSetError> {
        let set = path.display().to_string();
        let refuse = |error: &io::Error| refused(&set, "open", error);
        let file = open_alone(path, &set)?;
        let byte_count = file.metadata().map_err(|error| refuse(&error))?.len();
        sync_folder(path.parent().unwrap_or(Path::new("."))).map_err(|error| refuse(&error))?;
        Ok(Self { set, file, byte_count, poisoned: None })
    }

    fn check(&self) -> Result<(), DataSetError> {
        match &self.poisoned {
            Some(reason) => Err(DataSetError::Poisoned { set: self.set.clone(), reason: reason.clone() }),
            None => Ok(()),
        }
    }
}

impl SequentialSet for SequentialFile {
    fn byte_count(&self) -> u64 {
        self.byte_count
    }

    fn read(&self, at: u64, into: &mut [u8]) -> Result<usize, DataSetError> {
        self.check()?;
        let wanted =
            into.len().min(usize::try_from(self.byte_count.saturating_sub(at)).unwrap_or(usize::MAX));
        let mut filled = 0;
        while filled < wanted {
            match self.file.read_at(&mut into[filled..wanted], at + filled as u64) {
                // Somebody else made the file shorter.
                Ok(0) => break,
                Ok(bytes) => filled += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(refused(&self.set, "read", &error)),
            }
        }
        Ok(filled)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), DataSetError> {
        self.check()?;
        if let Err(error) = self.file.write_all_at(bytes, self.byte_count) {
            // A part of it may be there. Where it can't be cut off it is written over by the next attempt.
            let _ = self.file.set_len(self.byte_count);
            return Err(refused(&self.set, "write", &error));
        }
        self.byte_count += bytes.len() as u64;
        Ok(())
    }

    fn truncate(&mut self, byte_count: u64) -> Result<(), DataSetError> {
        self.check()?;
        if byte_count < self.byte_count {
            self.file.set_len(byte_count).map_err(|error| refused(&self.set, "cut off", &error))?;
            self.byte_count = byte_count;
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<(), DataSetError> {
        self.check()?;
        self.file.sync_data().map_err(|error| {
            self.poisoned = Some(error.to_string());
            refused(&self.set, "sync", &error)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequential_file_keeps_the_contract() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("INPUT");
        dasd::contract::sequential_set(|| SequentialFile::open(&path).unwrap());
        assert_eq!(std::fs::read(&path).unwrap(), b"first third", "it has nothing but its bytes");
    }

    #[test]
    fn a_file_that_is_in_use_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("INPUT");
        let _first = SequentialFile::open(&path).unwrap();
        assert!(SequentialFile::open(&path).unwrap_err().to_string().contains("another process"));
    }
}
