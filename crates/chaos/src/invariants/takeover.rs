//! A takeover has one winner.

use super::{Invariant, News, Rule, Terms, Verdict, token_of};
use crate::world::cluster::Sight;
use crate::world::scene::{Kind, Scene};
use plex::{AbortReason, CommandToken, Finished, Outcome};
use std::collections::BTreeMap;
use vocabulary::MemberName;

/// Who told that it finished what a lost master left, and who was found to be the master at the end.
#[derive(Debug, Default)]
pub(crate) struct OneWinner {
    told: BTreeMap<CommandToken, MemberName>,
    masters: BTreeMap<CommandToken, MemberName>,
}

impl<W: Kind> Invariant<W> for OneWinner {
    fn rule(&self) -> Rule {
        Rule {
            name: "a_takeover_has_one_winner",
            sentence: "Of an activation whose master was lost one survivor tells the outcome, once, and all members \
                       name the same master of it.",
            source: "DFS4997I to DFS5000I, catalog-activation.md; the essay of crate plex",
        }
    }

    fn look(&mut self, news: &News, world: &W::Scene<'_>) -> Verdict {
        for sight in &news.sights {
            if let Sight::Issued(member, message) = sight
                && ["DFS4997I", "DFS4998I", "DFS4999I", "DFS5000I"].contains(&message.number())
                && let Some(token) = token_of(&message.text())
                && let Some(other) = self.told.insert(token, *member)
            {
                return Err(format!("{other} and {member} both tell that they took {token} over"));
            }
        }
        for seen in world.sharers() {
            let latest = seen.region.into_iter().flat_map(|region| region.plex().history().rev().take(2));
            for finished in latest {
                let known = *self.masters.entry(finished.token).or_insert(finished.master);
                if known != finished.master {
                    let (member, token, master) = (seen.member, finished.token, finished.master);
                    return Err(format!("{member} says that {master} was master of {token}, others {known}"));
                }
            }
        }
        Ok(())
    }

    fn look_when_calm(&mut self, world: &W::Scene<'_>, terms: Terms) -> Verdict {
        for finished in world.sharing_regions().take(1).flat_map(|region| region.plex().history()) {
            let token = finished.token;
            if terms.takeovers_are_seen && was_taken_over(finished) && !self.told.contains_key(&token) {
                return Err(format!("nobody told of the takeover of {token}"));
            }
        }
        Ok(())
    }
}

fn was_taken_over(finished: &Finished) -> bool {
    matches!(finished.outcome, Outcome::BackedOut(AbortReason::MasterLost(_)))
        || !finished.takeovers.is_empty()
}
