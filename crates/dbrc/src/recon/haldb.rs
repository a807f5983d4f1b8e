//! The partitions of HALDBs: made, changed, removed, reorganized.

use super::{Recon, ReconError, RecordName};
use crate::change::{DataSetKey, PartitionChange};
use crate::record::{Database, Haldb, Partition, PartitionDefinition, order};
use crate::stored::ReconKey;
use std::sync::Arc;
use vocabulary::DbdName;

/// The most characters of the name of a partition.
const NAME_BYTES_MAX: usize = 7;
/// What the name of the first data set of a partition ends with.
const FIRST_DATA_SET: char = 'A';

impl Recon {
    /// The partitions of a HALDB.
    pub fn haldb(&self, dbd: &DbdName) -> Option<&Haldb> {
        self.haldbs.get(dbd).map(|haldb| &**haldb)
    }

    /// The HALDB of this name, or the one that has a partition of this name.
    pub fn haldb_of(&self, name: &DbdName) -> Option<(DbdName, &Arc<Haldb>)> {
        let of_partition = || self.haldbs.iter().find(|(_, haldb)| haldb.partitions.contains_key(name));
        self.haldbs.get_key_value(name).or_else(of_partition).map(|(dbd, haldb)| (*dbd, haldb))
    }

    pub(super) fn init_haldb(&mut self, dbd: DbdName, selection: Option<String>) {
        self.haldbs.insert(dbd, Arc::new(Haldb { selection, ..Haldb::default() }));
        self.changed.insert(ReconKey::Haldb(dbd));
    }

    /// A partition is a database too: that has the share level of the HALDB.
    pub(super) fn init_partition(
        &mut self,
        dbd: DbdName,
        name: DbdName,
        definition: PartitionDefinition,
    ) -> Result<(), ReconError> {
        let master = self.database(&dbd).ok_or(ReconError::NoSuch(RecordName::Database(dbd)))?;
        let database = Database::new(master.share_level, master.recoverable);
        let haldb = self.haldb(&dbd).ok_or(ReconError::NoHaldb(dbd))?;
        if name.as_str().len() > NAME_BYTES_MAX {
            return Err(ReconError::PartitionName(name));
        }
        if haldb.partitions.contains_key(&name) {
            return Err(ReconError::Exists(RecordName::Partition(dbd, name)));
        }
        check_key(haldb, name, &definition.key)?;
        let id = haldb.last_id.checked_add(1).ok_or(ReconError::TooManyPartitions(dbd))?;
        self.init_database(name, database)?;
        let haldb = self.haldb_mut(dbd)?;
        haldb.last_id = id;
        let partition = Partition { id, reorganization: 1, initialization_needed: true, definition };
        haldb.partitions.insert(name, partition);
        Ok(())
    }

    pub(super) fn change_partition(
        &mut self,
        dbd: DbdName,
        name: DbdName,
        to: PartitionChange,
    ) -> Result<(), ReconError> {
        let haldb = self.haldb(&dbd).ok_or(ReconError::NoHaldb(dbd))?;
        if !haldb.partitions.contains_key(&name) {
            return Err(ReconError::NoSuch(RecordName::Partition(dbd, name)));
        }
        if let Some(key) = &to.key {
            check_key(haldb, name, key)?;
        }
        let only_flag =
            PartitionChange { initialization_needed: to.initialization_needed, ..PartitionChange::default() };
        if to != only_flag {
            self.refuse_held(name)?;
        }
        if let Some(partition) = self.haldb_mut(dbd)?.partitions.get_mut(&name) {
            partition.initialization_needed =
                to.initialization_needed.unwrap_or(partition.initialization_needed);
            set(&mut partition.definition, to);
        }
        Ok(())
    }

    pub(super) fn delete_partition(&mut self, dbd: DbdName, name: DbdName) -> Result<(), ReconError> {
        let haldb = self.haldb(&dbd).ok_or(ReconError::NoHaldb(dbd))?;
        if !haldb.partitions.contains_key(&name) {
            return Err(ReconError::NoSuch(RecordName::Partition(dbd, name)));
        }
        self.refuse_held(name)?;
        self.haldb_mut(dbd)?.partitions.remove(&name);
        self.remove_database(name);
        Ok(())
    }

    /// A HALDB goes with its partitions; a partition does not go as a database.
    pub(super) fn delete_haldb(&mut self, dbd: DbdName) -> Result<(), ReconError> {
        match self.haldb_of(&dbd) {
            Some((master, _)) if master != dbd => return Err(ReconError::IsPartition(dbd)),
            _ => {}
        }
        let partitions: Vec<DbdName> =
            self.haldb(&dbd).into_iter().flat_map(|haldb| haldb.partitions.keys().copied()).collect();
        partitions.iter().try_for_each(|name| self.refuse_held(*name))?;
        for name in partitions {
            self.remove_database(name);
        }
        if self.haldbs.remove(&dbd).is_some() {
            self.changed.insert(ReconKey::Haldb(dbd));
        }
        Ok(())
    }

    /// After a reorganization of a partition its segments are elsewhere: pointers from before are out of date.
    pub(super) fn partition_reorganized(&mut self, (name, ddn): DataSetKey) {
        let is_first = ddn.as_str().strip_suffix(FIRST_DATA_SET) == Some(name.as_str());
        let Some((dbd, _)) = self.haldb_of(&name).filter(|_| is_first) else { return };
        if let Ok(haldb) = self.haldb_mut(dbd)
            && let Some(partition) = haldb.partitions.get_mut(&name)
        {
            // Behind the highest number comes 1 again.
            partition.reorganization = partition.reorganization.checked_add(1).unwrap_or(1);
            partition.initialization_needed = false;
        }
    }

    fn haldb_mut(&mut self, dbd: DbdName) -> Result<&mut Haldb, ReconError> {
        let haldb = self.haldbs.get_mut(&dbd).ok_or(ReconError::NoHaldb(dbd))?;
        self.changed.insert(ReconKey::Haldb(dbd));
        Ok(Arc::make_mut(haldb))
    }
}

/// Without a selection routine the high key says what belongs to a partition.
fn check_key(haldb: &Haldb, partition: DbdName, key: &[u8]) -> Result<(), ReconError> {
    if haldb.selection.is_some() {
        return Ok(());
    }
    let mut others = haldb.partitions.iter().filter(|(name, _)| **name != partition);
    let same = others.find(|(_, other)| order(&other.definition.key, key).is_eq()).map(|(name, _)| *name);
    match key.is_empty() || same.is_some() {
        true => Err(ReconError::HighKey { partition, as_other: same }),
        false => Ok(()),
    }
}

fn set(definition: &mut PartitionDefinition, to: PartitionChange) {
    let definition_before = definition.clone();
    *definition = PartitionDefinition {
        dsn_prefix: to.dsn_prefix.unwrap_or(definition_before.dsn_prefix),
        key: to.key.unwrap_or(definition_before.key),
        randomizer: to.randomizer.or(definition_before.randomizer),
        anchors: to.anchors.or(definition_before.anchors),
        block_max: to.block_max.or(definition_before.block_max),
        record_bytes_max: to.record_bytes_max.or(definition_before.record_bytes_max),
        block_bytes: to.block_bytes.unwrap_or(definition_before.block_bytes),
        free_block_frequency: to.free_block_frequency.unwrap_or(definition_before.free_block_frequency),
        free_space_percent: to.free_space_percent.unwrap_or(definition_before.free_space_percent),
    };
}
