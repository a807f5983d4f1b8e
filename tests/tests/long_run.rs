//! A plex that has run for long: what it keeps stays bounded, and whoever comes late is quick to follow.

use end_to_end::bank::IMPORT;
use end_to_end::faults::{bytes_below, content_end, files};
use end_to_end::{Binaries, Cluster};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// As small as a year is long.
const SMALL: &str = "[consensus]\nsnapshot_entries = 50\nsnapshot_mib = 1\n";

const ACTIVATIONS: usize = 60;

/// The most that a member may keep of the log with these settings: the log between the two snapshots and after them,
/// what comes while the next snapshot is made, a segment that is begun at either end, and the next one, made ahead.
const LOG_BYTES_MAX: u64 = 4 << 20;

fn activate(cluster: &Cluster, generation: usize) {
    cluster.stage_bulk(&[], 30, generation).well();
    let imported = cluster.spoc([IMPORT]);
    assert!(matches!(imported.status, Some(0 | 4)), "{}\n{}", imported.stdout, imported.stderr);
}

fn log_bytes(cluster: &Cluster, member: &str) -> u64 {
    bytes_below(&cluster.data(member).join("consensus/log"))
}

/// Every member has the same instance of every database.
fn assert_whole(cluster: &Cluster, members: usize) {
    let rows = cluster.rows(&["QUERY DB NAME(B0000*) SHOW(DEFN)"]);
    let stamps: BTreeSet<_> =
        rows.iter().map(|row| format!("{} {}", row["DBName"], row["TimeStamp"])).collect();
    assert_eq!((rows.len(), stamps.len()), (10 * members, 10), "{rows:?}");
}

#[test]
fn a_plex_that_has_run_for_a_year_is_small_and_quick_to_start_and_to_join() {
    let mut cluster = Cluster::start_configured(Binaries::for_stories().clone(), 3, SMALL);
    cluster.set_up_bank();
    let master = cluster.master();
    let absent = cluster.layout().members.iter().find(|member| **member != master).cloned().unwrap();
    cluster.end(&absent);

    let mut written = 0;
    let mut last = (0, 0);
    for generation in 0..ACTIVATIONS {
        activate(&cluster, generation);
        assert!(log_bytes(&cluster, &master) <= LOG_BYTES_MAX, "after {generation} activations");
        let newest = cluster.newest_segment(&master);
        let number = newest.file_stem().and_then(|stem| stem.to_str()?.parse().ok()).unwrap_or(0);
        let end = content_end(&newest);
        written += if number == last.0 { end - last.1 } else { end };
        last = (number, end);
    }
    assert!(written as u64 > LOG_BYTES_MAX, "{written} bytes are no year");
    assert_eq!(cluster.snapshots(&master).len(), 2);
    let segments = files(&cluster.data(&master).join("consensus/log"), "log");
    assert!(!segments[0].ends_with("00000000000000000001.log"), "the first segment is still there");

    cluster.restart(&absent);
    assert_eq!(cluster.message_count(&absent, "DFS4146W"), 1);
    assert_eq!(cluster.log(&absent).lines_with("a snapshot was installed").len(), 1);
    cluster.add("IMS4", "Y");
    assert_eq!(cluster.message_count("IMS4", "DFS4146W"), 0, "nothing was missed by a member that is new");
    assert_eq!(cluster.log("IMS4").lines_with("a snapshot was installed").len(), 1);
    assert_whole(&cluster, 4);

    for member in [master.as_str(), absent.as_str()] {
        cluster.kill(member);
        let begin = Instant::now();
        cluster.restart(member);
        assert!(begin.elapsed() < Duration::from_secs(5), "{member} took {:?}", begin.elapsed());
    }
    activate(&cluster, ACTIVATIONS);
    assert_whole(&cluster, 4);
    assert_eq!(cluster.message_count(&absent, "DFS4146W"), 1, "it is told once");
    cluster.finish();
}
