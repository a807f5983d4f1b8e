//! The rules for adding, replacing and refusing members of staging and directory.

use crate::instance::NewInstance;
use crate::record::Record;
use csl::envelope::{PopulateCondition, PopulateMode};
use serde::{Deserialize, Serialize};
use vocabulary::message::{
    DFS4520I, DFS4521I, DFS4522I, DFS4537I, DFS4538I, DFS4539I, DFS4542I, DFS4765E, DFS7415I,
};
use vocabulary::{InstanceStamp, Message, ResourceName};

/// What became of one instance of a populate job.
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
}

impl StageOutcome {
    /// Whether the instance came in.
    pub fn admitted(&self) -> bool {
        matches!(self, Self::Insert | Self::Replace(_))
    }

    /// What the populate utility says of it.
    pub fn message(&self, mode: PopulateMode, name: ResourceName, stamp: InstanceStamp) -> Message {
        let straight_to_directory = mode != PopulateMode::Stage;
        match self {
            Self::Insert if straight_to_directory => DFS4520I.with(&[&name, &stamp]),
            Self::Insert => DFS4537I.with(&[&name, &stamp]),
            Self::Replace(old) if straight_to_directory => DFS4521I.with(&[&name, &stamp, old]),
            Self::Replace(old) => DFS4538I.with(&[&name, &stamp, old]),
            Self::DirectoryIsLater(later) if straight_to_directory => DFS4522I.with(&[&name, &stamp, later]),
            Self::DirectoryIsLater(later) => DFS4539I.with(&[&name, &stamp, later]),
            Self::SameInDirectory => DFS4542I.with(&[&name, &stamp]),
            Self::StagingIsLater(later) => DFS7415I.with(&[&name, &stamp, later]),
            Self::OtherContent => DFS4765E.with(&[&name, &stamp]),
        }
    }
}

/// Judges an instance against the record of its name, if there is one.
pub(crate) fn judge(
    record: Option<&Record>,
    new: &NewInstance,
    condition: PopulateCondition,
) -> StageOutcome {
    let Some(record) = record else { return StageOutcome::Insert };
    if record.instance(new.stamp).is_some_and(|known| known.content != new.content) {
        return StageOutcome::OtherContent;
    }
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
