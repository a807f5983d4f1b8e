//! What probes, Prometheus and dashboards are told by real members.

use end_to_end::bank::IMPORT;
use end_to_end::{Cluster, Scrape};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;
use yaml_rust2::{Yaml, YamlLoader};

const LIMIT: Duration = Duration::from_secs(30);
const MEMBERS: [&str; 3] = ["IMS1", "IMS2", "IMS3"];

/// Name and type of every metric that the page describes.
fn described() -> BTreeMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operating/metrics.md");
    let page = fs::read_to_string(path).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `imsplex_"));
    let row = |row: &str| {
        let mut cells = row.split('|');
        let name = cells.next()?.trim().trim_end_matches('`');
        Some((format!("imsplex_{name}"), cells.next()?.trim().to_string()))
    };
    rows.filter_map(row).collect()
}

#[test]
fn a_plex_at_work_tells_every_metric_of_the_page_and_no_other() {
    let (cluster, ports) = Cluster::start_monitored(3, "");
    cluster.set_up_bank();
    cluster.stage_change();
    cluster.spoc([IMPORT]).well();
    // The operator is answered before the end is in the log.
    cluster.wait_until("the activation has ended", LIMIT, || {
        MEMBERS.iter().any(|member| ports.scrape(member).0.contains("imsplex_activations_total"))
    });
    let scrapes: BTreeMap<&str, Scrape> = MEMBERS.map(|member| (member, ports.scrape(member))).into();
    let told: BTreeMap<String, String> = scrapes.values().flat_map(Scrape::types).collect();
    assert_eq!(told, described());

    let sum = |name: &str| scrapes.values().filter_map(|scrape| scrape.value(name)).sum::<f64>();
    assert_eq!(sum("imsplex_raft_is_master"), 1.0);
    assert_eq!(sum("imsplex_ready"), 3.0);
    // The directory was set up, which is no activation, and changed once.
    assert_eq!(sum("imsplex_directory_level"), 6.0);
    assert_eq!(sum("imsplex_activations_total{outcome=\"committed\"}"), 1.0);
    for phase in ["prepare", "commit1", "commit2", "total"] {
        let count = format!("imsplex_activation_phase_seconds_count{{phase=\"{phase}\"}}");
        assert_eq!(sum(&count), 1.0, "{phase}");
    }
    assert_eq!(sum("imsplex_commands_total{verb=\"import\",rc=\"00000000\"}"), 1.0);
    assert_eq!(sum("imsplex_messages_total{number=\"DFS810I\",severity=\"I\"}"), 3.0);
    for (member, scrape) in &scrapes {
        assert_eq!(scrape.value("imsplex_members{state=\"ACTIVE\"}"), Some(3.0));
        assert_eq!(scrape.value("imsplex_links_up"), Some(2.0), "{member}");
        assert!(scrape.value("imsplex_raft_log_sync_seconds_count") > Some(0.0));
        assert!(scrape.value("imsplex_disk_free_bytes") > Some(0.0));
        assert!(scrape.value("imsplex_certificate_expiry_time_seconds") > Some(1.8e9));
        let ready = format!("imsplex_member_info{{member=\"{member}\",plex=\"PLEX1\"");
        assert!(scrape.0.contains(&ready), "{}", scrape.0);
    }
    let master = cluster.master();
    for other in MEMBERS.into_iter().filter(|member| *member != master) {
        let lag = format!("imsplex_raft_lag_entries{{member=\"{other}\"}}");
        assert!(scrapes[master.as_str()].value(&lag).is_some(), "{}", scrapes[master.as_str()].0);
    }
    cluster.finish();
}

#[test]
fn readiness_comes_and_goes_with_the_majority_and_life_does_not() {
    let (mut cluster, ports) = Cluster::start_monitored(3, "");
    let page = ports.get("IMS1", "/readyz").unwrap();
    assert_eq!((page.status, page.text.as_str()), (200, "ok\n"));
    let page = ports.get("IMS1", "/readyz?verbose").unwrap();
    for check in ["consensus", "quorum", "formed", "registered", "disk"] {
        assert!(page.text.contains(&format!("[+]{check} ok\n")), "{}", page.text);
    }
    assert_eq!(ports.get("IMS1", "/elsewhere").unwrap().status, 404);
    assert_eq!(ports.ask("IMS1", "POST /readyz").unwrap().status, 405);

    cluster.kill("IMS2");
    cluster.kill("IMS3");
    cluster.wait_until("IMS1 is not ready any more", LIMIT, || {
        let page = ports.get("IMS1", "/readyz").unwrap();
        page.status == 503
            && page.text.contains("[-]quorum failed: a majority of the members is out of reach")
    });
    assert_eq!(ports.get("IMS1", "/livez").unwrap().text, "ok\n");
    let scrape = ports.scrape("IMS1");
    for none in ["imsplex_raft_quorum", "imsplex_raft_is_master", "imsplex_raft_master_known"] {
        assert_eq!(scrape.value(none), Some(0.0), "{none}: whoever led before leads nobody now");
    }
    cluster.restart("IMS2");
    cluster.wait_until("IMS1 is ready again", LIMIT, || ports.get("IMS1", "/readyz").unwrap().status == 200);

    cluster.pause("IMS1");
    assert!(ports.get("IMS1", "/livez").is_err(), "a member that stands still does not live");
    cluster.resume("IMS1");
    cluster
        .wait_until("IMS1 lives", LIMIT, || ports.get("IMS1", "/livez").is_ok_and(|page| page.status == 200));
    cluster.finish();
}

#[test]
fn a_monitoring_address_that_is_taken_is_named() {
    let (mut cluster, ports) = Cluster::start_monitored(1, "");
    cluster.end("IMS1");
    let _taken = std::net::TcpListener::bind(ports.address("IMS1")).unwrap();
    let (status, said) = cluster.start_in_vain("IMS1");
    assert_eq!(status, Some(8), "{said}");
    assert!(
        said.contains(&format!("the monitoring address {} can't be opened", ports.address("IMS1"))),
        "{said}"
    );
    cluster.expect_error("the monitoring address");
    cluster.finish();
}

/// Every word in a text that begins as our metrics do.
fn metric_names(text: &str) -> BTreeSet<String> {
    let words = text.split(|character: char| !(character.is_ascii_alphanumeric() || character == '_'));
    words.filter(|word| word.starts_with("imsplex_")).map(str::to_string).collect()
}

#[test]
fn dashboard_alerts_and_page_name_no_metric_that_does_not_exist() {
    let described = described();
    let exists = |name: &str| {
        let histogram = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        described.contains_key(name)
            || histogram.is_some_and(|name| described.get(name).is_some_and(|kind| kind == "histogram"))
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for file in
        ["packaging/grafana/imsplex.json", "packaging/prometheus/alerts.yml", "docs/operating/metrics.md"]
    {
        let names = metric_names(&fs::read_to_string(root.join(file)).unwrap());
        assert!(names.len() > 10, "{file}");
        let unknown: Vec<_> = names.iter().filter(|name| !exists(name)).collect();
        assert_eq!(unknown, [""; 0], "{file}");
    }
}

#[test]
fn every_alert_has_a_question_a_severity_and_words_for_whoever_is_woken() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/prometheus/alerts.yml");
    let alerts = YamlLoader::load_from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let rules = alerts[0]["groups"][0]["rules"].as_vec().unwrap();
    let mut names = BTreeSet::new();
    for rule in rules {
        let text = |value: &Yaml| value.as_str().unwrap_or_default().to_string();
        let name = text(&rule["alert"]);
        assert!(name.starts_with("Imsplex") && names.insert(name.clone()), "{name}");
        let expr = text(&rule["expr"]);
        let count = |bracket: char| expr.matches(bracket).count();
        assert!(!expr.is_empty() && count('(') == count(')') && count('[') == count(']'), "{name}: {expr}");
        assert!(["warning", "critical"].contains(&&*text(&rule["labels"]["severity"])), "{name}");
        assert!(!text(&rule["annotations"]["summary"]).is_empty(), "{name}");
    }
    assert!(names.len() > 10, "{names:?}");
}

#[test]
fn the_dashboard_is_json_whose_panels_all_ask_something() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/grafana/imsplex.json");
    let dashboard: serde_json::Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        let targets = panel["targets"].as_array().unwrap();
        let asks = |target: &serde_json::Value| {
            target["expr"].as_str().is_some_and(|expr| expr.contains("imsplex_"))
        };
        assert!(!targets.is_empty() && targets.iter().all(asks), "{}", panel["title"]);
    }
}
