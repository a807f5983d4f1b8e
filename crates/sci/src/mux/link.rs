//! What both sides of a multiplexed connection share: sending with keepalive, receiving with a limit of silence.

use super::{MuxSettings, frame::Frame};
use crate::{
    connection::{FarEnd, FrameReceiver, FrameSender, ReceiveError, SendError},
    peer::Peer,
    plain,
};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval, timeout},
};

/// A link that carries nothing any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the link to {peer} at {address} is lost: {reason}")]
pub struct LinkLost {
    /// Who is or was at the other end.
    pub peer: Peer,
    /// Where.
    pub address: SocketAddr,
    /// Why it is lost.
    pub reason: LostReason,
}

/// Why a link was lost.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LostReason {
    /// The peer closed it in order.
    #[error("the other end closed it")]
    Ended,
    /// This side closed it in order: the last [`super::Caller`] is gone.
    #[error("this end closed it")]
    Closed,
    /// Nothing came for too long: the peer is stopped, cut off or overloaded.
    #[error("nothing was received for {silence_ms} ms")]
    Silent {
        /// The limit, in milliseconds.
        silence_ms: u64,
    },
    /// The network or TLS failed.
    #[error("{0}")]
    Broken(String),
    /// The peer sent what it must not send.
    #[error("the other end sent {0}")]
    Malformed(String),
}

impl FarEnd {
    pub(super) fn lost(&self, reason: LostReason) -> LinkLost {
        LinkLost { peer: self.peer.clone(), address: self.address, reason }
    }
}

/// Sends what is queued, and a ping every `keepalive_ms`, until the link breaks or every sender is gone.
pub(super) async fn send_queued(
    mut sender: FrameSender,
    mut queue: mpsc::Receiver<Frame>,
    settings: MuxSettings,
) -> LostReason {
    let mut keepalive = interval(Duration::from_millis(settings.keepalive_ms.max(1)));
    keepalive.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let frame = tokio::select! {
            queued = queue.recv() => queued,
            _ = keepalive.tick() => Some(Frame::Ping),
        };
        let sent = match frame {
            Some(frame) => send_batch(&mut sender, &mut queue, frame).await,
            None => return sender.close().await.map_or_else(broken_sending, |()| LostReason::Closed),
        };
        if let Err(error) = sent {
            return broken_sending(error);
        }
    }
}

/// Sends the frame, and with it what else is queued: one write to the system instead of many.
async fn send_batch(
    sender: &mut FrameSender,
    queue: &mut mpsc::Receiver<Frame>,
    first: Frame,
) -> Result<(), SendError> {
    sender.feed(first.encode()).await?;
    while let Ok(next) = queue.try_recv() {
        sender.feed(next.encode()).await?;
    }
    sender.flush().await
}

/// The next frame that means something, or why there is none.
pub(super) async fn next_frame(
    receiver: &mut FrameReceiver,
    settings: MuxSettings,
) -> Result<Frame, LostReason> {
    loop {
        let received = timeout(Duration::from_millis(settings.silence_ms), receiver.recv()).await;
        let bytes = match received {
            Err(_) => return Err(LostReason::Silent { silence_ms: settings.silence_ms }),
            Ok(Err(error)) => return Err(broken_receiving(error)),
            Ok(Ok(None)) => return Err(LostReason::Ended),
            Ok(Ok(Some(bytes))) => bytes,
        };
        match Frame::decode(bytes) {
            Ok(Frame::Ping) => {}
            Ok(frame) => return Ok(frame),
            Err(error) => return Err(LostReason::Malformed(error.to_string())),
        }
    }
}

fn broken_sending(error: SendError) -> LostReason {
    match error {
        SendError::Broken { source, .. } => LostReason::Broken(plain::broken(&source)),
        too_long @ SendError::TooLong { .. } => LostReason::Broken(too_long.to_string()),
    }
}

fn broken_receiving(error: ReceiveError) -> LostReason {
    match error {
        ReceiveError::Broken { source, .. } => LostReason::Broken(plain::broken(&source)),
        ReceiveError::TooLong { bytes_max, .. } => {
            LostReason::Malformed(format!("a frame of more than {bytes_max} bytes"))
        }
    }
}
