//! Members join, leave and are replaced while the plex runs; a member with a catalog of its own is seen and left alone.

use end_to_end::bank::IMPORT;
use end_to_end::{Binaries, Cluster};
use std::fs;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

/// More masters than it takes until each of four members has led.
const KILLS_MAX: usize = 30;

#[test]
fn members_join_leave_and_are_replaced_while_the_plex_runs() {
    let mut cluster = Cluster::start(3);
    cluster.set_up_bank();

    cluster.add("IMS4", "Y");
    cluster.stage_change();
    cluster.spoc([IMPORT]).well();
    let stamps = cluster.program_stamps("TELLER");
    assert_eq!(stamps.len(), 4);
    assert!(stamps.iter().all(|(_, stamp)| *stamp == stamps[0].1), "{stamps:?}");

    // The same name with an empty data folder is another node in the place of the earlier one.
    let lost = if cluster.master() == "IMS3" { "IMS2" } else { "IMS3" };
    cluster.kill(lost);
    fs::remove_dir_all(cluster.layout().folder.join("data").join(lost)).unwrap();
    cluster.restart(lost);
    assert_eq!(cluster.program_stamps("TELLER"), stamps);

    cluster.spoc(["DELETE MEMBER NAME(IMS4)"]).well();
    cluster.wait_until("IMS4 is told", LIMIT, || cluster.message_count("IMS4", "DFS4457E") == 1);
    cluster.wait_ended("IMS4");
    assert_eq!(cluster.program_stamps("TELLER").len(), 3);
    cluster.populate("stage", &[end_to_end::bank::sample("dbd"), end_to_end::bank::sample("psb")]).well();
    cluster.spoc([IMPORT]).well();
    cluster.expect_error("DFS4457E");
    cluster.finish();
}

/// The others say who leads, and where.
#[test]
fn a_member_that_begins_anew_is_taken_in_by_a_master_that_its_configuration_does_not_name() {
    let mut cluster = Cluster::start(3);
    cluster.set_up_bank();
    cluster.add("IMS4", "Y");
    // Who leads after a master that is killed is left to chance; one that ends in good order has a favourite.
    let mut kills = 0;
    while cluster.master() != "IMS4" {
        let master = cluster.master();
        cluster.kill(&master);
        // One that is back at once is master again before the others have missed it.
        cluster.wait_until("another leads", LIMIT, || {
            let next = cluster.master();
            !next.is_empty() && next != master
        });
        cluster.restart(&master);
        kills += 1;
        assert!(kills <= KILLS_MAX, "IMS4 never leads");
    }
    cluster.kill("IMS2");
    fs::remove_dir_all(cluster.layout().folder.join("data/IMS2")).unwrap();
    cluster.restart("IMS2");
    assert_eq!(cluster.master(), "IMS4");
    assert_eq!(cluster.program_stamps("TELLER").len(), 4);
    cluster.finish();
}

/// Nobody stands for election while the master stands still, so that it is master still when it goes on.
const PATIENT: &str = "[consensus]\nelection_min_ms = 8000\nelection_max_ms = 9000\n";

/// A master that finds the link lost, and the member there again when it dials, has no reason to take it for lost. The
/// member does not know whom to say that it is another run of itself.
#[test]
fn a_member_that_begins_anew_before_the_master_misses_it_is_taken_in() {
    let mut cluster = Cluster::start_configured(Binaries::for_stories().clone(), 3, PATIENT);
    cluster.set_up_bank();
    cluster.add("IMS4", "Y");
    // IMS4 is not patient, so that it is the first to stand for election.
    cluster.end("IMS4");
    let file = cluster.layout().config("IMS4");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(PATIENT));
    fs::write(&file, text.replace(PATIENT, "")).unwrap();
    cluster.restart("IMS4");
    let mut kills = 0;
    while cluster.master() != "IMS4" {
        let master = cluster.master();
        cluster.kill(&master);
        cluster.wait_until("another leads", LIMIT, || {
            let next = cluster.master();
            !next.is_empty() && next != master
        });
        cluster.restart(&master);
        kills += 1;
        assert!(kills <= KILLS_MAX, "IMS4 never leads");
    }
    cluster.pause("IMS4");
    cluster.kill("IMS2");
    fs::remove_dir_all(cluster.layout().folder.join("data/IMS2")).unwrap();
    let before = cluster.log("IMS2").length();
    cluster.begin_restart("IMS2");
    cluster.wait_until("IMS2 listens", LIMIT, || cluster.log("IMS2").text_since(before).contains("started"));
    cluster.resume("IMS4");
    cluster.wait_restarted("IMS2");
    assert_eq!(cluster.master(), "IMS4");
    assert_eq!(cluster.program_stamps("TELLER").len(), 4);
    cluster.finish();
}

#[test]
fn a_member_that_keeps_its_own_catalog_is_seen_and_left_alone() {
    let mut cluster = Cluster::start(3);
    cluster.set_up_bank();
    cluster.add("IMS4", "N");
    cluster.wait_until("the plex sees IMS4", LIMIT, || {
        cluster
            .rows(&["QUERY MEMBER TYPE(IMS) SHOW(ATTRIB)"])
            .iter()
            .any(|row| row["MbrName"] == "IMS4" && row["LclAttr"] == "DIRECTORY")
    });
    cluster.stage_change();
    let imported = cluster.spoc([IMPORT]);
    imported.well();
    assert!(!imported.stdout.contains("IMS4"), "{}", imported.stdout);
    assert_eq!(cluster.message_count("IMS4", "DFS4897I"), 0);
    let own = cluster.spoc(["IMPORT DEFN SOURCE(CATALOG) ROUTE(IMS4)"]);
    assert_eq!(own.status, Some(12), "{}", own.stdout);
    assert!(own.stdout.contains("nothing is staged"), "its own catalog is empty: {}", own.stdout);
    cluster.finish();
}

/// Where the plex looks for a member. The first row of an answer is about the one who answers.
fn address(cluster: &Cluster, member: &str) -> String {
    let rows = cluster.rows(&["QUERY MEMBER TYPE(IMS) SHOW(ALL)"]);
    let row = rows.iter().skip(1).find(|row| row["MbrName"] == member);
    row.map(|row| row["Address"].to_string()).unwrap_or_else(|| panic!("{member} is not in {rows:?}"))
}

#[test]
fn a_member_that_comes_back_at_another_address_is_found_there_also_when_all_move() {
    let mut cluster = Cluster::start(3);
    cluster.set_up_bank();
    let moved = if cluster.master() == "IMS3" { "IMS2" } else { "IMS3" };
    let stays = if cluster.master() == "IMS1" { "IMS2" } else { "IMS1" };
    let stays = if stays == moved { "IMS1" } else { stays };
    let earlier = address(&cluster, moved);
    cluster.kill(moved);
    cluster.relocate(moved, false);
    cluster.restart(moved);
    assert_ne!(address(&cluster, moved), earlier);
    assert_eq!(cluster.message_count(stays, "LINK208I"), 1);
    cluster.stage_change();
    cluster.spoc([IMPORT]).well();
    assert_eq!(cluster.program_stamps("TELLER").len(), 3);

    let names = ["IMS1", "IMS2", "IMS3"];
    for member in names {
        cluster.end(member);
        cluster.relocate(member, true);
    }
    for member in names {
        cluster.begin_restart(member);
    }
    for member in names {
        cluster.wait_restarted(member);
    }
    cluster.wait_until("all are found", LIMIT, || cluster.program_stamps("TELLER").len() == 3);
    cluster.finish();
}
