//! HALDBs of a folder: their partitions are opened, initialized, and reorganized.

use crate::batch::{Batch, BatchError, complain, data_sets_in};
use definitions::acb::Dmb;
use definitions::report::Report;
use dli::{DataSets, Engine, OpenError};
use std::sync::Arc;
use vocabulary::DbdName;
use vocabulary::message::LOG110I;

impl Batch {
    /// The partitions of a HALDB in their order, or the one that is named; none of anything else.
    pub(crate) fn partitions_of(&self, name: DbdName) -> Vec<DbdName> {
        match self.recon.haldb_of(&name) {
            Some((master, haldb)) if master == name => {
                haldb.in_order().into_iter().map(|(partition, _)| partition).collect()
            }
            Some(_) => vec![name],
            None => Vec::new(),
        }
    }

    /// Opens a HALDB with its partitions, or one of them. One that can't be opened is no reason to do without the others.
    pub(crate) fn open_haldb(&mut self, report: &Report, name: DbdName) -> Result<(), BatchError> {
        let master = self.recon.haldb_of(&name).map_or(name, |(master, _)| master);
        self.open_master(&self.engine, report, master)?;
        for partition in self.partitions_of(name) {
            let authorization = self.authorization(partition)?;
            match self.engine.open_partition(&authorization, self.partition_sets(report, partition)?) {
                Ok(opened) if opened.recovered => {
                    complain(&LOG110I.with(&[&partition, &opened.redone, &opened.backed_out]));
                }
                Ok(_) => {}
                Err(error) if partition == name => return Err(refused(name, &error)),
                Err(error) => complain(&error.message(&partition)),
            }
        }
        self.databases.insert(name);
        Ok(())
    }

    /// Initializes a partition. False where it was before.
    pub(crate) fn initialize(&self, report: &Report, partition: DbdName) -> Result<bool, BatchError> {
        self.open_master(&self.engine, report, self.master_of(partition)?)?;
        let sets = self.partition_sets(report, partition)?;
        if sets.values().any(|set| set.block_count() > 0) {
            return Ok(false);
        }
        let initialized = self.engine.initialize_partition(&self.authorization(partition)?, sets, 1);
        initialized.map(|()| true).map_err(|error| refused(partition, &error))
    }

    /// Opens a HALDB in another engine, and a partition of it on new data sets: reorganized once more than what is there.
    pub(crate) fn open_reorganized(
        &self,
        engine: &Engine,
        report: &Report,
        partition: DbdName,
        new: impl Fn() -> Result<DataSets, BatchError>,
    ) -> Result<(), BatchError> {
        self.open_master(engine, report, self.master_of(partition)?)?;
        let before = dli::blocks::reorganization(&self.partition_sets(report, partition)?);
        // Behind the highest number comes 1 again.
        let number = before.and_then(|number| number.checked_add(1)).unwrap_or(1);
        let authorization = self.authorization(partition)?;
        let initialized = engine.initialize_partition(&authorization, new()?, number);
        initialized.map_err(|error| refused(partition, &error))?;
        let opened = engine.open_partition(&authorization, new()?);
        opened.map(drop).map_err(|error| refused(partition, &error))
    }

    fn master_of(&self, partition: DbdName) -> Result<DbdName, BatchError> {
        self.recon.haldb_of(&partition).map(|(master, _)| master).ok_or(BatchError::NoDbd(partition))
    }

    fn open_master(&self, engine: &Engine, report: &Report, master: DbdName) -> Result<(), BatchError> {
        if !engine.partitions(&master).is_empty() {
            return Ok(());
        }
        let dmb = report.dmbs.get(&master).ok_or(BatchError::NoDbd(master))?;
        let opened = engine.open_haldb(&self.authorization(master)?, Arc::new(dmb.clone()));
        opened.map_err(|error| refused(master, &error))
    }

    fn partition_sets(&self, report: &Report, partition: DbdName) -> Result<DataSets, BatchError> {
        let dmb = report.dmbs.get(&partition).ok_or(BatchError::NoDbd(partition))?;
        let indexes: Vec<&Dmb> = dmb.indexes().filter_map(|index| report.dmbs.get(&index)).collect();
        Ok(data_sets_in(&self.folder, dmb, &indexes)?)
    }
}

fn refused(name: DbdName, error: &OpenError) -> BatchError {
    BatchError::Refused(error.message(&name))
}
