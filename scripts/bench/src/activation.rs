//! `bench activation`: what an operator waits for.

use crate::client::Client;
use crate::sample::{Samples, ms};
use crate::{floor, say, source};
use csl::envelope::{PopulateMode, SourceFile};
use end_to_end::{Binaries, Cluster};
use std::time::{Duration, Instant};

const IMPORT: &str = "IMPORT DEFN SOURCE(CATALOG)";
const QUERY: &str = "QUERY MEMBER TYPE(IMS) SHOW(ALL)";
/// The catalog that restarts are measured with.
const CATALOG_DBDS: usize = 10_000;

/// How often the master is killed with each setting of the timers: the 99th percentile of so few is the worst.
const FAILOVERS: usize = 20;

/// What can be measured by itself.
pub(crate) const PARTS: [&str; 3] = ["import", "restart", "failover"];

/// Measures these parts, or all when none is named, and prints the figures.
pub(crate) fn measure(parts: &[&str]) {
    let wanted = |part| parts.is_empty() || parts.contains(&part);
    let binaries = Binaries::build(true).expect("release programs");
    say("activation: three processes on loopback, real disks, mutual TLS, release build");
    let floor = measure_floor();
    if wanted("import") {
        measure_small(&binaries, floor);
    }
    if wanted("restart") {
        measure_large(&binaries);
    }
    if wanted("failover") {
        measure_failover(&binaries, "default timers", "");
        let fast = "[consensus]\nheartbeat_ms = 10\nelection_min_ms = 40\nelection_max_ms = 80\n";
        measure_failover(&binaries, "fastest safe timers (10/40-80 ms)", fast);
    }
}

fn measure_floor() -> Duration {
    let folder = tempfile::tempdir().expect("a folder");
    let write = floor::synced_write(folder.path()).expect("a synced write");
    let trip = floor::round_trip().expect("a round trip");
    say(&format!("floor: synced write {}", write.report()));
    let three = floor::synced_write_of_three(folder.path()).expect("synced writes");
    say(&format!("three members on one disk, 2 ms apart: synced write {}", three.report()));
    say(&format!("floor: loopback round trip {}", trip.report()));
    let floor = write.median() + trip.median();
    say(&format!("floor: one of each {} ms", ms(floor)));
    floor
}

fn measure_small(binaries: &Binaries, floor: Duration) {
    let cluster = Cluster::start_with(binaries.clone(), 3);
    let mut client = Client::new(cluster.layout(), None);
    let all: Vec<SourceFile> = (0..1_000).map(|number| source::dbd(number, 0)).collect();
    worked(client.populate(PopulateMode::Setup, all).expect("SETUP").exit_status(), "SETUP");
    let mut version = 0;
    let mut one = Duration::ZERO;
    for (count, runs) in [(1, 200), (100, 30), (1_000, 10)] {
        let mut samples = Samples::default();
        for _ in 0..runs {
            version += 1;
            let changed = (0..count).map(|number| source::dbd(number, version)).collect();
            worked(client.populate(PopulateMode::Stage, changed).expect("STAGE").exit_status(), "STAGE");
            let answer = samples.time(|| client.command(IMPORT)).expect("IMPORT");
            worked(answer.exit_status(), "IMPORT");
        }
        let against = if count == 1 {
            one = samples.median();
            format!("{:.1} x the floor (target 10)", ratio(samples.median(), floor))
        } else {
            format!("{:.1} x one ACB", ratio(samples.median(), one))
        };
        say(&format!("IMPORT of {count} changed ACBs: {}; {against}", samples.report()));
    }
    let mut queries = Samples::default();
    for _ in 0..500 {
        queries.time(|| client.command(QUERY)).expect("QUERY MEMBER");
    }
    say(&format!("QUERY MEMBER: {}", queries.report()));
    cluster.finish();
}

fn measure_large(binaries: &Binaries) {
    let mut cluster = Cluster::start_with(binaries.clone(), 3);
    let mut client = Client::new(cluster.layout(), None);
    let dbds = (0..CATALOG_DBDS).map(|number| source::dbd(number, 0));
    let psbs = (0..2 * CATALOG_DBDS).map(|number| source::psb(number, 0));
    let start = Instant::now();
    let answer = client.populate(PopulateMode::Setup, dbds.chain(psbs).collect()).expect("SETUP");
    worked(answer.exit_status(), "SETUP");
    say(&format!("SETUP of {CATALOG_DBDS} DBDs and {} PSBs: {} ms", 2 * CATALOG_DBDS, ms(start.elapsed())));
    let mut staging = Samples::default();
    for version in 1..=3 {
        let changed = (0..10_000).map(|number| source::dbd(number, version)).collect();
        let answer = staging.time(|| client.populate(PopulateMode::Stage, changed)).expect("STAGE");
        worked(answer.exit_status(), "STAGE");
    }
    say(&format!("staging of 10000 definitions: {}", staging.report()));
    worked(client.command(IMPORT).expect("IMPORT").exit_status(), "IMPORT");
    let mut restarts = Samples::default();
    let mut resident_kib = 0;
    for member in ["IMS1", "IMS2", "IMS3"] {
        cluster.end(member);
        restarts.time(|| cluster.restart(member));
        resident_kib = resident_kib.max(resident(&cluster, member));
    }
    say(&format!(
        "restart with that catalog: {}, {} MB resident (targets 2000 ms, 300 MB)",
        restarts.report(),
        resident_kib / 1_000
    ));
    drop(client);
    cluster.finish();
}

/// VmRSS of a member's process, in KiB.
fn resident(cluster: &Cluster, member: &str) -> u64 {
    let status = cluster.process_id(member).map(|id| std::fs::read_to_string(format!("/proc/{id}/status")));
    let Some(Ok(status)) = status else { return 0 };
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

/// From the kill of the master to the next IMPORT that is accepted.
fn measure_failover(binaries: &Binaries, which: &str, settings: &str) {
    let mut samples = Samples::default();
    let mut cluster = Cluster::start_configured(binaries.clone(), 3, settings);
    let mut version = 0;
    let mut client = Client::new(cluster.layout(), None);
    let all = (0..10).map(|number| source::dbd(number, 0)).collect();
    worked(client.populate(PopulateMode::Setup, all).expect("SETUP").exit_status(), "SETUP");
    for _ in 0..FAILOVERS {
        version += 1;
        let mut client = Client::new(cluster.layout(), None);
        let staged = client.populate(PopulateMode::Stage, vec![source::dbd(1, version)]).expect("STAGE");
        worked(staged.exit_status(), "STAGE");
        let master = client.command(QUERY).expect("QUERY MEMBER").master.expect("a master").to_string();
        let survivor =
            cluster.layout().members.iter().find(|name| **name != master).expect("a survivor").clone();
        let mut survivor = Client::new(cluster.layout(), Some(&survivor));
        survivor.command(QUERY).expect("QUERY MEMBER");
        let start = Instant::now();
        cluster.kill(&master);
        while survivor.command(IMPORT).map_or(true, |answer| answer.exit_status() > 4) {
            assert!(start.elapsed() < Duration::from_secs(30), "no survivor took over");
        }
        samples.add(start.elapsed());
        cluster.restart(&master);
    }
    say(&format!("kill -9 of the master to the next accepted IMPORT, {which}: {}", samples.report()));
    drop(client);
    cluster.finish();
}

fn worked(status: u8, what: &str) {
    assert!(status <= 4, "{what} ended with {status}");
}

fn ratio(duration: Duration, unit: Duration) -> f64 {
    duration.as_secs_f64() / unit.as_secs_f64()
}
