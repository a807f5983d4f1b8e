//! The operator: `spoc`, called as a person or a script calls it.

use crate::{Binaries, Layout};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What a command came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Exit status: 0, 4, 8, 12 or 16; `None` when a signal ended it.
    pub status: Option<i32>,
    /// The answer, alone.
    pub stdout: String,
    /// Progress and complaints.
    pub stderr: String,
}

impl Output {
    /// The answer as JSON, when it was asked for as JSON; null when it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_default()
    }
}

/// `spoc` for the operator of a layout, with these arguments, not started yet.
pub fn spoc<A: AsRef<OsStr>>(
    binaries: &Binaries,
    layout: &Layout,
    arguments: impl IntoIterator<Item = A>,
) -> Command {
    spoc_with(binaries, &layout.operator_config(), arguments)
}

/// `spoc` with this configuration and these arguments, not started yet.
pub fn spoc_with<A: AsRef<OsStr>>(
    binaries: &Binaries,
    config: &Path,
    arguments: impl IntoIterator<Item = A>,
) -> Command {
    let mut spoc = Command::new(&binaries.spoc);
    spoc.arg("--config").arg(config).args(arguments).stdin(Stdio::null());
    spoc
}

/// A `spoc` that runs while the story goes on. It is killed when the story lets it go.
#[derive(Debug)]
pub struct Aside {
    child: Child,
    record: PathBuf,
}

impl Aside {
    /// What it has printed by now on standard output.
    pub fn printed(&self) -> String {
        read(&with_end(&self.record, ".out")).unwrap_or_default()
    }

    /// What it has complained or reported by now on standard error.
    pub fn reported(&self) -> String {
        read(&with_end(&self.record, ".err")).unwrap_or_default()
    }

    /// Waits for its end.
    pub fn finish(mut self) -> io::Result<Output> {
        let status = self.child.wait()?;
        let (out, err) = (with_end(&self.record, ".out"), with_end(&self.record, ".err"));
        Ok(Output { status: status.code(), stdout: read(&out)?, stderr: read(&err)? })
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // A process that has ended already can't be killed, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts it. What it prints goes to two files beginning with `record`, which stay. Its standard input stays open.
pub fn start(mut spoc: Command, record: &Path) -> io::Result<Aside> {
    let (out, err) = (with_end(record, ".out"), with_end(record, ".err"));
    spoc.stdin(Stdio::piped()).stdout(File::create(&out)?).stderr(File::create(&err)?);
    Ok(Aside { child: spoc.spawn()?, record: record.to_path_buf() })
}

/// Runs it to its end. What it prints goes to two files beginning with `record`, which stay, and from there to the
/// output.
pub fn run(mut spoc: Command, record: &Path) -> io::Result<Output> {
    let (out, err) = (with_end(record, ".out"), with_end(record, ".err"));
    spoc.stdout(File::create(&out)?).stderr(File::create(&err)?);
    let status = spoc.status()?;
    Ok(Output { status: status.code(), stdout: read(&out)?, stderr: read(&err)? })
}

fn read(path: &Path) -> io::Result<String> {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
