//! HALDBs of the engine: opened as a whole, and partition by partition.

use super::Engine;
use crate::database::{DataSets, Database, Finding, Inspection, Opened, Stop};
use crate::error::OpenError;
use crate::partitions::{Among, Haldb, PartitionBlocks, PartitionMark};
use dbrc::Authorization;
use definitions::acb::Dmb;
use std::sync::{Arc, PoisonError};
use vocabulary::DbdName;

impl Engine {
    /// Opens a HALDB, as DBRC allowed: from then on its partitions can be opened, and programs are scheduled with those of
    /// them that are.
    ///
    /// # Errors
    /// A database that is none or is open, one without partitions, a selection routine that is not there.
    pub fn open_haldb(&self, authorization: &Authorization, dmb: Arc<Dmb>) -> Result<(), OpenError> {
        let name = dmb.name;
        if authorization.dbd() != name {
            return Err(OpenError::NotAuthorized(authorization.dbd()));
        }
        let mut haldbs = self.haldbs.write().unwrap_or_else(PoisonError::into_inner);
        if haldbs.contains_key(&name) {
            return Err(OpenError::Open);
        }
        let haldb = Haldb::of(authorization, dmb, &self.partition_selections)?;
        haldbs.insert(name, Arc::new(haldb));
        Ok(())
    }

    /// Opens a partition of a HALDB that is open, as DBRC allowed. Its data sets are those of [`PartitionBlocks`].
    ///
    /// # Errors
    /// As [`Self::open`]; a partition that was not initialized.
    pub fn open_partition(&self, authorization: &Authorization, sets: DataSets) -> Result<Opened, OpenError> {
        let name = authorization.dbd();
        let (blocks, mark) = self.partition(authorization)?;
        let is_blank = sets.values().any(|set| set.block_count() == 0);
        if is_blank && !self.lock_restart().pending.contains_key(&name) {
            return Err(OpenError::NotInitialized);
        }
        self.open_with(authorization, Arc::new(blocks.dmb), blocks.index.as_ref(), sets, Some(mark))
    }

    /// Initializes a partition of a HALDB that is open (DFSUPNT0): its data sets become empty ones, with this number of
    /// reorganizations. It is not open afterwards.
    ///
    /// # Errors
    /// As [`Self::open`]; data sets that hold something.
    pub fn initialize_partition(
        &self,
        authorization: &Authorization,
        sets: DataSets,
        reorganization: u16,
    ) -> Result<(), OpenError> {
        if sets.values().any(|set| set.block_count() > 0) {
            return Err(OpenError::NotEmpty);
        }
        let (blocks, mark) = self.partition(authorization)?;
        let mark = PartitionMark { reorganization, ..mark };
        self.open_with(authorization, Arc::new(blocks.dmb), blocks.index.as_ref(), sets, Some(mark))?;
        self.close(&authorization.dbd())
    }

    /// How often a partition that is open was reorganized.
    pub fn reorganization(&self, partition: &DbdName) -> Option<u16> {
        self.database(partition)?.partition.map(|mark| mark.reorganization)
    }

    /// The roots in a partition that belong to another one. Nothing should change meanwhile.
    pub fn strayed(&self, partition: &DbdName) -> Vec<Finding> {
        let haldbs = self.haldbs.read().unwrap_or_else(PoisonError::into_inner);
        let place = |haldb: &Haldb| haldb.partitions.iter().position(|part| part.name == *partition);
        let found = haldbs.values().find_map(|haldb| Some((haldb.clone(), place(haldb)?)));
        drop(haldbs);
        let (Some((haldb, at)), Some(database)) = (found, self.database(partition)) else {
            return Vec::new();
        };
        database.strayed(&self.pool, |key| haldb.select(key) == Some(at))
    }

    /// The names of the partitions of a HALDB that is open, in the order in which they follow each other.
    pub fn partitions(&self, haldb: &DbdName) -> Vec<DbdName> {
        let haldb = self.haldb(haldb);
        haldb.iter().flat_map(|haldb| haldb.partitions.iter().map(|part| part.name)).collect()
    }

    /// Closes the partitions of a HALDB, and then the HALDB. The first error is given, after all was closed that could be.
    pub(super) fn close_haldb(&self, name: &DbdName) -> Result<(), OpenError> {
        let closed: Vec<_> = self.partitions(name).iter().map(|partition| self.close(partition)).collect();
        self.haldbs.write().unwrap_or_else(PoisonError::into_inner).remove(name);
        closed.into_iter().collect()
    }

    fn partition(
        &self,
        authorization: &Authorization,
    ) -> Result<(PartitionBlocks, PartitionMark), OpenError> {
        let name = authorization.dbd();
        let (master, record) = authorization.haldb().ok_or(OpenError::NoPartition)?;
        let haldb = self.haldb(&master).ok_or(OpenError::NoPartition)?;
        let partition = record.partitions.get(&name).ok_or(OpenError::NoPartition)?;
        let blocks = PartitionBlocks::of(&haldb.dmb, name, partition);
        let blocks = blocks.map_err(|error| OpenError::Allocation(error.to_string()))?;
        let mark = self.partition_mark(authorization).ok_or(OpenError::NoPartition)?;
        Ok((blocks, mark))
    }

    /// What the control blocks of a partition say; none for what is no partition of a HALDB that is open.
    pub(super) fn partition_mark(&self, authorization: &Authorization) -> Option<PartitionMark> {
        let (master, _) = authorization.haldb()?;
        PartitionMark::of(authorization, &*self.haldb(&master)?)
    }

    pub(crate) fn haldb(&self, name: &DbdName) -> Option<Arc<Haldb>> {
        self.haldbs.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// The partitions of a HALDB for a PCB.
    pub(crate) fn among(&self, haldb: Arc<Haldb>) -> Among {
        let open = haldb.partitions.iter().map(|part| self.database(&part.name)).collect();
        Among::new(haldb, open)
    }

    /// Why a partition was stopped, the first that was.
    pub(super) fn haldb_stop(&self, name: &DbdName) -> Option<Stop> {
        self.partitions(name).iter().find_map(|partition| self.database(partition)?.why_stopped())
    }

    /// What the pointer checker finds in all partitions, and roots that belong to others.
    pub(super) fn inspect_haldb(&self, haldb: &Haldb) -> Inspection {
        let mut all = Inspection::empty(haldb.dmb.name);
        for (at, part) in haldb.partitions.iter().enumerate() {
            if let Some(database) = self.database(&part.name) {
                all.add(self.inspect_partition(haldb, at, &database));
            }
        }
        all
    }

    fn inspect_partition(&self, haldb: &Haldb, at: usize, database: &Database) -> Inspection {
        let mut inspection = database.inspect(&self.pool);
        if inspection.findings.is_empty() {
            inspection.findings = database.strayed(&self.pool, |key| haldb.select(key) == Some(at));
        }
        inspection
    }
}
