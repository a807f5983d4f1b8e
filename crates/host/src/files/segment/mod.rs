//! A log in segment files.
//!
//! ```text
//! 00000000000000000001.log   header | record record record … | zeros
//! 00000000000000000002.log   header | record record | zeros          <- records are added here
//! spare                      zeros                                    <- the next segment, made ahead
//! forced                     how far the log was forced
//! ```
//!
//! **Segments** are numbered in the order they were begun and filled with zeros before use, so that adding records
//! changes no length and no allocation, and a force is one `fdatasync` of data. A segment's header says the
//! position of its first record, and that overrules older segments: what they hold at or after it is cut off. So
//! truncating the log is beginning a segment, happens whole or not at all, and nothing written is ever changed. A
//! segment may also *restart* the log: then all older ones are void.
//!
//! **A segment is begun** only after everything before it was forced. So a record that does not read well is damage
//! in all segments but the last. In the last it may be the torn end of what a crash interrupted. The two are told
//! apart by what is known to have been forced: every record carries how far the log was forced when it was
//! written, and the file `forced` how far it was after the latest force (written after each, never itself
//! forced). A bad record that was forced is damage, and refused; a bad record that was not is the torn tail, and is
//! cleared away with a note.
//!
//! **In memory** are the offsets of all records, and the latest records up to a bound.

mod file;
mod index;
mod log;
mod mark;
mod open;
mod record;
mod scan;
mod spare;
#[cfg(test)]
mod tests;

pub use index::SegmentReader;
pub use log::SegmentLog;

/// How large the pieces of a log are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentBounds {
    /// The size of a segment file. A record that does not fit gets a larger segment of its own.
    pub segment_bytes: u64,
    /// The most memory that recent records take up, beyond those not yet written.
    pub cache_bytes: usize,
}

/// 16 MiB and 8 MiB.
impl Default for SegmentBounds {
    fn default() -> Self {
        Self { segment_bytes: 16 << 20, cache_bytes: 8 << 20 }
    }
}

/// The refusal of the operating system as a data set says it.
fn refused(set: &str, doing: &str, error: &std::io::Error) -> dasd::DataSetError {
    use std::io::ErrorKind::{QuotaExceeded, StorageFull};
    let (set, reason) = (set.to_string(), format!("{doing}: {error}"));
    match error.kind() {
        StorageFull | QuotaExceeded => dasd::DataSetError::Full { set, reason },
        _ => dasd::DataSetError::Io { set, reason },
    }
}
