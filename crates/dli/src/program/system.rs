//! System calls: those on the I/O PCB.

use super::{Ending, LOG_ABEND, Program, SETS_MAX, STOPPED_ABEND, ToldMore};
use crate::call::{CLASSES, Function};
use crate::error::CommitError;
use crate::status::StatusCode;
use logger::Body;

/// The abend of a program that asked for it.
const ROLL_ABEND: u16 = 778;

impl Program {
    pub(super) fn system_call(&mut self, function: Function, area: &mut [u8]) -> Ending {
        match function {
            Function::Chkp => self.checkpoint(area, None),
            Function::Sync => self.commit_call(),
            Function::Xrst => self.restart(area, &mut []),
            Function::Log => self.log(area),
            Function::Init => self.init(area),
            Function::Deq => self.dequeue(area),
            Function::Rolb => {
                self.back_out();
                self.io_status(StatusCode::OK)
            }
            Function::Roll => self.abend(ROLL_ABEND),
            Function::Sets | Function::Setu => self.set_point(area),
            Function::Rols => self.back_to_point(area),
            _ => self.io_status(StatusCode::AD),
        }
    }

    /// A commit point that the program asked for.
    pub(super) fn commit_call(&mut self) -> Ending {
        match self.commit() {
            Ok(()) => self.io_status(StatusCode::OK),
            Err(error) => commit_ending(&error),
        }
    }

    /// LOG: length (2), zeros (2), the type of the record, then its text.
    fn log(&mut self, area: &[u8]) -> Ending {
        let length = area.get(..2).map_or(0, |bytes| usize::from(u16::from_be_bytes([bytes[0], bytes[1]])));
        if length < 5 {
            return self.io_status(StatusCode::QF);
        }
        let Some(text) = area.get(4..length).filter(|text| text.len() <= Body::USER_BYTES_MAX) else {
            return self.io_status(StatusCode::AT);
        };
        if text[0] < Body::USER_FROM {
            return self.io_status(StatusCode::GL);
        }
        match self.journal.log_user(text[0], &text[1..]) {
            Ok(()) => self.io_status(StatusCode::OK),
            Err(_) => self.abend(LOG_ABEND),
        }
    }

    /// INIT: length (2), zeros (2), then what is asked for. STATUS GROUPA and GROUPB: less ends the program.
    fn init(&mut self, area: &[u8]) -> Ending {
        let text = area.get(4..).unwrap_or_default().trim_ascii_start();
        if text.starts_with(b"STATUS GROUPA") {
            self.told_more = ToldMore { unavailable: true, deadlocks: false };
        } else if text.starts_with(b"STATUS GROUPB") {
            self.told_more = ToldMore { unavailable: true, deadlocks: true };
        } else if text.starts_with(b"DBQUERY") {
            return self.query_databases();
        }
        self.io_status(StatusCode::OK)
    }

    /// DEQ: the area begins with the class.
    fn dequeue(&mut self, area: &[u8]) -> Ending {
        let Some(&class) = area.first().filter(|class| CLASSES.contains(class)) else {
            return self.io_status(StatusCode::GL);
        };
        for segment in self.reservations.take_class(class) {
            self.engine.locks.release(self.journal.unit, segment);
        }
        self.io_status(StatusCode::OK)
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
        if token.is_empty() {
            return self.abend(STOPPED_ABEND);
        }
        let token = token.get(..4).unwrap_or_default();
        let Some(at) = self.points.iter().position(|(other, _)| other == token) else {
            return self.io_status(StatusCode::RA);
        };
        let mark = self.points[at].1;
        // The point itself stays; later ones are gone with what came after it.
        self.points.truncate(at + 1);
        self.journal.back_out(&self.engine.pool, mark);
        self.leave_records(self.journal.unit);
        self.reset();
        self.io_status(StatusCode::OK)
    }
}

/// How a commit point that was not made ends the program.
pub(super) fn commit_ending(error: &CommitError) -> Ending {
    match error {
        CommitError::Log(_) => Ending::Abend(LOG_ABEND),
        CommitError::Load(_) | CommitError::Stopped => Ending::Abend(STOPPED_ABEND),
    }
}
