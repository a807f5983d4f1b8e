//! A short run of real processes under fire: enough to notice most of what breaks, in seconds.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use rustix::process::{Pid, Signal, kill_process_group};
use std::io::{Read, Seek};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long the run may take on a machine that is busy, before it is said to hang.
const LIMIT: Duration = Duration::from_secs(400);

#[test]
fn real_members_under_fire_lose_nothing() {
    let mut said = tempfile::tempfile().unwrap();
    let mut run = Command::new(env!("CARGO_BIN_EXE_chaos"));
    run.args(["--processes", "--minutes", "0.1"]).stdin(Stdio::null()).process_group(0);
    run.stdout(said.try_clone().unwrap()).stderr(said.try_clone().unwrap());
    let ended = ended_within(&mut run.spawn().unwrap(), LIMIT);
    let mut text = String::new();
    said.rewind().unwrap();
    said.read_to_string(&mut text).unwrap();
    let status = ended.unwrap_or_else(|| panic!("it was not over after {} s:\n{text}", LIMIT.as_secs()));
    assert!(status.success() && text.contains("lost              nothing"), "{text}");
}

/// How it ended. Nothing where it did not, and was killed.
fn ended_within(run: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let until = Instant::now() + limit;
    while Instant::now() < until {
        if let Some(status) = run.try_wait().unwrap() {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let group = Pid::from_child(run);
    kill_process_group(group, Signal::KILL).unwrap();
    None
}
