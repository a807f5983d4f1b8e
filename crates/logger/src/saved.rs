//! What programs save at their checkpoints (X'18'), to be restarted from there.

use crate::error::LogError;
use crate::log::Log;
use crate::record::{Body, LogRecord};
use crate::token::RecoveryToken;
use std::collections::BTreeMap;
use vocabulary::{LogSequence, PsbName};

/// The most bytes of a piece.
const PIECE_BYTES: usize = 16 * 1024;

/// What a program saved at a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedProgram {
    /// What the program calls the checkpoint.
    pub id: [u8; 8],
    /// What it saved.
    pub bytes: Vec<u8>,
}

impl Log {
    /// The most bytes that a program saves at a checkpoint.
    pub const SAVED_BYTES_MAX: usize = PIECE_BYTES * u16::MAX as usize;

    /// Appends what a program saves at a checkpoint. It counts once its unit of work is committed, or at once for a token
    /// of no unit.
    ///
    /// # Errors
    /// A log that has stopped; more than [`Self::SAVED_BYTES_MAX`].
    pub fn save_program(
        &self,
        token: RecoveryToken,
        psb: PsbName,
        id: [u8; 8],
        bytes: &[u8],
    ) -> Result<LogSequence, LogError> {
        let pieces = u16::try_from(bytes.len().div_ceil(PIECE_BYTES).max(1))
            .map_err(|_| LogError::TooLong { bytes: bytes.len(), most: Self::SAVED_BYTES_MAX })?;
        let mut appender = self.appender()?;
        let mut last = LogSequence::default();
        for piece in 0..pieces {
            let from = usize::from(piece) * PIECE_BYTES;
            let bytes = &bytes[from..bytes.len().min(from + PIECE_BYTES)];
            last = appender.append(token, &Body::ProgramSaved { psb, id, piece, pieces, bytes });
        }
        Ok(last)
    }

    /// What a program saved last, at any checkpoint or at one of this name, as far back as the log goes.
    ///
    /// # Errors
    /// A log that can't be read.
    pub fn saved_program(&self, psb: PsbName, id: Option<[u8; 8]>) -> Result<Option<SavedProgram>, LogError> {
        self.force_all()?;
        let mut search = Search { psb, id, begun: BTreeMap::new(), found: None };
        let mut reader = self.read(self.oldest()?)?;
        while let Some(record) = reader.next()? {
            search.note(&record);
        }
        Ok(search.found)
    }
}

struct Search {
    psb: PsbName,
    id: Option<[u8; 8]>,
    /// Saved by units of work that are not committed as far as the log was read.
    begun: BTreeMap<RecoveryToken, SavedProgram>,
    found: Option<SavedProgram>,
}

impl Search {
    fn note(&mut self, record: &LogRecord<'_>) {
        let token = record.token;
        match record.body() {
            Some(Body::ProgramSaved { psb, id, piece, pieces, bytes })
                if psb == self.psb && self.id.is_none_or(|wanted| wanted == id) =>
            {
                if piece == 0 {
                    self.begun.insert(token, SavedProgram { id, bytes: Vec::new() });
                }
                if let Some(saved) = self.begun.get_mut(&token) {
                    saved.bytes.extend_from_slice(bytes);
                }
                if piece + 1 == pieces && token.unit() == LogSequence(0) {
                    self.found = self.begun.remove(&token);
                }
            }
            Some(Body::PhaseTwoBegun) => {
                if let Some(saved) = self.begun.remove(&token) {
                    self.found = Some(saved);
                }
            }
            // What was begun before a crash is not committed.
            Some(Body::LogOpened { .. }) => self.begun.clear(),
            _ => {}
        }
    }
}
