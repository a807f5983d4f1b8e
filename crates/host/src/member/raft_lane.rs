//! How consensus reaches other members.

use super::addresses::{self, AddressBook};
use super::core::Core;
use super::reach::Reach;
use crate::consensus::Dial;
use futures::future::BoxFuture;
use sci::{Connection, Frames, Lane};
use std::{io, sync::Arc};

/// Connections over the lane of consensus.
pub(super) struct RaftLane {
    pub(super) reach: Reach,
    pub(super) core: Arc<Core>,
    pub(super) book: AddressBook,
}

impl RaftLane {
    /// The group has the address at which a node came to it; the roster knows where its member was last.
    fn place(&self, node: u64, address: &str) -> String {
        let recorded = self.core.look(|region| addresses::recorded(region, node));
        recorded.map_or(address.to_string(), |(member, address)| self.book.of(member, &address))
    }
}

impl Dial for RaftLane {
    fn dial<'a>(&'a self, node: u64, address: &'a str) -> BoxFuture<'a, io::Result<Frames>> {
        Box::pin(async move {
            let address = self.place(node, address);
            let connection = self.reach.dial(&address, None, Lane::Raft).await;
            connection.map(Connection::into_frames).map_err(io::Error::other)
        })
    }
}
