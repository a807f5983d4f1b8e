//! The master is lost in the middle of an activation: one survivor finishes it or backs it out, for all.

use end_to_end::Cluster;
use end_to_end::bank::IMPORT;
use std::collections::BTreeSet;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

fn others(cluster: &Cluster, master: &str) -> Vec<String> {
    cluster.layout().members.iter().filter(|member| *member != master).cloned().collect()
}

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
    let survivors = others(&cluster, &master);
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
        let survivors = others(&cluster, &master);
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
