//! Calls of cargo: in the open, where the user watches, or captured, where a step reads what came of it.

use std::path::Path;
use std::process::{Command, Stdio};

/// A cargo command that did not do what it was called for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CargoError {
    /// It could not even be run.
    #[error("`cargo {arguments}` could not be run: {reason}. Is the Rust toolchain on the PATH?")]
    NotRun {
        /// What it was called with.
        arguments: String,
        /// Why, in the words of the system.
        reason: std::io::Error,
    },
    /// It ran and failed.
    #[error("`cargo {arguments}` failed.{output}")]
    Failed {
        /// What it was called with.
        arguments: String,
        /// What it printed, on lines of their own; empty where the user saw it already.
        output: String,
    },
}

/// What builds the binaries that the end-to-end stories start: the whole workspace, so that the tests use the same
/// builds of the libraries.
pub(crate) const BUILD: &[&str] = &["build", "--workspace", "--bins"];

/// Builds the binaries, then runs all tests.
pub(crate) fn test(root: &Path) -> Result<(), CargoError> {
    watched(root, BUILD)?;
    watched(root, &["test", "--workspace"])
}

/// Builds the measurements for speed and runs them.
pub(crate) fn bench(root: &Path, what: &[String]) -> Result<(), CargoError> {
    // The engine is measured beside libraries that nothing else needs.
    match what.split_first() {
        Some((first, rest)) if first == "dli" => run_fast(root, "bench-dli", rest),
        Some((first, rest)) if first == "utilities" => {
            watched(root, &["build", "--release", "--package", "host", "--bin", "ims"])?;
            run_fast(root, "bench-utilities", rest)
        }
        _ => run_fast(root, "bench", what),
    }
}

/// Builds the model of the activation for speed and searches it.
pub(crate) fn model(root: &Path, arguments: &[String]) -> Result<(), CargoError> {
    run_fast(root, "activation-model", arguments)
}

/// Builds the proving ground for speed and runs it.
pub(crate) fn chaos(root: &Path, arguments: &[String]) -> Result<(), CargoError> {
    if !arguments.iter().any(|argument| argument.ends_with("raft")) {
        return run_fast(root, "chaos", arguments);
    }
    let run = ["run", "--release", "--package", "chaos", "--target-dir", SIMULATED_TARGET, "--"];
    let arguments: Vec<&str> = run.into_iter().chain(arguments.iter().map(String::as_str)).collect();
    let mut command = cargo(root, &arguments);
    ended(&arguments, command.env("RUSTFLAGS", SIMULATED))
}

/// What makes everything in a world with real consensus follow from its seed: members whose disks are simulated, a
/// runtime that can be seeded, and chance that is handed to whoever asks the machine for it.
pub(crate) const SIMULATED: &str = "--cfg simulated --cfg tokio_unstable --cfg getrandom_backend=\"custom\"";

/// Apart from the usual builds, which would be made anew each time otherwise.
pub(crate) const SIMULATED_TARGET: &str = "target/simulated";

/// Builds a program of the workspace for speed and runs it.
fn run_fast(root: &Path, package: &str, arguments: &[String]) -> Result<(), CargoError> {
    let run = ["run", "--release", "--package", package, "--"];
    let arguments = arguments.iter().map(String::as_str);
    watched(root, &run.into_iter().chain(arguments).collect::<Vec<_>>())
}

/// Changes the tree: format, and what clippy can mend.
pub(crate) fn fix(root: &Path) -> Result<(), CargoError> {
    watched(root, &["fmt", "--all"])?;
    watched(root, &["clippy", "--workspace", "--all-targets", "--fix", "--allow-dirty", "--allow-staged"])
}

/// Runs cargo with the terminal as it is.
pub(crate) fn watched(root: &Path, arguments: &[&str]) -> Result<(), CargoError> {
    ended(arguments, &mut cargo(root, arguments))
}

fn ended(arguments: &[&str], command: &mut Command) -> Result<(), CargoError> {
    let status = command.status().map_err(|reason| not_run(arguments, reason))?;
    if status.success() { Ok(()) } else { Err(failed(arguments, String::new())) }
}

/// Runs cargo without input and gives what it wrote to standard output.
pub(crate) fn captured(
    root: &Path,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> Result<String, CargoError> {
    let mut command = cargo(root, arguments);
    command.envs(environment.iter().copied()).stdin(Stdio::null());
    let output = command.output().map_err(|reason| not_run(arguments, reason))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    Err(failed(arguments, format!("\n{}{text}", String::from_utf8_lossy(&output.stderr))))
}

fn cargo(root: &Path, arguments: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root);
    command
}

fn not_run(arguments: &[&str], reason: std::io::Error) -> CargoError {
    CargoError::NotRun { arguments: arguments.join(" "), reason }
}

fn failed(arguments: &[&str], output: String) -> CargoError {
    CargoError::Failed { arguments: arguments.join(" "), output }
}
