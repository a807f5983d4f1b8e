//! The folder that holds everything one member keeps.

use super::{Identity, write_aside};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};
use vocabulary::{MemberName, PlexName, encoding::DecodeError};

const LOCK: &str = "lock";
const IDENTITY: &str = "identity";
/// What a folder may hold and still count as new: our own lock, and what file systems put into their root.
const IGNORED: [&str; 3] = [LOCK, "identity.new", "lost+found"];

/// A member's data folder, held under lock for as long as this lives.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    identity: Identity,
    /// The lock goes when this file is closed, also when the process is killed.
    _lock: File,
}

/// Why a data folder can't be used. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another process holds it.
    #[error("{path} is in use by {holder}. Stop that one, or give this member a folder of its own")]
    InUse {
        /// The folder.
        path: PathBuf,
        /// Member name and process id of the holder, as it wrote them down.
        holder: String,
    },
    /// It belongs to another member.
    #[error("{path} belongs to member {found}, not to {wanted}. Correct the member name or the folder")]
    OtherMember {
        /// The folder.
        path: PathBuf,
        /// Whose it is.
        found: MemberName,
        /// Who asked.
        wanted: MemberName,
    },
    /// It belongs to a member of another plex.
    #[error("{path} belongs to plex {found}, not to {wanted}. Correct the plex name or the folder")]
    OtherPlex {
        /// The folder.
        path: PathBuf,
        /// The plex it belongs to, with its id where the names are alike.
        found: String,
        /// The plex that was asked for.
        wanted: String,
    },
    /// Files are in it, and no member's identity.
    #[error("{path} is not a data folder: it holds {found} and no identity. Give the member an empty folder")]
    NotADataFolder {
        /// The folder.
        path: PathBuf,
        /// One of the files in it.
        found: String,
    },
    /// The identity file can't be read: another release wrote it, or it is damaged.
    #[error("{path}: {source}")]
    Identity {
        /// The identity file.
        path: PathBuf,
        /// What is wrong with it; a newer format says so.
        source: DecodeError,
    },
    /// The operating system refused.
    #[error("{path} can't be used: {source}. Check that it exists, is writable and has room")]
    Io {
        /// The folder or the file in it.
        path: PathBuf,
        /// The refusal.
        source: io::Error,
    },
}

impl DataFolder {
    /// Opens the folder for this member of this plex, making it when there is none. A new folder gets the node
    /// id that `new_node_id` returns.
    pub fn open(
        path: &Path,
        plex: PlexName,
        member: MemberName,
        new_node_id: impl FnOnce() -> u64,
    ) -> Result<Self, FolderError> {
        fs::create_dir_all(path).map_err(|source| refused(path, source))?;
        let lock = take_lock(path, member)?;
        let identity = match read_identity(path)? {
            Some(identity) => identity,
            None => {
                refuse_foreign_files(path)?;
                let identity = Identity { plex, plex_id: None, member, node_id: new_node_id() };
                write_identity(path, &identity)?;
                identity
            }
        };
        if identity.plex != plex {
            let (found, wanted) = (identity.plex.to_string(), plex.to_string());
            return Err(FolderError::OtherPlex { path: path.into(), found, wanted });
        }
        if identity.member != member {
            return Err(FolderError::OtherMember {
                path: path.into(),
                found: identity.member,
                wanted: member,
            });
        }
        Ok(Self { path: path.into(), identity, _lock: lock })
    }

    /// Whose it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A folder below it, made when there is none.
    pub fn subfolder(&self, name: &str) -> Result<PathBuf, FolderError> {
        let path = self.path.join(name);
        fs::create_dir_all(&path).map_err(|source| refused(&path, source))?;
        Ok(path)
    }

    /// Settles which plex this is, once it is formed or joined. Refused when it was settled otherwise.
    pub fn settle_plex_id(&mut self, plex_id: u64) -> Result<(), FolderError> {
        match self.identity.plex_id {
            Some(settled) if settled == plex_id => Ok(()),
            Some(settled) => Err(FolderError::OtherPlex {
                path: self.path.clone(),
                found: format!("{} with id {settled:016X}", self.identity.plex),
                wanted: format!("{} with id {plex_id:016X}", self.identity.plex),
            }),
            None => {
                let identity = Identity { plex_id: Some(plex_id), ..self.identity.clone() };
                write_identity(&self.path, &identity)?;
                self.identity = identity;
                Ok(())
            }
        }
    }
}

fn take_lock(folder: &Path, member: MemberName) -> Result<File, FolderError> {
    let path = folder.join(LOCK);
    let mut options = OpenOptions::new();
    // Not truncated on opening: until the lock is ours the text in it is the holder's.
    let options = options.read(true).write(true).create(true).truncate(false);
    let mut file = options.open(&path).map_err(|source| refused(&path, source))?;
    match file.try_lock() {
        Ok(()) => {
            let text = format!("{member}, process {}\n", std::process::id());
            let written = file.set_len(0).and_then(|()| file.write_all(text.as_bytes()));
            written.map_err(|source| refused(&path, source))?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = file.read_to_string(&mut holder);
            let holder = if holder.is_empty() { "another process" } else { holder.trim() };
            Err(FolderError::InUse { path: folder.into(), holder: holder.to_string() })
        }
        Err(TryLockError::Error(source)) => Err(refused(&path, source)),
    }
}

fn read_identity(folder: &Path) -> Result<Option<Identity>, FolderError> {
    let path = folder.join(IDENTITY);
    match fs::read(&path) {
        Ok(bytes) => {
            Identity::from_bytes(&bytes).map(Some).map_err(|source| FolderError::Identity { path, source })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(refused(&path, source)),
    }
}

fn write_identity(folder: &Path, identity: &Identity) -> Result<(), FolderError> {
    let path = folder.join(IDENTITY);
    write_aside(&path, &identity.to_bytes()).map_err(|source| refused(&path, source))
}

/// A folder that holds something else was most likely named by mistake.
fn refuse_foreign_files(folder: &Path) -> Result<(), FolderError> {
    for entry in fs::read_dir(folder).map_err(|source| refused(folder, source))? {
        let name = entry.map_err(|source| refused(folder, source))?.file_name();
        let found = name.to_string_lossy().into_owned();
        if !IGNORED.contains(&found.as_str()) {
            return Err(FolderError::NotADataFolder { path: folder.into(), found });
        }
    }
    Ok(())
}

fn refused(path: &Path, source: io::Error) -> FolderError {
    FolderError::Io { path: path.into(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &Path, plex: &str, member: &str) -> Result<DataFolder, FolderError> {
        DataFolder::open(path, PlexName::new(plex).unwrap(), MemberName::new(member).unwrap(), || 7)
    }

    #[test]
    fn a_folder_keeps_its_identity() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("made/on/the/way");
        let mut first = open(&path, "PLEX1", "IMS1").unwrap();
        assert_eq!((first.identity().node_id, first.identity().plex_id), (7, None));
        first.settle_plex_id(42).unwrap();
        first.settle_plex_id(42).unwrap();
        assert!(matches!(first.settle_plex_id(43), Err(FolderError::OtherPlex { .. })));
        drop(first);
        let again = DataFolder::open(
            &path,
            PlexName::new("PLEX1").unwrap(),
            MemberName::new("IMS1").unwrap(),
            || unreachable!("a folder keeps its node id"),
        );
        assert_eq!(again.unwrap().identity().plex_id, Some(42));
    }

    #[test]
    fn a_second_process_is_told_who_holds_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let held = open(folder.path(), "PLEX1", "IMS1").unwrap();
        let error = open(folder.path(), "PLEX1", "IMS1").unwrap_err();
        let holder = format!("in use by IMS1, process {}.", std::process::id());
        assert!(error.to_string().contains(&holder), "{error}");
        drop(held);
        open(folder.path(), "PLEX1", "IMS1").unwrap();
    }

    #[test]
    fn the_folder_of_another_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        drop(open(folder.path(), "PLEX1", "IMS1").unwrap());
        assert!(matches!(open(folder.path(), "PLEX1", "IMS2"), Err(FolderError::OtherMember { .. })));
        assert!(matches!(open(folder.path(), "PLEX2", "IMS1"), Err(FolderError::OtherPlex { .. })));
        let mut bytes = fs::read(folder.path().join(IDENTITY)).unwrap();
        bytes[9] += 1;
        fs::write(folder.path().join(IDENTITY), &bytes).unwrap();
        let newer = open(folder.path(), "PLEX1", "IMS1").unwrap_err();
        assert!(
            matches!(newer, FolderError::Identity { source: DecodeError::NewerFormat { .. }, .. }),
            "{newer}"
        );
        bytes[9] -= 1;
        bytes[12] ^= 1;
        fs::write(folder.path().join(IDENTITY), &bytes).unwrap();
        let damaged = open(folder.path(), "PLEX1", "IMS1").unwrap_err();
        assert!(matches!(damaged, FolderError::Identity { source: DecodeError::Malformed { .. }, .. }));
    }

    #[test]
    fn a_folder_of_something_else_is_not_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("thesis.tex"), "").unwrap();
        let error = open(folder.path(), "PLEX1", "IMS1").unwrap_err();
        assert!(
            matches!(&error, FolderError::NotADataFolder { found, .. } if found == "thesis.tex"),
            "{error}"
        );
    }
}
