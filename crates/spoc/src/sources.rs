//! Source members for a populate job: found, read, and cut into chunks.

use csl::envelope::SourceFile;
use sci::named_file::{self, SOURCE_BYTES_MAX};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The most bytes of source in a chunk; a longer source member goes alone.
const CHUNK_BYTES_MAX: usize = 1 << 20;

/// Source that can't be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    #[error("{} can't be read: {source}. Nothing was sent", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("there is no source member in {paths}: nothing was sent")]
    Nothing { paths: String },
}

/// Every source member of these files and folders, in the order given, and by name within a folder.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Vec<SourceFile>, SourceError> {
    let mut found = Vec::new();
    for path in paths {
        find(path, &mut found)?;
    }
    if found.is_empty() {
        let paths = paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
        return Err(SourceError::Nothing { paths });
    }
    found.iter().map(|path| read_one(path)).collect()
}

fn find(path: &Path, found: &mut Vec<PathBuf>) -> Result<(), SourceError> {
    let unreadable = |source| SourceError::Unreadable { path: path.to_path_buf(), source };
    if !fs::metadata(path).map_err(unreadable)?.is_dir() {
        found.push(path.to_path_buf());
        return Ok(());
    }
    let entries = fs::read_dir(path).map_err(unreadable)?;
    let mut entries = entries.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        // A link to a folder may lead back to where we came from.
        let linked_folder = entry.file_type().map_err(unreadable)?.is_symlink() && entry.path().is_dir();
        if !hidden && !linked_folder {
            find(&entry.path(), found)?;
        }
    }
    Ok(())
}

fn read_one(path: &Path) -> Result<SourceFile, SourceError> {
    let unreadable = |source| SourceError::Unreadable { path: path.to_path_buf(), source };
    let bytes = named_file::read(path, SOURCE_BYTES_MAX).map_err(unreadable)?;
    Ok(SourceFile { name: path.display().to_string(), bytes })
}

/// The same source members in the same order, in chunks that can be sent.
pub(crate) fn chunks(sources: Vec<SourceFile>) -> Vec<Vec<SourceFile>> {
    let mut chunks: Vec<Vec<SourceFile>> = Vec::new();
    let mut room = 0;
    for source in sources {
        let bytes = source.bytes.len();
        match chunks.last_mut() {
            Some(chunk) if bytes <= room => chunk.push(source),
            _ => {
                room = CHUNK_BYTES_MAX;
                chunks.push(vec![source]);
            }
        }
        room = room.saturating_sub(bytes);
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(sources: &[SourceFile]) -> Vec<&str> {
        sources.iter().map(|source| source.name.rsplit('/').next().unwrap()).collect()
    }

    #[test]
    fn folders_are_walked_in_order_without_hidden_files() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("psb/deep")).unwrap();
        fs::create_dir_all(at(".git")).unwrap();
        for name in ["b.dbd", "a.dbd", "psb/deep/c.psb", ".hidden", ".git/config"] {
            fs::write(at(name), name).unwrap();
        }
        std::os::unix::fs::symlink(folder.path(), at("psb/back")).unwrap();
        let sources = read(&[folder.path().to_path_buf(), at("b.dbd")]).unwrap();
        assert_eq!(names(&sources), ["a.dbd", "b.dbd", "c.psb", "b.dbd"]);
        assert_eq!(sources[0].bytes, b"a.dbd");
    }

    #[test]
    fn what_can_not_be_read_is_told_before_anything_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        let error = read(&[folder.path().join("missing")]).unwrap_err().to_string();
        assert!(error.contains("missing can't be read: ") && error.ends_with("Nothing was sent"), "{error}");
        let error = read(&[folder.path().to_path_buf()]).unwrap_err();
        assert!(matches!(error, SourceError::Nothing { .. }));
        let long = folder.path().join("long");
        fs::File::create(&long).unwrap().set_len(SOURCE_BYTES_MAX + 1).unwrap();
        let error = read(&[long]).unwrap_err().to_string();
        assert!(error.contains("it has more than 4194304 bytes"), "{error}");
        let error = read(&[PathBuf::from("/dev/zero")]).unwrap_err().to_string();
        assert!(error.starts_with("/dev/zero can't be read: it is a device"), "{error}");
    }

    #[test]
    fn chunks_keep_order_and_size() {
        let source = |name: &str, bytes| SourceFile { name: name.to_string(), bytes: vec![b' '; bytes] };
        let half = CHUNK_BYTES_MAX / 2;
        let sources = vec![
            source("1", half),
            source("2", half),
            source("3", 1),
            source("4", CHUNK_BYTES_MAX + 1),
            source("5", 0),
            source("6", 1),
        ];
        let chunks = chunks(sources);
        let names: Vec<_> = chunks.iter().map(|chunk| names(chunk).join(" ")).collect();
        assert_eq!(names, ["1 2", "3", "4 5", "6"]);
    }
}
