//! What was seen, as numbers under their names.

use super::definition as name;
use super::definition::Definition;
use super::health;
use super::meters::{new_registry, register};
use super::sight::{Seen, Sight};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::sync::atomic::AtomicU64;
use vocabulary::Moment;

/// A number, whole or not.
type Reading = Gauge<f64, AtomicU64>;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfMember {
    member: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfState {
    state: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfMessage {
    number: &'static str,
    severity: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfRelease {
    member: String,
    plex: String,
    version: &'static str,
}

/// Everything that was seen, ready to be written.
pub(super) fn of(sight: &Sight, seen: &Seen) -> Registry {
    let mut readings = Readings(new_registry());
    readings.process(sight, seen);
    readings.member(seen);
    readings.consensus(seen);
    readings.disk(seen);
    readings.0
}

struct Readings(Registry);

impl Readings {
    fn tell(&mut self, definition: &Definition, value: f64) {
        let reading = Reading::default();
        reading.set(value);
        register(&mut self.0, definition, reading);
    }

    fn count(&mut self, definition: &Definition, count: u64) {
        self.tell(definition, count as f64);
    }

    fn whether(&mut self, definition: &Definition, holds: bool) {
        self.tell(definition, f64::from(u8::from(holds)));
    }

    fn process(&mut self, sight: &Sight, seen: &Seen) {
        let info = Family::<OfRelease, Reading>::default();
        let (member, plex) = (sight.member.to_string(), sight.plex.to_string());
        info.get_or_create(&OfRelease { member, plex, version: env!("CARGO_PKG_VERSION") }).set(1.0);
        register(&mut self.0, &name::MEMBER_INFO, info);
        self.tell(&name::START_TIME, seconds(sight.started));
        self.tell(&name::CERTIFICATE_EXPIRY, seen.certificate_ends_s as f64);
        let refused = Counter::<u64>::default();
        refused.inc_by(seen.refused);
        register(&mut self.0, &name::CONNECTIONS_REFUSED, refused);
        let messages = Family::<OfMessage, Counter>::default();
        for issued in &seen.issued {
            let labels = OfMessage { number: issued.number, severity: issued.severity.letter() };
            messages.get_or_create(&labels).inc_by(issued.count);
        }
        register(&mut self.0, &name::MESSAGES, messages);
    }

    fn member(&mut self, seen: &Seen) {
        let region = &seen.region;
        self.whether(&name::READY, health::all_well(&health::ready(seen)));
        self.whether(&name::RUNNING, region.running);
        self.count(&name::COMMANDS_WAITING, region.commands_waiting);
        let members = Family::<OfState, Reading>::default();
        for (state, count) in &region.members {
            members.get_or_create(&OfState { state: state.to_string() }).set(*count as f64);
        }
        register(&mut self.0, &name::MEMBERS, members);
        self.count(&name::LINKS_WANTED, region.links_wanted);
        self.count(&name::LINKS_UP, region.links_up);
        self.count(&name::DIRECTORY_LEVEL, region.directory_level);
        self.count(&name::REFRESH_PENDING, region.refresh_pending);
        self.count(&name::REGIONS_SCHEDULED, region.regions_scheduled);
        self.count(&name::STAGED_DEFINITIONS, region.staged_definitions);
        self.count(&name::STAGING, region.staging_bytes);
        self.count(&name::STAGING_MAX, region.staging_bytes_max);
        self.whether(&name::ACTIVATION_UNDER_WAY, region.activation_began.is_some());
        let age_ms = region.activation_began.map_or(0, |began| seen.at.ms_since(began));
        self.tell(&name::ACTIVATION_AGE, age_ms as f64 / 1e3);
    }

    fn consensus(&mut self, seen: &Seen) {
        let standing = &seen.standing;
        self.count(&name::RAFT_TERM, standing.term);
        // Whoever led when the majority went leads nobody, and others may have elected another by now.
        self.whether(&name::RAFT_IS_MASTER, standing.is_master && standing.quorum);
        self.whether(&name::RAFT_MASTER_KNOWN, standing.leader.is_some() && standing.quorum);
        self.whether(&name::RAFT_QUORUM, standing.quorum);
        self.count(&name::RAFT_VOTERS, standing.voters.len() as u64);
        self.count(&name::RAFT_LEARNERS, standing.learners.len() as u64);
        for (definition, index) in [
            (&name::RAFT_LAST_LOG, standing.last_log),
            (&name::RAFT_COMMITTED, standing.committed),
            (&name::RAFT_APPLIED, standing.applied),
            (&name::RAFT_SNAPSHOT_INDEX, standing.snapshot),
        ] {
            self.count(definition, index.unwrap_or(0));
        }
        let lags = Family::<OfMember, Reading>::default();
        let others = standing.voters.iter().chain(&standing.learners);
        for (node, other) in others.filter(|(node, _)| standing.is_master && **node != standing.node_id) {
            let member =
                seen.region.nodes.get(node).map_or_else(|| other.address.clone(), ToString::to_string);
            let lag = standing.last_log.unwrap_or(0).saturating_sub(other.matched.unwrap_or(0));
            lags.get_or_create(&OfMember { member }).set(lag as f64);
        }
        register(&mut self.0, &name::RAFT_LAG, lags);
        self.count(&name::RAFT_LOG, standing.log_bytes);
        self.count(&name::RAFT_SNAPSHOT, seen.snapshot_bytes);
        self.whether(&name::RAFT_LOG_FULL, standing.full.is_some());
    }

    /// Where the file system does not say how much room there is, nothing is told.
    fn disk(&mut self, seen: &Seen) {
        if let Some(space) = seen.space {
            self.count(&name::DISK_FREE, space.free_bytes);
            self.count(&name::DISK_SIZE, space.size_bytes);
        }
    }
}

fn seconds(moment: Moment) -> f64 {
    moment.0 as f64 / 1e6
}
