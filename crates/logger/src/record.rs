//! The records.
//!
//! ```text
//!  0  length, all of it counted    2
//!  2  zeros                        2
//!  4  type, subtype                2
//!  6  recovery token              16   subsystem 8, unit of work 8 (zero: of no unit)
//! 22  body
//! -16 time stamp, as the TOD clock 8
//!  -8 sequence                     8
//! ```

use crate::block::array;
use crate::change::{DatabaseChange, IndexEntry};
use crate::checkpoint::CheckpointKind;
use crate::token::RecoveryToken;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use vocabulary::encoding::{decode, encode};
use vocabulary::{DbdName, DdName, Epoch, LogSequence, Moment, PsbName};

const BODY_AT: usize = 22;
const SUFFIX_BYTES: usize = 16;
/// Bytes of a record without a body.
pub(crate) const FRAME_BYTES: usize = BODY_AT + SUFFIX_BYTES;
/// Microseconds from 1900, where the TOD clock begins, to 1970.
const TOD_MICROSECONDS: u64 = 2_208_988_800_000_000;

/// A record as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogRecord<'b> {
    /// Its place.
    pub sequence: LogSequence,
    /// When it was written.
    pub stamp: Moment,
    /// The unit of work; one with number zero for a record of no unit.
    pub token: RecoveryToken,
    bytes: &'b [u8],
}

/// What a record says. The types are those of IMS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body<'b> {
    /// X'07': a program ended.
    ProgramEnded {
        /// Its PSB.
        psb: PsbName,
    },
    /// X'08': a program was scheduled.
    ProgramScheduled {
        /// Its PSB.
        psb: PsbName,
    },
    /// X'18': a piece of what a program saves at a checkpoint.
    ProgramSaved {
        /// Its PSB.
        psb: PsbName,
        /// What the program calls the checkpoint.
        id: [u8; 8],
        /// Which piece, from zero.
        piece: u16,
        /// How many there are.
        pieces: u16,
        /// The piece. What it means knows who saved it.
        bytes: &'b [u8],
    },
    /// X'2000': a database was opened to be updated. Its data sets hold all that was logged before.
    DatabaseOpened {
        /// The database.
        dbd: DbdName,
        /// Its data sets that were empty.
        created: BTreeSet<DdName>,
    },
    /// X'2001': a program began to load a database, which is not logged.
    LoadBegun {
        /// The database.
        dbd: DbdName,
    },
    /// X'2100': a database was closed. Its data sets hold all that was logged before.
    DatabaseClosed {
        /// The database.
        dbd: DbdName,
    },
    /// X'2101': what was loaded is on the data sets.
    LoadEnded {
        /// The database.
        dbd: DbdName,
    },
    /// X'24': a data set could not be read or written, and its database was stopped.
    IoError {
        /// The database.
        dbd: DbdName,
        /// What was wrong.
        reason: String,
    },
    /// X'3730': the unit of work is committed.
    PhaseTwoBegun,
    /// X'3801': the unit of work is backed out.
    BackoutBegun,
    /// X'4001': a checkpoint begins.
    CheckpointBegun {
        /// What kind.
        kind: CheckpointKind,
    },
    /// X'4006': a database is open.
    OpenDatabase {
        /// The database.
        dbd: DbdName,
        /// It is being loaded.
        loading: bool,
    },
    /// X'4098': the checkpoint is whole.
    CheckpointEnded {
        /// What kind.
        kind: CheckpointKind,
        /// Where a restart from it begins to read.
        start: LogSequence,
    },
    /// X'41': a program took a checkpoint.
    ProgramCheckpoint {
        /// What the program calls it.
        id: [u8; 8],
    },
    /// X'42': the log was opened by a subsystem. What was begun before and is not whole will never be.
    LogOpened {
        /// Its epoch.
        epoch: Epoch,
    },
    /// X'43': the log went on in another OLDS.
    OldsSwitched {
        /// The one that is full.
        from: String,
        /// The one that is written now.
        to: String,
    },
    /// X'47': the units of work that have changed something, at a checkpoint.
    ActiveUnits(Vec<ActiveUnit>),
    /// X'4C01': what the unit changed in a database is as it was before.
    BackoutEnded {
        /// The database.
        dbd: DbdName,
    },
    /// X'4C80': it could not be made so; the database waits for a restart.
    BackoutFailed {
        /// The database.
        dbd: DbdName,
    },
    /// X'50', X'53': a block of a database was changed.
    Change(DatabaseChange<'b>),
    /// X'52': an entry came into an index, or left it.
    Index(IndexEntry<'b>),
    /// X'5607': a unit of work changes something for the first time.
    UnitBegun {
        /// The PSB of its program.
        psb: PsbName,
        /// What the space that it frees is marked with.
        owner: u32,
    },
    /// X'5610': its sync point begins.
    PhaseOneBegun,
    /// X'5611': it can be committed.
    PhaseOneEnded,
    /// X'5612': its sync point is over.
    UnitEnded,
    /// X'A0' and higher: what a program logs of its own.
    User {
        /// The type.
        code: u8,
        /// The text.
        bytes: &'b [u8],
    },
}

/// A unit of work at a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveUnit {
    /// The record that it began with.
    pub unit: LogSequence,
    /// The PSB of its program.
    pub psb: PsbName,
}

impl Body<'_> {
    /// The lowest type that programs may log of their own.
    pub const USER_FROM: u8 = 0xa0;
    /// The most bytes of text that such a record has.
    pub const USER_BYTES_MAX: usize = u16::MAX as usize - FRAME_BYTES;

    /// Type and subtype.
    pub(crate) fn kind(&self) -> (u8, u8) {
        match self {
            Self::ProgramEnded { .. } => (0x07, 0),
            Self::ProgramScheduled { .. } => (0x08, 0),
            Self::ProgramSaved { .. } => (0x18, 0),
            Self::DatabaseOpened { .. } => (0x20, 0),
            Self::LoadBegun { .. } => (0x20, 1),
            Self::DatabaseClosed { .. } => (0x21, 0),
            Self::LoadEnded { .. } => (0x21, 1),
            Self::IoError { .. } => (0x24, 0),
            Self::PhaseTwoBegun => (0x37, 0x30),
            Self::BackoutBegun => (0x38, 1),
            Self::CheckpointBegun { .. } => (0x40, 0x01),
            Self::OpenDatabase { .. } => (0x40, 0x06),
            Self::CheckpointEnded { .. } => (0x40, 0x98),
            Self::ProgramCheckpoint { .. } => (0x41, 0),
            Self::LogOpened { .. } => (0x42, 0),
            Self::OldsSwitched { .. } => (0x43, 0),
            Self::ActiveUnits(_) => (0x47, 0),
            Self::BackoutEnded { .. } => (0x4c, 0x01),
            Self::BackoutFailed { .. } => (0x4c, 0x80),
            Self::Change(change) => change.kind(),
            Self::Index(entry) => entry.kind(),
            Self::UnitBegun { .. } => (0x56, 0x07),
            Self::PhaseOneBegun => (0x56, 0x10),
            Self::PhaseOneEnded => (0x56, 0x11),
            Self::UnitEnded => (0x56, 0x12),
            Self::User { code, .. } => (*code, 0),
        }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        let bytes = match self {
            Self::Change(change) => return change.encode(out),
            Self::Index(entry) => return entry.encode(out),
            Self::User { bytes, .. } => return out.extend_from_slice(bytes),
            Self::ProgramSaved { psb, id, piece, pieces, bytes } => {
                out.extend_from_slice(&psb.padded());
                out.extend_from_slice(id);
                out.extend_from_slice(&piece.to_be_bytes());
                out.extend_from_slice(&pieces.to_be_bytes());
                return out.extend_from_slice(bytes);
            }
            Self::ProgramEnded { psb } | Self::ProgramScheduled { psb } => encode(psb),
            Self::UnitBegun { psb, owner } => encode(&(psb, owner)),
            Self::DatabaseOpened { dbd, created } => encode(&(dbd, created)),
            Self::LoadBegun { dbd }
            | Self::DatabaseClosed { dbd }
            | Self::LoadEnded { dbd }
            | Self::BackoutEnded { dbd }
            | Self::BackoutFailed { dbd } => encode(dbd),
            Self::IoError { dbd, reason } => encode(&(dbd, reason)),
            Self::CheckpointBegun { kind } => encode(kind),
            Self::OpenDatabase { dbd, loading } => encode(&(dbd, loading)),
            Self::CheckpointEnded { kind, start } => encode(&(kind, start)),
            Self::ProgramCheckpoint { id } => encode(id),
            Self::LogOpened { epoch } => encode(epoch),
            Self::OldsSwitched { from, to } => encode(&(from, to)),
            Self::ActiveUnits(units) => encode(units),
            Self::PhaseTwoBegun
            | Self::BackoutBegun
            | Self::PhaseOneBegun
            | Self::PhaseOneEnded
            | Self::UnitEnded => return,
        };
        out.extend_from_slice(&bytes);
    }

    /// Appends the whole record. The longest body is a change with two images of half a block each.
    pub(crate) fn encode_record(
        &self,
        token: &RecoveryToken,
        stamp: Moment,
        sequence: u64,
        out: &mut Vec<u8>,
    ) {
        let from = out.len();
        let (kind, subtype) = self.kind();
        out.extend_from_slice(&[0, 0, 0, 0, kind, subtype]);
        out.extend_from_slice(&token.bytes());
        self.encode(out);
        let tod = stamp.0.wrapping_add(TOD_MICROSECONDS) << 12;
        out.extend_from_slice(&tod.to_be_bytes());
        out.extend_from_slice(&sequence.to_be_bytes());
        let length = (out.len() - from) as u16;
        out[from..from + 2].copy_from_slice(&length.to_be_bytes());
    }
}

impl<'b> LogRecord<'b> {
    /// The record that these bytes are, none if they can't be one.
    pub fn of_bytes(bytes: &'b [u8]) -> Option<Self> {
        if bytes.len() < FRAME_BYTES {
            return None;
        }
        let suffix = bytes.len() - SUFFIX_BYTES;
        let tod = u64::from_be_bytes(array(bytes, suffix)) >> 12;
        Some(Self {
            sequence: LogSequence(u64::from_be_bytes(array(bytes, suffix + 8))),
            stamp: Moment(tod.wrapping_sub(TOD_MICROSECONDS) & (u64::MAX >> 12)),
            token: RecoveryToken::of_bytes(array(bytes, 6)),
            bytes,
        })
    }

    /// All of it, to be read again later.
    pub fn bytes(&self) -> &'b [u8] {
        self.bytes
    }

    /// Type and subtype.
    pub fn kind(&self) -> (u8, u8) {
        (self.bytes[4], self.bytes[5])
    }

    /// What it says; none for a record of a type that this release does not have, or one that is damaged.
    pub fn body(&self) -> Option<Body<'b>> {
        let bytes = self.bytes.get(BODY_AT..self.bytes.len().checked_sub(SUFFIX_BYTES)?)?;
        Some(match self.kind() {
            (0x07, 0) => Body::ProgramEnded { psb: read(bytes)? },
            (0x08, 0) => Body::ProgramScheduled { psb: read(bytes)? },
            (0x18, 0) => saved(bytes)?,
            (0x20, 0) => {
                let (dbd, created) = read(bytes)?;
                Body::DatabaseOpened { dbd, created }
            }
            (0x20, 1) => Body::LoadBegun { dbd: read(bytes)? },
            (0x21, 0) => Body::DatabaseClosed { dbd: read(bytes)? },
            (0x21, 1) => Body::LoadEnded { dbd: read(bytes)? },
            (0x24, 0) => {
                let (dbd, reason) = read(bytes)?;
                Body::IoError { dbd, reason }
            }
            (0x37, 0x30) => Body::PhaseTwoBegun,
            (0x38, 1) => Body::BackoutBegun,
            (0x40, 0x01) => Body::CheckpointBegun { kind: read(bytes)? },
            (0x40, 0x06) => {
                let (dbd, loading) = read(bytes)?;
                Body::OpenDatabase { dbd, loading }
            }
            (0x40, 0x98) => {
                let (kind, start) = read(bytes)?;
                Body::CheckpointEnded { kind, start }
            }
            (0x41, 0) => Body::ProgramCheckpoint { id: read(bytes)? },
            (0x42, 0) => Body::LogOpened { epoch: read(bytes)? },
            (0x43, 0) => {
                let (from, to) = read(bytes)?;
                Body::OldsSwitched { from, to }
            }
            (0x47, 0) => Body::ActiveUnits(read(bytes)?),
            (0x4c, 0x01) => Body::BackoutEnded { dbd: read(bytes)? },
            (0x4c, 0x80) => Body::BackoutFailed { dbd: read(bytes)? },
            (0x50 | 0x53, _) => Body::Change(DatabaseChange::decode(self.kind(), bytes)?),
            (0x52, subtype) => Body::Index(IndexEntry::decode(subtype, bytes)?),
            (0x56, 0x07) => {
                let (psb, owner) = read(bytes)?;
                Body::UnitBegun { psb, owner }
            }
            (0x56, 0x10) => Body::PhaseOneBegun,
            (0x56, 0x11) => Body::PhaseOneEnded,
            (0x56, 0x12) => Body::UnitEnded,
            (code @ Body::USER_FROM.., 0) => Body::User { code, bytes },
            _ => return None,
        })
    }
}

/// PSB 8, name of the checkpoint 8, piece 2, pieces 2, then the piece.
fn saved(bytes: &[u8]) -> Option<Body<'_>> {
    let (head, piece) = bytes.split_at_checked(20)?;
    let psb = std::str::from_utf8(&head[..8]).ok()?.trim_end().parse().ok()?;
    let number = |at: usize| u16::from_be_bytes(array(head, at));
    Some(Body::ProgramSaved { psb, id: array(head, 8), piece: number(16), pieces: number(18), bytes: piece })
}

fn read<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    decode("log record", bytes).ok()
}
