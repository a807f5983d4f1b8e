//! DBDS: a data set of a database, and what it can be recovered from.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use vocabulary::{DataSetName, MemberName, Moment};

/// A data set of a database (DBDS record).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataSet {
    /// Its name in the system's catalog.
    pub dsn: DataSetName,
    /// GENMAX: how many image copies are kept.
    pub genmax: u16,
    /// RECOVPD: for how many days an image copy is kept, however many there are.
    pub recovery_period_days: u16,
    /// IC NEEDED: it can't be recovered before it is copied.
    pub image_copy_needed: bool,
    /// RECOVERY NEEDED.
    pub recovery_needed: bool,
    /// DSSN: how often it was allocated to be changed. Orders the changes of several subsystems.
    pub sequence: u32,
    /// The blocks that can't be read or written, by their RBA.
    pub eeqes: BTreeSet<u64>,
    /// IMAGE records, by their run times.
    pub images: BTreeMap<Moment, Image>,
    /// ALLOC records, by their allocation times.
    pub allocations: BTreeMap<Moment, Allocation>,
    /// REORG records: run times.
    pub reorganizations: BTreeSet<Moment>,
    /// RECOV records, by their run times.
    pub recoveries: BTreeMap<Moment, Recovery>,
}

/// An image copy (IMAGE record).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Where it is.
    pub dsn: DataSetName,
    /// How it was made.
    pub kind: ImageKind,
    /// When it was complete, where the data set was changed meanwhile.
    pub stop: Option<Moment>,
    /// How many records it has.
    pub record_count: u64,
    /// Not to be used (INVALID).
    pub invalid: bool,
}

/// How an image copy was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImageKind {
    /// While nobody changed the data set.
    Batch,
    /// While it was changed (CIC): recovery begins with the changes from its run time on.
    Concurrent,
    /// While it was changed, by an online program (ONLINE).
    Online,
}

/// A span of time in which a subsystem could change the data set (ALLOC record).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allocation {
    /// Whose log has the changes.
    pub subsystem: MemberName,
    /// The start time of the log that was written then (its PRILOG).
    pub log_start: Moment,
    /// DSSN at that time.
    pub sequence: u32,
    /// When it ended; while it goes on, or ended with its log, `None`.
    pub deallocated: Option<Moment>,
}

/// A recovery (RECOV record).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovery {
    /// The moment that it went back to (RCVTIME), where it left out what came later.
    pub to: Option<Moment>,
}

impl DataSet {
    /// A data set that was never copied.
    pub(crate) fn new(dsn: DataSetName, genmax: u16, recovery_period_days: u16) -> Self {
        Self {
            dsn,
            genmax,
            recovery_period_days,
            image_copy_needed: false,
            recovery_needed: false,
            sequence: 0,
            eeqes: BTreeSet::new(),
            images: BTreeMap::new(),
            allocations: BTreeMap::new(),
            reorganizations: BTreeSet::new(),
            recoveries: BTreeMap::new(),
        }
    }

    /// Whether there is an image copy from after a moment that may be used.
    pub(crate) fn is_copied_since(&self, moment: Moment) -> bool {
        self.images.iter().any(|(run, image)| *run > moment && !image.invalid)
    }

    /// The moment that no image copy from before can be recovered across: the last reorganization, which moved every
    /// segment, or the last recovery that left changes out.
    pub fn barrier(&self, before: Moment) -> Option<Moment> {
        let reorganized = self.reorganizations.range(..before).next_back().copied();
        let cut = self.recoveries.range(..before).rev().find(|(_, recovery)| recovery.to.is_some());
        reorganized.max(cut.map(|(run, _)| *run))
    }
}

impl fmt::Display for ImageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Batch => "BATCH",
            Self::Concurrent => "CIC",
            Self::Online => "ONLINE",
        })
    }
}
