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

/// Runs `count` seeds from `first` on, on so many threads. `say` is given a line from time to time, and for a failure
/// the line that replays it and its story.
pub fn sweep(first: u64, count: u64, threads: usize, say: &(dyn Fn(&str) + Sync)) -> Sum {
    let (next, sum, began) =
        (AtomicU64::new(0), Mutex::new((Sum::default(), Instant::now())), Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                loop {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    if nth >= count || locked(&sum).0.failures.len() >= FAILURES_MAX {
                        return;
                    }
                    let seed = first + nth;
                    let report = ideal(seed, false);
                    if report.failure.is_some() {
                        say(&failed(seed));
                    }
                    let (sum, told) = &mut *locked(&sum);
                    sum.add(seed, &report);
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
fn failed(seed: u64) -> String {
    let Report { failure, mut story, .. } = ideal(seed, true);
    story.insert(0, format!("FAILED: cargo xtask chaos --seeds 1 --seed {seed}"));
    story.extend(failure);
    story.join("\n")
}

impl Sum {
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
