//! The proof that a database may be opened.

use crate::Access;
use crate::record::Haldb;
use std::sync::Arc;
use vocabulary::{DbdName, Epoch, MemberName};

/// The proof that RECON allowed a subsystem to open a database. Only [`crate::Recon::authorize`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    dbd: DbdName,
    subsystem: MemberName,
    access: Access,
    epoch: Epoch,
    haldb: Option<(DbdName, Arc<Haldb>)>,
}

impl Authorization {
    pub(crate) fn new(dbd: DbdName, subsystem: MemberName, access: Access, epoch: Epoch) -> Self {
        Self { dbd, subsystem, access, epoch, haldb: None }
    }

    /// Of a HALDB, or of one of its partitions.
    pub(crate) fn of_haldb(self, haldb: Option<(DbdName, Arc<Haldb>)>) -> Self {
        Self { haldb, ..self }
    }

    /// The HALDB that this is, or that this is a partition of, with its partitions.
    pub fn haldb(&self) -> Option<(DbdName, &Arc<Haldb>)> {
        self.haldb.as_ref().map(|(dbd, haldb)| (*dbd, haldb))
    }

    /// The database.
    pub fn dbd(&self) -> DbdName {
        self.dbd
    }

    /// Who may open it.
    pub fn subsystem(&self) -> MemberName {
        self.subsystem
    }

    /// What for.
    pub fn access(&self) -> Access {
        self.access
    }

    /// The epoch in which its data sets are written.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }
}
