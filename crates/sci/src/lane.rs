//! Lanes: what a connection is for. It is chosen when dialing and never changes.

use crate::peer::Role;
use csl::om::OperatorRole;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a connection carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Lane {
    /// Consensus between members, which runs its own pipelined protocol on the frames.
    Raft,
    /// Votes, reports and forwarded commands between members.
    Member,
    /// Commands of operators, and their answers.
    Operator,
    /// DL/I calls of dependent regions in processes of their own.
    Region,
}

impl Lane {
    /// Whether a holder of this role may open it.
    pub fn allows(self, role: Role) -> bool {
        match role {
            Role::Member => true,
            // Scheduling a program is more than looking.
            Role::Operator(role) => {
                self == Self::Operator || (self == Self::Region && role >= OperatorRole::Operate)
            }
            Role::Region => self == Self::Region,
        }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Raft => "raft",
            Self::Member => "member",
            Self::Operator => "operator",
            Self::Region => "region",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_have_all_lanes_operators_up_to_two_and_regions_one() {
        let lanes = [Lane::Raft, Lane::Member, Lane::Operator, Lane::Region];
        let of = |role| lanes.into_iter().filter(|lane| lane.allows(role)).collect::<Vec<_>>();
        assert_eq!(of(Role::Member), lanes);
        assert_eq!(of(Role::Operator(OperatorRole::Read)), [Lane::Operator]);
        assert_eq!(of(Role::Operator(OperatorRole::Operate)), [Lane::Operator, Lane::Region]);
        assert_eq!(of(Role::ADMINISTRATOR), [Lane::Operator, Lane::Region]);
        assert_eq!(of(Role::Region), [Lane::Region]);
    }
}
