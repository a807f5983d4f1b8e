//! The engines of members: which databases each has open, for what and in which epoch, and what their logs say of it.
//!
//! The data sets are shared by all members. As those of the product do, they refuse who writes in an earlier epoch than the
//! one that they were opened for update in last.

use super::cluster::{Cluster, Later, REGIONS, Sight};
use super::facts::Fact;
use super::network::Held;
use control_region::{Event, OpenOrder, OpenWhat, RegionId};
use dbrc::Access;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use vocabulary::message::{DFS451E, DFS730E, LOG110I};
use vocabulary::{DbdName, Epoch, MemberName, Message, Moment};

/// How a member has a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opened {
    pub(crate) access: Access,
    pub(crate) epoch: Epoch,
    /// RECON had the database when it was to be opened, and not only the member.
    pub(crate) is_registered: bool,
    /// Sequential data sets are in no log.
    is_sequential: bool,
    /// Its data sets take nothing more from here.
    is_stopped: bool,
}

impl Opened {
    pub(crate) fn updates(&self) -> bool {
        self.access >= Access::Update && !self.is_sequential
    }
}

/// What an engine is to do.
#[derive(Debug, Clone, Copy)]
pub(super) enum Order {
    Open(DbdName, Opened),
    Close(DbdName),
    End,
}

/// The engine of a member.
#[derive(Debug, Default)]
pub(crate) struct Engine {
    pub(crate) open: BTreeMap<DbdName, Opened>,
    /// What its log says was opened for update and is not closed: it outlives the process.
    pub(crate) log: BTreeMap<DbdName, Opened>,
    /// Its next order fails.
    pub(crate) fails_next: bool,
    /// One after the other.
    orders: VecDeque<Order>,
    busy_until: Moment,
}

impl Engine {
    /// What a new run has to make whole.
    pub(super) fn unrecovered(&self) -> BTreeSet<DbdName> {
        self.log.keys().copied().collect()
    }

    /// Whether it has nothing more to open or to close.
    pub(crate) fn is_idle(&self) -> bool {
        self.orders.is_empty()
    }

    /// Its process is gone.
    pub(super) fn is_gone(&mut self) {
        let log = std::mem::take(&mut self.log);
        *self = Self { log, ..Self::default() };
    }
}

/// The data sets of databases: the epoch before which each takes nothing.
#[derive(Debug, Default)]
pub(crate) struct DataSets {
    pub(crate) admitted: BTreeMap<DbdName, Epoch>,
}

impl DataSets {
    fn admitted(&self, dbd: DbdName) -> Epoch {
        self.admitted.get(&dbd).copied().unwrap_or_default()
    }

    fn takes(&self, dbd: DbdName, epoch: Epoch) -> bool {
        epoch >= self.admitted(dbd)
    }
}

impl Order {
    pub(super) fn open(order: &OpenOrder) -> Self {
        let proof = &order.authorization;
        let (access, epoch) = (proof.access(), proof.epoch());
        let is_sequential = matches!(order.what, OpenWhat::Gsam(_));
        let opened = Opened { access, epoch, is_registered: false, is_sequential, is_stopped: false };
        Self::Open(proof.dbd(), opened)
    }
}

impl Cluster {
    /// Gives an engine something to do. It does it when everything before it is done.
    pub(super) fn order(&mut self, member: MemberName, mut order: Order) {
        if let Order::Open(dbd, opened) = &mut order {
            let region = self.node(member).region.as_ref();
            opened.is_registered = region.is_some_and(|region| region.plex().recon().database(dbd).is_some());
        }
        self.node(member).engine.orders.push_back(order);
        if self.network.holds(Held::Database, member) {
            return;
        }
        if self.tempo.open_ms_max == 0 {
            return self.engine_goes_on(member);
        }
        let due = self.now.plus_ms(self.dice.up_to(self.tempo.open_ms_max));
        let due = due.max(self.nodes[&member].engine.busy_until);
        self.node(member).engine.busy_until = due;
        self.at(due, member, Later::Engine);
    }

    /// Carries out the next order. An engine stands still with its member.
    pub(super) fn engine_goes_on(&mut self, member: MemberName) {
        let stalled_until = self.nodes[&member].stalled_until;
        if stalled_until > self.now {
            return self.at(stalled_until, member, Later::Engine);
        }
        let Some(order) = self.node(member).engine.orders.pop_front() else { return };
        let fails = self.dice.happens(self.tempo.open_fails_per_mille)
            || std::mem::take(&mut self.node(member).engine.fails_next);
        match order {
            Order::Open(dbd, opened) => {
                let outcome = self.open_database(member, dbd, opened, fails);
                self.tell(member, Event::DatabaseOpened { dbd, outcome });
            }
            Order::Close(dbd) => {
                let outcome = self.close_database(member, dbd, fails);
                self.tell(member, Event::DatabaseClosed { dbd, outcome });
            }
            Order::End => self.end_engine(member, fails),
        }
    }

    /// Carries out what is left of orders that were held back.
    pub(super) fn engine_catches_up(&mut self, member: MemberName) {
        for _ in 0..self.nodes[&member].engine.orders.len() {
            self.engine_goes_on(member);
        }
    }

    fn open_database(
        &mut self,
        member: MemberName,
        dbd: DbdName,
        opened: Opened,
        fails: bool,
    ) -> Result<Vec<Message>, Message> {
        let owes = self.nodes[&member].engine.log.contains_key(&dbd);
        assert!(!self.nodes[&member].engine.open.contains_key(&dbd), "{member} opens {dbd} twice");
        if fails {
            return Err(DFS730E.with(&[&dbd, &"a data set can't be read"]));
        }
        if opened.updates() && !self.data_sets.takes(dbd, opened.epoch) {
            return Err(DFS730E.with(&[&dbd, &"its data sets are written in a later epoch"]));
        }
        if owes && opened.access < Access::Update {
            return Err(DFS730E.with(&[&dbd, &"it has to be made whole first, and is to be read only"]));
        }
        let (access, epoch) = (opened.access, opened.epoch);
        self.sights.push(Sight::Engine(member, format!("{dbd} is open, ACCESS={access} EPOCH={}", epoch.0)));
        let engine = &mut self.node(member).engine;
        engine.open.insert(dbd, opened);
        if opened.updates() {
            engine.log.insert(dbd, opened);
            self.data_sets.admitted.insert(dbd, epoch);
            self.facts.push(Fact::Admitted { member, dbd, epoch });
        }
        Ok(if owes { vec![LOG110I.with(&[&dbd, &0, &1])] } else { Vec::new() })
    }

    fn close_database(&mut self, member: MemberName, dbd: DbdName, fails: bool) -> Result<(), Message> {
        let takes_all = self.write_to(member, dbd);
        let engine = &mut self.node(member).engine;
        engine.open.remove(&dbd);
        let outcome = match takes_all && !fails {
            true => {
                engine.log.remove(&dbd);
                Ok(())
            }
            false => Err(stopped(dbd)),
        };
        self.sights.push(Sight::Engine(member, format!("{dbd} is closed")));
        outcome
    }

    fn end_engine(&mut self, member: MemberName, fails: bool) {
        for region in 0..REGIONS {
            self.tell(member, Event::RegionEnded { region: RegionId(region) });
        }
        let open: Vec<DbdName> = self.nodes[&member].engine.open.keys().copied().collect();
        for dbd in open {
            let _ = self.close_database(member, dbd, fails);
        }
        let unrecovered = self.nodes[&member].engine.unrecovered();
        self.tell(member, Event::EngineEnded { unrecovered });
    }

    /// The programs of a member write to every database that it has open for update, as they may at any moment.
    pub(super) fn write_databases(&mut self, member: MemberName) {
        let open = self.nodes[&member].engine.open.iter();
        let written: Vec<DbdName> =
            open.filter(|(_, opened)| opened.updates() && !opened.is_stopped).map(|(dbd, _)| *dbd).collect();
        for dbd in written {
            if !self.write_to(member, dbd) {
                self.tell(member, Event::DatabaseStopped { dbd, message: stopped(dbd), block: None });
            }
        }
    }

    /// Whether the data sets of a database take what a member writes.
    fn write_to(&mut self, member: MemberName, dbd: DbdName) -> bool {
        let open = &mut self.nodes.get_mut(&member).unwrap().engine.open;
        let Some(opened) = open.get_mut(&dbd).filter(|opened| opened.updates()) else { return true };
        let epoch = opened.epoch;
        let takes = !opened.is_stopped && self.data_sets.takes(dbd, epoch);
        opened.is_stopped = !takes;
        match takes {
            true => self.facts.push(Fact::Wrote { member, dbd, epoch }),
            false => self.sights.push(Sight::Engine(member, format!("{dbd} refuses EPOCH={}", epoch.0))),
        }
        takes
    }
}

fn stopped(dbd: DbdName) -> Message {
    DFS451E.with(&[&dbd, &"DD", &1, &"it is written in a later epoch, or can't be written"])
}
