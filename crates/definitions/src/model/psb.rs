//! The program specification block: which databases and destinations a program sees, and how.

use super::procopt::ProcOpt;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use vocabulary::{DbdName, FieldName, PcbName, PsbName, SegmentName};

/// A program specification block (PSB).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Psb {
    /// PSBNAME=.
    pub name: PsbName,
    /// LANG=.
    pub language: Option<Language>,
    /// CMPAT=YES: there is an I/O PCB even in a batch region.
    pub compatible: bool,
    /// MAXQ=: how many Q command code calls may be outstanding.
    pub enqueues_max: Option<u32>,
    /// LOCKMAX=: how many locks a unit of work may hold, in thousands.
    pub locks_max: Option<u32>,
    /// IOASIZE=: bytes of the largest I/O area.
    pub io_area_bytes: Option<u32>,
    /// SSASIZE=: bytes of all search arguments of a call.
    pub search_arguments_bytes: Option<u32>,
    /// IOEROPN=: the return code when a database can't be opened or an I/O error ends a program.
    pub io_error_code: Option<u32>,
    /// IOEROPN=(n,WTOR): the operator is asked.
    pub io_error_asks: bool,
    /// OLIC=YES: online image copy may run with this PSB.
    pub online_image_copy: bool,
    /// GSROLBOK=YES: ROLB is allowed though GSAM is used.
    pub gsam_rollback: bool,
    /// DBLEVEL=.
    pub database_level: Option<DatabaseLevel>,
    /// The PCB statements, in the order in which a program gets them.
    pub pcbs: Vec<Pcb>,
}

impl Psb {
    /// PSBNAME=.
    pub fn name(&self) -> PsbName {
        self.name
    }

    /// The DBDs that its PCBs and SENSEGs name: databases, GSAM data sets, PROCSEQ and INDICES.
    pub fn references(&self) -> BTreeSet<DbdName> {
        self.pcbs.iter().flat_map(Pcb::references).collect()
    }
}

/// LANG=.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    /// COBOL
    Cobol,
    /// PL/I
    PlI,
    /// ASSEM
    Assembler,
    /// PASCAL
    Pascal,
    /// C
    C,
    /// JAVA
    Java,
}

/// DBLEVEL=: which version of a database a PCB without DBVER= sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DatabaseLevel {
    /// CURR
    Current,
    /// BASE
    Base,
}

/// A PCB statement and the statements that belong to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pcb {
    /// PCBNAME=, or the label.
    pub name: Option<PcbName>,
    /// EXTERNALNAME=, up to 128 characters; none where it is NAME= that serves as one.
    pub external_name: Option<String>,
    /// LIST=NO makes this false: the PCB is reached by its name alone.
    pub listed: bool,
    /// REMARKS=.
    pub remarks: Option<String>,
    /// TYPE= and what goes with it.
    pub kind: PcbKind,
}

impl Pcb {
    /// The DBDs that it names.
    pub fn references(&self) -> BTreeSet<DbdName> {
        match &self.kind {
            PcbKind::Tp(_) => BTreeSet::new(),
            PcbKind::Gsam(pcb) => BTreeSet::from([pcb.dbd]),
            PcbKind::Db(pcb) => {
                let indices = pcb.segments.iter().flat_map(|segment| segment.indices.iter().copied());
                indices.chain([pcb.dbd]).chain(pcb.sequence.map(|sequence| sequence.index)).collect()
            }
        }
    }
}

/// TYPE=.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum PcbKind {
    /// An alternate destination for messages.
    Tp(TpPcb),
    /// A database.
    Db(DbPcb),
    /// A GSAM data set.
    Gsam(GsamPcb),
}

/// PCB TYPE=TP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TpPcb {
    /// LTERM= or NAME=: a terminal, a transaction or a descriptor.
    pub destination: Option<String>,
    /// ALTRESP=YES: it can answer in response mode.
    pub alternate_response: bool,
    /// SAMETRM=YES: its destination is at the same physical terminal.
    pub same_terminal: bool,
    /// MODIFY=YES: the program can set its destination.
    pub modifiable: bool,
    /// EXPRESS=YES: messages go out even when the program fails.
    pub express: bool,
}

/// PCB TYPE=DB.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DbPcb {
    /// DBDNAME= or NAME=.
    pub dbd: DbdName,
    /// PROCOPT=.
    pub options: ProcOpt,
    /// KEYLEN=: bytes of the longest concatenated key.
    pub key_bytes: Option<u32>,
    /// POS=MULTIPLE: a position on each path.
    pub multiple_positioning: bool,
    /// PROCSEQ= or PROCSEQD=: roots are seen in the order of a secondary index.
    pub sequence: Option<ProcessingSequence>,
    /// SB=COND: sequential buffering where it pays.
    pub sequential_buffering: bool,
    /// VIEW=MSDB: a DEDB that behaves as an MSDB did.
    pub msdb_view: bool,
    /// COPIES=: how many times this PCB is generated.
    pub copies: Option<u32>,
    /// DBVER=.
    pub database_version: Option<u32>,
    /// The SENSEG statements.
    pub segments: Vec<SensitiveSegment>,
}

/// PROCSEQ= or PROCSEQD=.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessingSequence {
    /// The index database.
    pub index: DbdName,
    /// Written as PROCSEQD=, which is for DEDBs.
    pub fast_path: bool,
}

/// PCB TYPE=GSAM.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GsamPcb {
    /// DBDNAME= or NAME=.
    pub dbd: DbdName,
    /// PROCOPT=: G, GS, L or LS.
    pub options: ProcOpt,
}

/// A SENSEG statement, with its SENFLDs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SensitiveSegment {
    /// NAME=.
    pub name: SegmentName,
    /// PARENT=; none for the root.
    pub parent: Option<SegmentName>,
    /// PROCOPT=; none where that of the PCB holds.
    pub options: Option<ProcOpt>,
    /// INDICES=: indexes whose fields may qualify a search, 32 at most.
    pub indices: Vec<DbdName>,
    /// SSPTR=: subset pointers, and whether the program may change them.
    pub subset_pointers: Vec<(u32, bool)>,
    /// The SENFLD statements; with any, the program sees these fields and no others.
    pub fields: Vec<SensitiveField>,
}

/// A SENFLD statement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SensitiveField {
    /// NAME=.
    pub name: FieldName,
    /// START=: the first byte in the I/O area, counted from 1.
    pub start: u32,
    /// REPLACE=NO makes this false.
    pub replaceable: bool,
}
