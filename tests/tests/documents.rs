//! What the documents say that commands do and print is so: their marked blocks are run with the real programs.
//!
//! With `UPDATE_GOLDENFILES=1` a page is written anew with what its commands really print.

use end_to_end::{Binaries, Document};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The pages with commands that are run, each a test of its own below.
const PAGES: &[&str] = &["tutorial.md", "operating/backup.md", "operating/quorum.md", "operating/upgrade.md"];

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
fn without_a_majority_happens_what_the_page_says() -> io::Result<()> {
    holds("operating/quorum.md")
}

#[test]
fn an_upgrade_goes_as_the_page_says() -> io::Result<()> {
    holds("operating/upgrade.md")
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
    let mut pages = PAGES.to_vec();
    pages.sort_unstable();
    assert_eq!(found, pages);
}

/// The keys of the rows below a heading of the page about configuration.
fn written_keys(page: &str, heading: &str) -> BTreeSet<String> {
    let lines =
        page.lines().skip_while(|line| *line != heading).skip(1).take_while(|line| !line.starts_with('#'));
    let names = lines.filter_map(|line| line.strip_prefix("| `")?.split('`').next().map(str::to_string));
    names.collect()
}

/// The keys that a member takes in a section, as it names them when it is given another one.
fn taken_keys(section: &str) -> io::Result<BTreeSet<String>> {
    let file = tempfile::NamedTempFile::new()?;
    fs::write(file.path(), format!("{section}\nzzz = 1\n"))?;
    let mut member = Command::new(&Binaries::for_stories().ims);
    let refusal = member.args(["member", "--config"]).arg(file.path()).output()?.stderr;
    let refusal = String::from_utf8_lossy(&refusal).into_owned();
    let named = refusal.split_once("expected ").map(|(_, named)| named.to_string()).unwrap_or_default();
    Ok(named.split('`').skip(1).step_by(2).map(str::to_string).collect())
}

#[test]
fn the_page_about_configuration_has_every_key_that_a_member_takes_and_no_other() -> io::Result<()> {
    let page = fs::read_to_string(docs().join("configuration.md"))?;
    for section in
        ["[listen]", "[tls]", "[[members]]", "[consensus]", "[activation]", "[retention]", "[audit]", "[log]"]
    {
        let taken = taken_keys(section)?;
        assert!(!taken.is_empty(), "{section}");
        assert_eq!(written_keys(&page, &format!("### `{section}`")), taken, "{section}");
    }
    let mut written = written_keys(&page, "## A member: `ims member --config FILE`");
    let sections = ["listen", "tls", "members", "consensus", "activation", "retention", "audit", "log"];
    written.extend(sections.map(str::to_string));
    assert_eq!(written, taken_keys("")?);
    Ok(())
}
