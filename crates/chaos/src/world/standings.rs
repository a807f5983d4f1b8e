//! Who leads whom, who reaches whom, and when members are told.

use super::cluster::Cluster;
use super::network::link_state;
use super::node::Node;
use control_region::{Event, LinkState, Standing};
use std::collections::BTreeSet;
use vocabulary::MemberName;

impl Cluster {
    /// Finds out anew who is in touch with whom: whoever changes that has to call it.
    pub(super) fn reconnect(&mut self) {
        let reaches = self.nodes.values().map(|node| (node.member(), self.reach_of(node)));
        self.reaches = reaches.collect();
    }

    fn reach_of(&self, node: &Node) -> BTreeSet<u64> {
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
            let members = self.nodes.values().filter(|node| node.group == group);
            let reaches: Vec<(u64, &BTreeSet<u64>)> = members
                .filter_map(|node| Some((node.settings.node, self.reaches.get(&node.member())?)))
                .collect();
            self.groups[group].elect(self.now, &reaches);
        }
        for member in self.informed() {
            let node = &self.nodes[&member];
            let (leader, quorum) = self.standing_of(node);
            let group = &self.groups[node.group];
            let is_known = node.standing.as_ref().is_some_and(|known| {
                (known.leader, known.term, known.quorum) == (leader, group.term, quorum)
                    && known.voters == group.voters
                    && known.learners == group.learners
            });
            if !is_known {
                let (term, voters, learners) = (group.term, group.voters.clone(), group.learners.clone());
                let standing = Standing { leader, term, quorum, voters, learners };
                self.node(member).standing = Some(standing.clone());
                self.tell(member, Event::Standing(standing));
            }
        }
    }

    /// Who leads, as far as a node can know, and whether it is in touch with a majority.
    pub(super) fn standing_of(&self, node: &Node) -> (Option<u64>, bool) {
        let group = &self.groups[node.group];
        let Some(reach) = self.reaches.get(&node.member()).filter(|_| group.has(node.settings.node)) else {
            return (None, false);
        };
        let leader = group.leader.filter(|leader| reach.contains(leader));
        (leader, group.is_majority(reach))
    }

    /// Whether another leader can be made of this member: it is in touch with a majority, and so is the leader.
    pub(crate) fn can_lead(&self, member: MemberName) -> bool {
        let node = &self.nodes[&member];
        let group = &self.groups[node.group];
        group.leader.is_some() && group.voters.contains(&node.settings.node) && self.standing_of(node).1
    }

    pub(super) fn tell_links(&mut self) {
        for member in self.informed() {
            let states = self.nodes[&member].links.iter().map(|(other, known)| {
                let alive = self.nodes.get(other).is_some_and(Node::is_alive);
                (*other, *known, link_state(alive, self.network.connects(member, *other)))
            });
            let changed: Vec<(MemberName, LinkState)> = states
                .filter(|(_, known, state)| *known != Some(*state))
                .map(|(other, _, state)| (other, state))
                .collect();
            for (other, state) in changed {
                if self.nodes[&member].is_alive() {
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
