//! The gate: what has to hold before anything lands.

pub(crate) mod floors;
pub(crate) mod metadata;
pub(crate) mod tidy;
pub(crate) mod water_line;

use crate::cargo::{BUILD, SIMULATED, SIMULATED_TARGET, captured};
use crate::gate::{self, Findings, Step};
use crate::pages;
use crate::printer::say;
use metadata::Workspace;
use std::fmt::Display;
use std::path::Path;

const FLOORS: Step = Step { name: "floors", check: check_floors };

const STEPS: &[Step] = &[
    Step { name: "format", check: check_format },
    Step { name: "clippy", check: check_lints },
    Step { name: "clippy of what is simulated", check: check_simulated_lints },
    FLOORS,
    Step { name: "water line", check: check_water_line },
    Step { name: "tidy", check: check_tidy },
    Step { name: "pages", check: check_pages },
    Step { name: "docs", check: check_docs },
    Step { name: "tests", check: check_tests },
];

/// Runs every step and gives whether all passed.
pub(crate) fn all(root: &Path) -> bool {
    gate::run(STEPS, root, |line| say(line))
}

/// Runs the step about floors and gives whether it passed.
pub(crate) fn floors_alone(root: &Path) -> bool {
    gate::run(&[FLOORS], root, |line| say(line))
}

fn check_format(root: &Path) -> Result<(), Findings> {
    quiet(root, &["fmt", "--all", "--check"], &[])
}

fn check_lints(root: &Path) -> Result<(), Findings> {
    quiet(root, &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"], &[])
}

/// What is built for worlds with real consensus alone, which the usual build does not see.
fn check_simulated_lints(root: &Path) -> Result<(), Findings> {
    let lints = ["clippy", "--package", "chaos", "--target-dir", SIMULATED_TARGET, "--", "-D", "warnings"];
    quiet(root, &lints, &[("RUSTFLAGS", SIMULATED)])
}

fn check_floors(root: &Path) -> Result<(), Findings> {
    let workspace = Workspace::read(root).map_err(text)?;
    none_of(&floors::violations(&workspace.crates))
}

fn check_water_line(root: &Path) -> Result<(), Findings> {
    let tree = captured(root, water_line::TREE, &[]).map_err(text)?;
    none_of(&water_line::leaks(&tree))
}

fn check_tidy(root: &Path) -> Result<(), Findings> {
    let workspace = Workspace::read(root).map_err(text)?;
    none_of(&tidy::findings(root, &workspace).map_err(text)?)
}

fn check_pages(root: &Path) -> Result<(), Findings> {
    none_of(&pages::findings(root).map_err(text)?)
}

fn check_docs(root: &Path) -> Result<(), Findings> {
    quiet(root, &["doc", "--workspace", "--no-deps"], &[("RUSTDOCFLAGS", "-D warnings")])
}

fn check_tests(root: &Path) -> Result<(), Findings> {
    quiet(root, BUILD, &[])?;
    quiet(root, &["test", "--workspace", "--no-fail-fast", "--quiet"], &[])
}

fn quiet(root: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Result<(), Findings> {
    // What cargo builds on the way is no finding.
    let environment = [environment, &[("CARGO_TERM_QUIET", "true")]].concat();
    captured(root, arguments, &environment).map(drop).map_err(text)
}

fn none_of<T: Display>(found: &[T]) -> Result<(), Findings> {
    if found.is_empty() {
        return Ok(());
    }
    Err(found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

fn text(error: impl Display) -> Findings {
    error.to_string()
}

/// The rules that cost nothing are kept by the tests too, so that whoever runs only those can't break them.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace_root;

    #[test]
    fn dependencies_of_this_workspace_go_strictly_down() {
        assert_eq!(check_floors(&workspace_root()), Ok(()));
    }

    #[test]
    fn nothing_below_the_water_line_of_this_workspace_touches_the_world() {
        assert_eq!(check_water_line(&workspace_root()), Ok(()));
    }

    #[test]
    fn this_workspace_is_tidy() {
        assert_eq!(check_tidy(&workspace_root()), Ok(()));
    }
    #[test]
    fn every_message_has_a_page_and_what_is_made_from_the_code_is_fresh() {
        assert_eq!(check_pages(&workspace_root()), Ok(()));
    }
}
