//! The two programs, `ims` and `spoc`, as cargo builds them.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// How the variables begin by which cargo tells a program of which package it is.
const PACKAGE: [&str; 4] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_"];

/// Where the programs are.
#[derive(Debug, Clone)]
pub struct Binaries {
    /// The member.
    pub ims: PathBuf,
    /// The operator's hand.
    pub spoc: PathBuf,
}

/// The programs could not be had.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Cargo could not be run.
    #[error("cargo could not be run: {0}. Is the Rust toolchain on the PATH?")]
    NoCargo(#[source] std::io::Error),
    /// Cargo ran, and said on standard error why it built nothing.
    #[error("the programs `ims` and `spoc` could not be built")]
    NotBuilt,
    /// Cargo built, and a program was not among what it built.
    #[error("cargo built no program named {0}")]
    Missing(&'static str),
}

impl Binaries {
    /// Builds them, quickly unless a release is asked for. Cargo's own words go to standard error.
    pub fn build(release: bool) -> Result<Self, BuildError> {
        let profile = if release { "release" } else { "dev" };
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        // The whole workspace, so that dependencies are built with the features that its tests have built them with.
        cargo.args(["build", "--workspace", "--bins", "--profile", profile]);
        cargo.args(["--message-format", "json-render-diagnostics"]).current_dir(env!("CARGO_MANIFEST_DIR"));
        // A test run tells its tests which package they are of. A dependency whose build looks at that would be built
        // anew here, and once more outside.
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| PACKAGE.iter().any(|start| name.starts_with(start))) {
                cargo.env_remove(name);
            }
        }
        let output =
            cargo.stdin(Stdio::null()).stderr(Stdio::inherit()).output().map_err(BuildError::NoCargo)?;
        if !output.status.success() {
            return Err(BuildError::NotBuilt);
        }
        Self::among(&String::from_utf8_lossy(&output.stdout))
    }

    /// The same for every story of this run, built in the profile that the stories were built in. Panics when they
    /// can't be had: no story can be told without them.
    pub fn for_stories() -> &'static Self {
        static BUILT: OnceLock<Binaries> = OnceLock::new();
        BUILT.get_or_init(|| Self::build(!cfg!(debug_assertions)).unwrap_or_else(|error| panic!("{error}")))
    }

    /// Finds them in what cargo says it built, a JSON value a line.
    fn among(messages: &str) -> Result<Self, BuildError> {
        let built: Vec<_> = messages.lines().filter_map(executable).collect();
        let find = |name| {
            let found = built.iter().find(|path| path.file_stem().is_some_and(|stem| stem == name));
            found.cloned().ok_or(BuildError::Missing(name))
        };
        Ok(Self { ims: find("ims")?, spoc: find("spoc")? })
    }
}

fn executable(message: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    Some(Path::new(message.get("executable")?.as_str()?).to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_are_found_where_cargo_says_they_are() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"host"},"executable":null}"#,
            "\n",
            r#"{"reason":"compiler-artifact","executable":"/elsewhere/debug/ims"}"#,
            "\n",
            r#"{"reason":"compiler-artifact","executable":"/elsewhere/debug/spoc"}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        let binaries = Binaries::among(messages).unwrap();
        assert_eq!(binaries.ims, Path::new("/elsewhere/debug/ims"));
        assert_eq!(binaries.spoc, Path::new("/elsewhere/debug/spoc"));
    }

    #[test]
    fn a_program_that_cargo_did_not_build_is_named() {
        let error = Binaries::among(r#"{"executable":"/t/debug/ims"}"#).unwrap_err();
        assert_eq!(error.to_string(), "cargo built no program named spoc");
    }
}
