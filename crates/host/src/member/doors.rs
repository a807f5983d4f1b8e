//! The member's doors: what comes in over each lane, and the answers that go out again.

use super::core::Core;
use super::engine_room::EngineRoom;
use super::log_pages::LogPages;
use super::neighbours::{Neighbours, note};
use super::pace::{Pace, TooMany};
use crate::config::Config;
use crate::logging;
use crate::monitoring::{Meters, OpenConnection};
use bytes::Bytes;
use control_region::{Event, ProgramOrder, RegionId, RequestId, verb_name};
use csl::envelope::{OperatorRequest, Progress, User};
use csl::om::{Answer, CompletionCode, OperatorRole, ReasonCode, ReturnCode};
use csl::region::{RegionAnswer, RegionReply, RegionRequest};
use sci::mux::{Incoming, MuxSettings, Responder, serve};
use sci::{Accepted, Connection, Lane, Peer, Role};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use vocabulary::message::RATE501W;
use vocabulary::{MemberName, encoding};

/// Tells a connection of an operator or a region from every other.
type ConnectionId = u64;

/// What is behind every connection that was let in. Clones are the same doors.
#[derive(Clone)]
pub(super) struct Doors {
    core: Arc<Core>,
    neighbours: Neighbours,
    member: MemberName,
    pace: Arc<Pace>,
    waiting: Arc<Mutex<BTreeMap<RequestId, Waiting>>>,
    meters: Meters,
    log_pages: LogPages,
    engine: EngineRoom,
    requests: Arc<AtomicU64>,
    connections: Arc<AtomicU64>,
    regions: Arc<AtomicU32>,
}

/// Somebody who waits for an answer.
struct Waiting {
    connection: ConnectionId,
    responder: Responder,
    /// Of an operator.
    asked: Option<Asked>,
}

/// What an operator asked.
struct Asked {
    user: User,
    what: String,
    verb: String,
    since: Instant,
}

impl Doors {
    pub(super) fn new(
        config: &Config,
        neighbours: Neighbours,
        meters: Meters,
        log_pages: LogPages,
        engine: EngineRoom,
    ) -> Self {
        Self {
            core: Arc::clone(&neighbours.core),
            neighbours,
            member: config.member,
            pace: Arc::new(Pace::new(config.requests)),
            waiting: Arc::default(),
            meters,
            log_pages,
            engine,
            requests: Arc::default(),
            connections: Arc::default(),
            regions: Arc::new(AtomicU32::new(1)),
        }
    }

    /// Serves a connection, in a task of its own.
    pub(super) fn open(&self, accepted: Accepted) {
        let Accepted { connection, peer, lane } = accepted;
        let doors = self.clone();
        let open = self.meters.connected(lane);
        match lane {
            Lane::Raft => {
                tokio::spawn(while_open(open, doors.neighbours.serve_consensus(connection, peer)));
            }
            Lane::Member => {
                if let Some(from) = peer.member() {
                    tokio::spawn(while_open(open, doors.neighbours.serve_member(connection, from)));
                }
            }
            Lane::Operator => {
                tokio::spawn(while_open(open, doors.serve_operator(connection, peer)));
            }
            Lane::Region => {
                tokio::spawn(while_open(open, doors.serve_region(connection)));
            }
        }
    }

    async fn serve_operator(self, connection: Connection, peer: Peer) {
        let own = self.connections.fetch_add(1, Ordering::Relaxed);
        let (doors, user) = (self.clone(), user(peer, &connection));
        let lost = serve(connection, MuxSettings::default(), move |incoming| {
            let (doors, user) = (doors.clone(), user.clone());
            async move {
                if let Incoming::Ask { body, responder } = incoming {
                    doors.operator(own, user, &body, responder);
                }
            }
        })
        .await;
        note(&lost);
        for request in self.unanswered(own) {
            self.core.tell(Event::OperatorLeft { request });
        }
    }

    /// What was asked over a connection and not answered.
    fn unanswered(&self, connection: ConnectionId) -> Vec<RequestId> {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.iter().filter(|(_, one)| one.connection == connection).map(|(request, _)| *request).collect()
    }

    fn operator(&self, connection: ConnectionId, user: User, body: &[u8], responder: Responder) {
        // Before the request is read: what is one too many should cost as little as it can.
        if let Err(too_many) = self.pace.take(&user.name) {
            return self.turn_away(&user, &too_many, responder);
        }
        match encoding::decode::<OperatorRequest>("request", body) {
            Ok(OperatorRequest::Log(asked)) => {
                tokio::spawn(self.log_pages.clone().answer(asked, responder));
            }
            Ok(asked) => {
                let (what, verb, since) = (summary(&asked), verb(&asked), Instant::now());
                tracing::info!(user = user.name, address = user.address, "asked: {what}");
                let noted = Asked { user: user.clone(), what, verb, since };
                let request = self.wait(Waiting { connection, responder, asked: Some(noted) });
                self.core.tell(Event::Operator { request, user, asked });
            }
            Err(error) => {
                let now = super::core::now();
                let reason = format!("{error}; use a client of the same release");
                let answer = Answer::refused("", now, ReturnCode::OM_PARAMETER, ReasonCode::NONE, &reason);
                responder.answer(Bytes::from(encoding::encode(&answer)));
            }
        }
    }

    fn turn_away(&self, user: &User, too_many: &TooMany, responder: Responder) {
        let TooMany { whose, allowed, wait_ms, tell } = too_many;
        let why = RATE501W.with(&[&user.name, &user.address, whose, allowed, wait_ms]);
        if *tell {
            logging::issue(&why);
        }
        let codes = (ReasonCode::TOO_MANY_REQUESTS, CompletionCode::TOO_MANY_REQUESTS);
        let answer = Answer::turned_away("", super::core::now(), self.member, codes, why);
        responder.answer(Bytes::from(encoding::encode(&answer)));
    }

    fn wait(&self, waiting: Waiting) -> RequestId {
        let request = RequestId(self.requests.fetch_add(1, Ordering::Relaxed));
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(request, waiting);
        request
    }

    fn take(&self, request: RequestId) -> Option<Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&request)
    }

    pub(super) fn answer(&self, request: RequestId, answer: &Answer) {
        if let Some(Waiting { responder, asked, .. }) = self.take(request) {
            if let Some(Asked { user, what, verb, since }) = asked {
                let (user, address) = (user.name, user.address);
                let (rc, rsn, ms) = (answer.rc, answer.rsn, since.elapsed().as_millis());
                tracing::info!(user, address, %rc, %rsn, ms, "answered: {what}");
                self.meters.answered(&verb, rc, since.elapsed());
            }
            responder.answer(Bytes::from(encoding::encode(answer)));
        }
    }

    pub(super) fn progress(&self, request: RequestId, progress: &Progress) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Waiting { responder, .. }) = waiting.get(&request) {
            responder.progress(Bytes::from(encoding::encode(progress)));
        }
    }

    /// A dependent region lives as long as its connection.
    async fn serve_region(self, connection: Connection) {
        let region = RegionId(self.regions.fetch_add(1, Ordering::Relaxed));
        let own = self.connections.fetch_add(1, Ordering::Relaxed);
        self.engine.programs().come(region);
        let doors = self.clone();
        let lost = serve(connection, MuxSettings::default(), move |incoming| {
            let doors = doors.clone();
            async move {
                if let Incoming::Ask { body, responder } = incoming {
                    doors.region_asks(own, region, &body, responder).await;
                }
            }
        })
        .await;
        note(&lost);
        for request in self.unanswered(own) {
            self.take(request);
        }
        self.engine.programs().leave(region);
    }

    async fn region_asks(
        &self,
        connection: ConnectionId,
        region: RegionId,
        body: &[u8],
        responder: Responder,
    ) {
        let programs = self.engine.programs();
        match encoding::decode::<RegionRequest>("request of a region", body) {
            Ok(RegionRequest::Schedule { psb }) if !programs.is_busy(region) => {
                let request = self.wait(Waiting { connection, responder, asked: None });
                self.core.tell(Event::Schedule { request, region, psb });
            }
            Ok(RegionRequest::Check { dbd }) => {
                let engine = self.engine.clone();
                let checked = tokio::task::spawn_blocking(move || engine.check(dbd)).await;
                let checked = checked.unwrap_or_else(|error| Err(format!("the check broke off: {error}")));
                reply(responder, &checked.map(RegionAnswer::Checked));
            }
            Ok(asked) => programs.ask(region, asked, responder),
            Err(error) => reply(responder, &Err(error.to_string())),
        }
    }

    pub(super) fn scheduled(&self, request: RequestId, outcome: Result<Box<ProgramOrder>, String>) {
        let Some(Waiting { responder, .. }) = self.take(request) else { return };
        match outcome {
            Ok(order) => self.engine.programs().begin(order, responder),
            Err(reason) => reply(responder, &Err(reason)),
        }
    }
}

fn reply(responder: Responder, reply: &RegionReply) {
    responder.answer(Bytes::from(encoding::encode(reply)));
}

/// Who speaks on an operator lane. A member may everything; regions have a lane of their own.
fn user(peer: Peer, connection: &Connection) -> User {
    let role = match peer.role {
        Role::Operator(role) => role,
        Role::Member => OperatorRole::Administer,
        Role::Region => OperatorRole::Read,
    };
    User { name: peer.name, role, address: connection.address().to_string() }
}

/// Keeps count of a connection as long as it is served.
async fn while_open(open: OpenConnection, served: impl Future<Output = ()>) {
    served.await;
    drop(open);
}

/// The verb that a request counts under. What is no command counts as such: whoever types must not make up names.
fn verb(asked: &OperatorRequest) -> String {
    verb_name(asked).map_or_else(|| "invalid".to_string(), str::to_lowercase)
}

fn summary(asked: &OperatorRequest) -> String {
    match asked {
        // One command is one line of the log.
        OperatorRequest::Command { text, .. } => text.replace(char::is_control, " "),
        OperatorRequest::Populate(part) => {
            format!("populate job {:016X}, {} files", part.job, part.sources.len())
        }
        OperatorRequest::List(list) => format!("list {}", list.name.replace(char::is_control, " ")),
        OperatorRequest::Ddl(part) => format!("DDL job {:016X}, {} files", part.job, part.sources.len()),
        OperatorRequest::Log(_) => "its messages".to_string(),
    }
}
