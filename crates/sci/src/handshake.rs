//! What the listening side does with a stranger: TLS, hello, a place, or a refusal that says why.

use crate::{
    connection::{Connection, FarEnd},
    hello::{HELLO_BYTES_MAX, Hello, Reply, open, seal},
    identity::Identity,
    lane::Lane,
    limits::{Limits, MEMBER_CONNECTIONS_MAX, Slots},
    peer::{Peer, PeerError, Role},
    plain,
    refusals::{Refusals, Refused},
    stream::{Duplex, Frames, Placed, frames},
    tls,
};
use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use std::{
    io,
    net::SocketAddr,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::OwnedSemaphorePermit,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use vocabulary::{encoding::DecodeError, message::RATE502W};

/// How long and how far a refused peer is still listened to. A socket that is closed with unread bytes in it is
/// reset, and a reset can overtake the refusal.
const LINGER: Duration = Duration::from_millis(500);
const LINGER_BYTES_MAX: u64 = 64 * 1_024;

/// A peer that was let in.
#[derive(Debug)]
pub struct Accepted {
    /// Frames to and from it.
    pub connection: Connection,
    /// Who it is, as its certificate says.
    pub peer: Peer,
    /// What it came for.
    pub lane: Lane,
}

/// Why a stranger was not let in.
#[derive(Debug, thiserror::Error)]
enum HandshakeError {
    #[error("{}", plain::no_tls(.0))]
    Tls(io::Error),
    #[error("it closed the connection before it said hello")]
    NoHello,
    #[error("its hello could not be read: {}", plain::broken(.0))]
    Stream(io::Error),
    #[error("nothing came within {waited_ms} ms")]
    Silent { waited_ms: u64 },
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Why somebody with a certificate of our authority was not let in. The peer gets the text.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("{0}")]
    Nobody(#[from] PeerError),
    #[error("this is {here}, and the certificate is that of {peer}")]
    OtherPlex { here: Peer, peer: Peer },
    #[error("{0}")]
    NotHello(#[from] DecodeError),
    #[error("the hello is of {from} of plex {plex}, and the certificate is that of {peer}", from = .hello.from.escape_default(), plex = .hello.plex)]
    OtherName { hello: Hello, peer: Peer },
    #[error("the role {role} may not use the {lane} lane: take a certificate of the right role", role = .peer.role.unit())]
    Lane { peer: Peer, lane: Lane },
    #[error("{}", RATE502W.with(&[.connections_max]))]
    Full { connections_max: usize },
    #[error(
        "{peer} has {MEMBER_CONNECTIONS_MAX} connections here, and needs a handful: if it does not end some by itself, restart it"
    )]
    TooManyOfAMember { peer: Peer },
}

/// A failed handshake, and the stream if its other end may still be reading.
struct Failure {
    error: HandshakeError,
    leaving: Option<Box<dyn Duplex>>,
}

impl From<HandshakeError> for Failure {
    fn from(error: HandshakeError) -> Self {
        Self { error, leaving: None }
    }
}

/// Lets peers in, one task each.
pub(crate) struct Doorkeeper {
    acceptor: RwLock<TlsAcceptor>,
    here: Peer,
    limits: Limits,
    slots: Slots,
    refusals: Refusals,
}

impl Doorkeeper {
    pub(crate) fn new(identity: &Identity, limits: Limits) -> Result<Self, rustls::Error> {
        let acceptor = RwLock::new(acceptor(identity)?);
        let (slots, refusals) = (Slots::new(&limits), Refusals::new());
        Ok(Self { acceptor, here: identity.peer.clone(), limits, slots, refusals })
    }

    /// Shows another certificate, and trusts other authorities, from the next handshake on.
    pub(crate) fn renew(&self, identity: &Identity) -> Result<(), rustls::Error> {
        let renewed = acceptor(identity)?;
        *self.acceptor.write().unwrap_or_else(PoisonError::into_inner) = renewed;
        Ok(())
    }

    pub(crate) fn refused(&self) -> Refused {
        self.refusals.refused()
    }

    /// Lets the peer in, or tells it and the log why not. Takes little longer than the limits say.
    pub(crate) async fn admit(self: Arc<Self>, tcp: TcpStream, address: SocketAddr) -> Option<Accepted> {
        match timeout(self.limits.handshake(), self.handshake(tcp, address)).await {
            Ok(Ok(accepted)) => {
                tracing::debug!(peer = %accepted.peer, %address, lane = %accepted.lane, "connected");
                Some(accepted)
            }
            Ok(Err(Failure { error, leaving })) => {
                self.refusals.tell(address, &error);
                if let Some(stream) = leaving {
                    linger(stream).await;
                }
                None
            }
            Err(_) => {
                self.refusals.tell(address, &HandshakeError::Silent { waited_ms: self.limits.handshake_ms });
                None
            }
        }
    }

    /// Tells that a stranger had to go because others came.
    pub(crate) fn crowded_out(&self, address: SocketAddr) {
        self.refusals.tell(address, &"it had not shown who it is when too many others came");
    }

    async fn handshake(&self, tcp: TcpStream, address: SocketAddr) -> Result<Accepted, Failure> {
        let tls = self.start_tls(tcp).await?;
        let certified = self.certified_peer(&tls);
        let place = certified.as_ref().ok().and_then(|peer| self.slots.take(peer));
        let (mut frames, placed) = framed(tls, place);
        let first = match frames.next().await {
            Some(first) => first.map_err(HandshakeError::Stream)?,
            None => return Err(HandshakeError::NoHello.into()),
        };
        let judged = certified.and_then(|peer| {
            let lane = self.judge(&peer, placed, &first)?;
            Ok((peer, lane))
        });
        match judged {
            Ok((peer, lane)) => Ok(self.welcome(frames, peer, lane, address).await?),
            Err(refusal) => Err(refuse(frames, refusal).await),
        }
    }

    async fn start_tls(&self, tcp: TcpStream) -> Result<TlsStream<TcpStream>, Failure> {
        tcp.set_nodelay(true).map_err(HandshakeError::Tls)?;
        let acceptor = self.acceptor.read().unwrap_or_else(PoisonError::into_inner).clone();
        match acceptor.accept(tcp).into_fallible().await {
            Ok(tls) => Ok(tls),
            Err((error, mut tcp)) => {
                // The alert is on its way; whether it arrives is the stranger's affair.
                let _ = tcp.shutdown().await;
                Err(Failure { error: HandshakeError::Tls(error), leaving: Some(Box::new(tcp)) })
            }
        }
    }

    fn certified_peer(&self, tls: &TlsStream<TcpStream>) -> Result<Peer, Refusal> {
        let certificates = tls.get_ref().1.peer_certificates().unwrap_or_default();
        let der = certificates.first().map_or(&[][..], |certificate| certificate.as_ref());
        let peer = Peer::from_certificate(der)?;
        if peer.plex != self.here.plex {
            return Err(Refusal::OtherPlex { here: self.here.clone(), peer });
        }
        Ok(peer)
    }

    /// The lane that the peer may have.
    fn judge(&self, peer: &Peer, placed: bool, first: &[u8]) -> Result<Lane, Refusal> {
        let hello: Hello = open(first)?;
        let lane = hello.lane;
        if !hello.agrees_with(peer) {
            return Err(Refusal::OtherName { hello, peer: peer.clone() });
        }
        if !lane.allows(peer.role) {
            return Err(Refusal::Lane { peer: peer.clone(), lane });
        }
        if !placed {
            return Err(match peer.role {
                Role::Member => Refusal::TooManyOfAMember { peer: peer.clone() },
                _ => Refusal::Full { connections_max: self.limits.connections_max },
            });
        }
        Ok(lane)
    }

    async fn welcome(
        &self,
        mut frames: Frames,
        peer: Peer,
        lane: Lane,
        address: SocketAddr,
    ) -> Result<Accepted, HandshakeError> {
        let welcome = Reply::Welcome(Hello::of(&self.here, lane));
        frames.send(seal(&welcome)).await.map_err(HandshakeError::Stream)?;
        let frame_bytes_max = self.limits.frame_bytes_max(lane);
        let far_end = FarEnd { peer: peer.clone(), lane, address, frame_bytes_max };
        Ok(Accepted { connection: Connection::new(frames, far_end), peer, lane })
    }
}

fn acceptor(identity: &Identity) -> Result<TlsAcceptor, rustls::Error> {
    Ok(TlsAcceptor::from(Arc::new(tls::server_config(identity)?)))
}

/// Frames for the hello, and whether there was a place. The place stays with the stream.
fn framed(tls: TlsStream<TcpStream>, place: Option<OwnedSemaphorePermit>) -> (Frames, bool) {
    match place {
        Some(place) => (frames(Placed { stream: tls, _place: place }, HELLO_BYTES_MAX), true),
        None => (frames(tls, HELLO_BYTES_MAX), false),
    }
}

async fn refuse(mut frames: Frames, refusal: Refusal) -> Failure {
    let reply: Bytes = seal(&Reply::Refused(refusal.to_string()));
    let told = frames.send(reply).await.is_ok() && SinkExt::<Bytes>::close(&mut frames).await.is_ok();
    Failure { error: refusal.into(), leaving: told.then(|| frames.into_inner()) }
}

async fn linger(stream: Box<dyn Duplex>) {
    let mut rest = stream.take(LINGER_BYTES_MAX);
    // Nothing depends on what still comes: only that the peer had the time to read.
    let _ = timeout(LINGER, tokio::io::copy(&mut rest, &mut tokio::io::sink())).await;
}
