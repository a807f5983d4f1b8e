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
    /// Its archived parts (PRISLD), in the order of their first moments. Each begins where another one ends.
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

impl OldsStatus {
    /// From when to when it has what is not archived; to now where there is no end.
    pub(crate) fn span(self) -> Option<(Moment, Option<Moment>)> {
        match self {
            Self::Active { since } => Some((since, None)),
            Self::ArchiveNeeded { start, stop } => Some((start, Some(stop))),
            Self::Available | Self::InError => None,
        }
    }
}

impl Log {
    /// The archived parts that have everything from one moment to another; nothing where some of it can't be read.
    pub(crate) fn readable_parts(&self, (from, to): (Moment, Moment)) -> Option<Vec<&LogDataSet>> {
        let overlaps = |part: &&LogDataSet| !part.in_error && part.stop > from && part.start < to;
        let parts: Vec<&LogDataSet> = self.archived.iter().filter(overlaps).collect();
        let read_to = parts.iter().fold(from, |read_to, part| match part.start <= read_to {
            true => read_to.max(part.stop),
            // Between the two something is missing.
            false => read_to,
        });
        (read_to >= to).then_some(parts)
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
