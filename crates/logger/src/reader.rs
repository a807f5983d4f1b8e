//! Reading the log from a record on.

use crate::block::HEADER_BYTES;
use crate::error::LogError;
use crate::log::Log;
use crate::record::{FRAME_BYTES, LogRecord};
use vocabulary::LogSequence;

/// Bytes that were read and not yet given back to the allocator.
const SPENT_BYTES_MAX: usize = 1 << 16;

/// Gives the records that are on data sets, one after the other.
pub struct LogReader<'l> {
    log: &'l Log,
    next_block: u64,
    from: u64,
    bytes: Vec<u8>,
    /// Where the next record begins in `bytes`.
    at: usize,
    last: u64,
}

impl<'l> LogReader<'l> {
    pub(crate) fn new(log: &'l Log, from: LogSequence) -> Result<Self, LogError> {
        let ring = log.ring();
        let next_block = ring.find(from.0)?;
        drop(ring);
        Ok(Self { log, next_block, from: from.0, bytes: Vec::new(), at: 0, last: 0 })
    }

    /// The next record; none at the end of what was written.
    ///
    /// # Errors
    /// A block that is damaged on every copy, or a record that does not follow the one before.
    #[expect(clippy::should_implement_trait, reason = "a record borrows from its reader")]
    pub fn next(&mut self) -> Result<Option<LogRecord<'_>>, LogError> {
        loop {
            while let Some(end) = self.record_end() {
                let range = std::mem::replace(&mut self.at, end)..end;
                let sequence = self.check(range.clone())?;
                self.last = sequence;
                if sequence >= self.from {
                    return Ok(LogRecord::of_bytes(&self.bytes[range]));
                }
            }
            if !self.load()? {
                return Ok(None);
            }
        }
    }

    fn check(&self, range: std::ops::Range<usize>) -> Result<u64, LogError> {
        let broken = |reason: &str| LogError::Broken { after: self.last, reason: reason.into() };
        let record = LogRecord::of_bytes(&self.bytes[range]).ok_or_else(|| broken("it is no record"))?;
        match self.last == 0 || record.sequence.0 == self.last + 1 {
            true => Ok(record.sequence.0),
            false => Err(broken(&format!("record {} follows", record.sequence))),
        }
    }

    /// Where the record that begins here ends, if all of it is here.
    fn record_end(&self) -> Option<usize> {
        let rest = &self.bytes[self.at..];
        let length = usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?]));
        (length >= FRAME_BYTES && rest.len() >= length).then_some(self.at + length)
    }

    fn load(&mut self) -> Result<bool, LogError> {
        let ring = self.log.ring();
        if self.next_block >= ring.next() {
            return Ok(false);
        }
        let Some((header, block)) = ring.read(self.next_block)? else {
            let reason = format!("block {} can't be read", self.next_block);
            return Err(LogError::Broken { after: self.last, reason });
        };
        drop(ring);
        self.next_block += 1;
        if self.at > SPENT_BYTES_MAX {
            self.bytes.drain(..self.at);
            self.at = 0;
        }
        let first = header.first.map_or(header.used, |(at, _)| at);
        if self.bytes.len() == self.at {
            self.bytes.extend_from_slice(&block[first..header.used]);
        } else {
            // A record that was cut off by a crash is followed by one that begins its block.
            if first == HEADER_BYTES {
                self.bytes.truncate(self.at);
            }
            self.bytes.extend_from_slice(&block[HEADER_BYTES..header.used]);
        }
        Ok(true)
    }
}
