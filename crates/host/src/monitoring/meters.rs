//! What is counted as it happens.

use super::definition::{self, Definition};
use control_region::Course;
use csl::om::ReturnCode;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Metric, Registry};
use std::sync::Arc;
use std::time::Duration;
use vocabulary::Moment;

/// Registers a metric under the name and meaning that the table has.
pub(super) fn register(registry: &mut Registry, definition: &Definition, metric: impl Metric) {
    registry.register(definition.name, definition.help, metric);
}

/// A registry whose names begin as all of ours do.
pub(super) fn new_registry() -> Registry {
    Registry::with_prefix("imsplex")
}

/// From a tenth of a millisecond to more than ten minutes: a disk that syncs, and an operator who waits.
pub(crate) fn durations() -> Histogram {
    Histogram::new(exponential_buckets(0.0001, 2.0, 24))
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfVerb {
    verb: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfAnswer {
    verb: String,
    rc: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfPhase {
    phase: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfOutcome {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfLane {
    lane: String,
}

/// Counters and histograms of this process. Clones count together.
#[derive(Debug, Clone)]
pub(crate) struct Meters {
    commands: Family<OfAnswer, Counter>,
    command_durations: Family<OfVerb, Histogram, fn() -> Histogram>,
    activations: Family<OfOutcome, Counter>,
    activation_phases: Family<OfPhase, Histogram, fn() -> Histogram>,
    connections: Family<OfLane, Gauge>,
    registry: Arc<Registry>,
}

/// An open connection, as long as this is kept.
#[derive(Debug)]
pub(crate) struct OpenConnection(Gauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Meters {
    /// Everything at zero. `log_syncs` is what the log of consensus counts in.
    pub(crate) fn new(log_syncs: Histogram) -> Self {
        let mut registry = new_registry();
        let (commands, activations, connections) = <(Family<_, _>, Family<_, _>, Family<_, _>)>::default();
        let command_durations = Family::new_with_constructor(durations as fn() -> Histogram);
        let activation_phases = Family::new_with_constructor(durations as fn() -> Histogram);
        register(&mut registry, &definition::COMMANDS, commands.clone());
        register(&mut registry, &definition::COMMAND_DURATION, command_durations.clone());
        register(&mut registry, &definition::ACTIVATIONS, activations.clone());
        register(&mut registry, &definition::ACTIVATION_PHASE, activation_phases.clone());
        register(&mut registry, &definition::CONNECTIONS, connections.clone());
        register(&mut registry, &definition::LOG_SYNC, log_syncs);
        let registry = Arc::new(registry);
        Self { commands, command_durations, activations, activation_phases, connections, registry }
    }

    pub(super) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// A connection was let in over this lane.
    pub(crate) fn connected(&self, lane: sci::Lane) -> OpenConnection {
        let open = self.connections.get_or_create_owned(&OfLane { lane: lane.to_string() });
        open.inc();
        OpenConnection(open)
    }

    /// An operator was answered.
    pub(crate) fn answered(&self, verb: &str, rc: ReturnCode, took: Duration) {
        let labels = OfAnswer { verb: verb.to_string(), rc: rc.to_string() };
        self.commands.get_or_create(&labels).inc();
        let labels = OfVerb { verb: verb.to_string() };
        self.command_durations.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// An activation is over. Its master tells of it, and of the others nobody, so that it counts once.
    pub(crate) fn activation_ended(&self, course: &Course) {
        if !course.coordinated {
            return;
        }
        let outcome = if course.level.is_some() { "committed" } else { "backed_out" };
        self.activations.get_or_create(&OfOutcome { outcome }).inc();
        for (phase, from, until) in phases(course) {
            let seconds = until.0.saturating_sub(from.0) as f64 / 1e6;
            self.activation_phases.get_or_create(&OfPhase { phase }).observe(seconds);
        }
    }
}

/// The phases that an activation went through, each with its begin and its end.
pub(crate) fn phases(course: &Course) -> Vec<(&'static str, Moment, Moment)> {
    let mut phases = Vec::new();
    if let Some(taken) = course.taken {
        phases.push(("prepare", taken, course.prepared));
    }
    phases.push(("commit1", course.prepared, course.committed.unwrap_or(course.ended)));
    if let Some(committed) = course.committed {
        phases.push(("commit2", committed, course.ended));
    }
    phases.push(("total", course.taken.unwrap_or(course.prepared), course.ended));
    phases
}
