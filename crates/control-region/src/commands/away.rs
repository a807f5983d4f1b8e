//! The members that the plex does not have among the active, for which the roster speaks.

use crate::region::ControlRegion;
use csl::om::{Answer, MBR, Route};
use plex::{MemberState, RosterEntry};
use vocabulary::MemberName;

/// Those of a route that are away and did not answer. Who starts answers already when it was asked for by name.
pub(super) fn unheard<'r>(
    region: &'r ControlRegion,
    route: &Route,
    answer: &Answer,
) -> Vec<(MemberName, &'r RosterEntry)> {
    let spoke = |member: MemberName| {
        answer.rows.iter().any(|row| row.get(MBR).is_some_and(|by| by.to_string() == member.as_str()))
    };
    let roster = region.plex.roster().iter().map(|(member, entry)| (*member, entry));
    let away = roster.filter(|(member, entry)| entry.state != MemberState::Active && *member != region.me());
    away.filter(|(member, _)| route.includes(*member) && !spoke(*member)).collect()
}
