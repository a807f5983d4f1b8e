//! The rules for adding, replacing and refusing members of staging and directory.

use crate::instance::NewInstance;
use crate::record::Record;
use csl::envelope::{PopulateCondition, PopulateMode};
use serde::{Deserialize, Serialize};
use vocabulary::message::{
    DDL210I, DDL211I, DFS4387I, DFS4434I, DFS4436I, DFS4520I, DFS4521I, DFS4522I, DFS4537I, DFS4538I,
    DFS4539I, DFS4542I, DFS4765E, DFS7415I,
};
use vocabulary::{InstanceStamp, Message, ResourceName};

/// What became of one instance of a populate job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Admission {
    /// What it defines.
    pub name: ResourceName,
    /// Which version of it.
    pub stamp: InstanceStamp,
    /// Whether it came in, or why not.
    pub outcome: StageOutcome,
    /// The catalog had this very instance before.
    pub was_in_catalog: bool,
}

/// Whether an instance came in, or why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StageOutcome {
    /// New to staging and directory.
    Insert,
    /// Will replace, or replaced, this instance of the directory.
    Replace(InstanceStamp),
    /// Refused: the directory has this later one.
    DirectoryIsLater(InstanceStamp),
    /// Refused: the directory has the same definition.
    SameInDirectory,
    /// Refused: staging has this later one.
    StagingIsLater(InstanceStamp),
    /// Refused: this timestamp stands for another content.
    OtherContent,
    /// Will take, or took, this instance out of the directory.
    Drop(InstanceStamp),
    /// It was only staged, and is not any more.
    DropStaged,
    /// There is nothing to drop.
    NothingToDrop,
}

impl StageOutcome {
    /// Whether the instance came in.
    pub fn admitted(&self) -> bool {
        matches!(self, Self::Insert | Self::Replace(_) | Self::Drop(_) | Self::DropStaged)
    }
}

impl Admission {
    /// What the populate utility says of it: of the catalog where it came in, then of directory or staging.
    pub fn messages(&self, mode: PopulateMode) -> impl Iterator<Item = Message> {
        let (name, stamp) = (&self.name, &self.stamp);
        let catalog = if self.was_in_catalog { &DFS4436I } else { &DFS4434I };
        let comes_in = matches!(self.outcome, StageOutcome::Insert | StageOutcome::Replace(_));
        let catalog = comes_in.then(|| catalog.with(&[name, stamp]));
        catalog.into_iter().chain([self.placed(mode)])
    }

    fn placed(&self, mode: PopulateMode) -> Message {
        let (name, stamp) = (&self.name, &self.stamp);
        let straight_to_directory = mode != PopulateMode::Stage;
        match &self.outcome {
            StageOutcome::Insert if straight_to_directory => DFS4520I.with(&[name, stamp]),
            StageOutcome::Insert => DFS4537I.with(&[name, stamp]),
            StageOutcome::Replace(old) if straight_to_directory => DFS4521I.with(&[name, stamp, old]),
            StageOutcome::Replace(old) => DFS4538I.with(&[name, stamp, old]),
            StageOutcome::DirectoryIsLater(later) if straight_to_directory => {
                DFS4522I.with(&[name, stamp, later])
            }
            StageOutcome::DirectoryIsLater(later) => DFS4539I.with(&[name, stamp, later]),
            StageOutcome::SameInDirectory => DFS4542I.with(&[name, stamp]),
            StageOutcome::StagingIsLater(later) => DFS7415I.with(&[name, stamp, later]),
            StageOutcome::OtherContent => DFS4765E.with(&[name, stamp]),
            StageOutcome::Drop(old) => DDL210I.with(&[name, old]),
            StageOutcome::DropStaged => DDL211I.with(&[name]),
            StageOutcome::NothingToDrop => DFS4387I.with(&[name]),
        }
    }
}

/// Judges an instance against the record of its name, if there is one.
pub(crate) fn judge(
    record: Option<&Record>,
    new: &NewInstance,
    condition: PopulateCondition,
) -> StageOutcome {
    let known = record.and_then(|record| record.instance(new.stamp));
    if known.is_some_and(|known| known.content != new.content) {
        return StageOutcome::OtherContent;
    }
    if new.content.is_none() {
        return judge_drop(record);
    }
    let Some(record) = record else { return StageOutcome::Insert };
    if record.active == Some(new.stamp) {
        return StageOutcome::SameInDirectory;
    }
    if condition == PopulateCondition::Latest {
        // A definition that was generated again without a change would only disturb the work under way.
        if record.active_instance().is_some_and(|active| active.content == new.content) {
            return StageOutcome::SameInDirectory;
        }
        if let Some(later) = record.active.filter(|active| *active > new.stamp) {
            return StageOutcome::DirectoryIsLater(later);
        }
        if let Some(later) = record.pending.filter(|pending| *pending > new.stamp) {
            return StageOutcome::StagingIsLater(later);
        }
    }
    record.active.map_or(StageOutcome::Insert, StageOutcome::Replace)
}

fn judge_drop(record: Option<&Record>) -> StageOutcome {
    match record.map(|record| (record.active, record.pending)) {
        Some((Some(active), _)) => StageOutcome::Drop(active),
        Some((None, Some(_))) => StageOutcome::DropStaged,
        Some((None, None)) | None => StageOutcome::NothingToDrop,
    }
}
