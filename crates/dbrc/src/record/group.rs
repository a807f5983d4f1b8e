//! DBDSGRP, CAGRP and CA: data sets that go together.

use super::DataSetName;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use vocabulary::{DbdName, DdName, Moment};

/// Data sets that a command can name together (DBDSGRP record).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Which ones.
    pub members: BTreeSet<(DbdName, DdName)>,
}

/// Data sets whose changes are accumulated together (CAGRP record).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaGroup {
    /// Which ones. A data set is in one group at most.
    pub members: BTreeSet<(DbdName, DdName)>,
    /// GRPMAX: how many accumulations are kept.
    pub genmax: u16,
    /// CA records, by their run times.
    pub runs: BTreeMap<Moment, ChangeAccumulation>,
}

/// The changes of a group out of its logs, the last one of each place (CA record).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeAccumulation {
    /// Where they are.
    pub dsn: DataSetName,
    /// The end of the last log that went into it: it has every change up to then.
    pub stop: Moment,
}
