//! The master is lost in the middle of an activation: one survivor finishes it or backs it out, for all.

use end_to_end::bank::IMPORT;
use end_to_end::operator::Aside;
use end_to_end::{Binaries, Cluster};
use std::collections::BTreeSet;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

fn count(cluster: &Cluster, members: &[String], number: &str) -> usize {
    members.iter().map(|member| cluster.message_count(member, number)).sum()
}

/// A paused member owes its vote, so the activation stays in prepare while the master is killed.
#[test]
fn before_the_commit_point_one_survivor_backs_out_and_the_command_can_be_submitted_again() {
    let mut cluster = Cluster::start(3);
    cluster.set_up_bank();
    cluster.stage_change();
    let before = cluster.program_stamps("TELLER");
    let master = cluster.master();
    let survivors = cluster.others(&master);
    cluster.pause(&survivors[1]);
    let import = cluster.spoc_aside(["--member", &survivors[0], IMPORT]);
    cluster.wait_until("the survivor prepares", LIMIT, || {
        cluster.status_from(&survivors[0]).contains("OLCPREPC")
    });
    cluster.kill(&master);
    cluster.resume(&survivors[1]);
    let output = import.finish().unwrap();
    assert_eq!(output.status, Some(12), "{}\n{}", output.stdout, output.stderr);
    assert!(output.stdout.contains("DFS4999I"), "{}", output.stdout);
    cluster.wait_until("one survivor says that it backed out", LIMIT, || {
        count(&cluster, &survivors, "DFS4999I") == 1 && count(&cluster, &survivors, "DFS4898E") == 2
    });
    assert_eq!(count(&cluster, &survivors, "DFS5000I"), 0);
    let stamps: BTreeSet<_> = cluster.program_stamps("TELLER").into_iter().map(|(_, stamp)| stamp).collect();
    assert_eq!(stamps, before.into_iter().map(|(_, stamp)| stamp).collect());
    assert!(levels(&cluster).iter().all(|(_, level)| level == "1"), "{:?}", levels(&cluster));

    let again = cluster.spoc([IMPORT]);
    assert_eq!(again.status, Some(4), "{}\n{}", again.stdout, again.stderr);
    cluster.restart(&master);
    cluster
        .wait_until("the old master is told once", LIMIT, || cluster.message_count(&master, "DFS4146W") == 1);
    let stamps: BTreeSet<_> = cluster.program_stamps("TELLER").into_iter().map(|(_, stamp)| stamp).collect();
    assert_eq!(stamps.len(), 1);
    cluster.expect_error("DFS4898E");
    cluster.finish();
}

/// Long enough that a member which stands still is waited for.
const PATIENT: &str = "[activation]\nmember_lost_ms = 20000\n";

/// Brings an import to its commit point and not further: `late` withholds its vote until `owing`, which has voted,
/// stands still and can't complete. The command is given at `entry`.
fn import_to_the_commit_point(cluster: &Cluster, entry: &str, late: &str, owing: &str) -> Aside {
    cluster.pause(late);
    let import = cluster.spoc_aside(["--member", entry, IMPORT]);
    cluster.wait_until("it has voted", LIMIT, || cluster.status_from(owing).contains("OLCPREPC"));
    // The vote is on its way before this is answered.
    assert!(cluster.status_from(owing).contains("OLCPREPC"));
    cluster.pause(owing);
    cluster.resume(late);
    cluster.wait_until("the commit point is passed", LIMIT, || {
        let log = cluster.log(late).text();
        log.rsplit_once("DFS4896I").is_some_and(|(_, after)| after.contains("ACTIVE DIRECTORY LEVEL 2"))
    });
    import
}

/// The directory level that each member tells of itself.
fn levels(cluster: &Cluster) -> Vec<(String, String)> {
    let rows = cluster.rows(&["QUERY MEMBER TYPE(IMS) SHOW(ALL)"]);
    let local = rows.iter().filter(|row| row["LclAttr"].is_string());
    let text = |value: &serde_json::Value| value.to_string().trim_matches('"').to_string();
    let mut levels: Vec<_> = local.map(|row| (text(&row["MbrName"]), text(&row["DirLevel"]))).collect();
    levels.sort();
    levels
}

/// Level 2 with these members, level 1 with those that did not live to see it.
fn levels_where(cluster: &Cluster, survivors: &[String]) -> Vec<(String, String)> {
    let level = |member: &String| if survivors.contains(member) { "2" } else { "1" };
    let members = cluster.layout().members.iter();
    members.map(|member| (member.clone(), level(member).to_string())).collect()
}

#[test]
fn after_the_commit_point_one_survivor_completes_it_for_all() {
    let mut cluster = Cluster::start_configured(Binaries::for_stories().clone(), 3, PATIENT);
    cluster.set_up_bank();
    cluster.stage_change();
    let before = cluster.program_stamps("TELLER");
    let master = cluster.master();
    let survivors = cluster.others(&master);
    let import = import_to_the_commit_point(&cluster, &survivors[1], &survivors[0], &survivors[1]);
    assert_eq!(count(&cluster, &survivors, "DFS4897I"), 0, "it is not complete yet");
    cluster.kill(&master);
    cluster.resume(&survivors[1]);

    let output = import.finish().unwrap();
    assert_eq!(output.status, Some(4), "{}\n{}", output.stdout, output.stderr);
    assert!(output.stdout.contains("DFS5000I"), "{}", output.stdout);
    cluster.wait_until("both survivors say that it is complete", LIMIT, || {
        count(&cluster, &survivors, "DFS4897I") == 2
    });
    assert_eq!(count(&cluster, &survivors, "DFS5000I"), 1, "one is the new master");
    assert_eq!(count(&cluster, &survivors, "DFS4794I"), 1, "the other completes with it");
    assert_eq!(count(&cluster, &survivors, "DFS4999I"), 0);
    assert_eq!(levels(&cluster), levels_where(&cluster, &survivors));

    cluster.restart(&master);
    assert_eq!(cluster.message_count(&master, "DFS4146W"), 1);
    assert!(levels(&cluster).iter().all(|(_, level)| level == "2"), "{:?}", levels(&cluster));
    let after = cluster.program_stamps("TELLER");
    assert_eq!(after.len(), 3);
    assert!(after.iter().all(|(_, stamp)| *stamp == after[0].1 && *stamp != before[0].1), "{after:?}");
    assert_eq!(cluster.rows(&["list", "--pending"]).len(), 0, "staging is empty");
    cluster.finish();
}

#[test]
fn the_new_master_dying_too_strands_nothing_while_a_quorum_is_left() {
    let mut cluster = Cluster::start_configured(Binaries::for_stories().clone(), 5, PATIENT);
    cluster.set_up_bank();
    cluster.stage_change();
    let master = cluster.master();
    let rest = cluster.others(&master);
    let (late, entry, owing) = (&rest[0], &rest[1], &rest[3]);
    let import = import_to_the_commit_point(&cluster, entry, late, owing);
    cluster.kill(&master);
    let mut second = String::new();
    cluster.wait_until("there is a second master", LIMIT, || {
        second = cluster.master_seen_by(late);
        !["", master.as_str()].contains(&second.as_str())
    });
    assert_eq!(count(&cluster, &rest, "DFS4897I"), 0, "the second master waits for {owing}");
    cluster.kill(&second);
    cluster.resume(owing);

    let survivors: Vec<_> = rest.iter().filter(|member| **member != second).cloned().collect();
    let output = import.finish().unwrap();
    // Whoever asked the second master itself is not answered.
    let told = if second == *entry { 16 } else { 4 };
    assert_eq!(output.status, Some(told), "{}\n{}", output.stdout, output.stderr);
    cluster.wait_until("all survivors say that it is complete", LIMIT, || {
        count(&cluster, &survivors, "DFS4897I") == 3
    });
    assert_eq!(count(&cluster, &survivors, "DFS5000I"), 1);
    assert_eq!(count(&cluster, &survivors, "DFS4794I"), 2);
    assert_eq!(levels(&cluster), levels_where(&cluster, &survivors));
    cluster.stage_bulk(&[], 3, 0).well();
    let next = cluster.spoc([IMPORT]);
    assert_eq!(next.status, Some(4), "the next one works: {}\n{}", next.stdout, next.stderr);
    cluster.finish();
}

/// Wherever the kill falls, all members come to the same end, and the operator hears which.
#[test]
fn a_kill_at_any_moment_leaves_all_or_nothing() {
    let mut cluster = Cluster::start(3);
    cluster.set_up_bank();
    for round in 0..6_u64 {
        // The change and the original take turns, so that there is something to import in every round.
        let part = if round % 2 == 0 { "change" } else { "" };
        let paths = if part.is_empty() {
            vec![end_to_end::bank::sample("dbd"), end_to_end::bank::sample("psb")]
        } else {
            vec![end_to_end::bank::sample(part)]
        };
        cluster.spoc(["populate", "--mode", "stage", "--delete"].map(Into::into).into_iter().chain(paths));
        let old = stamp(&cluster);
        let master = cluster.master();
        let survivors = cluster.others(&master);
        let import = cluster.spoc_aside(["--member", &survivors[0], IMPORT]);
        std::thread::sleep(Duration::from_millis(20 + 15 * round));
        cluster.kill(&master);
        let output = import.finish().unwrap();
        cluster.wait_until("the survivors agree on an end", LIMIT, || {
            !cluster.status_from(&survivors[0]).contains("OLC")
        });
        let new = stamp(&cluster);
        if output.status.is_some_and(|status| status <= 4) {
            assert_ne!(old, new, "an import that was acknowledged is lost: {}", output.stdout);
        }
        if output.stdout.contains("DFS4999I") {
            assert_eq!(old, new, "an import that was backed out is there: {}", output.stdout);
        }
        cluster.restart(&master);
        assert_eq!(stamp(&cluster), new);
    }
    cluster.expect_error("DFS4898E");
    cluster.finish();
}

/// The one timestamp that every active member has of a program.
fn stamp(cluster: &Cluster) -> String {
    let stamps: BTreeSet<_> = cluster.program_stamps("TELLER").into_iter().map(|(_, stamp)| stamp).collect();
    assert_eq!(stamps.len(), 1, "members differ: {stamps:?}");
    stamps.into_iter().next().unwrap_or_default()
}
