//! Who takes part, changed by the master.

use super::{
    error::MembershipError,
    node::{Consensus, Refusal, WriteError},
    types::{Membership, Types},
};
use openraft::{
    BasicNode, ChangeMembers,
    async_runtime::watch::WatchReceiver,
    errors::{ChangeMembershipError, ClientWriteError},
};
use std::collections::{BTreeMap, BTreeSet};

type Change = ChangeMembers<u64, BasicNode>;

impl Consensus {
    /// Takes a node into the plex: first without a vote until it caught up, then with one. Does nothing for a node
    /// that has one.
    pub async fn add_member(&self, node: u64, address: String) -> Result<(), MembershipError> {
        if self.learn(node, address).await? {
            self.change(ChangeMembers::AddVoterIds(BTreeSet::from([node]))).await?;
        }
        Ok(())
    }

    /// Puts a new node in the place of an old one, which may be gone for good: when the new one caught up it gets
    /// the vote of the old one. Does nothing when that happened before.
    pub async fn replace_member(&self, old: u64, new: u64, address: String) -> Result<(), MembershipError> {
        let known = self.membership();
        if known.get_node(&old).is_none() && known.get_node(&new).is_none() {
            return Err(MembershipError::NotInPlex { node_id: old });
        }
        self.learn(new, address).await?;
        let mut voters: BTreeSet<u64> = self.membership().voter_ids().collect();
        voters.insert(new);
        voters.remove(&old);
        self.change(ChangeMembers::ReplaceAllVoters(voters)).await?;
        self.forget(old).await
    }

    /// Takes a node out of the plex. Does nothing when it is not in it.
    pub async fn remove_member(&self, node: u64) -> Result<(), MembershipError> {
        // Of who is in the plex only the master knows: whoever was never told of a node has not taken it out.
        self.check_master()?;
        let voters: BTreeSet<u64> = self.membership().voter_ids().collect();
        if voters == BTreeSet::from([node]) {
            return Err(MembershipError::LastVoter { node_id: node });
        }
        if voters.contains(&node) {
            self.change(ChangeMembers::RemoveVoters(BTreeSet::from([node]))).await?;
        }
        self.forget(node).await
    }

    /// Has the node follow the log until it is as far as the log is now. False when it has a vote already.
    async fn learn(&self, node: u64, address: String) -> Result<bool, MembershipError> {
        self.check_master()?;
        let known = self.membership();
        if let Some(there) = known.get_node(&node).filter(|there| there.addr != address) {
            return Err(MembershipError::OtherAddress { node_id: node, address: there.addr.clone() });
        }
        if known.voter_ids().any(|voter| voter == node) {
            return Ok(false);
        }
        self.change(ChangeMembers::AddNodes(BTreeMap::from([(node, BasicNode::new(address))]))).await?;
        let goal = self.raft.metrics().borrow_watched().last_log_index;
        let caught_up = |metrics: &openraft::RaftMetrics<Types>| match &metrics.replication {
            Some(replication) => replication.get(&node).copied().flatten().map(|id| id.index) >= goal,
            // Another node leads meanwhile; what follows finds out.
            None => true,
        };
        let wait = self.raft.wait(Some(self.settings.timers.install()));
        let waited = wait.metrics(caught_up, "catch up").await;
        waited.map(|_| true).map_err(|_| MembershipError::NotCaughtUp { node_id: node })
    }

    /// Drops a node that has no vote from the membership.
    async fn forget(&self, node: u64) -> Result<(), MembershipError> {
        match self.membership().get_node(&node) {
            Some(_) => self.change(ChangeMembers::RemoveNodes(BTreeSet::from([node]))).await,
            None => Ok(()),
        }
    }

    async fn change(&self, change: Change) -> Result<(), MembershipError> {
        // Adding a node keeps the others; whoever loses the vote leaves the plex.
        let answer = self.as_master(|| self.raft.change_membership(change.clone(), false)).await?;
        answer.map(drop).map_err(MembershipError::from)
    }

    fn membership(&self) -> Membership {
        self.raft.metrics().borrow_watched().membership_config.membership().clone()
    }
}

impl From<Refusal> for MembershipError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotMaster(leader) => Self::NotMaster { leader },
            Refusal::NoQuorum => Self::NoQuorum,
            Refusal::Stopped => Self::Stopped,
        }
    }
}

impl From<WriteError> for MembershipError {
    fn from(error: WriteError) -> Self {
        if let WriteError::Refused(refused) = &error
            && let ClientWriteError::ChangeMembershipError(
                ChangeMembershipError::InProgress(_) | ChangeMembershipError::UncommittedLeaderLog(_),
            ) = refused.as_ref()
        {
            return Self::InProgress;
        }
        Self::Unknown(error.to_string())
    }
}
