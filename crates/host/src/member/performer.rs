//! Carries out what the control region wants.

use super::core::Core;
use super::links::LinkKeeper;
use super::surroundings::Surroundings;
use super::wire::{Question, Reply};
use super::workroom::Order;
use crate::consensus::{Consensus, MembershipError, ProposeError};
use control_region::{BarrierId, ControlRegion, Effect, Event, ProposalId};
use plex::{PlexChange, PlexReply};
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::watch;
use vocabulary::encoding;

/// What it takes to carry out an effect.
pub(super) struct Performer<S> {
    pub(super) core: Arc<Core>,
    pub(super) consensus: Arc<Consensus>,
    pub(super) links: LinkKeeper,
    pub(super) surroundings: S,
    pub(super) orders: UnboundedSender<Order>,
    pub(super) ended: watch::Sender<Option<Ended>>,
}

/// How the member came to its end.
#[derive(Debug, Clone)]
pub(super) enum Ended {
    /// It stopped.
    InOrder,
    /// It can't go on, because something could not be written.
    Failed(String),
    /// It can't go on, because a part of it broke.
    Broken(String),
}

impl<S: Surroundings> Performer<S> {
    pub(super) async fn run(self, mut wanted: UnboundedReceiver<Effect>) {
        while let Some(effect) = wanted.recv().await {
            self.perform(effect);
        }
    }

    fn perform(&self, effect: Effect) {
        match effect {
            Effect::Propose { proposal, change } => {
                tokio::spawn(propose(Arc::clone(&self.core), Arc::clone(&self.consensus), proposal, change));
            }
            Effect::Barrier(barrier) => {
                let (core, consensus) = (Arc::clone(&self.core), Arc::clone(&self.consensus));
                tokio::spawn(ask_for_newest(core, consensus, self.links.clone(), barrier));
            }
            Effect::Send { to, letter } => {
                // A member that was taken for lost comes back as another run of itself, in the same process.
                let incarnation = self.core.look(ControlRegion::incarnation);
                self.links.send(to, incarnation, letter);
            }
            Effect::Work { work, task } => {
                // Nobody takes orders any more only when the member is on its way out.
                let _ = self.orders.send((work, task));
            }
            Effect::Links(wanted) => self.links.keep(&wanted),
            Effect::Expel { node } => {
                let consensus = Arc::clone(&self.consensus);
                tokio::spawn(async move { regrouped(node, consensus.remove_member(node).await) });
            }
            Effect::Admit { node, address } => {
                let consensus = Arc::clone(&self.consensus);
                tokio::spawn(async move { regrouped(node, consensus.add_member(node, address).await) });
            }
            Effect::Inquire => {
                tokio::spawn(inquire(Arc::clone(&self.core), self.links.clone()));
            }
            Effect::Answer { request, answer } => self.surroundings.answer(request, &answer),
            Effect::Progress { request, progress } => self.surroundings.progress(request, &progress),
            Effect::Scheduled { request, outcome } => self.surroundings.scheduled(request, outcome),
            Effect::OpenDatabase(order) => self.surroundings.open_database(order),
            Effect::CloseDatabase(dbd) => self.surroundings.close_database(dbd),
            Effect::EndEngine => self.surroundings.end_engine(),
            Effect::Issue(message) => self.surroundings.issue(&message),
            Effect::Observe(course) => self.surroundings.observe(&course),
            Effect::Stopped => {
                self.ended.send_replace(Some(Ended::InOrder));
            }
            Effect::Failed { reason } => {
                self.ended.send_replace(Some(Ended::Failed(reason)));
            }
        }
    }
}

/// A change of the group that did not come about is wanted again.
fn regrouped(node: u64, outcome: Result<(), MembershipError>) {
    match outcome {
        Ok(()) => tracing::info!(node, "the group was changed for this node"),
        Err(error) => tracing::info!(node, "the group was not changed for this node yet: {error}"),
    }
}

/// Asks the members that are linked whether this node left the plex.
async fn inquire(core: Arc<Core>, links: LinkKeeper) {
    let question = Question::HasLeft { node: core.look(ControlRegion::node) };
    for member in links.up() {
        if let Some(Reply::HasLeft(Some(left))) = links.ask(member, &question).await {
            return core.tell(Event::Left { left });
        }
    }
}

async fn propose(core: Arc<Core>, consensus: Arc<Consensus>, proposal: ProposalId, change: Box<PlexChange>) {
    let outcome = match consensus.propose(encoding::encode(&*change)).await {
        Ok(proposed) => encoding::decode::<PlexReply>("reply of the plex", &proposed.reply).ok(),
        // Who leads and whether there is room is told where it changes, and is asked again and again here.
        Err(
            ProposeError::NotMaster { .. }
            | ProposeError::NoQuorum
            | ProposeError::NoRoom(_)
            | ProposeError::Stopped,
        ) => None,
        Err(ProposeError::Refused(reason)) => {
            tracing::warn!("a change was not made: {reason}");
            None
        }
        Err(ProposeError::Unknown(reason)) => {
            tracing::warn!("it is not known whether a change was made: {reason}");
            None
        }
    };
    core.tell(Event::Proposed { proposal, outcome });
}

/// The leader knows how far the log is; whoever is not the leader asks it.
async fn ask_for_newest(core: Arc<Core>, consensus: Arc<Consensus>, links: LinkKeeper, barrier: BarrierId) {
    let index = if consensus.standing().borrow().is_master {
        consensus.read_barrier().await.ok()
    } else {
        match core.look(ControlRegion::leading_member) {
            Some(leader) => match links.ask(leader, &Question::Barrier).await {
                Some(Reply::Barrier(index)) => Some(index),
                _ => None,
            },
            None => None,
        }
    };
    core.tell(Event::Barrier { barrier, index });
}
