//! INIT: records are made.

use super::{Recon, ReconError, RecordName};
use crate::change::{DataSetKey, Init};
use crate::record::{CaGroup, DataSet, DataSetName, Database, Group};
use crate::stored::ReconKey;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use vocabulary::{DbdName, GroupName};

impl Recon {
    pub(super) fn init(&mut self, init: Init) -> Result<(), ReconError> {
        match init {
            Init::Database { dbd, share_level, recoverable } => {
                self.init_database(dbd, Database::new(share_level, recoverable))
            }
            Init::DataSet { key, dsn, genmax, recovery_period_days } => {
                self.init_data_set(key, DataSet::new(dsn, genmax, recovery_period_days))
            }
            Init::Group { name, members } => self.init_group(name, members),
            Init::CaGroup { name, members, genmax } => self.init_ca_group(name, members, genmax),
            Init::Haldb { dbd, share_level, recoverable, selection } => {
                self.init_database(dbd, Database::new(share_level, recoverable))?;
                self.init_haldb(dbd, selection);
                Ok(())
            }
            Init::Partition { dbd, partition, definition } => {
                self.init_partition(dbd, partition, *definition)
            }
        }
    }

    pub(super) fn init_database(&mut self, dbd: DbdName, database: Database) -> Result<(), ReconError> {
        if self.databases.contains_key(&dbd) {
            return Err(ReconError::Exists(RecordName::Database(dbd)));
        }
        self.add_database(dbd, database);
        Ok(())
    }

    /// One that was registered before goes on in its epoch.
    pub(super) fn add_database(&mut self, dbd: DbdName, database: Database) {
        let epoch = self.epoch_of(&dbd);
        if self.former_epochs.remove(&dbd).is_some() {
            self.changed.insert(ReconKey::FormerEpoch(dbd));
        }
        self.databases.insert(dbd, Arc::new(Database { epoch, ..database }));
        self.changed.insert(ReconKey::Database(dbd));
    }

    fn init_data_set(&mut self, (dbd, ddn): DataSetKey, data_set: DataSet) -> Result<(), ReconError> {
        self.refuse_taken(&data_set.dsn, (dbd, ddn))?;
        let database = self.database(&dbd).ok_or(ReconError::NoSuch(RecordName::Database(dbd)))?;
        if database.data_sets.contains_key(&ddn) {
            return Err(ReconError::Exists(RecordName::DataSet(dbd, ddn)));
        }
        self.database_mut(dbd)?.data_sets.insert(ddn, data_set);
        Ok(())
    }

    /// Two databases in one data set would write over each other.
    pub(super) fn refuse_taken(&self, dsn: &DataSetName, own: DataSetKey) -> Result<(), ReconError> {
        let all = self.databases().flat_map(|(dbd, database)| {
            database.data_sets.iter().map(move |(ddn, data_set)| ((dbd, *ddn), &data_set.dsn))
        });
        let taken = all.into_iter().find(|(key, other)| *key != own && *other == dsn);
        taken.map_or(Ok(()), |(by, _)| Err(ReconError::DataSetTaken { dsn: dsn.clone(), by }))
    }

    fn init_group(&mut self, name: GroupName, members: BTreeSet<DataSetKey>) -> Result<(), ReconError> {
        self.refuse_name(name)?;
        self.require_all(&members)?;
        self.groups.insert(name, Group { members });
        self.changed.insert(ReconKey::Group(name));
        Ok(())
    }

    fn init_ca_group(
        &mut self,
        name: GroupName,
        members: BTreeSet<DataSetKey>,
        genmax: u16,
    ) -> Result<(), ReconError> {
        self.refuse_name(name)?;
        self.require_all(&members)?;
        let other = members.iter().find_map(|member| Some((*member, self.ca_group_of(member)?)));
        if let Some((member, group)) = other {
            return Err(ReconError::InOtherCaGroup { member, group });
        }
        self.ca_groups.insert(name, CaGroup { members, genmax, runs: BTreeMap::new() });
        self.changed.insert(ReconKey::CaGroup(name));
        Ok(())
    }

    /// The CA group of a data set.
    pub fn ca_group_of(&self, key: &DataSetKey) -> Option<GroupName> {
        self.ca_groups.iter().find(|(_, group)| group.members.contains(key)).map(|(name, _)| *name)
    }

    /// Groups of both kinds are named alike in commands.
    fn refuse_name(&self, name: GroupName) -> Result<(), ReconError> {
        if self.groups.contains_key(&name) {
            return Err(ReconError::Exists(RecordName::Group(name)));
        }
        if self.ca_groups.contains_key(&name) {
            return Err(ReconError::Exists(RecordName::CaGroup(name)));
        }
        Ok(())
    }

    fn require_all(&self, members: &BTreeSet<DataSetKey>) -> Result<(), ReconError> {
        let missing = members.iter().find(|member| self.data_set(member).is_none());
        missing.map_or(Ok(()), |&(dbd, ddn)| Err(ReconError::NoSuch(RecordName::DataSet(dbd, ddn))))
    }
}
