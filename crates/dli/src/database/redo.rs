//! The second pass of a restart, for one database: what the log says and its data sets lack is done again, block by
//! block; what units of work did that are not committed is remembered, to be taken back.

use super::Database;
use super::change::make;
use super::journal::{Journal, Logged};
use crate::Rba;
use crate::error::{OpenError, Trouble};
use crate::format::block;
use crate::pool::{BufferPool, DataSet};
use logger::{
    Body, Change, DatabaseChange, InFlight, Log, LogRecord, LogSequence, PendingDatabase, RecoveryToken,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use vocabulary::DbdName;

/// What a restart needs to make a database whole.
pub(crate) struct Recovery<'r> {
    /// The log's state of the database.
    pub(crate) pending: &'r PendingDatabase,
    /// Where the log is read from.
    pub(crate) start: LogSequence,
    /// The units of work that are to be taken back.
    pub(crate) units: &'r BTreeMap<RecoveryToken, InFlight>,
    /// Its data sets come from copies.
    pub(crate) is_restored: bool,
    /// What was logged behind this record is left out, for good.
    pub(crate) until: Option<LogSequence>,
}

impl<'r> Recovery<'r> {
    /// What a restart needs: all of the log, on the data sets as they are.
    pub(crate) fn of_restart(
        pending: &'r PendingDatabase,
        start: LogSequence,
        units: &'r BTreeMap<RecoveryToken, InFlight>,
    ) -> Self {
        Self { pending, start, units, is_restored: false, until: None }
    }
}

/// What was done again, and what is to be taken back.
#[derive(Default)]
pub(crate) struct Redone {
    /// How many changes the data sets lacked.
    pub(crate) changes: u64,
    /// Records to be taken back, oldest first, by unit of work.
    undo: BTreeMap<RecoveryToken, Vec<(LogSequence, Vec<u8>)>>,
    torn: BTreeSet<(u16, u32)>,
    /// Records that count together with one that is still to come.
    held: BTreeMap<RecoveryToken, Vec<Vec<u8>>>,
}

/// Reads the log, and does again what the data sets lack.
pub(crate) fn redo(
    pool: &BufferPool,
    log: &Log,
    dbd: DbdName,
    sets: &[Arc<DataSet>],
    indexes: &BTreeSet<DbdName>,
    recovery: &Recovery<'_>,
) -> Result<Redone, OpenError> {
    let mut redone = Redone::default();
    let mut reader = log.read(recovery.start.max(recovery.pending.since))?;
    while let Some(record) = reader.next()? {
        if recovery.until.is_some_and(|until| record.sequence > until) {
            break;
        }
        if matches!(record.kind().0, 0x42 | 0x50 | 0x52 | 0x53) {
            redone.note(pool, (dbd, indexes), sets, recovery, &record)?;
        }
    }
    // A block that is torn and has no image is damaged; nobody shall take the zeros for it.
    for &(id, block) in &redone.torn {
        if let Some(set) = sets.iter().find(|set| set.id == id) {
            pool.forget(set, block);
        }
    }
    Ok(redone)
}

impl Redone {
    fn note(
        &mut self,
        pool: &BufferPool,
        (dbd, indexes): (DbdName, &BTreeSet<DbdName>),
        sets: &[Arc<DataSet>],
        recovery: &Recovery<'_>,
        record: &LogRecord<'_>,
    ) -> Result<(), Trouble> {
        match record.body() {
            // What was begun before a crash and is not whole will never be.
            Some(Body::LogOpened { .. }) => self.held.clear(),
            Some(Body::Change(change)) if change.dbd == dbd => {
                if change.more {
                    self.held.entry(record.token).or_default().push(record.bytes().to_vec());
                    return Ok(());
                }
                self.release(pool, sets, record.token)?;
                self.apply(pool, sets, record.sequence, &change)?;
                if recovery.units.contains_key(&record.token) {
                    self.remember(record, change.takes_back, !change.before.is_empty() || is_take(&change));
                }
            }
            Some(Body::Index(entry)) if entry.dbd == dbd || indexes.contains(&entry.dbd) => {
                self.release(pool, sets, record.token)?;
                if recovery.units.contains_key(&record.token) {
                    self.remember(record, entry.takes_back, true);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Applies what waited for the last record of those that count together.
    fn release(
        &mut self,
        pool: &BufferPool,
        sets: &[Arc<DataSet>],
        token: RecoveryToken,
    ) -> Result<(), Trouble> {
        for bytes in self.held.remove(&token).unwrap_or_default() {
            if let Some(record) = LogRecord::of_bytes(&bytes)
                && let Some(Body::Change(change)) = record.body()
            {
                self.apply(pool, sets, record.sequence, &change)?;
            }
        }
        Ok(())
    }

    fn apply(
        &mut self,
        pool: &BufferPool,
        sets: &[Arc<DataSet>],
        sequence: LogSequence,
        change: &DatabaseChange<'_>,
    ) -> Result<(), Trouble> {
        let Some(set) = sets.iter().find(|set| set.dd == change.dd) else { return Ok(()) };
        let place = (set.id, change.block);
        let is_image = matches!(change.change, Change::Image { .. });
        let (mut content, is_torn) = pool.salvage(set, change.block)?;
        // Changes of a torn block are in the image that follows, or the block is lost.
        if is_torn && !is_image {
            self.torn.insert(place);
            return Ok(());
        }
        if block::sequence(&content.data) >= sequence && !is_torn {
            return Ok(());
        }
        self.torn.remove(&place);
        content.mark_changed(set);
        make(change.change, set, change.block, &mut content.data)?;
        block::stamp(&mut content.data, sequence);
        self.changes += u64::from(!is_image);
        Ok(())
    }

    /// A change is to be taken back unless a later record has taken it back.
    fn remember(&mut self, record: &LogRecord<'_>, takes_back: Option<LogSequence>, can_be_taken_back: bool) {
        let undo = self.undo.entry(record.token).or_default();
        match takes_back {
            Some(taken) => undo.truncate(undo.partition_point(|(sequence, _)| *sequence < taken)),
            None if can_be_taken_back => undo.push((record.sequence, record.bytes().to_vec())),
            None => {}
        }
    }

    /// Takes back what is not committed. Gives how many units of work had changed something.
    pub(crate) fn back_out(
        &self,
        pool: &BufferPool,
        log: &Arc<Log>,
        database: &Arc<Database>,
        units: &BTreeMap<RecoveryToken, InFlight>,
    ) -> Result<usize, OpenError> {
        let mut count = 0;
        for (token, unit) in units.iter().rev() {
            let records = self.undo.get(token).map_or(&[][..], Vec::as_slice);
            if records.is_empty() {
                continue;
            }
            count += 1;
            let mut journal = Journal::of_log(log.clone(), *token, unit);
            for (sequence, bytes) in records {
                recall(&mut journal, database, *sequence, bytes);
            }
            journal.back_out(pool, Journal::start());
            if let Some(stop) = database.why_stopped() {
                return Err(OpenError::Damaged(stop.message.text()));
            }
            log.append(*token, &Body::BackoutEnded { dbd: database.name() })?;
        }
        Ok(count)
    }
}

fn recall(journal: &mut Journal, database: &Arc<Database>, sequence: LogSequence, bytes: &[u8]) {
    let Some(record) = LogRecord::of_bytes(bytes) else { return };
    match record.body() {
        Some(Body::Change(change)) => {
            let group = database.groups.iter().position(|group| group.set.dd == change.dd);
            let Some(group) = group else { return };
            let (block, before) = (change.block, change.before);
            journal.recall(database, sequence, Logged::Block { group, block, change: change.change, before });
        }
        Some(Body::Index(entry)) => {
            let of = database.index_called(entry.dbd);
            if let (Some(rba), Some(of)) = (Rba::load(entry.rba.to_be_bytes()), of) {
                let (added, entry) = (entry.added, entry.key);
                journal.recall(database, sequence, Logged::Entry { of, added, entry, rba });
            }
        }
        _ => {}
    }
}

fn is_take(change: &DatabaseChange<'_>) -> bool {
    matches!(change.change, Change::Take { .. })
}
