//! An activation is committed everywhere or nowhere.

use super::{Invariant, News, Rule, Terms, Verdict, token_at_start, token_of};
use crate::world::cluster::Sight;
use crate::world::scene::{Kind, Scene};
use plex::{CommandToken, Outcome};
use std::collections::BTreeMap;
use vocabulary::MemberName;

/// How activations were found to end, by command token: whether committed, and who said so first.
#[derive(Debug, Default)]
pub(crate) struct AllOrNothing {
    ends: BTreeMap<CommandToken, (bool, MemberName)>,
}

impl<W: Kind> Invariant<W> for AllOrNothing {
    fn rule(&self) -> Rule {
        Rule {
            name: "an_activation_is_committed_everywhere_or_nowhere",
            sentence: "What is committed on one member is never backed out on another, nor said to have never begun.",
            source: "IMPORT with two phases, catalog-activation.md; the invariants of crate plex",
        }
    }

    fn look(&mut self, news: &News, world: &W::Scene<'_>) -> Verdict {
        for sight in &news.sights {
            let Sight::Issued(member, message) = sight else { continue };
            let committed = match message.number() {
                "DFS4781I" | "DFS4897I" => true,
                "DFS4326E" | "DFS4898E" => false,
                _ => continue,
            };
            if let Some(token) = token_of(&message.text()) {
                self.ended(token, committed, *member)?;
            }
        }
        for seen in world.sharers() {
            let latest = seen.region.into_iter().flat_map(|region| region.plex().history().rev().take(2));
            for finished in latest {
                let committed = matches!(finished.outcome, Outcome::Committed { .. });
                self.ended(finished.token, committed, seen.member)?;
            }
        }
        Ok(())
    }

    fn look_when_calm(&mut self, world: &W::Scene<'_>, _: Terms) -> Verdict {
        for (_, answer) in world.requests().values().flat_map(|request| &request.answers) {
            let rest = answer.reason_text.strip_prefix("the master was lost before command ");
            if let Some(token) = rest.and_then(token_at_start)
                && let Some((true, member)) = self.ends.get(&token)
            {
                return Err(format!("{token} was said to have never begun, and {member} has committed it"));
            }
        }
        Ok(())
    }
}

impl AllOrNothing {
    fn ended(&mut self, token: CommandToken, committed: bool, member: MemberName) -> Verdict {
        let (before, first) = *self.ends.entry(token).or_insert((committed, member));
        if before == committed {
            return Ok(());
        }
        let (commits, backs_out) = if committed { (member, first) } else { (first, member) };
        Err(format!("{token} is committed on {commits} and backed out on {backs_out}"))
    }
}
