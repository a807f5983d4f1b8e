//! A member's machine in a world with real consensus: its disk, its shelf, and the process that runs on them.

use super::Sabotage;
use super::facts::Facts;
use super::inside::Around;
use crate::world::scene::Shelf;
use control_region::Settings;
use dasd::KeyedSet;
use dasd::memory::MemoryKeyedSet;
use host::config::Config;
use host::consensus::{SnapshotBounds, Timers};
use host::files::SegmentBounds;
use host::member::simulated::{self, SimulatedMember};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use vocabulary::MemberName;

/// Where members listen.
const PORT: u16 = 7_100;

/// How long an operator waits at most.
pub(super) const COMMAND_WAIT_MS: u64 = 15_000;

/// What a member has beside its process.
#[derive(Debug, Clone)]
pub(super) struct MemberDisk {
    pub(super) member: MemberName,
    /// The number of its node, which an empty data folder changes.
    pub(super) node: u64,
    pub(super) shelf: SimulatedShelf,
    /// What is stopped there is forgotten in its next run.
    pub(super) cold: bool,
}

/// What its host is called in the network of the world.
pub(super) fn host_of(member: MemberName) -> String {
    member.as_str().to_lowercase()
}

fn address(member: MemberName) -> String {
    format!("{}:{PORT}", host_of(member))
}

impl MemberDisk {
    /// A member with an empty data folder. What its disk loses is drawn from `seed`.
    pub(super) fn empty(member: MemberName, node: u64, seed: u64, sabotage: Option<Sabotage>) -> Self {
        let new = Self { member, node, shelf: SimulatedShelf::default(), cold: false };
        simulated_disk::mount(&new.root(), seed.wrapping_mul(31).wrapping_add(node));
        if sabotage == Some(Sabotage::LyingDisks) {
            simulated_disk::lie(&new.root());
        }
        new
    }

    /// Where its disk is mounted.
    pub(super) fn root(&self) -> PathBuf {
        PathBuf::from(format!("/node{}", self.node))
    }

    /// What runs on its host, from its start to a crash.
    pub(super) async fn run(
        self,
        founders: BTreeSet<MemberName>,
        facts: Facts,
        sabotage: Option<Sabotage>,
    ) -> turmoil::Result {
        let member = self.member;
        let around = Arc::new(Around { member, facts: facts.clone(), sabotage });
        let made = SimulatedMember {
            config: self.config(&founders)?,
            settings: self.settings(&founders)?,
            consensus: self.consensus(),
            stops: self.root().join("stops"),
            shelf: Box::new(self.shelf.0.clone()),
        };
        let outcome = simulated::run(made, around).await;
        let said = outcome.as_ref().err().map_or("has stopped", String::as_str);
        facts.tell(&format!("{member}: {said}"));
        if let Err(reason) = &outcome
            && simulated_disk::is_sound(&self.root())
        {
            facts.broken(format!("{member} can't go on, and its disk is sound: {reason}"));
        }
        facts.known().ended.insert(member, outcome.err());
        std::future::pending().await
    }

    fn config(&self, founders: &BTreeSet<MemberName>) -> turmoil::Result<Config> {
        let member = self.member;
        let mut text = format!(
            "member = \"{member}\"\nplex = \"PLEX1\"\ndata = \"data\"\n\
             [listen]\naddress = \"{}\"\n\
             [tls]\nauthority = \"none\"\ncertificate = \"none\"\nkey = \"none\"\n\
             [activation]\nstep_timeout_s = 5\nstaging_wait_s = 5\npopulate_idle_s = 5\nmember_lost_ms = 1500\n",
            address(member)
        );
        for founder in founders {
            text += &format!("[[members]]\nname = \"{founder}\"\naddress = \"{}\"\n", address(*founder));
        }
        Ok(simulated::config(&text)?)
    }

    fn settings(&self, founders: &BTreeSet<MemberName>) -> turmoil::Result<Settings> {
        let settings = simulated::settings(&self.config(founders)?, self.node, self.cold);
        Ok(Settings { command_wait_ms: COMMAND_WAIT_MS, has_engine: false, ..settings })
    }

    fn consensus(&self) -> host::consensus::Settings {
        let timers = Timers {
            heartbeat_ms: 50,
            election_min_ms: 250,
            election_max_ms: 450,
            proposal_ms: 2_000,
            exchange_ms: 600,
            install_ms: 3_000,
        };
        host::consensus::Settings {
            timers,
            snapshots: SnapshotBounds { entries: 60, keep_entries: 10, ..SnapshotBounds::default() },
            log: SegmentBounds { segment_bytes: 16 << 10, cache_bytes: 4 << 10 },
            ..host::consensus::Settings::new(self.node, self.root().join("consensus"))
        }
    }
}

/// What a member's state is written to some time after it was applied. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub(super) struct SimulatedShelf(MemoryKeyedSet);

/// How the host calls its records, and the one that tells up to which entry they are.
const RECORD: &[u8] = b"r";
const INDEX: &[u8] = b"m/index";

impl SimulatedShelf {
    /// The power is lost: of what was not synced the first so many batches are there.
    pub(super) fn crash(&self, kept: usize) {
        self.0.crash(kept);
    }

    pub(super) fn sync(&mut self) {
        self.0.sync().unwrap();
    }

    /// Up to which entry it is.
    pub(super) fn index(&self) -> u64 {
        let index = self.0.get(INDEX).unwrap();
        index.and_then(|index| index.try_into().ok()).map_or(0, u64::from_be_bytes)
    }
}

impl Shelf for SimulatedShelf {
    fn records(&self) -> Option<BTreeMap<Vec<u8>, Vec<u8>>> {
        let records = self.0.scan(RECORD).map(Result::unwrap);
        Some(records.map(|(key, value)| (key[RECORD.len()..].to_vec(), value)).collect())
    }
}
