//! Members that are noted as running, by the files with their process numbers.

use end_to_end::{Layout, wait};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A member, and the process that it was when its number was noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Noted {
    member: String,
    pid: i32,
}

/// The members whose noted process is there and is theirs.
pub(crate) fn running(layout: &Layout) -> Vec<Noted> {
    layout.members.iter().filter_map(|member| noted(layout, member)).filter(|one| one.runs(layout)).collect()
}

/// Asks them to end, kills those that have not at the limit, and gives those that even that did not stop.
pub(crate) fn stop(layout: &Layout, running: &[Noted], limit: Duration) -> Vec<Noted> {
    for signal in [Signal::TERM, Signal::KILL] {
        still(layout, running).iter().for_each(|one| one.signal(signal));
        // Whoever is left at the limit is seen below.
        let _ = wait::until("they have ended", limit, || still(layout, running).is_empty());
    }
    let left = still(layout, running);
    for one in running.iter().filter(|one| !left.contains(one)) {
        let _ = fs::remove_file(layout.pid_file(&one.member));
    }
    left
}

/// `IMS1, IMS2`.
pub(crate) fn names(noted: &[Noted]) -> String {
    noted.iter().map(|one| one.member.as_str()).collect::<Vec<_>>().join(", ")
}

fn noted(layout: &Layout, member: &str) -> Option<Noted> {
    let text = fs::read_to_string(layout.pid_file(member)).ok()?;
    Some(Noted { member: member.into(), pid: text.trim().parse().ok()? })
}

fn still(layout: &Layout, noted: &[Noted]) -> Vec<Noted> {
    noted.iter().filter(|one| one.runs(layout)).cloned().collect()
}

impl Noted {
    /// A number is given to another process after a while, so the process must have been started for this member.
    /// One that ended and was not waited for has no command line any more.
    fn runs(&self, layout: &Layout) -> bool {
        let config = layout.config(&self.member);
        command_line(self.pid).is_some_and(|line| line.contains(&*config.to_string_lossy()))
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = Pid::from_raw(self.pid) {
            let _ = kill_process(pid, signal);
        }
    }
}

fn command_line(pid: i32) -> Option<String> {
    if Path::new("/proc/self/cmdline").exists() {
        let bytes = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        return Some(String::from_utf8_lossy(&bytes).replace('\0', " "));
    }
    let output = Command::new("ps").args(["-o", "command=", "-p", &pid.to_string()]).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plex::running::tests::{laid_out, stand_ins};
    use end_to_end::MemberProcess;
    use end_to_end::member::Terminal;

    const LIMIT: Duration = Duration::from_secs(30);

    #[test]
    fn members_left_running_are_found_and_stopped() {
        let (_folder, layout) = laid_out(2);
        for name in &layout.members {
            let mut process = MemberProcess::spawn(&stand_ins(), &layout, name, Terminal::Apart).unwrap();
            process.wait_ready(LIMIT, || false).unwrap();
            process.leave_running();
        }
        let found = running(&layout);
        assert_eq!(names(&found), "IMS1, IMS2");
        assert_eq!(stop(&layout, &found, LIMIT), []);
        assert_eq!(running(&layout), []);
        assert!(!layout.pid_file("IMS1").exists());
    }

    #[test]
    fn a_number_that_another_process_has_by_now_is_no_member() {
        let (_folder, layout) = laid_out(1);
        fs::write(layout.pid_file("IMS1"), std::process::id().to_string()).unwrap();
        assert_eq!(running(&layout), []);
    }
}
