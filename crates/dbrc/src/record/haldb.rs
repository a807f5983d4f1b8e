//! The partitions of a HALDB: what DBD source leaves to DBRC.

use super::DataSetName;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::iter::repeat;
use vocabulary::DbdName;

/// A HALDB: the partitions of a database whose access method is PHDAM, PHIDAM or PSINDEX (INIT.DB TYPHALDB).
///
/// Each partition is a database of its own to whoever authorizes, opens, copies and recovers: its share level, flags and
/// data sets are in the DB record of its name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Haldb {
    /// PARTSEL: the routine that selects partitions; high keys do where there is none.
    pub selection: Option<String>,
    /// Its partitions, by name.
    pub partitions: BTreeMap<DbdName, Partition>,
    /// The highest partition ID that was ever given.
    pub last_id: u16,
}

impl Haldb {
    /// Its partitions with their names, in the order of their high keys, or of their IDs where a routine selects them.
    pub fn in_order(&self) -> Vec<(DbdName, &Partition)> {
        let mut all: Vec<(DbdName, &Partition)> =
            self.partitions.iter().map(|(name, one)| (*name, one)).collect();
        match self.selection {
            Some(_) => all.sort_by_key(|(_, partition)| partition.id),
            None => all.sort_by(|(_, one), (_, other)| order(&one.definition.key, &other.definition.key)),
        }
        all
    }
}

/// Whether a root key is above a high key. What a short high key lacks is the highest there can be.
pub fn is_above(key: &[u8], high: &[u8]) -> bool {
    let compared = key.len().min(high.len());
    key[..compared] > high[..compared]
}

/// The order of high keys, of whatever lengths.
pub(crate) fn order(one: &[u8], other: &[u8]) -> Ordering {
    let bytes = one.len().max(other.len());
    let padded = |key: &[u8]| key.iter().copied().chain(repeat(0xff)).take(bytes).collect::<Vec<u8>>();
    padded(one).cmp(&padded(other))
}

/// A partition (PART record).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partition {
    /// Its ID, which no other partition of the HALDB ever had.
    pub id: u16,
    /// How often it was reorganized: the number that its extended pointers are compared with. From 1 on.
    pub reorganization: u16,
    /// PINIT: it has to be initialized before it can be used.
    pub initialization_needed: bool,
    /// What INIT.PART and CHANGE.PART say of it.
    pub definition: PartitionDefinition,
}

/// What INIT.PART and CHANGE.PART say of a partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionDefinition {
    /// DSNPREFX: what the names of its data sets begin with.
    pub dsn_prefix: DataSetName,
    /// KEYSTRNG or KEYSTHEX: the high key, or what the selection routine goes by. A root belongs to the partition with the
    /// lowest high key that the beginning of its key is not above.
    pub key: Vec<u8>,
    /// RANDOMZR: the randomizing module; that of the DBD where it is left out.
    pub randomizer: Option<String>,
    /// ANCHOR: root anchor points in a block.
    pub anchors: Option<u32>,
    /// HIBLOCK: the highest block of the root addressable area.
    pub block_max: Option<u32>,
    /// BYTES: how many bytes of one record consecutive inserts put there.
    pub record_bytes_max: Option<u32>,
    /// BLOCKSZE: bytes of a block, of the data sets A, B and so on. The last holds for those behind it, and the index.
    pub block_bytes: Vec<u32>,
    /// FBFF: every so manieth block is left free by a load.
    pub free_block_frequency: u32,
    /// FSPF: the percentage of each block that a load leaves free.
    pub free_space_percent: u32,
}
