//! The runner's own promises, kept with stand-ins for the two programs.

use end_to_end::member::{MemberProcess, Terminal};
use end_to_end::{Binaries, Cluster, Layout, wait};
use rustix::process::Signal;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

fn stand_ins() -> Binaries {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("stand-ins");
    Binaries { ims: folder.join("ims"), spoc: folder.join("spoc") }
}

/// What a story that fails says.
fn failure(story: impl FnOnce()) -> String {
    let failure = catch_unwind(AssertUnwindSafe(story)).err().and_then(|failure| failure.downcast().ok());
    failure.map_or_else(|| panic!("the story did not fail with a text"), |text: Box<String>| *text)
}

#[test]
fn a_killed_member_is_gone_and_comes_back_on_what_it_left() {
    let mut cluster = Cluster::start_with(stand_ins(), 2);
    cluster.kill("IMS1");
    assert!(!cluster.is_running("IMS1"));
    assert!(cluster.is_running("IMS2"));
    cluster.restart("IMS1");
    assert!(cluster.is_running("IMS1"));
    assert_eq!(cluster.message_count("IMS1", "DFS810I"), 2);
    assert_eq!(cluster.message_count("IMS2", "DFS810I"), 1);
    cluster.finish();
}

#[test]
fn a_member_that_ends_in_good_order_says_so() {
    let mut cluster = Cluster::start_with(stand_ins(), 1);
    cluster.end("IMS1");
    assert!(cluster.log("IMS1").text().ends_with("stand-in: ended\n"));
    cluster.finish();
}

#[test]
fn a_paused_member_hears_nothing_until_it_is_resumed() {
    let cluster = Cluster::start_with(stand_ins(), 1);
    let layout = cluster.layout();
    let mut other = MemberProcess::spawn(&stand_ins(), layout, "IMS1", Terminal::Shared).unwrap();
    other.wait_ready(Duration::from_secs(30), || false).unwrap();
    other.signal(Signal::STOP);
    other.signal(Signal::TERM);
    let ended = wait::until("it has ended", Duration::from_millis(300), || other.ended().is_some());
    assert!(ended.is_err());
    other.signal(Signal::CONT);
    cluster.wait_until("it has ended", Duration::from_secs(30), || other.ended().is_some());
}

#[test]
fn a_story_that_passes_leaves_nothing_behind() {
    let cluster = Cluster::start_with(stand_ins(), 1);
    let folder = cluster.layout().folder.clone();
    assert!(folder.join("IMS1.pid").exists());
    cluster.finish();
    assert!(!folder.exists());
}

#[test]
fn a_story_that_fails_keeps_its_folder_and_stops_its_members() {
    let mut folder = PathBuf::new();
    let text = failure(|| {
        let cluster = Cluster::start_with(stand_ins(), 1);
        folder.clone_from(&cluster.layout().folder);
        cluster.wait_until("pigs fly", Duration::from_millis(50), || false);
    });
    assert!(text.contains("in vain until pigs fly\n--- IMS1\n"), "{text}");
    assert!(text.contains("DFS810I IMS1 IS READY"), "{text}");
    assert!(folder.join("logs/IMS1.log").exists());
    assert!(!folder.join("IMS1.pid").exists(), "the member still runs");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_member_that_does_not_start_is_named_with_the_end_of_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::write(folder.path(), "PLEX1", &[1, 2, 3, 4]).unwrap();
    let mut process = MemberProcess::spawn(&stand_ins(), &layout, "IMS4", Terminal::Shared).unwrap();
    let error = process.wait_ready(Duration::from_secs(30), || false).unwrap_err().to_string();
    assert!(error.starts_with("IMS4 ended before it was ready (exit status: 3)"), "{error}");
    assert!(error.contains("port 1 is in use"), "{error}");
}

#[test]
fn an_error_in_a_log_fails_the_story() {
    let cluster = Cluster::start_with(stand_ins(), 3);
    let folder = cluster.layout().folder.clone();
    let text = failure(|| cluster.finish());
    assert!(text.starts_with("IMS3 wrote unexpected errors:\n"), "{text}");
    assert!(text.contains("DFS3541E"), "{text}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn an_error_that_is_expected_fails_no_story() {
    let mut cluster = Cluster::start_with(stand_ins(), 3);
    cluster.expect_error("DFS3541E");
    cluster.finish();
}

#[test]
fn a_command_gives_its_status_its_answer_and_what_was_said_beside_it() {
    let cluster = Cluster::start_with(stand_ins(), 1);
    let output = cluster.spoc(["QUERY", "MEMBER"]);
    assert_eq!(output.status, Some(0));
    assert_eq!(output.json()["called"], "QUERY MEMBER");
    assert_eq!(output.stderr, "asked a member\n");
    assert_eq!(cluster.spoc(["fail"]).status, Some(8));
    let record = cluster.layout().folder.join("logs/spoc-001.out");
    assert_eq!(std::fs::read_to_string(record).unwrap(), output.stdout);
    cluster.finish();
}
