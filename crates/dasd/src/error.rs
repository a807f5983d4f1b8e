//! What a data set answers when it can't do what was asked.

use vocabulary::Epoch;

/// Why an operation on a data set did not happen. `set` names the data set: a folder, or what a set in memory is
/// called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DataSetError {
    /// There is no room. Nothing changed; the same call works once there is room.
    #[error("{set} is full: {reason}. Free space where it is kept; nothing that was accepted is lost")]
    Full {
        /// The data set.
        set: String,
        /// What could not be written.
        reason: String,
    },
    /// The device or the operating system refused.
    #[error("{set} can't be used: {reason}")]
    Io {
        /// The data set.
        set: String,
        /// What was refused, in the words of the operating system.
        reason: String,
    },
    /// Bytes that were once written well no longer read as what they were. Nothing was deleted.
    #[error(
        "{set} is damaged at {place}: {reason}. Nothing was deleted; restore it or take it out of service"
    )]
    Corrupt {
        /// The data set.
        set: String,
        /// The file and the offset, or the position.
        place: String,
        /// What was met there.
        reason: String,
    },
    /// A force or a sync failed earlier; see the crate's invariants.
    #[error("{set} is out of service since a write could not be made durable ({reason}). Restart the member")]
    Poisoned {
        /// The data set.
        set: String,
        /// The failure that poisoned it.
        reason: String,
    },
    /// The writer is from an epoch before the one that was admitted: another has taken over. Nothing was written.
    #[error(
        "{set} is written in epoch {admitted} now, and this writer is from epoch {writer}: it was taken over"
    )]
    Fenced {
        /// The data set.
        set: String,
        /// The epoch of the writer.
        writer: Epoch,
        /// The lowest epoch that may write.
        admitted: Epoch,
    },
}
