//! Why a change of RECON was not made.

use super::Refusal;
use crate::record::DataSetName;
use serde::{Deserialize, Serialize};
use std::fmt;
use vocabulary::{DbdName, DdName, GroupName, MemberName, Moment};

/// Why a change was not made. It changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ReconError {
    /// There is no such record.
    #[error("there is no {0} in RECON")]
    NoSuch(RecordName),
    /// There is such a record already.
    #[error("{0} is in RECON already")]
    Exists(RecordName),
    /// Subsystems have the database.
    #[error("subsystems have database {dbd}: {}. Have them give it back first", listed(.holders))]
    InUse {
        /// Which.
        dbd: DbdName,
        /// Who has it.
        holders: Vec<MemberName>,
    },
    /// The data set goes by this name for another database already.
    #[error("data set {dsn} is registered already, as {}", RecordName::DataSet(.by.0, .by.1))]
    DataSetTaken {
        /// Its name.
        dsn: DataSetName,
        /// Whose it is.
        by: (DbdName, DdName),
    },
    /// A data set is in one CA group at most.
    #[error("{} is in CA group {group} already, and a data set is in one at most", RecordName::DataSet(.member.0, .member.1))]
    InOtherCaGroup {
        /// Which data set.
        member: (DbdName, DdName),
        /// Its group.
        group: GroupName,
    },
    /// Nothing is kept of the changes of the database.
    #[error("database {0} is not recoverable (NONRECOV), so that RECON keeps no allocations of it")]
    NotRecoverable(DbdName),
    /// The end is before the beginning.
    #[error("{stop} is not later than {start}")]
    NotLater {
        /// The beginning.
        start: Moment,
        /// The end.
        stop: Moment,
    },
    /// The subsystem has not ended.
    #[error(
        "{0} is active. It can be taken out of RECON when it has ended: CHANGE.SUBSYS ABNORMAL tells that it did"
    )]
    SubsystemActive(MemberName),
    /// The subsystem has databases.
    #[error("{subsystem} has databases: {}. Recover it, then say CHANGE.SUBSYS ENDRECOV", listed(.databases))]
    SubsystemHolds {
        /// Who.
        subsystem: MemberName,
        /// Which.
        databases: Vec<DbdName>,
    },
    /// The log is written.
    #[error("{} is still written", RecordName::Log(.0.0, .0.1))]
    LogOpen((MemberName, Moment)),
    /// A database may not be had.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The member of that name works.
    #[error(
        "{0} works, and what it has is its own. That it ended is seen without being told; LIST.SUBSYS says ABNORMAL TERM=ON then"
    )]
    SubsystemWorks(MemberName),
    /// It has no partitions.
    #[error("database {0} is no HALDB. Register it with INIT.DB TYPHALDB to have partitions")]
    NoHaldb(DbdName),
    /// The name leaves no room for the letter that the DD statements of its data sets end with.
    #[error("the name of partition {0} is longer than seven characters")]
    PartitionName(DbdName),
    /// Without a selection routine each partition has a high key of its own.
    #[error("partition {partition} needs a high key that no other has{}", .as_other.map_or(String::new(), |other| format!(": partition {other} has the same")))]
    HighKey {
        /// Which.
        partition: DbdName,
        /// Whose it is.
        as_other: Option<DbdName>,
    },
    /// It is a partition, which goes with its HALDB.
    #[error("{0} is a partition. DELETE.PART removes it")]
    IsPartition(DbdName),
    /// A HALDB has so many partitions at most.
    #[error("HALDB {0} has had as many partitions as there are IDs")]
    TooManyPartitions(DbdName),
}

/// What a record is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the record of that name")]
pub enum RecordName {
    Database(DbdName),
    DataSet(DbdName, DdName),
    Image(DbdName, DdName, Moment),
    Allocation(DbdName, DdName, Moment),
    Reorganization(DbdName, DdName, Moment),
    Recovery(DbdName, DdName, Moment),
    Eeqe(DbdName, DdName, u64),
    Group(GroupName),
    CaGroup(GroupName),
    ChangeAccumulation(GroupName, Moment),
    Log(MemberName, Moment),
    LogDataSet(MemberName, DataSetName),
    Subsystem(MemberName),
    Backout(MemberName),
    Partition(DbdName, DbdName),
}

impl fmt::Display for RecordName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(dbd) => write!(f, "database {dbd}"),
            Self::DataSet(dbd, ddn) => write!(f, "data set {ddn} of database {dbd}"),
            Self::Image(dbd, ddn, run) => write!(f, "image copy of {dbd} {ddn} with run time {run}"),
            Self::Allocation(dbd, ddn, at) => write!(f, "allocation of {dbd} {ddn} at {at}"),
            Self::Reorganization(dbd, ddn, run) => write!(f, "reorganization of {dbd} {ddn} at {run}"),
            Self::Recovery(dbd, ddn, run) => write!(f, "recovery of {dbd} {ddn} at {run}"),
            Self::Eeqe(dbd, ddn, rba) => write!(f, "EEQE of {dbd} {ddn} at RBA {rba:08X}"),
            Self::Group(name) => write!(f, "group {name}"),
            Self::CaGroup(name) => write!(f, "CA group {name}"),
            Self::ChangeAccumulation(name, run) => {
                write!(f, "change accumulation of {name} with run time {run}")
            }
            Self::Log(subsystem, start) => write!(f, "log of {subsystem} with start time {start}"),
            Self::LogDataSet(subsystem, dsn) => write!(f, "log data set {dsn} of {subsystem}"),
            Self::Subsystem(subsystem) => write!(f, "subsystem {subsystem}"),
            Self::Backout(subsystem) => write!(f, "backout of {subsystem}"),
            Self::Partition(dbd, partition) => write!(f, "partition {partition} of HALDB {dbd}"),
        }
    }
}

fn listed<T: fmt::Display>(all: &[T]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
