//! RECON is one for the plex: what operators changed in it is there after the master is lost, and after a restart of all.

use end_to_end::Cluster;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

fn listed(cluster: &Cluster, member: &str) -> String {
    let output = cluster.spoc(["--member", member, "LIST.DB DBD(CUSTDB) DBDS"]);
    output.well();
    output.stdout
}

#[test]
fn what_recon_says_outlives_the_master_and_a_restart_of_the_plex() {
    let mut cluster = Cluster::start(3);
    cluster.spoc(["INIT.DB DBD(CUSTDB) SHARELVL(1)"]).well();
    cluster.spoc(["INIT.DBDS DBD(CUSTDB) DDN(CUSTDD) DSN(IMS.CUSTDB) GENMAX(3)"]).well();
    let again = cluster.spoc(["INIT.DB DBD(CUSTDB)"]);
    assert_eq!(again.status, Some(12), "{}", again.stdout);
    assert!(again.stdout.contains("DSP0209I INIT.DB IS ENDED"), "{}", again.stdout);

    let master = cluster.master();
    cluster.kill(&master);
    let survivor = cluster.layout().members.iter().find(|member| **member != master).unwrap().clone();
    // Until the next master leads, whoever asks is told that there is none.
    cluster.wait_until("the survivors change RECON", LIMIT, || {
        cluster.spoc(["--member", &survivor, "CHANGE.DB DBD(CUSTDB) NOAUTH"]).status == Some(0)
    });
    cluster.restart(&master);
    cluster.wait_until("the former master lists what was changed without it", LIMIT, || {
        listed(&cluster, &master).contains("PROHIBIT AUTHORIZATION =ON")
    });

    let members = cluster.layout().members.clone();
    members.iter().for_each(|member| cluster.end(member));
    members.iter().for_each(|member| cluster.begin_restart(member));
    members.iter().for_each(|member| cluster.wait_restarted(member));
    for member in &members {
        let listed = listed(&cluster, member);
        assert!(listed.contains("DB DBD=CUSTDB SHARE LEVEL=1"), "{listed}");
        assert!(listed.contains("PROHIBIT AUTHORIZATION =ON"), "{listed}");
        assert!(listed.contains("DBDS DBD=CUSTDB DDN=CUSTDD DSN=IMS.CUSTDB"), "{listed}");
    }
    cluster.finish();
}
