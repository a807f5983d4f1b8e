//! The PSB block: what a program sees, as the engine uses it.

use super::intent::Intent;
use crate::model::procopt::ProcOpt;
use crate::model::psb::{DatabaseLevel, Language, TpPcb};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use vocabulary::{DbdName, FieldName, PcbName, PsbName, SegmentName};

/// A program specification block, built.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PsbBlock {
    /// The PSB it was built of.
    pub name: PsbName,
    /// The language of its program, which decides how parameters are passed.
    pub language: Option<Language>,
    /// There is an I/O PCB even in a batch region.
    pub compatible: bool,
    /// How many Q command code calls may be outstanding.
    pub enqueues_max: Option<u32>,
    /// How many locks a unit of work may hold, in thousands.
    pub locks_max: Option<u32>,
    /// Bytes of the largest I/O area: as given, or as the longest path needs.
    pub io_area_bytes: u32,
    /// Bytes of all search arguments of a call, if given.
    pub search_arguments_bytes: Option<u32>,
    /// Online image copy may run with this PSB.
    pub online_image_copy: bool,
    /// ROLB is allowed though GSAM is used.
    pub gsam_rollback: bool,
    /// Which version of a database a PCB sees.
    pub database_level: Option<DatabaseLevel>,
    /// The PCBs in the order in which a program gets them, copies repeated. The I/O PCB is not among them.
    pub pcbs: Vec<PcbBlock>,
    /// The intent list: every database that has to be there, and what is intended with it.
    pub intents: BTreeMap<DbdName, Intent>,
}

/// A PCB.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PcbBlock {
    /// Its name, for calls through the AIB.
    pub name: Option<PcbName>,
    /// It is in the list that a program gets.
    pub listed: bool,
    /// Its type and what goes with it.
    pub kind: PcbBlockKind,
}

/// The types of PCB.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum PcbBlockKind {
    /// An alternate destination.
    Tp(TpPcb),
    /// A database.
    Db(DbBlock),
    /// A GSAM data set.
    Gsam(GsamBlock),
}

/// A database PCB.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DbBlock {
    /// The database: a physical, a logical or an index one.
    pub dbd: DbdName,
    /// What the program may do.
    pub options: ProcOpt,
    /// Bytes of the key feedback area.
    pub key_bytes: u32,
    /// A position is kept on each path.
    pub multiple_positioning: bool,
    /// The secondary index whose order the roots are seen in.
    pub sequence: Option<SequenceBlock>,
    /// Sequential buffering where it pays.
    pub sequential_buffering: bool,
    /// A DEDB that behaves as an MSDB did.
    pub msdb_view: bool,
    /// The version of the database that is seen.
    pub database_version: Option<u32>,
    /// The sensitive segments, the root first.
    pub segments: Vec<SensitiveBlock>,
}

/// An alternate processing sequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SequenceBlock {
    /// The index database.
    pub index: DbdName,
    /// The XDFLD that the index is kept of.
    pub field: FieldName,
    /// The segment that is the root in this order.
    pub target: SegmentName,
    /// Bytes of the search key, with which the key feedback begins.
    pub search_bytes: u32,
}

/// A GSAM PCB.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GsamBlock {
    /// The GSAM database.
    pub dbd: DbdName,
    /// G, GS, L or LS.
    pub options: ProcOpt,
}

/// A segment that a program sees (SDB).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SensitiveBlock {
    /// Its name.
    pub name: SegmentName,
    /// Its code in the DMB of the PCB's database.
    pub code: u8,
    /// Its level as the program sees it; the root is on level 1.
    pub level: u8,
    /// The place of its parent in the list of sensitive segments.
    pub parent: Option<usize>,
    /// What the program may do with it: its own options, or those of the PCB.
    pub options: ProcOpt,
    /// Bytes of its key, as the feedback area has it.
    pub key_bytes: u32,
    /// Bytes of the keys from the root to it, as the feedback area has them.
    pub concatenated_key_bytes: u32,
    /// Bytes of the segment in the I/O area: its greatest length, or what its sensitive fields take.
    pub io_area_bytes: u32,
    /// The indexes whose fields may qualify a search.
    pub indices: Vec<DbdName>,
    /// The subset pointers, and whether the program may change them.
    pub subset_pointers: Vec<(u32, bool)>,
    /// The fields that the program sees; none when it sees the whole segment.
    pub fields: Vec<SensitiveFieldBlock>,
}

/// A field that a program sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SensitiveFieldBlock {
    /// Its name.
    pub name: FieldName,
    /// Its first byte in the segment, counted from 0.
    pub segment_offset: u32,
    /// Its first byte in the I/O area, counted from 0.
    pub area_offset: u32,
    /// Its length.
    pub bytes: u32,
    /// The program may change it.
    pub replaceable: bool,
}
