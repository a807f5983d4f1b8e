//! Every name under which a member tells a number, and what it means.

/// What kind of number it is, in the words of Prometheus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It rises and falls.
    Gauge,
    /// It only rises, until the member starts again. `_total` is added to its name.
    Counter,
    /// How often how much: `_bucket`, `_sum` and `_count` are added to its name.
    Histogram,
}

impl Kind {
    /// The kind in a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Counter => "counter",
            Self::Histogram => "histogram",
        }
    }
}

/// One name.
#[derive(Debug, PartialEq, Eq)]
pub struct Definition {
    /// The name without the prefix `imsplex_`, and without what its kind adds.
    pub name: &'static str,
    /// The kind.
    pub kind: Kind,
    /// In what it is counted.
    pub unit: &'static str,
    /// Its labels, with commas between them.
    pub labels: &'static str,
    /// What it means, without a full stop.
    pub help: &'static str,
}

impl Definition {
    /// The name as a scrape has it, but for what a histogram adds.
    pub fn full_name(&self) -> String {
        let end = if self.kind == Kind::Counter { "_total" } else { "" };
        format!("imsplex_{}{end}", self.name)
    }
}

/// Declares the table: `CONSTANT Kind "name" "unit" "labels" "meaning";` a line.
macro_rules! metrics {
    ($($constant:ident $kind:ident $name:literal $unit:literal $labels:literal $help:literal;)+) => {
        $(
            #[doc = $help]
            pub(crate) static $constant: Definition =
                Definition { name: $name, kind: Kind::$kind, unit: $unit, labels: $labels, help: $help };
        )+
        /// Every name, in the order of the page.
        pub static ALL: &[&Definition] = &[$(&$constant),+];
    };
}

metrics! {
    MEMBER_INFO Gauge "member_info" "" "member, plex, version" "always 1; its labels say which member of which plex runs which release";
    START_TIME Gauge "start_time_seconds" "seconds" "" "when the process started, since 1970";
    READY Gauge "ready" "0 or 1" "" "whether /readyz says that the member is ready";
    RUNNING Gauge "running" "0 or 1" "" "whether the member takes work (it issued DFS810I and does not stop)";
    CONNECTIONS Gauge "connections" "connections" "lane" "open connections that were let in: of members, operators, regions, and of consensus";
    CONNECTIONS_REFUSED Counter "connections_refused" "connections" "" "connections that were refused (LINK206W, LINK207W)";
    CERTIFICATE_EXPIRY Gauge "certificate_expiry_time_seconds" "seconds" "" "when the member's certificate expires, or that of its authority, whichever is first, since 1970";
    MESSAGES Counter "messages" "messages" "number, severity" "messages issued, by number and severity (I, W, E, A)";
    COMMANDS Counter "commands" "commands" "verb, rc" "requests of operators of this member that were answered, by verb and return code";
    COMMAND_DURATION Histogram "command_duration_seconds" "seconds" "verb" "how long operators of this member waited for their answer";
    COMMANDS_WAITING Gauge "commands_waiting" "commands" "" "requests of operators of this member that are not answered yet";
    MEMBERS Gauge "members" "members" "state" "members of the plex in each state, as the roster of this member has it";
    LINKS_WANTED Gauge "links_wanted" "links" "" "links that this member keeps to others";
    LINKS_UP Gauge "links_up" "links" "" "those of them that are up";
    DIRECTORY_LEVEL Gauge "directory_level" "level" "" "level of the directory that this member works with";
    REFRESH_PENDING Gauge "refresh_pending" "programs" "" "programs that go on with an old copy on this member until REFRESHPSB";
    REGIONS_SCHEDULED Gauge "regions_scheduled" "regions" "" "dependent regions of this member that have a PSB scheduled";
    STAGED_DEFINITIONS Gauge "staged_definitions" "definitions" "" "definitions that wait for an IMPORT";
    STAGING Gauge "staging_bytes" "bytes" "" "how much of the staging data set they take up";
    STAGING_MAX Gauge "staging_max_bytes" "bytes" "" "how much the staging data set holds";
    ACTIVATION_UNDER_WAY Gauge "activation_under_way" "0 or 1" "" "whether an activation is under way in the plex";
    ACTIVATION_AGE Gauge "activation_age_seconds" "seconds" "" "for how long it is, 0 where there is none";
    ACTIVATIONS Counter "activations" "activations" "outcome" "activations that ended with this member as master: committed or backed_out";
    ACTIVATION_PHASE Histogram "activation_phase_seconds" "seconds" "phase" "how long the phases of activations took that ended with this member as master: prepare (from the command to the Prepare entry), commit1 (from there to the commit point or to backing out: the votes; next to nothing where all were asked beforehand), commit2 (from the commit point to the end), total";
    RAFT_TERM Gauge "raft_term" "term" "" "term of the consensus group";
    RAFT_IS_MASTER Gauge "raft_is_master" "0 or 1" "" "whether this member leads the consensus group with a majority behind it, and so the plex";
    RAFT_MASTER_KNOWN Gauge "raft_master_known" "0 or 1" "" "whether this member knows who leads, and a majority is in touch";
    RAFT_QUORUM Gauge "raft_quorum" "0 or 1" "" "whether a majority is in touch: at the master, a majority answered of late; elsewhere, the master was heard of late";
    RAFT_VOTERS Gauge "raft_voters" "members" "" "members that have a vote";
    RAFT_LEARNERS Gauge "raft_learners" "members" "" "members that follow without one";
    RAFT_LAST_LOG Gauge "raft_last_log_index" "index" "" "last entry of this member's log";
    RAFT_COMMITTED Gauge "raft_committed_index" "index" "" "last entry that this member knows to be agreed on";
    RAFT_APPLIED Gauge "raft_applied_index" "index" "" "last entry that this member has applied";
    RAFT_SNAPSHOT_INDEX Gauge "raft_snapshot_index" "index" "" "last entry that the newest snapshot covers";
    RAFT_LAG Gauge "raft_lag_entries" "entries" "member" "at the master only: entries of its log that the log of another member is not known to have";
    RAFT_LOG Gauge "raft_log_bytes" "bytes" "" "what the log takes up on the disk";
    RAFT_SNAPSHOT Gauge "raft_snapshot_bytes" "bytes" "" "size of the newest snapshot";
    RAFT_LOG_FULL Gauge "raft_log_full" "0 or 1" "" "whether the log waits for room on its disk (DISK101E)";
    LOG_SYNC Histogram "raft_log_sync_seconds" "seconds" "" "how long the disk took to keep what was appended to the log";
    DISK_FREE Gauge "disk_free_bytes" "bytes" "" "free space of the file system that the data folder is on";
    DISK_SIZE Gauge "disk_size_bytes" "bytes" "" "its size";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    const BEGIN: &str = "<!-- the table is made from the code -->\n";
    const END: &str = "<!-- end of the table -->\n";

    fn table() -> String {
        let mut text = "| Name | Type | Unit | Labels | Meaning |\n|---|---|---|---|---|\n".to_string();
        for metric in ALL {
            let labels = metric.labels.split(", ").filter(|label| !label.is_empty());
            let labels: Vec<_> = labels.map(|label| format!("`{label}`")).collect();
            text += &format!(
                "| `{}` | {} | {} | {} | {} |\n",
                metric.full_name(),
                metric.kind.word(),
                metric.unit,
                labels.join(", "),
                metric.help
            );
        }
        text
    }

    #[test]
    fn the_page_has_every_metric_as_the_code_has_it_and_no_other() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operating/metrics.md");
        let page = fs::read_to_string(&path).unwrap();
        let (before, rest) = page.split_once(BEGIN).unwrap();
        let (written, after) = rest.split_once(END).unwrap();
        if std::env::var_os("UPDATE_GOLDENFILES").is_some() {
            fs::write(&path, format!("{before}{BEGIN}{}{END}{after}", table())).unwrap();
        } else {
            assert_eq!(written, table(), "UPDATE_GOLDENFILES=1 writes it anew");
        }
    }

    #[test]
    fn every_name_is_given_once_and_ends_with_its_unit_where_prometheus_has_one() {
        let mut seen = BTreeSet::new();
        for metric in ALL {
            assert!(seen.insert(metric.name), "{} is given twice", metric.name);
            for unit in ["seconds", "bytes"] {
                assert_eq!(metric.unit == unit, metric.name.ends_with(unit), "{}", metric.name);
            }
        }
    }
}
