//! The next segment, made ahead so that no append waits for it.

use super::file::make_zeros;
use crate::files::fs;
use std::{
    io,
    path::{Path, PathBuf},
    thread::{self, JoinHandle},
};

const NAME: &str = "spare";

/// A file of zeros that waits to become a segment.
#[derive(Debug)]
pub(super) struct Spare {
    path: PathBuf,
    bytes: u64,
    /// Whether there is a spare or one is being made, as far as that worked.
    begun: bool,
    making: Option<JoinHandle<io::Result<()>>>,
}

impl Spare {
    /// The spare of a folder. One of another size was left by other bounds and goes.
    pub(super) fn find(folder: &Path, bytes: u64) -> io::Result<Self> {
        let path = folder.join(NAME);
        let begun = match fs::metadata(&path) {
            Ok(found) if found.len() == bytes => true,
            Ok(_) => {
                fs::remove_file(&path)?;
                false
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(error),
        };
        Ok(Self { path, bytes, begun, making: None })
    }

    /// Begins to make the spare on a thread of its own, unless that was begun before. A simulated world has no other
    /// threads, and makes it when it is needed.
    pub(super) fn prepare(&mut self) {
        if !self.begun && !cfg!(simulated) {
            let (path, bytes) = (self.path.clone(), self.bytes);
            let thread = thread::Builder::new().name("log-spare".into());
            self.making = thread.spawn(move || make_zeros(&path, bytes)).ok();
            self.begun = true;
        }
    }

    /// A spare of at least `bytes`, made now when need be. It stays the spare until [`Self::taken`].
    pub(super) fn ready(&mut self, bytes: u64) -> io::Result<&Path> {
        // What went wrong ahead of time may be cured by now, so only the file counts.
        self.wait();
        if fs::metadata(&self.path).map_or(0, |found| found.len()) < bytes {
            make_zeros(&self.path, bytes.max(self.bytes))?;
        }
        Ok(&self.path)
    }

    /// The spare became a segment.
    pub(super) fn taken(&mut self) {
        self.begun = false;
    }

    fn wait(&mut self) {
        if let Some(Ok(Err(error))) = self.making.take().map(JoinHandle::join) {
            tracing::debug!(%error, "no log segment could be made ahead");
        }
    }
}

/// Whoever opens the folder next must not meet a thread that still writes in it.
impl Drop for Spare {
    fn drop(&mut self) {
        self.wait();
    }
}
