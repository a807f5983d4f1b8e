//! Once faults stop, everybody is there again.

use super::{Invariant, Rule, Terms, Verdict};
use crate::world::cluster::Cluster;
use crate::world::node::Node;
use plex::{MemberState, Membership};
use std::collections::BTreeSet;
use vocabulary::MemberName;

#[derive(Debug)]
pub(crate) struct EverybodyIsThere;

impl Invariant for EverybodyIsThere {
    fn rule(&self) -> Rule {
        Rule {
            name: "everybody_is_there_when_faults_stop",
            sentence: "Some time after the last fault every member is at work with the newest state, nothing hangs, \
                       and the consensus group is what the roster says.",
            source: "ask the level, not the edge, docs/architecture.md; the invariants of control-region",
        }
    }

    fn look_when_calm(&mut self, cluster: &Cluster, _: Terms) -> Verdict {
        let mut sharers = cluster.nodes.iter().filter(|(_, node)| node.group == 0);
        sharers.try_for_each(|(member, node)| judge(*member, node, cluster))
    }
}

fn judge(member: MemberName, node: &Node, cluster: &Cluster) -> Verdict {
    let group = &cluster.groups[0];
    let Some(region) = &node.region else { return Err(format!("{member} is down")) };
    let plex = region.plex();
    let entry = plex.roster().get(&member);
    let at_work = entry
        .is_some_and(|entry| entry.state == MemberState::Active && entry.incarnation == region.incarnation());
    let sharers = plex.roster().values().filter(|entry| entry.membership == Membership::Sharer);
    let roster: BTreeSet<u64> = sharers.map(|entry| entry.node).collect();
    let found = if node.applied != group.last() {
        format!("{member} is behind: it applied {} of {}", node.applied, group.last())
    } else if let Some(activation) = plex.activation() {
        format!("an activation hangs: {activation:?}")
    } else if let Some(job) = plex.catalog().job() {
        format!("a populate job hangs: {job:?}")
    } else if !at_work {
        format!("{member} is not at work: {entry:?}")
    } else if roster != group.voters {
        format!("{member} has {roster:?} in its roster, and {:?} have a vote", group.voters)
    } else {
        return Ok(());
    };
    Err(found)
}
