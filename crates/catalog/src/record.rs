//! What the catalog keeps under a name: the HEADER segment and its instances.

use crate::instance::{Instance, InstanceKind};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};
use vocabulary::{DirectoryLevel, InstanceStamp, Moment};

/// How long prior instances stay. An instance goes only when it is beyond both limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// The least number of instances to keep, the active one counted.
    pub instances: u16,
    /// The least number of days to keep one after its timestamp.
    pub days: u16,
}

/// Two versions of everything, however old: what one needs to go back once.
impl Default for Retention {
    fn default() -> Self {
        Self { instances: 2, days: 0 }
    }
}

/// The HEADER segment of one resource with the instances below it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// The timestamp of the instance in the directory.
    pub active: Option<InstanceStamp>,
    /// The timestamp of the instance in staging.
    pub pending: Option<InstanceStamp>,
    /// The directory level that made the active instance active.
    pub active_since: DirectoryLevel,
    // The pending instance was in the record before it was staged, and stays when staging is emptied.
    pub(crate) pending_was_prior: bool,
    pub(crate) retention: Option<Retention>,
    pub(crate) instances: BTreeMap<InstanceStamp, Arc<Instance>>,
}

impl Record {
    /// The instances, oldest first, each with what it is to the record.
    pub fn instances(&self) -> impl DoubleEndedIterator<Item = (InstanceStamp, InstanceKind, &Instance)> {
        self.instances.iter().map(|(&stamp, instance)| (stamp, self.kind_of(stamp), &**instance))
    }

    /// The instance in the directory.
    pub fn active_instance(&self) -> Option<&Instance> {
        self.instances.get(&self.active?).map(|instance| &**instance)
    }

    /// The instance in staging.
    pub fn pending_instance(&self) -> Option<&Instance> {
        self.instances.get(&self.pending?).map(|instance| &**instance)
    }

    /// The instance with this timestamp, shared.
    pub fn instance(&self, stamp: InstanceStamp) -> Option<&Arc<Instance>> {
        self.instances.get(&stamp)
    }

    fn kind_of(&self, stamp: InstanceStamp) -> InstanceKind {
        if self.active == Some(stamp) {
            InstanceKind::Active
        } else if self.pending == Some(stamp) {
            InstanceKind::Pending
        } else {
            InstanceKind::Prior
        }
    }

    /// What is kept of this definition, where that was said of it alone.
    pub fn retention(&self) -> Option<Retention> {
        self.retention
    }

    /// Whether it has this instance, and is it neither active nor pending.
    pub fn is_prior(&self, stamp: InstanceStamp) -> bool {
        self.instance(stamp).is_some() && self.kind_of(stamp) == InstanceKind::Prior
    }

    /// The prior instances that retention no longer keeps at this moment, the latest first: its own retention, or else
    /// this one.
    pub fn expired(&self, retention: Retention, now: Moment) -> Vec<InstanceStamp> {
        let retention = self.retention.unwrap_or(retention);
        let kept_by_count = usize::from(retention.instances.max(1));
        let kept_for_ms = u64::from(retention.days) * 86_400_000;
        self.instances()
            .rev()
            .filter(|(_, kind, _)| *kind != InstanceKind::Pending)
            .enumerate()
            .filter(|(newer_count, (stamp, kind, _))| {
                *kind == InstanceKind::Prior
                    && *newer_count >= kept_by_count
                    && now.ms_since(stamp.moment()) >= kept_for_ms
            })
            .map(|(_, (stamp, _, _))| stamp)
            .collect()
    }
}
