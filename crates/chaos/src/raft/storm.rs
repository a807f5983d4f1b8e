//! What befalls members.

use super::member::{disk, named};
use super::operators::{Ask, Reply, administer};
use super::world::World;
use crate::dice::Dice;
use crate::locked;
use std::sync::{Arc, Mutex};

/// How long it is until the next fault, and how long one lasts, in milliseconds.
const GAP_MS: (u64, u64) = (100, 1_200);
const LASTS_MS: [u64; 5] = [30, 150, 500, 1_500, 3_000];

/// The most members that there ever are.
const MEMBERS_MAX: u64 = 7;

#[derive(Debug, Clone, Copy)]
enum Kind {
    Crash,
    CrashInTheMidst,
    CrashAll,
    Isolate,
    OneWay,
    Slow,
    FailedSync,
    HandOver,
    Membership,
}

const KINDS: [Kind; 15] = [
    Kind::Crash,
    Kind::Crash,
    Kind::CrashInTheMidst,
    Kind::CrashInTheMidst,
    Kind::CrashInTheMidst,
    Kind::CrashAll,
    Kind::Isolate,
    Kind::Isolate,
    Kind::OneWay,
    Kind::OneWay,
    Kind::Slow,
    Kind::FailedSync,
    Kind::HandOver,
    Kind::Membership,
    Kind::Membership,
];

#[derive(Debug, Clone)]
enum Repair {
    /// And start again, soon.
    Crash(String),
    Start(String),
    Join(String, String),
    Release(String, String),
}

/// The faults of one world.
#[derive(Debug, Default)]
pub(super) struct Storm {
    repairs: Vec<(u64, Repair)>,
    next_ms: u64,
    pub(super) faults: u64,
    /// A member that is to leave, and whether that was done.
    leaving: Option<(String, Arc<Mutex<Option<Reply>>>)>,
}

impl Storm {
    /// Ends what is due, and lets something happen or nothing.
    pub(super) fn act(&mut self, world: &mut World) {
        self.look_after(world);
        let now = world.now_ms;
        // The plex is formed first.
        if now < self.next_ms || now < 2_000 {
            return;
        }
        self.next_ms = now + world.dice.between(GAP_MS.0, GAP_MS.1);
        let until = now + world.dice.pick(&LASTS_MS);
        let kind = world.dice.pick(&KINDS);
        let present_now = present(world);
        let member = one_of(&mut world.dice, &present_now);
        let Some(member) = member else { return };
        self.faults += 1;
        match kind {
            Kind::Crash => self.crash(world, &member, until),
            Kind::CrashInTheMidst => {
                // It stops wherever it is with what it writes, and the process with it, a little later.
                let (changes, after) = (world.dice.up_to(12), world.dice.between(5, 60));
                simulated_disk::lose_power_after(&disk(&member), changes);
                tell(world, &format!("{member} loses its disk {changes} changes from now"));
                self.repairs.push((now + after, Repair::Crash(member)));
            }
            Kind::CrashAll => present(world).iter().for_each(|member| self.crash(world, member, until)),
            Kind::Isolate => self.cut(world, &member, until, true),
            Kind::OneWay => self.cut(world, &member, until, false),
            Kind::Slow => self.hold(world, &member, until),
            Kind::FailedSync => {
                tell(world, &format!("syncs of {member} fail"));
                simulated_disk::fail_syncs(&disk(&member));
            }
            Kind::HandOver => administered(world, Ask::HandOver, vec![member], |_| {}),
            Kind::Membership => self.change_members(world, &member),
        }
    }

    fn crash(&mut self, world: &mut World, member: &str, until: u64) {
        tell(world, &format!("{member} crashes"));
        world.crash(member);
        // Sometimes its shelf has lost what was not synced, or all of it.
        let steps = world.dice.pick(&[0, 0, 1, 5, 100]);
        world.members[member].fall_back(steps);
        self.repairs.push((until, Repair::Start(member.to_string())));
    }

    fn cut(&mut self, world: &mut World, member: &str, until: u64, both: bool) {
        let others: Vec<String> = world.members.keys().filter(|other| *other != member).cloned().collect();
        let others = match both {
            true => others,
            false => one_of(&mut world.dice, &others).into_iter().collect(),
        };
        for other in others {
            let arrow = if both { "<>" } else { ">" };
            tell(world, &format!("nothing gets through: {member}{arrow}{other}"));
            match both {
                true => world.sim.partition(member, &*other),
                false => world.sim.partition_oneway(member, &*other),
            }
            self.repairs.push((until, Repair::Join(member.to_string(), other)));
        }
    }

    fn hold(&mut self, world: &mut World, member: &str, until: u64) {
        for other in world.members.keys().filter(|other| *other != member).cloned().collect::<Vec<_>>() {
            tell(world, &format!("what {member} and {other} send is held back"));
            world.sim.hold(member, &*other);
            self.repairs.push((until, Repair::Release(member.to_string(), other)));
        }
    }

    /// Somebody joins, leaves, or is replaced by somebody new. One such change at a time.
    fn change_members(&mut self, world: &mut World, member: &str) {
        let (known, voters) = (world.members.len() as u64, world.voters());
        if self.leaving.is_some() {
            return;
        }
        let Some(node) = voters.iter().position(|voter| voter == member).and_then(|_| number(member)) else {
            return;
        };
        let is_large = voters.len() > 3;
        let request = match world.dice.up_to(2) {
            0 if is_large => Ask::Remove { node },
            1 if known < MEMBERS_MAX => Ask::Replace { old: node, new: known + 1 },
            _ if known < MEMBERS_MAX && !is_large => Ask::Add { node: known + 1 },
            _ => return,
        };
        if let Ask::Add { node } | Ask::Replace { new: node, .. } = request {
            world.join(node);
        }
        let leaves = match request {
            Ask::Add { .. } => String::new(),
            _ => member.to_string(),
        };
        tell(world, &format!("{request:?}"));
        let outcome = Arc::new(Mutex::new(None));
        self.leaving = Some((leaves, outcome.clone()));
        let of = present(world);
        administered(world, request, of, move |reply| *locked(&outcome) = Some(reply));
    }

    /// Ends what is due. Whoever stopped by itself is started again, and whoever left is stopped.
    pub(super) fn look_after(&mut self, world: &mut World) {
        let now = world.now_ms;
        let due: Vec<Repair> =
            self.repairs.extract_if(.., |(at, _)| *at <= now).map(|(_, repair)| repair).collect();
        due.into_iter().for_each(|repair| self.mend(world, repair));
        for member in world.facts.with(|known| known.failed.clone()) {
            self.crash(world, &member, now + 100);
        }
        let outcome = self.leaving.as_ref().and_then(|(_, outcome)| *locked(outcome));
        if let Some(outcome) = outcome
            && let Some((member, _)) = self.leaving.take()
            && outcome == Reply::Done(0)
            && !member.is_empty()
        {
            tell(world, &format!("{member} has left"));
            world.gone.insert(member.clone());
            world.crash(&member);
        }
    }

    /// All faults stop, and everybody comes back.
    pub(super) fn end(&mut self, world: &mut World) {
        tell(world, "the faults stop");
        for (_, repair) in std::mem::take(&mut self.repairs) {
            self.mend(world, repair);
        }
        for member in world.down.clone() {
            world.start(&member);
        }
    }

    fn mend(&mut self, world: &mut World, repair: Repair) {
        match repair {
            Repair::Crash(member) => {
                let until = world.now_ms + world.dice.pick(&LASTS_MS);
                self.crash(world, &member, until);
            }
            Repair::Start(member) => {
                tell(world, &format!("{member} starts"));
                world.start(&member);
            }
            Repair::Join(one, other) => world.sim.repair(&*one, &*other),
            Repair::Release(one, other) => {
                world.sim.release(&*one, &*other);
                world.sim.repair(&*one, &*other);
            }
        }
    }
}

/// Those whose process runs.
fn present(world: &World) -> Vec<String> {
    world.members.keys().filter(|member| !world.down.contains(*member)).cloned().collect()
}

fn one_of(dice: &mut Dice, of: &[String]) -> Option<String> {
    (!of.is_empty()).then(|| of[dice.up_to(of.len() as u64 - 1) as usize].clone())
}

fn number(member: &str) -> Option<u64> {
    member.strip_prefix(named(0).trim_end_matches('0'))?.parse().ok()
}

fn tell(world: &World, line: &str) {
    world.facts.tell_at(world.now_ms as f64 / 1_000.0, line);
}

/// Somebody asks for this, from a host of their own.
fn administered(world: &mut World, request: Ask, of: Vec<String>, done: impl FnOnce(Reply) + 'static) {
    let name = format!("administrator{}", world.administrators());
    let facts = world.facts.clone();
    world.sim.client(name, administer(request, of, facts, done));
}
