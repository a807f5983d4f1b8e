//! The log and the snapshot of every member give the same state.

use super::{Invariant, News, Rule, Terms, Verdict};
use crate::world::facts::Fact;
use crate::world::scene::{Kind, Scene};
use control_region::in_term;
use plex::Plex;
use std::collections::BTreeMap;
use vocabulary::MemberName;

/// What each entry was found to change: a digest, and who was the first to apply it.
#[derive(Debug, Default)]
pub(crate) struct SameState {
    entries: BTreeMap<(usize, u64), (u32, MemberName)>,
}

type Records = Vec<(Vec<u8>, Vec<u8>)>;

impl<W: Kind> Invariant<W> for SameState {
    fn rule(&self) -> Rule {
        Rule {
            name: "log_and_snapshot_give_the_same_state",
            sentence: "Every member that applies an entry changes the same records in the same way; and what a member \
                       has in memory, what it has on its shelf, and what the whole log gives are the same, byte for byte.",
            source: "apply is deterministic, docs/architecture.md; the essay of crate plex",
        }
    }

    fn look(&mut self, news: &News, _: &W::Scene<'_>) -> Verdict {
        for fact in &news.facts {
            let Fact::Applied { member, group, index, digest } = *fact else { continue };
            let (known, first) = *self.entries.entry((group, index)).or_insert((digest, member));
            if known != digest {
                return Err(format!("entry {index} changes other records on {member} than on {first}"));
            }
        }
        Ok(())
    }

    fn look_when_calm(&mut self, world: &W::Scene<'_>, _: Terms) -> Verdict {
        let mut replayed = Plex::default();
        for entry in world.log() {
            let change = entry.change.clone().map(|change| in_term(change, entry.term));
            let _ = change.map(|change| replayed.apply(change));
        }
        let expected: Records = replayed.records().collect();
        // A shelf has them in the order of their keys.
        let expected_on_shelf: Records =
            expected.iter().cloned().collect::<BTreeMap<_, _>>().into_iter().collect();
        for seen in world.sharers() {
            let member = seen.member;
            let Some(region) = seen.region.filter(|_| seen.applied == world.last()) else { continue };
            if let Some(key) = first_difference(&expected, &region.plex().records().collect::<Records>()) {
                return Err(format!("{member} has another {key} than the log gives"));
            }
            let shelf = seen.shelf.records().map(|records| records.into_iter().collect::<Records>());
            match shelf.map(|records| first_difference(&expected_on_shelf, &records)) {
                // A shelf that is damaged now is given up when it is opened.
                None | Some(None) => {}
                Some(Some(key)) => return Err(format!("the shelf of {member} has another {key}")),
            }
        }
        Ok(())
    }
}

/// The first record in which two states differ: what is there, or there instead of another.
fn first_difference(expected: &Records, found: &Records) -> Option<String> {
    if expected == found {
        return None;
    }
    let same = expected.iter().zip(found).take_while(|(one, other)| one == other).count();
    let (one, other) = (named(expected.get(same)), named(found.get(same)));
    Some(if one == other { format!("record {one}") } else { format!("record, {other} and not {one}") })
}

fn named(record: Option<&(Vec<u8>, Vec<u8>)>) -> String {
    let Some((key, _)) = record else { return "nothing".to_string() };
    match vocabulary::encoding::decode::<plex::stored::PlexKey>("plex key", key) {
        Ok(key) => format!("{key:?}"),
        Err(error) => error.to_string(),
    }
}
