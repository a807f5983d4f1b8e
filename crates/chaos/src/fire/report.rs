//! What a plex under fire came to.

use super::operators::Tally;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// The report of one run.
#[derive(Debug, Default)]
pub struct FireReport {
    /// How many members there were at its end.
    pub members: usize,
    /// How long it took.
    pub took: Duration,
    /// Faults, by kind.
    pub faults: BTreeMap<&'static str, u64>,
    pub(super) stagings: Tally,
    pub(super) imports: Tally,
    pub(super) lists: Tally,
    /// Activations that a survivor finished or backed out.
    pub taken_over: usize,
    /// The longest time in which no member had the newest state to tell.
    pub masterless_longest: Duration,
    /// What was found wrong.
    pub wrong: Option<String>,
}

impl FireReport {
    /// All faults together.
    pub fn faults_total(&self) -> u64 {
        self.faults.values().sum()
    }
}

impl fmt::Display for FireReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by_kind: Vec<String> =
            self.faults.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        writeln!(f, "{} members under fire for {} s", self.members, self.took.as_secs())?;
        writeln!(f, "faults            {}: {}", self.faults_total(), by_kind.join(", "))?;
        writeln!(f, "activations       {}, {} taken over", self.imports, self.taken_over)?;
        writeln!(f, "populate jobs     {}", self.stagings)?;
        writeln!(f, "listings          {}", self.lists)?;
        let longest = self.masterless_longest.as_secs_f64();
        writeln!(f, "without a master  {longest:.1} s at the longest")?;
        match &self.wrong {
            None => write!(f, "lost              nothing; one order explains every answer"),
            Some(wrong) => write!(f, "WRONG             {wrong}"),
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tried, acknowledged, refused, unknown } = self;
        write!(f, "{tried} tried: {acknowledged} acknowledged, {refused} refused, {unknown} not told of")
    }
}
