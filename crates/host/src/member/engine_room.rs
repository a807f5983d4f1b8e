//! The member's engine: its log, the databases that the control region wants open, and what becomes of them.
//!
//! Databases are opened and closed one after the other, on a thread of their own: each may take long.

use super::core::{Core, now};
use super::performer::Ended;
use super::programs::Programs;
use super::{Config, MemberError};
use crate::batch::data_sets_in;
use crate::files::{DataFolder, SequentialFile};
use crate::log_folder::{OldsSizes, open_log};
use crate::logging;
use control_region::{ControlRegion, Event, LogPlaces, OpenOrder, OpenWhat};
use dbrc::Authorization;
use dbrc::record::OldsStatus;
use definitions::Dbd;
use definitions::acb::Dmb;
use dli::{Engine, RestartOwed, SequentialSets, Settings, Stop};
use logger::{CheckpointKind, Extents, Inventory, Log, OldsUse};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use tokio::sync::watch;
use vocabulary::message::{DFS730E, DISK105E, LOG105W, LOG110I, LOG112I};
use vocabulary::{DbdName, Epoch, Message, Moment};

/// How often it is looked for what of the archived log may go, in looks.
const TRIM_LOOKS: u32 = 25;
/// How often the engine is told the time. Waits for locks are as exact as this.
const TICK: Duration = Duration::from_millis(20);
/// After how many ticks it is looked what the engine has to say.
const LOOK_TICKS: u32 = 10;

/// The engine when it has been started, before anybody uses it.
pub(super) struct Started {
    engine: Arc<Engine>,
    log: Arc<Log>,
    folder: PathBuf,
    /// What the log says was open for update.
    pub(super) owed: RestartOwed,
    log_kept_s: u64,
}

/// What is wanted of the engine.
enum Order {
    Open(Box<OpenOrder>),
    Close(DbdName),
    /// Archive what is full.
    Archive,
    /// Let go of the archived log from before a moment.
    Trim(Moment),
    End,
}

/// The engine at work. Clones are the same one.
#[derive(Clone)]
pub(super) struct EngineRoom {
    orders: mpsc::Sender<Order>,
    engine: Arc<Engine>,
    log: Arc<Log>,
    programs: Arc<Programs>,
    /// For how long the archived log is kept, in seconds; for ever where it is 0.
    log_kept_s: u64,
}

impl Started {
    /// Opens the log, and reads what it has of earlier runs.
    pub(super) fn open(config: &Config, folder: &DataFolder) -> Result<Self, MemberError> {
        let refused =
            |error: &dyn std::fmt::Display| MemberError::Unusable(DISK105E.with(&[&config.member, error]));
        let sets = match config.databases.folder.as_os_str().is_empty() {
            true => folder.subfolder("databases")?,
            false => config.databases.folder.clone(),
        };
        std::fs::create_dir_all(&sets).map_err(|error| refused(&format!("{}: {error}", sets.display())))?;
        let sizes = OldsSizes::of_mib(config.databases.olds_pairs, config.databases.olds_mib);
        let log = open_log(&folder.subfolder("log")?, config.member, Epoch::default(), sizes);
        let log = Arc::new(log.map_err(|error| refused(&error))?);
        let settings = Settings {
            buffers: config.databases.buffers as usize,
            checkpoint_records: config.databases.checkpoint_records,
            lock_wait_ms_max: config.databases.lock_wait_ms_max(),
            ..Settings::default()
        };
        let (engine, owed) = Engine::restart(settings, log.clone()).map_err(|error| refused(&error))?;
        let log_kept_s = config.databases.log_kept_s;
        Ok(Self { engine: Arc::new(engine), log, folder: sets, owed, log_kept_s })
    }

    /// Takes orders from now on.
    pub(super) fn begin(self, core: &Arc<Core>) -> Result<EngineRoom, MemberError> {
        let (orders, ordered) = mpsc::channel();
        let programs = Arc::new(Programs::new(self.engine.clone(), Arc::clone(core)));
        let log_kept_s = self.log_kept_s;
        let room = EngineRoom { orders, engine: self.engine, log: self.log, programs, log_kept_s };
        room.tell_log(core, &mut None);
        let worker = Worker { room: room.clone(), core: Arc::clone(core), folder: self.folder };
        let thread = std::thread::Builder::new().name("databases".to_string());
        thread
            .spawn(move || worker.work(&ordered))
            .map_err(|source| MemberError::Io { what: "no thread can be had for databases", source })?;
        Ok(room)
    }
}

impl EngineRoom {
    pub(super) fn programs(&self) -> &Arc<Programs> {
        &self.programs
    }

    pub(super) fn open(&self, order: Box<OpenOrder>) {
        self.order(Order::Open(order));
    }

    pub(super) fn close(&self, dbd: DbdName) {
        self.order(Order::Close(dbd));
    }

    pub(super) fn end(&self) {
        self.order(Order::End);
    }

    fn order(&self, order: Order) {
        // Nobody takes orders any more only when the engine has ended.
        let _ = self.orders.send(order);
    }

    /// Follows every pointer of a database that is open. What is found wrong is given, a line each.
    pub(super) fn check(&self, dbd: DbdName) -> Result<Vec<String>, String> {
        if !self.engine.open_databases().contains(&dbd) {
            return Err(format!("database {dbd} is not open here"));
        }
        Ok(self.engine.check(&dbd).iter().map(ToString::to_string).collect())
    }

    /// Tells the engine the time, and the core what the engine stopped and where the log is. A log that has stopped ends
    /// the member.
    pub(super) async fn watch(self, core: Arc<Core>, ended: watch::Sender<Option<Ended>>) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut extents = None;
        for tick in 0_u32.. {
            ticks.tick().await;
            self.engine.tell(now());
            if !tick.is_multiple_of(LOOK_TICKS) {
                continue;
            }
            self.log.take_messages().iter().for_each(logging::issue);
            if let Some(reason) = self.log.stop_reason() {
                ended.send_replace(Some(Ended::Failed(format!(
                    "the log of the databases has stopped: {reason}"
                ))));
                return;
            }
            self.tell_stopped(&core);
            self.tell_log(&core, &mut extents);
            if self.log_kept_s > 0 && tick.is_multiple_of(LOOK_TICKS * TRIM_LOOKS) {
                self.order(Order::Trim(self.kept_from(&core)));
            }
        }
    }

    fn tell_stopped(&self, core: &Core) {
        for dbd in self.engine.open_databases() {
            if let Some(Stop { message, block }) = self.engine.why_stopped(&dbd) {
                core.tell(Event::DatabaseStopped { dbd, message, block });
            }
        }
    }

    /// Tells where the log is, if that is another place than before, and has archived what is full.
    fn tell_log(&self, core: &Core, known: &mut Option<Extents>) {
        let extents = self.log.extents();
        if known.as_ref() == Some(&extents) {
            return;
        }
        match self.log.inventory(&extents) {
            Ok(inventory) => {
                if inventory.oldses.iter().any(|(_, used)| matches!(used, OldsUse::Full { .. })) {
                    self.order(Order::Archive);
                }
                core.tell(Event::Log(places(inventory)));
            }
            Err(error) => tracing::warn!("where the log is can't be told: {error}"),
        }
        *known = Some(extents);
    }

    /// What was logged before may go.
    fn kept_from(&self, core: &Core) -> Moment {
        let kept = Moment(now().0.saturating_sub(self.log_kept_s * 1_000_000));
        let needed = core.look(ControlRegion::log_needed_from);
        needed.map_or(kept, |needed| needed.min(kept))
    }
}

/// As RECON has it.
fn places(inventory: Inventory) -> LogPlaces {
    let Inventory { oldses, archived, first } = inventory;
    let status = |used| match used {
        OldsUse::Active { since } => OldsStatus::Active { since },
        OldsUse::Full { start, stop } => OldsStatus::ArchiveNeeded { start, stop },
        OldsUse::Free => OldsStatus::Available,
    };
    let named = |(name, used): (String, OldsUse)| Some((name.parse().ok()?, status(used)));
    LogPlaces { oldses: oldses.into_iter().filter_map(named).collect(), archived, first }
}

/// Opens and closes what is ordered.
struct Worker {
    room: EngineRoom,
    core: Arc<Core>,
    folder: PathBuf,
}

impl Worker {
    fn work(self, ordered: &mpsc::Receiver<Order>) {
        for order in ordered {
            match order {
                Order::Open(order) => {
                    let dbd = order.authorization.dbd();
                    let outcome = self.open(*order);
                    self.core.tell(Event::DatabaseOpened { dbd, outcome });
                }
                Order::Close(dbd) => {
                    let outcome = self.close(dbd);
                    self.core.tell(Event::DatabaseClosed { dbd, outcome });
                }
                Order::Archive => self.archive(),
                Order::Trim(before) => self.trim(before),
                Order::End => {
                    let unrecovered = self.end();
                    return self.core.tell(Event::EngineEnded { unrecovered });
                }
            }
        }
    }

    /// A database that was stopped is closed, and not whole.
    fn close(&self, dbd: DbdName) -> Result<(), Message> {
        let engine = &self.room.engine;
        let stopped = engine.stop_message(&dbd);
        engine.close(&dbd).map_err(|error| error.message(&dbd))?;
        match stopped {
            Some(message) if engine.not_recovered().contains(&dbd) => Err(message),
            _ => Ok(()),
        }
    }

    fn open(&self, order: OpenOrder) -> Result<Vec<Message>, Message> {
        let OpenOrder { authorization, what } = order;
        match what {
            OpenWhat::Gsam(dbd) => self.open_gsam(&authorization, &dbd).map(|()| Vec::new()),
            OpenWhat::Database(dmb, indexes) => {
                let name = dmb.name;
                let indexes: Vec<&Dmb> = indexes.iter().collect();
                let sets = data_sets_in(&self.folder, &dmb, &indexes);
                let sets = sets.map_err(|error| DFS730E.with(&[&name, &error]))?;
                let opened = self.room.engine.open(&authorization, dmb, indexes, sets);
                let opened = opened.map_err(|error| error.message(&name))?;
                if !opened.recovered {
                    return Ok(Vec::new());
                }
                self.restarted();
                Ok(vec![LOG110I.with(&[&name, &opened.redone, &opened.backed_out])])
            }
        }
    }

    fn open_gsam(&self, authorization: &Authorization, dbd: &Dbd) -> Result<(), Message> {
        let mut sets = SequentialSets::new();
        for dd in dbd.dd_names() {
            let file = SequentialFile::open(&self.path(dd.as_str()));
            sets.insert(*dd, Box::new(file.map_err(|error| DFS730E.with(&[&dbd.name, &error]))?));
        }
        let opened = self.room.engine.open_gsam(authorization, dbd, sets);
        opened.map_err(|error| error.message(&dbd.name))
    }

    fn archive(&self) {
        loop {
            match self.room.log.archive() {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => return logging::issue(&LOG105W.with(&[&error])),
            }
        }
    }

    fn trim(&self, before: Moment) {
        match self.room.log.trim_older(before) {
            Ok(0) => {}
            Ok(blocks) => logging::issue(&LOG112I.with(&[&blocks, &before])),
            Err(error) => tracing::warn!("the archived log was not trimmed: {error}"),
        }
    }

    fn path(&self, dd: &str) -> PathBuf {
        Path::new(&self.folder).join(dd)
    }

    /// What was made whole need not be made whole again, once nothing of that restart is left to do.
    fn restarted(&self) {
        if self.room.engine.not_recovered().is_empty()
            && let Err(error) = self.room.engine.checkpoint(CheckpointKind::Simple)
        {
            tracing::warn!("no checkpoint was taken after the restart: {error}");
        }
    }

    /// Ends every program, closes every database, and takes a checkpoint at which nothing is under way.
    fn end(&self) -> BTreeSet<DbdName> {
        self.room.programs.end();
        let engine = &self.room.engine;
        for dbd in engine.open_databases() {
            if let Err(error) = engine.close(&dbd) {
                logging::issue(&error.message(&dbd));
            }
        }
        let waits = !engine.not_recovered().is_empty();
        let kind = if waits { CheckpointKind::Simple } else { CheckpointKind::Freeze };
        if let Err(error) = engine.checkpoint(kind) {
            tracing::warn!("no checkpoint was taken at the end: {error}");
        }
        self.room.log.take_messages().iter().for_each(logging::issue);
        engine.not_recovered().into_iter().collect()
    }
}
