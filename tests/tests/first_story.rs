//! The first story: a plex comes up, takes the sample bank, activates a change on every member, and goes.

use end_to_end::{Cluster, Output};
use std::path::{Path, PathBuf};
use std::time::Duration;

const MEMBERS: [&str; 3] = ["IMS1", "IMS2", "IMS3"];

fn sample(part: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../cluster-config/sample").join(part)
}

fn populate(cluster: &Cluster, mode: &str, paths: &[PathBuf]) {
    let arguments = ["populate", "--mode", mode].map(Into::into).into_iter();
    well(&cluster.spoc(arguments.chain(paths.iter().cloned())));
}

fn well(output: &Output) {
    assert_eq!(output.status, Some(0), "{}\n{}", output.stdout, output.stderr);
}

/// The rows of a command's answer.
fn rows(cluster: &Cluster, command: &[&str]) -> Vec<serde_json::Value> {
    let output = cluster.spoc(["--output", "json"].iter().chain(command));
    let answer = output.json();
    let rows = answer["rows"].as_array();
    rows.unwrap_or_else(|| panic!("no rows: {}\n{}", output.stdout, output.stderr)).clone()
}

#[test]
fn three_members_take_definitions_and_activate_a_change_together() {
    let cluster = Cluster::start(3);

    populate(&cluster, "setup", &[sample("dbd"), sample("psb")]);
    assert_eq!(rows(&cluster, &["list", "--active"]).len(), 9);
    populate(&cluster, "stage", &[sample("change")]);
    assert_eq!(rows(&cluster, &["list", "--pending"]).len(), 3);

    well(&cluster.spoc(["IMPORT DEFN SOURCE(CATALOG)"]));
    for member in MEMBERS {
        cluster.wait_until(&format!("{member} completes the import"), Duration::from_secs(10), || {
            cluster.message_count(member, "DFS4897I") == 1
        });
    }
    assert_eq!(rows(&cluster, &["list", "--pending"]).len(), 0);
    assert_eq!(rows(&cluster, &["list", "--active"]).len(), 9);

    let rows = rows(&cluster, &["QUERY MEMBER TYPE(IMS) SHOW(ALL)"]);
    for member in MEMBERS {
        assert!(rows.iter().any(|row| row["MbrName"] == member), "{member} is not among {rows:?}");
    }
    cluster.finish();
}
