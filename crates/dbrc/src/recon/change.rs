//! CHANGE: records are changed.

use super::{Recon, ReconError, RecordName};
use crate::change::{Change, DataSetChange, DataSetKey, DatabaseChange, SubsystemChange};
use crate::record::{DataSet, DataSetName, SubsystemState};
use crate::stored::ReconKey;
use vocabulary::{DbdName, MemberName, Moment};

impl Recon {
    pub(super) fn change(&mut self, change: Change) -> Result<(), ReconError> {
        match change {
            Change::Database { dbd, to } => self.change_database(dbd, &to),
            Change::DataSet { key, to } => self.change_data_set(key, to),
            Change::Image { key: (dbd, ddn), run, invalid } => {
                let no_such = ReconError::NoSuch(RecordName::Image(dbd, ddn, run));
                let data_set = self.data_set_mut((dbd, ddn))?;
                data_set.images.get_mut(&run).ok_or(no_such)?.invalid = invalid;
                Ok(())
            }
            Change::Subsystem { subsystem, to } => self.change_subsystem(subsystem, to),
            Change::Log { subsystem, start, dsn, in_error } => {
                self.change_log(subsystem, start, dsn, in_error)
            }
            Change::Partition { dbd, partition, to } => self.change_partition(dbd, partition, *to),
        }
    }

    fn change_database(&mut self, dbd: DbdName, to: &DatabaseChange) -> Result<(), ReconError> {
        if to.share_level.is_some() || to.recoverable.is_some() {
            self.refuse_held(dbd)?;
        }
        let database = self.database_mut(dbd)?;
        database.share_level = to.share_level.unwrap_or(database.share_level);
        database.recoverable = to.recoverable.unwrap_or(database.recoverable);
        database.prohibited = to.prohibited.unwrap_or(database.prohibited);
        database.read_only = to.read_only.unwrap_or(database.read_only);
        database.backout_needed = to.backout_needed.unwrap_or(database.backout_needed);
        Ok(())
    }

    pub(super) fn refuse_held(&self, dbd: DbdName) -> Result<(), ReconError> {
        let database = self.database(&dbd).ok_or(ReconError::NoSuch(RecordName::Database(dbd)))?;
        let holders: Vec<MemberName> = database.held.keys().copied().collect();
        if holders.is_empty() { Ok(()) } else { Err(ReconError::InUse { dbd, holders }) }
    }

    fn change_data_set(&mut self, key: DataSetKey, to: DataSetChange) -> Result<(), ReconError> {
        if let Some(dsn) = &to.dsn {
            self.refuse_held(key.0)?;
            self.refuse_taken(dsn, key)?;
        }
        let data_set = self.data_set_mut(key)?;
        if let Some(rba) = to.delete_eeqe.filter(|rba| !data_set.eeqes.contains(rba)) {
            return Err(ReconError::NoSuch(RecordName::Eeqe(key.0, key.1, rba)));
        }
        set(data_set, to);
        Ok(())
    }

    fn change_subsystem(&mut self, name: MemberName, to: SubsystemChange) -> Result<(), ReconError> {
        let no_such = ReconError::NoSuch(RecordName::Subsystem(name));
        let subsystem = self.subsystems.get_mut(&name).ok_or(no_such)?;
        match (to, subsystem.state) {
            (SubsystemChange::Abnormal, _) => subsystem.state = SubsystemState::Abnormal,
            // What still works can't be recovered by somebody else.
            (_, SubsystemState::Active) => return Err(ReconError::SubsystemActive(name)),
            (SubsystemChange::RecoveryStarted, _) => subsystem.state = SubsystemState::Recovering,
            (SubsystemChange::RecoveryEnded, _) => {
                self.subsystems.remove(&name);
                self.take_away(&name);
            }
        }
        self.changed.insert(ReconKey::Subsystem(name));
        Ok(())
    }

    fn change_log(
        &mut self,
        subsystem: MemberName,
        start: Moment,
        dsn: DataSetName,
        in_error: bool,
    ) -> Result<(), ReconError> {
        let log = self.log_mut(subsystem, start)?;
        match log.archived.iter_mut().find(|part| part.dsn == dsn) {
            Some(part) => part.in_error = in_error,
            None => return Err(ReconError::NoSuch(RecordName::LogDataSet(subsystem, dsn))),
        }
        Ok(())
    }
}

fn set(data_set: &mut DataSet, to: DataSetChange) {
    data_set.dsn = to.dsn.unwrap_or_else(|| data_set.dsn.clone());
    data_set.genmax = to.genmax.unwrap_or(data_set.genmax);
    data_set.recovery_period_days = to.recovery_period_days.unwrap_or(data_set.recovery_period_days);
    data_set.image_copy_needed = to.image_copy_needed.unwrap_or(data_set.image_copy_needed);
    data_set.recovery_needed = to.recovery_needed.unwrap_or(data_set.recovery_needed);
    data_set.eeqes.extend(to.add_eeqe);
    if let Some(rba) = to.delete_eeqe {
        data_set.eeqes.remove(&rba);
    }
}
