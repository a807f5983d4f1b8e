//! What the page about hazards cites as shown, is there to show it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The words between backquotes that are names of tests: small letters and underscores, several words of them.
fn cited_tests(page: &str) -> Vec<String> {
    let quoted = page.split('`').skip(1).step_by(2);
    let is_test = |word: &&str| {
        word.matches('_').count() >= 2
            && word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_')
    };
    quoted.filter(is_test).map(ToString::to_string).collect()
}

fn cited_scripts(page: &str) -> Vec<String> {
    let quoted = page.split('`').skip(1).step_by(2);
    quoted.filter(|word| word.starts_with("crates/")).map(ToString::to_string).collect()
}

fn sources(folder: &Path, text: &mut String) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sources(&path, text)?;
        } else if path.extension().is_some_and(|end| end == "rs") {
            text.push_str(&fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

/// Those of these tests that no source has as a function.
fn missing(cited: &[String], text: &str) -> Vec<String> {
    let is_there = |test: &&String| text.contains(&format!("fn {test}("));
    cited.iter().filter(|test| !is_there(test)).cloned().collect()
}

#[test]
fn every_test_and_script_that_the_page_cites_is_there() -> io::Result<()> {
    let page = fs::read_to_string(root().join("docs/hazards.md"))?;
    let mut text = String::new();
    sources(&root().join("crates"), &mut text)?;
    sources(&root().join("tests"), &mut text)?;
    let cited = cited_tests(&page);
    assert!(cited.len() > 20, "the page cites {} tests", cited.len());
    assert_eq!(missing(&cited, &text), [] as [&str; 0], "the page cites what is not there");
    for script in cited_scripts(&page) {
        assert!(root().join(&script).exists(), "there is no {script}");
    }
    Ok(())
}

#[test]
fn a_test_that_is_not_there_is_missed() {
    let cited = cited_tests("shown by `a_test_that_was` and `cargo test`, see `DFS810I`");
    assert_eq!(cited, ["a_test_that_was"]);
    assert_eq!(missing(&cited, "fn a_test_that_is() {}"), ["a_test_that_was"]);
}
