//! Who leads whom, who reaches whom, and when members are told.

use super::cluster::Cluster;
use super::network::link_state;
use super::node::Node;
use control_region::{Event, Standing};
use std::collections::{BTreeMap, BTreeSet};
use vocabulary::MemberName;

impl Cluster {
    fn reach(&self, node: &Node) -> BTreeSet<u64> {
        if !node.is_alive() {
            return BTreeSet::new();
        }
        let others = self.nodes.values().filter(|other| {
            other.group == node.group
                && other.is_alive()
                && self.network.connects(node.member(), other.member())
        });
        others.map(|other| other.settings.node).collect()
    }

    pub(super) fn tell_standings(&mut self) {
        for group in 0..self.groups.len() {
            let reaches: BTreeMap<u64, BTreeSet<u64>> = self
                .nodes
                .values()
                .filter(|node| node.group == group)
                .map(|node| (node.settings.node, self.reach(node)))
                .collect();
            let now = self.now;
            self.groups[group].elect(now, |node| reaches.get(&node).cloned().unwrap_or_default());
        }
        for member in self.informed() {
            let (leader, quorum) = self.standing_of(&self.nodes[&member]);
            let group = &self.groups[self.nodes[&member].group];
            let (term, voters, learners) = (group.term, group.voters.clone(), group.learners.clone());
            let standing = Standing { leader, term, quorum, voters, learners };
            if self.nodes[&member].standing.as_ref() != Some(&standing) {
                self.node(member).standing = Some(standing.clone());
                self.tell(member, Event::Standing(standing));
            }
        }
    }

    /// Who leads, as far as a node can know, and whether it is in touch with a majority.
    pub(super) fn standing_of(&self, node: &Node) -> (Option<u64>, bool) {
        let (group, reach) = (&self.groups[node.group], self.reach(node));
        if !group.has(node.settings.node) {
            return (None, false);
        }
        let leader = group.leader.filter(|leader| reach.contains(leader));
        (leader, group.is_majority(&reach))
    }

    /// Whether another leader can be made of this member: it is in touch with a majority, and so is the leader.
    pub(crate) fn can_lead(&self, member: MemberName) -> bool {
        let node = &self.nodes[&member];
        let group = &self.groups[node.group];
        group.leader.is_some() && group.voters.contains(&node.settings.node) && self.standing_of(node).1
    }

    pub(super) fn tell_links(&mut self) {
        for member in self.informed() {
            let wanted: Vec<MemberName> = self.nodes[&member].links.keys().copied().collect();
            for other in wanted {
                let alive = self.nodes.get(&other).is_some_and(Node::is_alive);
                let state = link_state(alive, self.network.connects(member, other));
                if self.nodes[&member].is_alive() && self.nodes[&member].links[&other] != Some(state) {
                    self.node(member).links.insert(other, Some(state));
                    self.tell(member, Event::Link { member: other, state });
                }
            }
        }
    }

    /// The members that hear at once how things stand.
    fn informed(&self) -> Vec<MemberName> {
        let informed = self.nodes.values().filter(|node| node.is_alive() && !node.uninformed);
        informed.map(Node::member).collect()
    }
}
