//! The first pass of a restart: what the log says was under way when its subsystem ended.

use crate::error::LogError;
use crate::log::Log;
use crate::record::{Body, LogRecord};
use crate::token::RecoveryToken;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use vocabulary::{DbdName, DdName, LogSequence, PsbName};

/// The kinds of restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestartKind {
    /// There is no log.
    Cold,
    /// The subsystem ended with a checkpoint, and nothing was under way.
    Warm,
    /// It did not.
    Emergency,
}

/// What a restart has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestartPlan {
    /// What kind.
    pub kind: RestartKind,
    /// The first record that it needs.
    pub start: LogSequence,
    /// The databases that were open to be updated.
    pub databases: BTreeMap<DbdName, PendingDatabase>,
    /// The units of work that were neither committed nor backed out.
    pub units: BTreeMap<RecoveryToken, InFlight>,
}

/// A database that was open to be updated: its data sets may lack what was committed, and have what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PendingDatabase {
    /// Its data sets hold all that was logged before this record.
    pub since: LogSequence,
    /// Its data sets that were empty then.
    pub created: BTreeSet<DdName>,
    /// It was being loaded, which is not logged.
    pub loading: bool,
}

/// A unit of work that was neither committed nor backed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InFlight {
    /// The PSB of its program.
    pub psb: PsbName,
    /// What the space that it freed is marked with.
    pub owner: u32,
}

impl RestartPlan {
    /// Reads the log from its last checkpoint on.
    ///
    /// # Errors
    /// A log that can't be read that far.
    pub fn of(log: &Log) -> Result<Self, LogError> {
        log.force_all()?;
        let checkpoint = log.last_checkpoint()?;
        let start = match checkpoint {
            Some((_, start)) => start,
            None => log.oldest()?,
        };
        let mut plan = Self {
            kind: if start.0 <= 1 { RestartKind::Cold } else { RestartKind::Warm },
            start,
            databases: BTreeMap::new(),
            units: BTreeMap::new(),
        };
        let mut reader = log.read(start)?;
        let mut first = true;
        while let Some(record) = reader.next()? {
            if std::mem::take(&mut first) && record.sequence > start {
                return Err(LogError::Gone(start.0));
            }
            plan.note(&record);
        }
        let frozen = checkpoint.is_some_and(|(kind, _)| kind.ends_subsystem());
        if !plan.databases.is_empty() || !plan.units.is_empty() || (plan.kind == RestartKind::Warm && !frozen)
        {
            plan.kind = RestartKind::Emergency;
        }
        Ok(plan)
    }

    fn note(&mut self, record: &LogRecord<'_>) {
        let since = record.sequence;
        match record.body() {
            Some(Body::DatabaseOpened { dbd, created }) => {
                self.databases.insert(dbd, PendingDatabase { since, created, loading: false });
            }
            Some(Body::DatabaseClosed { dbd }) => {
                self.databases.remove(&dbd);
            }
            Some(Body::OpenDatabase { dbd, loading }) => {
                self.databases.entry(dbd).or_default().loading = loading;
            }
            Some(Body::LoadBegun { dbd }) => {
                self.databases.entry(dbd).or_default().loading = true;
            }
            Some(Body::LoadEnded { dbd }) => {
                let database = self.databases.entry(dbd).or_default();
                (database.loading, database.since) = (false, since);
                database.created.clear();
            }
            Some(Body::UnitBegun { psb, owner }) => {
                self.units.insert(record.token, InFlight { psb, owner });
            }
            // The unit is committed, or was backed out before its subsystem ended.
            Some(Body::PhaseTwoBegun | Body::UnitEnded) => {
                self.units.remove(&record.token);
            }
            _ => {}
        }
    }
}

/// The word of the operator.
impl fmt::Display for RestartKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Cold => "COLD",
            Self::Warm => "WARM",
            Self::Emergency => "EMERGENCY",
        })
    }
}
