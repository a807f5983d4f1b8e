//! A program that is scheduled: its PCBs and its unit of work.

mod inquiry;
mod io_mask;
mod related;
mod restart;
mod schedule;
mod system;

pub use io_mask::IoMask;

use crate::call::{self, Deleted, Function, NotMade, Request, Reservations, Shown};
use crate::database::{Claim, Database, Gone, Journal, Mark};
use crate::engine::Engine;
use crate::error::{CommitError, ScheduleError};
use crate::gsam::GsamPcb;
use crate::lock::{Locker, Refusal, Resource, Standing};
use crate::pcb::{DbMask, DbPcb};
use crate::status::StatusCode;
use definitions::acb::PsbBlock;
use logger::{Body, InFlight};
use std::sync::Arc;
use vocabulary::{PcbName, PsbName};

/// The abend of a program whose unit of work could not be committed, because the log has stopped.
const LOG_ABEND: u16 = 616;
/// The same, because a database has stopped, or because a call was for one that the program does not have.
const STOPPED_ABEND: u16 = 3303;
/// The abend of a program that others waited for, while it waited for them.
const DEADLOCK_ABEND: u16 = 777;
/// Of one that waited for too long.
const TIMEOUT_ABEND: u16 = 3310;
/// Of one that wanted more locks than LOCKMAX= says.
const LOCKS_ABEND: u16 = 3301;
/// Of one that read without integrity, and found a pointer that leads nowhere.
const READ_ABEND: u16 = 849;
/// The most intermediate backout points of a unit of work.
const SETS_MAX: usize = 255;

/// A program that is scheduled. It is used by one thread at a time.
pub struct Program {
    engine: Arc<Engine>,
    psb: PsbName,
    io: IoMask,
    pcbs: Vec<ProgramPcb>,
    journal: Journal,
    points: Vec<(Vec<u8>, Mark)>,
    told_more: ToldMore,
    reservations: Reservations,
    /// How many locks it may hold at a time (LOCKMAX=).
    locks_max: usize,
    /// Where PCBs other than that of the call stand.
    elsewhere: Vec<Resource>,
    /// It made a call.
    is_under_way: bool,
    /// Bytes of the largest I/O area.
    area_bytes: usize,
    /// Given back when the program has ended and was backed out.
    _claims: Vec<Claim>,
}

/// What a program asked to be told (INIT), in place of being ended.
#[derive(Debug, Clone, Copy, Default)]
struct ToldMore {
    /// A database can't be used (STATUS GROUPA).
    unavailable: bool,
    /// It is backed out because of a deadlock, or waited for too long (STATUS GROUPB).
    deadlocks: bool,
}

/// A PCB behind the I/O PCB.
enum ProgramPcb {
    Db {
        name: Option<PcbName>,
        pcb: Box<DbPcb>,
    },
    /// A sequential data set.
    Gsam {
        name: Option<PcbName>,
        pcb: Box<GsamPcb>,
    },
    /// A destination of messages; there are no calls for it here.
    Other {
        name: Option<PcbName>,
    },
    /// A database that the program has to do without.
    Missing {
        name: Option<PcbName>,
        mask: Box<DbMask>,
    },
}

/// How a call left the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It goes on, and finds the status in the PCB.
    Continues(StatusCode),
    /// It was ended with this user abend; its unit of work was backed out.
    Abend(u16),
    /// Another program has what the call needs. Nothing was done; the call has to be made again, best after
    /// [`Program::wait`].
    Waits,
}

impl Program {
    /// A program with what there is of its databases, and why it does without the others.
    pub(crate) fn new(
        engine: Arc<Engine>,
        psb: &PsbBlock,
    ) -> Result<(Self, Vec<ScheduleError>), ScheduleError> {
        let (pcbs, missing) = schedule::pcbs(&engine, psb);
        Self::with(engine, psb, pcbs).map(|program| (program, missing))
    }

    /// A program with all of its databases.
    pub(crate) fn complete(engine: Arc<Engine>, psb: &PsbBlock) -> Result<Self, ScheduleError> {
        let (pcbs, missing) = schedule::pcbs(&engine, psb);
        match missing.into_iter().next() {
            Some(error) => Err(error),
            None => Self::with(engine, psb, pcbs),
        }
    }

    fn with(engine: Arc<Engine>, psb: &PsbBlock, pcbs: Vec<ProgramPcb>) -> Result<Self, ScheduleError> {
        let claims = schedule::claim(&pcbs)?;
        if let Some(log) = &engine.log {
            log.append(log.no_unit(), &Body::ProgramScheduled { psb: psb.name })?;
        }
        let journal = Journal::new(engine.units.begin(), psb.name, engine.log.clone());
        Ok(Self {
            engine,
            psb: psb.name,
            io: IoMask::new(),
            pcbs,
            journal,
            points: Vec::new(),
            told_more: ToldMore::default(),
            reservations: Reservations::new(psb.enqueues_max.unwrap_or(0) as usize),
            locks_max: psb.locks_max.filter(|&most| most > 0).map_or(usize::MAX, |most| most as usize * 1000),
            elsewhere: Vec::new(),
            is_under_way: false,
            area_bytes: psb.io_area_bytes as usize,
            _claims: claims,
        })
    }

    /// How many PCBs there are; the first is the I/O PCB.
    pub fn pcb_count(&self) -> usize {
        self.pcbs.len() + 1
    }

    /// The I/O PCB.
    pub fn io_mask(&self) -> &IoMask {
        &self.io
    }

    /// The mask of a database PCB. PCBs are numbered from 1, which is the I/O PCB.
    pub fn mask(&self, number: usize) -> Option<&DbMask> {
        match self.pcbs.get(number.checked_sub(2)?)? {
            ProgramPcb::Db { pcb, .. } => Some(&pcb.mask),
            ProgramPcb::Gsam { pcb, .. } => Some(&pcb.mask),
            ProgramPcb::Missing { mask, .. } => Some(mask),
            ProgramPcb::Other { .. } => None,
        }
    }

    /// The name of a PCB.
    pub fn pcb_name(&self, number: usize) -> Option<PcbName> {
        match self.pcbs.get(number.checked_sub(2)?)? {
            ProgramPcb::Db { name, .. }
            | ProgramPcb::Gsam { name, .. }
            | ProgramPcb::Missing { name, .. }
            | ProgramPcb::Other { name } => *name,
        }
    }

    /// How many bytes of the I/O area the last call on a PCB filled, segment by segment.
    pub fn area_used(&self, number: usize) -> Vec<usize> {
        match number.checked_sub(2).and_then(|at| self.pcbs.get(at)) {
            Some(ProgramPcb::Db { pcb, .. }) if pcb.area_used > 0 => {
                pcb.held.iter().map(|&(_, bytes)| bytes).collect()
            }
            Some(ProgramPcb::Gsam { pcb, .. }) if pcb.area_used > 0 => vec![pcb.area_used],
            _ => Vec::new(),
        }
    }

    /// Makes a call. `function` has up to four characters, `ssas` are the search arguments.
    pub fn call(&mut self, number: usize, function: &[u8], area: &mut [u8], ssas: &[&[u8]]) -> Ending {
        let function = Function::of(function);
        if function != Some(Function::Xrst) {
            self.is_under_way = true;
        }
        match (function, number) {
            (Some(function), 1) => self.system_call(function, area),
            (None, 1) => self.io_status(StatusCode::AD),
            (function, number) => self.database_call(function, number, area, ssas),
        }
    }

    fn database_call(
        &mut self,
        function: Option<Function>,
        number: usize,
        area: &mut [u8],
        ssas: &[&[u8]],
    ) -> Ending {
        let at = number.wrapping_sub(2);
        if let Some(ProgramPcb::Gsam { pcb, .. }) = self.pcbs.get_mut(at) {
            return Ending::Continues(pcb.call(function, area, ssas));
        }
        if let (Some(Function::Get(get)), Some(ProgramPcb::Db { pcb, .. }), []) =
            (function, self.pcbs.get_mut(at), ssas)
            && self.engine.in_place
            && let Some(status) = call::step(&self.engine.pool, pcb, get, area)
        {
            return Ending::Continues(status);
        }
        if let Some(ProgramPcb::Missing { mask, .. }) = self.pcbs.get_mut(at) {
            if !self.told_more.unavailable {
                return self.abend(STOPPED_ABEND);
            }
            mask.set_status(StatusCode::BA);
            return Ending::Continues(StatusCode::BA);
        }
        self.note_elsewhere(at);
        let Some(ProgramPcb::Db { pcb, .. }) = self.pcbs.get_mut(at) else {
            return self.io_status(StatusCode::AD);
        };
        let Some(function) = function else { return pcb.answer(StatusCode::AD, Shown::Position) };
        if function == Function::Stat {
            let wanted = ssas.first().copied().unwrap_or_default();
            let status = inquiry::statistics(&self.engine.pool.counts(), wanted, area);
            return pcb.answer(status, Shown::Unchanged);
        }
        if self.told_more.unavailable && pcb.partitions.is_none() && pcb.is_stopped() {
            return pcb.answer(StatusCode::BA, Shown::Position);
        }
        let unit = (self.journal.unit, self.locks_max);
        let database = pcb.db.number();
        let locker =
            |state| Locker::new(&self.engine.locks, unit, database, state, pcb.standing, &self.elsewhere);
        let locker = pcb.lock_state.map(locker);
        if let Function::Get(get) = function
            && self.engine.in_place
            && call::go_straight(&self.engine.pool, pcb, get, area, ssas, locker.as_ref())
        {
            pcb.standing = locker.map_or(pcb.standing, |locker| locker.end(pcb.stands()));
            return Ending::Continues(StatusCode::OK);
        }
        let effects = Request {
            pool: &self.engine.pool,
            units: &self.engine.units,
            journal: &mut self.journal,
            pcb,
            function,
            area,
            ssas,
            locker: locker.as_ref(),
            reservations: &mut self.reservations,
        }
        .perform();
        if let Some(deleted) = &effects.deleted {
            let db = pcb.db.clone();
            spread(&mut self.pcbs, &db, deleted, &effects.removed);
        }
        if !effects.gone.is_empty() {
            spread_gone(&mut self.pcbs, &effects.gone);
        }
        if let (Some(locker), Some(ProgramPcb::Db { pcb, .. })) = (locker, self.pcbs.get_mut(at)) {
            pcb.standing = match effects.not_made {
                Some(NotMade::Waits) => locker.suspend(),
                _ if effects.stays => locker.stay(),
                _ => locker.end(pcb.stands()),
            };
        }
        match effects.not_made {
            Some(not_made) => self.not_made(at, not_made),
            None => Ending::Continues(self.told_status(at)),
        }
    }

    /// The status of a call. Who asked to be told of what can't be used is told so of a partition too.
    fn told_status(&mut self, at: usize) -> StatusCode {
        let status = self.status_of(at);
        match self.pcbs.get_mut(at) {
            Some(ProgramPcb::Db { pcb, .. }) if self.told_more.unavailable && status == StatusCode::FH => {
                pcb.mask.set_status(StatusCode::BA);
                StatusCode::BA
            }
            _ => status,
        }
    }

    /// A call was not made: it has to be made again, or will not be made at all.
    fn not_made(&mut self, at: usize, not_made: NotMade) -> Ending {
        let (status, abend) = match not_made {
            NotMade::LockRefused(Refusal::Deadlock) => (Some(StatusCode::BC), DEADLOCK_ABEND),
            NotMade::LockRefused(Refusal::TimedOut) => (Some(StatusCode::BD), TIMEOUT_ABEND),
            NotMade::LockRefused(Refusal::TooMany) => (None, LOCKS_ABEND),
            NotMade::ReadBroken => (None, READ_ABEND),
            NotMade::Waits => return Ending::Waits,
        };
        let status = status.filter(|_| self.told_more.deadlocks);
        let Some(status) = status else { return self.abend(abend) };
        // Who only waited too long keeps what he did, if he can be told.
        if status != StatusCode::BD {
            self.back_out();
        }
        if let Some(ProgramPcb::Db { pcb, .. }) = self.pcbs.get_mut(at) {
            pcb.show(status, Shown::Position);
        }
        Ending::Continues(status)
    }

    /// Takes back what the program did since its last commit point, and ends it.
    fn abend(&mut self, code: u16) -> Ending {
        self.back_out();
        Ending::Abend(code)
    }

    fn status_of(&self, at: usize) -> StatusCode {
        match self.pcbs.get(at) {
            Some(ProgramPcb::Db { pcb, .. }) => StatusCode::of_mask(pcb.mask.status()),
            _ => StatusCode::OK,
        }
    }

    /// Notes the records that the other PCBs stand on.
    fn note_elsewhere(&mut self, at: usize) {
        self.elsewhere.clear();
        for (other, pcb) in self.pcbs.iter().enumerate() {
            if let ProgramPcb::Db { pcb, .. } = pcb
                && other != at
            {
                self.elsewhere.extend(pcb.standing.on);
            }
        }
    }

    /// Whether a call has to wait still that came back so.
    pub fn waits(&self) -> bool {
        self.engine.locks.waits(self.journal.unit)
    }

    /// Returns when a call that had to wait is to be made again: others went on, or it has to give way to them.
    pub fn wait(&self) {
        self.engine.locks.wait(self.journal.unit);
    }

    /// A commit point: nothing before it is taken back any more. Positions are lost.
    ///
    /// # Errors
    /// What was not committed then is backed out, now or by the next restart.
    pub fn commit(&mut self) -> Result<(), CommitError> {
        self.prepare_commit()?;
        let next = self.engine.units.begin();
        let ended = self.journal.unit;
        if let Err(error) = self.journal.commit(next) {
            self.engine.units.end(next);
            return Err(error.into());
        }
        self.end_unit(ended);
        Ok(self.engine.checkpoint_if_due()?)
    }

    /// What can keep a commit point from being made is done before anything is logged of it.
    fn prepare_commit(&mut self) -> Result<(), CommitError> {
        if self.journal.is_stranded() {
            self.back_out();
            return Err(CommitError::Stopped);
        }
        self.end_loads()
    }

    /// What is not logged reaches its data sets.
    fn end_loads(&mut self) -> Result<(), CommitError> {
        for pcb in &mut self.pcbs {
            match pcb {
                ProgramPcb::Db { pcb, .. } => {
                    for db in pcb.databases() {
                        if let Err(trouble) = db.end_load(&self.engine.pool) {
                            db.stop(&trouble);
                            return Err(CommitError::Load(trouble.to_string()));
                        }
                    }
                }
                ProgramPcb::Gsam { pcb, .. } => {
                    pcb.write_out().map_err(|error| CommitError::Load(error.to_string()))?;
                }
                ProgramPcb::Other { .. } | ProgramPcb::Missing { .. } => {}
            }
        }
        Ok(())
    }

    /// Takes back all since the last commit point. Positions are lost.
    pub fn back_out(&mut self) {
        let next = self.engine.units.begin();
        let ended = self.journal.unit;
        let stranded = self.journal.roll_back(&self.engine.pool, next);
        if let Some(token) = stranded {
            self.engine.strand(token, InFlight { psb: self.psb, owner: ended });
        }
        self.end_unit(ended);
    }

    /// What a unit of work had is for everybody now. Positions are lost.
    fn end_unit(&mut self, ended: u32) {
        self.engine.units.end(ended);
        self.points.clear();
        self.reservations.clear();
        self.leave_records(ended);
        self.reset();
        self.engine.locks.end(ended);
    }

    /// Lets go of the records that PCBs stand on.
    fn leave_records(&self, unit: u32) {
        for pcb in &self.pcbs {
            if let ProgramPcb::Db { pcb, .. } = pcb {
                let Standing { on, awaited } = pcb.standing;
                for record in [on, awaited].into_iter().flatten() {
                    self.engine.locks.release(unit, record);
                }
            }
        }
    }

    fn reset(&mut self) {
        for pcb in &mut self.pcbs {
            if let ProgramPcb::Db { pcb, .. } = pcb {
                pcb.reset();
            }
        }
    }

    fn io_status(&mut self, status: StatusCode) -> Ending {
        self.io.set_status(status);
        Ending::Continues(status)
    }
}

/// A program that ends without a commit point is backed out.
impl Drop for Program {
    fn drop(&mut self) {
        if self.journal.has_changes() {
            self.back_out();
        }
        self.engine.units.end(self.journal.unit);
        self.leave_records(self.journal.unit);
        self.engine.locks.end(self.journal.unit);
        if let Some(log) = &self.engine.log {
            // A log that takes nothing more misses nothing that a restart needs.
            let _ = log.append(log.no_unit(), &Body::ProgramEnded { psb: self.psb });
        }
    }
}

/// PCBs of the program may have stood on segments that went where there are logical relationships.
fn spread_gone(pcbs: &mut [ProgramPcb], all: &[Gone]) {
    for pcb in pcbs {
        let ProgramPcb::Db { pcb, .. } = pcb else { continue };
        let (view, db) = (pcb.view.clone(), pcb.db.name());
        for gone in all.iter().filter(|_| pcb.of_index.is_none()) {
            let left = pcb.position.forget_gone(&view, db, gone);
            if let Some(paths) = &mut pcb.paths {
                paths.forget_gone(&view, db, gone);
            }
            if let Some(level) = left {
                pcb.is_held = false;
                pcb.parentage = pcb.parentage.filter(|&parent| parent <= level);
                pcb.series = None;
            }
        }
    }
}

/// PCBs of the program may have stood on a segment that was deleted.
fn spread(pcbs: &mut [ProgramPcb], db: &Arc<Database>, deleted: &Deleted, removed: &[(u8, crate::Rba)]) {
    for pcb in pcbs {
        let ProgramPcb::Db { pcb, .. } = pcb else { continue };
        // In an index of its own the key of the entry says where a program stands.
        if !Arc::ptr_eq(&pcb.db, db) || pcb.of_index.is_some() || pcb.view.is_concatenated {
            continue;
        }
        let view = pcb.view.clone();
        let in_sequence = view.sequence.is_some();
        match &mut pcb.paths {
            Some(paths) if in_sequence => paths.forget_all(&view, deleted, removed),
            Some(paths) => paths.forget(&view, deleted),
            None => {}
        }
        let left = match in_sequence {
            true => pcb.position.forget_all(&view, deleted, removed),
            false => pcb.position.forget(&view, deleted),
        };
        if let Some(level) = left {
            pcb.is_held = false;
            pcb.parentage = pcb.parentage.filter(|&parent| parent <= level);
        }
        if db.kind(deleted.kind).parent.is_none() {
            pcb.series = None;
        }
    }
}
