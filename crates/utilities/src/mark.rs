//! Where in the log something belongs.

use crate::UtilityError;
use logger::{Log, LogReader, LogRecord};
use serde::{Deserialize, Serialize};
use vocabulary::{LogSequence, Moment};

/// A record of the log, and enough of it to know it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogMark {
    /// The record.
    pub sequence: LogSequence,
    /// When it was written.
    pub stamp: Moment,
    /// The CRC-32 of its bytes.
    pub checksum: u32,
}

impl LogMark {
    fn of(record: &LogRecord<'_>) -> Self {
        let checksum = crc32fast::hash(record.bytes());
        Self { sequence: record.sequence, stamp: record.stamp, checksum }
    }

    /// The last record of a log.
    ///
    /// # Errors
    /// A log that can't be forced or read.
    pub fn last(log: &Log) -> Result<Self, UtilityError> {
        log.force_all()?;
        let last = log.last();
        match log.read(last)?.next()? {
            Some(record) => Ok(Self::of(&record)),
            None => Err(UtilityError::LogGone { from: last, to: last }),
        }
    }

    /// The oldest record that a log has.
    ///
    /// # Errors
    /// A log that can't be forced or read.
    pub fn oldest(log: &Log) -> Result<Self, UtilityError> {
        log.force_all()?;
        match log.read(LogSequence(1))?.next()? {
            Some(record) => Ok(Self::of(&record)),
            None => Err(UtilityError::LogGone { from: LogSequence(1), to: LogSequence(1) }),
        }
    }

    /// Reads a log from behind this record on, once that is found to be the same.
    ///
    /// # Errors
    /// A log that has another record there, or begins behind it. `what` has the mark.
    pub(crate) fn read_on<'l>(
        &self,
        log: &'l Log,
        what: &'static str,
    ) -> Result<LogReader<'l>, UtilityError> {
        log.force_all()?;
        let mut reader = log.read(self.sequence)?;
        let Some(first) = reader.next()?.map(|record| Self::of(&record)) else {
            return Err(UtilityError::LogOther(what, self.sequence));
        };
        match first {
            first if first == *self => Ok(reader),
            first if first.sequence > self.sequence => {
                let to = LogSequence(first.sequence.0 - 1);
                Err(UtilityError::LogGone { from: LogSequence(self.sequence.0 + 1), to })
            }
            _ => Err(UtilityError::LogOther(what, self.sequence)),
        }
    }
}
