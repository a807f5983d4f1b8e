//! Disks that fail or fill up, and damage found at a start.

use super::{ledger::Ledger, plex::Plex};
use crate::consensus::{ProposeError, SnapshotBounds};
use std::{
    fs,
    os::unix::fs::symlink,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_log_fails_stops_and_the_others_go_on() {
    let plex = Plex::of_three().await;
    plex.propose("before").await;
    let failing = plex.master().await;
    // The next segment can't be made where a folder is in the way.
    fs::create_dir(plex.folder(failing).join("log/spare.new")).unwrap();
    let text = "x".repeat(20_000);
    let mut unknown = Vec::new();
    while plex.node(failing).standing().borrow().failed.is_none() {
        let outcome = plex.node(failing).propose(text.clone().into()).await;
        unknown.push(outcome.map(|proposed| proposed.index));
    }
    let failed = plex.until(failing, |standing| standing.failed.is_some()).await.failed.unwrap();
    assert!(failed.contains("begin a segment"), "{failed}");
    assert_eq!(plex.node(failing).propose(b"no".into()).await, Err(ProposeError::Stopped));
    let mut plex = plex;
    plex.kill(failing).await;
    plex.propose("after").await;
    assert_eq!(plex.agreed().await.last().unwrap(), "after");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_proposals_and_nothing_is_lost() {
    let mut plex = Plex::new();
    plex.add(1).await;
    plex.form().await;
    plex.propose("before").await;
    let full = Arc::new(AtomicBool::new(true));
    let filler = {
        let (full, making) = (Arc::clone(&full), plex.folder(1).join("log/spare.new"));
        std::thread::spawn(move || {
            while full.load(Ordering::Relaxed) {
                let _ = symlink("/dev/full", &making);
                std::thread::sleep(Duration::from_millis(1));
            }
        })
    };
    let text = "x".repeat(20_000);
    let (mut taken, node) = (0, plex.node(1));
    let waiting = loop {
        tokio::select! {
            answer = node.propose(text.clone().into()) => match answer {
                Ok(_) => taken += 1,
                Err(refused) => break refused,
            },
            // A proposal that the disk filled up under waits for room, as everything else does.
            _ = plex.until(1, |standing| standing.full.is_some()) => break node.propose(Vec::new()).await.unwrap_err(),
        }
    };
    assert!(matches!(&waiting, ProposeError::NoRoom(text) if text.contains("No space left")), "{waiting}");
    full.store(false, Ordering::Relaxed);
    filler.join().unwrap();
    plex.until(1, |standing| standing.full.is_none()).await;
    plex.propose("after").await;
    let agreed = plex.agreed().await;
    assert!(agreed.len() >= taken + 2 && agreed.last().unwrap() == "after", "{} after {taken}", agreed.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_snapshot_costs_nothing_but_a_message() {
    let mut plex = Plex::new();
    plex.snapshots = SnapshotBounds { entries: 40, keep_entries: 0, ..SnapshotBounds::default() };
    plex.add(1).await;
    plex.form().await;
    for _ in 0..20 {
        plex.propose_many(20).await;
    }
    let before = plex.agreed().await;
    plex.kill(1).await;
    let mut snapshots: Vec<_> =
        fs::read_dir(plex.folder(1).join("snapshots")).unwrap().map(|entry| entry.unwrap().path()).collect();
    snapshots.sort();
    let newest = snapshots.pop().unwrap();
    let mut bytes = fs::read(&newest).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&newest, bytes).unwrap();
    // The machine lost everything as well, so it is restored from the older snapshot and the log.
    plex.nodes.get_mut(&1).unwrap().machine = Arc::new(Ledger::default());
    plex.restart(1).await;
    assert_eq!(plex.agreed().await, before);
    assert!(newest.with_extension("damaged").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_that_lost_everything_is_fed_again_before_the_others_are_asked() {
    let mut plex = Plex::of_three().await;
    plex.propose_many(30).await;
    let before = plex.agreed().await;
    for node in 1..=3 {
        plex.kill(node).await;
    }
    plex.nodes.get_mut(&2).unwrap().machine = Arc::new(Ledger::default());
    plex.restart(2).await;
    let known = plex.nodes[&2].machine.proposals();
    assert!(known.len() >= 29 && before.starts_with(&known), "{} of {}", known.len(), before.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_machine_fails_stops_and_says_why() {
    let plex = Plex::of_three().await;
    plex.propose("before").await;
    let failing = plex.master().await;
    plex.nodes[&failing].machine.fail();
    let outcome = plex.node(failing).propose(b"after".into()).await;
    assert!(matches!(outcome, Err(ProposeError::Unknown(_))), "{outcome:?}");
    let failed = plex.until(failing, |standing| standing.failed.is_some()).await.failed.unwrap();
    assert!(failed.contains("the ledger is closed"), "{failed}");
}
