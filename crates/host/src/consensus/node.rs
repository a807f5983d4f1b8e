//! A node: where openraft, the log, the snapshots and the network come together.

use super::{
    error::{ConsensusError, FormError, ProposeError, ReadError},
    log::LogStore,
    machine::Machine,
    monitor::Monitor,
    network::{Dial, Frames, Heard, MESSAGE_BYTES_MAX, Network, Server},
    settings::Settings,
    snapshot::Snapshots,
    standing::Standing,
    state::State,
    types::{Blob, Raft, Types},
};
use openraft::{
    BasicNode, Instant as _, ReadPolicy,
    async_runtime::watch::WatchReceiver,
    errors::{
        ClientWriteError, Fatal, ForwardReason, ForwardToLeader, InitializeError, LinearizableReadError,
        RaftError,
    },
    raft::ClientWriteResponse,
};
use prometheus_client::metrics::histogram::Histogram;
use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep, timeout, timeout_at},
};

/// The longest proposal, in bytes: an entry with all that is around it fits into one message.
const PROPOSAL_BYTES_MAX: usize = MESSAGE_BYTES_MAX / 2;

/// How long to wait before a master that just lost touch with the others is asked again.
const LEASE_PAUSE: Duration = Duration::from_millis(20);

/// This member as a node of the plex. Dropping it stops it without waiting; see [`Self::stop`].
pub struct Consensus {
    pub(super) settings: Settings,
    pub(super) raft: Raft,
    log: LogStore,
    snapshots: Arc<Snapshots>,
    server: Server,
    pub(super) standing: watch::Receiver<Standing>,
    stop: watch::Sender<bool>,
    monitor: Mutex<Option<JoinHandle<()>>>,
}

/// A proposal that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    /// The entry that it became.
    pub index: u64,
    /// What the machine replied.
    pub reply: Vec<u8>,
}

/// Why the master's work was not done here.
#[derive(Debug)]
pub(super) enum Refusal {
    NotMaster(Option<(u64, String)>),
    NoQuorum,
    Stopped,
}

impl Consensus {
    /// Starts a node on what lies in its folder; in an empty one it waits to be formed or added to a plex. Must be
    /// called within a tokio runtime.
    pub async fn start(
        settings: Settings,
        machine: Arc<dyn Machine>,
        dial: Arc<dyn Dial>,
    ) -> Result<Self, ConsensusError> {
        let config = Arc::new(settings.config()?);
        let snapshots_path = settings.folder.join("snapshots");
        let snapshots = Snapshots::open(&snapshots_path)
            .map_err(|source| ConsensusError::File { path: snapshots_path, source })?;
        let snapshots = Arc::new(snapshots);
        let log = LogStore::open(&settings.folder, settings.log, Arc::clone(&snapshots))?;
        let network = Network::new(dial, settings.timers);
        let started = match State::open(machine, Arc::clone(&snapshots)) {
            Ok(state) => Raft::new(settings.node_id, config, network.clone(), log.clone(), state)
                .await
                .map_err(|fatal| fatal.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let raft = match started {
            Ok(raft) => raft,
            Err(reason) => {
                log.stop().await;
                return Err(ConsensusError::State { reason });
            }
        };
        let heard = Heard::default();
        let (stop, stopping) = watch::channel(false);
        let monitor = Monitor {
            settings: settings.clone(),
            raft: raft.clone(),
            log: log.clone(),
            snapshots: Arc::clone(&snapshots),
            network,
            heard: heard.clone(),
            stopping,
        };
        let (monitor, standing) = monitor.start();
        let (node_id, within) = (settings.node_id, settings.timers.exchange());
        let server = Server { node_id, raft: raft.clone(), snapshots: Arc::clone(&snapshots), heard, within };
        Ok(Self {
            settings,
            raft,
            log,
            snapshots,
            server,
            standing,
            stop,
            monitor: Mutex::new(Some(monitor)),
        })
    }

    /// Whether this node belongs to a plex.
    pub async fn is_formed(&self) -> bool {
        self.raft.is_initialized().await.unwrap_or(false)
    }

    /// Forms a plex of these nodes, of which this one must be one. The others must be new, and need not do anything.
    pub async fn form(&self, members: BTreeMap<u64, String>) -> Result<(), FormError> {
        let members: BTreeMap<_, _> =
            members.into_iter().map(|(node, address)| (node, BasicNode::new(address))).collect();
        match self.raft.initialize(members).await {
            Ok(()) => Ok(()),
            Err(RaftError::APIError(InitializeError::NotAllowed(_))) => Err(FormError::AlreadyFormed),
            Err(RaftError::APIError(InitializeError::NotInMembers(_))) => {
                Err(FormError::NotAmongMembers { node_id: self.settings.node_id })
            }
            Err(RaftError::Fatal(fatal)) => Err(FormError::Stopped { reason: fatal.to_string() }),
        }
    }

    /// Makes a proposal, and returns once the machine of this node was given it. Only the master can.
    pub async fn propose(&self, proposal: Vec<u8>) -> Result<Proposed, ProposeError> {
        if proposal.len() > PROPOSAL_BYTES_MAX {
            let bytes = proposal.len();
            return Err(ProposeError::Refused(format!(
                "a change of {bytes} bytes is too long; {PROPOSAL_BYTES_MAX} is the most"
            )));
        }
        if let Some(full) = self.log.full() {
            return Err(ProposeError::NoRoom(full));
        }
        let proposal = Blob(proposal.into());
        let answer = self.as_master(|| self.raft.client_write(proposal.clone())).await?;
        let response = answer.map_err(|error| ProposeError::Unknown(error.to_string()))?;
        Ok(Proposed { index: response.log_id.index, reply: response.data.0.into() })
    }

    /// The index that a read has to wait for ([`Self::wait_applied`], at any node) to see all that was
    /// acknowledged before this call. Only the master can tell.
    pub async fn read_barrier(&self) -> Result<u64, ReadError> {
        self.check_master()?;
        let asked = self.raft.get_read_linearizer(ReadPolicy::ReadIndex);
        match timeout(self.settings.timers.proposal(), asked).await {
            Ok(Ok(linearizer)) => Ok(linearizer.read_log_id().index()),
            Ok(Err(RaftError::APIError(LinearizableReadError::ForwardToLeader(forward)))) => {
                Err(Refusal::from(forward).into())
            }
            Ok(Err(RaftError::APIError(LinearizableReadError::QuorumNotEnough(_)))) | Err(_) => {
                Err(ReadError::NoQuorum)
            }
            Ok(Err(RaftError::Fatal(_))) => Err(ReadError::Stopped),
        }
    }

    /// Waits until this node's machine was given the entry at `index`; false when that takes longer.
    pub async fn wait_applied(&self, index: u64, within: Duration) -> bool {
        self.raft.wait(Some(within)).applied_index_at_least(Some(index), "wait_applied").await.is_ok()
    }

    /// Size of the newest snapshot, 0 where there is none.
    pub fn snapshot_bytes(&self) -> u64 {
        self.snapshots.newest().and_then(|snapshot| snapshot.bytes().ok()).unwrap_or(0)
    }

    /// How long the disk took to keep what was appended to the log, in seconds.
    pub fn log_sync_times(&self) -> Histogram {
        self.log.sync_times()
    }

    /// How things stand, now and whenever that changes.
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.clone()
    }

    /// Answers another node on this connection, until it ends or this node stops. An error of kind `InvalidData` says
    /// that the other end sent what no node sends.
    pub async fn serve(&self, frames: Frames) -> io::Result<()> {
        let mut stopping = self.stop.subscribe();
        tokio::select! {
            _ = stopping.wait_for(|&stop| stop) => Ok(()),
            served = self.server.serve(frames) => served,
        }
    }

    /// Gives the lead to another node, if this one has it; returns once that leads, or when it takes too long. A
    /// master that was asked to makes no more proposals, so this is for one that is about to stop.
    pub async fn hand_over(&self) {
        let Some(successor) = self.successor() else { return };
        let own = self.settings.node_id;
        if self.raft.trigger().transfer_leader(successor).await.is_ok() {
            let within = Some(self.settings.timers.election_max());
            let changed = self.raft.wait(within);
            let led =
                |metrics: &openraft::RaftMetrics<Types>| metrics.current_leader.is_some_and(|it| it != own);
            let _ = changed.metrics(led, "hand_over").await;
        }
    }

    /// Stops the node and returns once its files are closed. What was proposed and not answered may still happen.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        let monitor = self.monitor.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(monitor) = monitor {
            let _ = monitor.await;
        }
    }

    /// Refuses at once where this node can't do the master's work now.
    pub(super) fn check_master(&self) -> Result<(), Refusal> {
        let standing = self.standing.borrow();
        if standing.failed.is_some() || *self.stop.borrow() {
            return Err(Refusal::Stopped);
        }
        drop(standing);
        let metrics = self.raft.metrics();
        let metrics = metrics.borrow_watched();
        if metrics.running_state.is_err() {
            return Err(Refusal::Stopped);
        }
        if metrics.state != openraft::ServerState::Leader {
            let leader = metrics.current_leader.filter(|leader| *leader != self.settings.node_id);
            let node = leader.and_then(|leader| metrics.membership_config.membership().get_node(&leader));
            return Err(Refusal::NotMaster(leader.zip(node.map(|node| node.addr.clone()))));
        }
        match metrics.last_quorum_acked {
            // openraft's clock is that of tokio.
            Some(acked) if acked.elapsed() > self.settings.timers.election_max() => {
                let alone = metrics.membership_config.voter_ids().eq([self.settings.node_id]);
                if alone { Ok(()) } else { Err(Refusal::NoQuorum) }
            }
            _ => Ok(()),
        }
    }

    /// Does what only the master can. The inner error is that it may have happened.
    pub(super) async fn as_master<F>(
        &self,
        write: impl Fn() -> F,
    ) -> Result<Result<ClientWriteResponse<Types>, WriteError>, Refusal>
    where
        F: Future<Output = Result<ClientWriteResponse<Types>, RaftError<Types, ClientWriteError<Types>>>>,
    {
        let deadline = Instant::now() + self.settings.timers.proposal();
        let patience = Instant::now() + self.settings.timers.election_max();
        loop {
            self.check_master()?;
            let written = match timeout_at(deadline, write()).await {
                Ok(written) => written,
                Err(_) => return Ok(Err(WriteError::Unanswered(self.settings.timers.proposal_ms))),
            };
            match written {
                Ok(response) => return Ok(Ok(response)),
                // In this version of openraft this is said only of what was not put into the log.
                Err(RaftError::APIError(ClientWriteError::ForwardToLeader(forward))) => {
                    // The others were silent for less than it takes them to elect another master.
                    if forward.reason == ForwardReason::LeaseExpired && Instant::now() < patience {
                        sleep(LEASE_PAUSE).await;
                        continue;
                    }
                    return Err(forward.into());
                }
                Err(RaftError::APIError(error)) => return Ok(Err(WriteError::Refused(Box::new(error)))),
                Err(RaftError::Fatal(fatal)) => return Ok(Err(WriteError::Fatal(fatal))),
            }
        }
    }

    /// The node that is best placed to lead next.
    fn successor(&self) -> Option<u64> {
        let metrics = self.raft.metrics();
        let metrics = metrics.borrow_watched();
        let (replication, heartbeat) = (metrics.replication.as_ref()?, metrics.heartbeat.as_ref()?);
        let recent = self.settings.timers.election_max();
        let alive =
            |node: &u64| heartbeat.get(node).copied().flatten().is_some_and(|at| at.elapsed() < recent);
        let others = metrics.membership_config.voter_ids().filter(|node| *node != self.settings.node_id);
        others.filter(alive).max_by_key(|node| replication.get(node).copied().flatten().map(|id| id.index))
    }
}

/// Ends the tasks without waiting for them.
impl Drop for Consensus {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// Why a write has no good answer, though it may have happened.
#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    #[error("there was no answer within {0} ms")]
    Unanswered(u64),
    #[error("{0}")]
    Refused(Box<ClientWriteError<Types>>),
    #[error("consensus stopped before the outcome was known: {0}")]
    Fatal(Fatal<Types>),
}

impl From<ForwardToLeader<Types>> for Refusal {
    fn from(forward: ForwardToLeader<Types>) -> Self {
        match forward.reason {
            ForwardReason::LeaseExpired => Self::NoQuorum,
            ForwardReason::NotLeader | ForwardReason::LeadershipTransfer => {
                Self::NotMaster(forward.leader_id.zip(forward.leader_node.map(|node| node.addr)))
            }
        }
    }
}

impl From<Refusal> for ProposeError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotMaster(leader) => Self::NotMaster { leader },
            Refusal::NoQuorum => Self::NoQuorum,
            Refusal::Stopped => Self::Stopped,
        }
    }
}

impl From<Refusal> for ReadError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotMaster(leader) => Self::NotMaster { leader },
            Refusal::NoQuorum => Self::NoQuorum,
            Refusal::Stopped => Self::Stopped,
        }
    }
}
