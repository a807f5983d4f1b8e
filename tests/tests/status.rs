//! The page an operator looks at first, from real members: who leads, what stands in the way, who is gone.

use end_to_end::Cluster;
use end_to_end::bank::IMPORT;
use serde_json::Value;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

fn status(cluster: &Cluster) -> Value {
    cluster.spoc(["--output", "json", "status"]).json()
}

#[test]
fn the_status_tells_who_leads_what_stands_in_the_way_and_who_is_gone() {
    let mut cluster = Cluster::start(3);
    cluster.set_up_bank();
    cluster.stage_change();
    let page = status(&cluster);
    let master = cluster.master();
    assert_eq!(page["master"]["member"], master.as_str(), "{page:#}");
    assert!(page["master"]["since"].is_string(), "{page:#}");
    assert_eq!(
        (&page["quorum"], &page["staged"], &page["exit_status"]),
        (&true.into(), &3.into(), &0.into())
    );

    let region = cluster.spoc_aside(["--member", "IMS2", "region", "--psb", "TELLER"]);
    cluster.wait_until("TELLER is scheduled", LIMIT, || region.printed().contains("SCHEDULED"));
    let page = status(&cluster);
    let in_the_way = page["waits"].as_array().unwrap();
    assert!(in_the_way.iter().any(|wait| wait["member"] == "IMS2" && wait["name"] == "TELLER"), "{page:#}");
    drop(region);
    cluster.wait_until("its databases can be closed", LIMIT, || {
        cluster.spoc(["/DBR DB ACCTDB"]).status == Some(0)
    });
    cluster
        .wait_until("nothing stands in the way", LIMIT, || status(&cluster)["waits"] == Value::Array(vec![]));
    cluster.spoc([IMPORT]).well();
    let page = status(&cluster);
    assert_eq!(page["last_activation"]["outcome"], "COMMITTED", "{page:#}");
    assert_eq!(page["directory"]["level"], page["last_activation"]["level"], "{page:#}");

    let gone = ["IMS1", "IMS2", "IMS3"].into_iter().find(|member| *member != master).unwrap();
    cluster.kill(gone);
    cluster.wait_until("who was killed is told of as lost", LIMIT, || {
        let page = status(&cluster);
        let members = page["members"].as_array().cloned().unwrap_or_default();
        members.iter().any(|member| member["member"] == gone && member["status"][0] == "ABENDED")
    });
    cluster.expect_error(end_to_end::bank::NOT_OPENED);
    cluster.finish();
}
