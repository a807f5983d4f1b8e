//! Control regions over real consensus in a simulated world: members as they are, with openraft, their log, votes and
//! snapshots on disks that lose what was not synced, and their connections over a network that falls apart, in a time that
//! passes only when nothing else can happen.
//!
//! A member is what `host` runs (`host::member::simulated`): the same core, the same performer of effects, the same links,
//! the same way to form a plex and to come into one. It is built with `--cfg simulated` for that, which gives it other
//! disks, another network and another clock, and does in turn what threads do otherwise. What is left out is what surrounds
//! a member: TLS, the lanes of operators and regions, and the engine. Operators and programs are at the member, as in the
//! worlds over an ideal log, and the same invariants are asked ([`scene`]).
//!
//! Everything in a run follows from its seed: one thread runs all members ([turmoil](https://docs.rs/turmoil)), chance
//! that anybody asks the machine for is drawn from the seed ([`chance`]), and tokio's own is seeded too.

mod chance;
mod facts;
mod inside;
mod member;
mod scene;
mod storm;
mod world;

use crate::sweep::Tally;
use facts::Facts;
use std::time::Duration;
use world::World;

/// What came of a run with real consensus.
#[derive(Debug, Default)]
pub struct RaftReport {
    /// What happened, one line an event.
    pub story: Vec<String>,
    /// What was found, if something was.
    pub failure: Option<String>,
    /// How many faults there were.
    pub faults: u64,
    /// Activations that began.
    pub activations: u64,
    /// Activations that were committed.
    pub committed: u64,
    /// How often a member took a snapshot from another.
    pub installed: u64,
    /// How many terms had a master.
    pub masters: u64,
    /// How long the world lasted, in milliseconds of its own time.
    pub simulated_ms: u64,
}

/// What is broken on purpose, to show that it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// Disks say that they keep what is synced, and do not.
    LyingDisks,
    /// Members tell what they know without asking the master how much that has to be.
    StaleReads,
}

/// Runs the world of a seed, on a thread of its own: whatever is random on a thread begins with it.
pub fn raft(seed: u64, sabotage: Option<Sabotage>) -> RaftReport {
    let facts = Facts::default();
    let known = facts.clone();
    let run = move || {
        chance::begin(seed);
        World::new(seed, sabotage, known).run()
    };
    let thread = std::thread::Builder::new().name(format!("seed {seed}")).spawn(run);
    let failure = match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(report)) => return report,
        Ok(Err(panic)) => {
            let words = panic.downcast_ref::<String>().map(String::as_str);
            let words = words.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word");
            format!("a member panicked: {words}")
        }
        Err(error) => format!("no thread: {error}"),
    };
    let story = std::mem::take(&mut facts.known().story);
    RaftReport { story, failure: Some(failure), ..RaftReport::default() }
}

impl RaftReport {
    /// What it came to, in a line that [`Self::told`] reads.
    pub fn counts(&self) -> String {
        let Self { faults, activations, committed, installed, masters, simulated_ms, .. } = self;
        format!("{faults} {activations} {committed} {installed} {masters} {simulated_ms}")
    }

    /// What a process tells that ran one seed.
    fn told(said: &str, well: bool) -> Self {
        let mut story: Vec<String> = said.lines().map(str::to_string).collect();
        let counts = story.pop().unwrap_or_default();
        let counts: Vec<u64> = counts.split(' ').filter_map(|count| count.parse().ok()).collect();
        let [faults, activations, committed, installed, masters, simulated_ms] = counts[..] else {
            return Self { story, failure: Some("it ended without a report".to_string()), ..Self::default() };
        };
        let failure = (!well).then(|| story.pop().unwrap_or_default());
        Self { story, failure, faults, activations, committed, installed, masters, simulated_ms }
    }

    fn not_run(error: &std::io::Error) -> Self {
        Self { failure: Some(format!("it could not be run: {error}")), ..Self::default() }
    }
}

/// What came of many such runs.
#[derive(Debug, Default)]
pub struct RaftSum {
    faults: u64,
    activations: u64,
    committed: u64,
    installed: u64,
    masters: u64,
    simulated_ms: u64,
}

impl Tally for RaftSum {
    type Report = RaftReport;
    const REPLAY: &'static str = "--depth raft ";

    /// Runs it by a process of its own: two runs in one process were seen to differ by a millisecond.
    fn run(seed: u64, _: bool) -> RaftReport {
        let mut own = std::env::current_exe().map(std::process::Command::new);
        let output = own.as_mut().map(|own| {
            own.args(["--depth", "raft", "--seeds", "1", "--story", "--seed", &seed.to_string()]).output()
        });
        match output {
            Ok(Ok(output)) => {
                RaftReport::told(&String::from_utf8_lossy(&output.stdout), output.status.success())
            }
            Ok(Err(error)) => RaftReport::not_run(&error),
            Err(error) => RaftReport::not_run(error),
        }
    }

    fn failure(report: RaftReport) -> Option<(Vec<String>, String)> {
        report.failure.map(|found| (report.story, found))
    }

    fn add(&mut self, report: &RaftReport) {
        self.faults += report.faults;
        self.activations += report.activations;
        self.committed += report.committed;
        self.installed += report.installed;
        self.masters += report.masters;
        self.simulated_ms += report.simulated_ms;
    }

    fn counts(&self, took: Duration) -> String {
        let Self { faults, activations, committed, installed, masters, simulated_ms } = self;
        format!(
            "{activations} activations ({committed} committed), {faults} faults, {masters} masters, {installed} snapshots taken \
             from others, {:.1} minutes simulated in {:.0} s",
            *simulated_ms as f64 / 60_000.0,
            took.as_secs_f64(),
        )
    }
}
