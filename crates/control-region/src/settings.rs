//! What a member is told about itself before it starts.

use catalog::Retention;
use plex::{AuditBounds, Incarnation, Membership};
use std::collections::{BTreeMap, BTreeSet};
use vocabulary::{DbdName, MemberName, PlexName};

/// What a member is, and the limits it keeps.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its name.
    pub member: MemberName,
    /// The plex it belongs to.
    pub plex: PlexName,
    /// Its number in the consensus group.
    pub node: u64,
    /// This run of it.
    pub incarnation: Incarnation,
    /// Where it listens.
    pub address: String,
    /// Whether it shares the catalog of the plex.
    pub membership: Membership,
    /// Whether a cold start is asked for.
    pub cold: bool,
    /// The release.
    pub version: String,
    /// Members it keeps links to although its roster may not name them.
    pub neighbours: BTreeMap<MemberName, String>,
    /// How long participants of an activation have for each step.
    pub step_timeout_ms: u64,
    /// How long a master waits for the others to say that they are ready before it begins an activation and has them
    /// vote. Where it is 0 they always vote.
    pub canvass_wait_ms: u64,
    /// How long an import waits for the staging data set.
    pub staging_wait_ms: u64,
    /// How long OM collects answers where the operator does not say.
    pub command_wait_ms: u64,
    /// How long a silent member stays in the roster as active.
    pub member_lost_ms: u64,
    /// After how long what is owed is asked for or sent again.
    pub retry_ms: u64,
    /// After how long what consensus did not take is asked of it again. Short: right after an election it takes nothing.
    pub consensus_retry_ms: u64,
    /// How long a populate job waits for its next part.
    pub populate_idle_ms: u64,
    /// Units of work that define nothing but what is new are activated when they are committed: AUTOIMPORT(CREATE).
    pub auto_import: bool,
    /// The same, where the databases are DEDBs: AUTOCREATE.
    pub auto_create: bool,
    /// How much the staging data set holds.
    pub staging_bytes_max: u64,
    /// What prior instances an activation keeps.
    pub retention: Retention,
    /// How much the audit record holds.
    pub audit: AuditBounds,
    /// Whether there is an engine, to open the databases of programs with. Without one programs are scheduled for what
    /// they do to activations alone.
    pub has_engine: bool,
    /// The databases that were open for update when the log of an earlier run ended.
    pub unrecovered: BTreeSet<DbdName>,
}
