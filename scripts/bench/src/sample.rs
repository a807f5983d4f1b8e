//! Samples and what is told of them.

use std::time::{Duration, Instant};

/// Timed operations of one kind.
#[derive(Debug, Default)]
pub(crate) struct Samples(Vec<Duration>);

impl Samples {
    /// Times one operation.
    pub(crate) fn time<T>(&mut self, operation: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let value = operation();
        self.0.push(start.elapsed());
        value
    }

    /// Adds one that was timed elsewhere.
    pub(crate) fn add(&mut self, sample: Duration) {
        self.0.push(sample);
    }

    /// Adds those of another run.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// The sample that this share of all is not longer than.
    pub(crate) fn percentile(&self, share: f64) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let last = sorted.len().saturating_sub(1);
        let at = (last as f64 * share).round() as usize;
        sorted.get(at).copied().unwrap_or_default()
    }

    /// The median.
    pub(crate) fn median(&self) -> Duration {
        self.percentile(0.5)
    }

    /// Median and 99th percentile in milliseconds, and how many samples there are.
    pub(crate) fn report(&self) -> String {
        format!("p50 {} ms, p99 {} ms (n={})", ms(self.median()), ms(self.percentile(0.99)), self.0.len())
    }
}

/// Milliseconds with as many places as matter.
pub(crate) fn ms(duration: Duration) -> String {
    let ms = duration.as_secs_f64() * 1_000.0;
    if ms < 10.0 { format!("{ms:.3}") } else { format!("{ms:.1}") }
}
