//! What the Debian package is made of, read from where cargo-deb reads it.

use crate::Binaries;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// A file or folder of the package: where it comes from, and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// A file of this project; for a program, its path below `target/release`.
    pub source: PathBuf,
    /// Whether the source is a folder, of which everything goes along.
    pub is_tree: bool,
    /// An absolute path on a host.
    pub target: PathBuf,
    /// Permissions, in octal.
    pub mode: String,
}

/// The folder of the crate that the package is described in.
fn described_in() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/host")
}

/// The description of the package: `[package.metadata.deb]`.
pub fn description() -> io::Result<toml::Table> {
    let manifest = fs::read_to_string(described_in().join("Cargo.toml"))?;
    let mut manifest: toml::Table = toml::from_str(&manifest).map_err(io::Error::other)?;
    ["package", "metadata", "deb"].into_iter().try_fold((), |(), key| {
        let inner = manifest.remove(key).and_then(|value| value.try_into().ok());
        manifest = inner.ok_or_else(|| io::Error::other(format!("the manifest has no {key}")))?;
        Ok::<_, io::Error>(())
    })?;
    Ok(manifest)
}

/// Everything that the package puts on a host.
pub fn assets() -> io::Result<Vec<Asset>> {
    let wrong = || io::Error::other("an asset is a source, a target and a mode");
    let description = description()?;
    let assets = description.get("assets").and_then(toml::Value::as_array).ok_or_else(wrong)?;
    assets.iter().map(|asset| asset_of(asset).ok_or_else(wrong)).collect()
}

fn asset_of(asset: &toml::Value) -> Option<Asset> {
    let [source, target, mode] = asset.as_array()?.as_slice() else { return None };
    let (source, target) = (source.as_str()?, target.as_str()?);
    let tree = source.strip_suffix("/**/*");
    let name = Path::new(source).file_name()?;
    let target = Path::new("/").join(target);
    Some(Asset {
        source: tree.unwrap_or(source).into(),
        is_tree: tree.is_some(),
        // As cargo-deb does: a target that ends with a slash is a folder.
        target: if tree.is_none() && asset[1].as_str()?.ends_with('/') { target.join(name) } else { target },
        mode: mode.as_str()?.to_string(),
    })
}

impl Asset {
    /// Where it is on this machine.
    pub fn found(&self, binaries: &Binaries) -> PathBuf {
        match self.source.strip_prefix("target/release") {
            Ok(program) if program == Path::new("spoc") => binaries.spoc.clone(),
            Ok(_) => binaries.ims.clone(),
            Err(_) => described_in().join(&self.source),
        }
    }
}

/// Puts what a host gets of the package below a folder, as links to where it is here.
pub fn lay_out(binaries: &Binaries, folder: &Path) -> io::Result<()> {
    for asset in assets()? {
        let target = folder.join(asset.target.strip_prefix("/").unwrap_or(&asset.target));
        fs::create_dir_all(target.parent().unwrap_or(folder))?;
        symlink(fs::canonicalize(asset.found(binaries))?, target.components().as_path())?;
    }
    Ok(())
}
