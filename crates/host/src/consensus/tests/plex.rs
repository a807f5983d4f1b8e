//! Several nodes in one process, with folders of their own, that talk over loopback.

use super::ledger::Ledger;
use crate::{
    consensus::{
        Consensus, Dial, Frames, MESSAGE_BYTES_MAX, ProposeError, Proposed, Settings, SnapshotBounds,
        Standing, Timers,
    },
    files::SegmentBounds,
};
use futures::future::BoxFuture;
use std::{
    collections::BTreeMap,
    io,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_util::codec::LengthDelimitedCodec;

/// Nothing here takes so long on a machine that is not overloaded.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) struct Plex {
    folder: TempDir,
    pub(super) nodes: BTreeMap<u64, Node>,
    pub(super) timers: Timers,
    pub(super) snapshots: SnapshotBounds,
}

pub(super) struct Node {
    pub(super) address: String,
    pub(super) machine: Arc<Ledger>,
    running: Option<(Arc<Consensus>, JoinHandle<()>)>,
}

struct Loopback;

impl Dial for Loopback {
    fn dial<'a>(&'a self, _: u64, address: &'a str) -> BoxFuture<'a, io::Result<Frames>> {
        Box::pin(async move { Ok(frames(TcpStream::connect(address).await?)) })
    }
}

fn frames(stream: TcpStream) -> Frames {
    let _ = stream.set_nodelay(true);
    LengthDelimitedCodec::builder().max_frame_length(MESSAGE_BYTES_MAX).new_framed(Box::new(stream))
}

async fn accept(listener: TcpListener, consensus: Arc<Consensus>) {
    while let Ok((stream, _)) = listener.accept().await {
        let consensus = Arc::clone(&consensus);
        tokio::spawn(async move { consensus.serve(frames(stream)).await });
    }
}

impl Plex {
    /// Nodes 1, 2 and 3, formed.
    pub(super) async fn of_three() -> Self {
        let mut plex = Self::new();
        for node in 1..=3 {
            plex.add(node).await;
        }
        plex.form().await;
        plex
    }

    pub(super) fn new() -> Self {
        let _ = tracing_subscriber::fmt().with_env_filter("error").with_test_writer().try_init();
        let timers = Timers {
            heartbeat_ms: 50,
            election_min_ms: 250,
            election_max_ms: 450,
            exchange_ms: 1_000,
            ..Timers::default()
        };
        let folder = tempfile::tempdir().unwrap();
        Self { folder, nodes: BTreeMap::new(), timers, snapshots: SnapshotBounds::default() }
    }

    /// Adds a node with an empty folder, and starts it.
    pub(super) async fn add(&mut self, id: u64) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let node = Node { address, machine: Arc::default(), running: None };
        self.nodes.insert(id, node);
        self.run(id, listener).await;
    }

    pub(super) async fn form(&self) {
        let members: BTreeMap<_, _> =
            self.nodes.iter().map(|(&id, node)| (id, node.address.clone())).collect();
        let first = *members.keys().next().unwrap();
        self.node(first).form(members).await.unwrap();
    }

    pub(super) fn folder(&self, id: u64) -> PathBuf {
        self.folder.path().join(format!("node-{id}"))
    }

    /// Starts a stopped node again, at its address.
    pub(super) async fn restart(&mut self, id: u64) {
        let listener = TcpListener::bind(&self.nodes[&id].address).await.unwrap();
        self.run(id, listener).await;
    }

    async fn run(&mut self, id: u64, listener: TcpListener) {
        let settings = Settings {
            timers: self.timers,
            snapshots: self.snapshots,
            log: SegmentBounds { segment_bytes: 64 << 10, cache_bytes: 16 << 10 },
            ..Settings::new(id, self.folder(id))
        };
        let node = self.nodes.get_mut(&id).unwrap();
        let machine = Arc::clone(&node.machine);
        let consensus = Arc::new(Consensus::start(settings, machine, Arc::new(Loopback)).await.unwrap());
        let accepting = tokio::spawn(accept(listener, Arc::clone(&consensus)));
        node.running = Some((consensus, accepting));
    }

    /// Ends a node without handing anything over.
    pub(super) async fn kill(&mut self, id: u64) {
        if let Some((consensus, accepting)) = self.nodes.get_mut(&id).unwrap().running.take() {
            accepting.abort();
            consensus.stop().await;
        }
    }

    pub(super) fn node(&self, id: u64) -> &Consensus {
        &self.nodes[&id].running.as_ref().unwrap().0
    }

    fn running(&self) -> impl Iterator<Item = (u64, &Consensus)> {
        self.nodes.iter().filter_map(|(&id, node)| Some((id, &*node.running.as_ref()?.0)))
    }

    /// Waits until a node's standing is as wanted.
    pub(super) async fn until(&self, id: u64, wanted: impl FnMut(&Standing) -> bool) -> Standing {
        let mut standing = self.node(id).standing();
        let waited = tokio::time::timeout(PATIENCE, standing.wait_for(wanted)).await;
        match waited {
            Ok(standing) => standing.unwrap().clone(),
            Err(_) => panic!("node {id} stands at {:?}", self.node(id).standing().borrow()),
        }
    }

    /// The running node that leads with a majority behind it.
    pub(super) async fn master(&self) -> u64 {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            for (id, consensus) in self.running() {
                let standing = consensus.standing();
                let standing = standing.borrow();
                if standing.is_master && standing.quorum {
                    return id;
                }
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("there is no master");
    }

    /// Proposes wherever the master is, until it is taken.
    pub(super) async fn propose(&self, proposal: &str) -> Proposed {
        let start = Instant::now();
        loop {
            let master = self.master().await;
            match self.node(master).propose(proposal.into()).await {
                Ok(proposed) => return proposed,
                Err(ProposeError::NotMaster { .. } | ProposeError::NoQuorum)
                    if start.elapsed() < PATIENCE => {}
                Err(error) => panic!("{proposal} was not taken: {error}"),
            }
        }
    }

    pub(super) async fn propose_many(&self, count: usize) {
        let proposals = (0..count).map(|number| self.propose_text(format!("many {number}")));
        futures::future::join_all(proposals).await;
    }

    async fn propose_text(&self, proposal: String) -> Proposed {
        self.propose(&proposal).await
    }

    /// Waits until all running nodes hold what the master's barrier asks for, and returns that.
    pub(super) async fn agreed(&self) -> Vec<String> {
        let master = self.master().await;
        let index = self.node(master).read_barrier().await.unwrap();
        for (id, consensus) in self.running() {
            assert!(consensus.wait_applied(index, PATIENCE).await, "node {id} does not come to {index}");
        }
        let proposals = self.nodes[&master].machine.proposals();
        for (id, _) in self.running() {
            assert_eq!(self.nodes[&id].machine.proposals(), proposals, "node {id} differs from {master}");
        }
        proposals
    }
}
