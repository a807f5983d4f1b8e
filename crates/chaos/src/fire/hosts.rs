//! Where members run: each in a network namespace of its own, all on one bridge, where this machine allows it.
//!
//! Nothing gets through from one member to another while the first has the other's address noted under a hardware address
//! that nobody has: what it sends is lost on the bridge, as on a cable that is cut in one direction.

use end_to_end::{Network, ports};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

/// The variable that tells a process that it is within the namespaces that the hosts are to be linked in.
const WITHIN: &str = "CHAOS_WITHIN";

/// A hardware address of our own making, which no host has.
const NOBODY: &str = "02:00:00:00:00:01";

/// Where members listen, when each has an address of its own.
const PORT: u16 = 7_100;

/// The hosts of a plex.
#[derive(Debug)]
pub(super) struct Hosts {
    network: Network,
    hosts: BTreeMap<String, Host>,
}

#[derive(Debug)]
struct Host {
    address: String,
    /// Keeps the namespace.
    holder: Option<Child>,
}

/// Runs this program once more, within namespaces that it may change, and gives what it ended with. Nothing where it is
/// within them already, or they can't be had.
pub(super) fn enter() -> io::Result<Option<ExitCode>> {
    if std::env::var_os(WITHIN).is_some() || Network::of_this_machine() == Network::Loopback {
        return Ok(None);
    }
    let mut again = Command::new("unshare");
    again.args(["--map-root-user", "--net", "--mount"]).arg(std::env::current_exe()?);
    let status = again.args(std::env::args_os().skip(1)).env(WITHIN, "namespaces").status()?;
    Ok(Some(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }))
}

impl Hosts {
    /// The network that hosts are linked in.
    pub(super) fn new() -> io::Result<Self> {
        let network = match std::env::var_os(WITHIN) {
            Some(_) => Network::Namespaces,
            None => Network::Loopback,
        };
        if network == Network::Namespaces {
            shell(
                "ip link set lo up && ip link add plex type bridge && ip addr add 192.0.2.1/24 dev plex && \
                   ip link set plex up",
            )?;
        }
        Ok(Self { network, hosts: BTreeMap::new() })
    }

    /// Whether members can be cut off from each other.
    pub(super) fn can_be_cut(&self) -> bool {
        self.network == Network::Namespaces
    }

    /// One more host: where its member listens.
    pub(super) fn add(&mut self, member: &str) -> io::Result<String> {
        let (host, listens) = match self.network {
            Network::Namespaces => {
                let host = linked(self.hosts.len() + 1)?;
                let listens = format!("{}:{PORT}", host.address);
                (host, listens)
            }
            Network::Loopback => {
                let port = ports::free(1)[0];
                (Host { address: "127.0.0.1".to_string(), holder: None }, format!("127.0.0.1:{port}"))
            }
        };
        self.hosts.insert(member.to_string(), host);
        Ok(listens)
    }

    /// What becomes this program on the host of a member.
    pub(super) fn program(&self, member: &str, program: &Path) -> Command {
        match self.hosts.get(member).and_then(|host| host.holder.as_ref()) {
            Some(holder) => {
                let mut nsenter = Command::new("nsenter");
                nsenter.args(["--target", &holder.id().to_string(), "--net"]).arg(program);
                nsenter
            }
            None => Command::new(program),
        }
    }

    /// From now on nothing gets through from one member to another.
    pub(super) fn cut(&self, from: &str, to: &str) -> io::Result<()> {
        let there = self.hosts.get(to).map(|host| host.address.as_str()).unwrap_or_default();
        self.on(from, &format!("ip neigh replace {there} lladdr {NOBODY} dev eth0 nud permanent"))
    }

    /// Everything gets through again.
    pub(super) fn heal(&self) -> io::Result<()> {
        self.hosts.keys().try_for_each(|member| self.on(member, "ip neigh flush dev eth0 nud permanent"))
    }

    fn on(&self, member: &str, what: &str) -> io::Result<()> {
        match self.hosts.get(member).and_then(|host| host.holder.as_ref()) {
            Some(holder) => shell(&format!("nsenter --target {} --net {what}", holder.id())),
            None => Ok(()),
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Some(holder) = &mut self.holder {
            let _ = holder.kill();
            let _ = holder.wait();
        }
    }
}

/// A network namespace that is linked to the bridge.
fn linked(number: usize) -> io::Result<Host> {
    let address = format!("192.0.2.{}", 10 + number);
    let holder = Command::new("unshare").args(["--net", "sleep", "infinity"]).stdin(Stdio::null()).spawn()?;
    let pid = holder.id();
    let host = Host { address: address.clone(), holder: Some(holder) };
    let own = std::fs::read_link("/proc/self/ns/net")?;
    let apart = || std::fs::read_link(format!("/proc/{pid}/ns/net")).is_ok_and(|net| net != own);
    end_to_end::wait::until("the host has a network", Duration::from_secs(10), apart)
        .map_err(io::Error::other)?;
    let within = format!("nsenter --target {pid} --net ip");
    shell(&format!(
        "ip link add host{number} type veth peer name eth0 netns {pid} && \
         ip link set host{number} master plex up && {within} addr add {address}/24 dev eth0 && \
         {within} link set eth0 up && {within} link set lo up"
    ))?;
    Ok(host)
}

fn shell(script: &str) -> io::Result<()> {
    let output = Command::new("sh").args(["-c", script]).stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(io::Error::other(format!("{script}: {said}")))
}
