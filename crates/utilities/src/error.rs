//! Why a utility could not do its work.

use dasd::DataSetError;
use dli::{CommitError, ScheduleError};
use logger::LogError;
use vocabulary::{DbdName, DdName, LogSequence, Message, Moment, SegmentName};

/// Why a utility could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum UtilityError {
    /// A data set can't be read or written.
    #[error("{0}")]
    DataSet(#[from] DataSetError),
    /// The log can't be read.
    #[error("{0}")]
    Log(#[from] LogError),
    /// A file of a utility is damaged, cut off, or something else.
    #[error("the {what} can't be used: {reason}. Use another one")]
    Input {
        /// What it should be.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A file of a utility belongs to something else.
    #[error("the {what} is of {found}, and {wanted} is wanted")]
    Other {
        /// What it is.
        what: &'static str,
        /// Of what.
        found: String,
        /// Of what it should be.
        wanted: String,
    },
    /// Segments of other databases point into it, and nothing would lead them to where its segments are now.
    #[error(
        "database {0} has logical relationships, and prefix resolution (DFSURG10, DFSURGP0) is not there. Make it anew with calls, and the databases that it is related to"
    )]
    Related(DbdName),
    /// The database can't be used as it is.
    #[error("{0}")]
    Schedule(#[from] ScheduleError),
    /// What was loaded could not be made durable.
    #[error("{0}")]
    Commit(#[from] CommitError),
    /// The engine stopped the database.
    #[error("{0}")]
    Stopped(Message),
    /// A call was answered with something that can't be.
    #[error("a {call} call was answered with status {status}")]
    Status {
        /// The call.
        call: &'static str,
        /// The status.
        status: String,
    },
    /// The new DBD has another hierarchy than the unload.
    #[error("segment {segment} {what}. Unload with a DBD that has it so, or change the new one")]
    Hierarchy {
        /// Which type.
        segment: SegmentName,
        /// What is different.
        what: String,
    },
    /// A segment does not fit the new DBD.
    #[error("segment {segment} with key {key}, number {number} of the unload, does not fit: {reason}")]
    Segment {
        /// Its type.
        segment: SegmentName,
        /// Its key, or that of the next one above that has a key.
        key: String,
        /// Its place in the unload, from 1.
        number: u64,
        /// Why.
        reason: String,
    },
    /// The data set is not closed.
    #[error(
        "data set {dd} of database {dbd} was not closed after its last update. Have the database made whole (ims backout)"
    )]
    NotClosed {
        /// The database.
        dbd: DbdName,
        /// The data set.
        dd: DdName,
    },
    /// A block is damaged.
    #[error("block {block} of data set {dd} is damaged. Recover the data set")]
    Block {
        /// The data set.
        dd: DdName,
        /// The block.
        block: u32,
    },
    /// Records are not in the log any more.
    #[error(
        "log records {from} to {to} are needed and are not in the log any more. Use an image copy from after them, or a change accumulation that has them"
    )]
    LogGone {
        /// The first.
        from: LogSequence,
        /// The last.
        to: LogSequence,
    },
    /// The log is not the one that the copy was made beside.
    #[error(
        "the log is not the one of the {0}: record {1} of it is another. Use the log that was kept with the data sets"
    )]
    LogOther(&'static str, LogSequence),
    /// The data sets were replaced since the copy.
    #[error(
        "database {dbd} was loaded, reloaded, made anew or recovered to an earlier moment at {at}, which the log does not hold. Use an image copy from after that, or recover to a moment before it"
    )]
    Replaced {
        /// The database.
        dbd: DbdName,
        /// When.
        at: Moment,
    },
    /// The moment lies before a copy or an accumulation ends.
    #[error("the {what} has what was changed up to {stop}, which is after {to}. Use an older one")]
    TooLate {
        /// What.
        what: &'static str,
        /// Its end.
        stop: Moment,
        /// The moment that is to be recovered to.
        to: Moment,
    },
    /// A change can't be made.
    #[error("log record {sequence} can't be applied to block {block} of data set {dd}: {reason}")]
    Change {
        /// The record.
        sequence: LogSequence,
        /// The data set.
        dd: DdName,
        /// The block.
        block: u32,
        /// Why.
        reason: &'static str,
    },
}
