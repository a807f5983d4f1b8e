//! What stops a database, and why one can't be opened.

use crate::lock::Refusal;
use crate::status::StatusCode;
use dasd::DataSetError;
use logger::LogError;
use vocabulary::message::{DFS451E, DFS730E, DFS930E};
use vocabulary::{DbdName, DdName, Message, PsbName};

/// Why a call could not go on. The program gets status AO, and the database is stopped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Trouble {
    /// The data set refused.
    #[error("{0}")]
    DataSet(#[from] DataSetError),
    /// What was read can't be what was written.
    #[error("{what}")]
    Broken {
        /// The data set.
        set: u16,
        /// The block.
        block: u32,
        /// What is wrong there.
        what: String,
    },
    /// The log takes nothing more.
    #[error("{0}")]
    Log(#[from] LogError),
    /// Every frame of the buffer pool is in use.
    #[error("every buffer is in use. Give the member more")]
    NoBuffer,
    /// Another unit of work has what the call needs. Not told to anybody: the call is made again.
    #[error("a lock is awaited")]
    Waits,
    /// The unit of work does not get what the call needs. Not told to anybody: it is backed out.
    #[error("a lock is refused")]
    LockRefused(Refusal),
    /// A secondary index that is unique has the key already. Not a trouble of the database: the program is told.
    #[error("secondary index {0} has the key already")]
    DuplicateInIndex(DbdName),
    /// A rule of a logical relationship refuses the call. Not a trouble of the database: the program is told.
    #[error("the call is refused with status {0}")]
    Told(StatusCode),
    /// No partition takes a root with this key. Not a trouble of the database: the program is told.
    #[error("no partition takes the key")]
    NoPartition,
    /// The partition that the call is about is not open, or was stopped. The program is told.
    #[error("a partition is not available")]
    PartitionUnavailable,
    /// The data set is as large as an address reaches.
    #[error("the data set has reached its greatest size")]
    SetFull,
}

impl Trouble {
    pub(crate) fn broken(set: u16, block: u32, what: impl Into<String>) -> Self {
        Self::Broken { set, block, what: what.into() }
    }
}

/// Why a database can't be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The authorization is for another database.
    #[error("the authorization is for database {0}")]
    NotAuthorized(DbdName),
    /// It is open.
    #[error("it is open already")]
    Open,
    /// The organization is none that this engine has.
    #[error("access method {0} is not supported. HDAM and HIDAM are")]
    AccessMethod(&'static str),
    /// It is a HALDB.
    #[error(
        "it is a HALDB, which is opened partition by partition: runs in a folder do that, members do not"
    )]
    Haldb,
    /// A feature of the DBD is none that this engine has.
    #[error("{0} of segment {1} is not supported")]
    Segment(&'static str, String),
    /// The records of a GSAM data set are none that this engine has.
    #[error("{0}. Correct RECFM= and RECORD= of its DATASET statement")]
    Records(&'static str),
    /// The randomizing module is not there.
    #[error("there is no randomizing module {0}. Add it to the member, or use DFSHDC40")]
    Randomizer(String),
    /// An exit routine of a secondary index is not there.
    #[error("there is no index maintenance exit routine {0}. Add it to the member")]
    IndexExit(String),
    /// The definition of a secondary index does not go with its database.
    #[error("secondary index {0} {1}")]
    Index(DbdName, &'static str),
    /// DBRC knows no partitions of it.
    #[error("it has no partitions. Register them with INIT.DB TYPHALDB and INIT.PART")]
    NoPartitions,
    /// It is none of the partitions of a HALDB that is open.
    #[error("it is no partition of a HALDB that is open")]
    NoPartition,
    /// The partition selection routine is not there.
    #[error("there is no partition selection routine {0}. Add it to the member")]
    PartitionSelection(String),
    /// The data sets of a partition are to be initialized before it is opened.
    #[error("the partition was not initialized. Initialize it first (DFSUPNT0, `ims initialize`)")]
    NotInitialized,
    /// What is to be initialized holds something.
    #[error("its data sets hold something already. Delete them first, to lose that")]
    NotEmpty,
    /// A data set was not handed over.
    #[error("data set {0} is not allocated")]
    Allocation(String),
    /// The block size can't hold what it has to.
    #[error("blocks of {bytes} bytes are {why}. Correct SIZE= of data set {dd}")]
    BlockSize {
        /// The data set.
        dd: String,
        /// Its block size.
        bytes: usize,
        /// What is wrong about it.
        why: &'static str,
    },
    /// The data set belongs to something else.
    #[error("data set {dd} {what}")]
    WrongSet {
        /// The data set.
        dd: String,
        /// What it holds instead.
        what: String,
    },
    /// It was open to be updated when its member ended, and nobody can tell which changes it holds.
    #[error(
        "data set {0} was not closed after its last update, and may hold half of a change. Restore or reload it"
    )]
    NotClosed(String),
    /// The log says that it holds something, and it is empty.
    #[error("data set {0} is empty, and the log says that it was in use. Restore it")]
    Lost(String),
    /// It was being loaded when its member ended.
    #[error(
        "it was being loaded, reloaded or recovered when that ended early. Load, reload or recover it again; to load it, delete its data sets first"
    )]
    LoadUnfinished,
    /// It has to be made whole first, and was to be opened to be read.
    #[error(
        "it was open for update when its member ended. Open it to be updated first, to have it recovered"
    )]
    NotRecovered,
    /// The log can't be read, or takes nothing more.
    #[error("{0}")]
    Log(#[from] LogError),
    /// The data set can't be read.
    #[error("{0}")]
    DataSet(#[from] DataSetError),
    /// What is in it can't be read.
    #[error("{0}")]
    Damaged(String),
}

impl OpenError {
    /// What the operator reads.
    pub fn message(&self, dbd: &DbdName) -> Message {
        DFS730E.with(&[dbd, self])
    }
}

impl From<Trouble> for OpenError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::DataSet(error) => Self::DataSet(error),
            Trouble::Log(error) => Self::Log(error),
            other => Self::Damaged(other.to_string()),
        }
    }
}

/// Why a PSB can't be scheduled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// A database that it uses is not open.
    #[error("database {0} is not open")]
    NotOpen(DbdName),
    /// The database was opened for less than the PSB intends.
    #[error("database {0} is open to be read, and the PSB updates it")]
    ReadOnly(DbdName),
    /// Another program has it, and one of the two needs it alone.
    #[error(
        "another program uses database {0}, and one of the two loads it or has it exclusively (PROCOPT L, E). Schedule it again when that has ended"
    )]
    InUse(DbdName),
    /// A feature of a PCB is none that this engine has.
    #[error("{0} is not supported (PCB {1})")]
    Pcb(&'static str, usize),
    /// A logical database has a segment that its parent does not lead to.
    #[error(
        "a segment of logical database {0} can't be reached from its parent. Correct PARENT= and SOURCE= of its DBD (PCB {1})"
    )]
    Structure(DbdName, usize),
    /// The log takes nothing more.
    #[error("{0}")]
    Log(#[from] LogError),
    /// The PSB was built for another version of the DBD.
    #[error("it does not agree with the DBD of database {0} that is open. Build it again")]
    Mismatch(DbdName),
}

impl ScheduleError {
    /// What the operator reads.
    pub fn message(&self, psb: &PsbName) -> Message {
        DFS930E.with(&[psb, self])
    }
}

/// Why a unit of work could not be committed. It is not, unless the log shows at the next restart that it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// The log takes nothing more.
    #[error("{0}")]
    Log(#[from] LogError),
    /// A database could not take all of it, and was stopped. The unit of work was backed out, there at the next restart.
    #[error("a database that it changed was stopped, and the unit of work was backed out")]
    Stopped,
    /// What was loaded could not be written.
    #[error("what was loaded could not be written: {0}")]
    Load(String),
}

/// A database was stopped because of one of its data sets.
pub(crate) fn stopped(dbd: &DbdName, dd: Option<&DdName>, block: Option<u32>, trouble: &Trouble) -> Message {
    let dd = dd.map_or("?", DdName::as_str);
    let block = block.map_or_else(|| "?".to_string(), |block| block.to_string());
    DFS451E.with(&[dbd, &dd, &block, trouble])
}
