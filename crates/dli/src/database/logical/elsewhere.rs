//! Changes in another database than that of the call, for the same unit of work.

use crate::database::{Database, SegmentType, Writer};
use crate::error::Trouble;
use crate::format::Rba;
use std::sync::Arc;

/// A segment that is not there any more. Positions on it are before the next one of their chain.
#[derive(Debug, Clone)]
pub(crate) struct Gone {
    /// Its database.
    pub(crate) dbd: vocabulary::DbdName,
    /// Its type there.
    pub(crate) code: u8,
    /// Where it was.
    pub(crate) rba: Rba,
    /// The physical twin after it.
    pub(crate) next: Option<Rba>,
    /// The logical twin after it.
    pub(crate) next_logical: Option<Rba>,
}

impl Writer<'_> {
    /// Does something in a database that is tied to this one.
    pub(crate) fn in_database<T>(
        &mut self,
        other: &Arc<Database>,
        work: impl FnOnce(&mut Writer<'_>) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        self.cursor.rest();
        let locker = self.cursor.locker().map(|locker| locker.in_database(other.number()));
        let mut writer = Writer::new(self.pool, other, self.units(), self.journal_of_unit(), locker.as_ref());
        let outcome = work(&mut writer);
        let (missed, gone) = (writer.misses_entry, std::mem::take(&mut writer.gone));
        drop(writer);
        self.misses_entry |= missed;
        self.gone.extend(gone);
        outcome
    }

    /// Has the record alone that a segment is in.
    pub(crate) fn change_record_of(&mut self, kind: &SegmentType, rba: Rba) -> Result<(), Trouble> {
        let db = self.db;
        if self.cursor.locker().is_none() {
            return Ok(());
        }
        let record = db.record_above(&mut self.cursor, kind, rba)?;
        self.cursor.change(record)
    }
}
