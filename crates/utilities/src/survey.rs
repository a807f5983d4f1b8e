//! What of the log a recovery needs, before anything is changed.

use crate::{LogMark, UtilityError};
use dli::Restored;
use logger::{Body, InFlight, RecoveryToken};
use logger::{Log, LogRecord};
use std::collections::BTreeMap;
use vocabulary::{DbdName, LogSequence, Moment};

/// Reads the log from a mark on, to its end or to a moment, and says what is to be done with data sets of a database that
/// are restored from copies.
///
/// # Errors
/// A log that lacks records or is another one, a database whose data sets were replaced within.
pub fn survey(
    log: &Log,
    mark: &LogMark,
    what: &'static str,
    dbd: DbdName,
    to: Option<Moment>,
) -> Result<Restored, UtilityError> {
    let mut reader = mark.read_on(log, what)?;
    let mut survey = Survey { dbd, last: mark.sequence, units: BTreeMap::new() };
    let mut until = None;
    while let Some(record) = reader.next()? {
        if to.is_some_and(|to| record.stamp > to) {
            until = Some(survey.last);
            break;
        }
        survey.note(&record)?;
    }
    Ok(Restored { since: mark.sequence, until, units: survey.units })
}

struct Survey {
    dbd: DbdName,
    last: LogSequence,
    units: BTreeMap<RecoveryToken, InFlight>,
}

impl Survey {
    fn note(&mut self, record: &LogRecord<'_>) -> Result<(), UtilityError> {
        self.last = record.sequence;
        match record.body() {
            Some(body) if replaces(&body) == Some(self.dbd) => {
                return Err(UtilityError::Replaced { dbd: self.dbd, at: record.stamp });
            }
            Some(Body::UnitBegun { psb, owner }) => {
                self.units.insert(record.token, InFlight { psb, owner });
            }
            Some(Body::PhaseTwoBegun | Body::UnitEnded) => {
                self.units.remove(&record.token);
            }
            _ => {}
        }
        Ok(())
    }
}

/// The database whose data sets hold something since this record that does not follow from those before.
pub(crate) fn replaces(body: &Body<'_>) -> Option<DbdName> {
    match body {
        Body::LoadEnded { dbd } => Some(*dbd),
        Body::DatabaseOpened { dbd, created } if !created.is_empty() => Some(*dbd),
        _ => None,
    }
}
