//! Many seeds, on all cores.

use crate::locked;
use crate::run::{Report, ideal};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// After so many failures there is enough to look at.
const FAILURES_MAX: usize = 3;

/// How often progress is told.
const PROGRESS_EVERY: Duration = Duration::from_secs(5);

/// What many runs of one kind are summed up in.
pub trait Tally: Default + Send {
    /// What came of one run.
    type Report;

    /// What the line that replays a run has to say beside the seed.
    const REPLAY: &'static str;

    /// Runs a seed; with its story where that is asked for.
    fn run(seed: u64, tells: bool) -> Self::Report;

    /// What was found in a run, if something was, with its story.
    fn failure(report: Self::Report) -> Option<(Vec<String>, String)>;

    /// Adds what came of a run.
    fn add(&mut self, report: &Self::Report);

    /// What came of all runs so far, in a line.
    fn counts(&self, took: Duration) -> String;
}

/// The runs that are over.
struct Swept<T> {
    sum: T,
    runs: u64,
    failures: Vec<u64>,
    told: Instant,
}

impl<T: Tally> Swept<T> {
    fn progress(&self, count: u64, took: Duration) -> String {
        let Self { sum, runs, failures, .. } = self;
        format!("{runs} of {count} runs, {} failed: {}", failures.len(), sum.counts(took))
    }
}

/// Runs `count` seeds from `first` on, on so many threads, and gives those that failed. `say` is given a line from time to
/// time, and for a failure the line that replays it and its story.
pub fn sweep<T: Tally>(first: u64, count: u64, threads: usize, say: &(dyn Fn(&str) + Sync)) -> Vec<u64> {
    let (next, began) = (AtomicU64::new(0), Instant::now());
    let swept = Mutex::new(Swept { sum: T::default(), runs: 0, failures: Vec::new(), told: began });
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                loop {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    if nth >= count || locked(&swept).failures.len() >= FAILURES_MAX {
                        return;
                    }
                    let seed = first + nth;
                    let report = T::run(seed, false);
                    let swept = &mut *locked(&swept);
                    swept.runs += 1;
                    swept.sum.add(&report);
                    if let Some((_, found)) = T::failure(report) {
                        swept.failures.push(seed);
                        say(&failed::<T>(seed, &found));
                    }
                    if swept.told.elapsed() >= PROGRESS_EVERY {
                        swept.told = Instant::now();
                        say(&swept.progress(count, began.elapsed()));
                    }
                }
            });
        }
    });
    let swept = swept.into_inner().unwrap_or_else(PoisonError::into_inner);
    say(&swept.progress(count, began.elapsed()));
    swept.failures
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

/// What came of many runs over an ideal log.
#[derive(Debug, Default)]
pub struct IdealSum {
    faults: u64,
    activations: u64,
    committed: u64,
    simulated_ms: u64,
}

impl Tally for IdealSum {
    type Report = Report;
    const REPLAY: &'static str = "";

    fn run(seed: u64, tells: bool) -> Report {
        ideal(seed, tells)
    }

    fn failure(report: Report) -> Option<(Vec<String>, String)> {
        report.failure.map(|found| (report.story, found))
    }

    fn add(&mut self, report: &Report) {
        self.faults += report.faults;
        self.activations += report.activations;
        self.committed += report.committed;
        self.simulated_ms += report.simulated_ms;
    }

    fn counts(&self, took: Duration) -> String {
        let Self { faults, activations, committed, simulated_ms } = self;
        let seconds = took.as_secs_f64().max(0.001);
        format!(
            "{activations} activations ({committed} committed, {:.0} a second), {faults} faults, {:.1} hours simulated in \
             {seconds:.0} s",
            *activations as f64 / seconds,
            *simulated_ms as f64 / 3_600_000.0,
        )
    }
}
