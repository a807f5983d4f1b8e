//! Where members are: what the roster says, and what a member that moved says of itself until the roster knows.
//!
//! A member that comes back at another address with its data folder can't be told anything by those who look for it
//! where it was, so it can't register, and the roster keeps the old address. It tells them first.

use super::core::Core;
use super::links::ask;
use super::reach::Reach;
use super::wire::{Question, Reply};
use crate::config::Config;
use crate::logging;
use control_region::ControlRegion;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use vocabulary::MemberName;
use vocabulary::message::LINK209W;

/// How long a member that moved waits before it tells again.
const PAUSE: Duration = Duration::from_millis(500);

/// What members that moved said of themselves. Clones are the same book.
#[derive(Debug, Clone, Default)]
pub(super) struct AddressBook(Arc<Mutex<BTreeMap<MemberName, Move>>>);

#[derive(Debug)]
struct Move {
    from: String,
    to: String,
}

impl AddressBook {
    /// Notes where a member is that the roster looks for elsewhere. False when that is known.
    pub(super) fn note(&self, member: MemberName, from: &str, to: &str) -> bool {
        // The roster learned of it before the member knew that it had.
        if from == to {
            return false;
        }
        let mut moves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = moves.get(&member).is_some_and(|known| known.from == from && known.to == to);
        moves.insert(member, Move { from: from.to_string(), to: to.to_string() });
        !known
    }

    /// Where a member is that this address is recorded for. Once another one is recorded, that one counts.
    pub(super) fn of(&self, member: MemberName, recorded: &str) -> String {
        let moves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let moved = moves.get(&member).filter(|known| known.from == recorded);
        moved.map_or(recorded, |known| &known.to).to_string()
    }
}

/// Where the roster looks for a node, and whose node it is.
pub(super) fn recorded(region: &ControlRegion, node: u64) -> Option<(MemberName, String)> {
    let entry = region.plex().roster().iter().find(|(_, entry)| entry.node == node);
    entry.map(|(member, entry)| (*member, entry.address.clone()))
}

/// Tells the others where this member is, for as long as the roster has another address for it.
pub(super) async fn tell_new_address(config: &Config, node: u64, reach: &Reach, core: &Core) {
    let mut told = BTreeSet::new();
    while has_moved(config, node, core) {
        for (member, address) in where_others_may_be(config, core) {
            let Ok(caller) = reach.call(member, &address).await else { continue };
            let question = Question::MovedTo { node, address: config.address.clone() };
            if let Some(Reply::No(reason)) = ask(&caller, &question).await
                && told.insert(reason.clone())
            {
                logging::issue(&LINK209W.with(&[&member, &config.address, &reason]));
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn has_moved(config: &Config, node: u64, core: &Core) -> bool {
    let recorded = core.look(|region| recorded(region, node));
    recorded.is_some_and(|(_, address)| address != config.address)
}

/// The others may have moved too, so that they are where the configuration says, or where the roster does.
fn where_others_may_be(config: &Config, core: &Core) -> BTreeSet<(MemberName, String)> {
    let mut places: BTreeSet<_> =
        config.members.iter().map(|(member, address)| (*member, address.clone())).collect();
    core.look(|region| {
        let roster = region.plex().roster().iter();
        places.extend(roster.map(|(member, entry)| (*member, entry.address.clone())));
    });
    places.retain(|(member, _)| *member != config.member);
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_member_says_of_itself_counts_until_the_roster_has_another_address() {
        let (book, member) = (AddressBook::default(), MemberName::new("IMS2").unwrap());
        assert_eq!(book.of(member, "old:1"), "old:1");
        assert!(book.note(member, "old:1", "new:1"));
        assert!(!book.note(member, "old:1", "new:1"));
        assert_eq!(book.of(member, "old:1"), "new:1");
        assert_eq!(book.of(member, "third:1"), "third:1");
        assert!(!book.note(member, "new:1", "new:1"), "the roster has it");
    }
}
