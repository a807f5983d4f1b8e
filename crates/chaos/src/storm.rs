//! Faults: which can befall a plex, how often in this world, and when they are over.

use crate::databases;
use crate::dice::Dice;
use crate::drafts::command;
use crate::world::cluster::Cluster;
use crate::world::network::{Held, Weather};
use crate::world::node::Node;
use crate::world::tempo::Tempo;
use control_region::Event;
use dasd::Fault;
use std::collections::BTreeMap;
use std::fmt;
use vocabulary::{MemberName, Moment};

/// The kinds of faults. A kind that is named more often happens more often.
const KINDS: [Kind; 31] = [
    Kind::Crash,
    Kind::Crash,
    Kind::Crash,
    Kind::CrashOfAll,
    Kind::Stop,
    Kind::Partition,
    Kind::Partition,
    Kind::OneWay,
    Kind::OneWay,
    Kind::Stall,
    Kind::Stall,
    Kind::Lag,
    Kind::NewLeader,
    Kind::NewLeader,
    Kind::Compact,
    Kind::ShelfSynced,
    Kind::ShelfDamaged,
    Kind::StopsFault,
    Kind::ClockJump,
    Kind::ClockDrift,
    Kind::Delete,
    Kind::Replace,
    Kind::Weather,
    Kind::Hold,
    Kind::Hold,
    Kind::Hold,
    Kind::Join,
    Kind::Guest,
    Kind::Blink,
    Kind::TakeOver,
    Kind::TakeOver,
];

/// What can be held back for a while.
const HELD: [&str; 20] = [
    "database",
    "recon",
    "Recon",
    "canvass",
    "Withdraw",
    "work",
    "regroup",
    "vote",
    "done",
    "answer",
    "coordinate",
    "register",
    "execute",
    "populate",
    "Prepare",
    "Commit",
    "Abort",
    "End",
    "TakeOver",
    "Stage",
];

/// How many members a plex grows to.
const MEMBERS_MAX: usize = 5;

/// How often a member that comes back is started cold.
const COLD_PER_MILLE: u64 = 150;

/// What can befall a plex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Crash,
    CrashOfAll,
    Stop,
    Partition,
    OneWay,
    Stall,
    Lag,
    NewLeader,
    Compact,
    ShelfSynced,
    ShelfDamaged,
    StopsFault,
    ClockJump,
    ClockDrift,
    Delete,
    Replace,
    Weather,
    Hold,
    Join,
    Guest,
    Blink,
    /// What a silent member has in RECON passes to another.
    TakeOver,
}

/// What ends a fault.
#[derive(Debug, Clone, Copy)]
enum Repair {
    Start { member: MemberName, cold: bool },
    Heal,
    Resume(MemberName),
    Release { lost: bool },
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start { member, cold: true } => write!(f, "{member} is started cold"),
            Self::Start { member, cold: false } => write!(f, "{member} is started"),
            Self::Heal => f.write_str("the network is whole again"),
            Self::Resume(member) => write!(f, "{member} applies again"),
            Self::Release { lost: true } => f.write_str("what was held back is lost"),
            Self::Release { lost: false } => f.write_str("what was held back goes on"),
        }
    }
}

/// The faults of one world.
#[derive(Debug)]
pub(crate) struct Storm {
    faults_per_mille: u64,
    clocks_jump: bool,
    repairs: Vec<(Moment, Repair)>,
    /// How many faults there were.
    pub(crate) faults: u64,
}

impl Storm {
    /// Draws what kind of world it is, and lets it begin.
    pub(crate) fn begin(cluster: &mut Cluster, dice: &mut Dice) -> Self {
        cluster.network.weather = weather(dice);
        cluster.tempo = Tempo {
            propose_ms_max: dice.pick(&[0, 2, 20, 200]),
            apply_ms_max: dice.pick(&[0, 2, 20, 200]),
            work_ms_max: dice.pick(&[0, 5, 100]),
            open_ms_max: dice.pick(&[0, 5, 100, 1_000]),
            open_fails_per_mille: dice.pick(&[0, 0, 20, 200]),
            unknown_per_mille: dice.pick(&[0, 0, 5, 50]),
            uninformed_per_mille: dice.pick(&[0, 0, 100, 500]),
            shelf_per_mille: dice.pick(&[100, 500, 1_000]),
        };
        let faults_per_mille = dice.pick(&[10, 40, 100, 250]);
        Self { faults_per_mille, clocks_jump: dice.happens(300), repairs: Vec::new(), faults: 0 }
    }

    /// Ends what is due, and lets something happen or nothing. Tells each in a line.
    pub(crate) fn act(&mut self, cluster: &mut Cluster, dice: &mut Dice, tell: &mut dyn FnMut(String)) {
        let now = cluster.now;
        let due: Vec<Repair> =
            self.repairs.extract_if(.., |(at, _)| *at <= now).map(|(_, repair)| repair).collect();
        for repair in due {
            tell(repair.to_string());
            mend(cluster, repair);
        }
        if dice.happens(self.faults_per_mille) {
            let (kind, members) = (dice.pick(&KINDS), cluster.sharers());
            let member = dice.pick(&members);
            if let Some(line) = self.happen(kind, member, &members, cluster, dice) {
                self.faults += 1;
                tell(line);
            }
        }
        databases::act(cluster, dice);
    }

    fn happen(
        &mut self,
        kind: Kind,
        member: MemberName,
        members: &[MemberName],
        cluster: &mut Cluster,
        dice: &mut Dice,
    ) -> Option<String> {
        let later = cluster.now.plus_ms(dice.pick(&[50, 500, 2_000, 6_000, 15_000]));
        let line = match kind {
            Kind::Crash => return self.crash(member, later, cluster, dice),
            Kind::CrashOfAll => {
                let lines = members.iter().filter_map(|member| self.crash(*member, later, cluster, dice));
                return Some(lines.collect::<Vec<_>>().join("; "));
            }
            Kind::Stop => {
                cluster.tell(member, Event::Stop);
                cluster.settle();
                let cold = dice.happens(COLD_PER_MILLE);
                self.repairs.push((later, Repair::Start { member, cold }));
                format!("{member} is told to stop")
            }
            Kind::Partition => {
                let parts: BTreeMap<MemberName, usize> =
                    members.iter().map(|member| (*member, dice.up_to(1) as usize)).collect();
                cluster.fall_apart(parts.clone());
                self.repairs.push((later, Repair::Heal));
                format!("the network falls into {parts:?}")
            }
            Kind::OneWay => {
                let to = dice.pick(members);
                cluster.cut(member, to);
                self.repairs.push((later, Repair::Heal));
                format!("nothing gets through from {member} to {to}")
            }
            Kind::Stall => {
                cluster.node(member).stalled_until = later;
                format!("{member} stands still until {later}")
            }
            Kind::Lag => {
                cluster.node(member).lags = true;
                self.repairs.push((later, Repair::Resume(member)));
                format!("{member} applies nothing")
            }
            Kind::NewLeader => return lead(member, cluster),
            Kind::Compact => {
                cluster.compact();
                "old entries are left to a snapshot".to_string()
            }
            Kind::ShelfSynced => {
                cluster.node(member).disk.sync();
                format!("{member} syncs its shelf")
            }
            Kind::ShelfDamaged => {
                cluster.node(member).disk.flip_a_bit(dice.up_to(10_000));
                format!("a bit flips on the shelf of {member}")
            }
            Kind::StopsFault => {
                let fault = dice.pick(&[Fault::Full, Fault::Io]);
                cluster.node(member).stops_fault = Some(fault);
                format!("the disk of {member} will fail in its next run: {fault:?}")
            }
            Kind::ClockJump if self.clocks_jump => {
                let forward_ms =
                    dice.pick(&[-3_600_000, -60_000, -2_000, -100, 100, 2_000, 60_000, 3_600_000]);
                cluster.node(member).clock.jump(forward_ms);
                format!("the clock of {member} jumps by {forward_ms} ms")
            }
            Kind::ClockJump => return None,
            Kind::ClockDrift => {
                let ppm = dice.pick(&[-20_000, -100, 100, 20_000]);
                let now = cluster.now;
                cluster.node(member).clock.drift(now, ppm);
                format!("the clock of {member} drifts by {ppm} microseconds a second")
            }
            Kind::Delete => {
                let at = dice.pick(members);
                let text = format!("DELETE MEMBER NAME({member})");
                cluster.ask(at, command(&text));
                format!("at {at}: {text}")
            }
            Kind::Replace => return replace(member, cluster),
            Kind::Hold => {
                let what = dice.pick(&HELD);
                let of = dice.happens(500).then_some(member);
                cluster.network.holds.insert((Held::named(what).unwrap(), of));
                self.repairs.push((later, Repair::Release { lost: dice.happens(500) }));
                format!("{what} of {} is held back", of.map_or("everybody".to_string(), |of| of.to_string()))
            }
            Kind::Blink => {
                cluster.blink(member);
                format!("{member} does not know for a moment who leads")
            }
            Kind::TakeOver => return databases::take_over(cluster, dice),
            Kind::Join => return join(cluster),
            Kind::Guest => return invite(cluster),
            Kind::Weather => {
                cluster.network.weather = weather(dice);
                format!("{:?}", cluster.network.weather)
            }
        };
        Some(line)
    }

    fn crash(
        &mut self,
        member: MemberName,
        later: Moment,
        cluster: &mut Cluster,
        dice: &mut Dice,
    ) -> Option<String> {
        if !cluster.node(member).is_alive() {
            return None;
        }
        let kept = dice.up_to(cluster.node(member).disk.unsynced() as u64) as usize;
        cluster.crash(member, kept);
        let cold = dice.happens(COLD_PER_MILLE);
        self.repairs.push((later, Repair::Start { member, cold }));
        Some(format!("{member} crashes, and keeps {kept} unsynced batches"))
    }

    /// All faults stop, and everybody comes back.
    pub(crate) fn end(&mut self, cluster: &mut Cluster) {
        self.repairs.clear();
        cluster.network.weather = Weather { delay_ms_min: 1, delay_ms_max: 1, ..Weather::default() };
        cluster.tempo = Tempo { shelf_per_mille: 500, ..Tempo::default() };
        cluster.heal();
        cluster.release(false);
        let now = cluster.now;
        for node in cluster.nodes.values_mut() {
            // Who stands still goes on when its time has come, with what it was told meanwhile in the order of telling.
            (node.lags, node.uninformed) = (false, false);
            node.clock.drift(now, 0);
        }
        start_everybody(cluster);
    }
}

/// Starts who is down. Who was deleted comes back with an empty data folder.
pub(crate) fn start_everybody(cluster: &mut Cluster) {
    for member in cluster.nodes.keys().copied().collect::<Vec<_>>() {
        let number = cluster.node(member).settings.node;
        let has_left = |node: &Node| {
            node.region.as_ref().is_some_and(|region| region.plex().former_nodes().contains_key(&number))
        };
        if !cluster.node(member).is_alive() && cluster.nodes.values().any(has_left) {
            cluster.renew(member);
        }
        cluster.start(member, false);
    }
}

fn mend(cluster: &mut Cluster, repair: Repair) {
    match repair {
        Repair::Start { member, cold } => cluster.start(member, cold),
        Repair::Heal => {
            cluster.heal();
            cluster.settle();
        }
        Repair::Release { lost } => cluster.release(lost),
        Repair::Resume(member) => {
            cluster.node(member).lags = false;
            cluster.settle();
        }
    }
}

fn weather(dice: &mut Dice) -> Weather {
    Weather {
        lost_per_mille: dice.pick(&[0, 0, 5, 50, 200]),
        twice_per_mille: dice.pick(&[0, 0, 50]),
        delay_ms_min: 1,
        delay_ms_max: dice.pick(&[1, 2, 5, 50, 400]),
    }
}

/// Another member leads, if it is in touch with a majority.
fn lead(member: MemberName, cluster: &mut Cluster) -> Option<String> {
    if !cluster.can_lead(member) {
        return None;
    }
    let number = cluster.node(member).settings.node;
    cluster.groups[0].lead(number);
    cluster.settle();
    Some(format!("{member} is made leader"))
}

/// A member that lost its data folder gets an empty one. Not where the plex would lose its memory with it: a majority
/// of the others must have all that was agreed on.
fn replace(member: MemberName, cluster: &mut Cluster) -> Option<String> {
    let group = &cluster.groups[0];
    let remembers = |node: &&Node| {
        node.group == 0
            && node.member() != member
            && node.is_alive()
            && group.voters.contains(&node.settings.node)
            && node.applied == group.last()
    };
    if cluster.nodes.values().filter(remembers).count() * 2 <= cluster.sharers().len() {
        return None;
    }
    cluster.renew(member);
    cluster.start(member, false);
    Some(format!("{member} begins anew with an empty data folder"))
}

/// One more member joins the plex.
fn join(cluster: &mut Cluster) -> Option<String> {
    let count = cluster.sharers().len();
    if count >= MEMBERS_MAX || cluster.groups[0].leader.is_none() {
        return None;
    }
    let member = MemberName::new(&format!("IMS{}", count + 1)).unwrap();
    cluster.join(member);
    cluster.start(member, false);
    Some(format!("{member} joins"))
}

/// A member with a catalog of its own comes to be seen in the plex.
fn invite(cluster: &mut Cluster) -> Option<String> {
    let guest = MemberName::new("GUEST").unwrap();
    if cluster.nodes.contains_key(&guest) {
        return None;
    }
    cluster.invite(guest);
    cluster.start(guest, false);
    Some(format!("{guest} comes as a guest"))
}
