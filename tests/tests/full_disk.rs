//! A disk that takes no more: the member says so, the others go on, and nothing that was acknowledged is lost.

use end_to_end::bank::IMPORT;
use end_to_end::faults::{SmallDisk, content_end};
use end_to_end::{Binaries, Cluster};
use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

/// Small segments, so that the log soon wants a new one.
const SMALL: &str = "[consensus]\nsnapshot_mib = 1\n";

/// Room is waited for longer than any story takes.
const PATIENT: &str = "[activation]\nmember_lost_ms = 60000\n";

fn start() -> Cluster {
    let cluster = Cluster::start_configured(Binaries::for_stories().clone(), 3, SMALL);
    cluster.set_up_bank();
    cluster
}

fn another(cluster: &Cluster, than: &str) -> String {
    cluster.layout().members.iter().find(|member| *member != than).cloned().unwrap_or_default()
}

/// Stages and imports half of what a segment holds.
fn activate(cluster: &Cluster, at: &str, generation: usize) {
    cluster.stage_bulk(&["--member", at], 40, generation).well();
    let imported = cluster.spoc(["--member", at, IMPORT]);
    assert!(matches!(imported.status, Some(0 | 4)), "{}\n{}", imported.stdout, imported.stderr);
}

/// Every member is back, and has what the others have.
fn assert_whole(cluster: &Cluster) {
    let rows = cluster.rows(&["QUERY DB NAME(B00001) SHOW(DEFN)"]);
    let stamps: BTreeSet<_> = rows.iter().map(|row| row["TimeStamp"].to_string()).collect();
    assert_eq!((rows.len(), stamps.len()), (3, 1), "{rows:?}");
}

#[test]
fn files_that_can_not_grow_stop_a_member_with_a_message_and_it_comes_back() {
    let mut cluster = start();
    let master = cluster.master();
    let full = another(&cluster, &master);
    let end = content_end(&cluster.newest_segment(&full));
    cluster.limit_files(&full, u64::try_from(end).unwrap());
    activate(&cluster, &master, 0);
    assert_eq!(cluster.wait_ended(&full), Some(8), "{}", cluster.log(&full).tail(5));
    let said = cluster.log(&full).lines_with("DISK103E");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("/consensus/log") && said[0].contains(".log: File too large"), "{said:?}");
    activate(&cluster, &master, 1);
    cluster.restart(&full);
    assert_whole(&cluster);
    cluster.expect_error("DISK103E");
    cluster.finish();
}

#[test]
fn a_master_without_room_for_its_log_lets_another_lead_and_stops_and_the_others_go_on() {
    let mut cluster = start();
    let full = "IMS1";
    cluster.kill(full);
    let Some(disk) = SmallDisk::under(&cluster.data(full).join("consensus"), 3) else { return };
    cluster.restart(full);
    while cluster.master() != full {
        let master = cluster.master();
        cluster.end(&master);
        cluster.restart(&master);
    }
    let other = another(&cluster, full);
    disk.fill();
    let mut generation = 0;
    cluster.wait_until("the log is full", LIMIT, || {
        // The job that meets the full disk may be told that its outcome is not known.
        let staged = cluster.stage_bulk(&["--member", &other], 40, generation);
        generation += 1;
        staged.status == Some(0) && cluster.message_count(full, "DISK101E") > 0
    });
    activate(&cluster, &other, generation);
    assert_eq!(cluster.wait_ended(full), Some(8), "{}", cluster.log(full).tail(5));
    for number in ["DISK101E", "DISK103E"] {
        let said = cluster.log(full).lines_with(number);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains("IMS1/consensus") && said[0].contains("No space left"), "{said:?}");
        cluster.expect_error(number);
    }
    activate(&cluster, &other, generation + 1);

    disk.make_room();
    cluster.restart(full);
    activate(&cluster, full, generation + 2);
    assert_whole(&cluster);
    cluster.finish();
}

#[test]
fn room_that_comes_in_time_is_used_and_an_end_that_is_asked_for_does_not_wait_for_it() {
    let mut cluster =
        Cluster::start_configured(Binaries::for_stories().clone(), 1, &format!("{SMALL}{PATIENT}"));
    cluster.set_up_bank();
    cluster.end("IMS1");
    let Some(disk) = SmallDisk::under(&cluster.data("IMS1").join("consensus"), 3) else { return };
    cluster.restart("IMS1");
    for number in 1..=2 {
        disk.fill();
        let waiting = (0..).find_map(|generation| {
            let staged = cluster.stage_bulk(&["--wait", "2"], 40, 10 * number + generation);
            (cluster.message_count("IMS1", "DISK101E") == number).then_some(staged)
        });
        assert_ne!(waiting.and_then(|staged| staged.status), Some(0), "it was acknowledged without room");
        if number == 1 {
            disk.make_room();
            cluster.wait_until("it goes on", LIMIT, || cluster.message_count("IMS1", "DISK102I") == 1);
            activate(&cluster, "IMS1", 10);
        }
    }
    cluster.end("IMS1");
    disk.make_room();
    cluster.restart("IMS1");
    activate(&cluster, "IMS1", 30);
    cluster.expect_error("DISK101E");
    cluster.finish();
}

#[test]
fn a_member_without_room_for_its_state_stops_with_a_message_and_comes_back() {
    let mut cluster = start();
    let master = cluster.master();
    let full = another(&cluster, &master);
    cluster.kill(&full);
    let Some(disk) = SmallDisk::under(&cluster.data(&full).join("state"), 3) else { return };
    cluster.restart(&full);
    disk.fill();
    let mut generation = 0;
    while cluster.is_running(&full) {
        activate(&cluster, &master, generation);
        generation += 1;
        assert!(generation < 30, "the shelf is not full");
    }
    assert_eq!(cluster.wait_ended(&full), Some(8), "{}", cluster.log(&full).tail(5));
    let said = cluster.log(&full).lines_with("DISK103E");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("/state/shelf is full"), "{said:?}");
    disk.make_room();
    cluster.restart(&full);
    assert_whole(&cluster);
    cluster.expect_error("DISK103E");
    cluster.finish();
}

/// What a member prints goes to a disk as well, and that may be full before its own is.
#[test]
fn a_member_whose_messages_can_not_be_written_goes_on() {
    let mut cluster = start();
    let silent = another(&cluster, &cluster.master());
    cluster.end(&silent);
    let log = cluster.layout().log(&silent);
    fs::rename(&log, log.with_extension("before")).unwrap();
    std::os::unix::fs::symlink("/dev/full", &log).unwrap();
    cluster.begin_restart(&silent);
    fs::rename(log.with_extension("before"), &log).unwrap();
    cluster.wait_until("it is back", LIMIT, || cluster.program_stamps("TELLER").len() == 3);
    cluster.spoc(["--member", &silent, "QUERY MEMBER TYPE(IMS)"]).well();
    activate(&cluster, &silent, 0);
    assert_whole(&cluster);
    cluster.finish();
}
