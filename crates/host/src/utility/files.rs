//! Files that are made aside, and take the place of others when they are whole.

use crate::batch::{BatchError, failed};
use crate::files::{SequentialFile, sync_folder};
use dasd::DataSetError;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use utilities::UtilityError;

/// A file that is made under another name.
pub(super) struct Aside {
    aside: PathBuf,
    path: PathBuf,
}

impl Aside {
    /// Of `path`; what an earlier attempt left is removed.
    pub(super) fn of(path: &Path, suffix: &str) -> Result<Self, BatchError> {
        let aside = path.with_added_extension(suffix);
        match fs::remove_file(&aside) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(&aside, error)),
            _ => Ok(Self { aside, path: path.to_path_buf() }),
        }
    }

    /// Where it is made.
    pub(super) fn is_at(&self) -> &Path {
        &self.aside
    }

    /// Gives it its name. The folder is to be synced.
    pub(super) fn take_place(&self) -> Result<(), BatchError> {
        fs::rename(&self.aside, &self.path).map_err(|error| failed(&self.path, error))
    }
}

/// What is left of an attempt that failed only takes up room.
impl Drop for Aside {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.aside);
    }
}

/// Makes the names in a folder durable.
pub(super) fn sync(folder: &Path) -> Result<(), BatchError> {
    sync_folder(folder).map_err(|error| failed(folder, error))
}

/// Writes a sequential file that is there whole, or not at all.
pub(super) fn write_sequential<T>(
    path: &Path,
    write: impl FnOnce(&mut SequentialFile) -> Result<T, UtilityError>,
) -> Result<T, BatchError> {
    let aside = Aside::of(path, "partial")?;
    let mut file = SequentialFile::open(aside.is_at())?;
    let written = write(&mut file)?;
    aside.take_place()?;
    sync(path.parent().unwrap_or(Path::new(".")))?;
    Ok(written)
}

/// Opens a sequential file that is there.
pub(super) fn open_sequential(path: &Path) -> Result<SequentialFile, BatchError> {
    existing(path)?;
    Ok(SequentialFile::open(path)?)
}

/// Refuses a file that is not there, or empty.
pub(super) fn existing(path: &Path) -> Result<(), BatchError> {
    let length = fs::metadata(path).map_err(|error| failed(path, error))?.len();
    match length {
        0 => Err(DataSetError::Io { set: path.display().to_string(), reason: "it is empty".into() }.into()),
        _ => Ok(()),
    }
}
