//! The side that asks and tells.

use super::{
    MuxSettings,
    frame::{Frame, HEAD_BYTES},
    link::{LinkLost, LostReason, next_frame, send_queued},
};
use crate::{
    connection::{Connection, FarEnd, FrameReceiver, FrameSender},
    peer::Peer,
};
use bytes::Bytes;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::{
    Semaphore,
    mpsc::{self, error::TrySendError},
    oneshot, watch,
};

/// Progress reports that one ask holds unread; further ones are dropped, since the next one says more.
const PROGRESS_UNREAD_MAX: usize = 64;

/// An ask without an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The link was lost before the question went out: it was not obeyed.
    #[error("nothing was asked: {0}")]
    NotSent(LinkLost),
    /// The question is longer than a frame may be: it was not sent.
    #[error("a question of {bytes} bytes is too long for {to}: {bytes_max} is the most")]
    TooLong {
        /// Who was asked.
        to: Peer,
        /// How long it is.
        bytes: usize,
        /// The most.
        bytes_max: usize,
    },
    /// No answer within the limit. The question may have been obeyed.
    #[error("{to} gave no answer within {waited_ms} ms; whether it did what was asked is not known")]
    TimedOut {
        /// Who was asked.
        to: Peer,
        /// The limit, in milliseconds.
        waited_ms: u64,
    },
    /// The link was lost before the answer came. The question may have been obeyed.
    #[error("no answer came: {0}. Whether it did what was asked is not known")]
    Lost(LinkLost),
    /// The peer let the question go without an answer.
    #[error("{to} gave no answer: {reason}")]
    Unanswered {
        /// Who was asked.
        to: Peer,
        /// What it says.
        reason: String,
    },
}

/// A tell that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TellError {
    /// The peer, or the way to it, is slower than we talk. Tell it again later.
    #[error("{tells_max} frames wait to be sent to {to} already")]
    Full {
        /// Who was to be told.
        to: Peer,
        /// The bound.
        tells_max: usize,
    },
    /// It is longer than a frame may be.
    #[error("a message of {bytes} bytes is too long for {to}: {bytes_max} is the most")]
    TooLong {
        /// Who was to be told.
        to: Peer,
        /// How long it is.
        bytes: usize,
        /// The most.
        bytes_max: usize,
    },
    /// The link is lost.
    #[error(transparent)]
    Lost(LinkLost),
}

/// One end of a link. Clones share the link, which closes when the last of them is dropped.
#[derive(Debug, Clone)]
pub struct Caller {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    far_end: FarEnd,
    queue: mpsc::Sender<Frame>,
    waiting: Arc<Waiting>,
    turns: Semaphore,
    next_id: AtomicU64,
    lost: watch::Receiver<Option<LinkLost>>,
    tells_max: usize,
}

impl Caller {
    /// Takes over a connection, in a task of the current tokio runtime.
    pub fn start(connection: Connection, settings: MuxSettings) -> Self {
        let (sender, receiver) = connection.split();
        let far_end = receiver.far_end().clone();
        let (queue, queued) = mpsc::channel(settings.tells_max.max(1));
        let (lost, watching) = watch::channel(None);
        let waiting = Arc::new(Waiting::default());
        tokio::spawn(run(sender, queued, receiver, Arc::clone(&waiting), settings, lost));
        let turns = Semaphore::new(settings.asks_max.max(1));
        let next_id = AtomicU64::new(1);
        let tells_max = settings.tells_max;
        let shared = Shared { far_end, queue, waiting, turns, next_id, lost: watching, tells_max };
        Self { shared: Arc::new(shared) }
    }

    /// Who is at the other end.
    pub fn peer(&self) -> &Peer {
        &self.shared.far_end.peer
    }

    /// Asks, and waits for the answer, at most `limit` for all of it.
    pub async fn ask(&self, body: Bytes, limit: Duration) -> Result<Bytes, AskError> {
        self.ask_with_progress(body, limit, |_| {}).await
    }

    /// Asks, hands over each progress report as it comes, and waits for the answer, at most `limit` for all of it.
    pub async fn ask_with_progress(
        &self,
        body: Bytes,
        limit: Duration,
        on_progress: impl FnMut(Bytes),
    ) -> Result<Bytes, AskError> {
        if let Some((bytes, bytes_max)) = self.too_long(&body) {
            return Err(AskError::TooLong { to: self.peer().clone(), bytes, bytes_max });
        }
        tokio::time::timeout(limit, self.converse(body, on_progress)).await.unwrap_or_else(|_| {
            let waited_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
            Err(AskError::TimedOut { to: self.peer().clone(), waited_ms })
        })
    }

    /// Sends one way, without waiting. That it is taken does not say that it arrives.
    pub fn tell(&self, body: Bytes) -> Result<(), TellError> {
        let to = self.peer().clone();
        if let Some((bytes, bytes_max)) = self.too_long(&body) {
            return Err(TellError::TooLong { to, bytes, bytes_max });
        }
        self.shared.queue.try_send(Frame::Tell(body)).map_err(|error| match error {
            TrySendError::Full(_) => TellError::Full { to, tells_max: self.shared.tells_max },
            TrySendError::Closed(_) => TellError::Lost(self.lost()),
        })
    }

    /// Waits until the link is lost, and says why.
    pub async fn closed(&self) -> LinkLost {
        let mut lost = self.shared.lost.clone();
        match lost.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or_else(|| self.vanished()),
            Err(_) => self.vanished(),
        }
    }

    /// Whether the link is lost.
    pub fn is_closed(&self) -> bool {
        self.shared.queue.is_closed()
    }

    async fn converse(&self, body: Bytes, mut on_progress: impl FnMut(Bytes)) -> Result<Bytes, AskError> {
        let Ok(_turn) = self.shared.turns.acquire().await else {
            return Err(AskError::NotSent(self.lost()));
        };
        let id = self.shared.next_id.fetch_add(1, Ordering::Relaxed);
        let (_ticket, mut answer, mut progress) = Ticket::take(&self.shared.waiting, id);
        if self.shared.queue.send(Frame::Ask { id, body }).await.is_err() {
            return Err(AskError::NotSent(self.lost()));
        }
        loop {
            tokio::select! {
                biased;
                Some(report) = progress.recv() => on_progress(report),
                outcome = &mut answer => {
                    while let Ok(report) = progress.try_recv() {
                        on_progress(report);
                    }
                    return self.outcome(outcome.ok());
                }
            }
        }
    }

    fn outcome(&self, outcome: Option<Outcome>) -> Result<Bytes, AskError> {
        match outcome {
            Some(Outcome::Answer(body)) => Ok(body),
            Some(Outcome::Unanswered(reason)) => {
                Err(AskError::Unanswered { to: self.peer().clone(), reason })
            }
            None => Err(AskError::Lost(self.lost())),
        }
    }

    fn too_long(&self, body: &Bytes) -> Option<(usize, usize)> {
        let bytes_max = self.shared.far_end.frame_bytes_max.saturating_sub(HEAD_BYTES);
        (body.len() > bytes_max).then_some((body.len(), bytes_max))
    }

    fn lost(&self) -> LinkLost {
        self.shared.lost.borrow().clone().unwrap_or_else(|| self.vanished())
    }

    /// The task of the link ended without a word, as it does when its runtime shuts down.
    fn vanished(&self) -> LinkLost {
        self.shared.far_end.lost(LostReason::Closed)
    }
}

/// Those who wait for answers, by the number of their ask.
#[derive(Debug, Default)]
struct Waiting(Mutex<BTreeMap<u64, Waiter>>);

#[derive(Debug)]
struct Waiter {
    answer: oneshot::Sender<Outcome>,
    progress: mpsc::Sender<Bytes>,
}

#[derive(Debug)]
enum Outcome {
    Answer(Bytes),
    Unanswered(String),
}

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Waiter>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whoever stopped waiting gets nothing, and need not be told.
    fn settle(&self, id: u64, outcome: Outcome) {
        if let Some(waiter) = self.lock().remove(&id) {
            let _ = waiter.answer.send(outcome);
        }
    }

    fn report(&self, id: u64, body: Bytes) {
        if let Some(waiter) = self.lock().get(&id) {
            let _ = waiter.progress.try_send(body);
        }
    }
}

/// A place among the waiting, given up when the ask ends in whatever way.
struct Ticket<'a> {
    waiting: &'a Waiting,
    id: u64,
}

impl<'a> Ticket<'a> {
    fn take(waiting: &'a Waiting, id: u64) -> (Self, oneshot::Receiver<Outcome>, mpsc::Receiver<Bytes>) {
        let (answer, answered) = oneshot::channel();
        let (progress, reported) = mpsc::channel(PROGRESS_UNREAD_MAX);
        waiting.lock().insert(id, Waiter { answer, progress });
        (Self { waiting, id }, answered, reported)
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.waiting.lock().remove(&self.id);
    }
}

/// Sends and receives until the link is lost, then lets everyone who waits know.
async fn run(
    sender: FrameSender,
    queued: mpsc::Receiver<Frame>,
    mut receiver: FrameReceiver,
    waiting: Arc<Waiting>,
    settings: MuxSettings,
    lost: watch::Sender<Option<LinkLost>>,
) {
    let far_end = receiver.far_end().clone();
    // When this is through, the queue is closed: no ask can join those that are told below.
    let reason = tokio::select! {
        reason = send_queued(sender, queued, settings) => reason,
        reason = receive_answers(&mut receiver, &waiting, settings) => reason,
    };
    lost.send_replace(Some(far_end.lost(reason)));
    waiting.lock().clear();
}

async fn receive_answers(
    receiver: &mut FrameReceiver,
    waiting: &Waiting,
    settings: MuxSettings,
) -> LostReason {
    loop {
        match next_frame(receiver, settings).await {
            Ok(Frame::Answer { id, body }) => waiting.settle(id, Outcome::Answer(body)),
            Ok(Frame::Unanswered { id, reason }) => waiting.settle(id, Outcome::Unanswered(reason)),
            Ok(Frame::Progress { id, body }) => waiting.report(id, body),
            Ok(Frame::Ask { .. } | Frame::Tell(_)) => {
                return LostReason::Malformed("a question, though it was dialed to answer".to_string());
            }
            Ok(Frame::Ping) => {}
            Err(reason) => return reason,
        }
    }
}
