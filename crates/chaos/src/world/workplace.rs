//! Where operators work, whatever the members there agree by.

use super::cluster::{Cluster, Request};
use control_region::RequestId;
use csl::envelope::OperatorRequest;
use std::collections::BTreeMap;
use vocabulary::{MemberName, Moment};

/// A world that operators ask something of.
pub(crate) trait Workplace {
    /// An operator that may do everything asks something of a member.
    fn ask(&mut self, member: MemberName, asked: OperatorRequest) -> RequestId;

    /// Lets time pass, in milliseconds.
    fn run(&mut self, milliseconds: u64);

    fn now(&self) -> Moment;

    /// The members that share the catalog, in order of name.
    fn sharers(&self) -> Vec<MemberName>;

    /// What was asked so far, and what was answered.
    fn requests(&self) -> &BTreeMap<RequestId, Request>;
}

impl Workplace for Cluster {
    fn ask(&mut self, member: MemberName, asked: OperatorRequest) -> RequestId {
        self.ask(member, asked)
    }

    fn run(&mut self, milliseconds: u64) {
        self.run(milliseconds);
    }

    fn now(&self) -> Moment {
        self.now
    }

    fn sharers(&self) -> Vec<MemberName> {
        self.sharers()
    }

    fn requests(&self) -> &BTreeMap<RequestId, Request> {
        &self.requests
    }
}
