//! What befalls members of a world with real consensus.

use super::facts::Order;
use super::member::host_of;
use super::world::{World, named};
use crate::bank;
use crate::drafts::command;
use crate::world::workplace::Workplace;
use control_region::Event;
use vocabulary::MemberName;

/// How long it is until the next fault, and how long one lasts, in milliseconds.
const GAP_MS: (u64, u64) = (100, 1_500);
const LASTS_MS: [u64; 6] = [30, 150, 500, 1_500, 3_000, 5_000];

/// How many members a plex grows to.
const MEMBERS_MAX: u64 = 5;

/// How often a member that comes back is started cold.
const COLD_PER_MILLE: u64 = 150;

#[derive(Debug, Clone, Copy)]
enum Kind {
    Crash,
    CrashInTheMidst,
    CrashOfAll,
    Delete,
    FailedSync,
    HandOver,
    Isolate,
    Join,
    OneWay,
    Replace,
    ShelfSynced,
    Slow,
    Stop,
}

/// A kind that is named more often happens more often.
const KINDS: [Kind; 22] = [
    Kind::Crash,
    Kind::Crash,
    Kind::Crash,
    Kind::CrashInTheMidst,
    Kind::CrashInTheMidst,
    Kind::CrashInTheMidst,
    Kind::CrashOfAll,
    Kind::Delete,
    Kind::FailedSync,
    Kind::HandOver,
    Kind::HandOver,
    Kind::HandOver,
    Kind::Isolate,
    Kind::Isolate,
    Kind::Join,
    Kind::OneWay,
    Kind::OneWay,
    Kind::Replace,
    Kind::ShelfSynced,
    Kind::ShelfSynced,
    Kind::Slow,
    Kind::Stop,
];

/// What ends a fault.
#[derive(Debug, Clone, Copy)]
enum Repair {
    /// And start again, soon.
    Crash(MemberName),
    Start {
        member: MemberName,
        cold: bool,
    },
    Join(MemberName, MemberName),
    Release(MemberName, MemberName),
}

/// The faults of one world.
#[derive(Debug, Default)]
pub(super) struct Storm {
    repairs: Vec<(u64, Repair)>,
    next_ms: u64,
    pub(super) faults: u64,
}

impl Storm {
    /// Ends what is due, and lets something happen or nothing.
    pub(super) fn act(&mut self, world: &mut World) {
        self.look_after(world);
        programs(world);
        let now = world.now_ms;
        if now < self.next_ms {
            return;
        }
        self.next_ms = now + world.dice.between(GAP_MS.0, GAP_MS.1);
        let until = now + world.dice.pick(&LASTS_MS);
        let kind = world.dice.pick(&KINDS);
        let Some(member) = one_that_runs(world) else { return };
        if self.happen(kind, member, until, world) {
            self.faults += 1;
        }
    }

    fn happen(&mut self, kind: Kind, member: MemberName, until: u64, world: &mut World) -> bool {
        match kind {
            Kind::Crash => self.crash(world, member, until),
            Kind::CrashInTheMidst => {
                // It stops wherever it is with what it writes, and the process with it, a little later.
                let (changes, after) = (world.dice.up_to(12), world.dice.between(5, 60));
                simulated_disk::lose_power_after(&world.members[&member].root(), changes);
                tell(world, &format!("{member} loses its disk {changes} changes from now"));
                self.repairs.push((world.now_ms + after, Repair::Crash(member)));
            }
            Kind::CrashOfAll => {
                world.sharers().into_iter().for_each(|member| self.crash(world, member, until));
            }
            // Whoever leaves is not to take what the plex knows along.
            Kind::Delete if !world.others_remember(member) => return false,
            Kind::Delete => {
                let at = world.dice.pick(&world.sharers());
                let text = format!("DELETE MEMBER NAME({member})");
                tell(world, &format!("at {at}: {text}"));
                world.ask(at, command(&text));
            }
            Kind::FailedSync => {
                tell(world, &format!("syncs of {member} fail"));
                simulated_disk::fail_syncs(&world.members[&member].root());
            }
            Kind::HandOver => {
                tell(world, &format!("{member} lets another lead"));
                world.order(member, Order::HandOver);
            }
            Kind::Isolate => self.cut(world, member, until, true),
            Kind::Join => return join(world),
            Kind::OneWay => self.cut(world, member, until, false),
            Kind::Replace => return self.replace(world, member, until),
            Kind::ShelfSynced => {
                tell(world, &format!("{member} syncs its shelf"));
                if let Some(disk) = world.members.get_mut(&member) {
                    disk.shelf.sync();
                }
            }
            Kind::Slow => self.hold(world, member, until),
            Kind::Stop => {
                tell(world, &format!("{member} is told to stop"));
                world.tell(member, Event::Stop);
            }
        }
        true
    }

    fn crash(&mut self, world: &mut World, member: MemberName, until: u64) {
        // Sometimes its shelf has lost what was not synced, or the younger part of it.
        let kept = world.dice.pick(&[usize::MAX, usize::MAX, 0, 5, 20]);
        let cold = world.dice.happens(COLD_PER_MILLE);
        if !world.is_down(member) {
            tell(world, &format!("{member} crashes"));
            world.crash(member, kept);
            self.repairs.push((until, Repair::Start { member, cold }));
        }
    }

    fn cut(&mut self, world: &mut World, member: MemberName, until: u64, both: bool) {
        let others = others(world, member);
        let others = match both {
            true => others,
            false => vec![world.dice.pick(&others)],
        };
        for other in others {
            let arrow = if both { "<>" } else { ">" };
            tell(world, &format!("nothing gets through: {member}{arrow}{other}"));
            world.facts.known().cuts.insert((member, other));
            match both {
                true => {
                    world.facts.known().cuts.insert((other, member));
                    world.sim.partition(host_of(member), host_of(other));
                }
                false => world.sim.partition_oneway(host_of(member), host_of(other)),
            }
            self.repairs.push((until, Repair::Join(member, other)));
        }
    }

    fn hold(&mut self, world: &mut World, member: MemberName, until: u64) {
        for other in others(world, member) {
            tell(world, &format!("what {member} and {other} send is held back"));
            let mut known = world.facts.known();
            known.cuts.extend([(member, other), (other, member)]);
            drop(known);
            world.sim.hold(host_of(member), host_of(other));
            self.repairs.push((until, Repair::Release(member, other)));
        }
    }

    /// A member that lost its data folder gets an empty one. Not where the plex would lose its memory with it.
    fn replace(&mut self, world: &mut World, member: MemberName, until: u64) -> bool {
        if !world.others_remember(member) {
            return false;
        }
        world.crash(member, usize::MAX);
        world.renew(member);
        tell(world, &format!("{member} loses its data folder"));
        self.repairs.push((until, Repair::Start { member, cold: false }));
        true
    }

    /// Ends what is due. Whoever stopped by itself is started again.
    pub(super) fn look_after(&mut self, world: &mut World) {
        let now = world.now_ms;
        let due: Vec<Repair> =
            self.repairs.extract_if(.., |(at, _)| *at <= now).map(|(_, repair)| repair).collect();
        due.into_iter().for_each(|repair| self.mend(world, repair));
        let ended: Vec<MemberName> = world.facts.known().ended.keys().copied().collect();
        for member in ended {
            world.crash(member, usize::MAX);
            self.repairs.push((now + 300, Repair::Start { member, cold: false }));
        }
    }

    /// All faults stop, and everybody comes back.
    pub(super) fn end(&mut self, world: &mut World) {
        tell(world, "the faults stop");
        for (_, repair) in std::mem::take(&mut self.repairs) {
            match repair {
                // Who lost its disk is not to lose it again.
                Repair::Crash(member) => {
                    world.crash(member, usize::MAX);
                    world.start(member, false);
                }
                repair => self.mend(world, repair),
            }
        }
        world.sharers().into_iter().for_each(|member| world.start(member, false));
    }

    fn mend(&mut self, world: &mut World, repair: Repair) {
        match repair {
            Repair::Crash(member) => {
                let until = world.now_ms + world.dice.pick(&LASTS_MS);
                self.crash(world, member, until);
            }
            Repair::Start { member, cold } => {
                tell(world, &format!("{member} starts{}", if cold { " cold" } else { "" }));
                world.start(member, cold);
            }
            Repair::Join(one, other) => {
                world.sim.repair(host_of(one), host_of(other));
                joined(world, one, other);
            }
            Repair::Release(one, other) => {
                world.sim.release(host_of(one), host_of(other));
                world.sim.repair(host_of(one), host_of(other));
                joined(world, one, other);
            }
        }
    }
}

fn joined(world: &World, one: MemberName, other: MemberName) {
    world.facts.known().cuts.retain(|cut| *cut != (one, other) && *cut != (other, one));
}

/// One more member joins the plex.
fn join(world: &mut World) -> bool {
    let count = world.members.len() as u64;
    if count >= MEMBERS_MAX {
        return false;
    }
    let member = named(count + 1);
    tell(world, &format!("{member} joins"));
    world.join(member);
    true
}

/// Programs are scheduled and end.
fn programs(world: &mut World) {
    let members = world.sharers();
    let (member, region) = (world.dice.pick(&members), world.dice.up_to(2) as u32);
    if world.dice.happens(100) {
        let psb = world.dice.pick(&bank::PSBS).parse().unwrap();
        world.schedule(member, region, psb);
    } else if world.dice.happens(200) {
        world.end_region(member, region);
    }
}

fn one_that_runs(world: &mut World) -> Option<MemberName> {
    let running: Vec<MemberName> =
        world.sharers().into_iter().filter(|member| !world.is_down(*member)).collect();
    (!running.is_empty()).then(|| world.dice.pick(&running))
}

fn others(world: &World, member: MemberName) -> Vec<MemberName> {
    world.sharers().into_iter().filter(|other| *other != member).collect()
}

fn tell(world: &World, line: &str) {
    world.facts.tell_at(world.now_ms as f64 / 1_000.0, &format!("** {line}"));
}
