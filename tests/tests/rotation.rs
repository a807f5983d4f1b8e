//! Certificates, and then the authority, are changed under a plex that works, and no command is lost by it.

use end_to_end::bank::{IMPORT, sample};
use end_to_end::{Binaries, Cluster, operator};
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

/// An operator that works all the time, each command over a connection of its own.
struct Load {
    config: Arc<Mutex<PathBuf>>,
    ends: Arc<AtomicBool>,
    done: Arc<AtomicUsize>,
    thread: thread::JoinHandle<Vec<String>>,
}

impl Load {
    fn start(config: PathBuf) -> Self {
        let (config, ends, done) = (Arc::new(Mutex::new(config)), Arc::default(), Arc::default());
        let thread = thread::spawn({
            let (config, ends, done) = (Arc::clone(&config), Arc::clone(&ends), Arc::clone(&done));
            move || work(&config, &ends, &done)
        });
        Self { config, ends, done, thread }
    }

    /// Goes on as another operator.
    fn take(&self, config: PathBuf) {
        *self.config.lock().unwrap() = config;
    }

    /// What went wrong.
    fn finish(self) -> Vec<String> {
        self.ends.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

fn work(config: &Mutex<PathBuf>, ends: &AtomicBool, done: &AtomicUsize) -> Vec<String> {
    let mut wrong = Vec::new();
    for action in ["STOP", "START"].iter().cycle() {
        if ends.load(Ordering::Relaxed) {
            return wrong;
        }
        let config = config.lock().unwrap().clone();
        let command = format!("UPDATE PGM NAME(INQUIRY) {action}(SCHD)");
        let output = operator::spoc_with(Binaries::for_stories(), &config, [command]).output().unwrap();
        if !output.status.success() {
            wrong.push(format!("{output:?}"));
        }
        done.fetch_add(1, Ordering::Relaxed);
    }
    wrong
}

/// Waits until every member says once more that it took its files.
fn all_take(cluster: &Cluster, what: &str, change: impl FnOnce()) {
    let members = cluster.layout().members.clone();
    let taken = |member: &String| cluster.message_count(member, "CERT401I");
    let before: Vec<usize> = members.iter().map(taken).collect();
    change();
    cluster.wait_until(what, LIMIT, || {
        members.iter().zip(&before).all(|(member, before)| taken(member) > *before)
    });
}

#[test]
fn certificates_and_authority_change_under_load() {
    let mut cluster = Cluster::start(3);
    cluster.set_up_bank();
    let layout = cluster.layout().clone();
    let ims = |arguments: &[&str]| {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        layout.certify(Binaries::for_stories(), &arguments).unwrap();
    };
    let load = Load::start(cluster.operator("loader", "operate"));

    all_take(&cluster, "members take new certificates", || ims(&["--renew", "IMS1", "IMS2", "IMS3"]));
    all_take(&cluster, "members trust a second authority", || ims(&["--new-authority"]));
    let old = cluster.operator("old", "read");
    fs::copy(layout.folder.join("certs/loader.pem"), layout.folder.join("certs/old.pem")).unwrap();
    fs::copy(layout.folder.join("certs/loader-key.pem"), layout.folder.join("certs/old-key.pem")).unwrap();
    fs::copy(layout.folder.join("certs/ca.pem"), layout.folder.join("certs/both.pem")).unwrap();
    let text = fs::read_to_string(&old).unwrap().replace("certs/ca.pem", "certs/both.pem");
    fs::write(&old, text).unwrap();
    cluster.spoc_as(&old, ["QUERY MEMBER TYPE(IMS)"]).well();

    all_take(&cluster, "members take certificates of the second", || {
        ims(&["--renew", "IMS1", "IMS2", "IMS3"])
    });
    ims(&["--renew", "--operator", "operator"]);
    load.take(cluster.operator("successor", "operate"));
    let worked = load.done.load(Ordering::Relaxed);
    cluster.wait_until("the load goes on as its successor", LIMIT, || {
        load.done.load(Ordering::Relaxed) > worked + 1
    });
    all_take(&cluster, "members trust the second only", || ims(&["--retire-authorities"]));

    let wrong = load.finish();
    assert!(wrong.is_empty(), "{} of the commands went wrong: {}", wrong.len(), wrong.join("\n"));

    let refused = cluster.spoc_as(&old, ["QUERY MEMBER TYPE(IMS)"]);
    assert_eq!((refused.status, refused.stdout.as_str()), (Some(16), ""), "{refused:?}");
    assert!(refused.stderr.contains("does not accept the certificate"), "{refused:?}");

    // New connections between members, too: a member that starts finds the others, and an activation is agreed on.
    cluster.end("IMS3");
    cluster.restart("IMS3");
    cluster.populate("stage", &[sample("change")]).well();
    cluster.spoc([IMPORT]).well();
    cluster.finish();
}

#[test]
fn a_file_that_is_no_good_is_refused_and_what_was_there_goes_on() {
    let mut cluster = Cluster::start(1);
    let file = cluster.layout().folder.join("certs/IMS1.pem");
    let good = fs::read(&file).unwrap();
    fs::write(&file, "-----BEGIN CERTIFICATE-----\nnonsense").unwrap();
    cluster.wait_until("the file is refused", LIMIT, || cluster.message_count("IMS1", "CERT402E") == 1);
    cluster.spoc(["QUERY MEMBER TYPE(IMS)"]).well();
    fs::write(&file, good).unwrap();
    cluster.wait_until("the file is taken", LIMIT, || cluster.message_count("IMS1", "CERT401I") == 1);
    cluster.spoc(["QUERY MEMBER TYPE(IMS)"]).well();
    cluster.expect_error("CERT402E");
    cluster.finish();
}
