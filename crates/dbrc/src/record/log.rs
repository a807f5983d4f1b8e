//! PRILOG, PRISLD, PRIOLD and LOGALL: where the logs of a subsystem are, and what they have changes of.

use super::DataSetName;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use vocabulary::{DbdName, DdName, Moment};

/// One log of a subsystem, from a start to a stop (the PRILOG family).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// When it was closed; while it is written, `None`.
    pub stop: Option<Moment>,
    /// Its archived parts (PRISLD), in order.
    pub archived: Vec<LogDataSet>,
    /// The data sets that were changed while it was written (LOGALL).
    pub changed: BTreeSet<(DbdName, DdName)>,
}

/// A data set with a part of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogDataSet {
    /// Where it is.
    pub dsn: DataSetName,
    /// Its first moment.
    pub start: Moment,
    /// Its last moment.
    pub stop: Moment,
    /// It can't be read.
    pub in_error: bool,
}

/// An online log data set, by its DD name (a line of the PRIOLD record).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Olds {
    /// Where it is.
    pub dsn: DataSetName,
    /// What it is good for now.
    pub status: OldsStatus,
}

/// What an online log data set is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OldsStatus {
    /// It is written.
    Active {
        /// Since when.
        since: Moment,
    },
    /// It is full and has yet to be archived.
    ArchiveNeeded {
        /// Its first moment.
        start: Moment,
        /// Its last moment.
        stop: Moment,
    },
    /// It can be written again.
    Available,
    /// It can't be used.
    InError,
}

impl Log {
    /// Whether everything from its start to its stop can be read from its archived parts.
    pub fn is_archived(&self) -> bool {
        let end = self.archived.last().map(|part| part.stop);
        self.stop.is_some() && end >= self.stop && self.archived.iter().all(|part| !part.in_error)
    }
}

impl fmt::Display for OldsStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Active { .. } => "ACTIVE",
            Self::ArchiveNeeded { .. } => "ARC NEEDED",
            Self::Available => "AVAILABLE",
            Self::InError => "ERROR",
        })
    }
}
