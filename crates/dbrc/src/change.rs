//! What changes RECON. Every moment in a change was read by whoever proposed it.

use crate::record::{DataSetName, ImageKind, OldsStatus, PartitionDefinition, SubsystemKind};
use crate::{Access, ShareLevel};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use vocabulary::{DbdName, DdName, GroupName, MemberName, Moment, PsbName};

/// A data set of a database.
pub type DataSetKey = (DbdName, DdName);

/// One change of RECON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReconChange {
    /// A record is made (INIT).
    Init(Init),
    /// A record is changed (CHANGE).
    Change(Change),
    /// A record is removed (DELETE).
    Delete(Delete),
    /// Something happened that records tell of (NOTIFY).
    Notify(Notify),
    /// A subsystem begins work.
    SignOn {
        /// Who.
        subsystem: MemberName,
        /// What it is.
        kind: SubsystemKind,
        /// When.
        at: Moment,
    },
    /// A subsystem that came back, or took over, has recovered what it has, and works.
    Recovered {
        /// Who.
        subsystem: MemberName,
    },
    /// A subsystem ended.
    SignOff {
        /// Who.
        subsystem: MemberName,
        /// It ended abnormally: it keeps what it has, until somebody has recovered it.
        abnormally: bool,
    },
    /// A subsystem gets a database, or gets it for something else than before.
    Authorize {
        /// Who.
        subsystem: MemberName,
        /// Which.
        dbd: DbdName,
        /// What for.
        access: Access,
    },
    /// A subsystem gives a database back.
    Release {
        /// Who.
        subsystem: MemberName,
        /// Which.
        dbd: DbdName,
    },
    /// A subsystem takes over all that another has, in a new epoch.
    TakeOver {
        /// Who ended.
        from: MemberName,
        /// Who takes over.
        to: MemberName,
    },
}

/// A record that is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Init {
    /// INIT.DB.
    Database {
        /// Its name.
        dbd: DbdName,
        /// SHARELVL.
        share_level: ShareLevel,
        /// RECOVABL or NONRECOV.
        recoverable: bool,
    },
    /// INIT.DBDS.
    DataSet {
        /// Which data set.
        key: DataSetKey,
        /// DSN.
        dsn: DataSetName,
        /// GENMAX.
        genmax: u16,
        /// RECOVPD.
        recovery_period_days: u16,
    },
    /// INIT.DBDSGRP.
    Group {
        /// Its name.
        name: GroupName,
        /// Which data sets.
        members: BTreeSet<DataSetKey>,
    },
    /// INIT.CAGRP.
    CaGroup {
        /// Its name.
        name: GroupName,
        /// Which data sets.
        members: BTreeSet<DataSetKey>,
        /// GRPMAX.
        genmax: u16,
    },
    /// INIT.DB TYPHALDB.
    Haldb {
        /// Its name.
        dbd: DbdName,
        /// SHARELVL.
        share_level: ShareLevel,
        /// RECOVABL or NONRECOV.
        recoverable: bool,
        /// PARTSEL.
        selection: Option<String>,
    },
    /// INIT.PART.
    Partition {
        /// The HALDB.
        dbd: DbdName,
        /// The partition.
        partition: DbdName,
        /// What it is.
        definition: Box<PartitionDefinition>,
    },
}

/// A record that is changed. What is `None` stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// CHANGE.DB.
    Database {
        /// Its name.
        dbd: DbdName,
        /// What becomes of it.
        to: DatabaseChange,
    },
    /// CHANGE.DBDS.
    DataSet {
        /// Which data set.
        key: DataSetKey,
        /// What becomes of it.
        to: DataSetChange,
    },
    /// CHANGE.IC.
    Image {
        /// Which data set.
        key: DataSetKey,
        /// The run time of the image copy.
        run: Moment,
        /// INVALID or VALID.
        invalid: bool,
    },
    /// CHANGE.SUBSYS: ABNORMAL, STARTRCV, ENDRECOV.
    Subsystem {
        /// Who.
        subsystem: MemberName,
        /// What became of it.
        to: SubsystemChange,
    },
    /// CHANGE.PRILOG: an archived part of a log can or can't be read.
    Log {
        /// Whose log.
        subsystem: MemberName,
        /// Its start time.
        start: Moment,
        /// The data set.
        dsn: DataSetName,
        /// ERROR or NOERROR.
        in_error: bool,
    },
    /// CHANGE.PART.
    Partition {
        /// The HALDB.
        dbd: DbdName,
        /// The partition.
        partition: DbdName,
        /// What becomes of it.
        to: Box<PartitionChange>,
    },
}

/// What becomes of a partition. Only PINIT can change while somebody has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionChange {
    /// DSNPREFX.
    pub dsn_prefix: Option<DataSetName>,
    /// KEYSTRNG or KEYSTHEX.
    pub key: Option<Vec<u8>>,
    /// RANDOMZR.
    pub randomizer: Option<String>,
    /// ANCHOR.
    pub anchors: Option<u32>,
    /// HIBLOCK.
    pub block_max: Option<u32>,
    /// BYTES.
    pub record_bytes_max: Option<u32>,
    /// BLOCKSZE.
    pub block_bytes: Option<Vec<u32>>,
    /// FBFF.
    pub free_block_frequency: Option<u32>,
    /// FSPF.
    pub free_space_percent: Option<u32>,
    /// PINIT or NOPINIT.
    pub initialization_needed: Option<bool>,
}

/// What becomes of a database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseChange {
    /// SHARELVL. Refused while somebody has the database.
    pub share_level: Option<ShareLevel>,
    /// RECOVABL or NONRECOV. Refused while somebody has the database.
    pub recoverable: Option<bool>,
    /// NOAUTH or AUTH.
    pub prohibited: Option<bool>,
    /// READON or READOFF.
    pub read_only: Option<bool>,
    /// BACKOUT or NOBACK.
    pub backout_needed: Option<bool>,
}

/// What becomes of a data set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataSetChange {
    /// DSN.
    pub dsn: Option<DataSetName>,
    /// GENMAX.
    pub genmax: Option<u16>,
    /// RECOVPD.
    pub recovery_period_days: Option<u16>,
    /// ICON or ICOFF.
    pub image_copy_needed: Option<bool>,
    /// RECOV or NORECOV.
    pub recovery_needed: Option<bool>,
    /// ADDEQE: the RBA of a block that can't be read or written.
    pub add_eeqe: Option<u64>,
    /// DELEQE.
    pub delete_eeqe: Option<u64>,
}

/// What became of a subsystem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SubsystemChange {
    /// It ended abnormally.
    Abnormal,
    /// Its recovery began.
    RecoveryStarted,
    /// Its recovery is over: all that it had is given back.
    RecoveryEnded,
}

/// A record that is removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Delete {
    /// DELETE.DB, with its data sets.
    Database(DbdName),
    /// DELETE.DBDS.
    DataSet(DataSetKey),
    /// DELETE.IC.
    Image(DataSetKey, Moment),
    /// DELETE.ALLOC.
    Allocation(DataSetKey, Moment),
    /// DELETE.REORG.
    Reorganization(DataSetKey, Moment),
    /// DELETE.RECOV.
    Recovery(DataSetKey, Moment),
    /// DELETE.DBDSGRP.
    Group(GroupName),
    /// DELETE.CAGRP.
    CaGroup(GroupName),
    /// DELETE.CA.
    ChangeAccumulation(GroupName, Moment),
    /// DELETE.LOG STARTIME: one log, needed or not.
    Log(MemberName, Moment),
    /// DELETE.LOG INACTIVE: every log that no recovery needs.
    InactiveLogs,
    /// DELETE.SUBSYS.
    Subsystem(MemberName),
    /// DELETE.BKOUT.
    Backout(MemberName),
    /// DELETE.PART: of a HALDB, a partition.
    Partition(DbdName, DbdName),
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notify {
    /// NOTIFY.IC: a data set was copied.
    Image {
        /// Which data set.
        key: DataSetKey,
        /// RUNTIME.
        run: Moment,
        /// ICDSN.
        dsn: DataSetName,
        /// BATCH, CIC or ONLINE.
        kind: ImageKind,
        /// STOPTIME.
        stop: Option<Moment>,
        /// RECDCT.
        record_count: u64,
    },
    /// NOTIFY.REORG: a data set was reorganized.
    Reorganization {
        /// Which data set.
        key: DataSetKey,
        /// RUNTIME.
        run: Moment,
    },
    /// NOTIFY.RECOV: a data set was recovered.
    Recovery {
        /// Which data set.
        key: DataSetKey,
        /// RUNTIME.
        run: Moment,
        /// RCVTIME, where it left out what came later.
        to: Option<Moment>,
    },
    /// NOTIFY.ALLOC with STARTIME: a subsystem is about to change a data set.
    Allocation {
        /// Which data set.
        key: DataSetKey,
        /// Who.
        subsystem: MemberName,
        /// ALLTIME.
        at: Moment,
        /// STARTIME: the start of the log that is written.
        log_start: Moment,
    },
    /// NOTIFY.ALLOC with DEALTIME: it won't any more.
    Deallocation {
        /// Which data set.
        key: DataSetKey,
        /// ALLTIME.
        at: Moment,
        /// DEALTIME.
        deallocated: Moment,
    },
    /// NOTIFY.PRILOG: a log is opened.
    LogOpened {
        /// Whose.
        subsystem: MemberName,
        /// STARTIME.
        start: Moment,
    },
    /// NOTIFY.PRILOG with an archived part of a log.
    LogArchived {
        /// Whose.
        subsystem: MemberName,
        /// STARTIME of the log.
        start: Moment,
        /// DSN.
        dsn: DataSetName,
        /// The first and the last moment of the part.
        span: (Moment, Moment),
    },
    /// NOTIFY.PRILOG with RUNTIME: a log is closed.
    LogClosed {
        /// Whose.
        subsystem: MemberName,
        /// STARTIME.
        start: Moment,
        /// When.
        stop: Moment,
    },
    /// NOTIFY.PRIOLD: what an online log data set is good for.
    Olds {
        /// Whose.
        subsystem: MemberName,
        /// Which one.
        ddn: DdName,
        /// Where it is.
        dsn: DataSetName,
        /// What it is good for now.
        status: OldsStatus,
    },
    /// NOTIFY.CA: the changes of a group were accumulated.
    ChangeAccumulation {
        /// Which group.
        group: GroupName,
        /// RUNTIME.
        run: Moment,
        /// CADSN.
        dsn: DataSetName,
        /// The end of the last log that went into it.
        stop: Moment,
    },
    /// NOTIFY.BKOUT: a unit of recovery has to be backed out. Its databases may not be had before.
    BackoutNeeded {
        /// Whose.
        subsystem: MemberName,
        /// Its recovery token.
        token: u128,
        /// When it began.
        began: Moment,
        /// The program.
        psb: PsbName,
        /// What it changed.
        databases: BTreeSet<DbdName>,
    },
    /// A unit of recovery is backed out in one of its databases.
    BackedOut {
        /// Whose.
        subsystem: MemberName,
        /// Its recovery token.
        token: u128,
        /// Where.
        dbd: DbdName,
    },
    /// As `Allocation`, for every data set of these databases that it is not told of yet. What is not registered, or not
    /// recoverable, is passed over.
    Allocations {
        /// Who.
        subsystem: MemberName,
        /// The databases.
        dbds: BTreeSet<DbdName>,
        /// ALLTIME.
        at: Moment,
        /// STARTIME: the start of the log that is written.
        log_start: Moment,
    },
    /// As `Deallocation`, for every data set of these databases that the subsystem has allocated in a log.
    Deallocations {
        /// Who.
        subsystem: MemberName,
        /// The databases.
        dbds: BTreeSet<DbdName>,
        /// STARTIME: the start of the log.
        log_start: Moment,
        /// DEALTIME.
        deallocated: Moment,
    },
    /// The archived parts of a log that end before a moment are gone.
    LogTrimmed {
        /// Whose.
        subsystem: MemberName,
        /// STARTIME of the log.
        start: Moment,
        /// What is left begins here.
        before: Moment,
    },
}
