//! What befalls real members, and what ends it.

use super::members::{Members, MembersError};
use crate::dice::Dice;
use rustix::process::Signal;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// The kinds of faults. A kind that is named more often happens more often.
const KINDS: [Kind; 16] = [
    Kind::Kill,
    Kind::Kill,
    Kind::Kill,
    Kind::KillAll,
    Kind::End,
    Kind::Pause,
    Kind::Pause,
    Kind::Pause,
    Kind::Partition,
    Kind::Partition,
    Kind::OneWay,
    Kind::OneWay,
    Kind::TornTail,
    Kind::FullDisk,
    Kind::FailedSync,
    Kind::Join,
];

/// How many members a plex grows to.
const MEMBERS_MAX: usize = 5;

/// How long a fault lasts.
const LASTS_MS: [u64; 5] = [100, 400, 1_000, 2_500, 5_000];

/// How long it is until the next one.
const GAP_MS: (u64, u64) = (200, 1_800);

/// What can befall a plex of real processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Kill,
    KillAll,
    End,
    Pause,
    Partition,
    OneWay,
    TornTail,
    FullDisk,
    FailedSync,
    Join,
}

/// What ends a fault.
#[derive(Debug, Clone)]
enum Repair {
    Start(String),
    Resume(String),
    Room(String),
    Syncs(String),
    Heal,
}

/// The faults of one plex.
#[derive(Debug)]
pub(super) struct Storm {
    repairs: Vec<(Instant, Repair)>,
    next: Instant,
    /// Members that something befell which is not over.
    stricken: BTreeSet<String>,
    /// Members whose disk failed since the last calm: they may end by themselves.
    may_end: BTreeSet<String>,
    /// By kind.
    pub(super) faults: BTreeMap<&'static str, u64>,
}

impl Storm {
    pub(super) fn new() -> Self {
        Self {
            repairs: Vec::new(),
            next: Instant::now(),
            stricken: BTreeSet::new(),
            may_end: BTreeSet::new(),
            faults: BTreeMap::new(),
        }
    }

    /// Ends what is due, and lets something happen or nothing: what, in a line.
    pub(super) fn act(
        &mut self,
        members: &mut Members,
        dice: &mut Dice,
    ) -> Result<Option<String>, MembersError> {
        let now = Instant::now();
        let due: Vec<Repair> =
            self.repairs.extract_if(.., |(at, _)| *at <= now).map(|(_, repair)| repair).collect();
        for repair in due {
            self.mend(members, repair)?;
        }
        if now < self.next {
            return Ok(None);
        }
        self.next = now + Duration::from_millis(dice.between(GAP_MS.0, GAP_MS.1));
        let later = now + Duration::from_millis(dice.pick(&LASTS_MS));
        let kind = dice.pick(&KINDS);
        let line = match kind {
            Kind::Partition | Kind::OneWay => self.cut(kind, members, dice, later)?,
            Kind::KillAll => Some(self.kill_all(members, later)),
            Kind::Join => join(members)?,
            _ => self.strike(kind, members, dice, later)?,
        };
        if line.is_some() {
            *self.faults.entry(kind.name()).or_default() += 1;
        }
        Ok(line)
    }

    /// A member loses its data folder, where nothing else befalls anybody, and begins anew.
    pub(super) fn replace(&mut self, member: &str, members: &mut Members) -> Result<String, MembersError> {
        members.kill(member);
        members.empty(member)?;
        members.spawn(member)?;
        *self.faults.entry("members replaced").or_default() += 1;
        Ok(format!("{member} begins anew with an empty data folder"))
    }

    fn cut(
        &mut self,
        kind: Kind,
        members: &Members,
        dice: &mut Dice,
        later: Instant,
    ) -> Result<Option<String>, MembersError> {
        let names = members.names();
        let is_cut = self.repairs.iter().any(|(_, repair)| matches!(repair, Repair::Heal));
        if is_cut || !members.hosts.can_be_cut() {
            return Ok(None);
        }
        let half: Vec<bool> = names.iter().map(|_| dice.happens(500)).collect();
        let (from, to) = (dice.up_to(names.len() as u64 - 1), dice.up_to(names.len() as u64 - 1));
        let pairs: Vec<(usize, usize)> =
            (0..names.len()).flat_map(|one| (0..names.len()).map(move |other| (one, other))).collect();
        let apart = |(one, other): &(usize, usize)| match kind {
            Kind::OneWay => (*one as u64, *other as u64) == (from, to) && from != to,
            _ => half[*one] != half[*other],
        };
        let apart: Vec<_> = pairs.into_iter().filter(apart).collect();
        if apart.is_empty() {
            return Ok(None);
        }
        for (one, other) in &apart {
            members.hosts.cut(&names[*one], &names[*other])?;
        }
        self.repairs.push((later, Repair::Heal));
        let told: Vec<String> =
            apart.iter().map(|(one, other)| format!("{}>{}", names[*one], names[*other])).collect();
        Ok(Some(format!("nothing gets through: {}", told.join(" "))))
    }

    fn kill_all(&mut self, members: &mut Members, later: Instant) -> String {
        for member in members.names() {
            self.calm_down(members, &member);
            members.kill(&member);
            self.repairs.push((later, Repair::Start(member)));
        }
        "everybody is killed".to_string()
    }

    /// Something befalls one member to which nothing else happens at the moment.
    fn strike(
        &mut self,
        kind: Kind,
        members: &mut Members,
        dice: &mut Dice,
        later: Instant,
    ) -> Result<Option<String>, MembersError> {
        let free: Vec<String> = members
            .names()
            .into_iter()
            .filter(|member| members.is_up(member) && !self.stricken.contains(member))
            .collect();
        if free.is_empty() {
            return Ok(None);
        }
        let member = free[dice.up_to(free.len() as u64 - 1) as usize].clone();
        let (repair, line) = match kind {
            Kind::Kill => {
                members.kill(&member);
                (Repair::Start(member.clone()), "is killed")
            }
            Kind::TornTail => {
                members.kill(&member);
                members.tear_log(&member);
                (Repair::Start(member.clone()), "is killed, and the end of its log is torn")
            }
            Kind::End => {
                members.signal(&member, Signal::TERM);
                self.may_end.insert(member.clone());
                (Repair::Start(member.clone()), "is told to end")
            }
            Kind::Pause => {
                members.signal(&member, Signal::STOP);
                (Repair::Resume(member.clone()), "stands still")
            }
            Kind::FullDisk if members.has_small_disk(&member) => {
                members.fill_disk(&member);
                self.may_end.insert(member.clone());
                (Repair::Room(member.clone()), "has no room on its disk")
            }
            Kind::FailedSync if members.fail_syncs(&member) => {
                self.may_end.insert(member.clone());
                (Repair::Syncs(member.clone()), "has a disk whose syncs fail")
            }
            _ => return Ok(None),
        };
        self.stricken.insert(member.clone());
        self.repairs.push((later, repair));
        Ok(Some(format!("{member} {line}")))
    }

    fn mend(&mut self, members: &mut Members, repair: Repair) -> Result<(), MembersError> {
        match repair {
            Repair::Heal => members.hosts.heal()?,
            Repair::Start(member) => {
                self.start_again(members, &member)?;
                self.stricken.remove(&member);
            }
            Repair::Resume(member) => {
                members.signal(&member, Signal::CONT);
                self.stricken.remove(&member);
            }
            Repair::Room(member) => {
                members.make_room(&member);
                self.start_again(members, &member)?;
                self.stricken.remove(&member);
            }
            Repair::Syncs(member) => {
                members.mend_syncs(&member);
                self.start_again(members, &member)?;
                self.stricken.remove(&member);
            }
        }
        Ok(())
    }

    /// Starts who is down, or has ended and may have.
    fn start_again(&mut self, members: &mut Members, member: &str) -> Result<(), MembersError> {
        if self.may_end.contains(member) {
            members.take_ended(member);
        }
        members.spawn(member)
    }

    /// What goes on at a member is over, but for its being down.
    fn calm_down(&mut self, members: &mut Members, member: &str) {
        let own = |repair: &Repair| match repair {
            Repair::Start(of) | Repair::Resume(of) | Repair::Room(of) | Repair::Syncs(of) => of == member,
            Repair::Heal => false,
        };
        for (_, repair) in self.repairs.extract_if(.., |(_, repair)| own(repair)) {
            match repair {
                Repair::Resume(of) => members.signal(&of, Signal::CONT),
                Repair::Room(of) => members.make_room(&of),
                Repair::Syncs(of) => members.mend_syncs(&of),
                Repair::Start(_) | Repair::Heal => {}
            }
        }
        self.stricken.remove(member);
    }

    /// All faults stop, and everybody comes back.
    pub(super) fn end(&mut self, members: &mut Members) -> Result<(), MembersError> {
        members.hosts.heal()?;
        for member in members.names() {
            self.calm_down(members, &member);
            self.start_again(members, &member)?;
        }
        self.repairs.clear();
        Ok(())
    }

    /// A member that ended by itself though nothing forced it: what it said last. Who may have ended is started again.
    pub(super) fn look_after(&mut self, members: &mut Members) -> Result<Option<String>, MembersError> {
        for member in members.names() {
            if self.stricken.contains(&member) {
                continue;
            }
            let Some(status) = members.take_ended(&member) else { continue };
            if !self.may_end.contains(&member) {
                let tail = members.log(&member).tail(20);
                return Ok(Some(format!("{member} ended by itself ({status}):\n{tail}")));
            }
            members.spawn(&member)?;
        }
        Ok(None)
    }

    /// Whoever ends by itself from now on does so without a reason.
    pub(super) fn is_calm(&mut self) {
        self.may_end.clear();
    }
}

impl Kind {
    /// What many of it are called.
    fn name(self) -> &'static str {
        match self {
            Self::Kill => "kills",
            Self::KillAll => "kills of all",
            Self::End => "orderly ends",
            Self::Pause => "standstills",
            Self::Partition => "partitions",
            Self::OneWay => "one-way partitions",
            Self::TornTail => "torn logs",
            Self::FullDisk => "full disks",
            Self::FailedSync => "failed syncs",
            Self::Join => "members added",
        }
    }
}

fn join(members: &mut Members) -> Result<Option<String>, MembersError> {
    let count = members.names().len();
    if count >= MEMBERS_MAX {
        return Ok(None);
    }
    let member = format!("IMS{}", count + 1);
    members.join(&member)?;
    Ok(Some(format!("{member} joins")))
}
