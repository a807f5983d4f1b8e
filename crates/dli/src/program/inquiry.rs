//! What a program asks about its surroundings: INQY, INIT DBQUERY, STAT.

use super::{Ending, Program, ProgramPcb};
use crate::aib::{Aib, AibError};
use crate::call::Shown;
use crate::pool::PoolCounts;
use crate::status::StatusCode;

/// Bytes of what INQY ENVIRON tells.
const ENVIRONMENT_BYTES: usize = 76;
/// The release that this answers like.
const RELEASE: [u8; 4] = [0, 0, 0x0f, 0x06];
/// Bytes of a line of STAT.
const LINE: usize = 120;

impl Program {
    /// A call through the AIB: the PCB is the one that it names, IOPCB for the I/O PCB. What came of it is in the AIB, and
    /// in the PCB if the return code is X'900'.
    pub fn aib_call(&mut self, function: &[u8], aib: &mut Aib, area: &mut [u8], ssas: &[&[u8]]) -> Ending {
        let number = match aib.check().and_then(|()| self.numbered(&aib.resource())) {
            Ok(number) => number,
            Err(error) => return refuse(aib, error),
        };
        let usable = area.len().min(aib.area_bytes());
        let area = &mut area[..usable];
        aib.set_resource_address(number as u32);
        let ending = match function.trim_ascii_end() {
            b"INQY" => match self.inquire(&aib.subfunction(), area) {
                Ok((status, used)) => {
                    aib.set_area_used(used);
                    self.io_status(status)
                }
                Err(error) => return refuse(aib, error),
            },
            _ => {
                let ending = self.call(number, function, area, ssas);
                aib.set_area_used(self.area_used(number).iter().sum());
                ending
            }
        };
        if let Ending::Continues(status) = ending {
            aib.set_status(status);
        }
        ending
    }

    /// The number of the PCB of this name.
    fn numbered(&self, name: &[u8; 8]) -> Result<usize, AibError> {
        if name == b"IOPCB   " {
            return Ok(1);
        }
        let named = |number: &usize| self.pcb_name(*number).is_some_and(|other| other.padded() == *name);
        (2..=self.pcb_count()).find(named).ok_or(AibError::NoPcb)
    }

    /// INQY: gives the status, and how many bytes of the area it used.
    fn inquire(&mut self, subfunction: &[u8; 8], area: &mut [u8]) -> Result<(StatusCode, usize), AibError> {
        let told = match subfunction.trim_ascii_end() {
            b"FIND" => Vec::new(),
            b"PROGRAM" => self.psb.padded().to_vec(),
            b"ENVIRON" => self.environment().to_vec(),
            b"DBQUERY" => {
                self.query_databases();
                return Ok((StatusCode::of_mask(self.io.status()), 0));
            }
            _ => return Err(AibError::Subfunction),
        };
        area.get_mut(..told.len()).ok_or(AibError::AreaTooSmall)?.copy_from_slice(&told);
        Ok((StatusCode::OK, told.len()))
    }

    /// IMS 8, release 4, control region 8, region 8, its number 4, program 8, PSB 8, transaction 8, user 8, group 8, status
    /// group 4.
    fn environment(&self) -> [u8; ENVIRONMENT_BYTES] {
        let mut told = [b' '; ENVIRONMENT_BYTES];
        let mut put = |at: usize, bytes: &[u8]| told[at..at + bytes.len()].copy_from_slice(bytes);
        let subsystem = self.engine.log.as_ref().map(|log| log.subsystem().padded());
        put(0, &subsystem.unwrap_or([b' '; 8]));
        put(8, &RELEASE);
        put(12, b"BATCH");
        put(20, b"BATCH");
        put(28, &1u32.to_be_bytes());
        put(32, &self.psb.padded());
        put(40, &self.psb.padded());
        match (self.told_more.unavailable, self.told_more.deadlocks) {
            (_, true) => put(72, b"B"),
            (true, false) => put(72, b"A"),
            _ => {}
        }
        told
    }

    /// INIT DBQUERY: each database PCB tells whether its database can be used; the I/O PCB whether all can.
    pub(super) fn query_databases(&mut self) -> Ending {
        let (mut usable, mut unusable) = (0, 0);
        for pcb in &mut self.pcbs {
            if let ProgramPcb::Missing { mask, .. } = pcb {
                unusable += 1;
                mask.set_status(StatusCode::NA);
            }
            let ProgramPcb::Db { pcb, .. } = pcb else { continue };
            let stopped = pcb.databases().all(|db| db.is_stopped());
            *(if stopped { &mut unusable } else { &mut usable }) += 1;
            pcb.show(if stopped { StatusCode::NA } else { StatusCode::OK }, Shown::Unchanged);
        }
        self.io_status(match (usable, unusable) {
            (0, _) => StatusCode::BJ,
            (_, 0) => StatusCode::OK,
            _ => StatusCode::BK,
        })
    }
}

/// STAT: `wanted` is DBAS or VBAS, then F for lines to read, S for one of them, U for binary numbers. All databases share
/// the buffers.
pub(super) fn statistics(counts: &PoolCounts, wanted: &[u8], area: &mut [u8]) -> StatusCode {
    let told = match (wanted.get(..4), wanted.get(4)) {
        (Some(b"DBAS" | b"VBAS"), Some(b'F')) => lines(counts, 3),
        (Some(b"DBAS" | b"VBAS"), Some(b'S')) => lines(counts, 1),
        (Some(b"DBAS" | b"VBAS"), Some(b'U')) => {
            let PoolCounts { buffers, reads, writes } = counts;
            [buffers, reads, writes].iter().flat_map(|&&count| (count as u32).to_be_bytes()).collect()
        }
        _ => return StatusCode::AC,
    };
    match area.get_mut(..told.len()) {
        Some(place) => place.copy_from_slice(&told),
        None => return StatusCode::AT,
    }
    StatusCode::OK
}

fn lines(counts: &PoolCounts, count: usize) -> Vec<u8> {
    let PoolCounts { buffers, reads, writes } = counts;
    let numbers = format!("{buffers:>12}{reads:>12}{writes:>12}");
    let heads = format!("{:>12}{:>12}{:>12}", "BUFFERS", "READS", "WRITES");
    let lines = match count {
        1 => vec![numbers],
        _ => vec!["BUFFER POOL".to_string(), heads, numbers],
    };
    lines.iter().flat_map(|line| format!("{line:<LINE$}").into_bytes()).collect()
}

fn refuse(aib: &mut Aib, error: AibError) -> Ending {
    aib.refuse(error);
    Ending::Continues(StatusCode::OK)
}
