//! A member that has just started asks others before they have dialed it, and is answered all the same.

use end_to_end::Cluster;
use std::time::{Duration, Instant};

#[test]
fn a_member_that_has_just_come_back_gets_its_answers() {
    let mut cluster = Cluster::start(3);
    for _ in 0..5 {
        cluster.kill("IMS3");
        cluster.restart("IMS3");
        let start = Instant::now();
        cluster.spoc(["--member", "IMS3", "QUERY MEMBER TYPE(IMS) SHOW(ALL)"]).well();
        assert!(start.elapsed() < Duration::from_secs(20), "an answer was lost on its way");
    }
    cluster.finish();
}
