//! Who has which database: signing on and off, authorization, takeover.

use super::{Recon, ReconError, RecordName};
use crate::record::{Database, Haldb, Subsystem, SubsystemKind, SubsystemState};
use crate::stored::ReconKey;
use crate::{Access, Authorization, ShareLevel};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use vocabulary::{DbdName, MemberName, Moment};

/// Why a database may not be had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    /// It is not registered.
    #[error("database {0} is not registered. Register it with INIT.DB")]
    NotRegistered(DbdName),
    /// PROHIBIT AUTHORIZATION is on.
    #[error("nobody may have database {0} now: PROHIBIT AUTHORIZATION is on. CHANGE.DB AUTH turns it off")]
    Prohibited(DbdName),
    /// READ ONLY is on.
    #[error("database {0} may only be read: READ ONLY is on. CHANGE.DB READOFF turns it off")]
    ReadOnly(DbdName),
    /// Something has to be repaired first.
    #[error("database {dbd} can't be had before {what} is done")]
    Needs {
        /// The database.
        dbd: DbdName,
        /// What.
        what: Repair,
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
    /// Who asks ended abnormally, and has not been recovered.
    #[error(
        "{subsystem} ended abnormally, and gets database {dbd} when its backouts are done. Restart it; or recover what LIST.SUBSYS says that it has, and say CHANGE.SUBSYS ENDRECOV"
    )]
    Unrecovered {
        /// Who.
        subsystem: MemberName,
        /// The database.
        dbd: DbdName,
    },
}

/// What has to be done before a database can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Repair {
    /// A unit of work has to be backed out.
    Backout,
    /// A data set has to be recovered.
    Recovery,
    /// A data set has to be copied.
    ImageCopy,
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Backout => "its backout",
            Self::Recovery => "its recovery",
            Self::ImageCopy => "its image copy",
        })
    }
}

impl Refusal {
    /// The reason code of the authorization block (APAUB), where one is known.
    pub fn reason_code(&self) -> Option<u32> {
        match self {
            Self::Held { .. } => Some(0xC100_0201),
            Self::NotRegistered(_) => Some(0xC100_0202),
            Self::Prohibited(_) => Some(0xC100_0203),
            Self::ReadOnly(_) => Some(0xC100_0204),
            Self::Needs { .. } | Self::Unrecovered { .. } => None,
        }
    }
}

impl Recon {
    /// Registers a recoverable database, or changes the share level of one that nobody has. False when somebody does.
    pub fn register(&mut self, dbd: DbdName, share_level: ShareLevel) -> bool {
        let Some(database) = self.databases.get_mut(&dbd) else {
            self.add_database(dbd, Database::new(share_level, true));
            return true;
        };
        let free = database.held.is_empty();
        if free {
            Arc::make_mut(database).share_level = share_level;
            self.changed.insert(ReconKey::Database(dbd));
        }
        free
    }

    /// Grants a database to a subsystem. One that has it already gets what it now asks for instead.
    pub fn authorize(
        &mut self,
        subsystem: MemberName,
        dbd: DbdName,
        access: Access,
    ) -> Result<Authorization, Refusal> {
        self.refuse_unrecovered(subsystem, dbd)?;
        let database = self.databases.get_mut(&dbd).ok_or(Refusal::NotRegistered(dbd))?;
        check(database, subsystem, dbd, access)?;
        let database = Arc::make_mut(database);
        database.held.insert(subsystem, access);
        self.changed.insert(ReconKey::Database(dbd));
        let authorization = Authorization::new(dbd, subsystem, access, database.epoch);
        Ok(authorization.of_haldb(self.shared_haldb(&dbd)))
    }

    /// Who restarts gets what it had, to back out there what its last run left, and nothing else before it has.
    fn refuse_unrecovered(&self, subsystem: MemberName, dbd: DbdName) -> Result<(), Refusal> {
        let has_it = || self.database(&dbd).is_some_and(|database| database.held.contains_key(&subsystem));
        let may_ask = match self.subsystems.get(&subsystem).map(|subsystem| subsystem.state) {
            Some(SubsystemState::Abnormal) => false,
            Some(SubsystemState::Recovering) => has_it(),
            Some(SubsystemState::Active) | None => true,
        };
        if may_ask { Ok(()) } else { Err(Refusal::Unrecovered { subsystem, dbd }) }
    }

    /// The proof of what a subsystem has, for whoever was granted it by a change.
    pub fn proof(&self, subsystem: MemberName, dbd: DbdName) -> Option<Authorization> {
        let database = self.database(&dbd)?;
        let access = *database.held.get(&subsystem)?;
        let authorization = Authorization::new(dbd, subsystem, access, database.epoch);
        Some(authorization.of_haldb(self.shared_haldb(&dbd)))
    }

    fn shared_haldb(&self, name: &DbdName) -> Option<(DbdName, Arc<Haldb>)> {
        self.haldb_of(name).map(|(dbd, haldb)| (dbd, haldb.clone()))
    }

    /// The proof for a database that is not registered, in which RECON has no say: whoever wants it has it. Nothing where it
    /// is registered.
    pub fn proof_unregistered(
        &self,
        subsystem: MemberName,
        dbd: DbdName,
        access: Access,
    ) -> Option<Authorization> {
        let is_registered = self.databases.contains_key(&dbd);
        (!is_registered).then(|| Authorization::new(dbd, subsystem, access, self.epoch_of(&dbd)))
    }

    /// Takes an authorization back.
    pub fn release(&mut self, subsystem: &MemberName, dbd: &DbdName) {
        let held = self.databases.get_mut(dbd).filter(|database| database.held.contains_key(subsystem));
        if let Some(database) = held {
            Arc::make_mut(database).held.remove(subsystem);
            self.changed.insert(ReconKey::Database(*dbd));
        }
    }

    /// Passes all that one subsystem has to another, in a new epoch. The first is signed off. What both have the second
    /// has with the stronger access of the two. Nobody takes over from itself.
    pub fn take_over(&mut self, from: &MemberName, to: MemberName) {
        if *from == to {
            return;
        }
        for dbd in self.held_by(from) {
            if let Some(database) = self.databases.get_mut(&dbd).map(Arc::make_mut)
                && let Some(access) = database.held.remove(from)
            {
                let held = database.held.entry(to).or_insert(access);
                *held = access.max(*held);
                database.epoch = database.epoch.next();
                self.changed.insert(ReconKey::Database(dbd));
            }
        }
        if self.subsystems.remove(from).is_some() {
            self.changed.insert(ReconKey::Subsystem(*from));
        }
    }

    /// The databases that a subsystem has.
    pub fn held_by(&self, subsystem: &MemberName) -> Vec<DbdName> {
        self.databases()
            .filter(|(_, database)| database.held.contains_key(subsystem))
            .map(|(dbd, _)| dbd)
            .collect()
    }

    /// A subsystem that ended abnormally and comes back, or one that took over, has databases, and recovers them first.
    pub(super) fn sign_on(&mut self, name: MemberName, kind: SubsystemKind, at: Moment) {
        let state =
            if self.held_by(&name).is_empty() { SubsystemState::Active } else { SubsystemState::Recovering };
        self.subsystems.insert(name, Subsystem { kind, state, since: at });
        self.changed.insert(ReconKey::Subsystem(name));
    }

    pub(super) fn is_recovered(&mut self, name: MemberName) -> Result<(), ReconError> {
        let no_such = ReconError::NoSuch(RecordName::Subsystem(name));
        self.subsystems.get_mut(&name).ok_or(no_such)?.state = SubsystemState::Active;
        self.changed.insert(ReconKey::Subsystem(name));
        Ok(())
    }

    pub(super) fn sign_off(&mut self, name: MemberName, abnormally: bool) -> Result<(), ReconError> {
        let no_such = ReconError::NoSuch(RecordName::Subsystem(name));
        let subsystem = self.subsystems.get_mut(&name).ok_or(no_such)?;
        self.changed.insert(ReconKey::Subsystem(name));
        if abnormally {
            subsystem.state = SubsystemState::Abnormal;
            return Ok(());
        }
        self.subsystems.remove(&name);
        self.release_all(&name);
        Ok(())
    }

    pub(super) fn release_all(&mut self, subsystem: &MemberName) {
        for dbd in self.held_by(subsystem) {
            self.release(subsystem, &dbd);
        }
    }

    /// Takes away what a subsystem did not give back itself. It may still be there, and write: who gets the database next
    /// does so in a new epoch.
    pub(super) fn take_away(&mut self, subsystem: &MemberName) {
        for dbd in self.held_by(subsystem) {
            if let Some(database) = self.databases.get_mut(&dbd).map(Arc::make_mut) {
                database.epoch = database.epoch.next();
            }
            self.release(subsystem, &dbd);
        }
    }
}

fn check(database: &Database, subsystem: MemberName, dbd: DbdName, wanted: Access) -> Result<(), Refusal> {
    if database.prohibited {
        return Err(Refusal::Prohibited(dbd));
    }
    let updates = wanted >= Access::Update;
    let needed = [
        (database.recovery_needed() > 0, Repair::Recovery),
        (database.backout_needed, Repair::Backout),
        // What is changed before the copy could not be recovered.
        (updates && database.image_copy_needed() > 0, Repair::ImageCopy),
    ];
    if let Some((_, what)) = needed.into_iter().find(|(is_needed, _)| *is_needed) {
        return Err(Refusal::Needs { dbd, what });
    }
    if database.read_only && updates {
        return Err(Refusal::ReadOnly(dbd));
    }
    // Who ended abnormally still has what it had.
    let mut others = database.held.iter().filter(|&(holder, _)| *holder != subsystem);
    match others.find(|&(_, held)| !held.allows(wanted, database.share_level)) {
        Some((&holder, &held)) => Err(Refusal::Held { dbd, holder, held, wanted }),
        None => Ok(()),
    }
}
