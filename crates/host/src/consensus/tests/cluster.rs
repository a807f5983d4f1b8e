//! Three nodes in good and bad times.

use super::plex::{Cable, Plex};
use crate::consensus::{FormError, MembershipError, ProposeError, ReadError, SnapshotBounds, Timers};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_formed_plex_takes_proposals_at_its_master_only() {
    let plex = Plex::of_three().await;
    assert_eq!(plex.propose("first").await.reply, b"1");
    assert_eq!(plex.propose("second").await.reply, b"2");
    assert_eq!(plex.agreed().await, ["first", "second"]);
    let master = plex.master().await;
    let other = plex.nodes.keys().copied().find(|&id| id != master).unwrap();
    plex.until(other, |standing| standing.leader.is_some() && standing.quorum).await;
    let leader = Some((master, plex.nodes[&master].address.clone()));
    let refused = plex.node(other).propose(b"third".into()).await;
    assert_eq!(refused, Err(ProposeError::NotMaster { leader: leader.clone() }));
    assert_eq!(plex.node(other).read_barrier().await, Err(ReadError::NotMaster { leader }));
    assert!(plex.node(other).is_formed().await);
    let again = plex.node(master).form(BTreeMap::from([(master, "x:1".into())])).await;
    assert_eq!(again, Err(FormError::AlreadyFormed));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_not_formed_refuses_and_says_so() {
    let mut plex = Plex::new();
    plex.add(1).await;
    assert!(!plex.node(1).is_formed().await);
    assert_eq!(plex.node(1).propose(Vec::new()).await, Err(ProposeError::NotMaster { leader: None }));
    assert_eq!(plex.node(1).remove_member(2).await, Err(MembershipError::NotMaster { leader: None }));
    let without_itself = plex.node(1).form(BTreeMap::from([(2, "x:1".into())])).await;
    assert_eq!(without_itself, Err(FormError::NotAmongMembers { node_id: 1 }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plex_of_one_needs_nobody_and_survives_a_restart() {
    let mut plex = Plex::new();
    plex.add(1).await;
    plex.form().await;
    plex.propose("alone").await;
    plex.kill(1).await;
    plex.restart(1).await;
    plex.propose("again").await;
    assert_eq!(plex.agreed().await, ["alone", "again"]);
    assert!(plex.until(1, |standing| standing.quorum).await.is_master);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_master_dies_another_goes_on_and_the_dead_one_catches_up() {
    let mut plex = Plex::new();
    plex.timers = Timers::default();
    for node in 1..=3 {
        plex.add(node).await;
    }
    plex.form().await;
    plex.propose("before").await;
    let dead = plex.master().await;
    plex.kill(dead).await;
    let start = Instant::now();
    plex.propose("after").await;
    println!("failover with the usual timers took {:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    plex.restart(dead).await;
    assert_eq!(plex.agreed().await, ["before", "after"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handing_over_is_quicker_than_dying() {
    let plex = Plex::of_three().await;
    plex.propose("before").await;
    let old = plex.master().await;
    plex.node(old).hand_over().await;
    plex.until(old, |standing| !standing.is_master).await;
    plex.propose("after").await;
    assert_ne!(plex.master().await, old);
    assert_eq!(plex.agreed().await, ["before", "after"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_the_end_of_all_nodes() {
    let mut plex = Plex::of_three().await;
    plex.propose_many(50).await;
    let before = plex.agreed().await;
    let term = plex.until(1, |standing| standing.leader.is_some()).await.term;
    for node in 1..=3 {
        plex.kill(node).await;
    }
    for node in 1..=3 {
        plex.restart(node).await;
    }
    assert_eq!(plex.agreed().await, before);
    plex.propose("after").await;
    assert_eq!(plex.agreed().await.len(), 51);
    let later = plex.until(1, |standing| standing.leader.is_some()).await.term;
    assert!(later > term, "a master leads again only by an election");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_was_away_for_long_gets_a_snapshot() {
    let mut plex = Plex::new();
    plex.snapshots = SnapshotBounds { entries: 60, keep_entries: 5, ..SnapshotBounds::default() };
    for node in 1..=3 {
        plex.add(node).await;
    }
    plex.form().await;
    plex.propose("before").await;
    let master = plex.master().await;
    let away = plex.nodes.keys().copied().find(|&id| id != master).unwrap();
    plex.kill(away).await;
    for _ in 0..8 {
        plex.propose_many(60).await;
    }
    // The master holds on to its log for as long as it tries to send from it.
    let let_go = plex.node(master).raft.wait(Some(Duration::from_secs(20)));
    let_go.metrics(|metrics| metrics.purged.is_some_and(|id| id.index > 100), "let go").await.unwrap();
    plex.restart(away).await;
    assert_eq!(plex.agreed().await.len(), 481);
    assert_eq!(plex.nodes[&away].machine.installed(), 1);
    plex.propose("after").await;
    plex.kill(away).await;
    plex.restart(away).await;
    assert_eq!(plex.agreed().await.len(), 482);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_make_a_snapshot_due_as_entries_do() {
    let mut plex = Plex::new();
    plex.snapshots = SnapshotBounds { log_bytes: 1 << 20, ..SnapshotBounds::default() };
    plex.add(1).await;
    plex.form().await;
    plex.propose(&"x".repeat(700_000)).await;
    assert_eq!(plex.until(1, |_| true).await.snapshot, None);
    plex.propose(&"y".repeat(700_000)).await;
    plex.until(1, |standing| standing.snapshot.is_some()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_is_replaced_while_it_is_gone() {
    let mut plex = Plex::of_three().await;
    plex.propose_many(20).await;
    plex.kill(3).await;
    let master = plex.master().await;
    plex.add(4).await;
    let address = plex.nodes[&4].address.clone();
    plex.node(master).replace_member(3, 4, address.clone()).await.unwrap();
    plex.node(master).replace_member(3, 4, address).await.unwrap();
    let standing = plex.until(4, |standing| standing.voters.contains_key(&4)).await;
    assert_eq!(standing.voters.keys().copied().collect::<Vec<_>>(), [1, 2, 4]);
    assert!(standing.learners.is_empty());
    plex.propose("with the new one").await;
    assert_eq!(plex.agreed().await.len(), 21);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_copy_of_a_node_that_is_put_back_does_no_harm_to_the_others() {
    let mut plex = Plex::of_three().await;
    plex.propose_many(5).await;
    let master = plex.master().await;
    let other = (1..=3).find(|id| *id != master).unwrap();
    plex.agreed().await;
    plex.kill(other).await;
    let copy = plex.folder(other).with_extension("copy");
    copy_folder(&plex.folder(other), &copy);
    plex.restart(other).await;
    plex.propose_many(20).await;
    plex.agreed().await;
    plex.kill(other).await;
    std::fs::remove_dir_all(plex.folder(other)).unwrap();
    copy_folder(&copy, &plex.folder(other));
    plex.nodes.get_mut(&other).unwrap().machine = Arc::default();
    plex.restart(other).await;
    plex.propose("after").await;
    assert_eq!(plex.agreed().await.len(), 26);
    assert_eq!(plex.master().await, master);
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        match path.is_dir() {
            true => copy_folder(&path, &to),
            false => drop(std::fs::copy(&path, &to).unwrap()),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_come_and_go() {
    let mut plex = Plex::new();
    plex.add(1).await;
    plex.form().await;
    let only = plex.node(1);
    plex.propose("alone").await;
    assert_eq!(only.remove_member(1).await, Err(MembershipError::LastVoter { node_id: 1 }));
    assert_eq!(only.replace_member(8, 9, "x:1".into()).await, Err(MembershipError::NotInPlex { node_id: 8 }));
    for node in [2, 3] {
        plex.add(node).await;
        let address = plex.nodes[&node].address.clone();
        plex.node(1).add_member(node, address.clone()).await.unwrap();
        plex.node(1).add_member(node, address.clone()).await.unwrap();
        let elsewhere = plex.node(1).add_member(node, "x:1".into()).await;
        assert_eq!(elsewhere, Err(MembershipError::OtherAddress { node_id: node, address }));
    }
    assert_eq!(plex.until(1, |_| true).await.voters.len(), 3);
    plex.propose("three").await;
    assert_eq!(plex.agreed().await, ["alone", "three"]);
    let master = plex.master().await;
    plex.node(master).remove_member(3).await.unwrap();
    plex.node(plex.master().await).remove_member(3).await.unwrap();
    plex.kill(3).await;
    plex.propose("two").await;
    assert_eq!(plex.agreed().await, ["alone", "three", "two"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_without_a_majority_says_so_at_once() {
    let mut plex = Plex::of_three().await;
    plex.propose("before").await;
    let master = plex.master().await;
    let others: Vec<_> = plex.nodes.keys().copied().filter(|&id| id != master).collect();
    for &node in &others {
        plex.kill(node).await;
    }
    plex.until(master, |standing| !standing.quorum).await;
    let start = Instant::now();
    assert_eq!(plex.node(master).propose(b"lost".into()).await, Err(ProposeError::NoQuorum));
    assert_eq!(plex.node(master).read_barrier().await, Err(ReadError::NoQuorum));
    assert_eq!(plex.node(master).remove_member(others[0]).await, Err(MembershipError::NoQuorum));
    assert!(start.elapsed() < Duration::from_millis(250), "{:?}", start.elapsed());
    for &node in &others {
        plex.restart(node).await;
    }
    plex.propose("after").await;
    assert_eq!(plex.agreed().await, ["before", "after"]);
}

/// The master is cut off as told: the others go on, it refuses, and comes back without a trace.
async fn a_cut_off_master_is_replaced_and_comes_back(cable: Cable) {
    let plex = Plex::of_three().await;
    plex.propose("before").await;
    let cut_off = plex.master().await;
    plex.cable(cut_off, cable);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let lost = plex.node(cut_off).propose(b"lost".to_vec());
    let (lost, ()) = tokio::join!(lost, async {
        plex.until(cut_off, |standing| !standing.quorum).await;
        plex.propose("meanwhile").await;
        assert_eq!(plex.node(cut_off).propose(b"no".into()).await, Err(ProposeError::NoQuorum));
        assert_eq!(plex.node(cut_off).read_barrier().await, Err(ReadError::NoQuorum));
        plex.cable(cut_off, Cable::Sound);
    });
    assert!(matches!(lost, Err(ProposeError::Unknown(_))), "{lost:?}");
    plex.until(cut_off, |standing| !standing.is_master && standing.quorum).await;
    plex.propose("after").await;
    assert_eq!(plex.agreed().await, ["before", "meanwhile", "after"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_with_broken_connections_is_replaced() {
    a_cut_off_master_is_replaced_and_comes_back(Cable::Broken).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_whose_connections_fell_silent_is_replaced() {
    a_cut_off_master_is_replaced_and_comes_back(Cable::Silent).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_comes_back_does_not_depose_the_master() {
    let plex = Plex::of_three().await;
    plex.propose("before").await;
    let master = plex.master().await;
    let other = plex.nodes.keys().copied().find(|&id| id != master).unwrap();
    let term = plex.until(master, |standing| standing.quorum).await.term;
    plex.cable(other, Cable::Broken);
    plex.until(other, |standing| !standing.quorum).await;
    // Long enough for it to want several elections.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    plex.cable(other, Cable::Sound);
    plex.until(other, |standing| standing.quorum).await;
    let later = plex.until(master, |standing| standing.quorum).await;
    assert_eq!((later.term, later.is_master), (term, true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_entries_reach_a_node_that_was_away() {
    let mut plex = Plex::of_three().await;
    plex.propose("before").await;
    let master = plex.master().await;
    let away = plex.nodes.keys().copied().find(|&id| id != master).unwrap();
    plex.kill(away).await;
    for number in 0..12 {
        plex.propose(&format!("{number}").repeat(1 << 20)).await;
    }
    plex.restart(away).await;
    assert_eq!(plex.agreed().await.len(), 13);
    let too_long = plex.node(plex.master().await).propose(vec![0; 40 << 20]).await;
    assert!(matches!(too_long, Err(ProposeError::Refused(_))), "{too_long:?}");
}
