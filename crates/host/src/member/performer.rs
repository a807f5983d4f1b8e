//! Carries out what the control region wants.

use super::core::Core;
use super::doors::Doors;
use super::links::LinkKeeper;
use super::wire::{Question, Reply};
use crate::consensus::{Consensus, ProposeError};
use control_region::{BarrierId, Effect, Event, ProposalId};
use plex::{PlexChange, PlexReply};
use std::sync::Arc;
use tokio::sync::{mpsc::UnboundedReceiver, watch};
use vocabulary::{Message, Severity, encoding};

/// What it takes to carry out an effect.
pub(super) struct Performer {
    pub(super) core: Arc<Core>,
    pub(super) consensus: Arc<Consensus>,
    pub(super) links: LinkKeeper,
    pub(super) doors: Doors,
    pub(super) stopped: watch::Sender<bool>,
}

impl Performer {
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
                self.links.send(to, self.core.look(control_region::ControlRegion::incarnation), letter);
            }
            Effect::Links(wanted) => self.links.keep(&wanted),
            Effect::Expel { node } => {
                let consensus = Arc::clone(&self.consensus);
                tokio::spawn(async move {
                    if let Err(error) = consensus.remove_member(node).await {
                        tracing::error!(node, "the node could not be taken out of the group: {error}");
                    }
                });
            }
            Effect::Answer { request, answer } => self.doors.answer(request, &answer),
            Effect::Progress { request, progress } => self.doors.progress(request, &progress),
            Effect::Scheduled { request, outcome } => self.doors.scheduled(request, &outcome),
            Effect::Issue(message) => issue(&message),
            Effect::Stopped => {
                self.stopped.send_replace(true);
            }
        }
    }
}

/// A message goes to the log, its number a field of its own.
fn issue(message: &Message) {
    let (number, text) = (message.number(), message.text());
    match message.severity() {
        Severity::Information => tracing::info!(number, "{number} {text}"),
        Severity::Warning => tracing::warn!(number, "{number} {text}"),
        Severity::Error | Severity::Action => tracing::error!(number, "{number} {text}"),
    }
}

async fn propose(core: Arc<Core>, consensus: Arc<Consensus>, proposal: ProposalId, change: Box<PlexChange>) {
    let outcome = match consensus.propose(encoding::encode(&*change)).await {
        Ok(proposed) => encoding::decode::<PlexReply>("reply of the plex", &proposed.reply).ok(),
        Err(ProposeError::NotMaster { .. } | ProposeError::NoQuorum | ProposeError::Stopped) => None,
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
        match core.look(control_region::ControlRegion::leading_member) {
            Some(leader) => match links.ask(leader, &Question::Barrier).await {
                Some(Reply::Barrier(index)) => Some(index),
                _ => None,
            },
            None => None,
        }
    };
    core.tell(Event::Barrier { barrier, index });
}
