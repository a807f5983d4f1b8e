//! Small files that are replaced whole.

use super::fs::{self, File};
use std::{
    io::{self, BufWriter, Write},
    path::Path,
};

/// Replaces the file at `path` by `bytes`; see [`write_aside_with`].
pub fn write_aside(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_aside_with(path, |file| file.write_all(bytes))
}

/// Replaces the file at `path` by what `content` writes. The old file stays until the new one is complete and
/// durable: a crash leaves the one or the other. When this fails the old file is untouched.
pub fn write_aside_with(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let aside = path.with_added_extension("new");
    let written = write_durably(&aside, content).and_then(|()| fs::rename(&aside, path));
    if written.is_err() {
        // What is left would be overwritten by the next attempt; it only takes up room.
        let _ = fs::remove_file(&aside);
    }
    written?;
    sync_folder(path.parent().unwrap_or(Path::new(".")))
}

fn write_durably(path: &Path, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut writer = BufWriter::new(File::create(path)?);
    content(&mut writer)?;
    writer.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

/// Makes the names in a folder durable.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    // The parent of a name alone is empty, and means where the process is.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_replacement_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        write_aside(&path, b"old").unwrap();
        let failed = write_aside_with(&path, |file| {
            file.write_all(b"half of the new")?;
            Err(io::Error::other("enough"))
        });
        assert_eq!(failed.unwrap_err().to_string(), "enough");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        write_aside(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }
}
