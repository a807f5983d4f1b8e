//! The stream below the frames: anything that reads and writes, with the place it takes among the connections.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::OwnedSemaphorePermit,
};
use tokio_util::codec::{Framed, LengthDelimitedCodec};

/// A stream in both directions: TLS over TCP in a process, anything else in a simulation.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Frames on such a stream: four bytes of length, big-endian, then so many bytes.
pub type Frames = Framed<Box<dyn Duplex>, LengthDelimitedCodec>;

/// Frames of at most this many bytes on a stream.
pub(crate) fn frames(stream: impl Duplex + 'static, frame_bytes_max: usize) -> Frames {
    Framed::new(Box::new(stream), codec(frame_bytes_max))
}

pub(crate) fn codec(frame_bytes_max: usize) -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder().max_frame_length(frame_bytes_max).new_codec()
}

/// A stream that gives its place back when it is dropped, in whatever hands it is by then.
pub(crate) struct Placed<S> {
    pub(crate) stream: S,
    pub(crate) _place: OwnedSemaphorePermit,
}

impl<S: AsyncRead + Unpin> AsyncRead for Placed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Placed<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
