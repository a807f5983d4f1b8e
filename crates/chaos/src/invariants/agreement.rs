//! The directories of members agree, level by level.

use super::{Invariant, News, Rule, Verdict};
use crate::world::scene::{Kind, Scene};
use control_region::ControlRegion;
use std::collections::BTreeMap;
use vocabulary::{DirectoryLevel, InstanceStamp, ResourceName};

type Directory = BTreeMap<ResourceName, InstanceStamp>;

/// What each level was found to be.
#[derive(Debug, Default)]
pub(crate) struct DirectoriesAgree {
    levels: BTreeMap<DirectoryLevel, Directory>,
}

impl<W: Kind> Invariant<W> for DirectoriesAgree {
    fn rule(&self) -> Rule {
        Rule {
            name: "directories_agree_level_by_level",
            sentence: "Whoever has a level of the directory has the same active definitions.",
            source: "sharing managed ACBs, catalog-activation.md; the essay of crate plex",
        }
    }

    fn look(&mut self, _: &News, world: &W::Scene<'_>) -> Verdict {
        world.sharing_regions().try_for_each(|region| self.compare(region))
    }
}

impl DirectoriesAgree {
    fn compare(&mut self, region: &ControlRegion) -> Verdict {
        let level = region.plex().catalog().level().0;
        let known = self.levels.entry(level).or_insert_with(|| directory_of(region).collect());
        if directory_of(region).eq(known.iter().map(|(name, stamp)| (*name, *stamp))) {
            return Ok(());
        }
        let directory: Directory = directory_of(region).collect();
        let differ: Vec<_> =
            known.iter().filter(|(name, stamp)| directory.get(name) != Some(stamp)).collect();
        Err(format!("two directories of level {level}; what one has and the other has not: {differ:?}"))
    }
}

/// The active definitions, in order of name.
pub(super) fn directory_of(
    region: &ControlRegion,
) -> impl Iterator<Item = (ResourceName, InstanceStamp)> + '_ {
    region.plex().catalog().records().filter_map(|(name, record)| Some((name, record.active?)))
}
