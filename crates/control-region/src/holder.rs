//! Who keeps a resource from being changed, where, and since when.

use crate::event::RegionId;
use plex::InUse;
use vocabulary::{DbdName, Moment, PsbName, ResourceName};

/// What keeps a resource from being changed, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// What is in use.
    pub resource: ResourceName,
    /// By what.
    pub by: HeldBy,
    /// Since when.
    pub since: Moment,
}

/// What uses a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldBy {
    /// A program in a region.
    Program {
        /// The program.
        psb: PsbName,
        /// Where it runs.
        region: RegionId,
    },
    /// A database that is open.
    Open(DbdName),
}

impl Holder {
    /// What it does, as operators read it.
    pub fn work(&self) -> String {
        match (self.by, self.resource) {
            (HeldBy::Program { region, .. }, ResourceName::Psb(_)) => {
                format!("SCHEDULED IN REGION {}", region.0)
            }
            (HeldBy::Program { psb, region }, ResourceName::Dbd(_)) => {
                format!("PROGRAM {psb} IS SCHEDULED IN REGION {}", region.0)
            }
            (HeldBy::Open(dbd), _) => format!("DATABASE {dbd} IS OPEN, /DBR DB {dbd} CLOSES IT"),
        }
    }

    /// The same for those whose vote it decides.
    pub fn in_use(&self) -> InUse {
        InUse { resource: self.resource, by: format!("{} SINCE {}", self.work(), self.since) }
    }
}
