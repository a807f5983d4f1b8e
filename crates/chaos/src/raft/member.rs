//! A member: consensus as it is, and what answers operators.

use super::Sabotage;
use super::facts::Facts;
use super::operators::{Ask, Reply, ask, asked, reply};
use super::registers::{Registers, proposal};
use futures::future::BoxFuture;
use host::consensus::{
    Consensus, Dial, Duplex, Frames, MESSAGE_BYTES_MAX, MembershipError, ProposeError, ReadError, Settings,
    SnapshotBounds, Timers,
};
use host::files::SegmentBounds;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::codec::LengthDelimitedCodec;
use turmoil::net::{TcpListener, TcpStream};

/// Where members listen to each other.
const PLEX_PORT: u16 = 7_100;

/// Where members listen to operators.
pub(super) const OPERATOR_PORT: u16 = 7_200;

/// How long a read waits for what it has to see.
const READ_WITHIN: Duration = Duration::from_secs(1);

/// What a member is, however often it crashes.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) node: u64,
    pub(super) registers: Arc<Registers>,
    pub(super) facts: Facts,
    pub(super) sabotage: Option<Sabotage>,
}

/// Where the disk of a member is mounted.
pub(super) fn disk(name: &str) -> PathBuf {
    Path::new("/").join(name)
}

/// Where a member is reached.
pub(super) fn address(name: &str) -> String {
    format!("{name}:{PLEX_PORT}")
}

impl Member {
    /// What runs on its host, from its start to a crash. `founders` form the plex where this one is the first of them.
    pub(super) async fn run(self, founders: Option<BTreeMap<u64, String>>) -> turmoil::Result {
        let started = Consensus::start(self.settings(), self.registers.clone(), Arc::new(Dialer)).await;
        let consensus = match started {
            Ok(consensus) => Arc::new(consensus),
            Err(error) => {
                let said = format!("{} does not start: {error}", self.name);
                match simulated_disk::is_sound(&disk(&self.name)) {
                    true => self.facts.broken(said),
                    false => self.facts.failed(&self.name, &said),
                }
                return std::future::pending().await;
            }
        };
        if let Some(founders) = founders
            && !consensus.is_formed().await
        {
            let formed = consensus.form(founders).await;
            self.facts.tell(&format!("{} forms the plex: {formed:?}", self.name));
        }
        let plex = TcpListener::bind(("0.0.0.0", PLEX_PORT)).await?;
        let operators = TcpListener::bind(("0.0.0.0", OPERATOR_PORT)).await?;
        tokio::spawn(accept(plex, consensus.clone()));
        tokio::spawn(self.clone().watch(consensus.clone()));
        loop {
            let (stream, _) = operators.accept().await?;
            tokio::spawn(self.clone().answer(stream, consensus.clone()));
        }
    }

    fn settings(&self) -> Settings {
        let timers = Timers {
            heartbeat_ms: 50,
            election_min_ms: 250,
            election_max_ms: 450,
            proposal_ms: 2_000,
            exchange_ms: 600,
            install_ms: 3_000,
        };
        Settings {
            timers,
            snapshots: SnapshotBounds { entries: 60, keep_entries: 10, ..SnapshotBounds::default() },
            log: SegmentBounds { segment_bytes: 8 << 10, cache_bytes: 2 << 10 },
            ..Settings::new(self.node, disk(&self.name))
        }
    }

    /// Tells how this member stands, whenever that changes.
    async fn watch(self, consensus: Arc<Consensus>) {
        let mut standing = consensus.standing();
        loop {
            let now = standing.borrow_and_update().clone();
            self.facts.stands(&self.name, now);
            if standing.changed().await.is_err() {
                return;
            }
        }
    }

    async fn answer(self, mut stream: TcpStream, consensus: Arc<Consensus>) {
        while let Ok(ask) = asked(&mut stream).await {
            let answer = self.done(&consensus, ask).await;
            if reply(&mut stream, answer).await.is_err() {
                return;
            }
        }
    }

    async fn done(&self, consensus: &Consensus, ask: Ask) -> Reply {
        match ask {
            Ask::Write { register, value } => match consensus.propose(proposal(register, value)).await {
                Ok(proposed) => Reply::Done(proposed.index),
                Err(ProposeError::Unknown(_)) => Reply::Unknown,
                Err(_) => Reply::Refused,
            },
            Ask::Read { register } => match self.has_to_see(consensus).await {
                Some(index) if consensus.wait_applied(index, READ_WITHIN).await => {
                    Reply::Done(self.registers.read(register))
                }
                _ => Reply::Refused,
            },
            Ask::Barrier => consensus.read_barrier().await.map_or(Reply::Refused, Reply::Done),
            Ask::HandOver => {
                consensus.hand_over().await;
                Reply::Done(0)
            }
            Ask::Add { node } => of(consensus.add_member(node, address(&named(node))).await),
            Ask::Replace { old, new } => of(consensus.replace_member(old, new, address(&named(new))).await),
            Ask::Remove { node } => of(consensus.remove_member(node).await),
        }
    }

    /// Up to which entry a read has to wait. Only the master can tell.
    async fn has_to_see(&self, consensus: &Consensus) -> Option<u64> {
        if self.sabotage == Some(Sabotage::StaleReads) {
            return Some(0);
        }
        match consensus.read_barrier().await {
            Ok(index) => Some(index),
            Err(ReadError::NotMaster { leader: Some((leader, _)) }) => {
                let leader = named(leader);
                match tokio::time::timeout(READ_WITHIN, ask(&leader, Ask::Barrier)).await {
                    Ok(Ok(Reply::Done(index))) => Some(index),
                    _ => None,
                }
            }
            Err(_) => None,
        }
    }
}

/// What the member of a node is called.
pub(super) fn named(node: u64) -> String {
    format!("ims{node}")
}

fn of(changed: Result<(), MembershipError>) -> Reply {
    match changed {
        Ok(()) => Reply::Done(0),
        Err(MembershipError::Unknown(_) | MembershipError::NotCaughtUp { .. }) => Reply::Unknown,
        Err(_) => Reply::Refused,
    }
}

async fn accept(listener: TcpListener, consensus: Arc<Consensus>) {
    while let Ok((stream, _)) = listener.accept().await {
        let consensus = consensus.clone();
        tokio::spawn(async move { consensus.serve(frames(stream)).await });
    }
}

/// Reaches other members over the network of the world.
#[derive(Debug)]
struct Dialer;

impl Dial for Dialer {
    fn dial<'a>(&'a self, _: u64, address: &'a str) -> BoxFuture<'a, io::Result<Frames>> {
        Box::pin(async move { Ok(frames(TcpStream::connect(address).await?)) })
    }
}

fn frames(stream: impl Duplex + 'static) -> Frames {
    LengthDelimitedCodec::builder().max_frame_length(MESSAGE_BYTES_MAX).new_framed(Box::new(stream))
}
