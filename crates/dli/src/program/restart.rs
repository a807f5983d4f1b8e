//! Symbolic checkpoints and the extended restart from one (CHKP, XRST).

use super::system::commit_ending;
use super::{Ending, LOG_ABEND, Program, ProgramPcb};
use crate::aib::padded;
use crate::gsam::GsamPosition;
use crate::status::StatusCode;
use logger::Log;
use vocabulary::SegmentName;
use vocabulary::encoding::{decode, encode};

/// The abend of a program that can't be restarted as it asks.
const RESTART_ABEND: u16 = 102;
/// The most areas that a program saves.
const AREAS_MAX: usize = 7;
/// Bytes of the I/O area that XRST uses.
const RESTART_AREA_BYTES: usize = 12;

/// By the number of the PCB, the segment where it stands and that segment's concatenated key.
type Positions = Vec<(u16, SegmentName, Vec<u8>)>;
/// By the number of a GSAM PCB, where it is.
type GsamPositions = Vec<(u16, GsamPosition)>;
/// What a program saves at a symbolic checkpoint: its areas, and where its PCBs are.
type Saved = (Vec<Vec<u8>>, Positions, GsamPositions);

impl Program {
    /// A symbolic checkpoint (CHKP): a commit point at which up to seven areas are saved, for [`Self::restart`]. Its name
    /// has eight bytes; fewer are filled up with blanks.
    pub fn checkpoint_symbolic(&mut self, id: &[u8], areas: &[&[u8]]) -> Ending {
        if areas.len() > AREAS_MAX {
            return self.io_status(StatusCode::AP);
        }
        let areas: Vec<Vec<u8>> = areas.iter().map(|area| area.to_vec()).collect();
        let saved: Saved = (areas, self.positions(), self.gsam_positions());
        let saved = encode(&saved);
        if saved.len() > Log::SAVED_BYTES_MAX {
            return self.io_status(StatusCode::AT);
        }
        self.checkpoint(id, Some(&saved))
    }

    pub(super) fn checkpoint(&mut self, id: &[u8], saved: Option<&[u8]>) -> Ending {
        if let Err(error) = self.prepare_commit() {
            return commit_ending(&error);
        }
        match self.journal.log_checkpoint(padded(id), saved) {
            Ok(()) => self.commit_call(),
            Err(_) => self.abend(LOG_ABEND),
        }
    }

    /// The extended restart (XRST), the first call of a program. `area` has twelve bytes: blanks for a program that begins
    /// anew; the name of a checkpoint, or LAST, for one that goes on there. It gets the name of the checkpoint, its areas,
    /// and each PCB stands where it stood, if the segment is there still and has keys that are unique on every level.
    ///
    /// Ends the program with U0102 when there is no such checkpoint in the log, it has another number of areas, or this is
    /// not the first call.
    pub fn restart(&mut self, area: &mut [u8], areas: &mut [&mut [u8]]) -> Ending {
        if area.len() < RESTART_AREA_BYTES {
            return self.io_status(StatusCode::AT);
        }
        if self.is_under_way || areas.len() > AREAS_MAX {
            return self.abend(RESTART_ABEND);
        }
        self.is_under_way = true;
        let id = padded(&area[..8]);
        if id == [b' '; 8] {
            area[..RESTART_AREA_BYTES].fill(b' ');
            return self.io_status(StatusCode::OK);
        }
        let found = match self.journal.saved_program(Some(id).filter(|id| *id != *b"LAST    ")) {
            Ok(found) => found,
            Err(_) => return self.abend(LOG_ABEND),
        };
        let saved = found.and_then(|found| Some((found.id, read_saved(&found.bytes)?)));
        let Some((id, (saved, positions, of_gsam))) = saved.filter(|(_, saved)| saved.0.len() == areas.len())
        else {
            return self.abend(RESTART_ABEND);
        };
        for (area, saved) in areas.iter_mut().zip(&saved) {
            let bytes = area.len().min(saved.len());
            area[..bytes].copy_from_slice(&saved[..bytes]);
        }
        area[..8].copy_from_slice(&id);
        area[8..RESTART_AREA_BYTES].fill(b' ');
        if !self.gsam_stands_again(of_gsam) {
            return self.abend(RESTART_ABEND);
        }
        match self.stand_again(&positions) {
            Ending::Continues(_) => self.io_status(StatusCode::OK),
            ending => {
                // The whole call is made again when it had to wait.
                self.is_under_way = false;
                ending
            }
        }
    }

    /// Where each PCB stands, as far as keys tell.
    fn positions(&self) -> Positions {
        let position = |(at, pcb): (usize, &ProgramPcb)| {
            let ProgramPcb::Db { pcb, .. } = pcb else { return None };
            let place = pcb.position.path.last()?;
            let types = pcb.types();
            let unique = |place: &crate::call::Place| {
                if place.segment == 0
                    && let Some(index) = pcb.view.sequence.and_then(|at| pcb.db.indexes.get(at))
                {
                    return index.rules.search_is_unique();
                }
                pcb.view.segments[place.segment].inverted
                    || types[usize::from(pcb.view.segments[place.segment].code) - 1]
                        .key
                        .is_some_and(|key| key.unique)
            };
            let segment = &pcb.view.segments[place.segment];
            let tells = pcb.position.path.iter().all(unique) && segment.options.is_returned();
            tells.then(|| (at as u16 + 2, segment.name, pcb.position.keys.clone()))
        };
        self.pcbs.iter().enumerate().filter_map(position).collect()
    }

    fn gsam_positions(&self) -> GsamPositions {
        let position = |(at, pcb): (usize, &ProgramPcb)| match pcb {
            ProgramPcb::Gsam { pcb, .. } => Some((at as u16 + 2, pcb.position())),
            _ => None,
        };
        self.pcbs.iter().enumerate().filter_map(position).collect()
    }

    /// False when a data set is not what it was.
    fn gsam_stands_again(&mut self, positions: GsamPositions) -> bool {
        positions.into_iter().all(|(number, position)| {
            let pcb = usize::from(number).checked_sub(2).and_then(|at| self.pcbs.get_mut(at));
            match pcb {
                Some(ProgramPcb::Gsam { pcb, .. }) => pcb.stand_again(position).unwrap_or(false),
                _ => false,
            }
        })
    }

    fn stand_again(&mut self, positions: &[(u16, SegmentName, Vec<u8>)]) -> Ending {
        let mut area = vec![0; self.area_bytes];
        for (number, segment, key) in positions {
            let number = usize::from(*number);
            let argument = [&segment.padded()[..], b"*C(", key, b")"].concat();
            // SSASIZE= is for what the program says, and this call is not the program's.
            let most = self.limit_arguments(number, None);
            let ending = self.call(number, b"GU", &mut area, &[&argument]);
            self.limit_arguments(number, most);
            if !matches!(ending, Ending::Continues(_)) {
                return ending;
            }
        }
        Ending::Continues(StatusCode::OK)
    }

    /// Sets the most bytes that the search arguments of a call on a PCB may have, and gives what it was.
    fn limit_arguments(&mut self, number: usize, most: Option<usize>) -> Option<usize> {
        match number.checked_sub(2).and_then(|at| self.pcbs.get_mut(at)) {
            Some(ProgramPcb::Db { pcb, .. }) => std::mem::replace(&mut pcb.arguments_bytes_max, most),
            _ => None,
        }
    }
}

/// What a program saved; before there was GSAM no places in it were.
fn read_saved(bytes: &[u8]) -> Option<Saved> {
    decode::<Saved>("checkpoint", bytes).ok().or_else(|| {
        let (areas, positions) = decode("checkpoint", bytes).ok()?;
        Some((areas, positions, GsamPositions::new()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_saved_before_there_was_gsam_is_read() {
        let areas = vec![b"AREA".to_vec()];
        let positions: Positions = vec![(2, "ROOT".parse().unwrap(), b"KEY".to_vec())];
        let old = encode(&(&areas, &positions));
        assert_eq!(read_saved(&old), Some((areas.clone(), positions.clone(), Vec::new())));
        let new: Saved = (areas, positions, vec![(3, Some(80)), (4, None)]);
        assert_eq!(read_saved(&encode(&new)), Some(new));
    }
}
