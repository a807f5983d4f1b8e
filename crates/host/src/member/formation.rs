//! How a plex begins, and how a member comes into one that has begun.
//!
//! The founding members form the plex once all of them are there: only then is it certain that none of them
//! belonged to one before. A member with an empty data folder that meets a plex asks to be taken in, in the place
//! of its earlier self if it had one. A member that keeps a catalog of its own (ACBSHR=N) is a group of one.

use super::addresses::tell_new_address;
use super::core::Core;
use super::links::ask;
use super::wire::{Question, Reply};
use crate::config::Config;
use crate::consensus::Consensus;
use control_region::Event;
use plex::Membership;
use sci::mux::{Caller, MuxSettings};
use sci::{Identity, Lane};
use std::collections::BTreeMap;
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;
use vocabulary::MemberName;

const PAUSE: Duration = Duration::from_millis(200);

/// Sees to it that this node belongs to a group; does nothing when it does.
pub(super) async fn form_or_join(
    config: Config,
    node: u64,
    identities: watch::Receiver<Identity>,
    core: Arc<Core>,
    consensus: Arc<Consensus>,
) {
    let own = BTreeMap::from([(config.member, (node, config.address.clone()))]);
    if config.membership == Membership::Guest || config.members.keys().eq([&config.member]) {
        if !consensus.is_formed().await {
            form(&consensus, &own).await;
        }
        core.tell(Event::Founding { members: own, id: rand::random() });
        return;
    }
    let founding = config.members.contains_key(&config.member);
    while !consensus.is_formed().await {
        let identity = identities.borrow().clone();
        let others = meet(&config, &identity).await;
        if others.values().any(|there| there.formed) {
            ask_to_join(&config, node, &others).await;
        } else if founding && others.len() + 1 == config.members.len() {
            let mut members = own.clone();
            members.extend(others.iter().map(|(member, there)| {
                (*member, (there.node, config.members.get(member).cloned().unwrap_or_default()))
            }));
            core.tell(Event::Founding { members: members.clone(), id: rand::random() });
            // All know the same founders; one begins, so that the group has one beginning.
            if members.keys().next() == Some(&config.member) {
                form(&consensus, &members).await;
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
    tell_new_address(&config, node, &identities, &core).await;
}

async fn form(consensus: &Consensus, members: &BTreeMap<MemberName, (u64, String)>) {
    let nodes = members.values().cloned().collect();
    if let Err(error) = consensus.form(nodes).await {
        tracing::warn!("the group could not be formed yet: {error}");
    }
}

/// A member that answered.
struct There {
    node: u64,
    formed: bool,
    caller: Caller,
}

async fn meet(config: &Config, identity: &Identity) -> BTreeMap<MemberName, There> {
    let mut there = BTreeMap::new();
    for (member, address) in config.members.iter().filter(|(member, _)| **member != config.member) {
        let dialed = sci::dial(identity, address, Some(*member), Lane::Member, &config.limits).await;
        let Ok(connection) = dialed else { continue };
        let caller = Caller::start(connection, MuxSettings::default());
        if let Some(Reply::Who { node, formed }) = ask(&caller, &Question::Who).await {
            there.insert(*member, There { node, formed, caller });
        }
    }
    there
}

/// Only the leader can take a node in, and the others say so.
async fn ask_to_join(config: &Config, node: u64, others: &BTreeMap<MemberName, There>) {
    for (member, there) in others.iter().filter(|(_, there)| there.formed) {
        let question = Question::Join { member: config.member, node, address: config.address.clone() };
        match ask(&there.caller, &question).await {
            Some(Reply::Joined) => return tracing::info!(by = %member, "taken into the plex"),
            Some(Reply::No(reason)) => tracing::debug!(by = %member, "not taken into the plex: {reason}"),
            _ => {}
        }
    }
}
