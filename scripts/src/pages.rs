//! Pages that are made from the code, and pages that the code needs: the command reference, and a page for every
//! message.
//!
//! `fix` writes what is made: the reference, the index of messages, and the head of each page of a message. What a
//! message means is written by people; a number without a page, or a page without a number, does not pass.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use vocabulary::message::{self, MessageDefinition};

const REFERENCE: &str = "docs/operating/command-reference.md";
const MESSAGES: &str = "docs/messages";
const INDEX: &str = "README";

/// The parts that each page of a message has, in this order.
const PARTS: &[&str] =
    &["**What happened.**", "**What the system does.**", "**What to do.**", "**Related.**"];

/// A page could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{path} can't be read or written: {reason}")]
pub(crate) struct PageError {
    path: PathBuf,
    reason: std::io::Error,
}

/// A page that is not as it has to be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// A number that the program can issue, without a page.
    NoPage(String),
    /// A page of a number that the program can't issue.
    NoNumber(String),
    /// A page that lacks a part.
    NoPart(String, &'static str),
    /// A page that refers to one that is not there.
    NoSuchPage(String, String),
    /// What is made from the code has changed since it was written.
    Stale(PathBuf),
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPage(number) => write!(
                f,
                "{number} has no page: write {MESSAGES}/{number}.md with what happened, what the system does, \
                 what to do and related messages"
            ),
            Self::NoNumber(number) => {
                write!(
                    f,
                    "{MESSAGES}/{number}.md is the page of no message: delete it, or declare the number"
                )
            }
            Self::NoPart(number, part) => write!(f, "{MESSAGES}/{number}.md has no part {part}"),
            Self::NoSuchPage(number, other) => {
                write!(f, "{MESSAGES}/{number}.md refers to {other}, which is no message")
            }
            Self::Stale(path) => {
                write!(f, "{} is not what the code says: `cargo xtask fix` writes it anew", path.display())
            }
        }
    }
}

/// Everything that is wrong with the pages below this root.
pub(crate) fn findings(root: &Path) -> Result<Vec<Wrong>, PageError> {
    let known: BTreeSet<String> = message::all().map(|one| one.number.to_string()).collect();
    let mut found = Vec::new();
    let written = numbers(root)?;
    found.extend(known.difference(&written).cloned().map(Wrong::NoPage));
    found.extend(written.difference(&known).cloned().map(Wrong::NoNumber));
    for number in written.intersection(&known) {
        found.extend(in_page(number, &read(&page_path(root, number))?, &known));
    }
    for (path, text) in made(root)? {
        if !path.exists() || read(&path)? != text {
            found.push(Wrong::Stale(path.strip_prefix(root).unwrap_or(&path).to_path_buf()));
        }
    }
    Ok(found)
}

/// Writes what is made from the code.
pub(crate) fn fix(root: &Path) -> Result<(), PageError> {
    for (path, text) in made(root)? {
        if !path.exists() || read(&path)? != text {
            std::fs::write(&path, text).map_err(|reason| PageError { path, reason })?;
        }
    }
    Ok(())
}

fn in_page(number: &str, text: &str, known: &BTreeSet<String>) -> Vec<Wrong> {
    let missing = PARTS.iter().filter(|part| !text.contains(**part));
    let mut found: Vec<_> = missing.map(|part| Wrong::NoPart(number.to_string(), part)).collect();
    let links = text.split("](").skip(1).filter_map(|rest| rest.split_once(".md)"));
    let dead = links.map(|(link, _)| link).filter(|link| !link.contains('/') && !known.contains(*link));
    found.extend(dead.map(|link| Wrong::NoSuchPage(number.to_string(), link.to_string())));
    found
}

/// What is made from the code, with the files that it stands in.
fn made(root: &Path) -> Result<Vec<(PathBuf, String)>, PageError> {
    let mut made =
        vec![(root.join(REFERENCE), csl::om::syntax::reference()), (page_path(root, INDEX), index())];
    for definition in message::all() {
        let path = page_path(root, definition.number);
        if path.exists() {
            let page = read(&path)?;
            made.extend(with_head(definition, &page).map(|text| (path, text)));
        }
    }
    Ok(made)
}

/// A page with the head that its message has now: the number, the text, the severity. `None` where nobody can tell
/// where the head ends.
fn with_head(definition: &MessageDefinition, page: &str) -> Option<String> {
    let body = &page[page.find(PARTS[0])?..];
    let severity = definition.severity;
    let (number, text, code) = (definition.number, definition.text, severity.return_code());
    Some(format!("# {number}\n\n> {text}\n\n{severity:?}, return code {code}.\n\n{body}"))
}

const INDEX_HEAD: &str = "\
# Messages

Every message that this release can issue. `spoc explain NUMBER` prints its page. The letter at the end of a DFS number
is its severity: I information, W warning, E error, A action. Numbers of the generators (DBDGEN, PSBGEN, ACBGEN, DDL)
keep the form that each generator has. This page is made from the code (`cargo xtask fix` writes it anew).

| Number | Severity | Text |
|---|---|---|
";

fn index() -> String {
    let mut all: Vec<_> = message::all().collect();
    // What members say of themselves comes first, then what generators find.
    all.sort_by_key(|one| (!one.number.starts_with("DFS"), one.number));
    let row = |one: &MessageDefinition| {
        format!("| [{0}]({0}.md) | {1:?} | {2} |\n", one.number, one.severity, one.text.replace('|', "\\|"))
    };
    INDEX_HEAD.to_string() + &all.into_iter().map(row).collect::<String>()
}

/// The numbers that have a page.
fn numbers(root: &Path) -> Result<BTreeSet<String>, PageError> {
    let folder = root.join(MESSAGES);
    let failed = |reason| PageError { path: folder.clone(), reason };
    let mut numbers = BTreeSet::new();
    for entry in std::fs::read_dir(&folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(".md")).filter(|name| *name != INDEX);
        numbers.extend(number.map(str::to_string));
    }
    Ok(numbers)
}

fn page_path(root: &Path, number: &str) -> PathBuf {
    root.join(MESSAGES).join(format!("{number}.md"))
}

fn read(path: &Path) -> Result<String, PageError> {
    std::fs::read_to_string(path).map_err(|reason| PageError { path: path.to_path_buf(), reason })
}

#[cfg(test)]
mod tests {
    use super::*;
    use vocabulary::message::DFS4373I;

    const BODY: &str = "**What happened.** a\n\n**What the system does.** b\n\n**What to do.** c\n\n**Related.** [DFS994I](DFS994I.md).\n";

    #[test]
    fn the_head_of_a_page_follows_its_message() {
        let page = with_head(&DFS4373I, &format!("# OLD\n\n> OLD TEXT\n\n{BODY}")).unwrap();
        assert!(page.starts_with("# DFS4373I\n\n> {} WAITS"), "{page}");
        assert!(page.ends_with(&format!("\n\nInformation, return code 0.\n\n{BODY}")), "{page}");
        assert_eq!(with_head(&DFS4373I, "a page of another form"), None);
    }

    #[test]
    fn a_page_without_a_part_or_with_a_dead_link_is_found() {
        let known = BTreeSet::from(["DFS994I".to_string()]);
        assert_eq!(in_page("DFS1I", BODY, &known), []);
        let wrong = BODY.replace("**What to do.**", "").replace("DFS994I.md", "DFS995I.md");
        let found = in_page("DFS1I", &wrong, &known);
        assert_eq!(
            found,
            [
                Wrong::NoPart("DFS1I".to_string(), "**What to do.**"),
                Wrong::NoSuchPage("DFS1I".to_string(), "DFS995I".to_string())
            ]
        );
    }

    #[test]
    fn a_number_without_a_page_and_a_page_without_a_number_are_found_and_fix_writes_the_rest() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join(MESSAGES)).unwrap();
        std::fs::create_dir_all(root.path().join("docs/operating")).unwrap();
        std::fs::write(page_path(root.path(), "DFS4373I"), BODY).unwrap();
        std::fs::write(page_path(root.path(), "DFS0000I"), BODY).unwrap();
        let found = findings(root.path()).unwrap();
        assert!(found.contains(&Wrong::NoPage("DFS994I".to_string())));
        assert!(found.contains(&Wrong::NoNumber("DFS0000I".to_string())));
        assert!(found.contains(&Wrong::Stale(REFERENCE.into())));
        fix(root.path()).unwrap();
        assert!(!findings(root.path()).unwrap().iter().any(|wrong| matches!(wrong, Wrong::Stale(_))));
    }
}
