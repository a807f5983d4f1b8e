//! The side that answers.

use super::{
    MuxSettings,
    frame::{Frame, HEAD_BYTES},
    link::{LinkLost, LostReason, next_frame, send_queued},
};
use crate::connection::{Connection, FrameReceiver};
use bytes::Bytes;
use std::sync::Arc;
use tokio::sync::{
    OwnedSemaphorePermit, Semaphore,
    mpsc::{self, OwnedPermit},
};

/// What came.
#[derive(Debug)]
pub enum Incoming {
    /// A question that waits for an answer.
    Ask {
        /// What is asked.
        body: Bytes,
        /// Where the answer goes.
        responder: Responder,
    },
    /// A message that waits for nothing.
    Tell(Bytes),
}

/// Takes progress reports and the one answer to an ask; from any thread, without waiting. The ask counts as in
/// work until this is used or dropped; when it is dropped, the asker is told that there is no answer.
#[derive(Debug)]
pub struct Responder {
    id: u64,
    body_bytes_max: usize,
    queue: mpsc::Sender<Frame>,
    /// A place in the queue that is kept free for the answer, so that giving it never has to wait.
    place: Option<OwnedPermit<Frame>>,
    _turn: OwnedSemaphorePermit,
}

impl Responder {
    /// Reports how far it is. A report is dropped when too many wait to be sent already.
    pub fn progress(&self, body: Bytes) {
        if body.len() <= self.body_bytes_max {
            let _ = self.queue.try_send(Frame::Progress { id: self.id, body });
        }
    }

    /// Answers. If the link is lost by now, nobody is there to hear it.
    pub fn answer(mut self, body: Bytes) {
        let (id, bytes, bytes_max) = (self.id, body.len(), self.body_bytes_max);
        self.give(if bytes <= bytes_max {
            Frame::Answer { id, body }
        } else {
            let reason = format!("the answer has {bytes} bytes, and {bytes_max} is the most");
            Frame::Unanswered { id, reason }
        });
    }

    fn give(&mut self, frame: Frame) {
        if let Some(place) = self.place.take() {
            place.send(frame);
        }
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        let reason = "it let the question go, perhaps because it is ending".to_string();
        self.give(Frame::Unanswered { id: self.id, reason });
    }
}

/// Handles what comes over a connection until the link is lost, and says why it was. Asks are handled side by
/// side, tells one after the other. Handlers that are at work when the link is lost run to their end.
pub async fn serve<H, F>(connection: Connection, settings: MuxSettings, handler: H) -> LinkLost
where
    H: Fn(Incoming) -> F + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let (sender, receiver) = connection.split();
    let far_end = receiver.far_end().clone();
    let asks_max = settings.asks_max.max(1);
    // Twice the asks: one place each for the answers, and as many for progress.
    let (queue, queued) = mpsc::channel(2 * asks_max);
    let handler = Arc::new(handler);
    let tells = handle_tells(Arc::clone(&handler), settings.tells_max.max(1));
    let turns = Arc::new(Semaphore::new(asks_max));
    let body_bytes_max = far_end.frame_bytes_max.saturating_sub(HEAD_BYTES);
    let inbox = Inbox { handler, settings, queue, tells, turns, body_bytes_max };
    let reason = tokio::select! {
        reason = send_queued(sender, queued, settings) => reason,
        reason = inbox.receive(receiver) => reason,
    };
    far_end.lost(reason)
}

/// Handles tells in a task of their own, which ends when it has handled the last.
fn handle_tells<H, F>(handler: Arc<H>, tells_max: usize) -> mpsc::Sender<Bytes>
where
    H: Fn(Incoming) -> F + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let (tells, mut waiting) = mpsc::channel(tells_max);
    tokio::spawn(async move {
        while let Some(body) = waiting.recv().await {
            handler(Incoming::Tell(body)).await;
        }
    });
    tells
}

struct Inbox<H> {
    handler: Arc<H>,
    settings: MuxSettings,
    queue: mpsc::Sender<Frame>,
    tells: mpsc::Sender<Bytes>,
    turns: Arc<Semaphore>,
    body_bytes_max: usize,
}

impl<H, F> Inbox<H>
where
    H: Fn(Incoming) -> F + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    async fn receive(self, mut receiver: FrameReceiver) -> LostReason {
        loop {
            let taken = match next_frame(&mut receiver, self.settings).await {
                Ok(Frame::Ask { id, body }) => self.take_ask(id, body).await,
                Ok(Frame::Tell(body)) => self.tells.send(body).await.ok(),
                Ok(Frame::Ping) => Some(()),
                Ok(Frame::Answer { .. } | Frame::Progress { .. } | Frame::Unanswered { .. }) => {
                    return LostReason::Malformed("an answer, though nothing was asked".to_string());
                }
                Err(reason) => return reason,
            };
            if taken.is_none() {
                return LostReason::Broken("the handler of this end has failed".to_string());
            }
        }
    }

    /// Waits for a turn, and hands the ask over. While it waits nothing is read, which slows the caller down.
    async fn take_ask(&self, id: u64, body: Bytes) -> Option<()> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.ok()?;
        let place = self.queue.clone().reserve_owned().await.ok()?;
        let queue = self.queue.clone();
        let body_bytes_max = self.body_bytes_max;
        let responder = Responder { id, body_bytes_max, queue, place: Some(place), _turn: turn };
        tokio::spawn((self.handler)(Incoming::Ask { body, responder }));
        Some(())
    }
}
