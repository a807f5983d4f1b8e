//! Who keeps a resource from being changed, where, and since when.

use crate::event::RegionId;
use plex::InUse;
use vocabulary::{Moment, PsbName, ResourceName};

/// Work that keeps a resource from being changed: a program in a region, and since when it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// What is in use.
    pub resource: ResourceName,
    /// The program that uses it.
    pub psb: PsbName,
    /// Where it runs.
    pub region: RegionId,
    /// Since when.
    pub since: Moment,
}

impl Holder {
    /// What it does, as operators read it.
    pub fn work(&self) -> String {
        let region = self.region.0;
        match self.resource {
            ResourceName::Psb(_) => format!("SCHEDULED IN REGION {region}"),
            ResourceName::Dbd(_) => format!("PROGRAM {} IS SCHEDULED IN REGION {region}", self.psb),
        }
    }

    /// The same for those whose vote it decides.
    pub fn in_use(&self) -> InUse {
        InUse { resource: self.resource, by: format!("{} SINCE {}", self.work(), self.since) }
    }
}
