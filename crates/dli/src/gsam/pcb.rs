//! A GSAM PCB, and the calls on it.

use super::records::NoRecord;
use super::{GsamDatabase, SharedSet, lock};
use crate::call::{Function, Get, Scope};
use crate::pcb::DbMask;
use crate::status::StatusCode;
use dasd::DataSetError;
use definitions::acb::GsamBlock;
use std::sync::Arc;

/// Bytes of a record search argument.
const ARGUMENT_BYTES: usize = 8;

/// A GSAM PCB of a program.
pub(crate) struct GsamPcb {
    pub(crate) mask: DbMask,
    pub(crate) db: Arc<GsamDatabase>,
    /// It writes (PROCOPT L), and does not read.
    pub(crate) loads: bool,
    /// Where it reads next; none while the data set is closed for it. What is written goes to the end.
    next: Option<u64>,
    /// The data set refused: nothing is written to it any more.
    failed: bool,
    /// Bytes of the I/O area that the last call filled.
    pub(crate) area_used: usize,
}

/// Where a PCB is at a checkpoint: where it reads next, none while it is closed; or how much there is that it may have written.
pub(crate) type GsamPosition = Option<u64>;

impl GsamPcb {
    pub(crate) fn new(block: &GsamBlock, db: Arc<GsamDatabase>) -> Self {
        let mask = DbMask::gsam(&block.dbd, block.options);
        Self { mask, db, loads: block.options.loads(), next: None, failed: false, area_used: 0 }
    }

    /// Makes a call. `arguments` has the record search argument of a GU.
    pub(crate) fn call(
        &mut self,
        function: Option<Function>,
        area: &mut [u8],
        arguments: &[&[u8]],
    ) -> StatusCode {
        self.area_used = 0;
        let outcome = match function {
            Some(Function::Open) => self.open(area),
            Some(Function::Clse) => self.close(),
            Some(Function::Isrt) => self.insert(area),
            Some(Function::Get(Get { scope: Scope::Next, hold: false })) => self.get_next(area),
            Some(Function::Get(Get { scope: Scope::Unique, hold: false })) => {
                self.get_unique(area, arguments)
            }
            _ => Err(StatusCode::AD),
        };
        let status = outcome.err().unwrap_or(StatusCode::OK);
        self.mask.set_status(status);
        status
    }

    /// What the I/O area says of the kind has to go with the processing options.
    fn open(&mut self, area: &[u8]) -> Result<(), StatusCode> {
        let kind = area.get(..4).unwrap_or(area).trim_ascii_end();
        let goes = match kind {
            b"INP" => !self.loads,
            b"OUT" | b"OUTA" | b"OUTM" => self.loads,
            _ => true,
        };
        if !goes {
            return Err(StatusCode::AM);
        }
        self.next.get_or_insert(0);
        Ok(())
    }

    fn close(&mut self) -> Result<(), StatusCode> {
        self.next = None;
        self.write_out().map_err(|_| StatusCode::AO)
    }

    fn insert(&mut self, area: &[u8]) -> Result<(), StatusCode> {
        match () {
            () if !self.loads => return Err(StatusCode::AM),
            () if self.failed => return Err(StatusCode::IX),
            () if area.is_empty() => return Err(StatusCode::AB),
            () => {}
        }
        let record = self.db.format.written(area)?;
        let mut set = lock(&self.db.output);
        let at = set.byte_count();
        let written = set.append(&record);
        drop(set);
        self.note(written).map_err(|_| StatusCode::AO)?;
        self.mask.set_key(&argument(at));
        Ok(())
    }

    fn get_next(&mut self, area: &mut [u8]) -> Result<(), StatusCode> {
        self.check_get(area)?;
        let at = *self.next.get_or_insert(0);
        match self.get_at(at, area) {
            Err(StatusCode::GB) => {
                // The data set is closed; a later call begins again.
                self.next = None;
                Err(StatusCode::GB)
            }
            outcome => outcome,
        }
    }

    fn get_unique(&mut self, area: &mut [u8], arguments: &[&[u8]]) -> Result<(), StatusCode> {
        self.check_get(area)?;
        let given = arguments.first().ok_or(StatusCode::AH)?;
        let at = offset_of(given).filter(|&at| self.db.format.may_begin_at(at)).ok_or(StatusCode::AJ)?;
        match self.get_at(at, area) {
            // A record begins there, or at the beginning where there is none yet.
            Err(StatusCode::GB) if at > 0 => Err(StatusCode::AJ),
            Err(StatusCode::AF) => Err(StatusCode::AJ),
            outcome => outcome,
        }
    }

    fn check_get(&self, area: &[u8]) -> Result<(), StatusCode> {
        match () {
            () if self.loads => Err(StatusCode::AM),
            () if area.is_empty() => Err(StatusCode::AB),
            () => Ok(()),
        }
    }

    /// Gets the record at an offset, and stands behind it.
    fn get_at(&mut self, at: u64, area: &mut [u8]) -> Result<(), StatusCode> {
        let read = self.db.format.read(&**lock(&self.db.input), at);
        let (record, next) = read.map_err(|none| match none {
            NoRecord::End => StatusCode::GB,
            NoRecord::Invalid => StatusCode::AF,
            NoRecord::Trouble(_) => StatusCode::AO,
        })?;
        area.get_mut(..record.len()).ok_or(StatusCode::AT)?.copy_from_slice(&record);
        self.area_used = record.len();
        self.next = Some(next);
        self.mask.set_key(&argument(at));
        Ok(())
    }

    /// Returns once what was written survives the loss of power.
    pub(crate) fn write_out(&mut self) -> Result<(), DataSetError> {
        if !self.loads {
            return Ok(());
        }
        let written = lock(&self.db.output).sync();
        self.note(written)
    }

    fn note(&mut self, outcome: Result<(), DataSetError>) -> Result<(), DataSetError> {
        self.failed |= outcome.is_err();
        outcome
    }

    /// Where it is. Whoever has not written yet is at the end, too: what comes behind it goes at a restart.
    pub(crate) fn position(&self) -> GsamPosition {
        if self.loads { Some(lock(&self.db.output).byte_count()) } else { self.next }
    }

    /// Goes to where it was at a checkpoint. What was written since then goes. False when the data set does not reach as far.
    pub(crate) fn stand_again(&mut self, position: GsamPosition) -> Result<bool, DataSetError> {
        self.next = position;
        let Some(at) = position else { return Ok(true) };
        let set: &SharedSet = if self.loads { &self.db.output } else { &self.db.input };
        let mut set = lock(set);
        if set.byte_count() < at {
            return Ok(false);
        }
        if self.loads {
            set.truncate(at)?;
            set.sync()?;
        }
        Ok(true)
    }
}

/// The record search argument of the record at an offset: the first word is one more than the higher half of it, the
/// second the lower half. 1 and 0 are the beginning of the data set, as in IMS.
fn argument(at: u64) -> [u8; ARGUMENT_BYTES] {
    (at + (1 << 32)).to_be_bytes()
}

fn offset_of(argument: &[u8]) -> Option<u64> {
    let bytes: [u8; ARGUMENT_BYTES] = argument.get(..ARGUMENT_BYTES)?.try_into().ok()?;
    u64::from_be_bytes(bytes).checked_sub(1 << 32)
}
