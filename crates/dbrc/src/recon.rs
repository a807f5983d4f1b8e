//! The databases that are registered, and who has them.

use crate::{Access, Authorization, ShareLevel};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use vocabulary::{DbdName, Epoch, MemberName};

/// The databases that are registered, and who has them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recon {
    databases: BTreeMap<DbdName, Database>,
}

/// A registered database (DB record).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    /// How many may have it at once.
    pub share_level: ShareLevel,
    /// PROHIBIT AUTHORIZATION: nobody gets it any more.
    pub prohibited: bool,
    /// READ ONLY: nobody gets it to update.
    pub read_only: bool,
    /// BACKOUT NEEDED: a unit of work has yet to be backed out.
    pub backout_needed: bool,
    /// RECOVERY NEEDED: a data set has yet to be recovered.
    pub recovery_needed: bool,
    /// The epoch in which its data sets are written.
    pub epoch: Epoch,
    /// Who has it, and what for.
    pub held: BTreeMap<MemberName, Access>,
}

/// Why a database may not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not registered.
    #[error("database {0} is not registered. Register it with INIT.DB")]
    NotRegistered(DbdName),
    /// PROHIBIT AUTHORIZATION is on.
    #[error("nobody may have database {0} now: PROHIBIT AUTHORIZATION is on")]
    Prohibited(DbdName),
    /// READ ONLY is on.
    #[error("database {0} may only be read: READ ONLY is on")]
    ReadOnly(DbdName),
    /// Something has to be repaired first.
    #[error("database {dbd} can't be had before {what} is done")]
    Needs {
        /// The database.
        dbd: DbdName,
        /// `backout` or `recovery`.
        what: &'static str,
    },
    /// Another has it.
    #[error("{holder} has database {dbd} with access {held}, which does not go with {wanted}")]
    Held {
        /// The database.
        dbd: DbdName,
        /// Who has it.
        holder: MemberName,
        /// With what access.
        held: Access,
        /// What was asked for.
        wanted: Access,
    },
}

impl Recon {
    /// Nothing registered.
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a database (INIT.DB), or changes the share level of one that nobody has. False when somebody does.
    pub fn register(&mut self, dbd: DbdName, share_level: ShareLevel) -> bool {
        let database = self.databases.entry(dbd).or_insert_with(|| Database::new(share_level));
        let free = database.held.is_empty();
        if free {
            database.share_level = share_level;
        }
        free
    }

    /// A registered database.
    pub fn database(&self, dbd: &DbdName) -> Option<&Database> {
        self.databases.get(dbd)
    }

    /// A registered database, for CHANGE.DB.
    pub fn database_mut(&mut self, dbd: &DbdName) -> Option<&mut Database> {
        self.databases.get_mut(dbd)
    }

    /// Grants a database to a subsystem. One that has it already gets what it now asks for instead.
    pub fn authorize(
        &mut self,
        subsystem: MemberName,
        dbd: DbdName,
        access: Access,
    ) -> Result<Authorization, Refusal> {
        let database = self.databases.get_mut(&dbd).ok_or(Refusal::NotRegistered(dbd))?;
        database.check(subsystem, dbd, access)?;
        database.held.insert(subsystem, access);
        Ok(Authorization::new(dbd, subsystem, access, database.epoch))
    }

    /// Takes an authorization back.
    pub fn release(&mut self, subsystem: &MemberName, dbd: &DbdName) {
        if let Some(database) = self.databases.get_mut(dbd) {
            database.held.remove(subsystem);
        }
    }

    /// Passes all that one subsystem has to another, in a new epoch.
    pub fn take_over(&mut self, from: &MemberName, to: MemberName) {
        for database in self.databases.values_mut() {
            if let Some(access) = database.held.remove(from) {
                database.held.insert(to, access);
                database.epoch = database.epoch.next();
            }
        }
    }
}

impl Database {
    fn new(share_level: ShareLevel) -> Self {
        Self {
            share_level,
            prohibited: false,
            read_only: false,
            backout_needed: false,
            recovery_needed: false,
            epoch: Epoch::default(),
            held: BTreeMap::new(),
        }
    }

    fn check(&self, subsystem: MemberName, dbd: DbdName, wanted: Access) -> Result<(), Refusal> {
        if self.prohibited {
            return Err(Refusal::Prohibited(dbd));
        }
        if self.recovery_needed {
            return Err(Refusal::Needs { dbd, what: "recovery" });
        }
        if self.backout_needed {
            return Err(Refusal::Needs { dbd, what: "backout" });
        }
        if self.read_only && wanted >= Access::Update {
            return Err(Refusal::ReadOnly(dbd));
        }
        let mut others = self.held.iter().filter(|&(holder, _)| *holder != subsystem);
        match others.find(|&(_, held)| !held.allows(wanted, self.share_level)) {
            Some((&holder, &held)) => Err(Refusal::Held { dbd, holder, held, wanted }),
            None => Ok(()),
        }
    }
}
