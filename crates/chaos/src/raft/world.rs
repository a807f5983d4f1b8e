//! A world, from its seed to its end.

use super::facts::{Facts, Known};
use super::member::{Member, address, disk, named};
use super::operators::{OPERATORS, operate};
use super::registers::Registers;
use super::storm::Storm;
use super::{RaftReport, Sabotage};
use crate::dice::Dice;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use turmoil::Sim;

/// How many members form the plex.
const FOUNDERS: u64 = 3;

/// How long the storm lasts, and how long the calm may take until everything serves, in milliseconds.
const STORM_MS: u64 = 20_000;
const CALM_MS: u64 = 30_000;

/// How long operators go on in the calm, so that there is something to converge on.
const WORK_MS: u64 = 1_500;

/// How long after the last write everybody may take to apply it.
const CONVERGE_MS: u64 = 5_000;

/// One simulated plex.
pub(super) struct World {
    pub(super) sim: Sim<'static>,
    pub(super) facts: Facts,
    pub(super) dice: Dice,
    pub(super) now_ms: u64,
    pub(super) members: BTreeMap<String, Arc<Registers>>,
    /// Members whose process does not run at the moment.
    pub(super) down: BTreeSet<String>,
    /// Members that have left for good.
    pub(super) gone: BTreeSet<String>,
    administrators: u64,
    seed: u64,
    sabotage: Option<Sabotage>,
}

impl World {
    pub(super) fn new(seed: u64, sabotage: Option<Sabotage>, facts: Facts) -> Self {
        let mut builder = turmoil::Builder::new();
        builder.rng_seed(seed).enable_random_order();
        builder.simulation_duration(Duration::from_secs(3_600)).tick_duration(Duration::from_millis(1));
        builder.min_message_latency(Duration::from_micros(200)).max_message_latency(Duration::from_millis(5));
        builder.tcp_capacity(1 << 16).epoch(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
        Self {
            sim: builder.build(),
            facts,
            dice: Dice::of(seed),
            now_ms: 0,
            members: BTreeMap::new(),
            down: BTreeSet::new(),
            gone: BTreeSet::new(),
            administrators: 0,
            seed,
            sabotage,
        }
    }

    /// Has it happen, and judges it.
    pub(super) fn run(mut self) -> RaftReport {
        for node in 1..=FOUNDERS {
            self.join(node);
        }
        for nth in 0..OPERATORS {
            let (seed, facts) = (self.seed, self.facts.clone());
            self.sim.client(format!("operator{nth}"), operate(nth, seed, facts));
        }
        let mut storm = Storm::default();
        let ended = self.live_through(&mut storm);
        let found = ended.err().or_else(|| self.facts.with(|known| known.broken.take()));
        let found = found.or_else(|| self.facts.with(|known| known.history.check(&known.written).err()));
        self.facts.with(|known| self.report(known, found, storm.faults))
    }

    fn report(&self, known: &mut Known, failure: Option<String>, faults: u64) -> RaftReport {
        RaftReport {
            story: std::mem::take(&mut known.story),
            failure,
            faults,
            served: known.history.answers,
            installed: known.installed,
            masters: known.masters.len() as u64,
            simulated_ms: self.now_ms,
        }
    }

    fn live_through(&mut self, storm: &mut Storm) -> Result<(), String> {
        while self.now_ms < STORM_MS {
            self.step()?;
            storm.act(self);
        }
        storm.end(self);
        self.facts.with(|known| {
            known.served.clear();
            known.took_write = false;
        });
        self.calm(storm)
    }

    /// Everybody has to serve, and then to come to the same.
    fn calm(&mut self, storm: &mut Storm) -> Result<(), String> {
        let until = self.now_ms + CALM_MS;
        while !self.serves() {
            if self.now_ms >= until {
                return Err(format!(
                    "{} s after the faults the plex does not serve: {}",
                    CALM_MS / 1_000,
                    self.stands()
                ));
            }
            self.step()?;
            storm.look_after(self);
        }
        for _ in 0..WORK_MS {
            self.step()?;
        }
        let until = self.now_ms + CONVERGE_MS;
        while !self.is_agreed() {
            if self.now_ms >= until {
                return Err(format!("members do not come to the same: {}", self.stands()));
            }
            self.step()?;
        }
        Ok(())
    }

    /// Lets a millisecond pass.
    fn step(&mut self) -> Result<(), String> {
        self.sim.step().map_err(|error| format!("a member ended: {error}"))?;
        self.now_ms += 1;
        match self.facts.with(|known| known.broken.clone()) {
            Some(broken) => Err(broken),
            None => Ok(()),
        }
    }

    /// One more member, with an empty disk.
    pub(super) fn join(&mut self, node: u64) {
        let name = named(node);
        simulated_disk::mount(&disk(&name), self.seed.wrapping_mul(31).wrapping_add(node));
        if self.sabotage == Some(Sabotage::LyingDisks) {
            simulated_disk::lie(&disk(&name));
        }
        let registers = Registers::new(&name, self.facts.clone());
        let (facts, sabotage) = (self.facts.clone(), self.sabotage);
        let member = Member { name: name.clone(), node, registers: registers.clone(), facts, sabotage };
        let founders =
            (node == 1).then(|| (1..=FOUNDERS).map(|node| (node, address(&named(node)))).collect());
        self.members.insert(name.clone(), registers);
        self.sim.host(name, move || member.clone().run(founders.clone()));
    }

    /// A number that no administrator had before.
    pub(super) fn administrators(&mut self) -> u64 {
        self.administrators += 1;
        self.administrators
    }

    /// A member loses its power.
    pub(super) fn crash(&mut self, member: &str) {
        if self.down.insert(member.to_string()) {
            simulated_disk::lose_power(&disk(member));
            self.sim.crash(member);
            self.facts.with(|known| known.failed.remove(member));
        }
    }

    /// A member that is down comes back, with what its disk had kept.
    pub(super) fn start(&mut self, member: &str) {
        if !self.gone.contains(member) && self.down.remove(member) {
            simulated_disk::power_up(&disk(member));
            self.sim.bounce(member);
        }
    }

    /// Those that decide, as the one sees it that knows most.
    pub(super) fn voters(&self) -> BTreeSet<String> {
        self.facts.with(|known| {
            let newest = known.standings.values().max_by_key(|standing| (standing.committed, standing.term));
            newest
                .map(|standing| standing.voters.keys().map(|node| named(*node)).collect())
                .unwrap_or_default()
        })
    }

    fn serves(&self) -> bool {
        let voters = self.voters();
        self.facts.with(|known| known.took_write && voters.iter().all(|voter| known.served.contains(voter)))
    }

    fn is_agreed(&self) -> bool {
        let stand: Vec<(u64, u64)> = self.voters().iter().filter_map(|voter| self.registers(voter)).collect();
        // Operators go on writing: who is behind by a few entries is on the way, and what came before is judged entry by
        // entry as it is applied.
        let newest = stand.iter().map(|(index, _)| *index).max().unwrap_or_default();
        stand.iter().all(|(index, _)| index + 20 >= newest)
    }

    fn registers(&self, member: &str) -> Option<(u64, u64)> {
        self.members.get(member).map(|registers| registers.stands())
    }

    fn stands(&self) -> String {
        self.facts.with(|known| format!("{:#?}", known.standings))
    }
}
