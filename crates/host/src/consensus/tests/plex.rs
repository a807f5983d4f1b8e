//! Several nodes in one process, with folders of their own, that talk over loopback.

use super::ledger::Ledger;
use crate::{
    consensus::{
        Consensus, Dial, Duplex, Frames, MESSAGE_BYTES_MAX, ProposeError, Proposed, Settings, SnapshotBounds,
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
    sync::watch,
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
    cables: watch::Sender<BTreeMap<u64, Cable>>,
}

pub(super) struct Node {
    pub(super) address: String,
    pub(super) machine: Arc<Ledger>,
    running: Option<(Arc<Consensus>, JoinHandle<()>)>,
}

/// How the connections of a node fare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cable {
    Sound,
    /// Connections break, and none can be made.
    Broken,
    /// Nothing comes through, and nobody is told.
    Silent,
}

/// Dials over loopback, through the cables of both ends.
struct Loopback {
    own: u64,
    cables: watch::Sender<BTreeMap<u64, Cable>>,
}

impl Loopback {
    /// The worse of the two cables.
    fn cable(cables: &BTreeMap<u64, Cable>, ends: [u64; 2]) -> Cable {
        let ends = ends.map(|end| cables.get(&end).copied().unwrap_or(Cable::Sound));
        ends.into_iter().find(|cable| *cable != Cable::Sound).unwrap_or(Cable::Sound)
    }
}

impl Dial for Loopback {
    fn dial<'a>(&'a self, node: u64, address: &'a str) -> BoxFuture<'a, io::Result<Frames>> {
        Box::pin(async move {
            let ends = [self.own, node];
            let mut cables = self.cables.subscribe();
            if Self::cable(&cables.borrow(), ends) == Cable::Broken {
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            let mut outer = TcpStream::connect(address).await?;
            let (inner, mut relayed) = tokio::io::duplex(64 << 10);
            tokio::spawn(async move {
                tokio::select! {
                    biased;
                    _ = cables.wait_for(|cables| Self::cable(cables, ends) != Cable::Sound) => {}
                    _ = tokio::io::copy_bidirectional(&mut relayed, &mut outer) => return,
                }
                let _ = cables.wait_for(|cables| Self::cable(cables, ends) != Cable::Silent).await;
            });
            Ok(frames(inner))
        })
    }
}

fn frames(stream: impl Duplex + 'static) -> Frames {
    LengthDelimitedCodec::builder().max_frame_length(MESSAGE_BYTES_MAX).new_framed(Box::new(stream))
}

async fn accept(listener: TcpListener, consensus: Arc<Consensus>) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
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
        Self {
            folder,
            nodes: BTreeMap::new(),
            timers,
            snapshots: SnapshotBounds::default(),
            cables: watch::Sender::default(),
        }
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
        let (address, start) = (&self.nodes[&id].address, Instant::now());
        let listener = loop {
            // Somebody's outgoing connection may have been given the port meanwhile.
            match TcpListener::bind(address).await {
                Ok(listener) => break listener,
                Err(error) if start.elapsed() > PATIENCE => panic!("{address}: {error}"),
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
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
        let dial = Arc::new(Loopback { own: id, cables: self.cables.clone() });
        let consensus = Arc::new(Consensus::start(settings, machine, dial).await.unwrap());
        let accepting = tokio::spawn(accept(listener, Arc::clone(&consensus)));
        node.running = Some((consensus, accepting));
    }

    /// Ends a node without handing anything over.
    pub(super) async fn kill(&mut self, id: u64) {
        if let Some((consensus, accepting)) = self.nodes.get_mut(&id).unwrap().running.take() {
            accepting.abort();
            let _ = accepting.await;
            consensus.stop().await;
        }
    }

    /// Lets the connections of a node fare so, both ways.
    pub(super) fn cable(&self, id: u64, cable: Cable) {
        self.cables.send_modify(|cables| {
            cables.insert(id, cable);
        });
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
            let mut leads = self.running().filter(|(_, consensus)| {
                let standing = consensus.standing();
                let standing = standing.borrow();
                standing.is_master && standing.quorum
            });
            if let Some((id, _)) = leads.next() {
                return id;
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
