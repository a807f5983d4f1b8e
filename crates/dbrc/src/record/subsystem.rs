//! SSYS: who signed on.

use serde::{Deserialize, Serialize};
use std::fmt;
use vocabulary::Moment;

/// A subsystem that signed on (SSYS record). One that signed off normally has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subsystem {
    /// What it is.
    pub kind: SubsystemKind,
    /// How it fares.
    pub state: SubsystemState,
    /// When it signed on: the start time of its log.
    pub since: Moment,
}

/// What a subsystem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SubsystemKind {
    /// A member of the plex.
    Online,
    /// A batch job.
    Batch,
}

/// How a subsystem fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SubsystemState {
    /// It works.
    Active,
    /// It ended abnormally, and keeps what it had until somebody has recovered it.
    Abnormal,
    /// It ended abnormally, and is being recovered: it restarts, or another takes over.
    Recovering,
}

impl fmt::Display for SubsystemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Online => "ONLINE",
            Self::Batch => "BATCH",
        })
    }
}
