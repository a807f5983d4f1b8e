//! DDL against a plex of real members: staged, activated, queued, and taken over when its master is lost.

use end_to_end::bank::IMPORT;
use end_to_end::{Aside, Binaries, Cluster, Output};
use std::path::PathBuf;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

/// A database with a program that uses it.
const LOANS: &str = "\
CREATE DATABASE LOANS;
CREATE TABLE LOAN (NO CHAR(8) PRIMARY KEY, AMOUNT DECIMAL(9,2));
CREATE PROGRAMVIEW LENDER (CREATE SCHEMA L USING LOANS (CREATE SENSEGVIEW LOAN)) LANGCOBOL;
COMMIT DDL;
";

fn file(cluster: &Cluster, name: &str, text: &str) -> PathBuf {
    let path = cluster.layout().folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn ddl(cluster: &Cluster, options: &[&str], text: &str) -> Output {
    let path = file(cluster, "job.ddl", text);
    cluster.spoc(["ddl"].iter().chain(options).map(Into::into).chain([path]))
}

/// A job that is submitted at a member, with its end left open.
fn begun(cluster: &Cluster, member: &str, options: &[&str], file: PathBuf) -> Aside {
    let words = ["--member", member, "ddl"].into_iter().chain(options.iter().copied());
    cluster.spoc_aside(words.map(PathBuf::from).chain([file]))
}

/// A job that activates at once and does not get out of prepare, because a member that owes its vote stands still.
fn held_in_prepare(cluster: &Cluster, survivors: &[String]) -> Aside {
    cluster.pause(&survivors[1]);
    let job = begun(cluster, &survivors[0], &["--autoactivate"], file(cluster, "held.ddl", LOANS));
    cluster.wait_until("the member that was asked prepares", LIMIT, || {
        cluster.status_from(&survivors[0]).contains("OLCPREPC")
    });
    job
}

fn active(cluster: &Cluster) -> usize {
    cluster.rows(&["list", "--active"]).len()
}

#[test]
fn what_ddl_defines_is_staged_imported_changed_and_dropped() {
    let cluster = Cluster::start(3);
    cluster.set_up_bank();
    let before = active(&cluster);
    ddl(&cluster, &[], LOANS).well();
    assert_eq!(cluster.rows(&["list", "--pending"]).len(), 2);
    cluster.spoc([IMPORT]).well();
    assert_eq!(active(&cluster), before + 2);
    ddl(&cluster, &["--autoactivate"], "ALTER TABLE LOAN IN DATABASE LOANS MAXBYTES 80;\nCOMMIT DDL;\n")
        .well();
    let wrong = ddl(&cluster, &[], "DROP DATABASE LOANS;\nCOMMIT DDL;\n");
    assert_eq!(wrong.status, Some(12), "{}", wrong.stdout);
    assert!(wrong.stdout.contains("DFS4324E PSB LENDER NAMES DBD LOANS"), "{}", wrong.stdout);
    let simulated = ddl(&cluster, &["--simulate", "--verbose"], "DROP PROGRAMVIEW LENDER;\nCOMMIT DDL;\n");
    simulated.well();
    assert!(simulated.stdout.contains("     1 | DROP PROGRAMVIEW LENDER;"), "{}", simulated.stdout);
    ddl(&cluster, &["--autocommit", "--autoactivate"], "DROP PROGRAMVIEW LENDER;\nDROP DATABASE LOANS;\n")
        .well();
    assert_eq!(active(&cluster), before);
    let rows = cluster.rows(&["list", "--name", "LO*"]);
    assert_eq!(rows.len(), 0, "{rows:?}");
    cluster.finish();
}

#[test]
fn a_finding_names_file_line_and_column_and_what_is_not_committed_is_rolled_back() {
    let cluster = Cluster::start(1);
    let wrong = ddl(
        &cluster,
        &[],
        "CREATE DATABASE LOANS;\nCREATE TABLE LOAN (NO CHAR(8) PRIMARI KEY);\nCOMMIT DDL;\n",
    );
    assert_eq!(wrong.status, Some(12), "{}", wrong.stdout);
    assert!(wrong.stdout.contains("job.ddl:2:31"), "{}", wrong.stdout);
    let path = file(&cluster, "open.ddl", &LOANS.replace("COMMIT DDL;\n", ""));
    let open: Vec<PathBuf> = vec!["--output".into(), "json".into(), "ddl".into(), path];
    let output = cluster.spoc(open);
    assert_eq!(output.status, Some(12), "{}", output.stdout);
    assert!(output.stdout.contains("DDL115") && output.json()["rows"].is_array(), "{}", output.stdout);
    assert_eq!(cluster.rows(&["list"]).len(), 0);
    let populate = cluster.populate("stage", &[file(&cluster, "loans.ddl", LOANS)]);
    assert!(
        populate.stdout.contains("CARD029") && populate.stdout.contains("spoc ddl"),
        "{}",
        populate.stdout
    );
    cluster.finish();
}

#[test]
fn new_databases_are_activated_at_once_where_the_configuration_says_so() {
    let sections = "[activation]\nautoimport_create = true\n";
    let cluster = Cluster::start_configured(Binaries::for_stories().clone(), 3, sections);
    cluster.set_up_bank();
    let output = ddl(&cluster, &[], LOANS);
    output.well();
    assert_eq!(output.stdout.matches("DFS4781I").count(), 3, "{}", output.stdout);
    cluster.wait_until("every member says that it is complete", LIMIT, || {
        cluster.layout().members.iter().all(|member| cluster.message_count(member, "DFS4781I") == 1)
    });
    ddl(&cluster, &[], "ALTER TABLE LOAN IN DATABASE LOANS MAXBYTES 80;\nCOMMIT DDL;\n").well();
    assert_eq!(cluster.rows(&["list", "--pending"]).len(), 1, "a change waits for an IMPORT");
    cluster.finish();
}

/// A member that stands still owes its vote, so that the first job goes on until it is resumed.
#[test]
fn jobs_wait_for_each_other_and_an_operator_who_goes_away_gives_its_place_up() {
    let cluster = Cluster::start(3);
    cluster.set_up_bank();
    let master = cluster.master();
    let rest = cluster.others(&master);
    let first = held_in_prepare(&cluster, &rest);
    let second = LOANS.replace("LOANS", "MORE").replace("LENDER", "MORER");
    let second = file(&cluster, "second.ddl", &second);
    let gone = begun(&cluster, &rest[0], &[], second);
    cluster.wait_until("the second is told its place", LIMIT, || {
        gone.reported().contains("WAITING BEHIND 1 DDL JOB,")
    });
    let third = LOANS.replace("LOANS", "THIRD").replace("LENDER", "THIRDER");
    let third = file(&cluster, "third.ddl", &third);
    let third = begun(&cluster, &master, &[], third);
    cluster.wait_until("the third is told its place", LIMIT, || {
        third.reported().contains("WAITING BEHIND 2 DDL JOBS,")
    });
    drop(gone);
    cluster
        .wait_until("the third moves up", LIMIT, || third.reported().contains("WAITING BEHIND 1 DDL JOB,"));
    cluster.resume(&rest[1]);
    first.finish().unwrap().well();
    third.finish().unwrap().well();
    let pending = cluster.rows(&["list", "--pending"]);
    assert!(
        pending.iter().all(|row| row["Name"].as_str().unwrap_or_default().starts_with("THIRD")),
        "{pending:?}"
    );
    assert_eq!(pending.len(), 2);
    cluster.finish();
}

/// A paused member owes its vote, so the activation stays in prepare while the master is killed.
#[test]
fn when_the_master_is_lost_before_the_commit_point_nothing_is_left_of_the_unit() {
    let mut cluster = Cluster::start(3);
    cluster.set_up_bank();
    let before = active(&cluster);
    let master = cluster.master();
    let survivors = cluster.others(&master);
    let job = held_in_prepare(&cluster, &survivors);
    cluster.kill(&master);
    cluster.resume(&survivors[1]);
    let output = job.finish().unwrap();
    assert_eq!(output.status, Some(12), "{}\n{}", output.stdout, output.stderr);
    assert!(output.stdout.contains("DFS4997I"), "{}", output.stdout);
    cluster.wait_until("one survivor says that it backed out", LIMIT, || {
        survivors.iter().map(|member| cluster.message_count(member, "DFS4997I")).sum::<usize>() == 1
    });
    assert_eq!(active(&cluster), before);
    assert_eq!(cluster.rows(&["list", "--pending"]).len(), 0);
    let again = ddl(&cluster, &["--autoactivate"], LOANS);
    assert_eq!(again.status, Some(4), "it is told who was away: {}\n{}", again.stdout, again.stderr);
    assert!(again.stdout.contains("DFS4880W"), "{}", again.stdout);
    cluster.restart(&master);
    assert_eq!(cluster.rows(&["--member", &master, "list", "--active"]).len(), before + 2);
    cluster.expect_error("DFS4326E");
    cluster.finish();
}

/// Wherever the kill falls, both definitions of the unit are there on every member, or neither is; and the operator
/// hears which.
#[test]
fn a_kill_at_any_moment_leaves_all_or_nothing_of_a_unit() {
    let mut cluster = Cluster::start(3);
    cluster.set_up_bank();
    for round in 0..6_u64 {
        let (database, program) = (format!("DB{round}"), format!("PGM{round}"));
        let text = LOANS.replace("LOANS", &database).replace("LENDER", &program);
        let path = file(&cluster, &format!("round-{round}.ddl"), &text);
        let master = cluster.master();
        let survivors = cluster.others(&master);
        let job = begun(&cluster, &survivors[0], &["--autoactivate"], path);
        std::thread::sleep(Duration::from_millis(3 * round * round));
        cluster.kill(&master);
        let output = job.finish().unwrap();
        cluster.restart(&master);
        let mut found = Vec::new();
        for member in cluster.layout().members.clone() {
            let rows = cluster.rows(&["--member", &member, "list", "--active"]);
            let named = |row: &&serde_json::Value| row["Name"] == *database || row["Name"] == *program;
            found.push(rows.iter().filter(named).count());
        }
        assert!(found == [0, 0, 0] || found == [2, 2, 2], "round {round}: {found:?}\n{}", output.stdout);
        let told = output.status == Some(0) || output.status == Some(4);
        assert!(!told || found[0] == 2, "round {round}: {:?}\n{}", output.status, output.stdout);
        assert_eq!(cluster.rows(&["list", "--pending"]).len(), 0, "round {round}");
    }
    cluster.expect_error("DFS4326E");
    cluster.finish();
}
