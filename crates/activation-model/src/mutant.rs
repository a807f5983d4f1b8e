//! Faults that are put in on purpose, at the seam between a member and its world, to show that the model finds them.

use crate::settings::Names;
use catalog::Retention;
use plex::{AbortReason, CommandToken, PlexChange};
use vocabulary::MemberName;

/// What is wrong with the members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mutant {
    /// Nothing: the members are those of the product.
    #[default]
    None,
    /// A master that should back out for want of the vote of the second member commits, and claims to have all votes.
    CommitsUnasked,
    /// Whoever hears of a takeover takes it for its own.
    TakesOverToo,
    /// The second member does not hear of the commit.
    DeafToCommit,
    /// A master ends another activation than the one under way.
    NeverEnds,
}

impl Mutant {
    /// What a member proposes in truth.
    pub(crate) fn proposed(self, change: PlexChange, names: &Names) -> PlexChange {
        match (self, change) {
            (Self::CommitsUnasked, PlexChange::Abort { token, reason, at })
                if lacks_one_vote(&reason, names) =>
            {
                let votes = names.members.into_iter().collect();
                PlexChange::Commit { token, votes, retention: Retention::default(), at }
            }
            (Self::NeverEnds, PlexChange::End { token, completed, at }) => {
                PlexChange::End { token: CommandToken(token.0 ^ 1), completed, at }
            }
            (_, change) => change,
        }
    }

    /// What a member hears of an entry.
    pub(crate) fn heard(self, change: PlexChange, member: MemberName) -> Option<PlexChange> {
        match (self, change) {
            (Self::TakesOverToo, PlexChange::TakeOver { token, at, .. }) => {
                Some(PlexChange::TakeOver { token, to: member, at })
            }
            (Self::DeafToCommit, PlexChange::Commit { .. }) if member.as_str() == "IMS2" => None,
            (_, change) => Some(change),
        }
    }
}

/// Whether the second member is all that is missing.
fn lacks_one_vote(reason: &AbortReason, names: &Names) -> bool {
    matches!(reason, AbortReason::NotAgreed { in_use, silent }
        if in_use.is_empty() && silent.iter().eq([&names.members[1]]))
}
