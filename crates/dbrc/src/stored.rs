//! RECON as keyed records: what a member keeps on disk, and what a snapshot is made of.

use crate::Recon;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use vocabulary::encoding::{self, DecodeError};
use vocabulary::{DbdName, DdName, GroupName, MemberName, Moment};

/// Where a record of RECON is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ReconKey {
    /// A database, with its data sets.
    Database(DbdName),
    /// A group of data sets.
    Group(GroupName),
    /// A group whose changes are accumulated together.
    CaGroup(GroupName),
    /// A log.
    Log(MemberName, Moment),
    /// An online log data set.
    Olds(MemberName, DdName),
    /// A subsystem.
    Subsystem(MemberName),
    /// What a subsystem has to back out.
    Backout(MemberName),
    /// The epoch of a database that was deleted.
    FormerEpoch(DbdName),
    /// The partitions of a HALDB.
    Haldb(DbdName),
}

impl Recon {
    /// Every key that has a record, in order.
    pub fn keys(&self) -> impl Iterator<Item = ReconKey> {
        let databases = self.databases.keys().map(|dbd| ReconKey::Database(*dbd));
        let groups = self.groups.keys().map(|name| ReconKey::Group(*name));
        let ca_groups = self.ca_groups.keys().map(|name| ReconKey::CaGroup(*name));
        let logs = self.logs.keys().map(|(subsystem, start)| ReconKey::Log(*subsystem, *start));
        let olds = self.olds.keys().map(|(subsystem, ddn)| ReconKey::Olds(*subsystem, *ddn));
        let subsystems = self.subsystems.keys().map(|subsystem| ReconKey::Subsystem(*subsystem));
        let backouts = self.backouts.keys().map(|subsystem| ReconKey::Backout(*subsystem));
        let former = self.former_epochs.keys().map(|dbd| ReconKey::FormerEpoch(*dbd));
        let haldbs = self.haldbs.keys().map(|dbd| ReconKey::Haldb(*dbd));
        let kept = databases.chain(groups).chain(ca_groups).chain(logs).chain(olds);
        kept.chain(subsystems).chain(backouts).chain(former).chain(haldbs)
    }

    /// The keys whose records changed since this was asked last.
    pub fn take_changed(&mut self) -> BTreeSet<ReconKey> {
        std::mem::take(&mut self.changed)
    }

    /// What is kept under a key now, encoded; nothing when there is no record.
    pub fn stored(&self, key: &ReconKey) -> Option<Vec<u8>> {
        match key {
            ReconKey::Database(dbd) => self.databases.get(dbd).map(|database| encoding::encode(&**database)),
            ReconKey::Group(name) => self.groups.get(name).map(encoding::encode),
            ReconKey::CaGroup(name) => self.ca_groups.get(name).map(encoding::encode),
            ReconKey::Log(subsystem, start) => self.logs.get(&(*subsystem, *start)).map(encoding::encode),
            ReconKey::Olds(subsystem, ddn) => self.olds.get(&(*subsystem, *ddn)).map(encoding::encode),
            ReconKey::Subsystem(name) => self.subsystems.get(name).map(encoding::encode),
            ReconKey::Backout(name) => self.backouts.get(name).map(encoding::encode),
            ReconKey::FormerEpoch(dbd) => self.former_epochs.get(dbd).map(encoding::encode),
            ReconKey::Haldb(dbd) => self.haldbs.get(dbd).map(|haldb| encoding::encode(&**haldb)),
        }
    }

    /// Takes a record back.
    pub fn restore(&mut self, key: ReconKey, value: &[u8]) -> Result<(), DecodeError> {
        match key {
            ReconKey::Database(dbd) => {
                self.databases.insert(dbd, Arc::new(encoding::decode("database of RECON", value)?));
            }
            ReconKey::Group(name) => {
                self.groups.insert(name, encoding::decode("group of RECON", value)?);
            }
            ReconKey::CaGroup(name) => {
                self.ca_groups.insert(name, encoding::decode("CA group of RECON", value)?);
            }
            ReconKey::Log(subsystem, start) => {
                self.logs.insert((subsystem, start), encoding::decode("log of RECON", value)?);
            }
            ReconKey::Olds(subsystem, ddn) => {
                self.olds.insert((subsystem, ddn), encoding::decode("OLDS of RECON", value)?);
            }
            ReconKey::Subsystem(name) => {
                self.subsystems.insert(name, encoding::decode("subsystem of RECON", value)?);
            }
            ReconKey::Backout(name) => {
                self.backouts.insert(name, encoding::decode("backout of RECON", value)?);
            }
            ReconKey::FormerEpoch(dbd) => {
                self.former_epochs.insert(dbd, encoding::decode("former epoch of RECON", value)?);
            }
            ReconKey::Haldb(dbd) => {
                self.haldbs.insert(dbd, Arc::new(encoding::decode("HALDB of RECON", value)?));
            }
        }
        Ok(())
    }
}
