//! Who leads whom, who reaches whom, and when members are told.

use super::cluster::Cluster;
use super::consensus::Group;
use super::network::link_state;
use super::node::Node;
use control_region::{Event, LinkState, Standing};
use std::collections::BTreeSet;
use vocabulary::MemberName;

/// How things stood when everybody who hears of it had been told. While they stand so, there is nobody to tell.
#[derive(Debug, Default)]
pub(super) struct Told {
    groups: Vec<GroupStanding>,
    /// Who hears of it, and was told of the group.
    hears: Vec<(bool, bool)>,
}

#[derive(Debug, PartialEq, Eq)]
struct GroupStanding {
    leader: Option<u64>,
    term: u64,
    voters: BTreeSet<u64>,
    learners: BTreeSet<u64>,
}

impl GroupStanding {
    fn of(group: &Group) -> Self {
        let (voters, learners) = (group.voters.clone(), group.learners.clone());
        Self { leader: group.leader, term: group.term, voters, learners }
    }

    /// A group without a leader gets one when its time has come.
    fn is_of(&self, group: &Group) -> bool {
        group.leader.is_some()
            && (self.leader, self.term) == (group.leader, group.term)
            && self.voters == group.voters
            && self.learners == group.learners
    }
}

fn hears(node: &Node) -> (bool, bool) {
    (node.is_alive() && !node.uninformed, node.standing.is_some())
}

impl Cluster {
    /// Tells everybody who hears of it who leads, and who can be reached.
    pub(super) fn tell_how_things_stand(&mut self) {
        if self.told.as_ref().is_some_and(|told| self.is_as_told(told)) {
            return;
        }
        self.told = Some(Told::default());
        self.tell_standings();
        self.tell_links();
        // Unless something of it changed meanwhile.
        if let Some(told) = &mut self.told {
            told.groups = self.groups.iter().map(GroupStanding::of).collect();
            told.hears = self.nodes.values().map(hears).collect();
        }
    }

    fn is_as_told(&self, told: &Told) -> bool {
        told.groups.len() == self.groups.len()
            && told.groups.iter().zip(&self.groups).all(|(told, group)| told.is_of(group))
            && told.hears.len() == self.nodes.len()
            && told.hears.iter().zip(self.nodes.values()).all(|(told, node)| *told == hears(node))
    }

    /// Finds out anew who is in touch with whom: whoever changes that has to call it.
    pub(super) fn reconnect(&mut self) {
        let reaches = self.nodes.values().map(|node| (node.member(), self.reach_of(node)));
        self.reaches = reaches.collect();
        self.told = None;
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

    fn tell_standings(&mut self) {
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

    fn tell_links(&mut self) {
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
