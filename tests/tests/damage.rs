//! Files that change while a member is down: what was never promised is cleared, what can be had again is had again,
//! and what was promised and is damaged is refused, with the file and the place.

use end_to_end::bank::IMPORT;
use end_to_end::faults::{content_end, flip, overwrite};
use end_to_end::{Binaries, Cluster};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

fn start(sections: &str) -> Cluster {
    let cluster = Cluster::start_configured(Binaries::for_stories().clone(), 3, sections);
    cluster.set_up_bank();
    cluster
}

fn follower(cluster: &Cluster) -> String {
    let master = cluster.master();
    cluster.layout().members.iter().find(|member| **member != master).cloned().unwrap_or_default()
}

fn activate(cluster: &Cluster, generation: usize) {
    cluster.stage_bulk(&[], 5, generation).well();
    let imported = cluster.spoc([IMPORT]);
    assert!(matches!(imported.status, Some(0 | 4)), "{}\n{}", imported.stdout, imported.stderr);
}

/// Every member has the same of everything.
fn assert_whole(cluster: &Cluster) {
    let rows = cluster.rows(&["QUERY DB SHOW(DEFN)"]);
    let of = |member: &String| -> BTreeSet<String> {
        let own = rows.iter().filter(|row| row["MbrName"] == *member.as_str());
        own.map(|row| format!("{} {}", row["DBName"], row["TimeStamp"])).collect()
    };
    let all: BTreeSet<_> = cluster.layout().members.iter().map(of).collect();
    assert!(all.len() == 1 && !all.contains(&BTreeSet::new()), "{rows:?}");
}

/// Starts the member in vain, and checks that it says what is damaged, in which file, and has left the file alone.
fn refused(cluster: &mut Cluster, member: &str, damaged: &Path, says: &[&str]) {
    let before = fs::read(damaged).ok();
    let (code, said) = cluster.start_in_vain(member);
    assert_eq!(code, Some(8), "{said}");
    let lines: Vec<_> = said.lines().filter(|line| line.contains("DISK104E")).collect();
    assert_eq!(lines.len(), 1, "{said}");
    for text in says.iter().chain(&["EMPTY DATA FOLDER"]) {
        assert!(lines[0].contains(text), "{text:?} is not in {}", lines[0]);
    }
    assert!(!said.contains("panicked"), "{said}");
    assert_eq!(fs::read(damaged).ok(), before, "a damaged file is left as it is");
}

#[test]
fn a_torn_end_of_the_log_is_cleared_with_a_note() {
    let mut cluster = start("");
    let torn = follower(&cluster);
    // A record half written, then one that is all garbage, then garbage that looks like a length.
    let tears: [&[u8]; 3] = [&[0, 0, 0, 40, 1, 2, 3, 4, 0, 0], &[0xab; 5_000], &[0xff; 30]];
    for (number, tear) in tears.into_iter().enumerate() {
        cluster.kill(&torn);
        let segment = cluster.newest_segment(&torn);
        overwrite(&segment, content_end(&segment) + 64, tear);
        activate(&cluster, number);
        cluster.restart(&torn);
        let said = cluster.log(&torn).lines_with("DISK106W");
        assert_eq!(said.len(), number + 1, "{said:?}");
        assert!(said[number].contains(&segment.display().to_string()), "{said:?}");
        assert_whole(&cluster);
    }
    cluster.finish();
}

#[test]
fn a_log_that_lost_what_it_had_promised_is_refused_and_can_be_restored_or_replaced() {
    let mut cluster = start("");
    activate(&cluster, 0);
    let hurt = follower(&cluster);
    cluster.kill(&hurt);
    let segment = cluster.newest_segment(&hurt);
    let (good, end) = (fs::read(&segment).unwrap(), content_end(&segment));

    fs::File::options().write(true).open(&segment).unwrap().set_len(end as u64 - 10).unwrap();
    refused(&mut cluster, &hurt, &segment, &[&segment.display().to_string(), "offset", "was forced"]);
    fs::write(&segment, &good).unwrap();

    flip(&segment, 90);
    let place = format!("{}, offset 32", segment.display());
    refused(&mut cluster, &hurt, &segment, &[&place, "wrong checksum"]);
    fs::write(&segment, &good).unwrap();

    flip(&segment, 12);
    refused(&mut cluster, &hurt, &segment, &[&segment.display().to_string(), "header"]);
    fs::write(&segment, &good).unwrap();

    activate(&cluster, 1);
    cluster.restart(&hurt);
    assert_whole(&cluster);

    // Without a good copy, the others have everything.
    cluster.kill(&hurt);
    flip(&segment, 90);
    refused(&mut cluster, &hurt, &segment, &[&place]);
    fs::remove_dir_all(cluster.data(&hurt)).unwrap();
    cluster.restart(&hurt);
    assert_whole(&cluster);
    cluster.expect_error("DISK104E");
    cluster.finish();
}

#[test]
fn a_vote_that_can_not_be_read_is_not_taken_for_none() {
    let mut cluster = start("");
    let hurt = follower(&cluster);
    cluster.kill(&hurt);
    let vote = cluster.data(&hurt).join("consensus/vote");
    let good = fs::read(&vote).unwrap();
    let name = vote.display().to_string();

    flip(&vote, 14);
    refused(&mut cluster, &hurt, &vote, &[&name, "checksum"]);
    fs::write(&vote, &good[..good.len() - 3]).unwrap();
    refused(&mut cluster, &hurt, &vote, &[&name]);
    fs::write(&vote, b"").unwrap();
    refused(&mut cluster, &hurt, &vote, &[&name]);
    fs::remove_file(&vote).unwrap();
    refused(&mut cluster, &hurt, &vote, &["the vote file is missing"]);

    fs::write(&vote, &good).unwrap();
    cluster.restart(&hurt);
    assert_whole(&cluster);
    cluster.expect_error("DISK104E");
    cluster.finish();
}

#[test]
fn marks_that_can_not_be_read_cost_nothing() {
    let mut cluster = start("");
    let hurt = follower(&cluster);
    let folder = cluster.data(&hurt).join("consensus");
    let ruin: [fn(&Path); 3] = [
        |mark| flip(mark, 3),
        |mark| fs::write(mark, b"no mark at all, and longer than one").unwrap(),
        |mark| fs::remove_file(mark).unwrap(),
    ];
    for (generation, ruin) in ruin.into_iter().enumerate() {
        cluster.kill(&hurt);
        ruin(&folder.join("committed"));
        ruin(&folder.join("log/forced"));
        activate(&cluster, generation);
        cluster.restart(&hurt);
        assert_whole(&cluster);
    }
    cluster.finish();
}

#[test]
fn a_damaged_snapshot_is_set_aside_and_a_lost_shelf_is_filled_again() {
    let mut cluster = start("[consensus]\nsnapshot_entries = 20\nsnapshot_mib = 1\n");
    let hurt = follower(&cluster);
    let mut generation = 0;
    while cluster.snapshots(&hurt).len() < 2 {
        activate(&cluster, generation);
        generation += 1;
        assert!(generation < 40, "no snapshots are made");
    }
    let shelf = cluster.data(&hurt).join("state/shelf");

    cluster.kill(&hurt);
    flip_middle(&newest(&cluster, &hurt));
    cluster.restart(&hurt);
    assert_eq!(cluster.message_count(&hurt, "DISK107W"), 1);
    assert_whole(&cluster);

    // What is left is an older snapshot and the log after it.
    cluster.kill(&hurt);
    fs::remove_dir_all(&shelf).unwrap();
    cluster.restart(&hurt);
    assert_whole(&cluster);

    cluster.kill(&hurt);
    fs::write(shelf.join("conf"), b"not what it was").unwrap();
    cluster.restart(&hurt);
    assert_eq!(cluster.message_count(&hurt, "DISK108W"), 1);
    assert_whole(&cluster);

    cluster.kill(&hurt);
    ruin_throughout(&shelf.join("db"));
    activate(&cluster, 100);
    cluster.restart(&hurt);
    assert_whole(&cluster);

    // Neither shelf nor snapshot: the others send one.
    cluster.kill(&hurt);
    fs::remove_dir_all(&shelf).unwrap();
    for snapshot in cluster.snapshots(&hurt) {
        flip_middle(&snapshot);
    }
    activate(&cluster, 101);
    cluster.restart(&hurt);
    cluster.wait_until("it is whole", LIMIT, || cluster.rows(&["QUERY DB NAME(B00001)"]).len() == 3);
    assert_whole(&cluster);
    cluster.finish();
}

fn newest(cluster: &Cluster, member: &str) -> PathBuf {
    cluster.snapshots(member).pop().unwrap_or_else(|| panic!("{member} has no snapshot"))
}

fn flip_middle(path: &Path) {
    flip(path, content_end(path) / 2);
}

fn ruin_throughout(path: &Path) {
    for offset in (17..content_end(path)).step_by(997) {
        flip(path, offset);
    }
}
