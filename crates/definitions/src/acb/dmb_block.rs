//! The data management block: a database as the engine uses it, every name resolved.

use crate::model::dbd::{Access, Area, CaptureExit, DataSet, OsAccess, Randomizer};
use crate::model::field::FieldKind;
use crate::model::relation::LogicalChildPointer;
use crate::model::segment::{ChildPointer, Compression, Dependent, InsertPlace, Pointers, Rules};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use vocabulary::{DbdName, FieldName, SegmentName};

/// A database (DMB).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dmb {
    /// The DBD it was built of.
    pub name: DbdName,
    /// The organization.
    pub access: Access,
    /// The access method below it.
    pub os_access: Option<OsAccess>,
    /// Programs can't change the pointer part of this index.
    pub protected: bool,
    /// The character set of segments that have none of their own.
    pub encoding: String,
    /// How roots are spread.
    pub randomizer: Option<Randomizer>,
    /// The routine that selects partitions.
    pub partition_selection: Option<String>,
    /// The segment types, in hierarchical order: the place of a segment plus one is its code.
    pub segments: Vec<SegmentBlock>,
    /// The data set groups.
    pub data_sets: Vec<DataSet>,
    /// The areas of a DEDB.
    pub areas: Vec<Area>,
    /// The index through which a HIDAM root is found.
    pub primary_index: Option<PrimaryIndex>,
    /// The secondary indexes of its segments.
    pub secondary_indexes: Vec<SecondaryIndex>,
    /// Bytes of the longest concatenated key.
    pub key_bytes_max: u32,
}

impl Dmb {
    /// The segment type of this name.
    pub fn segment(&self, name: &SegmentName) -> Option<&SegmentBlock> {
        self.segments.iter().find(|segment| segment.name == *name)
    }

    /// The databases that its indexes are: the primary one first, then the secondary ones. They are opened with it.
    pub fn indexes(&self) -> impl Iterator<Item = DbdName> {
        let primary = self.primary_index.iter().map(|index| index.dbd);
        primary.chain(self.secondary_indexes.iter().map(|index| index.dbd))
    }

    /// The databases that its logical relationships lead to, or that a logical database is made of; itself, where one
    /// stays within it. Calls on one go into the others, so they are opened together.
    pub fn relatives(&self) -> BTreeSet<DbdName> {
        let of = |segment: &SegmentBlock| {
            let parent = segment.logical_parent.iter().map(|parent| parent.dbd);
            let children = segment.logical_children.iter().map(|child| child.dbd);
            let sources = segment.sources.iter().map(|source| source.dbd);
            parent.chain(children).chain(sources).collect::<Vec<_>>()
        };
        self.segments.iter().flat_map(of).collect()
    }

    /// The segment type of this code, which counts from 1.
    pub fn segment_of_code(&self, code: u8) -> Option<&SegmentBlock> {
        self.segments.get(usize::from(code).checked_sub(1)?)
    }
}

/// A segment type (PSDB).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SegmentBlock {
    /// Its name.
    pub name: SegmentName,
    /// Its code, 1 to 255 in hierarchical order.
    pub code: u8,
    /// Its level; the root is on level 1.
    pub level: u8,
    /// The code of its parent.
    pub parent: Option<u8>,
    /// The codes of its physical children, left to right.
    pub children: Vec<u8>,
    /// Which pointers its parent keeps to it.
    pub parent_pointer: ChildPointer,
    /// The greatest length, in bytes.
    pub bytes_max: u32,
    /// The least length, in bytes; the same for a segment of fixed length.
    pub bytes_min: u32,
    /// Its data begins with two bytes that say how long it is.
    pub variable_length: bool,
    /// The sequence field.
    pub key: Option<KeyBlock>,
    /// Bytes of the keys from the root to this segment.
    pub concatenated_key_bytes: u32,
    /// The fields that a search argument can name, in the order of the DBD (FDB).
    pub fields: Vec<FieldBlock>,
    /// What its prefix points to. The twin pointer is what the organization implies where the DBD doesn't say.
    pub pointers: Pointers,
    /// The insert, delete and replace rules.
    pub rules: Rules,
    /// The data set group it is kept in, counted from 0.
    pub data_set_group: usize,
    /// How it is edited on its way to and from the data set.
    pub compression: Option<Compression>,
    /// The data capture exits, its own or those of the DBD.
    pub exits: Vec<CaptureExit>,
    /// Which kind of dependent it is in a DEDB.
    pub dependent: Option<Dependent>,
    /// How many subset pointers its parent keeps.
    pub subset_pointers: u32,
    /// Its logical parent, if it is a logical child.
    pub logical_parent: Option<LogicalParentLink>,
    /// Its logical children.
    pub logical_children: Vec<LogicalChildLink>,
    /// What it stands for: in a logical database, or as a virtual logical child.
    pub sources: Vec<SourceLink>,
    /// What it points to, if it is an index segment.
    pub index_target: Option<IndexTarget>,
}

impl SegmentBlock {
    /// A virtual logical child, or a segment of a logical database: what it shows is kept elsewhere.
    pub fn is_virtual(&self) -> bool {
        !self.sources.is_empty()
    }

    /// The field of this name.
    pub fn field(&self, name: &FieldName) -> Option<&FieldBlock> {
        self.fields.iter().find(|field| field.name == *name)
    }
}

/// The sequence field of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyBlock {
    /// Its name.
    pub name: FieldName,
    /// Its first byte, counted from 0.
    pub offset: u32,
    /// Its length.
    pub bytes: u32,
    /// No two twins have the same.
    pub unique: bool,
}

/// A field that a search argument can name (FDB).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldBlock {
    /// Its name.
    pub name: FieldName,
    /// Its first byte, counted from 0: in the segment, or of `/CK...` in the concatenated key.
    pub offset: u32,
    /// Its length.
    pub bytes: u32,
    /// How it is written.
    pub kind: FieldKind,
    /// `/CK...` or `/SX...`, which is no part of the segment's data.
    pub system_related: bool,
}

/// The way from a logical child to its logical parent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogicalParentLink {
    /// The database of the logical parent.
    pub dbd: DbdName,
    /// The segment.
    pub segment: SegmentName,
    /// Its code.
    pub code: u8,
    /// Its concatenated key is kept in the logical child.
    pub key_stored: bool,
    /// Bytes of that key.
    pub key_bytes: u32,
}

/// The way from a logical parent to a logical child.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogicalChildLink {
    /// The database of the logical child.
    pub dbd: DbdName,
    /// The segment.
    pub segment: SegmentName,
    /// Its code.
    pub code: u8,
    /// Which pointers the logical parent keeps.
    pub pointer: LogicalChildPointer,
    /// The code, in this database, of the segment that it is paired with.
    pub pair: Option<u8>,
    /// Where a logical twin without a unique key goes.
    pub place: InsertPlace,
}

/// What a segment stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceLink {
    /// The database.
    pub dbd: DbdName,
    /// The segment.
    pub segment: SegmentName,
    /// Its code.
    pub code: u8,
    /// Its data is shown, and not its key alone.
    pub data: bool,
}

/// What an index segment points to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexTarget {
    /// The indexed database.
    pub dbd: DbdName,
    /// The segment that is found through the index.
    pub segment: SegmentName,
    /// Its code.
    pub code: u8,
    /// The indexed field: the key of a HIDAM root, or an XDFLD.
    pub field: FieldName,
    /// It is the primary index of a HIDAM database.
    pub primary: bool,
    /// It points by concatenated key.
    pub symbolic: bool,
}

/// The index of a HIDAM database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrimaryIndex {
    /// The index database.
    pub dbd: DbdName,
    /// The index segment.
    pub segment: SegmentName,
}

/// A secondary index, as the indexed database sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondaryIndex {
    /// What a search argument calls it.
    pub field: FieldName,
    /// The index database.
    pub dbd: DbdName,
    /// The index segment.
    pub segment: SegmentName,
    /// The code of the segment that is found through it.
    pub target: u8,
    /// The code of the segment whose fields make the key.
    pub source: u8,
    /// The character that begins every key of this index.
    pub constant: Option<String>,
    /// The search key.
    pub search: Vec<KeyPart>,
    /// What tells equal search keys apart.
    pub subsequence: Vec<KeyPart>,
    /// What the index repeats of the source.
    pub duplicate_data: Vec<KeyPart>,
    /// The value that is not indexed.
    pub null_value: Option<String>,
    /// The routine that decides what is indexed.
    pub exit: Option<String>,
    /// The index points by concatenated key.
    pub symbolic: bool,
    /// Bytes of the search key, as a program gets it back.
    pub search_bytes: u32,
    /// Bytes of the whole key: constant, search and subsequence.
    pub key_bytes: u32,
}

/// A field that an index is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPart {
    /// Its name in the source segment.
    pub name: FieldName,
    /// Its first byte, counted from 0: in the source segment, or of `/CK...` in its concatenated key.
    pub offset: u32,
    /// Its length.
    pub bytes: u32,
}
