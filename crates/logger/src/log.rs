//! Appending to the log, and forcing it.

use crate::change::DatabaseChange;
use crate::checkpoint::RestartDataSet;
use crate::error::LogError;
use crate::reader::LogReader;
use crate::record::Body;
use crate::ring::Ring;
use crate::token::RecoveryToken;
use crate::turns::Turns;
use crate::{Change, IndexEntry, Olds};
use dasd::{KeyedSet, LogSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use vocabulary::message::LOG104A;
use vocabulary::{Epoch, LogSequence, MemberName, Message, Moment, PsbName};

/// Records in memory from which on an append writes them itself.
const TAIL_BYTES_MAX: usize = 1 << 20;

/// The data sets of a log.
pub struct LogSets {
    /// The online log data sets, in the order in which they are written.
    pub oldses: Vec<Olds>,
    /// How many blocks of an OLDS are written before the next one is.
    pub blocks_per_olds: u32,
    /// The archive.
    pub slds: Box<dyn LogSet>,
    /// The restart data set.
    pub rds: Box<dyn KeyedSet>,
}

/// A log that is open. Threads share it.
///
/// Of those that force at the same moment one writes and syncs what all have appended, and the others find it done. What
/// comes while he is at it the next one writes, with what those append who were with him and are back a moment later.
pub struct Log {
    subsystem: MemberName,
    /// Records that are not written yet. Taken after the ring by whoever needs both.
    tail: Mutex<Tail>,
    /// Taken by whoever has the turn to write, or reads.
    ring: Mutex<Ring>,
    turns: Turns,
    rds: Mutex<RestartDataSet>,
    /// Held by whoever changes several blocks with records that count together; a checkpoint waits for him.
    together: RwLock<()>,
    forced: AtomicU64,
    forces: AtomicU64,
    now: AtomicU64,
}

#[derive(Default)]
struct Tail {
    records: Vec<u8>,
    /// What the next record gets.
    next: u64,
    /// Blocks that were last changed before this record have their image logged before they change.
    horizon: u64,
    stopped: Option<String>,
}

/// Records that are appended one behind the other, with no other between.
pub struct Appender<'l> {
    log: &'l Log,
    tail: MutexGuard<'l, Tail>,
}

impl Log {
    /// Opens the log for a subsystem in an epoch. What an earlier epoch still writes is refused from then on.
    ///
    /// # Errors
    /// Data sets that refuse.
    pub fn open(sets: LogSets, subsystem: MemberName, epoch: Epoch, now: Moment) -> Result<Self, LogError> {
        let ring = Ring::open(sets.oldses, sets.slds, sets.blocks_per_olds, epoch, now)?;
        let log = Self {
            subsystem,
            tail: Mutex::default(),
            ring: Mutex::new(ring),
            turns: Turns::default(),
            rds: Mutex::new(RestartDataSet::new(sets.rds)),
            together: RwLock::default(),
            forced: AtomicU64::new(0),
            forces: AtomicU64::new(0),
            now: AtomicU64::new(now.0),
        };
        let last = log.last_written()?;
        log.forced.store(last, Ordering::Release);
        let mut tail = log.tail();
        // Whatever images there are, a restart may begin to read behind them.
        (tail.next, tail.horizon) = (last + 1, last + 1);
        drop(tail);
        log.append(log.no_unit(), &Body::LogOpened { epoch })?;
        Ok(log)
    }

    /// The sequence of the last record that is whole.
    fn last_written(&self) -> Result<u64, LogError> {
        let from = {
            let ring = self.ring();
            let mut number = ring.next();
            loop {
                if number <= ring.first() {
                    return Ok(0);
                }
                number -= 1;
                if let Some((_, first)) = ring.read(number)?.and_then(|(header, _)| header.first) {
                    break first;
                }
            }
        };
        let mut last = from - 1;
        let mut reader = LogReader::new(self, LogSequence(from))?;
        while let Some(record) = reader.next()? {
            last = record.sequence.0;
        }
        Ok(last)
    }

    /// Tells the time: records are stamped with what was told last.
    pub fn tell(&self, now: Moment) {
        self.now.fetch_max(now.0, Ordering::Relaxed);
    }

    /// The time that was told last.
    pub fn now(&self) -> Moment {
        Moment(self.now.load(Ordering::Relaxed))
    }

    /// Who writes it.
    pub fn subsystem(&self) -> MemberName {
        self.subsystem
    }

    /// The token of records that belong to no unit of work.
    pub fn no_unit(&self) -> RecoveryToken {
        RecoveryToken::new(self.subsystem, LogSequence(0))
    }

    /// Begins a unit of work: X'5607' names it. `owner` marks the space that it frees.
    ///
    /// # Errors
    /// A log that has stopped.
    pub fn begin_unit(&self, psb: PsbName, owner: u32) -> Result<RecoveryToken, LogError> {
        let mut appender = self.appender()?;
        let token = RecoveryToken::new(self.subsystem, LogSequence(appender.tail.next));
        appender.append(token, &Body::UnitBegun { psb, owner });
        Ok(token)
    }

    /// Appends a record.
    ///
    /// # Errors
    /// A log that has stopped.
    pub fn append(&self, token: RecoveryToken, body: &Body<'_>) -> Result<LogSequence, LogError> {
        Ok(self.appender()?.append(token, body))
    }

    /// The right to append several records that stand together.
    ///
    /// # Errors
    /// A log that has stopped.
    pub fn appender(&self) -> Result<Appender<'_>, LogError> {
        let mut tail = self.tail();
        if tail.records.len() > TAIL_BYTES_MAX {
            let last = LogSequence(tail.next - 1);
            drop(tail);
            self.force(last)?;
            tail = self.tail();
        }
        match &tail.stopped {
            Some(reason) => Err(LogError::Stopped(reason.clone())),
            None => Ok(Appender { log: self, tail }),
        }
    }

    /// Returns once the record survives the loss of power, and all before it.
    ///
    /// # Errors
    /// A log that has stopped, now or earlier. What was appended and not forced may be there after a restart, or not.
    pub fn force(&self, sequence: LogSequence) -> Result<(), LogError> {
        while !self.is_forced(sequence) {
            let Some(turn) = self.turns.take(|| self.is_forced(sequence)) else { continue };
            let written = self.write_tail();
            drop(turn);
            written?;
        }
        Ok(())
    }

    /// Writes and syncs what was appended.
    fn write_tail(&self) -> Result<(), LogError> {
        let mut ring = self.ring();
        let mut records = std::mem::take(&mut ring.spare);
        let next = {
            let mut tail = self.tail();
            if let Some(reason) = &tail.stopped {
                return Err(LogError::Stopped(reason.clone()));
            }
            std::mem::swap(&mut tail.records, &mut records);
            tail.next
        };
        let first = self.forced.load(Ordering::Acquire) + 1;
        match ring.write(&records, first).and_then(|()| ring.sync()) {
            Ok(()) => {
                self.forced.store(next - 1, Ordering::Release);
                self.forces.fetch_add(1, Ordering::Relaxed);
                self.note_switch(&mut ring);
                records.clear();
                ring.spare = records;
                Ok(())
            }
            Err(error) => {
                ring.news.push(LOG104A.with(&[&error]));
                let mut tail = self.tail();
                let reason = tail.stopped.get_or_insert_with(|| error.to_string()).clone();
                Err(LogError::Stopped(reason))
            }
        }
    }

    /// A switch is in the log as soon as there is something behind it.
    fn note_switch(&self, ring: &mut Ring) {
        if let Some((from, to)) = ring.switched.take() {
            let mut tail = self.tail();
            self.put(&mut tail, self.no_unit(), &Body::OldsSwitched { from, to });
        }
    }

    /// Forces everything that was appended.
    ///
    /// # Errors
    /// As [`Self::force`].
    pub fn force_all(&self) -> Result<(), LogError> {
        let last = LogSequence(self.tail().next - 1);
        self.force(last)
    }

    /// Whether a record survives the loss of power.
    pub fn is_forced(&self, sequence: LogSequence) -> bool {
        sequence.0 <= self.forced.load(Ordering::Acquire)
    }

    /// The last record that was appended.
    pub fn last(&self) -> LogSequence {
        LogSequence(self.tail().next - 1)
    }

    /// How often it was written and synced.
    pub fn force_count(&self) -> u64 {
        self.forces.load(Ordering::Relaxed)
    }

    /// Why it takes nothing more, if so.
    pub fn stop_reason(&self) -> Option<String> {
        self.tail().stopped.clone()
    }

    /// Archives a full OLDS that is not in the SLDS yet. False when none waits. It is archived at the latest when it
    /// is to be written again, by whoever forces then.
    ///
    /// # Errors
    /// An SLDS that refuses. Nothing is lost, and it can be tried again.
    pub fn archive(&self) -> Result<bool, LogError> {
        Ok(self.ring().archive()?)
    }

    /// What an operator should know, since this was asked last.
    pub fn take_messages(&self) -> Vec<Message> {
        std::mem::take(&mut self.ring().news)
    }

    /// The records from this one on, as far as they are written.
    ///
    /// # Errors
    /// When it is in no data set any more.
    pub fn read(&self, from: LogSequence) -> Result<LogReader<'_>, LogError> {
        LogReader::new(self, from)
    }

    /// The oldest record that can be read begins in the oldest block.
    pub(crate) fn oldest(&self) -> Result<LogSequence, LogError> {
        let ring = self.ring();
        for number in ring.first()..ring.next() {
            if let Some((_, first)) = ring.read(number)?.and_then(|(header, _)| header.first) {
                return Ok(LogSequence(first));
            }
        }
        Ok(LogSequence(1))
    }

    /// Held from before the records of several blocks that change together until after all of them changed, so that no
    /// checkpoint begins between.
    pub fn together(&self) -> RwLockReadGuard<'_, ()> {
        self.together.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a block that was last changed by this record needs its image before it changes. Holds while
    /// [`Self::together`] does.
    pub fn wants_image(&self, stamped: LogSequence) -> bool {
        stamped.0 < self.tail().horizon
    }

    /// Begins a checkpoint: from now on the first change of a block has its image before it. Gives the record at which
    /// that begins. Nobody is between a record and its change then, unless he has the block latched.
    pub(crate) fn raise_horizon(&self, body: &Body<'_>) -> Result<LogSequence, LogError> {
        let _alone = self.together.write().unwrap_or_else(PoisonError::into_inner);
        let mut appender = self.appender()?;
        let begun = appender.append(self.no_unit(), body);
        appender.tail.horizon = begun.0;
        Ok(begun)
    }

    pub(crate) fn rds(&self) -> MutexGuard<'_, RestartDataSet> {
        self.rds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, tail: &mut Tail, token: RecoveryToken, body: &Body<'_>) -> LogSequence {
        let sequence = tail.next;
        body.encode_record(&token, self.now(), sequence, &mut tail.records);
        tail.next += 1;
        LogSequence(sequence)
    }
}

impl Appender<'_> {
    /// Appends a record.
    pub fn append(&mut self, token: RecoveryToken, body: &Body<'_>) -> LogSequence {
        self.log.put(&mut self.tail, token, body)
    }

    /// Appends a change of a block that was last changed by `stamped`, and is `now` before it changes. Gives the
    /// sequence that the block is stamped with.
    pub fn change(
        &mut self,
        token: RecoveryToken,
        change: DatabaseChange<'_>,
        stamped: LogSequence,
        now: &[u8],
    ) -> LogSequence {
        if stamped.0 < self.tail.horizon {
            let image = Change::Image { bytes: without_zeros_behind(now) };
            let image = DatabaseChange { more: true, takes_back: None, change: image, before: &[], ..change };
            self.append(token, &Body::Change(image));
        }
        self.append(token, &Body::Change(change))
    }

    /// Appends an entry of an index, which ends the changes of its blocks.
    pub fn index(&mut self, token: RecoveryToken, entry: IndexEntry<'_>) -> LogSequence {
        self.append(token, &Body::Index(entry))
    }
}

/// The bytes up to the last that is not zero. What is behind is looked at in pieces that the processor compares at once.
fn without_zeros_behind(bytes: &[u8]) -> &[u8] {
    const PIECE: usize = 64;
    let is_zeros = |piece: &&[u8]| piece.iter().fold(0, |all, byte| all | byte) == 0;
    let zeros = bytes.rchunks(PIECE).take_while(is_zeros).count() * PIECE;
    let bytes = &bytes[..bytes.len().saturating_sub(zeros)];
    &bytes[..bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_behind_are_cut_off_wherever_they_begin() {
        for used in 0..200 {
            for zeros in [0, 1, 63, 64, 65, 130] {
                let bytes: Vec<u8> = [vec![7; used], vec![0; zeros]].concat();
                assert_eq!(without_zeros_behind(&bytes), &bytes[..used]);
            }
        }
    }
}
