//! The members as this process started them: watched while they run, ended together.

use super::END_LIMIT;
use crate::printer::{complain, say};
use end_to_end::member::{MemberProcess, StartError, Terminal};
use end_to_end::{Binaries, Layout};
use rustix::process::Signal;
use std::time::Duration;

/// How long a member may take until it takes commands.
const READY_LIMIT: Duration = Duration::from_secs(60);

const PAUSE: Duration = Duration::from_millis(200);

/// Running members. Dropping it ends them in good order.
pub(crate) struct RunningPlex(Vec<MemberProcess>);

impl RunningPlex {
    /// Starts every member of the layout and waits until all take commands, or nobody wants to know any more.
    pub(crate) fn start(
        binaries: &Binaries,
        layout: &Layout,
        give_up: impl Fn() -> bool,
    ) -> Result<Self, StartError> {
        let mut plex = Self(Vec::new());
        for name in &layout.members {
            plex.0.push(MemberProcess::spawn(binaries, layout, name, Terminal::Apart)?);
        }
        for process in &mut plex.0 {
            process.wait_ready(READY_LIMIT, &give_up)?;
            say(format!("{} is ready", process.name()));
        }
        Ok(plex)
    }

    /// Tells of each member that ends, until none is left or the condition holds.
    pub(crate) fn watch(&mut self, until: impl Fn() -> bool) {
        while !until() && !self.0.is_empty() {
            self.0.retain_mut(|process| match process.ended() {
                Some(status) => {
                    say(format!("{} has ended ({status})", process.name()));
                    false
                }
                None => true,
            });
            std::thread::sleep(PAUSE);
        }
    }

    /// Gives up the members and leaves them running.
    pub(crate) fn leave_running(mut self) {
        self.0.drain(..).for_each(MemberProcess::leave_running);
    }
}

impl Drop for RunningPlex {
    fn drop(&mut self) {
        self.0.iter().for_each(|process| process.signal(Signal::TERM));
        for process in self.0.drain(..) {
            let name = process.name().to_string();
            match process.wait_end(END_LIMIT) {
                Some(_) => say(format!("{name} has ended")),
                None => complain(format!("{name} did not end in {} s and was killed", END_LIMIT.as_secs())),
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::path::Path;

    /// What the runner's own tests use in place of the programs.
    pub(crate) fn stand_ins() -> Binaries {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/stand-ins");
        Binaries { ims: folder.join("ims"), spoc: folder.join("spoc") }
    }

    pub(crate) fn laid_out(count: u16) -> (tempfile::TempDir, Layout) {
        let folder = tempfile::tempdir().unwrap();
        let ports: Vec<_> = (1..=count).collect();
        let layout = Layout::write(folder.path(), "PLEX1", &ports).unwrap();
        (folder, layout)
    }

    #[test]
    fn a_plex_that_does_not_come_up_whole_leaves_no_process() {
        let (_folder, layout) = laid_out(4);
        let error = RunningPlex::start(&stand_ins(), &layout, || false).err().map(|error| error.to_string());
        assert!(error.is_some_and(|error| error.contains("port 1 is in use")));
        assert_eq!(crate::plex::noted::running(&layout), []);
        assert!(!layout.pid_file("IMS1").exists());
    }

    #[test]
    fn members_end_in_good_order_with_the_plex() {
        let (_folder, layout) = laid_out(2);
        drop(RunningPlex::start(&stand_ins(), &layout, || false));
        for name in &layout.members {
            assert!(std::fs::read_to_string(layout.log(name)).unwrap().ends_with("stand-in: ended\n"));
        }
    }
}
