//! The task that watches a node: tells how things stand, asks for snapshots, and ends it.

use super::{
    log::LogStore,
    network::{Heard, Network},
    settings::Settings,
    snapshot::Snapshots,
    standing::{NodeStanding, Standing},
    types::{Raft, Types},
};
use crate::work::blocking;
use openraft::{
    Instant as _, RaftMetrics, ServerState, async_runtime::watch::WatchReceiver, errors::Fatal,
    metrics::RaftServerMetrics,
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};

pub(super) struct Monitor {
    pub(super) settings: Settings,
    pub(super) raft: Raft,
    pub(super) log: LogStore,
    pub(super) snapshots: Arc<Snapshots>,
    pub(super) network: Network,
    pub(super) heard: Heard,
    pub(super) stopping: watch::Receiver<bool>,
}

/// When the log was as long as it was at the newest snapshot.
#[derive(Default)]
struct LogSinceSnapshot {
    snapshot: Option<u64>,
    bytes: u64,
}

fn differ(whole: &RaftMetrics<Types>, roles: &RaftServerMetrics<Types>) -> bool {
    whole.state != roles.state
        || whole.current_leader != roles.current_leader
        || whole.membership_config != roles.membership_config
}

impl Monitor {
    /// Starts the task, which ends with the node.
    pub(super) fn start(self) -> (JoinHandle<()>, watch::Receiver<Standing>) {
        let (sender, receiver) = watch::channel(self.standing(&self.raft.metrics().borrow_watched(), true));
        (tokio::spawn(self.run(sender)), receiver)
    }

    async fn run(mut self, sender: watch::Sender<Standing>) {
        let mut metrics = self.raft.metrics();
        // Who leads whom is told at once. What changes with every entry is looked at from time to time: told at once,
        // it would wake every watcher several times for each entry.
        let mut roles = self.raft.server_metrics();
        let mut ticks = interval(Duration::from_millis(self.settings.timers.heartbeat_ms));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut since, mut running) = (LogSinceSnapshot::default(), true);
        let mut unsure = false;
        loop {
            tokio::select! {
                _ = self.stopping.wait_for(|&stop| stop) => break,
                changed = roles.changed(), if running => running = changed.is_ok(),
                // Who has just begun to lead decides as soon as a majority has answered it.
                changed = metrics.changed(), if running && unsure => running = changed.is_ok(),
                _ = ticks.tick() => {}
            }
            // openraft publishes the whole after its parts.
            while running && differ(&metrics.borrow_watched(), &roles.borrow_watched()) {
                running = metrics.changed().await.is_ok();
            }
            let standing = self.standing(&metrics.borrow_watched(), running);
            unsure = standing.is_master && !standing.quorum;
            self.snapshot_when_due(&standing, &mut since).await;
            sender.send_if_modified(|told| {
                let news = *told != standing;
                *told = standing;
                news
            });
        }
        self.network.close();
        self.log.stop_waiting();
        let _ = self.raft.shutdown().await;
        self.log.stop().await;
        // openraft does not wait for a snapshot that is being made.
        let snapshots = Arc::clone(&self.snapshots);
        let closing = blocking(move || {
            snapshots.close();
            Ok(())
        });
        let _ = closing.await;
    }

    /// openraft counts entries; bytes are counted here.
    async fn snapshot_when_due(&self, standing: &Standing, since: &mut LogSinceSnapshot) {
        let bytes = self.log.appended_bytes();
        if standing.snapshot != since.snapshot {
            *since = LogSinceSnapshot { snapshot: standing.snapshot, bytes };
            self.purge_when_large(standing).await;
        } else if bytes.saturating_sub(since.bytes) >= self.settings.snapshots.log_bytes {
            since.bytes = bytes;
            let _ = self.raft.trigger().snapshot().await;
        }
    }

    /// openraft keeps entries that a snapshot covers by their number. However few there are, they are not kept when they
    /// take up more than a log may have.
    async fn purge_when_large(&self, standing: &Standing) {
        if let Some(snapshot) = standing.snapshot
            && standing.log_bytes > self.settings.snapshots.log_bytes
        {
            let _ = self.raft.trigger().purge_log(snapshot).await;
        }
    }

    fn standing(&self, metrics: &RaftMetrics<Types>, running: bool) -> Standing {
        let membership = metrics.membership_config.membership();
        let address =
            |node: u64| membership.get_node(&node).map_or_else(String::new, |node| node.addr.clone());
        let matched = |node: &u64| metrics.replication.as_ref()?.get(node)?.map(|id| id.index);
        let nodes = |ids: &mut dyn Iterator<Item = u64>| -> BTreeMap<u64, NodeStanding> {
            ids.map(|id| (id, NodeStanding { address: address(id), matched: matched(&id) })).collect()
        };
        Standing {
            node_id: self.settings.node_id,
            term: metrics.current_term,
            leader: metrics.current_leader.map(|leader| (leader, address(leader))),
            is_master: metrics.state == ServerState::Leader,
            quorum: self.quorum(metrics),
            voters: nodes(&mut membership.voter_ids()),
            learners: nodes(&mut membership.learner_ids()),
            last_log: metrics.last_log_index,
            committed: metrics.local_committed.map(|id| id.index),
            applied: metrics.last_applied.map(|id| id.index),
            snapshot: metrics.snapshot.map(|id| id.index),
            log_bytes: self.log.log_bytes(),
            full: self.log.full(),
            failed: self.failed(metrics, running),
        }
    }

    fn quorum(&self, metrics: &RaftMetrics<Types>) -> bool {
        let recent = self.settings.timers.election_max();
        match metrics.state {
            ServerState::Leader => {
                let acked = metrics.last_quorum_acked.is_some_and(|acked| acked.elapsed() <= recent);
                acked || metrics.membership_config.voter_ids().eq([self.settings.node_id])
            }
            _ => metrics.current_leader.is_some() && self.heard.within(recent),
        }
    }

    fn failed(&self, metrics: &RaftMetrics<Types>, running: bool) -> Option<String> {
        let stopping = *self.stopping.borrow();
        let fatal = match &metrics.running_state {
            Err(Fatal::Stopped) if stopping => None,
            Err(fatal) => Some(fatal.to_string()),
            // It was broken off so badly that it could not say so itself.
            Ok(()) if !running && !stopping => Some("consensus ended without a word".to_string()),
            Ok(()) => None,
        };
        self.log.failed().or(fatal)
    }
}
