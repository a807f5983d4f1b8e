//! The dialing side: reach a member, make sure that it is the right one, say hello.

use crate::{
    connection::{Connection, FarEnd},
    hello::{HELLO_BYTES_MAX, Hello, Reply, open, seal},
    identity::Identity,
    lane::Lane,
    limits::Limits,
    peer::Peer,
    plain,
    stream::{Frames, frames},
    tls,
    verifier::SubjectMismatch,
};
use futures::{SinkExt, StreamExt};
use rustls::{AlertDescription, CertificateError, pki_types::ServerName};
use std::{io, sync::Arc};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsConnector, client::TlsStream};
use vocabulary::{MemberName, PlexName, encoding::DecodeError};

/// A member that was not reached. Every text names the address, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// Nothing answers there.
    #[error("no member answers at {address}: {source}. Is it up, and the address right?")]
    NotReached {
        /// What was dialed.
        address: String,
        /// What the system says.
        source: io::Error,
    },
    /// The member does not know our authority, or our certificate is out of date for it.
    #[error(
        "the member at {address} does not accept the certificate of {own} ({reason}): is it of the plex that runs there?"
    )]
    NotAccepted {
        /// What was dialed.
        address: String,
        /// Who we said we are.
        own: Peer,
        /// The TLS alert it sent.
        reason: String,
    },
    /// What answers is of another plex: another name, or another authority.
    #[error(
        "what answers at {address} is not of plex {plex}: {reason}. Dial a member of {plex}, or use a certificate of the other plex"
    )]
    WrongPlex {
        /// What was dialed.
        address: String,
        /// Our plex.
        plex: PlexName,
        /// What its certificate says.
        reason: String,
    },
    /// A member of our plex, and not the one that was to be reached.
    #[error("{expected} was to be at {address}, and {found} is: correct the address of {expected}")]
    WrongMember {
        /// What was dialed.
        address: String,
        /// Who was to be there.
        expected: MemberName,
        /// Who is there.
        found: Peer,
    },
    /// Its certificate can't be trusted for another reason, such as its time being over.
    #[error("the certificate shown at {address} can't be trusted: {reason}. Issue a new one for that member")]
    NotTrusted {
        /// What was dialed.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The member knows us, and does not let us in.
    #[error("the member at {address} refuses {own}: {reason}")]
    Refused {
        /// What was dialed.
        address: String,
        /// Who we are.
        own: Peer,
        /// What it says.
        reason: String,
    },
    /// It speaks something else than members do.
    #[error("what answers at {address} is no IMS member ({reason}): is the port right?")]
    NotSci {
        /// What was dialed.
        address: String,
        /// What came instead.
        reason: String,
    },
    /// It speaks a later protocol.
    #[error(
        "the member at {address} speaks protocol {found}, and this program knows up to {newest}: use the release of that member"
    )]
    NewerProtocol {
        /// What was dialed.
        address: String,
        /// What it speaks.
        found: u16,
        /// The newest known here.
        newest: u16,
    },
    /// Our own certificate and key can't be used for TLS.
    #[error("TLS can't be set up for {own}: {reason}")]
    Tls {
        /// Who we are.
        own: Peer,
        /// Why.
        reason: String,
    },
}

/// Opens a lane to the member at `address` (`host:port`), which must be `expected` when that is given. All of it
/// together takes no longer than [`Limits::handshake_ms`].
pub async fn dial(
    identity: &Identity,
    address: &str,
    expected: Option<MemberName>,
    lane: Lane,
    limits: &Limits,
) -> Result<Connection, DialError> {
    let dialing = Dialing { identity, address, expected, lane, limits };
    match timeout(limits.handshake(), dialing.run()).await {
        Ok(result) => result,
        Err(_) => Err(dialing.not_reached(io::Error::new(
            io::ErrorKind::TimedOut,
            format!("nothing came within {} ms", limits.handshake_ms),
        ))),
    }
}

struct Dialing<'a> {
    identity: &'a Identity,
    address: &'a str,
    expected: Option<MemberName>,
    lane: Lane,
    limits: &'a Limits,
}

impl Dialing<'_> {
    async fn run(&self) -> Result<Connection, DialError> {
        let tcp = TcpStream::connect(self.address).await.map_err(|error| self.not_reached(error))?;
        tcp.set_nodelay(true).map_err(|error| self.not_reached(error))?;
        let address = tcp.peer_addr().map_err(|error| self.not_reached(error))?;
        let tls = self.start_tls(tcp).await?;
        let peer = self.certified_peer(&tls)?;
        let mut frames = frames(tls, HELLO_BYTES_MAX);
        self.say_hello(&mut frames, &peer).await?;
        let frame_bytes_max = self.limits.frame_bytes_max(self.lane);
        Ok(Connection::new(frames, FarEnd { peer, lane: self.lane, address, frame_bytes_max }))
    }

    async fn start_tls(&self, tcp: TcpStream) -> Result<TlsStream<TcpStream>, DialError> {
        let config = tls::client_config(self.identity, self.expected)
            .map_err(|error| self.tls_unusable(&error.to_string()))?;
        // Neither sent nor compared: members are known by the subject of their certificates.
        let name =
            ServerName::try_from("member.invalid").map_err(|error| self.tls_unusable(&error.to_string()))?;
        let connector = TlsConnector::from(Arc::new(config));
        connector.connect(name, tcp).await.map_err(|error| self.stream_error(error))
    }

    fn certified_peer(&self, tls: &TlsStream<TcpStream>) -> Result<Peer, DialError> {
        let certificates = tls.get_ref().1.peer_certificates().unwrap_or_default();
        let der = certificates.first().map_or(&[][..], |certificate| certificate.as_ref());
        Peer::from_certificate(der).map_err(|error| self.not_trusted(&error.to_string()))
    }

    async fn say_hello(&self, frames: &mut Frames, peer: &Peer) -> Result<(), DialError> {
        let hello = Hello::of(&self.identity.peer, self.lane);
        frames.send(seal(&hello)).await.map_err(|error| self.stream_error(error))?;
        let reply = match frames.next().await {
            Some(Ok(reply)) => open(&reply).map_err(|error| self.not_hello(error))?,
            Some(Err(error)) => return Err(self.stream_error(error)),
            None => return Err(self.stream_error(io::ErrorKind::UnexpectedEof.into())),
        };
        match reply {
            Reply::Refused(reason) => Err(self.refused(&reason)),
            Reply::Welcome(hello) if hello.agrees_with(peer) && hello.lane == self.lane => Ok(()),
            Reply::Welcome(_) => Err(self.not_sci("its hello is not that of its certificate")),
        }
    }

    /// What a failed stream means. Since TLS 1.3 lets the dialing side finish first, a refused certificate shows
    /// only when the answer to the hello is read.
    fn stream_error(&self, error: io::Error) -> DialError {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(rustls::Error::InvalidCertificate(reason)) => self.certificate_error(reason),
            Some(rustls::Error::AlertReceived(alert)) if about_certificates(*alert) => {
                DialError::NotAccepted {
                    address: self.address(),
                    own: self.identity.peer.clone(),
                    reason: format!("{alert:?}"),
                }
            }
            Some(other) => self.not_sci(&other.to_string()),
            None if error.kind() == io::ErrorKind::InvalidData => self.not_sci(&error.to_string()),
            None if error.kind() == io::ErrorKind::UnexpectedEof => {
                let text = "the connection was closed before an answer came";
                self.not_reached(io::Error::new(io::ErrorKind::UnexpectedEof, text))
            }
            None => self.not_reached(error),
        }
    }

    fn certificate_error(&self, error: &CertificateError) -> DialError {
        let mismatch = match error {
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                return self.wrong_plex("its certificate is issued by another authority");
            }
            CertificateError::Other(other) => other.0.downcast_ref::<SubjectMismatch>(),
            _ => None,
        };
        match (mismatch, self.expected) {
            (Some(SubjectMismatch::OtherPlex(found)), _) => {
                self.wrong_plex(&format!("its certificate is that of {found}"))
            }
            (Some(SubjectMismatch::OtherMember(found)), Some(expected)) => {
                DialError::WrongMember { address: self.address(), expected, found: found.clone() }
            }
            (Some(mismatch), _) => self.not_trusted(&mismatch.to_string()),
            (None, _) => self.not_trusted(&plain::untrusted(error)),
        }
    }

    fn not_hello(&self, error: DecodeError) -> DialError {
        match error {
            DecodeError::NewerFormat { found, newest, .. } => {
                DialError::NewerProtocol { address: self.address(), found, newest }
            }
            other => self.not_sci(&other.to_string()),
        }
    }

    fn not_reached(&self, source: io::Error) -> DialError {
        DialError::NotReached { address: self.address(), source }
    }

    fn wrong_plex(&self, reason: &str) -> DialError {
        let plex = self.identity.peer.plex;
        DialError::WrongPlex { address: self.address(), plex, reason: reason.to_string() }
    }

    fn not_trusted(&self, reason: &str) -> DialError {
        DialError::NotTrusted { address: self.address(), reason: reason.to_string() }
    }

    fn not_sci(&self, reason: &str) -> DialError {
        DialError::NotSci { address: self.address(), reason: reason.to_string() }
    }

    fn refused(&self, reason: &str) -> DialError {
        // The text comes from outside and goes to a terminal: no control characters.
        let reason = reason.chars().filter(|character| !character.is_control()).collect();
        DialError::Refused { address: self.address(), own: self.identity.peer.clone(), reason }
    }

    fn tls_unusable(&self, reason: &str) -> DialError {
        DialError::Tls { own: self.identity.peer.clone(), reason: reason.to_string() }
    }

    fn address(&self) -> String {
        self.address.to_string()
    }
}

/// The alerts by which a member says that our certificate is the trouble.
fn about_certificates(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::NoCertificate
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::DecryptError
            | AlertDescription::CertificateRequired
    )
}
