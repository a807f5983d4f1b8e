//! A plex of a story: members in a folder of their own, and everything that may befall them.

use crate::layout::LayoutError;
use crate::member::{MemberProcess, StartError, TAIL_LINES, Terminal};
use crate::operator::{self, Aside, Output};
use crate::{Binaries, Layout, MemberLog, ports, wait};
use rustix::process::Signal;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a member may take until it takes commands. Much longer than it needs: the machine may be busy.
const READY_LIMIT: Duration = Duration::from_secs(60);

/// How long a member may take to end in good order.
const END_LIMIT: Duration = Duration::from_secs(30);

/// Members of one story. A story speaks in assertions, so what can't be done here panics, and says where to look.
#[derive(Debug)]
pub struct Cluster {
    binaries: Binaries,
    layout: Layout,
    processes: BTreeMap<String, MemberProcess>,
    expected_errors: Vec<String>,
    commands: Cell<u32>,
    // Last, so that the processes have ended when the folder goes.
    _folder: Folder,
}

/// The folder of a story: it goes when the story passes, and stays when it fails.
#[derive(Debug)]
struct Folder(Option<tempfile::TempDir>);

impl Drop for Folder {
    #[allow(clippy::print_stderr, reason = "whoever reads a failed test has to know where its folder is")]
    fn drop(&mut self) {
        if let Some(folder) = self.0.take_if(|_| std::thread::panicking()) {
            eprintln!("the story's folder is kept: {}", folder.keep().display());
        }
    }
}

impl Cluster {
    /// So many members, IMS1 and on, that all take commands; certificates and everything else made new.
    pub fn start(count: usize) -> Self {
        Self::start_with(Binaries::for_stories().clone(), count)
    }

    /// As [`Self::start`], with these programs.
    pub fn start_with(binaries: Binaries, count: usize) -> Self {
        Self::start_configured(binaries, count, "")
    }

    /// As [`Self::start_with`], with these further sections in the configuration of every member.
    pub fn start_configured(binaries: Binaries, count: usize, sections: &str) -> Self {
        Self::start_each(binaries, count, |_| sections.to_string())
    }

    /// As [`Self::start_with`], with further sections in the configuration of each member: of the first, the second...
    pub(crate) fn start_each(binaries: Binaries, count: usize, sections: impl Fn(usize) -> String) -> Self {
        let mut cluster = Self::lay_out(binaries, count).unwrap_or_else(|error| panic!("{error}"));
        let configured = cluster.layout.configure(sections);
        configured.unwrap_or_else(|error| panic!("{error}"));
        let names = cluster.layout.members.clone();
        for name in &names {
            cluster.spawn(name);
        }
        for name in &names {
            cluster.wait_ready(name);
        }
        cluster
    }

    fn lay_out(binaries: Binaries, count: usize) -> Result<Self, LayoutError> {
        let folder = tempfile::Builder::new().prefix("plex-").tempdir();
        let folder = folder.map_err(|reason| LayoutError::File { path: std::env::temp_dir(), reason })?;
        let layout = Layout::write(folder.path(), "PLEX1", &ports::free(count))?;
        layout.make_certificates(&binaries)?;
        Ok(Self {
            binaries,
            layout,
            processes: BTreeMap::new(),
            expected_errors: Vec::new(),
            commands: Cell::new(0),
            _folder: Folder(Some(folder)),
        })
    }

    /// The programs that it runs.
    pub fn binaries(&self) -> &Binaries {
        &self.binaries
    }

    /// All members but one.
    pub fn others(&self, than: &str) -> Vec<String> {
        self.layout.members.iter().filter(|member| *member != than).cloned().collect()
    }

    /// The folder with everything of this plex.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Issues a command, or whatever else `spoc` is called for, and gives what came of it.
    pub fn spoc<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Output {
        let record = self.next_record();
        let command = operator::spoc(&self.binaries, &self.layout, arguments);
        operator::run(command, &record).unwrap_or_else(|error| panic!("spoc could not be run: {error}"))
    }

    /// The same, for an operator with a configuration of its own.
    pub fn spoc_as<A: AsRef<OsStr>>(&self, config: &Path, arguments: impl IntoIterator<Item = A>) -> Output {
        let record = self.next_record();
        let command = operator::spoc_with(&self.binaries, config, arguments);
        operator::run(command, &record).unwrap_or_else(|error| panic!("spoc could not be run: {error}"))
    }

    /// An operator of this name and role, with a certificate of the authority that the plex has: its configuration.
    pub fn operator(&self, name: &str, role: &str) -> PathBuf {
        let layout = &self.layout;
        let operator = [format!("--operator={name}:{role}")];
        layout.certify(&self.binaries, &operator).unwrap_or_else(|error| panic!("{error}"));
        layout.configure_operator(name).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Starts a `spoc` and goes on without waiting for it.
    pub fn spoc_aside<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Aside {
        let record = self.next_record();
        let command = operator::spoc(&self.binaries, &self.layout, arguments);
        operator::start(command, &record).unwrap_or_else(|error| panic!("spoc could not be run: {error}"))
    }

    /// Where the next `spoc` leaves what it prints.
    fn next_record(&self) -> PathBuf {
        self.commands.set(self.commands.get() + 1);
        self.layout.folder.join(format!("logs/spoc-{:03}", self.commands.get()))
    }

    /// Adds a member that is no founder, and starts it. `acbshr` is `Y` or `N`.
    pub fn add(&mut self, member: &str, acbshr: &str) {
        let port = ports::free(1)[0];
        let added = self.layout.add(member, port, acbshr);
        added
            .and_then(|()| self.layout.make_certificates(&self.binaries))
            .unwrap_or_else(|error| panic!("{error}"));
        self.restart(member);
    }

    /// Has a member that is down listen on another port from its next start on.
    pub fn relocate(&self, member: &str, everybody_knows: bool) {
        let relocated = self.layout.relocate(member, ports::free(1)[0], everybody_knows);
        relocated.unwrap_or_else(|error| panic!("{error}"));
    }

    /// Waits until a member has ended by itself, and gives its exit code; `None` if a signal ended it.
    pub fn wait_ended(&mut self, member: &str) -> Option<i32> {
        let mut process = self.take(member);
        let mut status = None;
        self.wait_until(&format!("{member} ends by itself"), END_LIMIT, || {
            status = process.ended();
            status.is_some()
        });
        status.and_then(|status| status.code())
    }

    /// Starts a member that is down, and does not wait for it.
    pub fn begin_restart(&mut self, member: &str) {
        self.spawn(member);
    }

    /// Waits until a member that was started takes commands.
    pub fn wait_restarted(&mut self, member: &str) {
        self.wait_ready(member);
    }

    /// Starts a member that is to end by itself, and gives its exit code and what it printed in this run.
    pub fn start_in_vain(&mut self, member: &str) -> (Option<i32>, String) {
        let place = self.log(member).length();
        let mut process = MemberProcess::spawn(&self.binaries, &self.layout, member, Terminal::Shared)
            .unwrap_or_else(|error| panic!("{error}"));
        let mut status = None;
        self.wait_until(&format!("{member} ends by itself"), END_LIMIT, || {
            status = process.ended();
            status.is_some()
        });
        (status.and_then(|status| status.code()), self.log(member).text_since(place))
    }

    /// SIGKILL: the member is gone between two instructions.
    pub fn kill(&mut self, member: &str) {
        drop(self.take(member));
    }

    /// SIGTERM: the member goes in good order, and the story fails if it does not.
    pub fn end(&mut self, member: &str) {
        let status = self.take(member).end(END_LIMIT);
        assert!(
            status.is_some_and(|status| status.success()),
            "{member} did not end in good order ({status:?}). The end of its log:\n{}",
            self.log(member).tail(TAIL_LINES)
        );
    }

    /// SIGSTOP: the member stands still and keeps its connections.
    pub fn pause(&self, member: &str) {
        self.process(member).signal(Signal::STOP);
    }

    /// SIGCONT: the member goes on as if nothing had been.
    pub fn resume(&self, member: &str) {
        self.process(member).signal(Signal::CONT);
    }

    /// Starts a member that is down, on the data it left, and waits until it takes commands.
    pub fn restart(&mut self, member: &str) {
        self.spawn(member);
        self.wait_ready(member);
    }

    /// The process of a member that is up.
    pub fn process_id(&self, member: &str) -> Option<u32> {
        self.processes.get(member).map(MemberProcess::id)
    }

    /// Whether the process of a member is there.
    pub fn is_running(&mut self, member: &str) -> bool {
        self.processes.get_mut(member).is_some_and(|process| process.ended().is_none())
    }

    /// What a member printed, all its starts together.
    pub fn log(&self, member: &str) -> MemberLog {
        MemberLog::at(&self.layout.log(member))
    }

    /// How often a member issued a message.
    pub fn message_count(&self, member: &str, number: &str) -> usize {
        self.log(member).count_since(0, number)
    }

    /// Waits until something is so; fails the story, with the ends of all logs, if it does not come about.
    pub fn wait_until(&self, description: &str, limit: Duration, condition: impl FnMut() -> bool) {
        if let Err(error) = wait::until(description, limit, condition) {
            panic!("{error}\n{}", self.tails());
        }
    }

    /// Errors with this text in them belong to the story.
    pub fn expect_error(&mut self, text: &str) {
        self.expected_errors.push(text.into());
    }

    /// Ends every member that is up, in good order, and fails the story for an error that it did not expect.
    pub fn finish(mut self) {
        let up: Vec<_> = self.processes.keys().cloned().collect();
        for member in up {
            self.end(&member);
        }
        for member in &self.layout.members {
            let errors = self.log(member).unexpected_errors(&self.expected_errors);
            assert!(errors.is_empty(), "{member} wrote unexpected errors:\n{}", errors.join("\n"));
        }
    }

    fn spawn(&mut self, member: &str) {
        assert!(!self.processes.contains_key(member), "{member} is up already");
        let process = MemberProcess::spawn(&self.binaries, &self.layout, member, Terminal::Shared);
        let process = process.unwrap_or_else(|error| panic!("{error}"));
        self.processes.insert(member.into(), process);
    }

    fn wait_ready(&mut self, member: &str) {
        let ready = self.processes.get_mut(member).map(|process| process.wait_ready(READY_LIMIT, || false));
        if let Some(Err(error)) = ready {
            self.fail_to_start(&error);
        }
    }

    fn fail_to_start(&self, error: &StartError) -> ! {
        panic!("{error}\n{}", self.tails())
    }

    fn process(&self, member: &str) -> &MemberProcess {
        self.processes.get(member).unwrap_or_else(|| panic!("{member} is not up"))
    }

    fn take(&mut self, member: &str) -> MemberProcess {
        self.processes.remove(member).unwrap_or_else(|| panic!("{member} is not up"))
    }

    fn tails(&self) -> String {
        let tail = |member: &String| format!("--- {member}\n{}\n", self.log(member).tail(TAIL_LINES));
        self.layout.members.iter().map(tail).collect()
    }
}
