//! What a member is told in its configuration file.
//!
//! The file as it is written is read first; [`Config`] is what holds after it was checked. Each key is declared once,
//! with type, default, limits and meaning, and `docs/configuration.md` is made from that ([`reference()`]).

mod databases;
mod keys;
mod page;

pub use databases::Databases;
pub use keys::Key;
pub use page::reference;

use crate::monitoring::OtlpEndpoint;
use catalog::Retention;
use keys::{Address, Table, Value, needed, table};
use plex::{AuditBound, AuditBounds, Membership};
use sci::named_file;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use vocabulary::{MemberName, PlexName};

needed! {
    /// The file as it is written.
    struct MemberFile {
        /// IMSID of this member: 1 to 8 letters, digits, `#`, `@`, `$`
        member: MemberName;
        /// name of the plex; a member refuses a data folder of another plex
        plex: PlexName;
        /// folder for everything the member keeps. One member a folder; a second process on it is refused
        data: PathBuf;
    }
    defaults {
        /// `"Y"` shares the catalog of the plex, `"N"` keeps its own. Changing it for an existing folder is refused
        /// (DFS4160E, DFS4593E)
        acbshr: AcbShare;
    }
    tables {
        listen: Listen;
        tls: Tls;
        members: Vec<Neighbour>;
        #[serde(default)]
        consensus: Consensus;
        #[serde(default)]
        activation: Activation;
        #[serde(default)]
        retention: RetentionKeys;
        #[serde(default)]
        audit: AuditKeys;
        #[serde(default)]
        databases: Databases;
        #[serde(default)]
        limits: LimitKeys;
        #[serde(default)]
        log: Log;
        #[serde(default)]
        monitoring: Monitoring;
    }
}

/// ACBSHR=.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
enum AcbShare {
    #[default]
    Y,
    N,
}

needed! {
    /// `[listen]`.
    struct Listen {
        /// host and port on which members, operators and regions reach this member; the same as under `[[members]]`
        address: Address;
    }
}

needed! {
    /// `[tls]`.
    struct Tls {
        /// PEM certificate of the authority of this plex. Nobody without a certificate of it is answered
        authority: PathBuf;
        /// PEM certificate of this member. Its common name is the IMSID, its organization the plex, its unit `member`
        certificate: PathBuf;
        /// PEM private key of that certificate
        key: PathBuf;
    }
    defaults {
        /// how many days before a certificate or its authority ends CERT403W says so, once a day
        warn_days: WarnDays, 0..=u16::MAX.into();
    }
}

/// How many days before the end of a certificate.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(transparent)]
struct WarnDays(u16);

impl Default for WarnDays {
    fn default() -> Self {
        Self(30)
    }
}

needed! {
    /// One of `[[members]]`.
    struct Neighbour {
        /// IMSID
        name: MemberName;
        /// host and port on which the others reach it
        address: Address;
    }
}

/// An hour, for limits of what is waited for.
const HOUR_S: u64 = 3_600;
const HOUR_MS: u64 = HOUR_S * 1_000;

table! {
    /// How the consensus group keeps time and its log.
    pub struct Consensus {
        /// how often the master tells the others that it is there
        heartbeat_ms: u64 = 100, 1..=HOUR_MS;
        /// the least silence of the master after which a member stands for election; at least three heartbeats
        election_min_ms: u64 = 500, 1..=HOUR_MS;
        /// the most, longer than the least; each member picks a time between the two
        election_max_ms: u64 = 900, 1..=HOUR_MS;
        /// a snapshot is taken after so many log entries
        snapshot_entries: u64 = 10_000, 1..=1_000_000_000;
        /// or after so many MiB of log, whichever comes first. On the disk the log takes up to three times that; it
        /// lies in segments of a quarter of it, 16 MiB at most
        snapshot_mib: u64 = 64, 1..=1_048_576;
    }
}

table! {
    /// The limits of an activation.
    pub struct Activation {
        /// how long a phase waits for a member; after it the member counts as silent (CC 91)
        step_timeout_s: u64 = 300, 1..=24 * HOUR_S;
        /// how long an IMPORT waits for staging that somebody else holds (DFS4338W, then DFS4333E)
        staging_wait_s: u64 = 150, 0..=24 * HOUR_S;
        /// the most that staging holds (DFS3642E when it is full)
        staging_mib: u64 = 512, 1..=1_048_576;
        /// how long the link to a member is lost until the member counts as down (a link is lost after 6 s of silence);
        /// and how long a member whose disk is full waits for room before it stops
        member_lost_ms: u64 = 3_000, 1..=HOUR_MS;
        /// how long a populate job waits for its next part before it is given up
        populate_idle_s: u64 = 60, 1..=24 * HOUR_S;
        /// activate a unit of DDL when it is committed, where all that it defines is new (AUTOIMPORT(CREATE)); what the
        /// master says counts
        autoimport_create: bool = false;
        /// the same, where its databases are DEDBs (AUTOCREATE)
        autocreate: bool = false;
    }
}

table! {
    /// What prior instances are kept.
    struct RetentionKeys {
        /// how many instances of a definition are kept at least
        instances: u16 = Retention::default().instances, 1..=u16::MAX.into();
        /// and for how many days at least
        days: u16 = Retention::default().days, 0..=u16::MAX.into();
    }
}

table! {
    /// How much the audit record holds. Every member holds the whole record in memory, and sends it with its snapshots.
    struct AuditKeys {
        /// the most commands that do something
        changes: u64 = AuditBounds::default().changes.records, 1..=1_000_000_000;
        /// and the most KiB that they take
        changes_kib: u64 = AuditBounds::default().changes.bytes >> 10, AUDIT_KIB;
        /// the most commands that look
        queries: u64 = AuditBounds::default().queries.records, 1..=1_000_000_000;
        /// and the most KiB that they take
        queries_kib: u64 = AuditBounds::default().queries.bytes >> 10, AUDIT_KIB;
    }
}

/// Less would not hold a few long commands.
const AUDIT_KIB: RangeInclusive<u64> = 64..=64 << 10;

impl AuditKeys {
    fn bounds(&self) -> AuditBounds {
        AuditBounds {
            changes: AuditBound { records: self.changes, bytes: self.changes_kib << 10 },
            queries: AuditBound { records: self.queries, bytes: self.queries_kib << 10 },
        }
    }
}

table! {
    /// What operators and others may take of a member.
    struct LimitKeys {
        /// the most connections of operators and regions together (RATE502W); members come in besides
        connections: u16 = 512, 1..=u16::MAX.into();
        /// the most connections that have not shown who they are; a further one takes the place of the oldest
        handshakes: u16 = 64, 1..=u16::MAX.into();
        /// the longest frame; the same on all members. Operators send up to 8
        frame_mib: u16 = 8, FRAME_MIB;
        /// the most requests of one user in a second (RATE501W)
        user_requests_per_s: u32 = 2_000, REQUESTS_PER_S;
        /// the most requests of all users together in a second
        requests_per_s: u32 = 10_000, REQUESTS_PER_S;
    }
}

/// A peer can make a member hold as much for every connection.
const FRAME_MIB: RangeInclusive<u64> = 1..=256;
/// A bucket fills by one request in a nanosecond at most.
const REQUESTS_PER_S: RangeInclusive<u64> = 1..=1_000_000_000;

impl LimitKeys {
    fn limits(&self) -> sci::Limits {
        sci::Limits {
            connections_max: self.connections.into(),
            handshakes_max: self.handshakes.into(),
            frame_bytes_max: usize::from(self.frame_mib) << 20,
            ..sci::Limits::default()
        }
    }

    fn requests(&self) -> RequestLimits {
        let least_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        RequestLimits {
            user_per_s: least_one(self.user_requests_per_s),
            all_per_s: least_one(self.requests_per_s),
        }
    }
}

/// How many requests operators may ask of a member in a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestLimits {
    /// Each user.
    pub user_per_s: NonZeroU32,
    /// All users together.
    pub all_per_s: NonZeroU32,
}

table! {
    /// How the member writes its log.
    pub struct Log {
        /// `"text"` for people, `"json"` for programs
        format: LogFormat = LogFormat::Text;
        /// `"error"`, `"warn"`, `"info"`, `"debug"`, `"trace"`, or a filter in the notation of `tracing`
        level: String = "info".to_string();
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

table! {
    /// How the member is watched.
    pub struct Monitoring {
        /// host and port of `/livez`, `/readyz` and `/metrics`, over plain HTTP without any check of who asks
        /// ([metrics.md](operating/metrics.md)); nothing is served where it is empty
        address: String = String::new();
        /// collector that traces of activations are sent to, such as `http://127.0.0.1:4318`: OTLP with protobuf over
        /// plain HTTP ([metrics.md](operating/metrics.md#traces)); none are made where it is empty
        otlp_endpoint: String = String::new();
    }
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
    /// How many days before a certificate ends it is told.
    pub warn_days: u16,
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
    /// How it has its databases.
    pub databases: Databases,
    /// How many connections of others than members there may be, and how long a frame.
    pub limits: sci::Limits,
    /// How much operators may ask.
    pub requests: RequestLimits,
    /// How the member writes its log.
    pub log: Log,
    /// Where it serves its health and its numbers; nowhere where it is empty.
    pub monitoring: String,
    /// Where traces of activations go.
    pub traces: Option<OtlpEndpoint>,
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
    #[error("{}: {}", file.display(), source.to_string().trim_end())]
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
        let text = named_file::read_text(file, named_file::SETTINGS_BYTES_MAX)
            .map_err(|source| ConfigError::Unreadable { file: file.to_path_buf(), source })?;
        Self::parse(file, &text)
    }

    /// Checks what such a file says.
    pub(crate) fn parse(file: &Path, text: &str) -> Result<Self, ConfigError> {
        let written: MemberFile = toml::from_str(text).map_err(|source| ConfigError::Malformed {
            file: file.to_path_buf(),
            source: Box::new(source),
        })?;
        let wrong = |(key, reason)| ConfigError::Wrong { file: file.to_path_buf(), key, reason };
        check(&written).map_err(wrong)?;
        let traces = endpoint(&written.monitoring).map_err(wrong)?;
        let folder = file.parent().unwrap_or(Path::new("."));
        Ok(written.settle(folder, traces))
    }
}

impl MemberFile {
    fn settle(self, folder: &Path, traces: Option<OtlpEndpoint>) -> Config {
        Config {
            member: self.member,
            plex: self.plex,
            data: folder.join(self.data),
            membership: match self.acbshr {
                AcbShare::Y => Membership::Sharer,
                AcbShare::N => Membership::Guest,
            },
            address: self.listen.address.0,
            tls: sci::IdentityFiles {
                ca: folder.join(self.tls.authority),
                certificate: folder.join(self.tls.certificate),
                key: folder.join(self.tls.key),
            },
            warn_days: self.tls.warn_days.0,
            members: self.members.into_iter().map(|member| (member.name, member.address.0)).collect(),
            consensus: self.consensus,
            activation: self.activation,
            retention: Retention { instances: self.retention.instances, days: self.retention.days },
            audit: self.audit.bounds(),
            databases: self.databases,
            limits: self.limits.limits(),
            requests: self.limits.requests(),
            log: self.log,
            monitoring: self.monitoring.address,
            traces,
        }
    }
}

/// A key, and what is wrong with it.
type Complaint = (String, String);

fn check(file: &MemberFile) -> Result<(), Complaint> {
    check_members(file)?;
    check_limits(file)?;
    check_timers(&file.consensus)?;
    check_monitoring(file)?;
    check_level(&file.log)
}

/// The page is for other people than members and operators are, and needs a port of its own.
fn check_monitoring(file: &MemberFile) -> Result<(), Complaint> {
    let wrong = |key: &str, reason| Err((key.to_string(), reason));
    let address = &file.monitoring.address;
    if address.is_empty() {
        return Ok(());
    }
    check_address("monitoring.address", &Address(address.clone()))?;
    if *address == file.listen.address.0 {
        let reason = format!("{address} is where members and operators come in; give another port");
        return wrong("monitoring.address", reason);
    }
    Ok(())
}

fn endpoint(monitoring: &Monitoring) -> Result<Option<OtlpEndpoint>, Complaint> {
    let written = Some(&monitoring.otlp_endpoint).filter(|written| !written.is_empty());
    let parsed = written.map(|written| OtlpEndpoint::parse(written)).transpose();
    parsed.map_err(|reason| ("monitoring.otlp_endpoint".to_string(), reason))
}

fn check_members(file: &MemberFile) -> Result<(), Complaint> {
    let wrong = |key: &str, reason| Err((key.to_string(), reason));
    let (mut names, mut addresses) = (BTreeSet::new(), BTreeSet::new());
    for member in &file.members {
        if !names.insert(member.name) {
            return wrong("members.name", format!("{} is named twice; name each member once", member.name));
        }
        if !addresses.insert(&member.address) {
            let reason = format!("{} is given to two members; each has its own", member.address);
            return wrong("members.address", reason);
        }
        check_address("members.address", &member.address)?;
    }
    check_address("listen.address", &file.listen.address)?;
    if file.members.is_empty() {
        return wrong("members", "no member is named; name every founding member of the plex".to_string());
    }
    let own = file.members.iter().find(|member| member.name == file.member);
    match own {
        Some(own) if own.address != file.listen.address => {
            let reason = format!(
                "{} listens at {}, and the others are told {}; make them the same",
                file.member, file.listen.address, own.address
            );
            wrong("listen.address", reason)
        }
        _ => Ok(()),
    }
}

fn check_address(key: &str, address: &Address) -> Result<(), Complaint> {
    let parts = address.0.rsplit_once(':').filter(|(host, _)| !host.is_empty());
    match parts.map(|(_, port)| port.parse::<u16>()) {
        Some(Ok(port)) if port > 0 => Ok(()),
        _ => {
            let reason =
                format!("{:?} is not an address; write host:port with a port from 1 to 65535", address.0);
            Err((key.to_string(), reason))
        }
    }
}

fn check_timers(consensus: &Consensus) -> Result<(), Complaint> {
    let Consensus { heartbeat_ms, election_min_ms, election_max_ms, .. } = *consensus;
    // A follower has to miss several heartbeats before it doubts the leader.
    if election_min_ms < 3 * heartbeat_ms {
        let reason = format!(
            "{election_min_ms} is too short: it takes at least three heartbeats of {heartbeat_ms} ms"
        );
        return Err(("consensus.election_min_ms".to_string(), reason));
    }
    if election_max_ms <= election_min_ms {
        let reason =
            format!("{election_max_ms} has to be longer than election_min_ms, which is {election_min_ms}");
        return Err(("consensus.election_max_ms".to_string(), reason));
    }
    Ok(())
}

fn check_limits(file: &MemberFile) -> Result<(), Complaint> {
    let tables = [
        ("consensus", file.consensus.out_of_limits()),
        ("activation", file.activation.out_of_limits()),
        ("retention", file.retention.out_of_limits()),
        ("audit", file.audit.out_of_limits()),
        ("databases", file.databases.out_of_limits()),
        ("limits", file.limits.out_of_limits()),
        ("log", file.log.out_of_limits()),
    ];
    let wrong = tables.into_iter().find_map(|(table, wrong)| Some((table, wrong?)));
    match wrong {
        Some((table, (key, reason))) => Err((format!("{table}.{key}"), reason)),
        None => Ok(()),
    }
}

fn check_level(log: &Log) -> Result<(), Complaint> {
    tracing_subscriber::EnvFilter::try_new(&log.level)
        .map(|_| ())
        .map_err(|error| ("log.level".to_string(), format!("{:?} is no level or filter: {error}", log.level)))
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
        assert_eq!((config.warn_days, config.limits), (30, sci::Limits::default()));
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
        let frame = parse(&format!("{GOOD}[limits]\nframe_mib = 0\n")).unwrap_err();
        assert!(frame.contains("limits.frame_mib: 0 is out of range: it takes 1 to 256"), "{frame}");
        let rate = parse(&format!("{GOOD}[limits]\nuser_requests_per_s = 0\n")).unwrap_err();
        assert!(
            rate.contains("limits.user_requests_per_s: 0 is out of range: it takes 1 to 1000000000"),
            "{rate}"
        );
        let audit = parse(&format!("{GOOD}[audit]\nqueries_kib = 1\n")).unwrap_err();
        assert!(audit.contains("audit.queries_kib: 1 is out of range: it takes 64 to 65536"), "{audit}");
        let level = parse(&format!("{GOOD}[log]\nlevel = \"host=loud\"\n")).unwrap_err();
        assert!(level.contains("log.level"), "{level}");
        let port = parse(&format!("{GOOD}[monitoring]\naddress = \"127.0.0.1:7101\"\n")).unwrap_err();
        assert!(port.contains("monitoring.address: 127.0.0.1:7101 is where members"), "{port}");
        let endpoint = format!("{GOOD}[monitoring]\notlp_endpoint = \"https://collector:4318\"\n");
        let endpoint = parse(&endpoint).unwrap_err();
        assert!(
            endpoint.contains("monitoring.otlp_endpoint: \"https://collector:4318\" is no endpoint"),
            "{endpoint}"
        );
        let share = parse(&format!("acbshr = \"X\"\n{GOOD}")).unwrap_err();
        assert!(share.contains("unknown variant `X`"), "{share}");
    }
}
