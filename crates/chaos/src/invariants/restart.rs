//! A member that was away never works with old definitions after it has restarted.

use super::{Invariant, News, Rule, Verdict};
use crate::world::cluster::Sight;
use crate::world::facts::Fact;
use crate::world::scene::{Kind, Scene};
use control_region::ControlRegion;
use csl::om::MessageBody;
use plex::MemberState;
use std::collections::BTreeMap;
use vocabulary::{DirectoryLevel, MemberName};

/// The highest level that an operator was told of, now and when each member started.
#[derive(Debug, Default)]
pub(crate) struct NoOldLevelAfterRestart {
    acknowledged: DirectoryLevel,
    at_start: BTreeMap<MemberName, DirectoryLevel>,
}

impl<W: Kind> Invariant<W> for NoOldLevelAfterRestart {
    fn rule(&self) -> Rule {
        Rule {
            name: "no_old_level_after_a_restart",
            sentence: "A member that works has at least the level that any operator had been told of when it started.",
            source: "DFS4146W and the restart of a sharer, catalog-activation.md; the essay of control-region",
        }
    }

    fn look(&mut self, news: &News, world: &W::Scene<'_>) -> Verdict {
        for fact in &news.facts {
            if let Fact::Started { member } = fact {
                self.at_start.insert(*member, self.acknowledged);
            }
        }
        for sight in &news.sights {
            if let Sight::Answered(_, answer) = sight {
                let levels = answer.messages.iter().filter_map(|message| level_in(&message.body));
                self.acknowledged = levels.fold(self.acknowledged, DirectoryLevel::max);
            }
        }
        for seen in world.sharers() {
            if let Some(region) = seen.region {
                self.judge(seen.member, region)?;
            }
        }
        Ok(())
    }
}

impl NoOldLevelAfterRestart {
    fn judge(&self, member: MemberName, region: &ControlRegion) -> Verdict {
        let level = region.plex().catalog().level().0;
        let least = self.at_start.get(&member).copied().unwrap_or_default();
        if works(member, region) && level < least {
            return Err(format!("{member} works with level {level}, and an operator knew of {least} before"));
        }
        Ok(())
    }
}

/// Whether a member has its place among the active, by what it knows itself.
fn works(member: MemberName, region: &ControlRegion) -> bool {
    region
        .plex()
        .roster()
        .get(&member)
        .is_some_and(|entry| entry.state == MemberState::Active && entry.incarnation == region.incarnation())
}

/// The level that a message says was activated.
fn level_in(body: &MessageBody) -> Option<DirectoryLevel> {
    let MessageBody::Message(message) = body else { return None };
    let text = message.text();
    let (_, level) = text.split_once("DIRECTORY LEVEL ").filter(|_| message.number() == "DFS4897I")?;
    level.split(',').next()?.parse().ok().map(DirectoryLevel)
}
