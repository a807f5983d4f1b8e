//! Tidiness that no other tool keeps: files of one idea, no marks of unfinished work, an essay at every door.

use super::metadata::Workspace;
use std::fmt;
use std::path::{Path, PathBuf};

/// The folders that are kept tidy, below the root.
const FOLDERS: &[&str] = &["crates", "scripts", "tests"];

/// The most lines that a file of one idea has.
const LINES_MAX: usize = 600;

/// Marks of unfinished work. Put together here, so that this file has none itself.
const MARKS: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("to", "do!("),
    concat!("un", "implemented!("),
    concat!("#[ig", "nore"),
];

/// A folder or file could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{path} can't be read: {reason}")]
pub(crate) struct ReadError {
    path: PathBuf,
    reason: std::io::Error,
}

/// Something untidy, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Untidy {
    path: PathBuf,
    line: usize,
    what: String,
}

impl fmt::Display for Untidy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path.display(), self.line, self.what)
    }
}

/// Everything untidy in the workspace at this root.
pub(crate) fn findings(root: &Path, workspace: &Workspace) -> Result<Vec<Untidy>, ReadError> {
    let entries: Vec<_> = workspace.crates.iter().flat_map(|one| &one.entries).collect();
    let mut found = Vec::new();
    for path in files(root)? {
        let bytes = std::fs::read(&path).map_err(|reason| ReadError { path: path.clone(), reason })?;
        // What is no text has no lines to judge.
        let Ok(text) = String::from_utf8(bytes) else { continue };
        let shown = path.strip_prefix(root).unwrap_or(&path);
        found.extend(in_file(shown, &text, entries.contains(&&path)));
    }
    Ok(found)
}

/// Everything untidy in one file; an entry is where a library or program begins.
fn in_file(path: &Path, text: &str, is_entry: bool) -> Vec<Untidy> {
    let at = |line, what| Untidy { path: path.to_path_buf(), line, what };
    let mut found = Vec::new();
    let lines = text.lines().count();
    if lines > LINES_MAX {
        let what = format!("{lines} lines, and {LINES_MAX} is the most. Part it by idea");
        found.push(at(LINES_MAX + 1, what));
    }
    if is_entry && !text.starts_with("//!") {
        found.push(at(1, "a crate opens with an essay: begin with `//!`".into()));
    }
    if is_code(path) {
        found.extend(marks(text).map(|(line, mark)| at(line, format!("{mark} is left: do it or drop it"))));
    }
    found
}

fn is_code(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs" || extension == "toml")
}

/// The marks in a text with their lines, counted from 1.
fn marks(text: &str) -> impl Iterator<Item = (usize, &'static str)> {
    text.lines().enumerate().filter_map(|(at, line)| {
        let mark = MARKS.iter().find(|mark| line.contains(**mark))?;
        Some((at + 1, *mark))
    })
}

/// Every file below the tidy folders, in the order of their names. Hidden ones are not ours.
fn files(root: &Path) -> Result<Vec<PathBuf>, ReadError> {
    let mut folders: Vec<_> =
        FOLDERS.iter().map(|name| root.join(name)).filter(|path| path.exists()).collect();
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in children(&folder).map_err(|reason| ReadError { path: folder, reason })? {
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}

fn children(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    let seen = entries.into_iter().filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'));
    Ok(seen.map(|entry| entry.path()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::metadata::Crate;

    fn told(path: &str, text: &str, is_entry: bool) -> Vec<String> {
        in_file(Path::new(path), text, is_entry).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_file_over_the_limit_is_found_and_one_at_the_limit_is_not() {
        assert_eq!(told("crates/x/src/a.rs", &"x\n".repeat(600), false), [] as [&str; 0]);
        let found = told("crates/x/scripts/story", &"x\n".repeat(601), false);
        assert_eq!(found, ["crates/x/scripts/story:601: 601 lines, and 600 is the most. Part it by idea"]);
    }

    #[test]
    fn every_mark_is_found_with_its_line() {
        for mark in MARKS {
            let found = told("a.rs", &format!("fn f() {{}}\n// {mark} later\n"), false);
            assert_eq!(found.len(), 1, "{mark}");
            assert!(found[0].starts_with("a.rs:2: "), "{found:?}");
        }
    }

    #[test]
    fn a_crate_without_an_essay_is_found_and_other_files_need_none() {
        assert_eq!(told("lib.rs", "use std::fmt;\n", true).len(), 1);
        assert_eq!(told("lib.rs", "//! What it guarantees.\n", true), [] as [&str; 0]);
        assert_eq!(told("a.rs", "use std::fmt;\n", false), [] as [&str; 0]);
    }

    #[test]
    fn the_folders_are_walked_and_hidden_files_are_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let source = root.path().join("crates/x/src");
        std::fs::create_dir_all(&source).unwrap();
        std::fs::write(source.join("lib.rs"), "fn f() {}\n").unwrap();
        std::fs::write(source.join(".hidden.rs"), concat!("// TO", "DO\n")).unwrap();
        std::fs::write(source.join("picture.bin"), [0xFF, 0xFE]).unwrap();
        let one = Crate {
            name: "x".into(),
            floor: Some(1),
            needs: Default::default(),
            entries: vec![source.join("lib.rs")],
        };
        let found = findings(root.path(), &Workspace { crates: vec![one] }).unwrap();
        let told: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert_eq!(told, ["crates/x/src/lib.rs:1: a crate opens with an essay: begin with `//!`"]);
    }
}
