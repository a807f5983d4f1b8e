//! What invariants look at in a world with real consensus.

use super::facts::Known;
use super::member::COMMAND_WAIT_MS;
use super::world::World;
use crate::world::cluster::Request;
use crate::world::consensus::Entry;
use crate::world::scene::{Kind, Scene, Seen};
use control_region::{ControlRegion, RequestId};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use vocabulary::MemberName;

/// Worlds with real consensus.
pub(super) enum WithConsensus {}

impl Kind for WithConsensus {
    type Scene<'a> = Glance<'a>;
}

type Held<'a> = Box<dyn Deref<Target = ControlRegion> + 'a>;

/// Such a world, in which nothing happens meanwhile.
pub(super) struct Glance<'a> {
    world: &'a World,
    known: &'a Known,
    last: u64,
    regions: BTreeMap<MemberName, Held<'a>>,
}

impl<'a> Glance<'a> {
    pub(super) fn at(world: &'a World, known: &'a Known) -> Self {
        let held = |(member, inside): (&MemberName, &'a super::facts::Running)| {
            (*member, Box::new(inside.inside.region()) as Held<'a>)
        };
        let last = known.last().unwrap_or_default();
        Self { world, known, last, regions: known.running.iter().map(held).collect() }
    }
}

impl Scene for Glance<'_> {
    fn members(&self) -> impl Iterator<Item = Seen<'_>> {
        self.world.members.values().map(|disk| Seen {
            member: disk.member,
            shares: true,
            region: self.regions.get(&disk.member).map(|region| &***region),
            applied: self.known.applied.get(&disk.member).copied().unwrap_or_default(),
            shelf: &disk.shelf,
        })
    }

    fn log(&self) -> &[Entry] {
        &self.world.log
    }

    fn last(&self) -> u64 {
        self.last
    }

    fn voters(&self) -> &BTreeSet<u64> {
        &self.world.voters
    }

    fn requests(&self) -> &BTreeMap<RequestId, Request> {
        &self.world.requests
    }

    fn command_wait_ms(&self) -> u64 {
        COMMAND_WAIT_MS
    }
}
