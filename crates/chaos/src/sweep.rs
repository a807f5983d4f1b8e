//! Many seeds, on all cores.

use crate::locked;
use crate::run::{Report, ideal};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// After so many failures there is enough to look at.
const FAILURES_MAX: usize = 3;

/// How often progress is told.
const PROGRESS_EVERY: Duration = Duration::from_secs(5);

/// What came of many runs.
#[derive(Debug, Default)]
pub struct Sum {
    /// Runs that ended.
    pub runs: u64,
    /// Faults in all of them.
    pub faults: u64,
    /// Activations that began.
    pub activations: u64,
    /// Activations that were committed.
    pub committed: u64,
    /// Time of all the worlds together, in milliseconds.
    pub simulated_ms: u64,
    /// The seeds that failed.
    pub failures: Vec<u64>,
}

/// What many runs of one kind are summed up in.
pub trait Tally: Default + Send {
    /// What came of one run.
    type Report;

    /// Runs a seed; with its story where that is asked for.
    fn run(seed: u64, tells: bool) -> Self::Report;

    /// What was found in a run, if something was, with its story.
    fn failure(report: Self::Report) -> Option<(Vec<String>, String)>;

    /// Adds what came of a run.
    fn add(&mut self, seed: u64, report: &Self::Report);

    /// The seeds that failed.
    fn failures(&self) -> &[u64];

    /// What came of them all so far, in a line.
    fn progress(&self, count: u64, took: Duration) -> String;

    /// What the line that replays a run has to say beside the seed.
    const REPLAY: &'static str;
}

/// Runs `count` seeds from `first` on, on so many threads. `say` is given a line from time to time, and for a failure
/// the line that replays it and its story.
pub fn sweep<T: Tally>(first: u64, count: u64, threads: usize, say: &(dyn Fn(&str) + Sync)) -> T {
    let (next, sum, began) = (AtomicU64::new(0), Mutex::new((T::default(), Instant::now())), Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                loop {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    if nth >= count || locked(&sum).0.failures().len() >= FAILURES_MAX {
                        return;
                    }
                    let seed = first + nth;
                    let report = T::run(seed, false);
                    let (sum, told) = &mut *locked(&sum);
                    sum.add(seed, &report);
                    if let Some((_, found)) = T::failure(report) {
                        say(&failed::<T>(seed, &found));
                    }
                    if told.elapsed() >= PROGRESS_EVERY {
                        *told = Instant::now();
                        say(&sum.progress(count, began.elapsed()));
                    }
                }
            });
        }
    });
    let (sum, _) = sum.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    say(&sum.progress(count, began.elapsed()));
    sum
}

/// What there is to say of a seed that failed: the line that replays it, its story, and what was found.
fn failed<T: Tally>(seed: u64, found: &str) -> String {
    let mut told = vec![format!("FAILED: cargo xtask chaos {}--seeds 1 --seed {seed}", T::REPLAY)];
    match T::failure(T::run(seed, true)) {
        Some((story, found)) => {
            told.extend(story);
            told.push(found);
        }
        None => told.push(format!("run once more it does not fail; it failed with: {found}")),
    }
    told.join("\n")
}

impl Tally for Sum {
    type Report = Report;
    const REPLAY: &'static str = "";

    fn run(seed: u64, tells: bool) -> Report {
        ideal(seed, tells)
    }

    fn failure(report: Report) -> Option<(Vec<String>, String)> {
        report.failure.map(|found| (report.story, found))
    }

    fn add(&mut self, seed: u64, report: &Report) {
        self.runs += 1;
        self.faults += report.faults;
        self.activations += report.activations;
        self.committed += report.committed;
        self.simulated_ms += report.simulated_ms;
        if report.failure.is_some() {
            self.failures.push(seed);
        }
    }

    fn failures(&self) -> &[u64] {
        &self.failures
    }

    fn progress(&self, count: u64, took: Duration) -> String {
        let seconds = took.as_secs_f64().max(0.001);
        format!(
            "{} of {count} runs, {} failed: {} activations ({} committed, {:.0} a second), {} faults, {:.1} hours \
             simulated in {seconds:.0} s",
            self.runs,
            self.failures.len(),
            self.activations,
            self.committed,
            self.activations as f64 / seconds,
            self.faults,
            self.simulated_ms as f64 / 3_600_000.0,
        )
    }
}
