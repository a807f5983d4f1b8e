//! The catalog as keyed records: what a member keeps on disk, and what a snapshot is made of.
//!
//! Instances are apart from their HEADER, so that an activation, which only moves timestamps, writes no content.

use crate::catalog::Catalog;
use crate::instance::Instance;
use crate::job::{JobCard, PopulateJob};
use crate::record::Record;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use vocabulary::{DirectoryLevel, InstanceStamp, Moment, ResourceName, encoding, encoding::DecodeError};

/// Where a part of the catalog is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CatalogKey {
    /// Level, counts, times.
    Summary,
    /// The HEADER of a resource.
    Header(ResourceName),
    /// One instance of a resource.
    Instance(ResourceName, InstanceStamp),
    /// The populate job under way.
    Job,
    /// What the job under way gathered, in the order it came.
    JobPart(u64),
    /// The retention of one resource.
    Retention(ResourceName),
}

/// The parts of a catalog that are not under a name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Summary {
    pub(crate) level: DirectoryLevel,
    pub(crate) level_since: Moment,
    pub(crate) staging_version: u64,
}

#[derive(Serialize, Deserialize)]
struct Header {
    active: Option<InstanceStamp>,
    pending: Option<InstanceStamp>,
    pending_was_prior: bool,
    active_since: DirectoryLevel,
}

impl Catalog {
    /// Every key that has a record now, in order.
    pub fn keys(&self) -> impl Iterator<Item = CatalogKey> {
        let named = self.records().flat_map(|(name, record)| {
            let instances = record.instances.keys().map(move |stamp| CatalogKey::Instance(name, *stamp));
            std::iter::once(CatalogKey::Header(name)).chain(instances)
        });
        let job = self.job.iter().flat_map(|job| {
            let parts = job.gathered.keys().copied().map(CatalogKey::JobPart);
            std::iter::once(CatalogKey::Job).chain(parts)
        });
        let retained = self.records().filter(|(_, record)| record.retention.is_some());
        let retained = retained.map(|(name, _)| CatalogKey::Retention(name));
        std::iter::once(CatalogKey::Summary).chain(named).chain(job).chain(retained)
    }

    /// What is kept under a key now, encoded; nothing when it is to be removed.
    pub fn stored(&self, key: &CatalogKey) -> Option<Vec<u8>> {
        match key {
            CatalogKey::Summary => Some(encoding::encode(&self.summary)),
            CatalogKey::Header(name) => self.record(name).map(|record| {
                encoding::encode(&Header {
                    active: record.active,
                    pending: record.pending,
                    pending_was_prior: record.pending_was_prior,
                    active_since: record.active_since,
                })
            }),
            CatalogKey::Instance(name, stamp) => {
                self.record(name)?.instance(*stamp).map(|instance| encoding::encode(&**instance))
            }
            CatalogKey::Job => self.job.as_ref().map(|job| encoding::encode(&job.card)),
            CatalogKey::JobPart(place) => self.job.as_ref()?.gathered.get(place).map(encoding::encode),
            CatalogKey::Retention(name) => self.record(name)?.retention.as_ref().map(encoding::encode),
        }
    }

    /// The keys whose records changed since this was asked last.
    pub fn take_changed(&mut self) -> BTreeSet<CatalogKey> {
        std::mem::take(&mut self.changed)
    }

    /// Puts back one record that [`Self::stored`] gave. Records may come in any order, except that a job comes
    /// before its parts.
    pub fn restore(&mut self, key: CatalogKey, bytes: &[u8]) -> Result<(), DecodeError> {
        match key {
            CatalogKey::Summary => self.summary = encoding::decode("catalog summary", bytes)?,
            CatalogKey::Header(name) => {
                let header: Header = encoding::decode("catalog HEADER", bytes)?;
                let record = Arc::make_mut(self.records.entry(name).or_default());
                record.active = header.active;
                record.pending = header.pending;
                record.pending_was_prior = header.pending_was_prior;
                record.active_since = header.active_since;
            }
            CatalogKey::Instance(name, stamp) => {
                let instance: Instance = encoding::decode("catalog instance", bytes)?;
                let record: &mut Record = Arc::make_mut(self.records.entry(name).or_default());
                record.instances.insert(stamp, Arc::new(instance));
            }
            CatalogKey::Job => {
                let card: JobCard = encoding::decode("populate job", bytes)?;
                self.job = Some(Arc::new(PopulateJob { card, gathered: BTreeMap::new(), gathered_bytes: 0 }));
            }
            CatalogKey::JobPart(place) => {
                if let Some(job) = self.job.as_mut().map(Arc::make_mut) {
                    let part: crate::NewInstance = encoding::decode("populate job", bytes)?;
                    job.gathered_bytes += part.content.byte_count();
                    job.gathered.insert(place, part);
                }
            }
            CatalogKey::Retention(name) => {
                let record: &mut Record = Arc::make_mut(self.records.entry(name).or_default());
                record.retention = Some(encoding::decode("retention", bytes)?);
            }
        }
        Ok(())
    }

    /// To be called after the last [`Self::restore`]: rebuilds what is derived.
    pub fn restored(&mut self) {
        self.staged.clear();
        self.staged_bytes = 0;
        self.users.clear();
        let names: Vec<ResourceName> = self.records.keys().copied().collect();
        for name in names {
            self.derive(name);
        }
        self.changed.clear();
    }

    pub(crate) fn derive(&mut self, name: ResourceName) {
        let Some(record) = self.records.get(&name).cloned() else { return };
        if let Some(pending) = record.pending_instance() {
            self.staged.insert(name);
            self.staged_bytes += pending.content.byte_count();
        }
        if let Some(active) = record.active_instance() {
            self.use_dbds(name, &active.facts.references);
        }
    }
}
