//! The members of a plex under fire, as processes.

use super::hosts::Hosts;
use end_to_end::faults::{SmallDisk, content_end, files, overwrite};
use end_to_end::layout::{LayoutError, OPERATOR};
use end_to_end::member::{StartError, Terminal};
use end_to_end::{Binaries, Layout, MemberLog, MemberProcess, wait};
use rustix::process::Signal;
use sci::{ClientSettings, Identity, IdentityError, IdentityFiles};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;
use vocabulary::{MemberName, PlexName};

/// Short enough that what waits in vain is over while the faults go on.
const SECTIONS: &str = "[consensus]\nsnapshot_entries = 150\nsnapshot_mib = 1\n\n[activation]\n\
                        step_timeout_s = 5\nstaging_wait_s = 5\npopulate_idle_s = 5\nmember_lost_ms = 1000\n";

/// How large the disk is that a member keeps its log on.
const SMALL_DISK_MIB: u32 = 8;

/// How long it may take until a member is traced.
const TRACE_LIMIT: Duration = Duration::from_secs(2);

/// How long a member may take until it takes commands, on a machine that is busy.
const READY_LIMIT: Duration = Duration::from_secs(60);

/// Something could not be had that members need.
#[derive(Debug, thiserror::Error)]
pub(super) enum MembersError {
    /// A file, a program or the network.
    #[error(transparent)]
    World(#[from] io::Error),
    /// Configuration or certificates.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The operator's certificate.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A member does not start.
    #[error(transparent)]
    Start(#[from] StartError),
}

/// All members, up or down.
#[derive(Debug)]
pub(super) struct Members {
    binaries: Binaries,
    pub(super) hosts: Hosts,
    layout: Layout,
    addresses: BTreeMap<String, String>,
    processes: BTreeMap<String, MemberProcess>,
    disks: BTreeMap<String, SmallDisk>,
    /// What keeps the syncs of a member from succeeding.
    injectors: BTreeMap<String, Child>,
    folder: Option<tempfile::TempDir>,
}

impl Members {
    /// Lays out a plex and starts its members.
    pub(super) fn start(count: usize) -> Result<Self, MembersError> {
        let binaries = Binaries::for_stories().clone();
        let mut hosts = Hosts::new()?;
        let folder = tempfile::Builder::new().prefix("plex-").tempdir()?;
        let names: Vec<String> = (1..=count).map(|number| format!("IMS{number}")).collect();
        let listens: Vec<String> = names.iter().map(|name| hosts.add(name)).collect::<io::Result<_>>()?;
        let layout = Layout::write_at(folder.path(), "PLEX1", &listens)?;
        layout.make_certificates(&binaries)?;
        layout.configure(|_| SECTIONS.to_string())?;
        let mut members = Self {
            binaries,
            hosts,
            layout,
            addresses: names.iter().cloned().zip(listens).collect(),
            processes: BTreeMap::new(),
            disks: BTreeMap::new(),
            injectors: BTreeMap::new(),
            folder: Some(folder),
        };
        for name in &names {
            members.spawn(name)?;
        }
        for name in &names {
            members.wait_ready(name)?;
        }
        Ok(members)
    }

    /// Moves the log of a member onto a small disk, where this machine has one to give.
    pub(super) fn give_small_disk(&mut self, member: &str) -> Result<(), MembersError> {
        if !self.hosts.can_be_cut() {
            return Ok(());
        }
        self.kill(member);
        if let Some(disk) = SmallDisk::under(&self.data(member).join("consensus"), SMALL_DISK_MIB) {
            self.disks.insert(member.to_string(), disk);
        }
        self.spawn(member)?;
        self.wait_ready(member)
    }

    /// Their names, in the order of their coming.
    pub(super) fn names(&self) -> Vec<String> {
        self.layout.members.clone()
    }

    /// What an operator of the plex needs, to speak to one member.
    pub(super) fn client(&self, member: &str) -> Result<ClientSettings, MembersError> {
        let files = IdentityFiles::in_folder(&self.layout.folder.join("certs"), OPERATOR);
        let name = MemberName::new(member).map_err(io::Error::other)?;
        let plex = PlexName::new(&self.layout.plex).map_err(io::Error::other)?;
        let address = self.addresses.get(member).cloned().unwrap_or_default();
        let identity = Identity::load(&files)?;
        Ok(ClientSettings { plex, identity, members: vec![(name, address)], connect_timeout_ms: 500 })
    }

    /// One more member joins.
    pub(super) fn join(&mut self, member: &str) -> Result<(), MembersError> {
        let listens = self.hosts.add(member)?;
        self.layout.add_at(member, &listens, "Y")?;
        self.layout.make_certificates(&self.binaries)?;
        self.addresses.insert(member.to_string(), listens);
        self.spawn(member)
    }

    /// Starts a member that is down.
    pub(super) fn spawn(&mut self, member: &str) -> Result<(), MembersError> {
        if !self.is_up(member) {
            let program = self.hosts.program(member, &self.binaries.ims);
            let process = MemberProcess::spawn_by(program, &self.layout, member, Terminal::Shared)?;
            self.processes.insert(member.to_string(), process);
        }
        Ok(())
    }

    /// Waits until a member that was started takes commands.
    pub(super) fn wait_ready(&mut self, member: &str) -> Result<(), MembersError> {
        match self.processes.get_mut(member) {
            Some(process) => Ok(process.wait_ready(READY_LIMIT, || false)?),
            None => Ok(()),
        }
    }

    /// Whether a member takes commands, as it said itself.
    pub(super) fn is_ready(&self, member: &str) -> bool {
        self.processes.get(member).is_some_and(MemberProcess::is_ready)
    }

    /// Whether there is a process, dead or alive, that was not taken note of as ended.
    pub(super) fn is_up(&self, member: &str) -> bool {
        self.processes.contains_key(member)
    }

    /// How a member ended that was not told to; once.
    pub(super) fn take_ended(&mut self, member: &str) -> Option<ExitStatus> {
        let status = self.processes.get_mut(member)?.ended()?;
        self.processes.remove(member);
        Some(status)
    }

    /// SIGKILL.
    pub(super) fn kill(&mut self, member: &str) {
        self.processes.remove(member);
    }

    /// Any other signal.
    pub(super) fn signal(&self, member: &str, signal: Signal) {
        if let Some(process) = self.processes.get(member) {
            process.signal(signal);
        }
    }

    /// The last record of the log of a member that is down is followed by half of another.
    pub(super) fn tear_log(&self, member: &str) {
        let log = self.data(member).join("consensus/log");
        if let Some(segment) = files(&log, "log").pop() {
            let end = content_end(&segment);
            let room = fs::metadata(&segment).map_or(0, |metadata| metadata.len()).saturating_sub(end as u64);
            // What was promised stays as it is, so there has to be room behind it.
            if room > 200 {
                overwrite(&segment, end + 64, &[0, 0, 0, 40, 1, 2, 3, 4, 0, 0]);
            }
        }
    }

    /// Whether a member keeps its log on a disk that can be filled.
    pub(super) fn has_small_disk(&self, member: &str) -> bool {
        self.disks.contains_key(member)
    }

    /// There is no room left on the disk of a member.
    pub(super) fn fill_disk(&self, member: &str) {
        if let Some(disk) = self.disks.get(member) {
            disk.fill();
        }
    }

    /// There is room again.
    pub(super) fn make_room(&self, member: &str) {
        if let Some(disk) = self.disks.get(member) {
            disk.make_room();
        }
    }

    /// From now on no sync of a member succeeds. Whether that can be brought about here.
    pub(super) fn fail_syncs(&mut self, member: &str) -> bool {
        let Some(pid) = self.processes.get(member).map(MemberProcess::id) else { return false };
        let mut strace = Command::new("strace");
        strace.args(["-qq", "-f", "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO"]);
        strace.args(["-o", "/dev/null", "-p", &pid.to_string()]).stdin(Stdio::null()).stderr(Stdio::null());
        let Ok(injector) = strace.spawn() else { return false };
        let tracer = format!("TracerPid:\t{}", injector.id());
        let status = || fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        self.injectors.insert(member.to_string(), injector);
        // Where it may not trace it ends at once.
        let traced = wait::until("syncs fail", TRACE_LIMIT, || status().lines().any(|line| line == tracer));
        if traced.is_err() {
            self.mend_syncs(member);
        }
        traced.is_ok()
    }

    /// Syncs succeed again.
    pub(super) fn mend_syncs(&mut self, member: &str) {
        if let Some(mut injector) = self.injectors.remove(member) {
            let _ = injector.kill();
            let _ = injector.wait();
        }
    }

    /// A member that is down has an empty data folder, on a disk that is not small.
    pub(super) fn empty(&mut self, member: &str) -> io::Result<()> {
        self.disks.remove(member);
        fs::remove_dir_all(self.data(member))?;
        fs::create_dir(self.data(member))?;
        // Whoever begins anew is told of everybody who is there, also of those who came later: it can be taken in by the
        // master only, and that may be one of them.
        let config = self.layout.config(member);
        let mut text = fs::read_to_string(&config)?;
        for (name, address) in &self.addresses {
            if !text.contains(&format!("name = \"{name}\"")) {
                text += &format!("\n[[members]]\nname = \"{name}\"\naddress = \"{address}\"\n");
            }
        }
        fs::write(config, text)
    }

    /// How often a message was issued, by all members together.
    pub(super) fn count(&self, number: &str) -> usize {
        self.layout.members.iter().map(|member| self.log(member).count_since(0, number)).sum()
    }

    /// What a member printed.
    pub(super) fn log(&self, member: &str) -> MemberLog {
        MemberLog::at(&self.layout.log(member))
    }

    /// The folder stays, for whoever looks at what went wrong.
    pub(super) fn keep_folder(&mut self) -> PathBuf {
        self.folder.take().map(tempfile::TempDir::keep).unwrap_or_default()
    }

    /// Everybody ends in good order; who does not is named.
    pub(super) fn end(&mut self) -> Vec<String> {
        let processes = std::mem::take(&mut self.processes);
        let ended = processes.into_iter().map(|(member, process)| (member, process.end(READY_LIMIT)));
        ended.filter(|(_, status)| !status.is_some_and(|s| s.success())).map(|(member, _)| member).collect()
    }

    fn data(&self, member: &str) -> PathBuf {
        self.layout.folder.join("data").join(member)
    }
}

impl Drop for Members {
    fn drop(&mut self) {
        for member in self.names() {
            self.mend_syncs(&member);
        }
    }
}
