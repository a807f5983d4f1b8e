//! The calls: what a program asks of a database PCB, and what it is told.

mod area;
mod delete;
mod function;
mod get;
mod insert;
mod load;
mod position;
mod qualification;
mod replace;
mod search;
mod ssa;
mod view;

pub use function::{Function, Get, Scope};
pub(crate) use position::{Gap, Place, Position};
pub(crate) use ssa::Arguments;
pub(crate) use view::View;

use crate::database::Journal;
use crate::database::{Cursor, Database, Writer};
use crate::error::Trouble;
use crate::pcb::DbPcb;
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
        Self::Trouble(trouble)
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
    pub(crate) level: usize,
    pub(crate) kind: u8,
    pub(crate) rba: crate::Rba,
    pub(crate) next: Option<crate::Rba>,
}

/// What a call did beside what it tells its own PCB.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    /// Other PCBs may have stood there.
    pub(crate) deleted: Option<Deleted>,
}

impl Request<'_> {
    /// Carries out the call. The PCB mask says how it went.
    pub(crate) fn perform(mut self) -> Effects {
        self.pcb.area_used = 0;
        let mut effects = Effects::default();
        let mark = self.journal.mark();
        match self.dispatch(&mut effects) {
            Ok(status) => self.pcb.mask.set_status(status),
            Err(Refused::Status(status, shown)) => {
                self.journal.back_out(self.pool, mark);
                self.pcb.show(status, shown);
            }
            Err(Refused::Trouble(trouble)) => {
                self.pcb.db.stop(&trouble);
                self.journal.back_out(self.pool, mark);
                self.pcb.show(StatusCode::AO, Shown::Nothing);
                effects = Effects::default();
            }
        }
        effects
    }

    fn dispatch(&mut self, effects: &mut Effects) -> Result<StatusCode, Refused> {
        if self.pcb.db.is_stopped() {
            return Err(StatusCode::AI.into());
        }
        let loading = self.pcb.view.loads;
        let held = std::mem::take(&mut self.pcb.is_held);
        match self.function {
            Function::Isrt if loading => self.load(),
            _ if loading => Err(StatusCode::AM.into()),
            Function::Isrt => self.insert(),
            Function::Repl => self.replace(held),
            Function::Dlet => self.delete(held, effects),
            Function::Get(get) => self.get(get),
            _ => Err(StatusCode::AD.into()),
        }
    }

    /// Reads the search arguments.
    fn arguments(&mut self) -> Result<Arguments, Refused> {
        let mut arguments = std::mem::take(&mut self.pcb.arguments);
        match arguments.parse(&self.pcb.view, &self.pcb.db, self.ssas) {
            Ok(()) => Ok(arguments),
            Err(status) => {
                self.pcb.arguments = arguments;
                Err(status.into())
            }
        }
    }
}

impl<'r> Request<'r> {
    /// A reader of the database.
    fn cursor(&self) -> Cursor<'r> {
        Cursor::new(self.pool)
    }
}

/// A writer of the PCB's database for the unit of work.
pub(crate) fn writer<'w>(
    pool: &'w BufferPool,
    db: &'w Arc<Database>,
    units: &'w Units,
    journal: &'w mut Journal,
) -> Writer<'w> {
    Writer::new(pool, db, units, Some(journal))
}
