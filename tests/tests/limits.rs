//! What a member lets others take: each limit refuses in words, and what is refused harms nobody else.

use end_to_end::{Binaries, Cluster, operator};
use std::fs;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);
/// Fewer than members have to each other, which are not counted.
const CONNECTIONS: usize = 2;

#[test]
fn a_user_who_asks_too_much_is_turned_away_and_another_is_not() {
    let limits = "[limits]\nuser_requests_per_s = 2\n";
    let mut cluster = Cluster::start_configured(Binaries::for_stories().clone(), 1, limits);
    let jane = cluster.operator("jane", "read");
    // One session asks as fast as it can.
    let commands = cluster.layout().folder.join("commands");
    fs::write(&commands, "QUERY MEMBER TYPE(IMS)\n".repeat(30)).unwrap();
    let output = cluster
        .spoc_as(&jane, ["--output".as_ref(), "json".as_ref(), "batch".as_ref(), commands.as_os_str()]);
    assert_eq!(output.status, Some(16), "{}\n{}", output.stdout, output.stderr);
    assert!(output.stdout.contains("\"rsn\": \"0000400C\""), "{}", output.stdout);
    assert!(output.stdout.contains("\"CC\": \"F12\""), "{}", output.stdout);
    assert!(output.stdout.contains("ONE USER ARE ALLOWED 2 REQUESTS A SECOND"), "{}", output.stdout);
    cluster.spoc(["QUERY MEMBER TYPE(IMS)"]).well();
    assert_eq!(cluster.message_count("IMS1", "RATE501W"), 1, "the log is told once, not each time");
    cluster.expect_error("RATE501W");
    cluster.finish();
}

#[test]
fn beyond_the_last_connection_an_operator_is_told_so_and_members_still_get_in() {
    let limits = format!("[limits]\nconnections = {CONNECTIONS}\n");
    let mut cluster = Cluster::start_configured(Binaries::for_stories().clone(), 2, &limits);
    cluster.set_up_bank();
    // Regions stay connected because their input stays open.
    let held: Vec<_> = (0..CONNECTIONS)
        .map(|_| cluster.spoc_aside(["--member", "IMS1", "region", "--psb", "TELLER"]))
        .collect();
    cluster.wait_until("all regions run", LIMIT, || {
        held.iter().all(|region| region.printed().contains("SCHEDULED"))
    });
    let config = cluster.layout().operator_config();
    let arguments = ["--member", "IMS1", "QUERY MEMBER TYPE(IMS)"];
    let refused = operator::spoc_with(Binaries::for_stories(), &config, arguments).output().unwrap();
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains(&format!("RATE502W ALL {CONNECTIONS} CONNECTIONS ARE TAKEN")), "{told}");
    cluster.spoc(["--member", "IMS2", "QUERY MEMBER TYPE(IMS)"]).well();
    cluster.end("IMS2");
    cluster.restart("IMS2");
    drop(held);
    cluster.wait_until("a connection that ended makes room", LIMIT, || {
        cluster.spoc(["--member", "IMS1", "QUERY MEMBER TYPE(IMS)"]).status == Some(0)
    });
    cluster.expect_error("RATE502W");
    cluster.expect_error(end_to_end::bank::NOT_OPENED);
    cluster.finish();
}
