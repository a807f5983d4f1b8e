//! What a member is told in its configuration file.
//!
//! The file as it is written is read first; [`Config`] is what holds after it was checked. Every key is
//! described in `docs/configuration.md`.

use catalog::Retention;
use plex::{AuditBound, AuditBounds, Membership};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use vocabulary::{MemberName, PlexName};

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberFile {
    member: MemberName,
    plex: PlexName,
    data: PathBuf,
    #[serde(default)]
    acbshr: AcbShare,
    listen: Listen,
    tls: Tls,
    members: Vec<Neighbour>,
    #[serde(default)]
    consensus: Consensus,
    #[serde(default)]
    activation: Activation,
    #[serde(default)]
    retention: RetentionKeys,
    #[serde(default)]
    audit: AuditKeys,
    #[serde(default)]
    log: Log,
}

/// ACBSHR=.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
enum AcbShare {
    #[default]
    Y,
    N,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listen {
    address: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tls {
    authority: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Neighbour {
    name: MemberName,
    address: String,
}

/// How the consensus group keeps time and its log.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Consensus {
    /// How often a leader says that it is there.
    pub heartbeat_ms: u64,
    /// The shortest silence after which a member stands for election.
    pub election_min_ms: u64,
    /// The longest.
    pub election_max_ms: u64,
    /// How many entries the log has at most before a snapshot is made.
    pub snapshot_entries: u64,
    /// How large the log is at most before a snapshot is made.
    pub snapshot_mib: u64,
}

impl Default for Consensus {
    fn default() -> Self {
        Self {
            heartbeat_ms: 100,
            election_min_ms: 500,
            election_max_ms: 900,
            snapshot_entries: 10_000,
            snapshot_mib: 64,
        }
    }
}

/// The limits of an activation.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Activation {
    /// How long participants have for each step, in seconds.
    pub step_timeout_s: u64,
    /// How long an import waits for the staging data set, in seconds.
    pub staging_wait_s: u64,
    /// How much the staging data set holds, in MiB.
    pub staging_mib: u64,
    /// How long a silent member counts as active, in milliseconds.
    pub member_lost_ms: u64,
    /// How long a populate job waits for its next part, in seconds.
    pub populate_idle_s: u64,
}

impl Default for Activation {
    fn default() -> Self {
        Self {
            step_timeout_s: 300,
            staging_wait_s: 150,
            staging_mib: 512,
            member_lost_ms: 3_000,
            populate_idle_s: 60,
        }
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RetentionKeys {
    instances: u16,
    days: u16,
}

impl Default for RetentionKeys {
    fn default() -> Self {
        let Retention { instances, days } = Retention::default();
        Self { instances, days }
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct AuditKeys {
    changes: u64,
    changes_kib: u64,
    queries: u64,
    queries_kib: u64,
}

impl Default for AuditKeys {
    fn default() -> Self {
        let AuditBounds { changes, queries } = AuditBounds::default();
        Self {
            changes: changes.records,
            changes_kib: changes.bytes >> 10,
            queries: queries.records,
            queries_kib: queries.bytes >> 10,
        }
    }
}

impl AuditKeys {
    fn bounds(self) -> AuditBounds {
        AuditBounds {
            changes: AuditBound { records: self.changes, bytes: self.changes_kib << 10 },
            queries: AuditBound { records: self.queries, bytes: self.queries_kib << 10 },
        }
    }
}

/// How the member writes its log.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// Lines for people, or a JSON object a line.
    pub format: LogFormat,
    /// `error`, `warn`, `info`, `debug`, `trace`, or a filter as `tracing` has it.
    pub level: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: "info".to_string() }
    }
}

/// Lines for people, or a JSON object a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// A JSON object a line.
    Json,
}

/// A configuration that was checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The member's name.
    pub member: MemberName,
    /// The plex it belongs to.
    pub plex: PlexName,
    /// The folder that everything it keeps is in.
    pub data: PathBuf,
    /// Whether it shares the catalog of the plex.
    pub membership: Membership,
    /// Where it listens.
    pub address: String,
    /// The certificate of the authority, the member's own, and its key.
    pub tls: sci::IdentityFiles,
    /// The founding members, this one among them if it is one.
    pub members: BTreeMap<MemberName, String>,
    /// How the consensus group keeps time and its log.
    pub consensus: Consensus,
    /// The limits of an activation.
    pub activation: Activation,
    /// What prior instances an activation keeps.
    pub retention: Retention,
    /// How much the audit record holds.
    pub audit: AuditBounds,
    /// How the member writes its log.
    pub log: Log,
}

/// A configuration that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("{}: {source}. Give the member's configuration with --config", file.display())]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not TOML, or a key is unknown, missing or of another kind.
    #[error("{}: {source}", file.display())]
    Malformed {
        /// Which file.
        file: PathBuf,
        /// What, and at which place.
        source: Box<toml::de::Error>,
    },
    /// Two keys do not go together, or a value can't be.
    #[error("{}: {key}: {reason}", file.display())]
    Wrong {
        /// Which file.
        file: PathBuf,
        /// Which key.
        key: String,
        /// What is wrong with it and what would be right.
        reason: String,
    },
}

impl Config {
    /// Reads and checks a configuration file. Relative paths in it start at its folder.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(file)
            .map_err(|source| ConfigError::Unreadable { file: file.to_path_buf(), source })?;
        Self::parse(file, &text)
    }

    fn parse(file: &Path, text: &str) -> Result<Self, ConfigError> {
        let written: MemberFile = toml::from_str(text).map_err(|source| ConfigError::Malformed {
            file: file.to_path_buf(),
            source: Box::new(source),
        })?;
        check(&written).map_err(|(key, reason)| ConfigError::Wrong {
            file: file.to_path_buf(),
            key: key.to_string(),
            reason,
        })?;
        let folder = file.parent().unwrap_or(Path::new("."));
        Ok(written.settle(folder))
    }
}

impl MemberFile {
    fn settle(self, folder: &Path) -> Config {
        Config {
            member: self.member,
            plex: self.plex,
            data: folder.join(self.data),
            membership: match self.acbshr {
                AcbShare::Y => Membership::Sharer,
                AcbShare::N => Membership::Guest,
            },
            address: self.listen.address,
            tls: sci::IdentityFiles {
                ca: folder.join(self.tls.authority),
                certificate: folder.join(self.tls.certificate),
                key: folder.join(self.tls.key),
            },
            members: self.members.into_iter().map(|member| (member.name, member.address)).collect(),
            consensus: self.consensus,
            activation: self.activation,
            retention: Retention { instances: self.retention.instances, days: self.retention.days },
            audit: self.audit.bounds(),
            log: self.log,
        }
    }
}

/// Less would not hold a few long commands.
const AUDIT_KIB_LEAST: u64 = 64;
const AUDIT_KIB_MOST: u64 = 64 << 10;

type Complaint = (&'static str, String);

fn check(file: &MemberFile) -> Result<(), Complaint> {
    check_members(file)?;
    check_timers(&file.consensus)?;
    check_limits(file)
}

fn check_members(file: &MemberFile) -> Result<(), Complaint> {
    let (mut names, mut addresses) = (BTreeSet::new(), BTreeSet::new());
    for member in &file.members {
        if !names.insert(member.name) {
            return Err(("members.name", format!("{} is named twice; name each member once", member.name)));
        }
        if !addresses.insert(member.address.as_str()) {
            return Err(("members.address", format!("{} is given to two members", member.address)));
        }
        check_address("members.address", &member.address)?;
    }
    check_address("listen.address", &file.listen.address)?;
    if file.members.is_empty() {
        return Err(("members", "no member is named; name every founding member of the plex".to_string()));
    }
    let own = file.members.iter().find(|member| member.name == file.member);
    match own {
        Some(own) if own.address != file.listen.address => {
            let reason = format!(
                "{} listens at {}, and the others are told {}; make them the same",
                file.member, file.listen.address, own.address
            );
            Err(("listen.address", reason))
        }
        _ => Ok(()),
    }
}

fn check_address(key: &'static str, address: &str) -> Result<(), Complaint> {
    let port =
        address.rsplit_once(':').filter(|(host, _)| !host.is_empty()).map(|(_, port)| port.parse::<u16>());
    match port {
        Some(Ok(port)) if port > 0 => Ok(()),
        _ => {
            Err((key, format!("{address:?} is not an address; write host:port with a port from 1 to 65535")))
        }
    }
}

fn check_timers(consensus: &Consensus) -> Result<(), Complaint> {
    let Consensus { heartbeat_ms, election_min_ms, election_max_ms, snapshot_entries, snapshot_mib } =
        *consensus;
    if heartbeat_ms == 0 {
        return Err(("consensus.heartbeat_ms", "0 is too short; the default is 100".to_string()));
    }
    // A follower has to miss several heartbeats before it doubts the leader.
    if election_min_ms < 3 * heartbeat_ms {
        let reason = format!(
            "{election_min_ms} is too short: it takes at least three heartbeats of {heartbeat_ms} ms"
        );
        return Err(("consensus.election_min_ms", reason));
    }
    if election_max_ms <= election_min_ms {
        let reason =
            format!("{election_max_ms} has to be longer than election_min_ms, which is {election_min_ms}");
        return Err(("consensus.election_max_ms", reason));
    }
    if snapshot_entries == 0 || snapshot_mib == 0 {
        return Err(("consensus.snapshot_entries", "the bounds of the log can't be 0".to_string()));
    }
    Ok(())
}

fn check_limits(file: &MemberFile) -> Result<(), Complaint> {
    let Activation { step_timeout_s, staging_mib, member_lost_ms, populate_idle_s, .. } = file.activation;
    for (key, value) in [
        ("activation.step_timeout_s", step_timeout_s),
        ("activation.staging_mib", staging_mib),
        ("activation.member_lost_ms", member_lost_ms),
        ("activation.populate_idle_s", populate_idle_s),
        ("retention.instances", u64::from(file.retention.instances)),
        ("audit.changes", file.audit.changes),
        ("audit.queries", file.audit.queries),
    ] {
        if value == 0 {
            return Err((key, "0 is not allowed".to_string()));
        }
    }
    // Every member holds the whole record in memory, and sends it with its snapshots.
    for (key, value) in
        [("audit.changes_kib", file.audit.changes_kib), ("audit.queries_kib", file.audit.queries_kib)]
    {
        if !(AUDIT_KIB_LEAST..=AUDIT_KIB_MOST).contains(&value) {
            return Err((key, format!("{value} is not from {AUDIT_KIB_LEAST} to {AUDIT_KIB_MOST}")));
        }
    }
    tracing_subscriber::EnvFilter::try_new(&file.log.level)
        .map(|_| ())
        .map_err(|error| ("log.level", format!("{:?} is no level or filter: {error}", file.log.level)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
member = "IMS1"
plex = "PLEX1"
data = "data/IMS1"
[listen]
address = "127.0.0.1:7101"
[tls]
authority = "certs/ca.pem"
certificate = "certs/IMS1.pem"
key = "certs/IMS1-key.pem"
[[members]]
name = "IMS1"
address = "127.0.0.1:7101"
[[members]]
name = "IMS2"
address = "127.0.0.1:7102"
"#;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(Path::new("/plex/IMS1.toml"), text).map_err(|error| error.to_string())
    }

    fn refusal(from: &str, to: &str) -> String {
        assert!(GOOD.contains(from));
        parse(&GOOD.replacen(from, to, 1)).unwrap_err()
    }

    #[test]
    fn defaults_fill_in_and_paths_start_at_the_file() {
        let config = parse(GOOD).unwrap();
        assert_eq!(config.data, Path::new("/plex/data/IMS1"));
        assert_eq!(config.tls.ca, Path::new("/plex/certs/ca.pem"));
        assert_eq!((config.membership, config.activation.step_timeout_s), (Membership::Sharer, 300));
        assert_eq!(config.retention, Retention { instances: 2, days: 0 });
    }

    #[test]
    fn every_wrong_key_is_named_with_what_would_be_right() {
        let twice = refusal("name = \"IMS2\"", "name = \"IMS1\"");
        assert_eq!(twice, "/plex/IMS1.toml: members.name: IMS1 is named twice; name each member once");
        let elsewhere = refusal("127.0.0.1:7101", "127.0.0.1:7109");
        assert!(elsewhere.contains("listen.address: IMS1 listens at 127.0.0.1:7109"), "{elsewhere}");
        let address = refusal("127.0.0.1:7102", "localhost");
        assert!(address.contains("\"localhost\" is not an address"), "{address}");
        let unknown = refusal("data =", "dada =");
        assert!(unknown.contains("unknown field `dada`") && unknown.contains("line 4"), "{unknown}");
        let long = refusal("member = \"IMS1\"", "member = \"IMS1IMS1IMS1\"");
        assert!(long.contains("too long for a member name"), "{long}");
        let timers = parse(&format!("{GOOD}[consensus]\nheartbeat_ms = 400\n")).unwrap_err();
        assert!(timers.contains("consensus.election_min_ms: 500 is too short"), "{timers}");
        let level = parse(&format!("{GOOD}[log]\nlevel = \"host=loud\"\n")).unwrap_err();
        assert!(level.contains("log.level"), "{level}");
        let share = parse(&format!("acbshr = \"X\"\n{GOOD}")).unwrap_err();
        assert!(share.contains("unknown variant `X`"), "{share}");
    }
}
