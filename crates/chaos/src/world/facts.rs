//! What nobody outside a plex could see, and its judges have to know.

use crate::history::Catalog;
use catalog::job::JobId;
use control_region::Letter;
use plex::{CommandToken, PlexChange};
use std::collections::BTreeSet;
use vocabulary::{DbdName, Epoch, InstanceStamp, MemberName};

/// Something that happened inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fact {
    /// A member applied an entry, which changed records with this digest.
    Applied { member: MemberName, group: usize, index: u64, digest: u32 },
    /// A member sent its vote for an activation, or proposed the commit of it as its master.
    Ready { member: MemberName, token: CommandToken },
    /// An activation was committed while these were awaited, and made these instances active.
    Committed { token: CommandToken, awaited: BTreeSet<MemberName>, activated: Vec<(String, InstanceStamp)> },
    /// These instances, which a populate job gathered, were admitted.
    Staged { job: JobId, admitted: Vec<(String, InstanceStamp)> },
    /// This entry staged or activated a unit of work that DDL defined, by itself.
    Unit { index: u64, token: Option<CommandToken>, before: Catalog, after: Catalog },
    /// This entry emptied staging, because an import found something in error in it.
    Emptied { index: u64 },
    /// A member opened a database for update, and its data sets refuse who writes in an earlier epoch.
    Admitted { member: MemberName, dbd: DbdName, epoch: Epoch },
    /// What a program at a member wrote is in the data sets of a database.
    Wrote { member: MemberName, dbd: DbdName, epoch: Epoch },
    /// A member's process began.
    Started { member: MemberName },
}

impl Fact {
    /// A letter by which its sender says that nothing an activation changes is in use there.
    pub(crate) fn of_letter(member: MemberName, letter: &Letter) -> Option<Self> {
        match letter {
            Letter::Vote { token, in_use } | Letter::Canvassed { token, in_use, .. } if in_use.is_empty() => {
                Some(Self::Ready { member, token: *token })
            }
            _ => None,
        }
    }

    /// A proposal by which the master says the same of itself.
    pub(crate) fn of_proposal(member: MemberName, change: &PlexChange) -> Option<Self> {
        match change {
            PlexChange::Commit { token, .. }
            | PlexChange::Prepare { token, canvass: Some(_), .. }
            | PlexChange::PrepareUnit { token, canvass: Some(_), .. } => {
                Some(Self::Ready { member, token: *token })
            }
            _ => None,
        }
    }
}
