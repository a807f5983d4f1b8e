//! What operators do to a plex, and what a plex tells them: work in progress, staged PSBs, loss of quorum.

use end_to_end::Cluster;
use end_to_end::bank::{IMPORT, NOT_OPENED, sample};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn work_in_progress_on_one_member_keeps_all_from_changing() {
    let mut cluster = Cluster::start(3);
    cluster.set_up_bank();
    cluster.stage_change();
    let region = cluster.spoc_aside(["--member", "IMS2", "region", "--psb", "TELLER"]);
    cluster.wait_until("TELLER is scheduled", LIMIT, || region.printed().contains("SCHEDULED"));
    let refused = cluster.spoc([IMPORT]);
    assert_eq!(refused.status, Some(12), "{}\n{}", refused.stdout, refused.stderr);
    assert!(refused.stdout.contains("DFS4756E PROGRAM TELLER IS IN USE ON IMS2"), "{}", refused.stdout);
    assert_eq!(cluster.rows(&["list", "--pending"]).len(), 3, "staging is as it was");
    drop(region);
    cluster.wait_until("TELLER has ended", LIMIT, || {
        cluster.rows(&["QUERY PGM NAME(TELLER) SHOW(WORK)"]).iter().all(|row| row["Work"] == "")
    });
    let open = cluster.spoc([IMPORT]);
    assert!(open.stdout.contains("DATABASE ACCTDB IS OPEN, /DBR DB ACCTDB CLOSES IT"), "{}", open.stdout);
    cluster.spoc(["/DBR DB ACCTDB"]).well();
    cluster.spoc([IMPORT]).well();
    for error in [NOT_OPENED, "DFS4755E", "DFS4756E", "DFS4898E"] {
        cluster.expect_error(error);
    }
    cluster.finish();
}

#[test]
fn psbs_are_staged_member_by_member() {
    let mut cluster = Cluster::start(3);
    cluster.set_up_bank();
    for member in ["IMS1", "IMS2", "IMS3"] {
        let region = cluster.spoc(["--member", member, "region", "--psb", "TELLER", "--hold", "0"]);
        region.well();
    }
    cluster.populate("stage", &[sample("change-psb")]).well();
    cluster.spoc(["IMPORT DEFN SOURCE(CATALOG) OPTION(UPDATEPSB) FOR(IMSID(IMS1))"]).well();
    let pending = |member: &str| {
        let rows = cluster.rows(&["QUERY PGM NAME(TELLER) SHOW(STATUS)"]);
        rows.iter().any(|row| row["MbrName"] == member && row["LclStat"] == "REFP")
    };
    assert_eq!(["IMS1", "IMS2", "IMS3"].map(pending), [false, true, true]);
    cluster.spoc(["IMPORT DEFN SOURCE(CATALOG) OPTION(REFRESHPSB) FOR(IMSID(IMS2,IMS3))"]).well();
    assert_eq!(["IMS1", "IMS2", "IMS3"].map(pending), [false, false, false]);

    cluster.populate("stage", &[sample("change/dbd")]).well();
    let refused = cluster.spoc(["IMPORT DEFN SOURCE(CATALOG) OPTION(UPDATEPSB) FOR(IMSID(IMS1))"]);
    assert_eq!(refused.status, Some(12), "{}", refused.stdout);
    assert!(refused.stdout.contains("ACCTDB"), "{}", refused.stdout);
    cluster.expect_error(NOT_OPENED);
    cluster.finish();
}

#[test]
fn without_a_quorum_answers_are_quick_and_say_so() {
    let mut cluster = Cluster::start(3);
    cluster.set_up_bank();
    cluster.stage_change();
    cluster.kill("IMS2");
    cluster.kill("IMS3");
    cluster.wait_until("IMS1 knows that it is alone", LIMIT, || {
        let output =
            cluster.spoc(["--member", "IMS1", "--wait", "10", "QUERY MEMBER TYPE(IMS) SHOW(STATUS)"]);
        output.stdout.contains("NOQUORUM")
    });
    let refused = cluster.spoc(["--member", "IMS1", IMPORT]);
    assert_eq!(refused.status, Some(16), "{}\n{}", refused.stdout, refused.stderr);
    assert!(refused.stdout.contains("00004004"), "{}", refused.stdout);
    let works = cluster.spoc(["--member", "IMS1", "UPDATE PGM NAME(TELLER) STOP(SCHD) ROUTE(IMS1)"]);
    works.well();
    cluster.restart("IMS2");
    let output = cluster.spoc([IMPORT]);
    assert_eq!(output.status, Some(4), "{}\n{}", output.stdout, output.stderr);
    cluster.finish();
}
