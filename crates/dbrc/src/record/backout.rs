//! BACKOUT: units of recovery of a subsystem that were neither committed nor backed out.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use vocabulary::{DbdName, Moment, PsbName};

/// The units of recovery that a subsystem owes a backout (BACKOUT record), by their recovery tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backout {
    /// Never empty.
    pub units: BTreeMap<u128, UnitOfRecovery>,
}

/// A unit of recovery that has yet to be backed out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitOfRecovery {
    /// When it began.
    pub began: Moment,
    /// The program that made it.
    pub psb: PsbName,
    /// The databases it changed, and whether each is backed out.
    pub databases: BTreeMap<DbdName, bool>,
}
