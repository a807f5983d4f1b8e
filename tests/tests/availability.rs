//! Why the master changed, or why nothing happened: `spoc ha explain` tells it from what was written down.

use end_to_end::Cluster;
use serde_json::Value;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(30);

fn explained(cluster: &Cluster, from: &str) -> Value {
    cluster.spoc(["--member", from, "--output", "json", "ha", "explain"]).json()
}

fn told(account: &Value) -> String {
    let sentences = account["explanation"].as_array().cloned().unwrap_or_default();
    sentences.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
}

/// The cause of the last change of the master, once it is from this member to another.
fn wait_for_cause(cluster: &Cluster, from: &str, prior: &str) -> String {
    let mut cause = String::new();
    cluster.wait_until(&format!("{from} tells who leads after {prior}"), LIMIT, || {
        let account = explained(cluster, from);
        let last =
            account["changes"].as_array().and_then(|changes| changes.last()).cloned().unwrap_or_default();
        cause = last["cause"].as_str().unwrap_or_default().to_string();
        last["prior"] == prior && account["master"]["member"] == last["member"]
    });
    cause
}

fn another(cluster: &Cluster, than: &str) -> String {
    cluster.layout().members.iter().find(|member| *member != than).unwrap().clone()
}

#[test]
fn a_killed_master_and_one_that_stopped_are_explained_as_such() {
    let mut cluster = Cluster::start(3);
    let first = cluster.master();
    let witness = another(&cluster, &first);
    let account = explained(&cluster, &witness);
    assert_eq!(account["master"]["member"], first.as_str(), "{account:#}");
    assert!(told(&account).contains("the plex was formed"), "{account:#}");

    cluster.kill(&first);
    assert_eq!(wait_for_cause(&cluster, &witness, &first), "ENDED");
    cluster.wait_until("who was killed is told of as lost", LIMIT, || {
        told(&explained(&cluster, &witness)).contains(&format!("{first} was taken for lost at "))
    });
    let account = explained(&cluster, &witness);
    assert!(told(&account).contains(&format!("the process of {first} had ended")), "{account:#}");
    let page = cluster.spoc(["--member", &witness, "status"]).stdout;
    assert!(page.contains(&format!(" after {first}, ")), "{page}");

    cluster.restart(&first);
    let second = cluster.master();
    let witness = another(&cluster, &second);
    cluster.end(&second);
    assert_eq!(wait_for_cause(&cluster, &witness, &second), "STOPPED");
    let account = explained(&cluster, &witness);
    assert!(told(&account).contains(&format!("{second} stopped in order at ")), "{account:#}");
    cluster.restart(&second);
    cluster.finish();
}

#[test]
fn a_survivor_without_a_majority_explains_why_nothing_happens() {
    let mut cluster = Cluster::start(3);
    let master = cluster.master();
    let survivor = another(&cluster, &master);
    let gone = cluster.others(&survivor);
    gone.iter().for_each(|member| cluster.kill(member));
    cluster.wait_until("the survivor tells that a majority is lost", LIMIT, || {
        let told = told(&explained(&cluster, &survivor));
        gone.iter().all(|member| told.contains(&format!("{member} is gone: the link to it broke at ")))
    });
    let output = cluster.spoc(["--member", &survivor, "ha", "explain"]);
    assert_eq!(output.status, Some(4), "{}", output.stderr);
    let expected = format!("it takes 2 of 3 members to decide, and {survivor} reaches 1, itself among them");
    assert!(output.stdout.contains(&expected), "{}", output.stdout);
    assert!(output.stdout.contains("Start 1 of the members that are missing"), "{}", output.stdout);
    gone.iter().for_each(|member| cluster.begin_restart(member));
    gone.iter().for_each(|member| cluster.wait_restarted(member));
    cluster.finish();
}

/// Longer than anything here takes, so that nobody is taken for lost.
const PATIENT: &str = "[activation]\nmember_lost_ms = 60000\n";

#[test]
fn what_an_activation_waits_for_is_told_soon_though_a_linked_member_stands_still() {
    let cluster = Cluster::start_configured(end_to_end::Binaries::for_stories().clone(), 3, PATIENT);
    let master = cluster.master();
    let still = another(&cluster, &master);
    let asked = cluster.layout().members.iter().find(|member| **member != still && **member != master);
    let asked = asked.unwrap().clone();
    cluster.pause(&still);
    let began = Instant::now();
    let output = cluster.spoc(["--member", &asked, "/DISPLAY MODIFY"]);
    cluster.resume(&still);
    assert!(began.elapsed() < Duration::from_secs(20), "after {:?}:\n{}", began.elapsed(), output.stdout);
    assert!(output.stdout.contains(&format!("{still}     rc=02000004 rsn=00001000")), "{}", output.stdout);
    cluster.finish();
}
