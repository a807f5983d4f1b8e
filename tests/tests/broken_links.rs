//! What the log says of members that come and go: one line when a link is lost, one when it is back.

use end_to_end::Cluster;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

struct Watch {
    others: Vec<String>,
    from: Vec<u64>,
}

impl Watch {
    /// Looks at the logs of all but one from now on.
    fn all_but(cluster: &Cluster, member: &str) -> Self {
        let others = cluster.others(member);
        let from = others.iter().map(|other| cluster.log(other).length()).collect();
        Self { others, from }
    }

    fn said(&self, cluster: &Cluster) -> Vec<Vec<String>> {
        let said = |(other, from): (&String, &u64)| {
            let text = cluster.log(other).text_since(*from);
            text.lines().filter(|line| !line.contains("asked:")).map(ToString::to_string).collect()
        };
        self.others.iter().zip(&self.from).map(said).collect()
    }

    /// Waits until each of them has said this of the member.
    fn wait_for(&self, cluster: &Cluster, number: &str) {
        cluster.wait_until(&format!("{number} is said"), LIMIT, || {
            self.said(cluster).iter().all(|lines| lines.iter().any(|line| line.contains(number)))
        });
    }
}

/// The lines of one member that warn or are about links.
fn about_links(lines: &[String]) -> Vec<&str> {
    let number =
        |line: &String| line.contains(" WARN ") || line.contains(" ERROR ") || line.contains("LINK2");
    lines.iter().filter(|line| number(line)).map(String::as_str).collect()
}

#[test]
fn a_lost_link_is_one_line_in_plain_words_and_another_when_it_is_back() {
    let mut cluster = Cluster::start(3);
    let watch = Watch::all_but(&cluster, "IMS3");

    cluster.kill("IMS3");
    watch.wait_for(&cluster, "LINK201W");
    cluster.wait_until("it is known as gone", LIMIT, || cluster.status_of("IMS3") == "ABENDED");
    cluster.restart("IMS3");
    watch.wait_for(&cluster, "LINK202I");
    for lines in watch.said(&cluster) {
        let [lost, back] = about_links(&lines)[..] else { panic!("{lines:?}") };
        assert!(lost.contains("THE LINK TO IMS3 AT 127.0.0.1:"), "{lost}");
        assert!(lost.contains("gone without a farewell. IT IS DIALED UNTIL IT ANSWERS"), "{lost}");
        assert!(back.contains("LINK202I THE LINK TO IMS3"), "{back}");
    }

    let watch = Watch::all_but(&cluster, "IMS3");
    cluster.end("IMS3");
    watch.wait_for(&cluster, "LINK203I");
    cluster.restart("IMS3");
    watch.wait_for(&cluster, "LINK202I");
    for lines in watch.said(&cluster) {
        let [ended, back] = about_links(&lines)[..] else { panic!("{lines:?}") };
        assert!(ended.contains(" INFO ") && ended.contains("IMS3 HAS ENDED IN ORDER"), "{ended}");
        assert!(back.contains("LINK202I"), "{back}");
    }

    let watch = Watch::all_but(&cluster, "IMS3");
    cluster.pause("IMS3");
    watch.wait_for(&cluster, "LINK201W");
    cluster.resume("IMS3");
    watch.wait_for(&cluster, "LINK202I");
    for lines in watch.said(&cluster) {
        let links: Vec<_> =
            about_links(&lines).into_iter().filter(|line| line.contains("LINK201W")).collect();
        let [lost] = links[..] else { panic!("{lines:?}") };
        assert!(lost.contains("nothing was received for 6000 ms"), "{lost}");
    }
    for member in ["IMS1", "IMS2", "IMS3"] {
        assert!(!cluster.log(member).text().contains("close_notify"), "{}", cluster.log(member).text());
    }
    cluster.finish();
}
