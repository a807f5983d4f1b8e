//! The database description: how a database is accessed, where it is kept, and what segments it has.

use super::segment::Segment;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use vocabulary::{DbdName, DdName, SegmentName};

/// A database description (DBD).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dbd {
    /// NAME=. The first one, where a shared secondary index has several.
    pub name: DbdName,
    /// The further names of a shared secondary index, 15 at most.
    pub shared_names: Vec<DbdName>,
    /// ACCESS=, its first value.
    pub access: Access,
    /// ACCESS=, its second value, or what the first one means without it.
    pub os_access: Option<OsAccess>,
    /// ACCESS=(INDEX,VSAM,PROT): programs can't change the pointer part of the index.
    pub protected: bool,
    /// ACCESS=(...,DOSCOMP).
    pub dos_compatible: bool,
    /// RMNAME=.
    pub randomizer: Option<Randomizer>,
    /// PASSWD=YES.
    pub password: bool,
    /// DATXEXIT=YES: a data conversion exit routine is called.
    pub data_conversion_exit: bool,
    /// FPINDEX=YES.
    pub fast_path_index: bool,
    /// PSNAME=: the routine that selects HALDB partitions.
    pub partition_selection: Option<String>,
    /// EXIT=: data capture for every segment that has none of its own.
    pub exits: Vec<CaptureExit>,
    /// VERSION=, up to 255 characters.
    pub version: Option<String>,
    /// DBVER=.
    pub database_version: Option<u32>,
    /// ENCODING=, up to 25 characters.
    pub encoding: String,
    /// REMARKS=, up to 256 characters.
    pub remarks: Option<String>,
    /// The DATASET statements.
    pub data_sets: Vec<DataSet>,
    /// The AREA statements of a DEDB.
    pub areas: Vec<Area>,
    /// The SEGM statements, in hierarchical order: the place of a segment plus one is its segment code.
    pub segments: Vec<Segment>,
}

impl Dbd {
    /// Whether this is a sequential data set seen as a database, without segments.
    pub fn is_gsam(&self) -> bool {
        self.access == Access::Gsam
    }

    /// The other DBDs that this one names: indexes and their targets, logical parents and children, and what the
    /// segments of a logical database stand for.
    pub fn references(&self) -> BTreeSet<DbdName> {
        let mut names: BTreeSet<DbdName> = self.segments.iter().flat_map(Segment::references).collect();
        names.remove(&self.name);
        names
    }

    /// How many segment types there are.
    pub fn segment_count(&self) -> usize {
        self.segments.len()
    }

    /// How many FIELD statements there are, of every segment.
    pub fn field_count(&self) -> usize {
        self.segments.iter().map(|segment| segment.fields.len()).sum()
    }

    /// The segment of this name.
    pub fn segment(&self, name: &SegmentName) -> Option<&Segment> {
        self.segments.iter().find(|segment| segment.name == *name)
    }

    /// The names of all data sets, primary ones before overflow ones.
    pub fn dd_names(&self) -> impl Iterator<Item = &DdName> {
        let primary = self.data_sets.iter().flat_map(|set| [set.dd1.as_ref(), set.dd2.as_ref()]);
        let overflow = self.data_sets.iter().map(|set| set.overflow.as_ref());
        primary.chain(overflow).flatten().chain(self.areas.iter().map(|area| &area.dd1))
    }
}

/// How records are reached and kept: the organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Access {
    /// Hierarchical sequential.
    Hsam,
    /// Hierarchical sequential, root only, without prefixes.
    Shsam,
    /// Hierarchical indexed sequential.
    Hisam,
    /// Hierarchical indexed sequential, root only, without prefixes.
    Shisam,
    /// Hierarchical direct, roots found by a randomizer.
    Hdam,
    /// Hierarchical direct, roots found through an index database.
    Hidam,
    /// Partitioned HDAM.
    Phdam,
    /// Partitioned HIDAM.
    Phidam,
    /// Partitioned secondary index.
    Psindex,
    /// The primary index of a HIDAM database, or a secondary index.
    Index,
    /// Data entry database.
    Dedb,
    /// Main storage database.
    Msdb,
    /// Generalized sequential.
    Gsam,
    /// Segments of physical databases, arranged anew.
    Logical,
}

impl Access {
    /// The organizations and how they are written.
    pub const SPELLINGS: &[(&str, Self)] = &[
        ("HSAM", Self::Hsam),
        ("SHSAM", Self::Shsam),
        ("HISAM", Self::Hisam),
        ("SHISAM", Self::Shisam),
        ("HDAM", Self::Hdam),
        ("HIDAM", Self::Hidam),
        ("PHDAM", Self::Phdam),
        ("PHIDAM", Self::Phidam),
        ("PSINDEX", Self::Psindex),
        ("INDEX", Self::Index),
        ("DEDB", Self::Dedb),
        ("MSDB", Self::Msdb),
        ("GSAM", Self::Gsam),
        ("LOGICAL", Self::Logical),
    ];

    /// How it is written.
    pub fn name(self) -> &'static str {
        Self::SPELLINGS.iter().find(|&&(_, access)| access == self).map_or("", |&(name, _)| name)
    }

    /// A partitioned database: PHDAM, PHIDAM, PSINDEX.
    pub fn is_haldb(self) -> bool {
        matches!(self, Self::Phdam | Self::Phidam | Self::Psindex)
    }

    /// Segments are connected by pointers: HDAM, HIDAM, PHDAM, PHIDAM.
    pub fn is_hierarchical_direct(self) -> bool {
        matches!(self, Self::Hdam | Self::Hidam | Self::Phdam | Self::Phidam)
    }

    /// A Fast Path database: DEDB, MSDB.
    pub fn is_fast_path(self) -> bool {
        matches!(self, Self::Dedb | Self::Msdb)
    }

    /// An index database: INDEX, PSINDEX.
    pub fn is_index(self) -> bool {
        matches!(self, Self::Index | Self::Psindex)
    }

    /// Its roots are found by their key, so that they need one, and no two alike.
    pub fn needs_unique_root_key(self) -> bool {
        matches!(
            self,
            Self::Hisam
                | Self::Shisam
                | Self::Hidam
                | Self::Phidam
                | Self::Dedb
                | Self::Index
                | Self::Psindex
        )
    }

    /// The access methods that it can be kept with; the first is meant when none is given.
    pub fn os_accesses(self) -> &'static [OsAccess] {
        use OsAccess::{Bsam, Osam, Qsam, Vsam};
        match self {
            Self::Hsam | Self::Shsam => &[Bsam, Qsam],
            Self::Hisam | Self::Shisam | Self::Index | Self::Psindex | Self::Dedb => &[Vsam],
            Self::Hdam | Self::Hidam | Self::Phdam | Self::Phidam => &[Vsam, Osam],
            Self::Gsam => &[Vsam, Bsam],
            Self::Msdb | Self::Logical => &[],
        }
    }
}

/// The access method of the operating system below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum OsAccess {
    /// VSAM
    Vsam,
    /// OSAM
    Osam,
    /// BSAM
    Bsam,
    /// QSAM
    Qsam,
}

impl OsAccess {
    /// The access methods and how they are written.
    pub const SPELLINGS: &[(&str, Self)] =
        &[("VSAM", Self::Vsam), ("OSAM", Self::Osam), ("BSAM", Self::Bsam), ("QSAM", Self::Qsam)];

    /// How it is written.
    pub fn name(self) -> &'static str {
        Self::SPELLINGS.iter().find(|&&(_, access)| access == self).map_or("", |&(name, _)| name)
    }
}

/// RMNAME=: how roots are spread over a root-addressable area.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Randomizer {
    /// The routine.
    pub module: String,
    /// Root anchor points in a block.
    pub anchors: Option<u32>,
    /// The highest relative block of the root-addressable area.
    pub block_max: Option<u32>,
    /// How many bytes of one record are kept there by consecutive inserts.
    pub record_bytes_max: Option<u32>,
    /// XCI: the routine of a DEDB uses the extended call interface.
    pub extended_call: bool,
}

/// EXIT=: what a data capture exit routine or the log is given when a segment changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaptureExit {
    /// The routine; none when only the log is to have it (`*`).
    pub routine: Option<String>,
    /// The concatenated key is passed.
    pub key: bool,
    /// The segment data is passed.
    pub data: bool,
    /// The segments above are passed.
    pub path: bool,
    /// The data as it was before is passed.
    pub before: bool,
    /// The change is logged (log records X'99').
    pub log: bool,
    /// What is passed of segments that are deleted because a parent was; none for NOCASCADE.
    pub cascade: Option<CascadeCapture>,
    /// Further options, as written: DLET, FLD, INPOS, SSPCMD.
    pub further: BTreeSet<String>,
}

/// What is passed of a segment that a delete of its parent took along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CascadeCapture {
    /// The concatenated key.
    pub key: bool,
    /// The segment data.
    pub data: bool,
    /// The segments above.
    pub path: bool,
    /// The data as it was before.
    pub before: bool,
}

/// A DATASET statement: one data set group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DataSet {
    /// DD1=: the primary data set, or the input.
    pub dd1: Option<DdName>,
    /// DD2=: the output of HSAM and GSAM.
    pub dd2: Option<DdName>,
    /// OVFLW=: the overflow of HISAM and INDEX.
    pub overflow: Option<DdName>,
    /// BLOCK=(primary, overflow).
    pub blocks: [Option<u32>; 2],
    /// SIZE=(primary, overflow): bytes of a block or a control interval.
    pub size_bytes: [Option<u32>; 2],
    /// RECORD=(primary, overflow): bytes of a record.
    pub record_bytes: [Option<u32>; 2],
    /// RECFM=.
    pub record_format: Option<RecordFormat>,
    /// SCAN=: how many cylinders a search for space looks at.
    pub scan_cylinders: Option<u32>,
    /// FRSPC=, its first value: every so manieth block is left free by a load.
    pub free_block_frequency: u32,
    /// FRSPC=, its second value: the percentage of each block that a load leaves free.
    pub free_space_percent: u32,
    /// SEARCHA=: how space is searched.
    pub search: Option<u32>,
    /// REL=.
    pub relation: Vec<String>,
    /// REMARKS=.
    pub remarks: Option<String>,
}

/// RECFM=.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordFormat {
    /// F
    Fixed,
    /// FB
    FixedBlocked,
    /// V
    Variable,
    /// VB
    VariableBlocked,
    /// U
    Undefined,
}

/// An AREA statement: a part of a DEDB, kept apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Area {
    /// DD1=.
    pub dd1: DdName,
    /// SIZE=: bytes of a control interval.
    pub size_bytes: u32,
    /// UOW=: control intervals of a unit of work, and how many of them are dependent overflow.
    pub unit_of_work: (u32, u32),
    /// ROOT=: units of work of the area, and how many of them are independent overflow.
    pub root: (u32, u32),
    /// REMARKS=.
    pub remarks: Option<String>,
}
