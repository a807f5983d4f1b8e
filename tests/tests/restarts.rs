//! Members that were away: told once, never with old definitions; the plex remembers who was down.

use end_to_end::Cluster;
use end_to_end::bank::{IMPORT, sample};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

fn another(cluster: &Cluster, master: &str) -> String {
    cluster.layout().members.iter().find(|member| *member != master).cloned().unwrap_or_default()
}

#[test]
fn a_member_that_missed_activations_is_told_once_and_works_with_the_new_ones() {
    let mut cluster = Cluster::start(3);
    cluster.set_up_bank();
    let away = another(&cluster, &cluster.master());
    cluster.kill(&away);
    cluster.stage_change();
    let first = cluster.spoc([IMPORT]);
    assert_eq!(first.status, Some(4), "{}\n{}", first.stdout, first.stderr);
    assert_eq!(cluster.status_of(&away), "ABENDED");
    cluster.populate("stage", &[sample("dbd"), sample("psb")]);
    assert_eq!(cluster.spoc([IMPORT]).status, Some(4));

    cluster.restart(&away);
    cluster.wait_until("it is told", LIMIT, || cluster.message_count(&away, "DFS4146W") == 1);
    let stamps = cluster.program_stamps("TELLER");
    assert_eq!(stamps.len(), 3);
    assert!(stamps.iter().all(|(_, stamp)| *stamp == stamps[0].1), "{stamps:?}");

    cluster.end(&away);
    assert_eq!(cluster.status_of(&away), "SHUTDOWN");
    cluster.restart(&away);
    assert_eq!(cluster.message_count(&away, "DFS4146W"), 1, "nothing was missed this time");
    assert!(cluster.log(&away).text().contains("WARM"), "a member that went in order comes back warm");
    cluster.finish();
}

#[test]
fn a_member_that_restarts_into_an_activation_waits_and_goes_on() {
    let mut cluster = Cluster::start(3);
    cluster.set_up_bank();
    cluster.stage_change();
    let master = cluster.master();
    let rest = cluster.others(&master);
    cluster.kill(&rest[0]);
    cluster.wait_until("the master takes note", LIMIT, || cluster.status_of(&rest[0]) == "ABENDED");
    cluster.pause(&rest[1]);
    // With one member down and one paused the activation stays in prepare until the paused one votes.
    let import = cluster.spoc_aside(["--member", &master, IMPORT]);
    cluster.begin_restart(&rest[0]);
    cluster.wait_until("it waits", LIMIT, || cluster.message_count(&rest[0], "DFS4373I") == 1);
    assert_eq!(cluster.message_count(&rest[0], "DFS810I"), 1, "it takes no commands yet");
    cluster.resume(&rest[1]);
    cluster.wait_restarted(&rest[0]);
    let output = import.finish().unwrap();
    assert_eq!(output.status, Some(4), "{}\n{}", output.stdout, output.stderr);
    assert_eq!(cluster.message_count(&rest[0], "DFS4146W"), 1);
    cluster.finish();
}

#[test]
fn kill_nine_of_every_member_loses_nothing_that_was_acknowledged() {
    let mut cluster = Cluster::start(3);
    cluster.set_up_bank();
    cluster.stage_change();
    cluster.spoc([IMPORT]).well();
    cluster.populate("stage", &[sample("dbd")]).well();
    let listed = cluster.rows(&["list", "--all"]);
    let members = cluster.layout().members.clone();
    for member in &members {
        cluster.kill(member);
    }
    for member in &members {
        cluster.begin_restart(member);
    }
    for member in &members {
        cluster.wait_restarted(member);
    }
    assert_eq!(cluster.rows(&["list", "--all"]), listed);
    cluster.finish();
}
