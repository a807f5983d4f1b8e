//! The audit record of real members: who did what is known everywhere, and outlives the member that took it.

use end_to_end::Cluster;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn what_an_operator_did_is_known_on_every_member_and_outlives_the_one_that_took_it() {
    let mut cluster = Cluster::start(3);
    cluster.set_up_bank();
    let bob = cluster.operator("bob", "operate");
    cluster.spoc_as(&bob, ["--member", "IMS2", "UPDATE DB NAME(ACCTDB) STOP(ACCESS)"]).well();
    for _ in 0..20 {
        cluster.spoc_as(&bob, ["--member", "IMS2", "QUERY DB NAME(ACCTDB)"]).well();
    }
    let records = |member: &str, query: &str| cluster.rows(&["--member", member, query]);
    for member in ["IMS1", "IMS2", "IMS3"] {
        cluster.wait_until("the record is there", LIMIT, || {
            records(member, "QUERY AUDIT USER(BOB) TYPE(CHANGE)").len() == 1
        });
        let row = &records(member, "QUERY AUDIT USER(BOB) TYPE(CHANGE)")[0];
        let told =
            ["User", "Role", "Entry", "RC", "Command"].map(|column| row[column].as_str().unwrap_or_default());
        assert_eq!(told, ["bob", "operate", "IMS2", "00000000", "UPDATE DB NAME(ACCTDB) STOP(ACCESS)"]);
        assert!(row["From"].as_str().is_some_and(|from| from.starts_with("127.0.0.1:")), "{row}");
    }
    cluster.wait_until("all queries are recorded", LIMIT, || {
        records("IMS1", "QUERY AUDIT USER(BOB) COMMAND(QUERY) LAST(9999)").len() == 20
    });
    cluster.kill("IMS2");
    cluster.wait_until("the others answer alone", LIMIT, || {
        cluster.rows(&["--member", "IMS1", "--wait", "5", "QUERY AUDIT USER(BOB) TYPE(CHANGE)"]).len() == 1
    });
    assert_eq!(cluster.rows(&["--member", "IMS3", "QUERY AUDIT COMMAND(POPULATE)"]).len(), 1);
    cluster.restart("IMS2");
    cluster.wait_until("who comes back knows it again", LIMIT, || {
        cluster.rows(&["--member", "IMS2", "QUERY AUDIT USER(BOB) COMMAND(QUERY) LAST(9999)"]).len() == 20
    });
    cluster.finish();
}
