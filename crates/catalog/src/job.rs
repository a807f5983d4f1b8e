//! A populate job: definitions gathered out of sight, admitted all at once, or dropped without a trace.
//!
//! While a job is open it holds the staging data set, so that no activation plans from half of it.

use crate::instance::NewInstance;
use csl::envelope::{PopulateCondition, PopulateMode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use vocabulary::{MemberName, Moment};

/// Names a populate job; chosen by who submits it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct JobId(pub u64);

/// What a job is, apart from what it gathered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobCard {
    /// Its name.
    pub id: JobId,
    /// The member that runs it. When that member is lost the job is dropped.
    pub owner: MemberName,
    /// What it is for.
    pub mode: PopulateMode,
    /// Whether older instances may come in.
    pub condition: PopulateCondition,
    /// Staging is emptied first: DELETE of DFS3PU00.
    pub delete: bool,
    /// How much staging holds at most.
    pub staging_bytes_max: u64,
    /// When it began.
    pub since: Moment,
}

/// A job under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PopulateJob {
    /// What it is.
    pub card: JobCard,
    /// What it gathered so far, by the place in which it came.
    pub gathered: BTreeMap<u64, NewInstance>,
    /// The size of what it gathered.
    pub gathered_bytes: u64,
}
