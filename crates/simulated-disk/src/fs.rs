//! Of `std::fs` what a log and snapshots are kept with.

use crate::file::Opened;
use crate::mounts::{locked, powered};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

pub use crate::file::File;

/// As `std::fs::OpenOptions`. Whoever opens a file may read it and write to it.
#[derive(Debug, Clone, Default)]
pub struct OpenOptions {
    create: bool,
    truncate: bool,
}

/// As `std::fs::Metadata`.
#[derive(Debug, Clone)]
pub struct Metadata {
    pub(crate) length: u64,
}

/// As `std::fs::DirEntry`.
#[derive(Debug, Clone)]
pub struct DirEntry {
    path: PathBuf,
}

impl OpenOptions {
    /// As `std::fs::OpenOptions::new`.
    pub fn new() -> Self {
        Self::default()
    }

    /// As `std::fs::OpenOptions::read`.
    pub fn read(&mut self, _: bool) -> &mut Self {
        self
    }

    /// As `std::fs::OpenOptions::write`.
    pub fn write(&mut self, _: bool) -> &mut Self {
        self
    }

    /// As `std::fs::OpenOptions::create`.
    pub fn create(&mut self, create: bool) -> &mut Self {
        self.create = create;
        self
    }

    /// As `std::fs::OpenOptions::truncate`.
    pub fn truncate(&mut self, truncate: bool) -> &mut Self {
        self.truncate = truncate;
        self
    }

    /// As `std::fs::OpenOptions::open`.
    pub fn open(&self, path: impl AsRef<Path>) -> io::Result<File> {
        let path = path.as_ref();
        let shared = powered(path)?;
        let mut disk = locked(&shared);
        let opened = if disk.is_folder(path) {
            Opened::Folder(path.to_path_buf())
        } else {
            match disk.find(path) {
                Ok(file) => {
                    if self.truncate {
                        disk.change_length(file, 0)?;
                    }
                    Opened::File(file)
                }
                Err(_) if self.create => Opened::File(disk.create(path)?),
                Err(error) => return Err(error),
            }
        };
        let generation = disk.generation;
        drop(disk);
        Ok(File { disk: shared, opened, generation, at: Mutex::new(0) })
    }
}

impl Metadata {
    /// As `std::fs::Metadata::len`.
    #[expect(clippy::len_without_is_empty, reason = "it is named as in std, which has no other")]
    pub fn len(&self) -> u64 {
        self.length
    }
}

impl DirEntry {
    /// As `std::fs::DirEntry::path`.
    pub fn path(&self) -> PathBuf {
        self.path.clone()
    }
}

/// As `std::fs::create_dir_all`, and durable.
pub fn create_dir_all(path: impl AsRef<Path>) -> io::Result<()> {
    locked(&powered(path.as_ref())?).make_folders(path.as_ref());
    Ok(())
}

/// As `std::fs::metadata`.
pub fn metadata(path: impl AsRef<Path>) -> io::Result<Metadata> {
    File::open(path)?.metadata()
}

/// As `std::fs::read`.
pub fn read(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// As `std::fs::read_dir`; the files alone.
pub fn read_dir(path: impl AsRef<Path>) -> io::Result<impl Iterator<Item = io::Result<DirEntry>>> {
    let found = locked(&powered(path.as_ref())?).list(path.as_ref())?;
    Ok(found.into_iter().map(|path| Ok(DirEntry { path })))
}

/// As `std::fs::remove_file`.
pub fn remove_file(path: impl AsRef<Path>) -> io::Result<()> {
    locked(&powered(path.as_ref())?).remove(path.as_ref())
}

/// As `std::fs::rename`, within a folder.
pub fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<()> {
    locked(&powered(from.as_ref())?).rename(from.as_ref(), to.as_ref())
}
