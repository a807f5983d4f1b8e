//! A program that is scheduled: its PCBs and its unit of work.

use crate::call::{Effects, Function, Request, Shown};
use crate::database::{Claim, Database, Journal, Mark};
use crate::engine::Engine;
use crate::error::{CommitError, ScheduleError};
use crate::pcb::{DbMask, DbPcb};
use crate::status::StatusCode;
use definitions::acb::{DbBlock, PcbBlockKind, PsbBlock};
use logger::{Body, InFlight};
use std::collections::BTreeMap;
use std::sync::Arc;
use vocabulary::{DbdName, PcbName, PsbName};

/// The abend of a program whose unit of work could not be committed, because the log has stopped.
const LOG_ABEND: u16 = 616;
/// The same, because a database has stopped.
const STOPPED_ABEND: u16 = 3303;
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
    /// Given back when the program has ended and was backed out.
    _claims: Vec<Claim>,
}

/// A PCB behind the I/O PCB.
enum ProgramPcb {
    Db {
        name: Option<PcbName>,
        pcb: Box<DbPcb>,
    },
    /// A destination of messages; there are no calls for it here.
    Other {
        name: Option<PcbName>,
    },
}

/// The I/O PCB's mask: 64 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IoMask {
    bytes: [u8; Self::BYTES],
}

impl IoMask {
    const BYTES: usize = 64;

    fn new() -> Self {
        let mut bytes = [b' '; Self::BYTES];
        bytes[12..24].fill(0);
        bytes[48..60].fill(0);
        Self { bytes }
    }

    /// All of it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The status code.
    pub fn status(&self) -> [u8; 2] {
        [self.bytes[10], self.bytes[11]]
    }

    fn set_status(&mut self, status: StatusCode) {
        self.bytes[10..12].copy_from_slice(&status.bytes());
    }
}

/// How a call left the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It goes on, and finds the status in the PCB.
    Continues(StatusCode),
    /// It was ended with this user abend; its unit of work was backed out.
    Abend(u16),
}

impl Program {
    pub(crate) fn new(engine: Arc<Engine>, psb: &PsbBlock) -> Result<Self, ScheduleError> {
        let mut pcbs = Vec::with_capacity(psb.pcbs.len());
        for (at, block) in psb.pcbs.iter().enumerate() {
            let name = block.name;
            pcbs.push(match &block.kind {
                PcbBlockKind::Db(db) => {
                    ProgramPcb::Db { name, pcb: Box::new(schedule_pcb(&engine, db, at + 2)?) }
                }
                PcbBlockKind::Tp(_) => ProgramPcb::Other { name },
                PcbBlockKind::Gsam(_) => return Err(ScheduleError::Pcb("GSAM", at + 2)),
            });
        }
        let claims = claim(&pcbs)?;
        if let Some(log) = &engine.log {
            log.append(log.no_unit(), &Body::ProgramScheduled { psb: psb.name })?;
        }
        let journal = Journal::new(engine.units.begin(), psb.name, engine.log.clone());
        let (io, points) = (IoMask::new(), Vec::new());
        Ok(Self { engine, psb: psb.name, io, pcbs, journal, points, _claims: claims })
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
            ProgramPcb::Other { .. } => None,
        }
    }

    /// The name of a PCB.
    pub fn pcb_name(&self, number: usize) -> Option<PcbName> {
        match self.pcbs.get(number.checked_sub(2)?)? {
            ProgramPcb::Db { name, .. } | ProgramPcb::Other { name } => *name,
        }
    }

    /// How many bytes of the I/O area the last call on a PCB filled, segment by segment.
    pub fn area_used(&self, number: usize) -> Vec<usize> {
        match number.checked_sub(2).and_then(|at| self.pcbs.get(at)) {
            Some(ProgramPcb::Db { pcb, .. }) if pcb.area_used > 0 => {
                pcb.held.iter().map(|&(_, bytes)| bytes).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Makes a call. `function` has up to four characters, `ssas` are the search arguments.
    pub fn call(&mut self, number: usize, function: &[u8], area: &mut [u8], ssas: &[&[u8]]) -> Ending {
        let function = Function::of(function);
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
        let Some(ProgramPcb::Db { pcb, .. }) = self.pcbs.get_mut(at) else {
            return self.io_status(StatusCode::AD);
        };
        let Some(function) = function else {
            pcb.is_held = false;
            pcb.area_used = 0;
            pcb.show(StatusCode::AD, Shown::Position);
            return Ending::Continues(StatusCode::AD);
        };
        let (pool, units, journal) = (&self.engine.pool, &self.engine.units, &mut self.journal);
        let effects = Request { pool, units, journal, pcb, function, area, ssas }.perform();
        let status = StatusCode::of_mask(pcb.mask.status());
        let db = pcb.db.clone();
        self.spread(&db, &effects);
        Ending::Continues(status)
    }

    /// Other PCBs of the program may have stood on a segment that was deleted.
    fn spread(&mut self, db: &Arc<Database>, effects: &Effects) {
        let Some(deleted) = &effects.deleted else { return };
        for pcb in &mut self.pcbs {
            let ProgramPcb::Db { pcb, .. } = pcb else { continue };
            if !Arc::ptr_eq(&pcb.db, db) {
                continue;
            }
            let view = pcb.view.clone();
            if pcb.position.forget(&view, deleted) {
                pcb.is_held = false;
                pcb.parentage = pcb.parentage.filter(|&level| level < deleted.level);
            }
            if deleted.level == 1 {
                pcb.series = None;
            }
        }
    }

    fn system_call(&mut self, function: Function, area: &[u8]) -> Ending {
        match function {
            Function::Chkp | Function::Sync => {
                if function == Function::Chkp {
                    self.journal.log_checkpoint(area);
                }
                match self.commit() {
                    Ok(()) => self.io_status(StatusCode::OK),
                    Err(CommitError::Log(_)) => Ending::Abend(LOG_ABEND),
                    Err(_) => Ending::Abend(STOPPED_ABEND),
                }
            }
            Function::Init => self.io_status(StatusCode::OK),
            Function::Rolb => {
                self.back_out();
                self.io_status(StatusCode::OK)
            }
            Function::Roll => {
                self.back_out();
                Ending::Abend(778)
            }
            Function::Sets | Function::Setu => self.set_point(area),
            Function::Rols => self.back_to_point(area),
            _ => self.io_status(StatusCode::AD),
        }
    }

    /// A commit point: nothing before it is taken back any more. Positions are lost.
    ///
    /// # Errors
    /// What was not committed then is backed out, now or by the next restart.
    pub fn commit(&mut self) -> Result<(), CommitError> {
        if self.journal.is_stranded() {
            self.back_out();
            return Err(CommitError::Stopped);
        }
        self.end_loads()?;
        let next = self.engine.units.begin();
        let ended = self.journal.unit;
        if let Err(error) = self.journal.commit(next) {
            self.engine.units.end(next);
            return Err(error.into());
        }
        self.engine.units.end(ended);
        self.points.clear();
        self.reset();
        Ok(self.engine.checkpoint_if_due()?)
    }

    fn end_loads(&self) -> Result<(), CommitError> {
        for pcb in &self.pcbs {
            if let ProgramPcb::Db { pcb, .. } = pcb
                && let Err(trouble) = pcb.db.end_load(&self.engine.pool)
            {
                pcb.db.stop(&trouble);
                return Err(CommitError::Load(trouble.to_string()));
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
        self.engine.units.end(ended);
        self.points.clear();
        self.reset();
    }

    fn set_point(&mut self, token: &[u8]) -> Ending {
        if self.points.len() >= SETS_MAX {
            return self.io_status(StatusCode::SB);
        }
        let token = token.get(..4).unwrap_or_default().to_vec();
        self.points.retain(|(other, _)| *other != token);
        self.points.push((token, self.journal.mark()));
        self.io_status(StatusCode::OK)
    }

    fn back_to_point(&mut self, token: &[u8]) -> Ending {
        let token = token.get(..4).unwrap_or_default();
        let Some(at) = self.points.iter().position(|(other, _)| other == token) else {
            return self.io_status(StatusCode::RA);
        };
        let mark = self.points[at].1;
        // The point itself stays; later ones are gone with what came after it.
        self.points.truncate(at + 1);
        self.journal.back_out(&self.engine.pool, mark);
        self.reset();
        self.io_status(StatusCode::OK)
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
        if let Some(log) = &self.engine.log {
            // A log that takes nothing more misses nothing that a restart needs.
            let _ = log.append(log.no_unit(), &Body::ProgramEnded { psb: self.psb });
        }
    }
}

/// Claims every database of a program, to update it if any of its PCBs may.
fn claim(pcbs: &[ProgramPcb]) -> Result<Vec<Claim>, ScheduleError> {
    let mut wanted: BTreeMap<DbdName, (&Arc<Database>, bool)> = BTreeMap::new();
    for pcb in pcbs {
        if let ProgramPcb::Db { pcb, .. } = pcb {
            wanted.entry(pcb.db.name()).or_insert((&pcb.db, false)).1 |= pcb.view.updates;
        }
    }
    wanted
        .into_iter()
        .map(|(name, (db, updates))| Claim::new(db, updates).ok_or(ScheduleError::InUse(name)))
        .collect()
}

fn schedule_pcb(engine: &Engine, block: &DbBlock, number: usize) -> Result<DbPcb, ScheduleError> {
    let db = engine.database(&block.dbd).ok_or(ScheduleError::NotOpen(block.dbd))?;
    let updates = |options: definitions::model::procopt::ProcOpt| options.updates();
    if !db.updatable
        && (updates(block.options) || block.segments.iter().any(|segment| updates(segment.options)))
    {
        return Err(ScheduleError::ReadOnly(block.dbd));
    }
    if block.multiple_positioning {
        return Err(ScheduleError::Pcb("POS=MULTIPLE", number));
    }
    if block.sequence.is_some() || block.segments.iter().any(|segment| !segment.indices.is_empty()) {
        return Err(ScheduleError::Pcb("a secondary index", number));
    }
    let pcb = DbPcb::new(block, db);
    match pcb.view.agrees_with(&pcb.db) {
        true => Ok(pcb),
        false => Err(ScheduleError::Mismatch(block.dbd)),
    }
}
