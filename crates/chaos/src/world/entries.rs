//! What an entry of the log brings about on a member that applies it.

use super::facts::Fact;
use crate::drafts;
use crate::history::{Catalog, Seen};
use control_region::ControlRegion;
use plex::{Activation, CommandToken, Phase, PlexChange, StageChange};

/// How a member of the plex stands before it applies an entry.
#[derive(Debug)]
pub(crate) struct Before {
    staged: Option<Fact>,
    committing: Option<CommandToken>,
    staged_count: u64,
    empties: bool,
    stages_unit: bool,
    /// What DDL defines, where the entry may stage or activate a unit of that.
    made_by_ddl: Catalog,
}

impl Before {
    pub(crate) fn of(region: &ControlRegion, change: Option<&PlexChange>) -> Self {
        let empties =
            matches!(change, Some(PlexChange::Stage(StageChange::Empty { .. }) | PlexChange::Abort { .. }));
        let stages_unit = matches!(change, Some(PlexChange::Stage(StageChange::Commit { .. })));
        let is_of_unit = stages_unit || change.is_some_and(may_commit);
        Self {
            staged: change.and_then(|change| stages(region, change)),
            committing: committing(region).map(|activation| activation.token),
            staged_count: if empties { region.plex().catalog().staged_count() } else { 0 },
            empties,
            stages_unit,
            made_by_ddl: if is_of_unit { made_by_ddl(region) } else { Catalog::default() },
        }
    }

    /// What came of the entry, which the plex took or refused.
    pub(crate) fn facts(self, region: &ControlRegion, index: u64, taken: bool) -> Vec<Fact> {
        let mut facts: Vec<Fact> = self.staged.into_iter().filter(|_| taken).collect();
        if self.empties && self.staged_count > 0 && region.plex().catalog().staged_count() == 0 {
            facts.push(Fact::Emptied { index });
        }
        let committed = committing(region).filter(|now| Some(now.token) != self.committing);
        let unit = committed.filter(|activation| activation.options.mode.ddl_job().is_some());
        let token = unit.map(|activation| activation.token);
        facts.extend(committed.map(commits));
        if (self.stages_unit && taken) || token.is_some() {
            facts.push(Fact::Unit { index, token, before: self.made_by_ddl, after: made_by_ddl(region) });
        }
        facts
    }
}

/// What this change admits on a member, unless it is refused.
fn stages(region: &ControlRegion, change: &PlexChange) -> Option<Fact> {
    let PlexChange::Stage(StageChange::End { job, .. }) = change else { return None };
    let gathered = &region.plex().catalog().job().filter(|of| of.card.id == *job)?.gathered;
    let admitted = gathered.values().map(|new| (new.name.as_str().to_string(), new.stamp));
    Some(Fact::Staged { job: *job, admitted: admitted.collect() })
}

/// Whether an entry may be the commit point of an activation.
fn may_commit(change: &PlexChange) -> bool {
    matches!(change, PlexChange::Commit { .. } | PlexChange::PrepareUnit { .. })
}

/// Staging and directory of what DDL defines, as a member has them.
fn made_by_ddl(region: &ControlRegion) -> Catalog {
    let seen = |name| Some((name, Seen::of(region.plex().catalog().record(&name)?)));
    let seen = drafts::made_by_ddl().into_iter().filter_map(seen);
    seen.map(|(name, seen)| (name.as_str().to_string(), seen)).collect()
}

/// The activation whose commit point is passed on a member, while it is under way.
fn committing(region: &ControlRegion) -> Option<&Activation> {
    let activation = region.plex().activation().map(|activation| &**activation);
    activation.filter(|activation| matches!(activation.phase, Phase::Committing { .. }))
}

fn commits(activation: &Activation) -> Fact {
    let changes = activation.plan.changes.iter();
    let activated = changes.map(|change| (change.name.as_str().to_string(), change.new)).collect();
    Fact::Committed { token: activation.token, awaited: activation.awaited().collect(), activated }
}
