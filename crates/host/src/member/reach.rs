//! How this member reaches others: over TLS with its certificate, which may be another one by the time it dials again;
//! or over the network of a simulated world.

#[cfg(simulated)]
use super::simulated::Wire;
use futures::future::BoxFuture;
use sci::mux::{Caller, MuxSettings};
use sci::{Connection, DialError, Identity, Lane, Limits};
use tokio::sync::watch;
use vocabulary::MemberName;

/// The way to the others. Clones are the same one.
#[derive(Debug, Clone)]
pub(super) enum Reach {
    Certified {
        identities: watch::Receiver<Identity>,
        limits: Limits,
    },
    #[cfg(simulated)]
    Simulated(Wire),
}

impl Reach {
    /// Dials the host of a member.
    pub(super) async fn call(&self, member: MemberName, address: &str) -> Result<Caller, DialError> {
        let connection = self.dial(address, Some(member), Lane::Member).await?;
        Ok(Caller::start(connection, MuxSettings::default()))
    }

    /// A connection to whoever listens there; to this member, where it says so.
    pub(super) fn dial<'a>(
        &'a self,
        address: &'a str,
        member: Option<MemberName>,
        lane: Lane,
    ) -> BoxFuture<'a, Result<Connection, DialError>> {
        match self {
            Self::Certified { identities, limits } => {
                let identity = identities.borrow().clone();
                Box::pin(async move { sci::dial(&identity, address, member, lane, limits).await })
            }
            #[cfg(simulated)]
            Self::Simulated(wire) => Box::pin(wire.dial(address, member, lane)),
        }
    }
}
