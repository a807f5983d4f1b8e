//! What cargo knows about the workspace: the crates, their floors, what they name, where their sources begin.

use crate::cargo::{CargoError, captured};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The workspace could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MetadataError {
    /// Cargo did not answer.
    #[error(transparent)]
    Cargo(#[from] CargoError),
    /// Cargo answered in a form that is not understood.
    #[error("the answer of `cargo metadata` is not understood: {0}")]
    NotUnderstood(#[from] serde_json::Error),
}

/// The crates of the workspace.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// In the order that cargo gives them.
    pub crates: Vec<Crate>,
}

/// One crate of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Crate {
    /// Its package name.
    pub name: String,
    /// `[package.metadata] floor`, if its manifest has one.
    pub floor: Option<u64>,
    /// The crates that it names by path, for whatever purpose: code, tests or build scripts.
    pub needs: BTreeSet<String>,
    /// Where each of its libraries and programs begins.
    pub entries: Vec<PathBuf>,
}

impl Workspace {
    /// Asks cargo.
    pub(crate) fn read(root: &Path) -> Result<Self, MetadataError> {
        let arguments = ["metadata", "--format-version", "1", "--no-deps"];
        Ok(Self::parse(&captured(root, &arguments, &[])?)?)
    }

    /// Reads an answer of `cargo metadata --no-deps`.
    pub(crate) fn parse(answer: &str) -> Result<Self, serde_json::Error> {
        let answer: Answer = serde_json::from_str(answer)?;
        Ok(Self { crates: answer.packages.into_iter().map(Crate::from).collect() })
    }
}

#[derive(Deserialize)]
struct Answer {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    metadata: Option<Metadata>,
    dependencies: Vec<Dependency>,
    targets: Vec<Target>,
}

#[derive(Deserialize, Default)]
struct Metadata {
    floor: Option<u64>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    path: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
    src_path: PathBuf,
}

impl From<Package> for Crate {
    fn from(package: Package) -> Self {
        let by_path = package.dependencies.into_iter().filter(|dependency| dependency.path.is_some());
        let entries = package.targets.into_iter().filter(Target::is_entry);
        Self {
            name: package.name,
            floor: package.metadata.unwrap_or_default().floor,
            needs: by_path.map(|dependency| dependency.name).collect(),
            entries: entries.map(|target| target.src_path).collect(),
        }
    }
}

impl Target {
    fn is_entry(&self) -> bool {
        self.kind.iter().any(|kind| kind == "lib" || kind == "bin")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floors_path_dependencies_and_entries_are_read() {
        let answer = r#"{"packages": [
            {"name": "plex", "metadata": {"floor": 4}, "dependencies": [
                {"name": "catalog", "path": "/r/catalog", "kind": null},
                {"name": "chaos", "path": "/r/chaos", "kind": "dev"},
                {"name": "serde", "kind": null}],
             "targets": [{"kind": ["lib"], "src_path": "/r/plex/src/lib.rs"},
                         {"kind": ["test"], "src_path": "/r/plex/tests/x.rs"}]},
            {"name": "bare", "metadata": null, "dependencies": [], "targets": []}]}"#;
        let crates = Workspace::parse(answer).unwrap().crates;
        assert_eq!(crates[0].floor, Some(4));
        assert_eq!(crates[0].needs, BTreeSet::from(["catalog".to_string(), "chaos".to_string()]));
        assert_eq!(crates[0].entries, [PathBuf::from("/r/plex/src/lib.rs")]);
        assert_eq!(crates[1].floor, None);
    }
}
