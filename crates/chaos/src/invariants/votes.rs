//! No commit without the vote of every live sharer.

use super::{Invariant, News, Rule, Verdict};
use crate::world::facts::Fact;
use crate::world::scene::Kind;
use plex::CommandToken;
use std::collections::{BTreeMap, BTreeSet};
use vocabulary::MemberName;

/// Who said that it was ready, by activation.
#[derive(Debug, Default)]
pub(crate) struct EveryVote {
    ready: BTreeMap<CommandToken, BTreeSet<MemberName>>,
}

impl<W: Kind> Invariant<W> for EveryVote {
    fn rule(&self) -> Rule {
        Rule {
            name: "no_commit_without_every_vote",
            sentence: "An activation is committed only when every sharer that takes part and is not down has voted \
                       that nothing it changes is in use there.",
            source: "the prepare phase of IMPORT, catalog-activation.md; the invariants of crate plex",
        }
    }

    fn look(&mut self, news: &News, _: &W::Scene<'_>) -> Verdict {
        for fact in &news.facts {
            match fact {
                Fact::Ready { member, token } => {
                    self.ready.entry(*token).or_default().insert(*member);
                }
                Fact::Committed { token, awaited, .. } => self.judge(*token, awaited)?,
                _ => {}
            }
        }
        Ok(())
    }
}

impl EveryVote {
    fn judge(&self, token: CommandToken, awaited: &BTreeSet<MemberName>) -> Verdict {
        let ready = self.ready.get(&token).cloned().unwrap_or_default();
        let missing: Vec<String> = awaited.difference(&ready).map(ToString::to_string).collect();
        match missing.is_empty() {
            true => Ok(()),
            false => Err(format!("{token} is committed, and {} never voted for it", missing.join(", "))),
        }
    }
}
