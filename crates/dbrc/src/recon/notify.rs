//! NOTIFY: something happened that records tell of.

use super::{Recon, ReconError, RecordName};
use crate::change::{DataSetKey, Notify};
use crate::record::{
    Allocation, ChangeAccumulation, DataSet, DataSetName, Image, Log, LogDataSet, Olds, Recovery,
    UnitOfRecovery,
};
use crate::stored::ReconKey;
use std::collections::{BTreeMap, BTreeSet};
use vocabulary::{DbdName, GroupName, MemberName, Moment, PsbName};

const MS_OF_DAY: u64 = 24 * 60 * 60 * 1_000;

impl Recon {
    pub(super) fn notify(&mut self, notify: Notify) -> Result<(), ReconError> {
        match notify {
            Notify::Image { key, run, dsn, kind, stop, record_count } => {
                let image = Image { dsn, kind, stop, record_count, invalid: false };
                self.copied(key, run, image)
            }
            Notify::Reorganization { key, run } => self.reorganized(key, run),
            Notify::Recovery { key, run, to } => self.recovered(key, run, to),
            Notify::Allocation { key, subsystem, at, log_start } => {
                self.allocated(key, subsystem, at, log_start)
            }
            Notify::Deallocation { key, at, deallocated } => self.deallocated(key, at, deallocated),
            Notify::LogOpened { subsystem, start } => self.log_opened(subsystem, start),
            Notify::LogArchived { subsystem, start, dsn, span } => {
                self.log_archived(subsystem, start, dsn, span)
            }
            Notify::LogClosed { subsystem, start, stop } => {
                later(start, stop)?;
                self.log_mut(subsystem, start)?.stop = Some(stop);
                Ok(())
            }
            Notify::Olds { subsystem, ddn, dsn, status } => {
                self.olds.insert((subsystem, ddn), Olds { dsn, status });
                self.changed.insert(ReconKey::Olds(subsystem, ddn));
                Ok(())
            }
            Notify::ChangeAccumulation { group, run, dsn, stop } => {
                self.accumulated(group, run, ChangeAccumulation { dsn, stop })
            }
            Notify::BackoutNeeded { subsystem, token, began, psb, databases } => {
                self.backout_needed(subsystem, token, (began, psb), databases)
            }
            Notify::BackedOut { subsystem, token, dbd } => self.backed_out(subsystem, token, dbd),
            Notify::Allocations { subsystem, dbds, at, log_start } => {
                self.allocated_all(subsystem, &dbds, at, log_start)
            }
            Notify::Deallocations { subsystem, dbds, log_start, deallocated } => {
                self.deallocated_all((subsystem, log_start), &dbds, deallocated)
            }
            Notify::LogTrimmed { subsystem, start, before } => {
                self.log_mut(subsystem, start)?.archived.retain(|part| part.stop > before);
                Ok(())
            }
        }
    }

    fn copied(&mut self, (dbd, ddn): DataSetKey, run: Moment, image: Image) -> Result<(), ReconError> {
        if let Some(stop) = image.stop {
            later(run, stop)?;
        }
        let data_set = self.data_set_mut((dbd, ddn))?;
        if data_set.images.contains_key(&run) {
            return Err(ReconError::Exists(RecordName::Image(dbd, ddn, run)));
        }
        // A copy from before the last reorganization is no place to begin a recovery.
        if data_set.barrier(Moment(u64::MAX)).is_none_or(|barrier| run > barrier) {
            data_set.image_copy_needed = false;
        }
        data_set.images.insert(run, image);
        if forget_oldest(data_set) {
            self.forget_before_oldest((dbd, ddn))?;
        }
        Ok(())
    }

    /// What was over before the oldest copy is of no more use. As long as none was let go, one from before it may be
    /// told of late.
    fn forget_before_oldest(&mut self, key: DataSetKey) -> Result<(), ReconError> {
        let Some(data_set) = self.data_set(&key) else { return Ok(()) };
        let oldest = data_set.images.keys().next().copied().unwrap_or_default();
        let is_over = |allocation: &Allocation| self.end_of(allocation).is_some_and(|end| end <= oldest);
        let over: Vec<Moment> =
            data_set.allocations.iter().filter(|(_, each)| is_over(each)).map(|(at, _)| *at).collect();
        let data_set = self.data_set_mut(key)?;
        data_set.allocations.retain(|at, _| !over.contains(at));
        data_set.reorganizations.retain(|run| *run >= oldest);
        data_set.recoveries.retain(|run, _| *run >= oldest);
        Ok(())
    }

    /// When an allocation ended: with its log where it was not told.
    pub(crate) fn end_of(&self, allocation: &Allocation) -> Option<Moment> {
        let log = self.logs.get(&(allocation.subsystem, allocation.log_start));
        allocation.deallocated.or_else(|| log?.stop)
    }

    /// Every segment is elsewhere now: what was copied before is of no use with logs from afterwards.
    fn reorganized(&mut self, key: DataSetKey, run: Moment) -> Result<(), ReconError> {
        let recoverable = self.database(&key.0).is_some_and(|database| database.recoverable);
        let data_set = self.data_set_mut(key)?;
        if !data_set.reorganizations.insert(run) {
            return Err(ReconError::Exists(RecordName::Reorganization(key.0, key.1, run)));
        }
        // One that is told of late asks for nothing, and takes nothing back that a later one asked for.
        data_set.image_copy_needed |= recoverable && !data_set.is_copied_since(run);
        self.partition_reorganized(key);
        Ok(())
    }

    fn recovered(&mut self, key: DataSetKey, run: Moment, to: Option<Moment>) -> Result<(), ReconError> {
        if let Some(to) = to {
            later(to, run)?;
        }
        let recoverable = self.database(&key.0).is_some_and(|database| database.recoverable);
        let data_set = self.data_set_mut(key)?;
        if data_set.recoveries.contains_key(&run) {
            return Err(ReconError::Exists(RecordName::Recovery(key.0, key.1, run)));
        }
        data_set.recoveries.insert(run, Recovery { to });
        data_set.recovery_needed = false;
        data_set.eeqes.clear();
        data_set.image_copy_needed |= to.is_some() && recoverable && !data_set.is_copied_since(run);
        Ok(())
    }

    pub(super) fn allocated(
        &mut self,
        key: DataSetKey,
        subsystem: MemberName,
        at: Moment,
        log_start: Moment,
    ) -> Result<(), ReconError> {
        if self.database(&key.0).is_some_and(|database| !database.recoverable) {
            return Err(ReconError::NotRecoverable(key.0));
        }
        if self.data_set(&key).is_some_and(|data_set| data_set.allocations.contains_key(&at)) {
            return Err(ReconError::Exists(RecordName::Allocation(key.0, key.1, at)));
        }
        if self.data_set(&key).is_none() {
            return Err(ReconError::NoSuch(RecordName::DataSet(key.0, key.1)));
        }
        self.log_mut(subsystem, log_start)?.changed.insert(key);
        let data_set = self.data_set_mut(key)?;
        data_set.sequence += 1;
        let sequence = data_set.sequence;
        data_set.allocations.insert(at, Allocation { subsystem, log_start, sequence, deallocated: None });
        Ok(())
    }

    fn deallocated(&mut self, key: DataSetKey, at: Moment, deallocated: Moment) -> Result<(), ReconError> {
        later(at, deallocated)?;
        let no_such = ReconError::NoSuch(RecordName::Allocation(key.0, key.1, at));
        self.data_set_mut(key)?.allocations.get_mut(&at).ok_or(no_such)?.deallocated = Some(deallocated);
        Ok(())
    }

    fn log_opened(&mut self, subsystem: MemberName, start: Moment) -> Result<(), ReconError> {
        if self.logs.contains_key(&(subsystem, start)) {
            return Err(ReconError::Exists(RecordName::Log(subsystem, start)));
        }
        self.logs.insert((subsystem, start), Log::default());
        self.changed.insert(ReconKey::Log(subsystem, start));
        Ok(())
    }

    fn log_archived(
        &mut self,
        subsystem: MemberName,
        start: Moment,
        dsn: DataSetName,
        (from, to): (Moment, Moment),
    ) -> Result<(), ReconError> {
        later(from, to)?;
        let log = self.log_mut(subsystem, start)?;
        if log.archived.iter().any(|part| part.dsn == dsn) {
            return Err(ReconError::Exists(RecordName::LogDataSet(subsystem, dsn)));
        }
        log.archived.push(LogDataSet { dsn, start: from, stop: to, in_error: false });
        log.archived.sort_by_key(|part| part.start);
        Ok(())
    }

    fn accumulated(
        &mut self,
        name: GroupName,
        run: Moment,
        accumulation: ChangeAccumulation,
    ) -> Result<(), ReconError> {
        later(accumulation.stop, run)?;
        let group = self.ca_groups.get_mut(&name).ok_or(ReconError::NoSuch(RecordName::CaGroup(name)))?;
        if group.runs.contains_key(&run) {
            return Err(ReconError::Exists(RecordName::ChangeAccumulation(name, run)));
        }
        group.runs.insert(run, accumulation);
        while group.runs.len() > usize::from(group.genmax.max(1)) {
            group.runs.pop_first();
        }
        self.changed.insert(ReconKey::CaGroup(name));
        Ok(())
    }

    fn backout_needed(
        &mut self,
        subsystem: MemberName,
        token: u128,
        (began, psb): (Moment, PsbName),
        databases: BTreeSet<DbdName>,
    ) -> Result<(), ReconError> {
        // What can't be recovered isn't backed out either.
        let kept = |dbd: &DbdName| self.database(dbd).is_some_and(|database| database.recoverable);
        let databases: BTreeMap<DbdName, bool> =
            databases.into_iter().filter(kept).map(|dbd| (dbd, false)).collect();
        if databases.is_empty() {
            return Ok(());
        }
        for dbd in databases.keys() {
            self.database_mut(*dbd)?.backout_needed = true;
        }
        let unit = UnitOfRecovery { began, psb, databases };
        self.backouts.entry(subsystem).or_default().units.insert(token, unit);
        self.changed.insert(ReconKey::Backout(subsystem));
        Ok(())
    }

    fn backed_out(&mut self, subsystem: MemberName, token: u128, dbd: DbdName) -> Result<(), ReconError> {
        let no_such = ReconError::NoSuch(RecordName::Backout(subsystem));
        let Some(backout) = self.backouts.get_mut(&subsystem) else { return Err(no_such) };
        let Some(done) = backout.units.get_mut(&token).and_then(|unit| unit.databases.get_mut(&dbd)) else {
            return Err(no_such);
        };
        *done = true;
        backout.units.retain(|_, unit| unit.databases.values().any(|done| !done));
        let is_over = backout.units.is_empty();
        if is_over {
            self.backouts.remove(&subsystem);
        }
        self.changed.insert(ReconKey::Backout(subsystem));
        // It may have been deleted meanwhile.
        if self.databases.contains_key(&dbd) && !self.owes_backout(dbd) {
            self.database_mut(dbd)?.backout_needed = false;
        }
        Ok(())
    }

    fn owes_backout(&self, dbd: DbdName) -> bool {
        let units = self.backouts.values().flat_map(|backout| backout.units.values());
        units.into_iter().any(|unit| unit.databases.get(&dbd) == Some(&false))
    }
}

fn later(start: Moment, stop: Moment) -> Result<(), ReconError> {
    if stop > start { Ok(()) } else { Err(ReconError::NotLater { start, stop }) }
}

/// GENMAX copies are kept, and more where they are within the recovery period. Whether one was let go.
fn forget_oldest(data_set: &mut DataSet) -> bool {
    let count = data_set.images.len();
    let newest = data_set.images.keys().next_back().copied().unwrap_or_default();
    let period_ms = u64::from(data_set.recovery_period_days) * MS_OF_DAY;
    while data_set.images.len() > usize::from(data_set.genmax)
        && data_set.images.first_key_value().is_some_and(|(run, _)| newest.ms_since(*run) > period_ms)
    {
        data_set.images.pop_first();
    }
    data_set.images.len() < count
}
