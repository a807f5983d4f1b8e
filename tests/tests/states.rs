//! What a member keeps for itself: what is stopped on it, and whose data folder is still one of the plex.

use end_to_end::{Binaries, Cluster};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::io;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

/// The local status of a database and of a program on a member.
fn statuses(cluster: &Cluster, member: &str) -> (String, String) {
    let status = |command: &str| {
        let rows = cluster.rows(&[&format!("{command} SHOW(STATUS) ROUTE({member})")]);
        rows[0]["LclStat"].as_str().unwrap_or_default().to_string()
    };
    (status("QUERY DB NAME(CUSTDB)"), status("QUERY PGM NAME(TELLER)"))
}

fn stopped() -> (String, String) {
    ("STOSCHD,STOUPDS,NOTOPEN".to_string(), "STOSCHD".to_string())
}

fn nothing_stopped() -> (String, String) {
    ("NOTOPEN".to_string(), String::new())
}

/// Starts a member cold, and waits until it takes commands.
fn start_cold(cluster: &Cluster, member: &str) -> io::Result<Child> {
    let layout = cluster.layout();
    let log = File::options().append(true).open(layout.log(member))?;
    let ready = cluster.message_count(member, "DFS810I");
    let child = Command::new(&Binaries::for_stories().ims)
        .args(["member", "--cold", "--config"])
        .arg(layout.config(member))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()?;
    cluster.wait_until("it takes commands", LIMIT, || cluster.message_count(member, "DFS810I") > ready);
    Ok(child)
}

fn end(mut child: Child) -> io::Result<()> {
    kill_process(Pid::from_child(&child), Signal::TERM)?;
    assert!(child.wait()?.success());
    Ok(())
}

#[test]
fn what_is_stopped_outlives_an_abend_and_a_shutdown_and_not_a_cold_start() {
    let mut cluster = Cluster::start(3);
    cluster.set_up_bank();
    cluster.spoc(["UPDATE DB NAME(CUSTDB) STOP(SCHD) ROUTE(IMS2)"]).well();
    cluster.spoc(["UPDATE DB NAME(CUSTDB) STOP(UPDATES) ROUTE(IMS2)"]).well();
    cluster.spoc(["UPDATE PGM NAME(TELLER) STOP(SCHD) ROUTE(IMS2)"]).well();
    cluster.kill("IMS2");
    cluster.restart("IMS2");
    assert_eq!(statuses(&cluster, "IMS2"), stopped(), "after an abend");
    let region = cluster.spoc(["--member", "IMS2", "region", "--psb", "TELLER"]);
    assert_ne!(region.status, Some(0), "a program that is stopped was scheduled");

    cluster.end("IMS2");
    cluster.restart("IMS2");
    assert_eq!(statuses(&cluster, "IMS2"), stopped(), "after a shutdown");
    assert_eq!(statuses(&cluster, "IMS1"), nothing_stopped(), "another member has nothing to do with it");

    cluster.end("IMS2");
    let child = start_cold(&cluster, "IMS2").unwrap();
    assert_eq!(statuses(&cluster, "IMS2"), nothing_stopped(), "after a cold start");
    end(child).unwrap();
    cluster.restart("IMS2");
    assert_eq!(statuses(&cluster, "IMS2"), nothing_stopped(), "what a cold start forgot does not come back");
    cluster.finish();
}

#[test]
fn states_that_can_not_be_read_are_named_and_a_cold_start_does_without_them() {
    let mut cluster = Cluster::start(3);
    cluster.set_up_bank();
    cluster.spoc(["UPDATE PGM NAME(TELLER) STOP(SCHD) ROUTE(IMS2)"]).well();
    cluster.end("IMS2");
    let states = cluster.layout().folder.join("data/IMS2/state/stops");
    let mut bytes = fs::read(&states).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&states, &bytes).unwrap();
    let (status, said) = cluster.start_in_vain("IMS2");
    assert_ne!(status, Some(0));
    assert!(said.contains("state/stops is damaged") && said.contains("--cold"), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    let child = start_cold(&cluster, "IMS2").unwrap();
    assert_eq!(statuses(&cluster, "IMS2"), nothing_stopped());
    end(child).unwrap();
    cluster.expect_error("state/stops is damaged");
    cluster.finish();
}

#[test]
fn a_member_that_was_deleted_or_replaced_while_it_was_down_is_told_and_ends() {
    let mut cluster = Cluster::start(3);
    cluster.set_up_bank();
    let away = if cluster.master() == "IMS3" { "IMS2" } else { "IMS3" };
    let data = cluster.layout().folder.join("data");

    // It comes back with an empty folder, and later with the one it had before.
    cluster.kill(away);
    fs::rename(data.join(away), data.join("earlier")).unwrap();
    cluster.restart(away);
    cluster.end(away);
    fs::rename(data.join(away), data.join("later")).unwrap();
    fs::rename(data.join("earlier"), data.join(away)).unwrap();
    let (_, said) = cluster.start_in_vain(away);
    assert!(said.contains("DFS4457E") && said.contains("ANOTHER FOLDER TOOK ITS PLACE"), "{said}");

    // It is deleted, and started on the folder that was its own to the end.
    fs::remove_dir_all(data.join(away)).unwrap();
    fs::rename(data.join("later"), data.join(away)).unwrap();
    cluster.spoc([format!("DELETE MEMBER NAME({away})")]).well();
    let (_, said) = cluster.start_in_vain(away);
    assert!(said.contains("DFS4457E") && said.contains("IT WAS DELETED"), "{said}");

    // An empty folder is all it takes to join again.
    fs::remove_dir_all(data.join(away)).unwrap();
    cluster.restart(away);
    assert_eq!(cluster.program_stamps("TELLER").len(), 3);
    cluster.expect_error("DFS4457E");
    cluster.finish();
}
