//! Roles with real certificates: what an operator may not do is refused on every way in, and told.

use end_to_end::Cluster;
use std::fs;

#[test]
fn an_operator_does_what_the_certificate_allows_and_no_more() {
    let mut cluster = Cluster::start(2);
    cluster.set_up_bank();
    let (reader, worker) = (cluster.operator("eve", "read"), cluster.operator("bob", "operate"));
    let as_reader =
        |arguments: &[&str]| cluster.spoc_as(&reader, ["--member", "IMS2"].iter().chain(arguments));
    as_reader(&["QUERY DB NAME(*)"]).well();
    let refused = as_reader(&["--output", "json", "UPDATE DB NAME(ACCTDB) STOP(ACCESS)"]);
    assert_eq!(refused.status, Some(16), "{}\n{}", refused.stdout, refused.stderr);
    let answer = refused.json();
    assert_eq!((&answer["rc"], &answer["rsn"]), (&"02000010".into(), &"00004008".into()), "{answer}");
    assert_eq!(answer["rows"][0]["CC"], "F11", "{answer}");
    let xml = as_reader(&["--output", "xml", "IMPORT DEFN SOURCE(CATALOG)"]).stdout;
    assert!(xml.contains("<cmdsecerr>") && xml.contains("AUTH301E eve AT 127.0.0.1:"), "{xml}");
    let region = as_reader(&["region", "--psb", "TELLER", "--hold", "0"]);
    assert!(region.stderr.contains("operator.read may not use the region lane"), "{}", region.stderr);

    let as_worker = |arguments: &[&str]| cluster.spoc_as(&worker, arguments);
    as_worker(&["UPDATE DB NAME(ACCTDB) STOP(ACCESS)"]).well();
    as_worker(&["UPDATE DB NAME(ACCTDB) START(ACCESS)"]).well();
    let refused = as_worker(&["DELETE MEMBER NAME(IMS2)"]);
    assert!(refused.stdout.contains("TAKES THE ROLE administer"), "{}", refused.stdout);
    assert_eq!(
        cluster.rows(&["QUERY MEMBER TYPE(IMS)"]).iter().filter(|row| row["MbrName"] == "IMS2").count(),
        1
    );

    let log = fs::read_to_string(cluster.layout().log("IMS2")).unwrap();
    let line = log.lines().find(|line| line.contains("AUTH301E")).unwrap_or_default();
    assert!(
        line.contains("eve AT 127.0.0.1:") && line.contains(": UPDATE DB NAME(ACCTDB) STOP(ACCESS)"),
        "{line}"
    );
    cluster.expect_error("AUTH301E");
    cluster.expect_error("region lane");
    cluster.finish();
}
