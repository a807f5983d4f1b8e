//! DELETE: records are removed.

use super::{Recon, ReconError, RecordName};
use crate::change::{DataSetKey, Delete};
use crate::record::{Allocation, DataSet, Log, SubsystemState};
use crate::stored::ReconKey;
use vocabulary::{DbdName, Epoch, GroupName, MemberName, Moment};

impl Recon {
    pub(super) fn delete(&mut self, delete: &Delete) -> Result<(), ReconError> {
        match *delete {
            Delete::Database(dbd) => self.delete_database(dbd),
            Delete::DataSet(key) => self.delete_data_set(key),
            Delete::Image((dbd, ddn), run) => {
                self.delete_of((dbd, ddn), RecordName::Image(dbd, ddn, run), |data_set| {
                    data_set.images.remove(&run).is_some()
                })
            }
            Delete::Allocation((dbd, ddn), at) => {
                self.delete_of((dbd, ddn), RecordName::Allocation(dbd, ddn, at), |data_set| {
                    data_set.allocations.remove(&at).is_some()
                })
            }
            Delete::Reorganization((dbd, ddn), run) => {
                self.delete_of((dbd, ddn), RecordName::Reorganization(dbd, ddn, run), |data_set| {
                    data_set.reorganizations.remove(&run)
                })
            }
            Delete::Recovery((dbd, ddn), run) => {
                self.delete_of((dbd, ddn), RecordName::Recovery(dbd, ddn, run), |data_set| {
                    data_set.recoveries.remove(&run).is_some()
                })
            }
            Delete::Group(name) => {
                self.groups.remove(&name).ok_or(ReconError::NoSuch(RecordName::Group(name)))?;
                self.changed.insert(ReconKey::Group(name));
                Ok(())
            }
            Delete::CaGroup(name) => {
                self.ca_groups.remove(&name).ok_or(ReconError::NoSuch(RecordName::CaGroup(name)))?;
                self.changed.insert(ReconKey::CaGroup(name));
                Ok(())
            }
            Delete::ChangeAccumulation(name, run) => self.delete_ca(name, run),
            Delete::Log(subsystem, start) => self.delete_log(subsystem, start),
            Delete::InactiveLogs => {
                self.delete_inactive_logs();
                Ok(())
            }
            Delete::Subsystem(name) => self.delete_subsystem(name),
            Delete::Backout(name) => {
                self.backouts.remove(&name).ok_or(ReconError::NoSuch(RecordName::Backout(name)))?;
                self.changed.insert(ReconKey::Backout(name));
                Ok(())
            }
            Delete::Partition(dbd, partition) => self.delete_partition(dbd, partition),
        }
    }

    fn delete_database(&mut self, dbd: DbdName) -> Result<(), ReconError> {
        self.refuse_held(dbd)?;
        self.delete_haldb(dbd)?;
        self.remove_database(dbd);
        Ok(())
    }

    pub(super) fn remove_database(&mut self, dbd: DbdName) {
        let epoch = self.epoch_of(&dbd);
        self.databases.remove(&dbd);
        self.changed.insert(ReconKey::Database(dbd));
        if epoch > Epoch::default() {
            self.former_epochs.insert(dbd, epoch);
            self.changed.insert(ReconKey::FormerEpoch(dbd));
        }
        self.forget_members(|(of, _)| *of == dbd);
    }

    fn delete_data_set(&mut self, (dbd, ddn): DataSetKey) -> Result<(), ReconError> {
        self.refuse_held(dbd)?;
        let no_such = ReconError::NoSuch(RecordName::DataSet(dbd, ddn));
        self.database_mut(dbd)?.data_sets.remove(&ddn).ok_or(no_such)?;
        self.forget_members(|key| *key == (dbd, ddn));
        Ok(())
    }

    /// A data set that is gone is in no group any more. A group without one stays.
    fn forget_members(&mut self, is_gone: impl Fn(&DataSetKey) -> bool) {
        let (groups, ca_groups, changed) = (&mut self.groups, &mut self.ca_groups, &mut self.changed);
        for (name, group) in groups.iter_mut().filter(|(_, group)| group.members.iter().any(&is_gone)) {
            group.members.retain(|key| !is_gone(key));
            changed.insert(ReconKey::Group(*name));
        }
        for (name, group) in ca_groups.iter_mut().filter(|(_, group)| group.members.iter().any(&is_gone)) {
            group.members.retain(|key| !is_gone(key));
            changed.insert(ReconKey::CaGroup(*name));
        }
    }

    fn delete_of(
        &mut self,
        key: DataSetKey,
        name: RecordName,
        remove: impl FnOnce(&mut DataSet) -> bool,
    ) -> Result<(), ReconError> {
        if remove(self.data_set_mut(key)?) { Ok(()) } else { Err(ReconError::NoSuch(name)) }
    }

    fn delete_ca(&mut self, name: GroupName, run: Moment) -> Result<(), ReconError> {
        let group = self.ca_groups.get_mut(&name).ok_or(ReconError::NoSuch(RecordName::CaGroup(name)))?;
        let no_such = ReconError::NoSuch(RecordName::ChangeAccumulation(name, run));
        group.runs.remove(&run).ok_or(no_such)?;
        self.changed.insert(ReconKey::CaGroup(name));
        Ok(())
    }

    fn delete_log(&mut self, subsystem: MemberName, start: Moment) -> Result<(), ReconError> {
        if self.log_mut(subsystem, start)?.stop.is_none() {
            return Err(ReconError::LogOpen((subsystem, start)));
        }
        self.logs.remove(&(subsystem, start));
        Ok(())
    }

    fn delete_inactive_logs(&mut self) {
        let inactive: Vec<(MemberName, Moment)> =
            self.logs.iter().filter(|(key, log)| !self.is_needed(key, log)).map(|(key, _)| *key).collect();
        for (subsystem, start) in inactive {
            self.logs.remove(&(subsystem, start));
            self.changed.insert(ReconKey::Log(subsystem, start));
        }
    }

    /// Whether somebody may have to read a log again: it is written, or its subsystem ended without having been
    /// recovered, or a data set has an allocation in it, which goes with the image copies from before its end.
    pub fn is_needed(&self, (subsystem, start): &(MemberName, Moment), log: &Log) -> bool {
        let owner = self.subsystems.get(subsystem);
        let unrecovered =
            owner.is_some_and(|owner| owner.since == *start && owner.state != SubsystemState::Active);
        let is_in_it =
            |allocation: &Allocation| (allocation.subsystem, allocation.log_start) == (*subsystem, *start);
        log.stop.is_none()
            || unrecovered
            || self.backouts.contains_key(subsystem)
            || log
                .changed
                .iter()
                .filter_map(|key| self.data_set(key))
                .any(|data_set| data_set.allocations.values().any(is_in_it))
    }

    fn delete_subsystem(&mut self, name: MemberName) -> Result<(), ReconError> {
        let subsystem = self.subsystems.get(&name).ok_or(ReconError::NoSuch(RecordName::Subsystem(name)))?;
        if subsystem.state == SubsystemState::Active {
            return Err(ReconError::SubsystemActive(name));
        }
        let databases = self.held_by(&name);
        if !databases.is_empty() {
            return Err(ReconError::SubsystemHolds { subsystem: name, databases });
        }
        self.subsystems.remove(&name);
        self.changed.insert(ReconKey::Subsystem(name));
        Ok(())
    }
}
