//! The proof that a database may be opened.

use crate::Access;
use vocabulary::{DbdName, Epoch, MemberName};

/// The proof that RECON allowed a subsystem to open a database. Only [`crate::Recon::authorize`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    dbd: DbdName,
    subsystem: MemberName,
    access: Access,
    epoch: Epoch,
}

impl Authorization {
    pub(crate) fn new(dbd: DbdName, subsystem: MemberName, access: Access, epoch: Epoch) -> Self {
        Self { dbd, subsystem, access, epoch }
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
