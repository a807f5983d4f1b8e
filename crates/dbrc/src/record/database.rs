//! DB: a registered database.

use super::DataSet;
use crate::{Access, ShareLevel};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use vocabulary::{DdName, Epoch, MemberName};

/// A registered database (DB record), with its data sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    /// How many may have it at once.
    pub share_level: ShareLevel,
    /// RECOVABL: its changes are kept, so that it can be recovered.
    pub recoverable: bool,
    /// PROHIBIT AUTHORIZATION: nobody gets it any more.
    pub prohibited: bool,
    /// READ ONLY: nobody gets it to update.
    pub read_only: bool,
    /// BACKOUT NEEDED: a unit of work has yet to be backed out.
    pub backout_needed: bool,
    /// The epoch in which its data sets are written.
    pub epoch: Epoch,
    /// Who has it, and what for.
    pub held: BTreeMap<MemberName, Access>,
    /// Its data sets (DBDS records).
    pub data_sets: BTreeMap<DdName, DataSet>,
}

impl Database {
    /// A database that nobody has, with no data set.
    pub(crate) fn new(share_level: ShareLevel, recoverable: bool) -> Self {
        Self {
            share_level,
            recoverable,
            prohibited: false,
            read_only: false,
            backout_needed: false,
            epoch: Epoch::default(),
            held: BTreeMap::new(),
            data_sets: BTreeMap::new(),
        }
    }

    /// How many of its data sets need recovery.
    pub fn recovery_needed(&self) -> usize {
        self.data_sets.values().filter(|data_set| data_set.recovery_needed).count()
    }

    /// How many of its data sets need an image copy.
    pub fn image_copy_needed(&self) -> usize {
        self.data_sets.values().filter(|data_set| data_set.image_copy_needed).count()
    }

    /// How many blocks of it can't be read or written (extended error queue elements).
    pub fn eeqe_count(&self) -> usize {
        self.data_sets.values().map(|data_set| data_set.eeqes.len()).sum()
    }
}
