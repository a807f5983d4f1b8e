//! How a plex begins, and how a member comes into one that has begun.
//!
//! The founding members form the plex once all of them are there: only then is it certain that none of them
//! belonged to one before. A member with an empty data folder that meets a plex asks to be taken in, in the place
//! of its earlier self if it had one. A member that keeps a catalog of its own (ACBSHR=N) is a group of one.

use super::addresses::tell_new_address;
use super::core::Core;
use super::links::ask;
use super::reach::Reach;
use super::wire::{Question, Reply};
use crate::config::Config;
use crate::consensus::Consensus;
use control_region::Event;
use plex::Membership;
use sci::mux::Caller;
use std::collections::BTreeMap;
use std::{sync::Arc, time::Duration};
use vocabulary::MemberName;

const PAUSE: Duration = Duration::from_millis(200);

/// Sees to it that this node belongs to a group; does nothing when it does.
pub(super) async fn form_or_join(
    config: Config,
    node: u64,
    reach: Reach,
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
        let others = meet(&config, &reach).await;
        if others.values().any(|there| there.formed) {
            ask_to_join(&config, node, &reach, &others).await;
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
    tell_new_address(&config, node, &reach, &core).await;
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

async fn meet(config: &Config, reach: &Reach) -> BTreeMap<MemberName, There> {
    let mut there = BTreeMap::new();
    for (member, address) in config.members.iter().filter(|(member, _)| **member != config.member) {
        let Ok(caller) = reach.call(*member, address).await else { continue };
        if let Some(Reply::Who { node, formed }) = ask(&caller, &Question::Who).await {
            there.insert(*member, There { node, formed, caller });
        }
    }
    there
}

/// Only the master can take a node in. The others say who that is, which may be a member that the configuration does not
/// name.
async fn ask_to_join(config: &Config, node: u64, reach: &Reach, others: &BTreeMap<MemberName, There>) {
    let mut elsewhere = None;
    for (member, there) in others.iter().filter(|(_, there)| there.formed) {
        match ask_to_be_taken_in(config, node, *member, &there.caller).await {
            Asked::TakenIn => return,
            Asked::Master(master, address) if !others.contains_key(&master) => {
                elsewhere = Some((master, address));
            }
            Asked::Master(..) | Asked::InVain => {}
        }
    }
    if let Some((master, address)) = elsewhere
        && let Ok(caller) = reach.call(master, &address).await
    {
        ask_to_be_taken_in(config, node, master, &caller).await;
    }
}

/// What became of the request to be taken in.
enum Asked {
    TakenIn,
    /// This member leads, at this address.
    Master(MemberName, String),
    InVain,
}

async fn ask_to_be_taken_in(config: &Config, node: u64, by: MemberName, caller: &Caller) -> Asked {
    let question = Question::Join { member: config.member, node, address: config.address.clone() };
    match ask(caller, &question).await {
        Some(Reply::Joined) => {
            tracing::info!(%by, "taken into the plex");
            Asked::TakenIn
        }
        Some(Reply::AskMaster { member, address }) => Asked::Master(member, address),
        Some(Reply::No(reason)) => {
            tracing::debug!(%by, "not taken into the plex: {reason}");
            Asked::InVain
        }
        _ => Asked::InVain,
    }
}
