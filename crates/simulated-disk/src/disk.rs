//! What is on a disk, and what would be left of it.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

/// What is written as a whole or not at all, in bytes.
const SECTOR: usize = 512;

/// A file without its name.
pub(crate) type Inode = u64;

/// Names that go to files, or to nobody, at once.
type Rename = Vec<(PathBuf, Option<Inode>)>;

#[derive(Debug)]
pub(crate) struct Disk {
    chance: ChaCha8Rng,
    names: BTreeMap<PathBuf, Inode>,
    /// The names as they were synced last.
    synced_names: BTreeMap<PathBuf, Inode>,
    /// What happened to names since, and in which folder.
    unsynced_names: Vec<(PathBuf, Rename)>,
    folders: BTreeSet<PathBuf>,
    files: BTreeMap<Inode, Content>,
    next: Inode,
    /// Rises when power is lost.
    pub(crate) generation: u64,
    pub(crate) is_on: bool,
    pub(crate) syncs: Syncs,
    /// How many more changes there are before power fails.
    pub(crate) fuse: Option<u64>,
}

/// What comes of a sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Syncs {
    Keep,
    Fail,
    /// It says that it kept what it was given, and did not.
    Lie,
}

#[derive(Debug, Default)]
struct Content {
    now: Vec<u8>,
    synced: Vec<u8>,
    unsynced: Vec<Change>,
}

#[derive(Debug)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Length(usize),
}

impl Disk {
    pub(crate) fn new(root: &Path, seed: u64) -> Self {
        Self {
            chance: ChaCha8Rng::seed_from_u64(seed),
            names: BTreeMap::new(),
            synced_names: BTreeMap::new(),
            unsynced_names: Vec::new(),
            folders: BTreeSet::from([root.to_path_buf()]),
            files: BTreeMap::new(),
            next: 0,
            generation: 0,
            is_on: true,
            syncs: Syncs::Keep,
            fuse: None,
        }
    }

    pub(crate) fn is_sound(&self) -> bool {
        self.is_on && self.fuse.is_none() && self.syncs != Syncs::Fail
    }

    pub(crate) fn make_folders(&mut self, path: &Path) {
        self.folders.extend(path.ancestors().map(Path::to_path_buf));
    }

    pub(crate) fn is_folder(&self, path: &Path) -> bool {
        self.folders.contains(path)
    }

    pub(crate) fn find(&self, path: &Path) -> io::Result<Inode> {
        self.names.get(path).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(crate) fn create(&mut self, path: &Path) -> io::Result<Inode> {
        let folder = path.parent().unwrap_or(path);
        if !self.is_folder(folder) {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.next += 1;
        self.files.insert(self.next, Content::default());
        self.name(folder, vec![(path.to_path_buf(), Some(self.next))])?;
        Ok(self.next)
    }

    pub(crate) fn remove(&mut self, path: &Path) -> io::Result<()> {
        self.find(path)?;
        self.name(path.parent().unwrap_or(path), vec![(path.to_path_buf(), None)])
    }

    /// Both names are in one folder: across folders it would take two syncs, which nobody here does.
    pub(crate) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let found = self.find(from)?;
        if from.parent() != to.parent() {
            return Err(io::ErrorKind::CrossesDevices.into());
        }
        let folder = to.parent().unwrap_or(to);
        self.name(folder, vec![(to.to_path_buf(), Some(found)), (from.to_path_buf(), None)])
    }

    /// The files in a folder.
    pub(crate) fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        if !self.is_folder(folder) {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(self.names.keys().filter(|path| path.parent() == Some(folder)).cloned().collect())
    }

    pub(crate) fn length(&self, file: Inode) -> u64 {
        self.files.get(&file).map_or(0, |content| content.now.len() as u64)
    }

    pub(crate) fn read(&self, file: Inode, into: &mut [u8], at: u64) -> usize {
        let Some(content) = self.files.get(&file) else { return 0 };
        let rest = usize::try_from(at).ok().and_then(|at| content.now.get(at..)).unwrap_or_default();
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        count
    }

    pub(crate) fn change_length(&mut self, file: Inode, length: usize) -> io::Result<()> {
        self.change(file, Change::Length(length))
    }

    pub(crate) fn write(&mut self, file: Inode, at: usize, bytes: &[u8]) -> io::Result<()> {
        self.change(file, Change::Write { at, bytes: bytes.to_vec() })
    }

    fn change(&mut self, file: Inode, change: Change) -> io::Result<()> {
        self.burn()?;
        if let Some(content) = self.files.get_mut(&file) {
            change.apply(&mut content.now);
            content.unsynced.push(change);
        }
        Ok(())
    }

    /// Something is to change. Whether there is power for it.
    fn burn(&mut self) -> io::Result<()> {
        match &mut self.fuse {
            Some(0) => self.is_on = false,
            Some(left) => *left -= 1,
            None => {}
        }
        if self.is_on { Ok(()) } else { Err(io::ErrorKind::NotConnected.into()) }
    }

    pub(crate) fn sync(&mut self, file: Inode) -> io::Result<()> {
        if self.keeps()?
            && let Some(content) = self.files.get_mut(&file)
        {
            for change in content.unsynced.drain(..) {
                change.apply(&mut content.synced);
            }
        }
        Ok(())
    }

    pub(crate) fn sync_folder(&mut self, folder: &Path) -> io::Result<()> {
        if self.keeps()? {
            for (_, rename) in self.unsynced_names.extract_if(.., |(of, _)| of == folder) {
                apply(rename, &mut self.synced_names);
            }
        }
        Ok(())
    }

    /// Whether a sync that is asked for now keeps something.
    fn keeps(&mut self) -> io::Result<bool> {
        self.burn()?;
        match self.syncs {
            Syncs::Keep => Ok(true),
            Syncs::Lie => Ok(false),
            Syncs::Fail => Err(io::Error::other("the disk did not keep what it was given")),
        }
    }

    fn name(&mut self, folder: &Path, rename: Rename) -> io::Result<()> {
        self.burn()?;
        apply(rename.clone(), &mut self.names);
        self.unsynced_names.push((folder.to_path_buf(), rename));
        Ok(())
    }

    /// What was synced is left, and of the rest what chance leaves.
    pub(crate) fn lose_power(&mut self) {
        self.generation += 1;
        (self.is_on, self.fuse) = (false, None);
        if self.syncs == Syncs::Fail {
            self.syncs = Syncs::Keep;
        }
        let mut unsynced = std::mem::take(&mut self.unsynced_names);
        let kept = self.up_to(unsynced.len());
        unsynced.truncate(kept);
        for (_, rename) in unsynced {
            apply(rename, &mut self.synced_names);
        }
        self.names.clone_from(&self.synced_names);
        let left: BTreeSet<Inode> = self.names.values().copied().collect();
        let mut files = std::mem::take(&mut self.files);
        files.retain(|inode, _| left.contains(inode));
        for content in files.values_mut() {
            for change in std::mem::take(&mut content.unsynced) {
                self.keep_some(change, &mut content.synced);
            }
            content.now.clone_from(&content.synced);
        }
        self.files = files;
    }

    /// All of a change, nothing, or some of its sectors.
    fn keep_some(&mut self, change: Change, of: &mut Vec<u8>) {
        match (self.up_to(2), change) {
            (0, _) => {}
            (1, Change::Write { at, bytes }) => {
                let mut from = 0;
                while from < bytes.len() {
                    let until = bytes.len().min(from + SECTOR - (at + from) % SECTOR);
                    if self.up_to(1) == 0 {
                        Change::Write { at: at + from, bytes: bytes[from..until].to_vec() }.apply(of);
                    }
                    from = until;
                }
            }
            (_, change) => change.apply(of),
        }
    }

    /// A number from 0 to this one.
    fn up_to(&mut self, most: usize) -> usize {
        (self.chance.next_u64() % (most as u64 + 1)) as usize
    }
}

impl Change {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Length(length) => to.resize(*length, 0),
            Self::Write { at, bytes } => {
                let end = at + bytes.len();
                if to.len() < end {
                    to.resize(end, 0);
                }
                to[*at..end].copy_from_slice(bytes);
            }
        }
    }
}

fn apply(rename: Rename, names: &mut BTreeMap<PathBuf, Inode>) {
    for (path, inode) in rename {
        match inode {
            Some(inode) => names.insert(path, inode),
            None => names.remove(&path),
        };
    }
}
