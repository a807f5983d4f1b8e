//! An open file, or an open folder.

use crate::disk::Inode;
use crate::fs::Metadata;
use crate::mounts::{Shared, locked};
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// As `std::fs::File`.
#[derive(Debug)]
pub struct File {
    pub(crate) disk: Shared,
    pub(crate) opened: Opened,
    pub(crate) generation: u64,
    /// Where the next read or write without a place goes.
    pub(crate) at: Mutex<u64>,
}

#[derive(Debug)]
pub(crate) enum Opened {
    File(Inode),
    Folder(PathBuf),
}

impl File {
    /// As `std::fs::File::open`.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        crate::fs::OpenOptions::new().read(true).open(path)
    }

    /// As `std::fs::File::create`.
    pub fn create(path: impl AsRef<Path>) -> io::Result<Self> {
        crate::fs::OpenOptions::new().write(true).create(true).truncate(true).open(path)
    }

    /// As `std::fs::File::metadata`.
    pub fn metadata(&self) -> io::Result<Metadata> {
        let file = self.file()?;
        Ok(Metadata { length: locked(&self.disk).length(file) })
    }

    /// As `std::fs::File::sync_all`; of a folder, its names.
    pub fn sync_all(&self) -> io::Result<()> {
        self.check()?;
        match &self.opened {
            Opened::File(file) => locked(&self.disk).sync(*file),
            Opened::Folder(path) => locked(&self.disk).sync_folder(path),
        }
    }

    /// As `std::fs::File::sync_data`.
    pub fn sync_data(&self) -> io::Result<()> {
        self.sync_all()
    }

    fn check(&self) -> io::Result<()> {
        let disk = locked(&self.disk);
        if disk.is_on && disk.generation == self.generation {
            Ok(())
        } else {
            Err(io::ErrorKind::NotConnected.into())
        }
    }

    fn file(&self) -> io::Result<Inode> {
        self.check()?;
        match self.opened {
            Opened::File(file) => Ok(file),
            Opened::Folder(_) => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    /// Does something at the place where the last one ended.
    fn go_on(&self, work: impl FnOnce(u64) -> io::Result<usize>) -> io::Result<usize> {
        let mut at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        let count = work(*at)?;
        *at += count as u64;
        Ok(count)
    }
}

impl FileExt for File {
    fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<usize> {
        let file = self.file()?;
        Ok(locked(&self.disk).read(file, into, at))
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<usize> {
        let file = self.file()?;
        let at = usize::try_from(at).map_err(io::Error::other)?;
        locked(&self.disk).write(file, at, bytes)?;
        Ok(bytes.len())
    }
}

impl Read for &File {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.go_on(|at| self.read_at(into, at))
    }
}

impl Write for &File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.go_on(|at| self.write_at(bytes, at))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for File {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        (&*self).read(into)
    }
}

impl Write for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
