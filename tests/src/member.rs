//! One running `ims member`.

use crate::wait;
use crate::{Binaries, Layout, MemberLog};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// The message that a member takes commands.
pub const READY: &str = "DFS810I";

/// How many lines of a log are shown when something went wrong.
pub const TAIL_LINES: usize = 20;

/// Whom a signal of the terminal reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terminal {
    /// Ctrl-C ends the member together with whoever started it.
    Shared,
    /// The member stays, and whoever started it decides when it ends.
    Apart,
}

/// A member could not be started, or did not become ready.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is no process.
    #[error("{member} could not be started: {path}: {reason}")]
    NoProcess {
        /// IMSID.
        member: String,
        /// The program or file in the way.
        path: PathBuf,
        /// Why, in the words of the system.
        reason: io::Error,
    },
    /// It ended before it took commands.
    #[error("{member} ended before it was ready ({status}). The end of its log:\n{tail}")]
    Ended {
        /// IMSID.
        member: String,
        /// How.
        status: ExitStatus,
        /// The last lines of its log.
        tail: String,
    },
    /// It runs, and does not take commands.
    #[error("{member} is not ready after {seconds} s. The end of its log:\n{tail}")]
    NotReady {
        /// IMSID.
        member: String,
        /// How long that was waited for.
        seconds: u64,
        /// The last lines of its log.
        tail: String,
    },
}

/// A member's process. Dropping it kills the process: nothing is left behind by accident.
#[derive(Debug)]
pub struct MemberProcess {
    name: String,
    child: Option<Child>,
    log: MemberLog,
    log_start: u64,
    pid_file: PathBuf,
}

impl MemberProcess {
    /// Starts the member; what it prints is added to its log. It need not be ready yet.
    pub fn spawn(
        binaries: &Binaries,
        layout: &Layout,
        name: &str,
        terminal: Terminal,
    ) -> Result<Self, StartError> {
        Self::spawn_by(Command::new(&binaries.ims), layout, name, terminal)
    }

    /// The same for a member that something else becomes: a program that prepares its surroundings first.
    pub fn spawn_by(
        mut ims: Command,
        layout: &Layout,
        name: &str,
        terminal: Terminal,
    ) -> Result<Self, StartError> {
        let path = layout.log(name);
        let fault = |path: PathBuf| {
            move |reason| StartError::NoProcess { member: name.into(), path: path.clone(), reason }
        };
        let output = File::options().create(true).append(true).open(&path).map_err(fault(path.clone()))?;
        let log = MemberLog::at(&path);
        let log_start = log.length();
        let program = PathBuf::from(ims.get_program());
        ims.args(["member", "--config"]).arg(layout.config(name)).stdin(Stdio::null());
        ims.stderr(output.try_clone().map_err(fault(path))?).stdout(output);
        if terminal == Terminal::Apart {
            ims.process_group(0);
        }
        let child = ims.spawn().map_err(fault(program))?;
        let pid_file = layout.pid_file(name);
        let process = Self { name: name.into(), child: Some(child), log, log_start, pid_file };
        fs::write(&process.pid_file, format!("{}\n", process.id()))
            .map_err(fault(process.pid_file.clone()))?;
        Ok(process)
    }

    /// IMSID.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Number of the process.
    pub fn id(&self) -> u32 {
        self.child.as_ref().map_or(0, Child::id)
    }

    /// Whether it has said, since it was started, that it takes commands.
    pub fn is_ready(&self) -> bool {
        self.log.count_since(self.log_start, READY) > 0
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.as_mut().and_then(|child| child.try_wait().ok()).flatten()
    }

    /// Waits until it takes commands, or until `give_up` says that nobody wants to know any more.
    pub fn wait_ready(&mut self, limit: Duration, give_up: impl Fn() -> bool) -> Result<(), StartError> {
        let waited = wait::until("it is ready", limit, || {
            self.is_ready() || self.child.as_mut().is_some_and(has_ended) || give_up()
        });
        // Its last words may have been that it is ready; it ended nevertheless.
        if let Some(status) = self.ended() {
            return Err(StartError::Ended {
                member: self.name.clone(),
                status,
                tail: self.log.tail(TAIL_LINES),
            });
        }
        let seconds = limit.as_secs();
        waited.map_err(|_| StartError::NotReady {
            member: self.name.clone(),
            seconds,
            tail: self.log.tail(TAIL_LINES),
        })
    }

    /// Sends a signal. One that ended already does not hear it, which is no error.
    pub fn signal(&self, signal: Signal) {
        let pid = self.child.as_ref().and_then(|child| Pid::from_raw(i32::try_from(child.id()).ok()?));
        if let Some(pid) = pid {
            let _ = kill_process(pid, signal);
        }
    }

    /// SIGTERM, and waits for the end. `None` if it still ran at the limit and had to be killed.
    pub fn end(self, limit: Duration) -> Option<ExitStatus> {
        self.signal(Signal::TERM);
        self.wait_end(limit)
    }

    /// Waits for the end that was asked for. `None` if it still ran at the limit and had to be killed.
    pub fn wait_end(mut self, limit: Duration) -> Option<ExitStatus> {
        // Running out of time shows in the status too: there is none.
        let _ = wait::until("it has ended", limit, || self.ended().is_some());
        self.ended()
    }

    /// Gives up the process and leaves it running; its number stays noted in the layout.
    pub fn leave_running(mut self) {
        self.child = None;
    }
}

fn has_ended(child: &mut Child) -> bool {
    matches!(child.try_wait(), Ok(Some(_)))
}

impl Drop for MemberProcess {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
            let _ = fs::remove_file(&self.pid_file);
        }
    }
}
