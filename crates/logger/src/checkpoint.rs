//! Checkpoints, and the data set that knows them.

use crate::error::LogError;
use crate::log::Log;
use crate::record::{ActiveUnit, Body};
use dasd::{Batch, DataSetError, KeyedSet};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use vocabulary::encoding::{decode, encode};
use vocabulary::{DbdName, LogSequence, Moment};

/// How many checkpoints the RDS keeps.
const KEPT: usize = 8;

/// The kinds of checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CheckpointKind {
    /// Work goes on.
    Simple,
    /// Work has ended, and the subsystem too.
    Freeze,
    /// Work goes on; the message queues are in the log from here on.
    SnapQ,
    /// As [`Self::Freeze`], with the message queues in the log.
    DumpQ,
    /// As [`Self::DumpQ`], after what waits in the queues was worked off.
    Purge,
}

impl CheckpointKind {
    /// The subsystem ends with it: nothing is under way any more.
    pub fn ends_subsystem(self) -> bool {
        matches!(self, Self::Freeze | Self::DumpQ | Self::Purge)
    }
}

/// As /CHECKPOINT has it.
impl fmt::Display for CheckpointKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Simple => "SIMPLE",
            Self::Freeze => "FREEZE",
            Self::SnapQ => "SNAPQ",
            Self::DumpQ => "DUMPQ",
            Self::Purge => "PURGE",
        })
    }
}

/// A checkpoint, as the RDS has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// What kind.
    pub kind: CheckpointKind,
    /// Its first record.
    pub begun: LogSequence,
    /// Where a restart from it begins to read.
    pub start: LogSequence,
    /// When it was taken.
    pub at: Moment,
}

/// The restart data set: the checkpoints, by the record that they begin with.
pub struct RestartDataSet {
    set: Box<dyn KeyedSet>,
}

impl RestartDataSet {
    pub(crate) fn new(set: Box<dyn KeyedSet>) -> Self {
        Self { set }
    }

    /// The last checkpoint. What can't be read counts as lost: the log has it too.
    pub(crate) fn last(&self) -> Option<Checkpoint> {
        let values = self.set.scan(b"").flatten();
        values.filter_map(|(_, value)| decode("checkpoint", &value).ok()).last()
    }

    fn note(&mut self, checkpoint: &Checkpoint) -> Result<(), DataSetError> {
        let mut batch = Batch::new();
        batch.put(checkpoint.begun.0.to_be_bytes(), encode(checkpoint));
        let old = self.set.scan(b"").collect::<Result<Vec<_>, _>>()?;
        for (key, _) in old.iter().take((old.len() + 1).saturating_sub(KEPT)) {
            batch.delete(key.clone());
        }
        self.set.apply(batch)?;
        self.set.sync()
    }
}

impl Log {
    /// Begins a checkpoint (X'4001'). After it everything that was changed before has to reach its data set; then
    /// [`Self::end_checkpoint`].
    ///
    /// # Errors
    /// A log that has stopped.
    pub fn begin_checkpoint(&self, kind: CheckpointKind) -> Result<LogSequence, LogError> {
        self.raise_horizon(&Body::CheckpointBegun { kind })
    }

    /// Ends a checkpoint: `databases` are open, and loaded where true; `units` have changed something and are under way;
    /// a restart needs nothing before `start`.
    ///
    /// # Errors
    /// A log that has stopped, an RDS that refuses. The checkpoint before counts then.
    pub fn end_checkpoint(
        &self,
        kind: CheckpointKind,
        begun: LogSequence,
        start: LogSequence,
        databases: &BTreeMap<DbdName, bool>,
        units: Vec<ActiveUnit>,
    ) -> Result<Checkpoint, LogError> {
        let mut appender = self.appender()?;
        let token = self.no_unit();
        for (&dbd, &loading) in databases {
            appender.append(token, &Body::OpenDatabase { dbd, loading });
        }
        appender.append(token, &Body::ActiveUnits(units));
        let end = appender.append(token, &Body::CheckpointEnded { kind, start });
        drop(appender);
        self.force(end)?;
        let checkpoint = Checkpoint { kind, begun, start, at: self.now() };
        self.rds().note(&checkpoint)?;
        Ok(checkpoint)
    }

    /// Lets go of what of the archive no restart needs: what was logged before the one that the last checkpoint calls for
    /// begins to read, and before so many of the last records. Gives how many blocks went. A symbolic checkpoint of a
    /// program from before can't be restarted from any more.
    ///
    /// # Errors
    /// An archive that refuses.
    pub fn trim(&self, records_kept: u64) -> Result<u64, LogError> {
        let Some((_, start)) = self.last_checkpoint()? else { return Ok(0) };
        let kept = LogSequence(self.last().0.saturating_sub(records_kept));
        self.ring().discard_before(start.min(kept))
    }

    /// The last checkpoint, from the RDS, or from the log if that is lost.
    pub(crate) fn last_checkpoint(&self) -> Result<Option<(CheckpointKind, LogSequence)>, LogError> {
        if let Some(checkpoint) = self.rds().last() {
            return Ok(Some((checkpoint.kind, checkpoint.start)));
        }
        let mut found = None;
        let mut reader = self.read(self.oldest()?)?;
        while let Some(record) = reader.next()? {
            if let Some(Body::CheckpointEnded { kind, start }) = record.body() {
                found = Some((kind, start));
            }
        }
        Ok(found)
    }
}
