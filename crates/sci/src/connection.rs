//! A connection: whole frames to and from a peer whose certificate was checked.

use crate::{
    lane::Lane,
    peer::{Peer, Role},
    plain,
    stream::{Duplex, Frames, codec, frames},
};
use bytes::Bytes;
use futures::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use std::{fmt, io, net::SocketAddr};
use tokio_util::codec::LengthDelimitedCodecError;

/// Who is at the other end, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FarEnd {
    pub(crate) peer: Peer,
    pub(crate) lane: Lane,
    pub(crate) address: SocketAddr,
    pub(crate) frame_bytes_max: usize,
}

/// `member IMS1 of plex PLEX1 at 127.0.0.1:7001`.
impl fmt::Display for FarEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.peer, self.address)
    }
}

/// A frame that was not sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// It is longer than the lane allows. The connection goes on.
    #[error("a frame of {bytes} bytes is too long for {to}: {bytes_max} is the most")]
    TooLong {
        /// Who was to get it.
        to: String,
        /// How long it is.
        bytes: usize,
        /// The most.
        bytes_max: usize,
    },
    /// The connection is broken; dial again.
    #[error("the connection to {to} is broken: {}", plain::broken(.source))]
    Broken {
        /// Who was to get it.
        to: String,
        /// Why.
        source: io::Error,
    },
}

/// A connection that has nothing more to give. Nothing can be received after either of these.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// The length of the next frame is beyond what the lane allows, so that nothing after it can be read.
    #[error("{from} announced a frame of more than {bytes_max} bytes: the connection is closed")]
    TooLong {
        /// Who sent it.
        from: String,
        /// The most.
        bytes_max: usize,
    },
    /// The connection is broken; dial again.
    #[error("the connection to {from} is broken: {}", plain::broken(.source))]
    Broken {
        /// Who was to send.
        from: String,
        /// Why.
        source: io::Error,
    },
}

/// Frames to and from a peer.
pub struct Connection {
    frames: Frames,
    far_end: FarEnd,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("far_end", &self.far_end).finish_non_exhaustive()
    }
}

impl Connection {
    /// A connection on a stream of another kind than TLS over TCP, such as a simulated one. Whoever makes it
    /// answers for `peer` being there.
    pub fn over(
        stream: impl Duplex + 'static,
        peer: Peer,
        lane: Lane,
        address: SocketAddr,
        frame_bytes_max: usize,
    ) -> Self {
        let far_end = FarEnd { peer, lane, address, frame_bytes_max };
        Self::new(frames(stream, frame_bytes_max), far_end)
    }

    /// Takes over frames that have said hello, and gives them the length of their lane.
    pub(crate) fn new(mut frames: Frames, far_end: FarEnd) -> Self {
        *frames.codec_mut() = codec(far_end.frame_bytes_max);
        Self { frames, far_end }
    }

    /// Who is at the other end, as its certificate says.
    pub fn peer(&self) -> &Peer {
        &self.far_end.peer
    }

    /// What this connection is for.
    pub fn lane(&self) -> Lane {
        self.far_end.lane
    }

    /// Where the other end is.
    pub fn address(&self) -> SocketAddr {
        self.far_end.address
    }

    /// Sends one frame, and waits until the system has taken all of it.
    pub async fn send(&mut self, frame: Bytes) -> Result<(), SendError> {
        check_length(&self.far_end, &frame)?;
        self.frames.send(frame).await.map_err(|source| broken_sending(&self.far_end, source))
    }

    /// The next frame; nothing when the peer closed the connection in order.
    pub async fn recv(&mut self) -> Result<Option<Bytes>, ReceiveError> {
        receive(self.frames.next().await, &self.far_end)
    }

    /// The two directions, to be used by two tasks.
    pub fn split(self) -> (FrameSender, FrameReceiver) {
        let (sink, stream) = self.frames.split();
        let sender = FrameSender { sink, far_end: self.far_end.clone() };
        (sender, FrameReceiver { stream, far_end: self.far_end })
    }

    /// The frames themselves, for a protocol that does its own sending and receiving.
    pub fn into_frames(self) -> Frames {
        self.frames
    }
}

/// The sending half of a connection.
pub struct FrameSender {
    sink: SplitSink<Frames, Bytes>,
    far_end: FarEnd,
}

impl FrameSender {
    /// Sends one frame, and waits until the system has taken all of it.
    pub async fn send(&mut self, frame: Bytes) -> Result<(), SendError> {
        self.feed(frame).await?;
        self.flush().await
    }

    /// Hands over one frame that may wait for [`Self::flush`] before it travels.
    pub async fn feed(&mut self, frame: Bytes) -> Result<(), SendError> {
        check_length(&self.far_end, &frame)?;
        self.sink.feed(frame).await.map_err(|source| broken_sending(&self.far_end, source))
    }

    /// Sends what was fed.
    pub async fn flush(&mut self) -> Result<(), SendError> {
        self.sink.flush().await.map_err(|source| broken_sending(&self.far_end, source))
    }

    /// Tells the peer that nothing more comes.
    pub async fn close(&mut self) -> Result<(), SendError> {
        self.sink.close().await.map_err(|source| broken_sending(&self.far_end, source))
    }
}

/// The receiving half of a connection.
pub struct FrameReceiver {
    stream: SplitStream<Frames>,
    far_end: FarEnd,
}

impl FrameReceiver {
    /// The next frame; nothing when the peer closed the connection in order.
    pub async fn recv(&mut self) -> Result<Option<Bytes>, ReceiveError> {
        receive(self.stream.next().await, &self.far_end)
    }

    pub(crate) fn far_end(&self) -> &FarEnd {
        &self.far_end
    }
}

fn check_length(far_end: &FarEnd, frame: &Bytes) -> Result<(), SendError> {
    let (bytes, bytes_max) = (frame.len(), far_end.frame_bytes_max);
    if bytes > bytes_max {
        return Err(SendError::TooLong { to: far_end.to_string(), bytes, bytes_max });
    }
    Ok(())
}

fn broken_sending(far_end: &FarEnd, source: io::Error) -> SendError {
    SendError::Broken { to: far_end.to_string(), source }
}

fn receive(
    next: Option<io::Result<bytes::BytesMut>>,
    far_end: &FarEnd,
) -> Result<Option<Bytes>, ReceiveError> {
    let source = match next {
        None => return Ok(None),
        Some(Ok(frame)) => return Ok(Some(frame.freeze())),
        // Operators and regions are programs that may end without a farewell. A frame that was cut off is another error.
        Some(Err(source)) if ended_abruptly(&source) && far_end.peer.role != Role::Member => return Ok(None),
        Some(Err(source)) => source,
    };
    let from = far_end.to_string();
    Err(if is_too_long(&source) {
        ReceiveError::TooLong { from, bytes_max: far_end.frame_bytes_max }
    } else {
        ReceiveError::Broken { from, source }
    })
}

fn ended_abruptly(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset)
}

fn is_too_long(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<LengthDelimitedCodecError>())
}
