//! Source members that are named on a command line: files, and folders whose files are all taken.

use sci::named_file::{self, SOURCE_BYTES_MAX};
use std::io;
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// The files that paths name, each with its name. What begins with a dot in a folder is passed over, and a folder that
/// does so with all that is in it.
pub(crate) fn read_all<'p>(
    paths: impl IntoIterator<Item = &'p PathBuf>,
) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut sources = Vec::new();
    for path in paths {
        let files = WalkDir::new(path).sort_by_file_name().into_iter();
        for file in files.filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry)) {
            let file = file.map_err(io::Error::from)?;
            // What is named is read or refused; of a folder only what is a file is meant.
            if file.file_type().is_file() || (file.depth() == 0 && !file.file_type().is_dir()) {
                sources.push((file.path().display().to_string(), read(file.path())?));
            }
        }
    }
    Ok(sources)
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let read = named_file::read(path, SOURCE_BYTES_MAX);
    read.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn all_files_of_a_folder_are_taken_but_for_hidden_ones_and_those_of_hidden_folders() {
        let folder = tempfile::tempdir().unwrap();
        for inner in ["dbd", "dbd/.git"] {
            fs::create_dir(folder.path().join(inner)).unwrap();
        }
        for file in ["acct.dbd", ".acct.swp", "dbd/loan.dbd", "dbd/.git/old.dbd"] {
            fs::write(folder.path().join(file), file).unwrap();
        }
        let read = read_all([&folder.path().to_path_buf()]).unwrap();
        let found: Vec<&[u8]> = read.iter().map(|(_, bytes)| &bytes[..]).collect();
        assert_eq!(found, [&b"acct.dbd"[..], b"dbd/loan.dbd"]);
        assert_eq!(read_all([&folder.path().join(".acct.swp")]).unwrap().len(), 1, "it is named");
        let missing = read_all([&folder.path().join("nowhere")]).unwrap_err().to_string();
        assert!(missing.contains("nowhere"), "{missing}");
    }
}
