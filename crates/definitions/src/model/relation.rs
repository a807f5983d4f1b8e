//! What ties segments of different databases together: logical relationships and indexes.

use super::segment::InsertPlace;
use serde::{Deserialize, Serialize};
use vocabulary::{DbdName, FieldName, SegmentName};

/// PARENT=(...,(segment,VIRTUAL|PHYSICAL,dbd)): the logical parent of a logical child.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogicalParent {
    /// The segment.
    pub segment: SegmentName,
    /// Its database.
    pub dbd: DbdName,
    /// PHYSICAL: its concatenated key is kept in the logical child.
    pub key_stored: bool,
}

/// SOURCE=: what a segment of a logical database, or a virtual logical child, stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceSegment {
    /// The segment.
    pub segment: SegmentName,
    /// KEY: only its key is shown; DATA: key and data.
    pub data: bool,
    /// Its database.
    pub dbd: DbdName,
}

/// An LCHILD statement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogicalChild {
    /// NAME=(segment,...): the logical child, the index segment, or under an index segment its target.
    pub segment: SegmentName,
    /// NAME=(...,dbd). This database, where it is left out.
    pub dbd: DbdName,
    /// POINTER=.
    pub pointer: LogicalChildPointer,
    /// PAIR=: the logical child that this one is paired with.
    pub pair: Option<SegmentName>,
    /// INDEX=: the field of the target that this index is about.
    pub index: Option<FieldName>,
    /// RULES=: where a logical twin without a unique key goes.
    pub place: Option<InsertPlace>,
    /// RKSIZE=: bytes of the root key of the target of a partitioned index.
    pub root_key_bytes: Option<u32>,
    /// MULTISEG=YES: several segments of a DEDB index.
    pub multiple_segments: bool,
    /// The XDFLD statement after it.
    pub indexed_field: Option<IndexedField>,
}

/// POINTER= of an LCHILD.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogicalChildPointer {
    /// SNGL: to the first logical child; under an index segment, to the target.
    Single,
    /// DBLE: to the first and the last.
    Double,
    /// NONE: there are none.
    None,
    /// INDX: the named segment is an index segment that points here.
    Index,
    /// SYMB: by concatenated key.
    Symbolic,
}

/// An XDFLD statement: a key made of other fields, which an index is kept of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IndexedField {
    /// NAME=: what a segment search argument calls it.
    pub name: FieldName,
    /// EXTERNALNAME=; none where it is NAME= that serves as one.
    pub external_name: Option<String>,
    /// SEGMENT=: where the fields are taken from; the indexed segment itself, where it is left out.
    pub source: SegmentName,
    /// CONST=: one character that tells the indexes of one data set apart.
    pub constant: Option<String>,
    /// SRCH=: one to five fields, the search key.
    pub search: Vec<FieldName>,
    /// SUBSEQ=: up to five fields that tell equal search keys apart.
    pub subsequence: Vec<FieldName>,
    /// DDATA=: up to five fields whose values the index repeats.
    pub duplicate_data: Vec<FieldName>,
    /// NULLVAL=: the value that is not indexed.
    pub null_value: Option<String>,
    /// EXTRTN=: the routine that decides what is indexed.
    pub exit: Option<String>,
    /// PSELRTN=: the routine that selects a partition.
    pub partition_selection: Option<String>,
    /// PSELOPT=.
    pub partition_selection_option: Option<String>,
    /// REMARKS=.
    pub remarks: Option<String>,
}
