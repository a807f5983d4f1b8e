//! What there is to look at in a world, whatever its members agree by.

use super::cluster::{Cluster, Request};
use super::consensus::Entry;
use super::disk::Disk;
use control_region::{ControlRegion, RequestId};
use std::collections::{BTreeMap, BTreeSet};
use vocabulary::MemberName;

/// A kind of worlds.
pub(crate) trait Kind: 'static {
    /// One of them, as it is at a moment.
    type Scene<'a>: Scene;
}

impl Kind for Cluster {
    type Scene<'a> = Self;
}

/// A world, as it is at a moment.
pub(crate) trait Scene {
    /// Its members, in order of name.
    fn members(&self) -> impl Iterator<Item = Seen<'_>>;

    /// What the sharers agreed on, from the first entry on.
    fn log(&self) -> &[Entry];

    /// The index of the last entry of that.
    fn last(&self) -> u64;

    /// The nodes of those sharers that decide.
    fn voters(&self) -> &BTreeSet<u64>;

    /// What operators asked.
    fn requests(&self) -> &BTreeMap<RequestId, Request>;

    /// How long an operator waits at most, in milliseconds.
    fn command_wait_ms(&self) -> u64;

    /// The members that share the catalog.
    fn sharers(&self) -> impl Iterator<Item = Seen<'_>> {
        self.members().filter(|seen| seen.shares)
    }

    /// The control regions of those of them that run.
    fn sharing_regions(&self) -> impl Iterator<Item = &ControlRegion> {
        self.sharers().filter_map(|seen| seen.region)
    }
}

/// A member, as it is at a moment.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) member: MemberName,
    /// It shares the catalog of the plex.
    pub(crate) shares: bool,
    /// Its control region, while it runs.
    pub(crate) region: Option<&'a ControlRegion>,
    /// Up to which entry it has applied the log.
    pub(crate) applied: u64,
    pub(crate) shelf: &'a dyn Shelf,
}

/// What a member keeps of its state.
pub(crate) trait Shelf {
    /// Its records with everything that was applied, unless they can't be had at the moment.
    fn records(&self) -> Option<BTreeMap<Vec<u8>, Vec<u8>>>;
}

impl Shelf for Disk {
    fn records(&self) -> Option<BTreeMap<Vec<u8>, Vec<u8>>> {
        self.as_if_written()
    }
}

impl Scene for Cluster {
    fn members(&self) -> impl Iterator<Item = Seen<'_>> {
        self.nodes.iter().map(|(member, node)| Seen {
            member: *member,
            shares: node.group == 0,
            region: node.region.as_ref(),
            applied: node.applied,
            shelf: &node.disk,
        })
    }

    fn log(&self) -> &[Entry] {
        &self.groups[0].log
    }

    fn last(&self) -> u64 {
        self.groups[0].last()
    }

    fn voters(&self) -> &BTreeSet<u64> {
        &self.groups[0].voters
    }

    fn requests(&self) -> &BTreeMap<RequestId, Request> {
        &self.requests
    }

    fn command_wait_ms(&self) -> u64 {
        self.limits.command_wait_ms
    }
}
