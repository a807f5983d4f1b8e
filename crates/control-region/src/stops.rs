//! What operators have stopped on this member. A stop outlives every restart but a cold one.
//!
//! IMS keeps these states in the checkpoints of its log; here they have a data set of their own. A change counts
//! once it is durable there, and only then is the operator told.

use crate::region::ControlRegion;
use dasd::{Batch, DataSetError, KeyedSet};
use dbrc::Access;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use vocabulary::message::DFS3368E;
use vocabulary::{DbdName, Message, PsbName, encoding, encoding::DecodeError};

/// How a database was stopped: UPDATE DB STOP().
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DatabaseStop {
    /// Nothing may use it.
    Access,
    /// Nothing new may be scheduled against it.
    Schedule,
    /// It may be read.
    Updates,
}

impl DatabaseStop {
    /// The word that QUERY DB shows.
    pub fn status(self) -> &'static str {
        match self {
            Self::Access => "STOACC",
            Self::Schedule => "STOSCHD",
            Self::Updates => "STOUPDS",
        }
    }
}

/// One thing that an operator stops or starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopChange {
    /// A database is stopped in a way, besides those in which it is stopped already.
    StopDatabase(DbdName, DatabaseStop),
    /// A database is started, however it was stopped.
    StartDatabase(DbdName),
    /// A database is opened for this from now on.
    SetAccess(DbdName, Access),
    /// A program is stopped.
    StopProgram(PsbName),
    /// A program is started.
    StartProgram(PsbName),
}

/// Why the stops of a member can't be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StopsError {
    /// The data set does not do what it is asked.
    #[error(transparent)]
    DataSet(#[from] DataSetError),
    /// A record of it does not read.
    #[error("a resource state can't be read: {0}")]
    Record(#[from] DecodeError),
}

/// What a record of the data set is about. A program has a record with an empty value while it is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Key {
    Database(DbdName),
    Program(PsbName),
    Access(DbdName),
}

/// What is stopped on this member, and the data set that keeps it.
pub struct Stops {
    set: Box<dyn KeyedSet>,
    table: Table,
}

#[derive(Debug, Clone, Default)]
struct Table {
    databases: BTreeMap<DbdName, BTreeSet<DatabaseStop>>,
    programs: BTreeSet<PsbName>,
    accesses: BTreeMap<DbdName, Access>,
}

impl fmt::Debug for Stops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table.fmt(f)
    }
}

impl Stops {
    /// What the data set has. A cold start begins without stops, and empties it.
    pub fn open(mut set: Box<dyn KeyedSet>, cold: bool) -> Result<Self, StopsError> {
        if cold {
            set.replace_all(&mut std::iter::empty())?;
            set.sync()?;
        }
        let mut table = Table::default();
        for record in set.scan(&[]) {
            let (key, value) = record?;
            match encoding::decode("resource state", &key)? {
                Key::Database(dbd) => drop(table.databases.insert(dbd, encoding::decode("stops", &value)?)),
                Key::Program(psb) => drop(table.programs.insert(psb)),
                Key::Access(dbd) => drop(table.accesses.insert(dbd, encoding::decode("access", &value)?)),
            }
        }
        Ok(Self { set, table })
    }

    /// How a database is stopped here.
    pub fn of_database(&self, dbd: DbdName) -> impl Iterator<Item = DatabaseStop> {
        self.table.databases.get(&dbd).into_iter().flatten().copied()
    }

    /// Whether a database may only be read here.
    pub fn stops_updates(&self, dbd: DbdName) -> bool {
        self.of_database(dbd).any(|stop| stop == DatabaseStop::Updates)
    }

    /// What an operator said that a database is opened for here.
    pub fn access_of(&self, dbd: DbdName) -> Option<Access> {
        self.table.accesses.get(&dbd).copied()
    }

    /// Whether a program is stopped here.
    pub fn is_program_stopped(&self, psb: PsbName) -> bool {
        self.table.programs.contains(&psb)
    }

    /// Makes these changes, all or none, and returns once they outlive a restart. After an error none counts; unless
    /// it is [`DataSetError::Full`] the data set is of no use any more.
    pub fn change(&mut self, changes: &[StopChange]) -> Result<(), DataSetError> {
        let (mut table, mut batch) = (self.table.clone(), Batch::new());
        for change in changes {
            let (key, value) = table.make(*change);
            match value {
                Some(value) => batch.put(encoding::encode(&key), value),
                None => batch.delete(encoding::encode(&key)),
            };
        }
        self.set.apply(batch)?;
        self.set.sync()?;
        self.table = table;
        Ok(())
    }
}

impl Table {
    /// Makes a change, and gives the record that follows from it.
    fn make(&mut self, change: StopChange) -> (Key, Option<Vec<u8>>) {
        match change {
            StopChange::StopDatabase(dbd, stop) => {
                let stops = self.databases.entry(dbd).or_default();
                stops.insert(stop);
                (Key::Database(dbd), Some(encoding::encode(stops)))
            }
            StopChange::StartDatabase(dbd) => {
                self.databases.remove(&dbd);
                (Key::Database(dbd), None)
            }
            StopChange::SetAccess(dbd, access) => {
                self.accesses.insert(dbd, access);
                (Key::Access(dbd), Some(encoding::encode(&access)))
            }
            StopChange::StopProgram(psb) => {
                self.programs.insert(psb);
                (Key::Program(psb), Some(Vec::new()))
            }
            StopChange::StartProgram(psb) => {
                self.programs.remove(&psb);
                (Key::Program(psb), None)
            }
        }
    }
}

impl ControlRegion {
    /// Makes changes of what is stopped here, all or none, before anybody hears of them; else gives what to say.
    pub(crate) fn keep_stops(&mut self, changes: &[StopChange]) -> Result<(), Message> {
        if changes.is_empty() {
            return Ok(());
        }
        self.resources.stops_mut().change(changes).map_err(|error| {
            let message = DFS3368E.with(&[&self.settings.member, &error]);
            self.issue(message.clone());
            if !matches!(error, DataSetError::Full { .. }) {
                self.failure = Some(error.to_string());
            }
            message
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dasd::memory::MemoryKeyedSet;
    use dasd::{Fault, Faulty};

    fn custdb() -> DbdName {
        DbdName::new("CUSTDB").unwrap()
    }

    fn teller() -> PsbName {
        PsbName::new("TELLER").unwrap()
    }

    fn two_stops() -> [StopChange; 2] {
        [StopChange::StopDatabase(custdb(), DatabaseStop::Schedule), StopChange::StopProgram(teller())]
    }

    #[test]
    fn what_was_told_as_stopped_outlives_the_loss_of_power_and_a_cold_start_forgets_it() {
        let disk = MemoryKeyedSet::new();
        let mut stops = Stops::open(Box::new(disk.clone()), false).unwrap();
        stops.change(&two_stops()).unwrap();
        stops.change(&[StopChange::StopDatabase(custdb(), DatabaseStop::Access)]).unwrap();
        disk.crash(0);
        let stops = Stops::open(Box::new(disk.clone()), false).unwrap();
        let of_custdb: Vec<_> = stops.of_database(custdb()).collect();
        assert_eq!(of_custdb, [DatabaseStop::Access, DatabaseStop::Schedule]);
        assert!(stops.is_program_stopped(teller()));
        drop(Stops::open(Box::new(disk.clone()), true).unwrap());
        disk.crash(0);
        let stops = Stops::open(Box::new(disk), false).unwrap();
        assert_eq!(stops.of_database(custdb()).count(), 0);
        assert!(!stops.is_program_stopped(teller()));
    }

    #[test]
    fn a_start_takes_back_every_stop() {
        let disk = MemoryKeyedSet::new();
        let mut stops = Stops::open(Box::new(disk.clone()), false).unwrap();
        stops.change(&two_stops()).unwrap();
        stops.change(&[StopChange::StartDatabase(custdb()), StopChange::StartProgram(teller())]).unwrap();
        assert_eq!(disk.scan(&[]).count(), 0, "nothing is left of what is not stopped");
        assert_eq!(stops.of_database(custdb()).count(), 0);
        assert!(!stops.is_program_stopped(teller()));
    }

    #[test]
    fn what_could_not_be_kept_does_not_count() {
        for (operations, fault) in [(1, Fault::Full), (2, Fault::Io)] {
            let mut set = Faulty::new(MemoryKeyedSet::new());
            set.fail_after(operations, fault);
            let mut stops = Stops::open(Box::new(set), false).unwrap();
            stops.change(&two_stops()).unwrap_err();
            assert_eq!(stops.of_database(custdb()).count(), 0);
            assert!(!stops.is_program_stopped(teller()));
            let again = stops.change(&two_stops());
            assert_eq!(again.is_ok(), fault == Fault::Full, "only want of room goes by");
        }
    }
}
