//! Log and machine against openraft's own suite, and against restarts.

use super::ledger::Ledger;
use crate::{
    consensus::{
        log::LogStore,
        snapshot::Snapshots,
        state::State,
        types::{Entry, LogId, Types, Vote},
    },
    files::SegmentBounds,
};
use openraft::{
    EntryPayload, RaftLogReader, StorageError,
    entry::RaftEntry,
    storage::{IOFlushed, RaftLogStorage},
    testing::log::{StoreBuilder, Suite},
    type_config::TypeConfigExt,
};
use std::{path::Path, sync::Arc};
use tempfile::{TempDir, tempdir};

const SMALL: SegmentBounds = SegmentBounds { segment_bytes: 4096, cache_bytes: 512 };

struct Builder;

impl StoreBuilder<Types, LogStore, State, TempDir> for Builder {
    async fn build(&self) -> Result<(TempDir, LogStore, State), StorageError<Types>> {
        let folder = tempdir().unwrap();
        let snapshots = Arc::new(Snapshots::open(&folder.path().join("snapshots")).unwrap());
        let log = LogStore::open(folder.path(), SMALL, Arc::clone(&snapshots)).unwrap();
        let state = State::open(Arc::new(Ledger::default()), snapshots).unwrap();
        Ok((folder, log, state))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stores_pass_the_suite_of_openraft() {
    Suite::<Types, LogStore, State, Builder, TempDir>::test_all(Builder).await.unwrap();
}

fn open(folder: &Path) -> LogStore {
    let snapshots = Arc::new(Snapshots::open(&folder.join("snapshots")).unwrap());
    LogStore::open(folder, SMALL, snapshots).unwrap()
}

fn id(index: u64) -> LogId {
    LogId::new_term_index(1, index)
}

async fn append(log: &mut LogStore, indexes: std::ops::Range<u64>) {
    let (send, receive) = Types::oneshot();
    let entries = indexes.map(|index| Entry::new(id(index), EntryPayload::Blank));
    log.append(entries, IOFlushed::signal(send)).await.unwrap();
    receive.await.unwrap().unwrap();
}

#[tokio::test]
async fn entries_votes_and_marks_survive_a_restart() {
    let folder = tempdir().unwrap();
    let mut log = open(folder.path());
    log.save_vote(&Vote::new_committed(1, 7)).await.unwrap();
    append(&mut log, 0..200).await;
    log.truncate_after(Some(id(149))).await.unwrap();
    append(&mut log, 150..160).await;
    log.save_committed(Some(id(120))).await.unwrap();
    log.purge(id(99)).await.unwrap();
    assert!(log.try_get_log_entries(0..100).await.unwrap().is_empty());
    log.stop().await;
    let mut log = open(folder.path());
    assert_eq!(log.read_vote().await.unwrap(), Some(Vote::new_committed(1, 7)));
    assert_eq!(log.read_committed().await.unwrap(), Some(id(120)));
    assert_eq!(log.get_log_state().await.unwrap().last_log_id, Some(id(159)));
    let entries = log.try_get_log_entries(100..).await.unwrap();
    assert_eq!(entries.len(), 60);
}

#[tokio::test]
async fn without_a_second_snapshot_nothing_is_let_go_from_the_disk() {
    let folder = tempdir().unwrap();
    let mut log = open(folder.path());
    log.save_vote(&Vote::new_committed(1, 7)).await.unwrap();
    append(&mut log, 0..200).await;
    log.purge(id(150)).await.unwrap();
    assert_eq!(log.get_log_state().await.unwrap().last_purged_log_id, Some(id(150)));
    log.stop().await;
    let mut log = open(folder.path());
    assert_eq!(log.get_log_state().await.unwrap().last_purged_log_id, None);
    assert_eq!(log.try_get_log_entries(..).await.unwrap().len(), 200);
}

#[tokio::test]
async fn a_log_goes_on_after_a_snapshot_from_elsewhere() {
    let folder = tempdir().unwrap();
    let mut log = open(folder.path());
    log.save_vote(&Vote::new_committed(1, 7)).await.unwrap();
    append(&mut log, 0..10).await;
    log.purge(id(500)).await.unwrap();
    append(&mut log, 501..510).await;
    log.stop().await;
    let mut log = open(folder.path());
    let state = log.get_log_state().await.unwrap();
    assert_eq!((state.last_purged_log_id, state.last_log_id), (Some(id(500)), Some(id(509))));
    assert_eq!(log.try_get_log_entries(..).await.unwrap().len(), 9);
}
