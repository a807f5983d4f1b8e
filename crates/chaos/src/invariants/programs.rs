//! A program is shown refresh-pending where its definition changed under it, and nowhere else.

use super::{Invariant, News, Rule, Verdict};
use crate::bank;
use crate::world::scene::{Kind, Scene};
use control_region::{ControlRegion, LoadedPsb};
use vocabulary::{MemberName, PsbName, ResourceName};

#[derive(Debug)]
pub(crate) struct RefreshPendingWhereItShouldBe;

impl<W: Kind> Invariant<W> for RefreshPendingWhereItShouldBe {
    fn rule(&self) -> Rule {
        Rule {
            name: "refresh_pending_where_it_should_be",
            sentence: "A loaded PSB is refresh-pending where it, or a DBD that it depends on, is active in a later \
                       instance than the loaded one, and only there; a scheduled PSB is loaded.",
            source: "REFP and OPTION(UPDATEPSB), catalog-activation.md; the invariants of control-region",
        }
    }

    fn look(&mut self, _: &News, world: &W::Scene<'_>) -> Verdict {
        for seen in world.members() {
            if let Some(region) = seen.region {
                bank::PSBS.iter().try_for_each(|psb| judge(seen.member, region, psb.parse().unwrap()))?;
            }
        }
        Ok(())
    }
}

fn judge(member: MemberName, region: &ControlRegion, psb: PsbName) -> Verdict {
    let runs = region.resources().regions_of(psb).next().is_some();
    match region.resources().loaded(psb) {
        None if runs => Err(format!("{psb} runs on {member} and is not loaded")),
        Some(loaded) if is_stale(region, psb, loaded) && !loaded.refresh_pending => {
            Err(format!("{psb} has changed under {member}, which does not show it refresh-pending"))
        }
        Some(loaded) if !is_stale(region, psb, loaded) && loaded.refresh_pending => {
            Err(format!("{member} shows {psb} refresh-pending, and it is as it is active"))
        }
        _ => Ok(()),
    }
}

fn is_stale(region: &ControlRegion, psb: PsbName, loaded: &LoadedPsb) -> bool {
    let catalog = region.plex().catalog();
    let active = |name: ResourceName| catalog.record(&name).and_then(|record| record.active);
    active(psb.into()) != Some(loaded.stamp)
        || loaded.dbds.iter().any(|(dbd, stamp)| active((*dbd).into()) != Some(*stamp))
}
