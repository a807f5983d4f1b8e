//! How openraft speaks to another node.

use super::{
    link::{Answer, Links, Peer, answered},
    wire::{
        Append, AppendAnswer, Ballot, Call, CallAnswer, Dial, Lane, SnapshotAnswer, SnapshotPart, decode,
        encode,
    },
};
use crate::consensus::{
    format::{EntryRecord, LogIdRecord, VoteRecord},
    settings::Timers,
    snapshot::SnapshotFile,
    types::{Blob, LogId, Snapshot, Types, Vote},
};
use bytes::BytesMut;
use futures::{Stream, StreamExt, future::pending, stream};
use openraft::{
    BasicNode, OptionalSend, RaftNetworkFactory,
    base::{BoxFuture, BoxStream},
    errors::{RPCError, ReplicationClosed, StreamingError, Unreachable},
    network::{RPCOption, v2::RaftNetworkV2},
    raft::{
        AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, StreamAppendError, StreamAppendResult,
        TransferLeaderError, TransferLeaderRequest, TransferLeaderResponse, VoteRequest, VoteResponse,
    },
};
use std::{collections::VecDeque, io, os::unix::fs::FileExt, sync::Arc};

/// How much of a snapshot goes into one message, in bytes.
const PIECE_BYTES: usize = 1 << 20;

/// How many pieces may be under way.
const PIECES_UNDER_WAY: usize = 4;

/// How many append requests of one stream may be under way.
const APPENDS_UNDER_WAY: usize = 32;

/// Speaks to all nodes.
#[derive(Clone)]
pub(crate) struct Network {
    links: Links,
    timers: Timers,
}

/// Speaks to one node.
pub(crate) struct Client {
    links: Links,
    timers: Timers,
    node: u64,
    address: String,
    appends: Lane,
}

impl Network {
    pub(crate) fn new(dial: Arc<dyn Dial>, timers: Timers) -> Self {
        Self { links: Links::new(dial, timers.exchange()), timers }
    }

    /// Closes all connections.
    pub(crate) fn close(&self) {
        self.links.close();
    }

    fn client(&self, node: u64, address: &BasicNode, appends: Lane) -> Client {
        let address = address.addr.clone();
        Client { links: self.links.clone(), timers: self.timers, node, address, appends }
    }
}

impl RaftNetworkFactory<Types> for Network {
    type Network = Client;

    async fn new_client(&mut self, target: u64, node: &BasicNode) -> Client {
        self.client(target, node, Lane::Entries)
    }

    async fn new_heartbeat_client(&mut self, target: u64, node: &BasicNode) -> Client {
        self.client(target, node, Lane::Heartbeat)
    }
}

impl Client {
    fn peer(&self, lane: Lane) -> Peer {
        Peer { node: self.node, address: self.address.clone(), lane }
    }

    fn unreachable(&self, error: &dyn std::fmt::Display) -> Unreachable<Types> {
        Unreachable::from_string(format!("node {} at {}: {error}", self.node, self.address))
    }

    async fn call(&self, call: &Call, option: &RPCOption) -> Result<CallAnswer, Unreachable<Types>> {
        // Some calls are worth more time than openraft has for them, because the next one finds the connection open.
        let within = option.hard_ttl().max(self.timers.exchange());
        let asked = self.links.ask(&self.peer(Lane::Calls), encode(call), within).await;
        match asked.and_then(|frame| decode(&frame)) {
            Ok(CallAnswer::Failed(reason)) => Err(self.unreachable(&reason)),
            Ok(answer) => Ok(answer),
            Err(error) => Err(self.unreachable(&error)),
        }
    }

    async fn ballot(
        &self,
        request: VoteRequest<Types>,
        call: fn(Ballot) -> Call,
        option: &RPCOption,
    ) -> Result<VoteResponse<Types>, RPCError<Types>> {
        let ballot = Ballot {
            vote: request.vote.into(),
            last: request.last_log_id.map(LogIdRecord::from),
            leadership_transfer: request.leadership_transfer,
        };
        match self.call(&call(ballot), option).await? {
            CallAnswer::Vote { vote, granted, last } => Ok(VoteResponse {
                vote: vote.into(),
                vote_granted: granted,
                last_log_id: last.map(LogId::from),
            }),
            other => Err(self.unreachable(&format!("{other:?} is no answer to a ballot")).into()),
        }
    }

    async fn send_append(&self, request: AppendEntriesRequest<Types>) -> io::Result<Answer> {
        let append = Append {
            vote: request.vote.into(),
            previous: request.prev_log_id.map(LogIdRecord::from),
            entries: request.entries.iter().map(EntryRecord::from).collect(),
            committed: request.leader_commit.map(LogIdRecord::from),
        };
        self.links.send(&self.peer(self.appends), encode(&append), self.timers.exchange()).await
    }

    fn append_result(
        &self,
        frame: io::Result<BytesMut>,
    ) -> Result<StreamAppendResult<Types>, RPCError<Types>> {
        let answer = frame.and_then(|frame| decode(&frame));
        if !matches!(answer, Ok(AppendAnswer::Matches(_))) {
            // The other end closes the connection now, and the next request must not be lost with it.
            self.links.forget(&self.peer(self.appends));
        }
        match answer {
            Ok(AppendAnswer::Matches(last)) => Ok(Ok(last.map(LogId::from))),
            Ok(AppendAnswer::Conflict(at)) => Ok(Err(StreamAppendError::Conflict(at.into()))),
            Ok(AppendAnswer::HigherVote(vote)) => Ok(Err(StreamAppendError::HigherVote(vote.into()))),
            Ok(AppendAnswer::Failed(reason)) => Err(self.unreachable(&reason).into()),
            Err(error) => Err(self.unreachable(&error).into()),
        }
    }

    async fn send_snapshot(&self, vote: VoteRecord, snapshot: &SnapshotFile) -> io::Result<VoteRecord> {
        let (peer, exchange) = (self.peer(Lane::Snapshot), self.timers.exchange());
        let (bytes, mut offset) = (snapshot.bytes()?, 0);
        let begun = self.links.send(&peer, encode(&SnapshotPart::Begin), exchange).await?;
        let mut under_way = VecDeque::from([begun]);
        while offset < bytes {
            let mut piece = vec![0; PIECE_BYTES.min((bytes - offset) as usize)];
            snapshot.file.read_exact_at(&mut piece, offset)?;
            let part = SnapshotPart::Piece { offset, content: Blob(piece.into()) };
            under_way.push_back(self.links.send(&peer, encode(&part), exchange).await?);
            offset = bytes.min(offset + PIECE_BYTES as u64);
            if under_way.len() > PIECES_UNDER_WAY
                && let Some(first) = under_way.pop_front()
            {
                received(first).await?;
                tracing::debug!(node = self.node, offset, bytes, "sending a snapshot");
            }
        }
        for answer in under_way {
            received(answer).await?;
        }
        let end = encode(&SnapshotPart::End { vote });
        match decode(&self.links.ask(&peer, end, self.timers.install()).await?)? {
            SnapshotAnswer::Installed { vote } => Ok(vote),
            SnapshotAnswer::Failed(reason) => Err(io::Error::other(reason)),
            SnapshotAnswer::Received => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

/// Waits until a part of a snapshot was taken in.
async fn received(mut answer: Answer) -> io::Result<()> {
    match decode(&answered(&mut answer).await?)? {
        SnapshotAnswer::Received => Ok(()),
        SnapshotAnswer::Failed(reason) => Err(io::Error::other(reason)),
        SnapshotAnswer::Installed { .. } => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// A stream of append requests and their answers.
struct Appending<'a, S> {
    client: &'a Client,
    /// `None` once there are no more requests.
    requests: Option<S>,
    under_way: VecDeque<Answer>,
    ended: bool,
}

impl<S: Stream<Item = AppendEntriesRequest<Types>> + Unpin> Appending<'_, S> {
    /// The next answer.
    async fn next(&mut self) -> Option<Result<StreamAppendResult<Types>, RPCError<Types>>> {
        while !self.ended {
            let (requests, under_way) = (&mut self.requests, &mut self.under_way);
            let room = under_way.len() < APPENDS_UNDER_WAY;
            tokio::select! {
                biased;
                // Nothing is dialed before the first request is there: openraft holds requests back from a node that
                // can't be reached, and a connection made without one would be made again and again.
                request = async { requests.as_mut()?.next().await }, if requests.is_some() && room => match request {
                    None => self.requests = None,
                    Some(request) => match self.client.send_append(request).await {
                        Ok(answer) => self.under_way.push_back(answer),
                        Err(error) => {
                            self.ended = true;
                            return Some(Err(self.client.unreachable(&error).into()));
                        }
                    },
                },
                frame = first_answer(under_way), if !under_way.is_empty() => {
                    self.under_way.pop_front();
                    let result = self.client.append_result(frame);
                    self.ended = !matches!(result, Ok(Ok(_)));
                    return Some(result);
                }
                else => self.ended = true,
            }
        }
        None
    }
}

async fn first_answer(under_way: &mut VecDeque<Answer>) -> io::Result<BytesMut> {
    match under_way.front_mut() {
        Some(answer) => answered(answer).await,
        None => pending().await,
    }
}

impl RaftNetworkV2<Types> for Client {
    type SnapshotData = SnapshotFile;

    async fn append_entries(
        &mut self,
        request: AppendEntriesRequest<Types>,
        _: RPCOption,
    ) -> Result<AppendEntriesResponse<Types>, RPCError<Types>> {
        let sent = self.send_append(request).await;
        let mut answer = sent.map_err(|error| self.unreachable(&error))?;
        self.append_result(answered(&mut answer).await).map(AppendEntriesResponse::from)
    }

    fn stream_append<'s, S>(
        &'s mut self,
        requests: S,
        _: RPCOption,
    ) -> BoxFuture<
        's,
        Result<BoxStream<'s, Result<StreamAppendResult<Types>, RPCError<Types>>>, RPCError<Types>>,
    >
    where
        S: Stream<Item = AppendEntriesRequest<Types>> + OptionalSend + Unpin + 'static,
    {
        let appending =
            Appending { client: self, requests: Some(requests), under_way: VecDeque::new(), ended: false };
        let answers =
            stream::unfold(
                appending,
                |mut appending| async move { Some((appending.next().await?, appending)) },
            );
        Box::pin(async move { Ok(Box::pin(answers) as BoxStream<'s, _>) })
    }

    async fn vote(
        &mut self,
        request: VoteRequest<Types>,
        option: RPCOption,
    ) -> Result<VoteResponse<Types>, RPCError<Types>> {
        self.ballot(request, Call::Vote, &option).await
    }

    async fn pre_vote(
        &mut self,
        request: VoteRequest<Types>,
        option: RPCOption,
    ) -> Result<VoteResponse<Types>, RPCError<Types>> {
        self.ballot(request, Call::PreVote, &option).await
    }

    async fn full_snapshot(
        &mut self,
        vote: Vote,
        snapshot: Snapshot,
        cancel: impl Future<Output = ReplicationClosed> + OptionalSend + 'static,
        _: RPCOption,
    ) -> Result<SnapshotResponse<Types>, StreamingError<Types>> {
        tracing::info!(node = self.node, "sending a snapshot");
        let sent = tokio::select! {
            closed = cancel => return Err(closed.into()),
            sent = self.send_snapshot(vote.into(), &snapshot.snapshot) => sent,
        };
        match sent {
            Ok(vote) => Ok(SnapshotResponse::new(vote.into())),
            Err(error) => {
                self.links.forget(&self.peer(Lane::Snapshot));
                Err(self.unreachable(&error).into())
            }
        }
    }

    async fn transfer_leader(
        &mut self,
        request: TransferLeaderRequest<Types>,
        option: RPCOption,
    ) -> Result<TransferLeaderResponse<Types>, RPCError<Types>> {
        let call = Call::TransferLeader {
            from: (*request.from_leader()).into(),
            to: *request.to_node_id(),
            last: request.last_log_id().copied().map(LogIdRecord::from),
        };
        match self.call(&call, &option).await? {
            CallAnswer::TransferAccepted => Ok(Ok(())),
            CallAnswer::TransferVoteChanged { expected, actual } => {
                let (expected, actual) = (expected.into(), actual.into());
                Ok(Err(TransferLeaderError::VoteChanged { expected, actual }))
            }
            CallAnswer::TransferLogBehind { expected, actual } => {
                let (expected, actual) = (expected.map(LogId::from), actual.map(LogId::from));
                Ok(Err(TransferLeaderError::LogNotFlushed { expected, actual }))
            }
            other => Err(self.unreachable(&format!("{other:?} is no answer to a transfer")).into()),
        }
    }
}
