//! One connection to another node, kept by a task of its own.
//!
//! openraft drops the future of an exchange when its time is up. The task goes on all the same: it finishes dialing,
//! and takes the late answer off the connection. So an impatient caller costs no connection, and a node that is
//! slow to reach is reached.

use super::wire::{Dial, Lane, opening};
use bytes::{Bytes, BytesMut};
use futures::{SinkExt, StreamExt};
use sci::Frames;
use std::{
    collections::{BTreeMap, VecDeque},
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until, timeout, timeout_at},
};

/// The most requests under way on a connection, and as many again wait.
const UNDER_WAY_MAX: usize = 64;

/// A connection that nobody used for so long is closed.
const IDLE: Duration = Duration::from_secs(60);

/// The connections to all nodes, made when they are first needed.
#[derive(Clone)]
pub(super) struct Links {
    dial: Arc<dyn Dial>,
    dial_within: Duration,
    open: Arc<Mutex<BTreeMap<Peer, mpsc::Sender<Exchange>>>>,
}

/// Where a connection leads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Peer {
    pub(super) node: u64,
    pub(super) address: String,
    pub(super) lane: Lane,
}

/// An answer to come.
pub(super) type Answer = oneshot::Receiver<io::Result<BytesMut>>;

struct Exchange {
    request: Bytes,
    deadline: Instant,
    answer: oneshot::Sender<io::Result<BytesMut>>,
}

impl Links {
    pub(super) fn new(dial: Arc<dyn Dial>, dial_within: Duration) -> Self {
        Self { dial, dial_within, open: Arc::default() }
    }

    /// Sends a request, dialing if need be, and returns where the answer will be. Answers come in the order of the
    /// requests to this peer.
    pub(super) async fn send(&self, peer: &Peer, request: Bytes, within: Duration) -> io::Result<Answer> {
        let (answer, receiver) = oneshot::channel();
        let exchange = Exchange { request, deadline: Instant::now() + within, answer };
        let link = self.link(peer);
        match timeout(within, link.send(exchange)).await {
            Ok(Ok(())) => Ok(receiver),
            Ok(Err(_)) => Err(io::ErrorKind::ConnectionAborted.into()),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    /// Sends a request and waits for its answer.
    pub(super) async fn ask(&self, peer: &Peer, request: Bytes, within: Duration) -> io::Result<BytesMut> {
        answered(&mut self.send(peer, request, within).await?).await
    }

    fn link(&self, peer: &Peer) -> mpsc::Sender<Exchange> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, link| !link.is_closed());
        open.entry(peer.clone())
            .or_insert_with(|| {
                let (link, queue) = mpsc::channel(UNDER_WAY_MAX);
                tokio::spawn(run(Arc::clone(&self.dial), peer.clone(), self.dial_within, queue));
                link
            })
            .clone()
    }

    /// Lets the connection to a peer go; the next request dials again.
    pub(super) fn forget(&self, peer: &Peer) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(peer);
    }

    /// Closes all connections.
    pub(super) fn close(&self) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Waits for an answer. The task of the link sees to it that this ends.
pub(super) async fn answered(answer: &mut Answer) -> io::Result<BytesMut> {
    answer.await.unwrap_or_else(|_| Err(io::ErrorKind::ConnectionAborted.into()))
}

async fn run(dial: Arc<dyn Dial>, peer: Peer, dial_within: Duration, mut queue: mpsc::Receiver<Exchange>) {
    let mut waiting = VecDeque::new();
    let ended = match timeout(dial_within, dial.dial(peer.node, &peer.address)).await {
        Ok(Ok(frames)) => converse(frames, &peer, &mut queue, &mut waiting).await,
        Ok(Err(error)) => Err(error),
        Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "it was not reached in time")),
    };
    queue.close();
    let Err(error) = ended else { return };
    tracing::debug!(node = peer.node, address = peer.address, lane = ?peer.lane, "connection ended: {error}");
    while let Ok(exchange) = queue.try_recv() {
        waiting.push_back(exchange);
    }
    for exchange in waiting {
        let _ = exchange.answer.send(Err(io::Error::new(error.kind(), error.to_string())));
    }
}

async fn converse(
    mut frames: Frames,
    peer: &Peer,
    queue: &mut mpsc::Receiver<Exchange>,
    waiting: &mut VecDeque<Exchange>,
) -> io::Result<()> {
    frames.send(opening(peer.lane, peer.node)).await?;
    let (mut sink, mut stream) = frames.split();
    loop {
        let overdue = waiting.front().map_or_else(|| Instant::now() + IDLE, |first| first.deadline);
        tokio::select! {
            exchange = queue.recv(), if waiting.len() < UNDER_WAY_MAX => match exchange {
                Some(exchange) => send(&mut sink, exchange, queue, waiting).await?,
                None => return Ok(()),
            },
            frame = stream.next() => {
                let frame = frame.ok_or(io::ErrorKind::UnexpectedEof)??;
                let first = waiting.pop_front().ok_or(io::ErrorKind::InvalidData)?;
                let _ = first.answer.send(Ok(frame));
            }
            () = sleep_until(overdue) => return Err(io::Error::new(io::ErrorKind::TimedOut, "no answer in time")),
        }
    }
}

/// Sends a request, and those that queued up behind it with the same flush.
async fn send(
    sink: &mut (impl SinkExt<Bytes, Error = io::Error> + Unpin),
    first: Exchange,
    queue: &mut mpsc::Receiver<Exchange>,
    waiting: &mut VecDeque<Exchange>,
) -> io::Result<()> {
    let (mut next, deadline) = (Some(first), Instant::now() + IDLE);
    while let Some(exchange) = next {
        // Whoever gave up waiting while this was dialed does not want it sent any more.
        if !exchange.answer.is_closed() {
            let request = exchange.request.clone();
            let deadline = exchange.deadline.min(deadline);
            waiting.push_back(exchange);
            timeout_at(deadline, sink.feed(request)).await.map_err(|_| io::ErrorKind::TimedOut)??;
        }
        next = if waiting.len() < UNDER_WAY_MAX { queue.try_recv().ok() } else { None };
    }
    timeout_at(deadline, sink.flush()).await.map_err(|_| io::ErrorKind::TimedOut)?
}
