//! What goes wrong with a log.

use dasd::DataSetError;

/// Why a log can't do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// It could not make something durable, or was taken over, and takes nothing more.
    #[error("the log has stopped: {0}. Nothing is accepted after that; mend the cause and restart")]
    Stopped(String),
    /// Every OLDS is full and the SLDS can't take one.
    #[error("no OLDS is free, and none could be archived: {0}")]
    NoOlds(String),
    /// A data set refused.
    #[error("{0}")]
    DataSet(#[from] DataSetError),
    /// A program saves more than that at a checkpoint.
    #[error("a checkpoint of {bytes} bytes is longer than {most}, the most that the log keeps. Save less")]
    TooLong {
        /// What it saves.
        bytes: usize,
        /// The most.
        most: usize,
    },
    /// What is needed is not there any more.
    #[error("record {0} of the log is in no OLDS and not in the SLDS. Restore the data set that held it")]
    Gone(u64),
    /// What was read can't be what was written.
    #[error("the log is damaged behind record {after}: {reason}. Restore the data set from its copy")]
    Broken {
        /// The last record that was read well.
        after: u64,
        /// What was met.
        reason: String,
    },
}
