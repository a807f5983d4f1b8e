//! A folder with everything of one plex on this machine.
//!
//! ```text
//! IMS1.toml … spoc.toml     configuration, its paths relative to it
//! certs/                    authority, and a certificate for each member and for the operator
//! data/IMS1/ …              what a member keeps
//! logs/IMS1.log …           what it printed, all starts in one file
//! IMS1.pid …                the process, while there is one
//! ```

use crate::Binaries;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The name that the operator of every layout has.
pub const OPERATOR: &str = "operator";

/// One plex in a folder.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The folder. Absolute, so that a process is told apart by the configuration it was started with.
    pub folder: PathBuf,
    /// Name of the plex.
    pub plex: String,
    /// IMSIDs of its members, in order.
    pub members: Vec<String>,
}

/// A layout could not be laid out.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// A file or folder could not be written or read.
    #[error("{path} can't be prepared: {reason}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why, in the words of the system.
        reason: io::Error,
    },
    /// `ims certificates` could not be run.
    #[error("{program} could not be run: {reason}")]
    NotRun {
        /// Where it was looked for.
        program: PathBuf,
        /// Why, in the words of the system.
        reason: io::Error,
    },
    /// `ims certificates` ran and made none.
    #[error("`ims certificates` made no certificates:\n{0}")]
    NoCertificates(String),
}

impl Layout {
    /// Writes the configuration of a new plex: a member for each port, all sharing the catalog.
    pub fn write(folder: &Path, plex: &str, ports: &[u16]) -> Result<Self, LayoutError> {
        let addresses: Vec<_> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        Self::write_at(folder, plex, &addresses)
    }

    /// The same for members at these addresses.
    pub fn write_at(folder: &Path, plex: &str, addresses: &[String]) -> Result<Self, LayoutError> {
        let members: Vec<_> = (1..=addresses.len()).map(|number| format!("IMS{number}")).collect();
        let layout = Self::at(folder, plex, members)?;
        let founders: Vec<_> = layout.members.iter().zip(addresses).collect();
        for (name, address) in &founders {
            write(&layout.config(name), &member_toml(plex, name, address, &founders))?;
        }
        write(&layout.operator_config(), &operator_toml(plex, &founders))?;
        Ok(layout)
    }

    /// Lays out a plex with configuration that is there already: a file for each member, and one for the operator.
    pub fn copy(from: &Path, folder: &Path, plex: &str, members: &[&str]) -> Result<Self, LayoutError> {
        let layout = Self::at(folder, plex, members.iter().map(ToString::to_string).collect())?;
        let names = layout.members.iter().map(|name| format!("{name}.toml")).chain(["spoc.toml".to_string()]);
        for name in names {
            let source = from.join(&name);
            fs::copy(&source, layout.folder.join(&name))
                .map_err(|reason| LayoutError::File { path: source, reason })?;
        }
        Ok(layout)
    }

    fn at(folder: &Path, plex: &str, members: Vec<String>) -> Result<Self, LayoutError> {
        let fault = |reason| LayoutError::File { path: folder.to_path_buf(), reason };
        fs::create_dir_all(folder.join("logs")).map_err(fault)?;
        fs::create_dir_all(folder.join("data")).map_err(fault)?;
        let folder = folder.canonicalize().map_err(fault)?;
        Ok(Self { folder, plex: plex.into(), members })
    }

    /// Adds a member that is no founder: its configuration, without a certificate yet. `acbshr` is `Y` or `N`.
    pub fn add(&mut self, name: &str, port: u16, acbshr: &str) -> Result<(), LayoutError> {
        self.add_at(name, &format!("127.0.0.1:{port}"), acbshr)
    }

    /// The same for a member at this address.
    pub fn add_at(&mut self, name: &str, address: &str, acbshr: &str) -> Result<(), LayoutError> {
        let first = self.members.first().map(|first| self.config(first)).unwrap_or_default();
        let text = fs::read_to_string(&first).map_err(|reason| LayoutError::File { path: first, reason })?;
        let founders = text.find("[[members]]").map(|at| &text[at..]).unwrap_or_default();
        let own = member_toml(&self.plex, name, address, &[])
            .replace("acbshr = \"Y\"", &format!("acbshr = \"{acbshr}\""));
        write(&self.config(name), &format!("{own}{founders}"))?;
        self.members.push(name.to_string());
        Ok(())
    }

    /// Has a member listen on another port. Only its own configuration says so, or that of everybody.
    pub fn relocate(&self, member: &str, port: u16, everybody_knows: bool) -> Result<(), LayoutError> {
        let fault = |path: &Path| {
            let path = path.to_path_buf();
            move |reason| LayoutError::File { path, reason }
        };
        let own = self.config(member);
        let text = fs::read_to_string(&own).map_err(fault(&own))?;
        let address = text.split("[listen]\naddress = ").nth(1).and_then(|rest| rest.lines().next());
        let (from, to) = (address.unwrap_or_default(), format!("\"127.0.0.1:{port}\""));
        let others = self.members.iter().map(|name| self.config(name)).chain([self.operator_config()]);
        let files = if everybody_knows { others.collect() } else { vec![own] };
        for path in files {
            let text = fs::read_to_string(&path).map_err(fault(&path))?;
            write(&path, &text.replace(from, &to))?;
        }
        Ok(())
    }

    /// Adds sections to the configuration of each member: of the first, the second...
    pub fn configure(&self, sections: impl Fn(usize) -> String) -> Result<(), LayoutError> {
        for (at, member) in self.members.iter().enumerate() {
            let path = self.config(member);
            let text = fs::read_to_string(&path)
                .map_err(|reason| LayoutError::File { path: path.clone(), reason })?;
            write(&path, &format!("{text}\n{}", sections(at)))?;
        }
        Ok(())
    }

    /// Makes certificates for everybody, with the authority that the folder has, or else a new one.
    pub fn make_certificates(&self, binaries: &Binaries) -> Result<(), LayoutError> {
        let operator = ["--operator".to_string(), OPERATOR.to_string()];
        self.certify(binaries, &[&self.members[..], &operator].concat())
    }

    /// Calls `ims certificates` for the authority of the plex, with these arguments.
    pub fn certify(&self, binaries: &Binaries, arguments: &[String]) -> Result<(), LayoutError> {
        let mut ims = Command::new(&binaries.ims);
        ims.args(["certificates", "--plex", &self.plex, "--out"]).arg(self.folder.join("certs"));
        let output = ims.args(arguments).stdin(Stdio::null()).output();
        let output =
            output.map_err(|reason| LayoutError::NotRun { program: binaries.ims.clone(), reason })?;
        if output.status.success() && self.folder.join("certs/ca.pem").exists() {
            return Ok(());
        }
        Err(LayoutError::NoCertificates(String::from_utf8_lossy(&output.stderr).into_owned()))
    }

    /// Writes the configuration of a further operator, who has a certificate of this name: that of the first with
    /// another certificate.
    pub fn configure_operator(&self, name: &str) -> Result<PathBuf, LayoutError> {
        let (first, path) = (self.operator_config(), self.folder.join(format!("{name}.toml")));
        let text = fs::read_to_string(&first).map_err(|reason| LayoutError::File { path: first, reason })?;
        write(&path, &text.replace(&format!("certs/{OPERATOR}"), &format!("certs/{name}")))?;
        Ok(path)
    }

    /// The configuration of a member.
    pub fn config(&self, member: &str) -> PathBuf {
        self.folder.join(format!("{member}.toml"))
    }

    /// The configuration of the operator.
    pub fn operator_config(&self) -> PathBuf {
        self.folder.join("spoc.toml")
    }

    /// The log of a member.
    pub fn log(&self, member: &str) -> PathBuf {
        self.folder.join(format!("logs/{member}.log"))
    }

    /// Where the process number of a member is noted while it runs.
    pub fn pid_file(&self, member: &str) -> PathBuf {
        self.folder.join(format!("{member}.pid"))
    }
}

fn write(path: &Path, text: &str) -> Result<(), LayoutError> {
    fs::write(path, text).map_err(|reason| LayoutError::File { path: path.to_path_buf(), reason })
}

fn member_toml(plex: &str, name: &str, address: &str, founders: &[(&String, &String)]) -> String {
    format!(
        "member = \"{name}\"\nplex = \"{plex}\"\ndata = \"data/{name}\"\nacbshr = \"Y\"\n\n\
         [listen]\naddress = \"{address}\"\n\n{}{}",
        tls_toml(name),
        founders_toml(founders)
    )
}

fn operator_toml(plex: &str, founders: &[(&String, &String)]) -> String {
    format!("plex = \"{plex}\"\n\n{}{}", tls_toml(OPERATOR), founders_toml(founders))
}

fn tls_toml(name: &str) -> String {
    format!(
        "[tls]\nauthority = \"certs/ca.pem\"\ncertificate = \"certs/{name}.pem\"\n\
         key = \"certs/{name}-key.pem\"\n"
    )
}

fn founders_toml(founders: &[(&String, &String)]) -> String {
    let table = |(name, address): &(&String, &String)| {
        format!("\n[[members]]\nname = \"{name}\"\naddress = \"{address}\"\n")
    };
    founders.iter().map(table).collect()
}
