//! The listening side: a port where members, operators and regions come in.

use crate::{
    handshake::{Accepted, Doorkeeper},
    identity::Identity,
    limits::Limits,
    peer::{Peer, Role},
    refusals::Refused,
};
use std::{collections::VecDeque, io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
};

/// How long to wait when the system has no socket to give, for instance because all its file handles are taken.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A port that was not opened.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another program listens there.
    #[error(
        "{address} is in use by another program, perhaps by this member running already: end that one, or give another port"
    )]
    InUse {
        /// What was to be opened.
        address: String,
    },
    /// The address is none of this machine's.
    #[error("{address} is no address of this machine: give one that is, or 0.0.0.0 for all of them")]
    NotHere {
        /// What was to be opened.
        address: String,
    },
    /// Anything else that the system says.
    #[error("{address} could not be opened: {source}. Give it as host:port")]
    Failed {
        /// What was to be opened.
        address: String,
        /// What the system says.
        source: io::Error,
    },
    /// Only members are dialed, so only they can listen.
    #[error("{peer} can't listen: that takes the certificate of a member")]
    NotAMember {
        /// Whose certificate it is.
        peer: Peer,
    },
    /// The certificates can't be used for TLS.
    #[error("TLS can't be set up for {peer}: {reason}")]
    Tls {
        /// Whose certificate it is.
        peer: Peer,
        /// Why.
        reason: String,
    },
}

/// An open port. Dropping it closes the port and what has not said hello; accepted connections go on.
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    doorkeeper: Arc<Doorkeeper>,
    handshakes: JoinSet<Option<Accepted>>,
    /// Those that are in the middle of a handshake, the oldest first.
    strangers: VecDeque<(SocketAddr, AbortHandle)>,
    handshakes_max: usize,
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listener").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Listener {
    /// Opens `address` (`host:port`; port 0 lets the system choose).
    pub async fn bind(address: &str, identity: &Identity, limits: Limits) -> Result<Self, BindError> {
        let peer = identity.peer();
        if peer.role != Role::Member {
            return Err(BindError::NotAMember { peer: peer.clone() });
        }
        let doorkeeper = Doorkeeper::new(identity, limits)
            .map_err(|error| BindError::Tls { peer: peer.clone(), reason: error.to_string() })?;
        let socket = TcpListener::bind(address).await.map_err(|error| bind_error(address, error))?;
        let local = socket.local_addr().map_err(|error| bind_error(address, error))?;
        Ok(Self {
            socket,
            address: local,
            doorkeeper: Arc::new(doorkeeper),
            handshakes: JoinSet::new(),
            strangers: VecDeque::new(),
            handshakes_max: limits.handshakes_max.max(1),
        })
    }

    /// The address that is open, with the port that the system chose.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes another certificate of the same member, or other authorities, for connections that come from now on. Those
    /// that stand go on. Where this fails, what was there stays in force.
    pub fn renew(&self, identity: &Identity) -> Result<(), BindError> {
        let peer = identity.peer();
        self.doorkeeper
            .renew(identity)
            .map_err(|error| BindError::Tls { peer: peer.clone(), reason: error.to_string() })
    }

    /// Counts the connections that are refused here.
    pub fn refused(&self) -> Refused {
        self.doorkeeper.refused()
    }

    /// The next peer that was let in. Strangers are dealt with meanwhile, each in a task of its own, so that a
    /// silent one keeps nobody waiting. Where there are too many, the one that has been at it for longest goes: a
    /// peer needs a few round trips, and a crowd of silent ones must not shut it out. Nothing is lost when the future
    /// is dropped.
    pub async fn accept(&mut self) -> Accepted {
        loop {
            tokio::select! {
                Some(admitted) = self.handshakes.join_next() => {
                    if let Ok(Some(accepted)) = admitted {
                        return accepted;
                    }
                }
                stranger = self.socket.accept() => self.begin(stranger).await,
            }
        }
    }

    async fn begin(&mut self, stranger: io::Result<(TcpStream, SocketAddr)>) {
        match stranger {
            Ok((tcp, address)) => {
                self.make_place();
                let handshake = self.handshakes.spawn(Arc::clone(&self.doorkeeper).admit(tcp, address));
                self.strangers.push_back((address, handshake));
            }
            Err(error) => {
                tracing::warn!(address = %self.address, "no connection could be accepted: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }

    fn make_place(&mut self) {
        self.strangers.retain(|(_, handshake)| !handshake.is_finished());
        while self.strangers.len() >= self.handshakes_max
            && let Some((address, handshake)) = self.strangers.pop_front()
        {
            handshake.abort();
            self.doorkeeper.crowded_out(address);
        }
    }
}

fn bind_error(address: &str, source: io::Error) -> BindError {
    let address = address.to_string();
    match source.kind() {
        io::ErrorKind::AddrInUse => BindError::InUse { address },
        io::ErrorKind::AddrNotAvailable => BindError::NotHere { address },
        _ => BindError::Failed { address, source },
    }
}
