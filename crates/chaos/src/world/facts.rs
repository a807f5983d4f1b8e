//! What nobody outside a plex could see, and its judges have to know.

use catalog::job::JobId;
use plex::CommandToken;
use std::collections::BTreeSet;
use vocabulary::{InstanceStamp, MemberName};

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
    /// This entry emptied staging, because an import found something in error in it.
    Emptied { index: u64 },
    /// A member's process began.
    Started { member: MemberName },
}
