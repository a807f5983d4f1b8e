//! Files of data sets, which one process has at a time.

use dasd::DataSetError;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

/// Opens the file of a data set, or makes an empty one. The set is named in messages.
///
/// # Errors
/// A file that another process has open for a data set, or that can't be used.
pub(super) fn open_alone(path: &Path, set: &str) -> Result<File, DataSetError> {
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true).create(true).truncate(false);
    let file = options.open(path).map_err(|error| refused(set, "open", &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(DataSetError::Io { set: set.to_string(), reason: "another process has it open".into() })
        }
        Err(TryLockError::Error(error)) => Err(refused(set, "open", &error)),
    }
}

/// The refusal of the operating system as a data set says it.
pub(super) fn refused(set: &str, doing: &str, error: &io::Error) -> DataSetError {
    let (set, reason) = (set.to_string(), format!("{doing}: {error}"));
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => DataSetError::Full { set, reason },
        _ => DataSetError::Io { set, reason },
    }
}
