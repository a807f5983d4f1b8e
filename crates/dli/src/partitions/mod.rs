//! HALDB: a database in partitions.
//!
//! To the engine each partition is a database of its own, opened, logged, checked and made whole by itself: of HDAM for
//! PHDAM, of HIDAM for PHIDAM ([`PartitionBlocks`]). A [`Haldb`] knows which of them a root belongs to, and in which order
//! they follow each other. A PCB sees [`Among`] them, and is in one at a time.

mod among;
mod blocks;
mod selection;

pub(crate) use among::Among;
pub use blocks::PartitionBlocks;
pub(crate) use selection::Selection;
pub use selection::{PartitionSelection, PartitionSelections, PartitionString};

use crate::error::OpenError;
use dbrc::Authorization;
use definitions::acb::Dmb;
use definitions::model::dbd::Access;
use std::sync::Arc;
use vocabulary::DbdName;

/// A HALDB that is open.
pub(crate) struct Haldb {
    /// The block of its DBD.
    pub(crate) dmb: Arc<Dmb>,
    /// Its partitions, in the order in which they follow each other.
    pub(crate) partitions: Vec<Part>,
    selection: Selection,
}

/// A partition.
pub(crate) struct Part {
    /// Its name.
    pub(crate) name: DbdName,
    /// Its ID.
    pub(crate) id: u16,
    /// Its high key, or what the selection routine goes by.
    pub(crate) key: Vec<u8>,
}

/// What the control blocks of a partition say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PartitionMark {
    /// Its ID.
    pub(crate) id: u16,
    /// How often it was reorganized.
    pub(crate) reorganization: u16,
    /// Its roots are in the order of their keys, and so are those of all partitions together.
    pub(crate) in_key_order: bool,
}

impl Haldb {
    /// The HALDB that this is the proof for.
    pub(crate) fn of(
        authorization: &Authorization,
        dmb: Arc<Dmb>,
        routines: &PartitionSelections,
    ) -> Result<Self, OpenError> {
        if !matches!(dmb.access, Access::Phdam | Access::Phidam) {
            return Err(OpenError::AccessMethod(dmb.access.name()));
        }
        let (_, record) = authorization
            .haldb()
            .filter(|(dbd, haldb)| *dbd == dmb.name && !haldb.partitions.is_empty())
            .ok_or(OpenError::NoPartitions)?;
        // DBRC overrules the DBD.
        let routine = record.selection.as_ref().or(dmb.partition_selection.as_ref());
        let mut partitions: Vec<Part> = record
            .in_order()
            .into_iter()
            .map(|(name, one)| Part { name, id: one.id, key: one.definition.key.clone() })
            .collect();
        let selection = match routine {
            None => Selection::HighKey,
            Some(name) => {
                let routine =
                    routines.get(name).ok_or_else(|| OpenError::PartitionSelection(name.clone()))?;
                partitions.sort_by_key(|part| part.id);
                Selection::Routine(routine)
            }
        };
        Ok(Self { dmb, partitions, selection })
    }

    /// The partition that a root belongs to, by its place; none for a key above all.
    pub(crate) fn select(&self, key: &[u8]) -> Option<usize> {
        self.selection.select(key, &self.partitions)
    }

    /// Whether the roots of all partitions, one after the other, are in the order of their keys.
    pub(crate) fn is_in_key_order(&self) -> bool {
        self.dmb.access == Access::Phidam && matches!(self.selection, Selection::HighKey)
    }
}

impl PartitionMark {
    /// Of a partition that DBRC allows to be opened.
    pub(crate) fn of(authorization: &Authorization, haldb: &Haldb) -> Option<Self> {
        let (_, record) = authorization.haldb()?;
        let partition = record.partitions.get(&authorization.dbd())?;
        Some(Self {
            id: partition.id,
            reorganization: partition.reorganization,
            in_key_order: haldb.is_in_key_order(),
        })
    }
}
