//! How a node answers the others.

use super::wire::{
    Append, AppendAnswer, Ballot, Call, CallAnswer, Lane, SnapshotAnswer, SnapshotPart, decode, encode,
    opened,
};
use crate::consensus::{
    format::{EntryRecord, LogIdRecord, VoteRecord},
    snapshot::{Incoming, Snapshots},
    types::{LogId, Raft, Snapshot, Types},
};
use crate::work::blocking;
use bytes::{Bytes, BytesMut};
use futures::{SinkExt, Stream, StreamExt, future::ready};
use openraft::raft::{
    AppendEntriesRequest, StreamAppendError, TransferLeaderError, TransferLeaderRequest, VoteRequest,
};
use sci::Frames;
use std::{
    io,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, timeout};

/// When the master was last heard.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heard {
    at: Arc<Mutex<Option<Instant>>>,
}

impl Heard {
    /// Whether that was no longer ago than this.
    pub(crate) fn within(&self, span: Duration) -> bool {
        self.at.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|at| at.elapsed() <= span)
    }

    fn now(&self) {
        *self.at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }
}

/// Answers what comes in on connections.
#[derive(Clone)]
pub(crate) struct Server {
    /// This node.
    pub(crate) node_id: u64,
    pub(crate) raft: Raft,
    pub(crate) snapshots: Arc<Snapshots>,
    pub(crate) heard: Heard,
    /// How long the other end may take to take in an answer, and to open.
    pub(crate) within: Duration,
}

impl Server {
    /// Answers until the other end closes the connection, or errs.
    pub(crate) async fn serve(&self, mut frames: Frames) -> io::Result<()> {
        let opening = timeout(self.within, frames.next()).await.map_err(|_| io::ErrorKind::TimedOut)?;
        let Some(opening) = opening.transpose()? else { return Ok(()) };
        let (lane, to) = opened(&opening)?;
        if to != self.node_id {
            let reason = format!("the conversation is meant for node {to}, and this is {}", self.node_id);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        }
        match lane {
            Lane::Entries | Lane::Heartbeat => self.appends(frames).await,
            Lane::Calls => self.calls(frames).await,
            Lane::Snapshot => self.snapshot(frames).await,
        }
    }

    /// Requests go to openraft as they come; their answers come back in order.
    async fn appends(&self, frames: Frames) -> io::Result<()> {
        let (mut sink, stream) = frames.split();
        let mut answers = pin!(self.raft.stream_append(requests(stream)));
        while let Some(answer) = answers.next().await {
            let answer = match answer {
                Ok(Ok(last)) => {
                    self.heard.now();
                    AppendAnswer::Matches(last.map(LogIdRecord::from))
                }
                Ok(Err(StreamAppendError::Conflict(at))) => AppendAnswer::Conflict(at.into()),
                Ok(Err(StreamAppendError::HigherVote(vote))) => AppendAnswer::HigherVote(vote.into()),
                Err(fatal) => AppendAnswer::Failed(fatal.to_string()),
            };
            self.send(&mut sink, encode(&answer)).await?;
        }
        Ok(())
    }

    async fn calls(&self, mut frames: Frames) -> io::Result<()> {
        while let Some(frame) = frames.next().await.transpose()? {
            let answer = self.call(decode(&frame)?).await;
            self.send(&mut frames, encode(&answer)).await?;
        }
        Ok(())
    }

    async fn call(&self, call: Call) -> CallAnswer {
        match call {
            Call::Vote(ballot) => vote_answer(self.raft.vote(ballot.into()).await),
            Call::PreVote(ballot) => vote_answer(self.raft.pre_vote(ballot.into()).await),
            Call::TransferLeader { from, to, last } => {
                let request = TransferLeaderRequest::new(from.into(), to, last.map(LogId::from));
                match self.raft.handle_transfer_leader(request).await {
                    Ok(Ok(())) => CallAnswer::TransferAccepted,
                    Ok(Err(TransferLeaderError::VoteChanged { expected, actual })) => {
                        CallAnswer::TransferVoteChanged { expected: expected.into(), actual: actual.into() }
                    }
                    Ok(Err(TransferLeaderError::LogNotFlushed { expected, actual })) => {
                        let (expected, actual) =
                            (expected.map(LogIdRecord::from), actual.map(LogIdRecord::from));
                        CallAnswer::TransferLogBehind { expected, actual }
                    }
                    Err(fatal) => CallAnswer::Failed(fatal.to_string()),
                }
            }
        }
    }

    async fn snapshot(&self, mut frames: Frames) -> io::Result<()> {
        let mut incoming = None;
        while let Some(frame) = frames.next().await.transpose()? {
            let answer = self.part(decode(&frame)?, &mut incoming).await;
            let answer = answer.unwrap_or_else(|error| SnapshotAnswer::Failed(error.to_string()));
            self.send(&mut frames, encode(&answer)).await?;
        }
        Ok(())
    }

    async fn part(&self, part: SnapshotPart, incoming: &mut Option<Incoming>) -> io::Result<SnapshotAnswer> {
        let not_begun = || io::Error::other("no snapshot was begun");
        match part {
            SnapshotPart::Begin => *incoming = Some(self.snapshots.receive()?),
            SnapshotPart::Piece { offset, content } => {
                incoming.as_mut().ok_or_else(not_begun)?.add(offset, &content.0)?;
            }
            SnapshotPart::End { vote } => {
                let incoming = incoming.take().ok_or_else(not_begun)?;
                let received = blocking(|| incoming.finish()).await?;
                return self.install(vote, received).await;
            }
        }
        Ok(SnapshotAnswer::Received)
    }

    async fn install(
        &self,
        vote: VoteRecord,
        snapshot: crate::consensus::snapshot::SnapshotFile,
    ) -> io::Result<SnapshotAnswer> {
        let snapshot = Snapshot { meta: snapshot.meta()?, snapshot };
        let installed = self.raft.install_full_snapshot(vote.into(), snapshot).await;
        let response = installed.map_err(|fatal| io::Error::other(fatal.to_string()))?;
        Ok(SnapshotAnswer::Installed { vote: response.vote.into() })
    }

    async fn send(
        &self,
        sink: &mut (impl SinkExt<Bytes, Error = io::Error> + Unpin),
        answer: Bytes,
    ) -> io::Result<()> {
        timeout(self.within, sink.send(answer)).await.map_err(|_| io::ErrorKind::TimedOut)?
    }
}

/// The append requests on a connection, up to one that does not read as such.
fn requests(
    stream: impl Stream<Item = io::Result<BytesMut>> + Send + 'static,
) -> impl Stream<Item = AppendEntriesRequest<Types>> + Send + 'static {
    let requests = stream.map(|frame| decode::<Append>(&frame?)?.try_into());
    requests
        .take_while(|request| {
            if let Err(error) = request {
                tracing::debug!("a connection of consensus ends: {error}");
            }
            ready(request.is_ok())
        })
        .filter_map(|request: io::Result<_>| ready(request.ok()))
}

fn vote_answer<E: std::fmt::Display>(response: Result<openraft::raft::VoteResponse<Types>, E>) -> CallAnswer {
    match response {
        Ok(response) => CallAnswer::Vote {
            vote: response.vote.into(),
            granted: response.vote_granted,
            last: response.last_log_id.map(LogIdRecord::from),
        },
        Err(fatal) => CallAnswer::Failed(fatal.to_string()),
    }
}

impl TryFrom<Append> for AppendEntriesRequest<Types> {
    type Error = io::Error;

    fn try_from(append: Append) -> io::Result<Self> {
        Ok(Self {
            vote: append.vote.into(),
            prev_log_id: append.previous.map(LogId::from),
            entries: append.entries.into_iter().map(EntryRecord::into_entry).collect::<io::Result<_>>()?,
            leader_commit: append.committed.map(LogId::from),
        })
    }
}

impl From<Ballot> for VoteRequest<Types> {
    fn from(ballot: Ballot) -> Self {
        let mut request = Self::new(ballot.vote.into(), ballot.last.map(LogId::from));
        request.leadership_transfer = ballot.leadership_transfer;
        request
    }
}
