//! ALLOC: when subsystems could change data sets, told for whole databases.

use super::{Recon, ReconError, RecordName};
use crate::change::DataSetKey;
use crate::record::Allocation;
use std::collections::BTreeSet;
use vocabulary::{DbdName, MemberName, Moment};

impl Recon {
    /// The data sets of databases that a subsystem would have to tell of before it changes them.
    pub fn unallocated<'a>(
        &'a self,
        subsystem: MemberName,
        dbds: &'a BTreeSet<DbdName>,
        log_start: Moment,
    ) -> impl Iterator<Item = DataSetKey> + 'a {
        let recoverable = dbds.iter().filter_map(|dbd| Some((*dbd, self.database(dbd)?)));
        recoverable.filter(|(_, database)| database.recoverable).flat_map(move |(dbd, database)| {
            let open = move |allocation: &Allocation| is_open(allocation, (subsystem, log_start));
            let without = database.data_sets.iter();
            let without = without.filter(move |(_, data_set)| !data_set.allocations.values().any(open));
            without.map(move |(ddn, _)| (dbd, *ddn))
        })
    }

    /// The databases that a subsystem may have changed up to now, as a log of its has it.
    pub fn allocated_in(&self, log: (MemberName, Moment)) -> BTreeSet<DbdName> {
        let has_open = |database: &crate::record::Database| {
            let mut all = database.data_sets.values().flat_map(|data_set| data_set.allocations.values());
            all.any(|allocation| is_open(allocation, log))
        };
        self.databases().filter(|(_, database)| has_open(database)).map(|(dbd, _)| dbd).collect()
    }

    pub(super) fn allocated_all(
        &mut self,
        subsystem: MemberName,
        dbds: &BTreeSet<DbdName>,
        at: Moment,
        log_start: Moment,
    ) -> Result<(), ReconError> {
        if !self.logs.contains_key(&(subsystem, log_start)) {
            return Err(ReconError::NoSuch(RecordName::Log(subsystem, log_start)));
        }
        let keys: Vec<DataSetKey> = self.unallocated(subsystem, dbds, log_start).collect();
        for key in keys {
            // Moments are the keys of these records.
            let taken = |at: Moment| self.data_set(&key).is_some_and(|one| one.allocations.contains_key(&at));
            let free = (at.0..).map(Moment).find(|at| !taken(*at)).unwrap_or(at);
            self.allocated(key, subsystem, free, log_start)?;
        }
        Ok(())
    }

    pub(super) fn deallocated_all(
        &mut self,
        log: (MemberName, Moment),
        dbds: &BTreeSet<DbdName>,
        deallocated: Moment,
    ) -> Result<(), ReconError> {
        for dbd in dbds.intersection(&self.allocated_in(log)) {
            for data_set in self.database_mut(*dbd)?.data_sets.values_mut() {
                let open = data_set.allocations.iter_mut().filter(|(_, each)| is_open(each, log));
                for (at, allocation) in open {
                    allocation.deallocated = Some(deallocated.max(Moment(at.0 + 1)));
                }
            }
        }
        Ok(())
    }

    /// From when on the log of a subsystem is needed to recover data sets: from the oldest image copy of each that it
    /// changed since, and from its first change where there is none. None where nothing needs it.
    pub fn log_needed_from(&self, subsystem: MemberName) -> Option<Moment> {
        let mut oldest = None;
        for data_set in self.databases().flat_map(|(_, database)| database.data_sets.values()) {
            let copied = data_set.images.keys().next().copied().unwrap_or_default();
            let own = data_set.allocations.iter().filter(|(_, each)| each.subsystem == subsystem);
            let needed = own.filter(|(_, each)| self.end_of(each).is_none_or(|end| end > copied));
            let first = needed.map(|(at, _)| (*at).max(copied)).min();
            oldest = oldest.into_iter().chain(first).min();
        }
        oldest
    }
}

/// Whether a subsystem may change the data set now, which this log has then.
fn is_open(allocation: &Allocation, log: (MemberName, Moment)) -> bool {
    (allocation.subsystem, allocation.log_start) == log && allocation.deallocated.is_none()
}
