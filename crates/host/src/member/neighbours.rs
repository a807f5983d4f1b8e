//! What the other members ask of this one: consensus, letters for the control region, and questions of their hosts.

use super::addresses;
use super::core::Core;
use super::links::LinkKeeper;
use super::wire::{Envelope, Question, Reply};
use crate::consensus::{Consensus, MembershipError};
use crate::logging;
use bytes::Bytes;
use control_region::Event;
use sci::mux::{Incoming, LinkLost, LostReason, MuxSettings, Responder, serve};
use sci::{Connection, Peer};
use std::io;
use std::sync::Arc;
use vocabulary::message::LINK205W;
use vocabulary::{MemberName, encoding};

/// Who serves the other members. Clones are the same one.
#[derive(Clone)]
pub(super) struct Neighbours {
    pub(super) core: Arc<Core>,
    pub(super) consensus: Arc<Consensus>,
    pub(super) links: LinkKeeper,
}

impl Neighbours {
    pub(super) async fn serve_consensus(self, connection: Connection, peer: Peer) {
        let who = format!("{peer} at {}", connection.address());
        match self.consensus.serve(connection.into_frames()).await {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                logging::issue(&LINK205W.with(&[&who, &format!("what consensus can't read ({error})")]));
            }
            Err(error) => tracing::debug!("the consensus connection of {who} ended: {error}"),
            Ok(()) => {}
        }
    }

    pub(super) async fn serve_member(self, connection: Connection, from: MemberName) {
        let lost = serve(connection, MuxSettings::default(), move |incoming| {
            let neighbours = self.clone();
            async move {
                match incoming {
                    Incoming::Tell(body) => neighbours.letter(from, &body),
                    Incoming::Ask { body, responder } => neighbours.question(from, &body, responder).await,
                }
            }
        })
        .await;
        note(&lost);
    }

    fn letter(&self, from: MemberName, body: &[u8]) {
        match encoding::decode::<Envelope>("letter", body) {
            Ok(Envelope { incarnation, letter }) => {
                self.core.tell(Event::Letter { from, incarnation, letter })
            }
            Err(error) => tracing::warn!(%from, "a letter can't be read: {error}"),
        }
    }

    async fn question(&self, from: MemberName, body: &[u8], responder: Responder) {
        let reply = match encoding::decode::<Question>("question", body) {
            Ok(Question::Who) => {
                let node = self.consensus.standing().borrow().node_id;
                Reply::Who { node, formed: self.consensus.is_formed().await }
            }
            Ok(Question::Barrier) => match self.consensus.read_barrier().await {
                Ok(index) => Reply::Barrier(index),
                Err(error) => Reply::No(error.to_string()),
            },
            Ok(Question::HasLeft { node }) => Reply::HasLeft(
                self.core.look(|region| region.plex().former_nodes().get(&node).map(|former| former.left)),
            ),
            Ok(Question::Join { member, node, address }) => self.join(member, node, address).await,
            Ok(Question::MovedTo { node, address }) => self.moved(from, node, &address),
            Err(error) => Reply::No(error.to_string()),
        };
        responder.answer(Bytes::from(encoding::encode(&reply)));
    }

    /// Looks for a member at another address from now on. Only the node that the roster knows may move.
    fn moved(&self, member: MemberName, node: u64, address: &str) -> Reply {
        match self.core.look(|region| addresses::recorded(region, node)) {
            Some((known, from)) if known == member => {
                self.links.moved(member, &from, address).map_or_else(Reply::No, |()| Reply::Joined)
            }
            _ => Reply::No(format!("{member} is not in the plex with this data folder")),
        }
    }

    /// Whether a member has this node by now, where it was at work with another one. It can come back with an empty data
    /// folder before anybody has missed it, and does not tell a master that it does not know of.
    async fn has_become(&self, member: MemberName, node: u64) -> bool {
        let there = self.links.ask(member, &Question::Who).await;
        matches!(there, Some(Reply::Who { node: found, .. }) if found == node)
    }

    /// Takes a node into the group. A member that is known with another node gives its place to the new one,
    /// unless it is at work with that.
    async fn join(&self, member: MemberName, node: u64, address: String) -> Reply {
        let known = self.core.look(|region| {
            let entry = region.plex().roster().get(&member);
            entry.map(|entry| (entry.node, entry.state == plex::MemberState::Active))
        });
        let joined = match known {
            Some((old, true)) if old != node && !self.has_become(member, node).await => {
                return Reply::No(format!("{member} is at work with another data folder; stop it first"));
            }
            Some((old, _)) if old != node => self.consensus.replace_member(old, node, address).await,
            _ => self.consensus.add_member(node, address).await,
        };
        match joined {
            Ok(()) => Reply::Joined,
            Err(MembershipError::NotMaster { leader: Some((node, address)) }) => {
                let master = self.core.look(|region| addresses::recorded(region, node));
                let no_name = || Reply::No(format!("the master is node {node} at {address}"));
                master.map_or_else(no_name, |(member, address)| Reply::AskMaster { member, address })
            }
            Err(error) => Reply::No(error.to_string()),
        }
    }
}

/// Says of an accepted connection what nobody else does. Of a member that is gone, our own link to it tells.
pub(super) fn note(lost: &LinkLost) {
    match &lost.reason {
        LostReason::Malformed(what) => {
            let who = format!("{} at {}", lost.peer, lost.address);
            logging::issue(&LINK205W.with(&[&who, what]));
        }
        _ => tracing::debug!("{lost}"),
    }
}
