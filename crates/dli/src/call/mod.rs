//! The calls: what a program asks of a database PCB, and what it is told.

mod area;
mod concatenated;
mod delete;
mod function;
mod get;
mod index_database;
mod insert;
mod load;
mod partitions;
mod paths;
mod position;
mod qualification;
mod replace;
mod reservations;
mod search;
mod sequence;
mod shape;
mod ssa;
mod step;
mod straight;
mod view;

pub(crate) use concatenated::Shape;
pub use function::{Function, Get, Scope};
pub(crate) use paths::Paths;
pub(crate) use position::{Gap, Place, Position};
pub(crate) use reservations::Reservations;
pub(crate) use ssa::{Arguments, CLASSES};
pub(crate) use step::step;
pub(crate) use straight::go_straight;
pub(crate) use view::{View, ViewSegment, types_of};

use crate::database::{Cursor, Database, Gone, Journal, Mark, Writer};
use crate::error::Trouble;
use crate::lock::{Locker, Refusal};
use crate::pcb::{DbPcb, Dirty};
use crate::pool::BufferPool;
use crate::status::StatusCode;
use crate::units::Units;
use std::sync::Arc;

/// The most search arguments of a call, and the most levels of a database.
pub(crate) const LEVELS_MAX: usize = 15;

/// A call on a database PCB, with what it needs of the engine.
pub(crate) struct Request<'r> {
    pub(crate) pool: &'r BufferPool,
    pub(crate) units: &'r Units,
    pub(crate) journal: &'r mut Journal,
    pub(crate) pcb: &'r mut DbPcb,
    pub(crate) function: Function,
    pub(crate) area: &'r mut [u8],
    pub(crate) ssas: &'r [&'r [u8]],
    pub(crate) locker: Option<&'r Locker<'r>>,
    pub(crate) reservations: &'r mut Reservations,
}

/// Why a call did not do what was asked.
pub(crate) enum Refused {
    /// With this status, and the PCB as it shows.
    Status(StatusCode, Shown),
    /// The database can't be used any more.
    Trouble(Trouble),
}

/// What the PCB shows after a call that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Level 00, no segment, no key.
    Nothing,
    /// Where the position is: the call was refused before anything was searched.
    Position,
    /// What it showed before.
    Unchanged,
    /// The path so far, as deep as this.
    Level(usize),
}

impl From<Trouble> for Refused {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::DuplicateInIndex(_) => Self::Status(StatusCode::NI, Shown::Position),
            Trouble::Told(status) => Self::Status(status, Shown::Position),
            Trouble::NoPartition => Self::Status(StatusCode::FM, Shown::Position),
            Trouble::PartitionUnavailable => Self::Status(StatusCode::FH, Shown::Position),
            trouble => Self::Trouble(trouble),
        }
    }
}

impl From<StatusCode> for Refused {
    fn from(status: StatusCode) -> Self {
        Self::Status(status, Shown::Position)
    }
}

/// What a segment that was deleted leaves behind: positions on it or under it are before the next twin now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Deleted {
    pub(crate) kind: u8,
    pub(crate) rba: crate::Rba,
    pub(crate) next: Option<crate::Rba>,
}

/// What a call did beside what it tells its own PCB.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    /// Other PCBs may have stood there.
    pub(crate) deleted: Option<Deleted>,
    /// Everything that went with it: types and places. Kept where there are secondary indexes.
    pub(crate) removed: Vec<(u8, crate::Rba)>,
    /// What went where there are logical relationships, in any database.
    pub(crate) gone: Vec<Gone>,
    /// It was refused, and the position is where it was.
    pub(crate) stays: bool,
    /// The call was not made, and this is why.
    pub(crate) not_made: Option<NotMade>,
}

/// Why a call was not made. The PCB is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotMade {
    /// It has to wait for another program.
    Waits,
    /// Its program has to give way.
    LockRefused(Refusal),
    /// What is read without integrity is broken.
    ReadBroken,
}

impl Request<'_> {
    /// Carries out the call. The PCB mask says how it went.
    pub(crate) fn perform(mut self) -> Effects {
        self.pcb.area_used = 0;
        self.pcb.save();
        let mut effects = Effects::default();
        let mark = self.journal.mark();
        let mut outcome = self.dispatch(&mut effects);
        if matches!(outcome, Err(Refused::Trouble(Trouble::Broken { .. })))
            && self.pcb.dirty == Some(Dirty::Retried)
        {
            self.pcb.restore();
            outcome = self.dispatch(&mut effects);
        }
        match outcome {
            Ok(status) => self.pcb.mask.set_status(status),
            Err(Refused::Status(status, shown)) => {
                self.journal.back_out(self.pool, mark);
                self.pcb.show(status, shown);
                effects.stays = matches!(shown, Shown::Position | Shown::Unchanged);
            }
            Err(Refused::Trouble(trouble)) => {
                effects = Effects { not_made: self.fail(&trouble, mark), ..Effects::default() };
            }
        }
        if let Some(paths) = &mut self.pcb.paths {
            paths.note(&self.pcb.view, &self.pcb.position);
        }
        effects
    }

    /// Takes back what the call did so far. Gives why it was not made, unless the PCB tells.
    fn fail(&mut self, trouble: &Trouble, mark: Mark) -> Option<NotMade> {
        let not_made = match (trouble, self.pcb.dirty) {
            (Trouble::Waits, _) => NotMade::Waits,
            (Trouble::LockRefused(refusal), _) => NotMade::LockRefused(*refusal),
            (Trouble::Broken { .. }, Some(Dirty::Abends)) => NotMade::ReadBroken,
            (Trouble::Broken { .. }, Some(_)) => {
                self.pcb.clear_position();
                self.pcb.parentage = None;
                self.pcb.show(StatusCode::GG, Shown::Nothing);
                return None;
            }
            _ => {
                self.pcb.stop(trouble);
                self.journal.back_out(self.pool, mark);
                self.pcb.show(StatusCode::AO, Shown::Nothing);
                return None;
            }
        };
        self.journal.back_out(self.pool, mark);
        self.pcb.restore();
        Some(not_made)
    }

    fn dispatch(&mut self, effects: &mut Effects) -> Result<StatusCode, Refused> {
        if self.pcb.is_stopped() {
            self.leave_stopped()?;
        }
        if self.area.is_empty() {
            return Err(StatusCode::AB.into());
        }
        let loading = self.pcb.view.loads;
        let held = std::mem::take(&mut self.pcb.is_held);
        if let Some(at) = self.pcb.of_index {
            return self.index_call(at, held);
        }
        match self.function {
            Function::Isrt if loading => self.load(),
            _ if loading => Err(StatusCode::AM.into()),
            Function::Isrt => self.insert(),
            Function::Dlet if self.pcb.view.is_concatenated => self.delete_concatenated(held, effects),
            Function::Repl => self.replace(held),
            Function::Dlet => self.delete(held, effects),
            Function::Get(get) => self.get(get),
            _ => Err(StatusCode::AD.into()),
        }
    }

    /// Nothing can be done with a database that was stopped. Of a HALDB it may be only the partition that the PCB is in:
    /// calls that need not begin there go elsewhere.
    fn leave_stopped(&mut self) -> Result<(), Refused> {
        let elsewhere =
            matches!(self.function, Function::Isrt | Function::Get(Get { scope: Scope::Unique, .. }));
        match (&self.pcb.partitions, elsewhere) {
            (None, _) => Err(StatusCode::AI.into()),
            (Some(_), false) => Err(Trouble::PartitionUnavailable.into()),
            (Some(_), true) => {
                self.pcb.clear_position();
                Ok(())
            }
        }
    }

    /// Reads the search arguments.
    fn arguments(&mut self) -> Result<Arguments, Refused> {
        let mut arguments = std::mem::take(&mut self.pcb.arguments);
        let parsed = arguments.parse(&self.pcb.view, self.pcb.types(), self.ssas);
        let most = self.pcb.arguments_bytes_max.unwrap_or(usize::MAX);
        match parsed {
            Ok(()) if arguments.bytes() <= most => Ok(arguments),
            Ok(()) => {
                self.pcb.arguments = arguments;
                Err(StatusCode::AU.into())
            }
            Err(status) => {
                self.pcb.arguments = arguments;
                Err(status.into())
            }
        }
    }
}

impl<'r> Request<'r> {
    /// Has the record alone that the call is in.
    fn change_record(&self) -> Result<(), Trouble> {
        self.locker.map_or(Ok(()), Locker::change_record)
    }

    /// A reader of the database.
    fn cursor(&self) -> Cursor<'r> {
        Cursor::new(self.pool, self.locker)
    }
}

/// A writer of the PCB's database for the unit of work.
pub(crate) fn writer<'w>(
    pool: &'w BufferPool,
    db: &'w Arc<Database>,
    units: &'w Units,
    journal: &'w mut Journal,
    locker: Option<&'w Locker<'w>>,
) -> Writer<'w> {
    Writer::new(pool, db, units, Some(journal), locker)
}
