//! What the documents say that commands do and print is so: their marked blocks are run with the real programs.
//!
//! With `UPDATE_GOLDENFILES=1` a page is written anew with what its commands really print.

use end_to_end::{Binaries, Document};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The pages with commands that are run, each a test of its own below.
const PAGES: &[&str] = &[
    "tutorial.md",
    "operating/backup.md",
    "operating/certificates.md",
    "operating/databases.md",
    "operating/ddl.md",
    "operating/quorum.md",
    "operating/recon.md",
    "operating/reorganize.md",
    "operating/upgrade.md",
];

/// The page that takes hosts of its own, a story of its own.
const THREE_HOSTS: &str = "operating/three-hosts.md";

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

fn holds(page: &str) -> io::Result<()> {
    assert!(PAGES.contains(&page));
    let path = docs().join(page);
    let document = Document::parse(&fs::read_to_string(&path)?);
    let outcome = document.run(Binaries::for_stories())?;
    if std::env::var_os("UPDATE_GOLDENFILES").is_some() {
        fs::write(&path, outcome.page.text())?;
    }
    assert!(outcome.wrong.is_empty(), "{}:\n{}", path.display(), outcome.wrong.join("\n\n"));
    Ok(())
}

#[test]
fn the_tutorial_holds() -> io::Result<()> {
    holds("tutorial.md")
}

#[test]
fn a_backup_is_restored_as_the_page_says() -> io::Result<()> {
    holds("operating/backup.md")
}

#[test]
fn a_database_is_reorganized_and_recovered_as_the_page_says() -> io::Result<()> {
    holds("operating/reorganize.md")
}

#[test]
fn certificates_and_the_authority_are_changed_as_the_page_says() -> io::Result<()> {
    holds("operating/certificates.md")
}

#[test]
fn without_a_majority_happens_what_the_page_says() -> io::Result<()> {
    holds("operating/quorum.md")
}

#[test]
fn an_upgrade_goes_as_the_page_says() -> io::Result<()> {
    holds("operating/upgrade.md")
}

#[test]
fn ddl_is_carried_out_as_the_page_says() -> io::Result<()> {
    holds("operating/ddl.md")
}

#[test]
fn databases_are_opened_and_closed_as_the_page_says() -> io::Result<()> {
    holds("operating/databases.md")
}

#[test]
fn recon_is_kept_as_the_page_says() -> io::Result<()> {
    holds("operating/recon.md")
}

#[test]
fn every_page_with_commands_is_among_those_that_are_run() {
    let mut found = Vec::new();
    let mut folders = vec![docs()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "md")
                && Document::parse(&fs::read_to_string(&path).unwrap()).has_commands()
            {
                found.push(path.strip_prefix(docs()).unwrap().display().to_string());
            }
        }
    }
    found.sort();
    let mut pages = [PAGES, &[THREE_HOSTS]].concat();
    pages.sort_unstable();
    assert_eq!(found, pages);
}
