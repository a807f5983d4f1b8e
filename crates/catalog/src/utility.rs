//! The utilities of the catalog, as far as they change something that all members share: purge and retention (DFS3PU10),
//! repair of headers (DFS3CM00), recovery of the directory (DFS3RU00).
//!
//! None of them moves the directory to another level: what is active stays active, what is staged stays staged.

use crate::catalog::Catalog;
use crate::instance::Instance;
use crate::record::{Record, Retention};
use crate::stored::CatalogKey;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use vocabulary::{DirectoryLevel, InstanceStamp, Moment, ResourceName};

/// A HEADER with the instances that it names, as a whole copy of the catalog has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reinstated {
    name: ResourceName,
    active: Option<InstanceStamp>,
    pending: Option<InstanceStamp>,
    pending_was_prior: bool,
    active_since: DirectoryLevel,
    instances: Vec<(InstanceStamp, Instance)>,
}

/// A HEADER that names what is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeaderProblem {
    /// The active timestamp names no instance.
    #[error("ACTIVE TIMESTAMP {0} NAMES NO INSTANCE OF THE DIRECTORY")]
    NotInDirectory(InstanceStamp),
    /// The pending timestamp names no instance.
    #[error("PENDING TIMESTAMP {0} NAMES NO INSTANCE OF STAGING")]
    NotInStaging(InstanceStamp),
}

impl Reinstated {
    /// What it is about.
    pub fn name(&self) -> ResourceName {
        self.name
    }

    /// The size of its instances.
    pub fn byte_count(&self) -> u64 {
        self.instances.iter().map(|(_, instance)| instance.content.byte_count()).sum()
    }

    fn is_in(&self, record: &Record) -> bool {
        let header = (record.active, record.pending, record.pending_was_prior, record.active_since);
        header == (self.active, self.pending, self.pending_was_prior, self.active_since)
            && self
                .instances
                .iter()
                .all(|(stamp, own)| record.instance(*stamp).is_some_and(|kept| **kept == *own))
    }
}

impl Record {
    /// Where the timestamps of the HEADER disagree with directory and staging.
    pub fn problems(&self) -> impl Iterator<Item = HeaderProblem> {
        let missing = |stamp: &InstanceStamp| self.instance(*stamp).is_none();
        let active = self.active.filter(missing).map(HeaderProblem::NotInDirectory);
        active.into_iter().chain(self.pending.filter(missing).map(HeaderProblem::NotInStaging))
    }
}

impl Catalog {
    /// Sets what prior instances of these definitions stay, instead of what activations and purges say.
    pub fn retain(&mut self, names: &[ResourceName], retention: Retention) {
        for name in names {
            if self.record(name).is_some_and(|record| record.retention != Some(retention)) {
                self.change(*name).retention = Some(retention);
                self.changed.insert(CatalogKey::Retention(*name));
            }
        }
    }

    /// Deletes these prior instances, and gives those that it deleted. What is active or pending stays, and where a
    /// retention is given, so does what it keeps at this moment.
    pub fn purge(
        &mut self,
        instances: &[(ResourceName, InstanceStamp)],
        past: Option<Retention>,
        now: Moment,
    ) -> Vec<(ResourceName, InstanceStamp)> {
        let goes = |(name, stamp): &&(ResourceName, InstanceStamp)| {
            self.record(name).is_some_and(|record| match past {
                Some(retention) => record.expired(retention, now).contains(stamp),
                None => record.is_prior(*stamp),
            })
        };
        let gone: Vec<_> = instances.iter().filter(goes).copied().collect();
        for (name, stamp) in &gone {
            self.change(*name).instances.remove(stamp);
            self.changed.insert(CatalogKey::Instance(*name, *stamp));
        }
        gone
    }

    /// A HEADER of this catalog with the instances that it names; nothing where this copy is damaged itself.
    pub fn whole(&self, name: &ResourceName) -> Option<Reinstated> {
        let record = self.record(name)?;
        let named = record.active.into_iter().chain(record.pending);
        let instances =
            named.map(|stamp| record.instance(stamp).map(|instance| (stamp, (**instance).clone())));
        Some(Reinstated {
            name: *name,
            active: record.active,
            pending: record.pending,
            pending_was_prior: record.pending_was_prior,
            active_since: record.active_since,
            instances: instances.collect::<Option<_>>()?,
        })
    }

    /// Makes a HEADER and its instances what a whole copy says; whether anything was otherwise.
    pub fn reinstate(&mut self, whole: Reinstated) -> bool {
        let name = whole.name;
        if self.record(&name).is_some_and(|record| whole.is_in(record)) {
            return false;
        }
        self.underive(name);
        let record = self.change(name);
        (record.active, record.pending) = (whole.active, whole.pending);
        (record.pending_was_prior, record.active_since) = (whole.pending_was_prior, whole.active_since);
        for (stamp, instance) in whole.instances {
            self.change(name).instances.insert(stamp, Arc::new(instance));
            self.changed.insert(CatalogKey::Instance(name, stamp));
        }
        self.derive(name);
        true
    }

    /// Takes a record out of what is derived from records.
    fn underive(&mut self, name: ResourceName) {
        let Some(record) = self.records.get(&name).cloned() else { return };
        if let Some(pending) = record.pending_instance().filter(|_| self.staged.remove(&name)) {
            self.staged_bytes -= pending.content.byte_count();
        }
        if let Some(active) = record.active_instance() {
            self.leave_dbds(name, &active.facts.references);
        }
    }
}
