//! The plex as keyed records: what a member keeps on disk, and what a snapshot is made of.

use crate::activation::{Activation, Finished};
use crate::audit::{AuditClass, AuditRecord};
use crate::machine::{Plex, PlexIdentity};
use catalog::stored::CatalogKey;
use dbrc::stored::ReconKey;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use vocabulary::{MemberName, encoding, encoding::DecodeError};

/// Where a part of the plex is kept. Records are restored in the order of their keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PlexKey {
    /// Which plex it is.
    Identity,
    /// A member of the roster.
    Member(MemberName),
    /// The activation under way.
    Activation,
    /// A finished activation.
    Finished(u64),
    /// A part of the catalog.
    Catalog(CatalogKey),
    /// The nodes that left.
    FormerNodes,
    /// The changes of the master.
    Masters,
    /// A record of a command.
    Audit(AuditClass, u64),
    /// How far the records of each member were taken.
    AuditMarks,
    /// A record of RECON.
    Recon(ReconKey),
}

/// A record as it is kept: an encoded [`PlexKey`], and its value; no value where the record is to be removed.
pub type StoredRecord = (Vec<u8>, Option<Vec<u8>>);

impl Plex {
    /// Every key that may have a record now, in order.
    pub fn keys(&self) -> impl Iterator<Item = PlexKey> {
        let own =
            [PlexKey::Identity].into_iter().chain(self.roster.keys().map(|member| PlexKey::Member(*member)));
        let own =
            own.chain([PlexKey::Activation]).chain(self.history.keys().map(|nth| PlexKey::Finished(*nth)));
        let own = own.chain(self.catalog.keys().map(PlexKey::Catalog));
        let own = own.chain([PlexKey::FormerNodes, PlexKey::Masters]);
        let audit = self.audit.records.keys().map(|(class, ordinal)| PlexKey::Audit(*class, *ordinal));
        own.chain(audit).chain([PlexKey::AuditMarks]).chain(self.recon.keys().map(PlexKey::Recon))
    }

    /// Every record, in the order of keys.
    pub fn records(&self) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
        self.keys().filter_map(|key| self.stored(&key).map(|value| (encoding::encode(&key), value)))
    }

    /// The records that changed since this was asked last.
    pub fn take_changed(&mut self) -> Vec<StoredRecord> {
        let mut keys = std::mem::take(&mut self.changed);
        keys.extend(self.catalog.take_changed().into_iter().map(PlexKey::Catalog));
        keys.extend(self.recon.take_changed().into_iter().map(PlexKey::Recon));
        keys.into_iter().map(|key| (encoding::encode(&key), self.stored(&key))).collect()
    }

    /// What is kept under a key now, encoded; nothing when there is no record.
    pub fn stored(&self, key: &PlexKey) -> Option<Vec<u8>> {
        match key {
            PlexKey::Identity => self.identity.as_ref().map(encoding::encode),
            PlexKey::Member(member) => self.roster.get(member).map(encoding::encode),
            PlexKey::Activation => self.activation.as_deref().map(encoding::encode),
            PlexKey::Finished(ordinal) => {
                self.history.get(ordinal).map(|finished| encoding::encode(&**finished))
            }
            PlexKey::Catalog(key) => self.catalog.stored(key),
            PlexKey::FormerNodes => (!self.former.is_empty()).then(|| encoding::encode(&self.former)),
            PlexKey::Masters => (!self.masters.is_empty()).then(|| encoding::encode(&self.masters)),
            PlexKey::Audit(class, ordinal) => {
                self.audit.records.get(&(*class, *ordinal)).map(|record| encoding::encode(&**record))
            }
            PlexKey::AuditMarks => {
                (!self.audit.marks.is_empty()).then(|| encoding::encode(&self.audit.marks))
            }
            PlexKey::Recon(key) => self.recon.stored(key),
        }
    }

    /// The plex that these records make. They come in any order, a job before its parts.
    pub fn restored<E: From<DecodeError>>(
        records: impl Iterator<Item = Result<(Vec<u8>, Vec<u8>), E>>,
    ) -> Result<Self, E> {
        let mut plex = Self::default();
        for record in records {
            let (key, value) = record?;
            plex.restore(encoding::decode("plex key", &key)?, &value)?;
        }
        plex.catalog.restored();
        Ok(plex)
    }

    fn restore(&mut self, key: PlexKey, value: &[u8]) -> Result<(), DecodeError> {
        match key {
            PlexKey::Identity => {
                self.identity = Some(encoding::decode::<PlexIdentity>("plex identity", value)?)
            }
            PlexKey::Member(member) => {
                self.roster.insert(member, encoding::decode("roster entry", value)?);
            }
            PlexKey::Activation => {
                self.activation = Some(Arc::new(encoding::decode::<Activation>("activation", value)?));
            }
            PlexKey::Finished(ordinal) => {
                let finished = encoding::decode::<Finished>("finished activation", value)?;
                self.history.insert(ordinal, Arc::new(finished));
            }
            PlexKey::Catalog(key) => self.catalog.restore(key, value)?,
            PlexKey::FormerNodes => self.former = encoding::decode("nodes that left", value)?,
            PlexKey::Masters => self.masters = encoding::decode("changes of the master", value)?,
            PlexKey::Audit(class, ordinal) => {
                let record = encoding::decode::<AuditRecord>("audit record", value)?;
                self.audit.put((class, ordinal), record);
            }
            PlexKey::AuditMarks => self.audit.marks = encoding::decode("audit marks", value)?,
            PlexKey::Recon(key) => self.recon.restore(key, value)?,
        }
        Ok(())
    }
}
