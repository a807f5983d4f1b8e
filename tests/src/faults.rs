//! What befalls the files of a member: they can't grow, their disk is small, their bytes change.

use crate::Cluster;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

impl Cluster {
    /// The data folder of a member.
    pub fn data(&self, member: &str) -> PathBuf {
        self.layout().folder.join("data").join(member)
    }

    /// The log segment of a member that was begun last.
    pub fn newest_segment(&self, member: &str) -> PathBuf {
        let newest = files(&self.data(member).join("consensus/log"), "log").pop();
        newest.unwrap_or_else(|| panic!("{member} has no log segment"))
    }

    /// The snapshots of a member, oldest first.
    pub fn snapshots(&self, member: &str) -> Vec<PathBuf> {
        files(&self.data(member).join("consensus/snapshots"), "snapshot")
    }

    /// From now on no file of a running member may have more bytes than this: a write beyond fails.
    pub fn limit_files(&self, member: &str, bytes: u64) {
        let pid = self.process_id(member).and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let limit = Rlimit { current: Some(bytes), maximum: None };
        let limited = pid.map(|pid| prlimit(Some(pid), Resource::Fsize, limit));
        assert!(matches!(limited, Some(Ok(_))), "the files of {member} can't be limited: {limited:?}");
    }
}

/// The files in a folder whose names end so, in order.
pub fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    files.sort();
    files
}

/// Bytes of all files below a folder.
pub fn bytes_below(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let bytes = entries.map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
        Ok(metadata) => metadata.len(),
        // Deleted between the two looks.
        Err(_) => 0,
    });
    bytes.sum()
}

/// Where the bytes of a file end that are not zero.
pub fn content_end(path: &Path) -> usize {
    read(path).iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1)
}

/// Turns over one bit of the byte at `offset`.
pub fn flip(path: &Path, offset: usize) {
    let byte = read(path)[offset];
    overwrite(path, offset, &[byte ^ 0x10]);
}

/// Writes over what stands at `offset`.
pub fn overwrite(path: &Path, offset: usize, bytes: &[u8]) {
    let written = fs::File::options()
        .write(true)
        .open(path)
        .and_then(|file| file.write_all_at(bytes, u64::try_from(offset).unwrap_or(u64::MAX)));
    written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A file system of a few MiB under a folder, for as long as this lives.
#[derive(Debug)]
pub struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// Moves a folder onto a file system of so many MiB. `None` where this machine does not let us mount one.
    #[allow(clippy::print_stderr, reason = "whoever reads the outcome has to know what was not tried")]
    pub fn under(folder: &Path, mib: u32) -> Option<Self> {
        let aside = folder.with_added_extension("aside");
        fs::rename(folder, &aside).ok()?;
        fs::create_dir(folder).ok()?;
        let options = format!("size={mib}m");
        if !run("mount", &["-t", "tmpfs", "-o", &options, "none", &folder.display().to_string()]) {
            eprintln!("SKIPPED: no small file system can be mounted here; it takes root");
            let _ = fs::remove_dir(folder).and_then(|()| fs::rename(&aside, folder));
            return None;
        }
        let disk = Self { folder: folder.to_path_buf() };
        let from = aside.join(".").display().to_string();
        assert!(run("cp", &["-a", &from, &folder.display().to_string()]), "{from} could not be copied");
        Some(disk)
    }

    /// Fills it up to the last byte.
    pub fn fill(&self) {
        let mut ballast = fs::File::create(self.folder.join("ballast")).unwrap_or_else(|error| {
            panic!("{}: {error}", self.folder.display());
        });
        while std::io::Write::write_all(&mut ballast, &[1; 4096]).is_ok() {}
    }

    /// Takes away what filled it.
    pub fn make_room(&self) {
        let removed = fs::remove_file(self.folder.join("ballast"));
        removed.unwrap_or_else(|error| panic!("{}: {error}", self.folder.display()));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a member that a failed story leaves for a moment still has files open.
        run("umount", &["-l", &self.folder.display().to_string()]);
    }
}

fn run(program: &str, arguments: &[&str]) -> bool {
    let output = Command::new(program).args(arguments).output();
    output.is_ok_and(|output| output.status.success())
}
