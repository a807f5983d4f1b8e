//! Hosts of a page: each has a folder for what a machine of its own would have, and, where this machine allows it, a
//! network namespace that is linked to the others by a bridge.
//!
//! ```text
//!   admin 192.0.2.10   ims1 192.0.2.11   ims2 192.0.2.12   ims3 192.0.2.13   ims4 192.0.2.14
//!        └───────────────────┴────────── bridge ─┴───────────────────┴─────────────────┘
//! ```
//!
//! The whole session lives in a user, mount and network namespace of its own, so that it needs no rights and leaves
//! nothing behind. Where namespaces, or the programs that make them (`unshare`, `nsenter`, `ip`), can't be had, hosts are
//! addresses of the loopback device, and a host that is cut off is one whose member stands still.
//!
//! What a machine has and a namespace has not is stood in for by the small programs in `stand-ins/host`: `systemctl`,
//! `journalctl`, `apt`, `scp`, `chgrp`. `systemctl` does what the unit of the package says, and `apt` puts in place what the
//! package is made of.

use crate::document::{Outcome, PATIENCE, Session};
use crate::{Binaries, Document, packaging, ports};
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

/// The hosts that a page may name, and the addresses that it gives them.
const HOSTS: [(&str, &str); 5] = [
    ("admin", "192.0.2.10"),
    ("ims1", "192.0.2.11"),
    ("ims2", "192.0.2.12"),
    ("ims3", "192.0.2.13"),
    ("ims4", "192.0.2.14"),
];

/// The ports that members of such a page have: for each other and operators, and for whoever watches them.
const PORTS: [&str; 2] = [":7100", ":7104"];

/// What the session of hosts in namespaces is run by.
const NAMESPACES: [&str; 4] = ["unshare", "--map-root-user", "--net", "--mount"];

/// Tries all that a session with namespaces needs.
const TRIAL: &str = "ip link add trial type bridge && ip link add one type veth peer name other && \
                     ip link set one master trial && nsenter --target $$ --net ip link set other up && \
                     unshare --net true";

/// How the hosts of a page reach each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// Each host has a network namespace.
    Namespaces,
    /// Each host has an address of the loopback device.
    Loopback,
}

impl Network {
    /// The best that this machine allows. Says so where it is not the best there is.
    #[allow(clippy::print_stderr, reason = "whoever reads the outcome has to know what was not tried")]
    pub fn of_this_machine() -> Self {
        let mut trial = Command::new(NAMESPACES[0]);
        trial.args(&NAMESPACES[1..]).args(["bash", "-c", TRIAL]);
        let tried = trial.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        if tried.is_ok_and(|status| status.success()) {
            return Self::Namespaces;
        }
        eprintln!(
            "NO NAMESPACES: hosts are addresses of the loopback device, and one that is cut off stands still instead; \
             it takes unshare and nsenter (util-linux), ip (iproute2), and a kernel that lets users make namespaces"
        );
        Self::Loopback
    }
}

impl Document {
    /// Runs every command on the host that its block names, as [`Document::run`] does on this machine.
    pub fn run_on_hosts(&self, binaries: &Binaries, network: Network) -> io::Result<Outcome> {
        let mut session = Session::new(binaries)?;
        let own = Path::new(env!("CARGO_MANIFEST_DIR"));
        packaging::lay_out(binaries, &session.folder().join("package"))?;
        fs::create_dir(session.hosts())?;
        session.set("HOSTS", &session.hosts().display().to_string());
        session.set("PACKAGE", &session.folder().join("package").display().to_string());
        session.set("STAND_INS", &own.join("stand-ins/host").display().to_string());
        session.set("PATIENCE", PATIENCE);
        match network {
            Network::Namespaces => {
                session.set("NETWORK", "namespaces");
                session.set_shell(&[&NAMESPACES[..], &["bash"]].concat());
            }
            Network::Loopback => {
                session.set("NETWORK", "loopback");
                for (said, really) in PORTS.iter().zip(ports::free(PORTS.len())) {
                    session.name(said, &format!(":{really}"));
                }
            }
        }
        let addresses = HOSTS.iter().zip(2..).map(|((host, said), number)| {
            let really = match network {
                Network::Namespaces => (*said).to_string(),
                Network::Loopback => format!("127.0.0.{number}"),
            };
            session.name(said, &really);
            format!("{host} {really}\n")
        });
        let table: String = addresses.collect();
        fs::write(session.folder().join("addresses"), table)?;
        self.run_in(&session)
    }
}
