//! The utilities of the catalog, and that what they changed is still so when a member comes back from its disk.

use end_to_end::Cluster;
use end_to_end::bank::IMPORT;

/// What a member's copy has of TELLER: instance and retention.
fn teller(cluster: &Cluster, member: &str) -> Vec<(String, u64)> {
    let rows = cluster.rows(&[&format!("QUERY CATALOG NAME(TELLER) SHOW(ALL) ROUTE({member})")]);
    let row = |row: &serde_json::Value| {
        let instance = row["Instance"].as_str().unwrap_or_default().to_string();
        (instance, row["RetainInst"].as_u64().unwrap_or_default())
    };
    rows.iter().map(row).collect()
}

#[test]
fn a_purge_and_a_retention_hold_on_every_member_and_outlive_its_loss() {
    let mut cluster = Cluster::start(3);
    cluster.set_up_bank();
    cluster.stage_change();
    cluster.spoc([IMPORT]).well();
    let both = |retained| vec![("PRIOR".to_string(), retained), ("ACTIVE".to_string(), retained)];
    assert_eq!(teller(&cluster, "IMS1"), both(0));
    cluster.spoc(["UPDATE CATALOG NAME(TELLER) SET(RETENTION(INSTANCES(1)))"]).well();
    let analysis = cluster.spoc(["DELETE CATALOG NAME(*) MODE(ANALYSIS)"]);
    assert!(
        analysis.stdout.contains("EXPIRED") && analysis.stdout.contains("1 MAY GO"),
        "{}",
        analysis.stdout
    );
    assert_eq!(teller(&cluster, "IMS2"), both(1), "an analysis deletes nothing");
    cluster.kill("IMS3");
    let purge = cluster.spoc(["DELETE CATALOG NAME(*) MODE(PURGE)"]);
    assert!(purge.stdout.contains("1 ARE DELETED"), "{}", purge.stdout);
    cluster.restart("IMS3");
    cluster.kill("IMS2");
    cluster.restart("IMS2");
    for member in ["IMS1", "IMS2", "IMS3"] {
        assert_eq!(teller(&cluster, member), vec![("ACTIVE".to_string(), 1)], "{member}");
    }
    let check = cluster.spoc(["UPDATE CATALOG NAME(*) SET(TIMESTAMP(CHECK))"]);
    assert_eq!(check.stdout.matches("DFS9111I").count(), 3, "{}", check.stdout);
    cluster.spoc(["UPDATE DIRECTORY START(REBUILD)"]).well();
    cluster.spoc(["UPDATE DIRECTORY START(CLEANUP)"]).well();
    cluster.finish();
}
