//! A segment type: its place in the hierarchy, its length, its pointers and its rules.

use super::dbd::CaptureExit;
use super::field::{Field, Map};
use super::relation::{IndexedField, LogicalChild, LogicalParent, SourceSegment};
use serde::{Deserialize, Serialize};
use vocabulary::{DbdName, FieldName, SegmentName};

/// A SEGM statement and the statements that belong to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// NAME=.
    pub name: SegmentName,
    /// EXTERNALNAME=, up to 128 characters; none where it is NAME= that serves as one.
    pub external_name: Option<String>,
    /// PARENT=, the physical one; none for the root.
    pub parent: Option<PhysicalParent>,
    /// PARENT=, the logical one: this segment is a logical child.
    pub logical_parent: Option<LogicalParent>,
    /// BYTES=, the length or the greatest one. Zero in a logical DBD, where lengths are the sources'.
    pub bytes_max: u32,
    /// BYTES=, the least length of a segment of variable length.
    pub bytes_min: Option<u32>,
    /// FREQ=, as written: a decimal number, used for estimates alone.
    pub frequency: Option<String>,
    /// POINTER=.
    pub pointers: Pointers,
    /// RULES=.
    pub rules: Rules,
    /// SOURCE=: the segments that this one stands for.
    pub sources: Vec<SourceSegment>,
    /// COMPRTN=.
    pub compression: Option<Compression>,
    /// The data set group it is kept in: the place of its DATASET statement, or the letter of DSGROUP= (A is 0).
    pub data_set_group: usize,
    /// TYPE=, of a dependent in a DEDB.
    pub dependent: Option<Dependent>,
    /// SSPTR=: subset pointers that its parent keeps, 0 to 8.
    pub subset_pointers: u32,
    /// EXIT=; none where those of the DBD hold.
    pub exits: Option<Vec<CaptureExit>>,
    /// ENCODING=.
    pub encoding: Option<String>,
    /// REMARKS=.
    pub remarks: Option<String>,
    /// The FIELD statements.
    pub fields: Vec<Field>,
    /// The DFSMAP statements.
    pub maps: Vec<Map>,
    /// The LCHILD statements.
    pub logical_children: Vec<LogicalChild>,
}

impl Segment {
    /// The sequence field.
    pub fn key(&self) -> Option<&Field> {
        self.fields.iter().find(|field| field.sequence.is_some())
    }

    /// The field of this name.
    pub fn field(&self, name: &FieldName) -> Option<&Field> {
        self.fields.iter().find(|field| field.name.as_ref() == Some(name))
    }

    /// The XDFLD statements, each with the LCHILD that leads to its index.
    pub fn indexed_fields(&self) -> impl Iterator<Item = (&LogicalChild, &IndexedField)> {
        self.logical_children.iter().filter_map(|child| Some((child, child.indexed_field.as_ref()?)))
    }

    /// The DBDs that its statements name.
    pub fn references(&self) -> impl Iterator<Item = DbdName> + '_ {
        let logical_parent = self.logical_parent.iter().map(|parent| parent.dbd);
        let sources = self.sources.iter().map(|source| source.dbd);
        logical_parent.chain(sources).chain(self.logical_children.iter().map(|child| child.dbd))
    }
}

/// PARENT=, the physical parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhysicalParent {
    /// Which segment it is.
    pub name: SegmentName,
    /// Which pointers it keeps to this segment.
    pub pointer: ChildPointer,
}

/// The pointers that a parent keeps to its children of one type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChildPointer {
    /// SNGL: to the first.
    First,
    /// DBLE: to the first and the last.
    FirstAndLast,
}

/// POINTER=: what the prefix of a segment points to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pointers {
    /// Along the physical twin chain or the hierarchy; none where it isn't said and the organization decides.
    pub physical: Option<PhysicalPointer>,
    /// Along the logical twin chain.
    pub logical_twin: Option<LogicalTwinPointer>,
    /// LPARNT: to the logical parent.
    pub logical_parent: bool,
    /// CTR: a counter of logical children.
    pub counter: bool,
    /// PAIRED: this virtual logical child belongs to a bidirectional relationship.
    pub paired: bool,
}

/// The pointers between segments under one physical parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PhysicalPointer {
    /// HIER: to the next segment of the hierarchy.
    Hierarchic,
    /// HIERBWD: to the next and the one before.
    HierarchicBackward,
    /// TWIN: to the next twin.
    Twin,
    /// TWINBWD: to the next twin and the one before.
    TwinBackward,
    /// NOTWIN: there is one twin at most.
    NoTwin,
}

/// The pointers between logical children of one logical parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogicalTwinPointer {
    /// LTWIN: to the next.
    Forward,
    /// LTWINBWD: to the next and the one before.
    Backward,
}

/// RULES=.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// The insert rule: physical, logical, virtual.
    pub insert: PathRule,
    /// The delete rule; the only one that can be bidirectional virtual.
    pub delete: PathRule,
    /// The replace rule.
    pub replace: PathRule,
    /// Where a twin without a unique key is inserted.
    pub place: InsertPlace,
}

/// What IMS assumes without RULES=: `(LLL,LAST)`.
impl Default for Rules {
    fn default() -> Self {
        let logical = PathRule::Logical;
        Self { insert: logical, delete: logical, replace: logical, place: InsertPlace::Last }
    }
}

/// One letter of RULES=.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PathRule {
    /// P
    Physical,
    /// L
    Logical,
    /// V
    Virtual,
    /// B
    BidirectionalVirtual,
}

/// Where a segment goes among twins that its key doesn't tell apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum InsertPlace {
    /// Before them.
    First,
    /// After them.
    #[default]
    Last,
    /// Before the twin where the position is.
    Here,
}

/// COMPRTN=: the routine that edits or compresses a segment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compression {
    /// The routine.
    pub routine: String,
    /// KEY: the key may be compressed too; else only the data is.
    pub key: bool,
    /// INIT: the routine is called when the database is opened and closed.
    pub init: bool,
    /// MAX: by how many bytes the segment may grow.
    pub growth_bytes_max: Option<u32>,
    /// PAD: the number is a length to pad to, rather than a growth.
    pub pad: bool,
}

/// TYPE=: the two kinds of dependent segment of a DEDB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Dependent {
    /// DIR
    Direct,
    /// SEQ
    Sequential,
}
