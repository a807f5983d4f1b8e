//! Once faults stop, everybody is there again.

use super::{Invariant, Rule, Terms, Verdict};
use crate::world::scene::{Kind, Scene, Seen};
use plex::{MemberState, Membership};
use std::collections::BTreeSet;

#[derive(Debug)]
pub(crate) struct EverybodyIsThere;

impl<W: Kind> Invariant<W> for EverybodyIsThere {
    fn rule(&self) -> Rule {
        Rule {
            name: "everybody_is_there_when_faults_stop",
            sentence: "Some time after the last fault every member is at work with the newest state, nothing hangs, \
                       and the consensus group is what the roster says.",
            source: "ask the level, not the edge, docs/architecture.md; the invariants of control-region",
        }
    }

    fn look_when_calm(&mut self, world: &W::Scene<'_>, _: Terms) -> Verdict {
        everybody_is_there(world)
    }
}

/// Whether everybody is there by now.
pub(crate) fn everybody_is_there(world: &impl Scene) -> Verdict {
    world.sharers().try_for_each(|seen| judge(seen, world))
}

fn judge(seen: Seen<'_>, world: &impl Scene) -> Verdict {
    let (member, last, voters) = (seen.member, world.last(), world.voters());
    let Some(region) = seen.region else { return Err(format!("{member} is down")) };
    let plex = region.plex();
    let entry = plex.roster().get(&member);
    let at_work = entry
        .is_some_and(|entry| entry.state == MemberState::Active && entry.incarnation == region.incarnation());
    let sharers = plex.roster().values().filter(|entry| entry.membership == Membership::Sharer);
    let roster: BTreeSet<u64> = sharers.map(|entry| entry.node).collect();
    let found = if seen.applied != last {
        format!("{member} is behind: it applied {} of {last}", seen.applied)
    } else if let Some(activation) = plex.activation() {
        format!("an activation hangs: {activation:?}")
    } else if let Some(job) = plex.catalog().job() {
        format!("a populate job hangs: {job:?}")
    } else if !at_work {
        format!("{member} is not at work: {entry:?}")
    } else if roster != *voters {
        format!("{member} has {roster:?} in its roster, and {voters:?} have a vote")
    } else {
        return Ok(());
    };
    Err(found)
}
