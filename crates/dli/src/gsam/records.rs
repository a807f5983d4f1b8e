//! Records in a sequential data set.
//!
//! ```text
//! F, FB    the records, each as long as RECORD= says
//! V, VB    before each record: its length, these four bytes counted (2), zeros (2)
//! ```
//!
//! Blocks are a matter of the device, and not to be seen. In the I/O area of a program a record of variable length has its
//! length before it (2), these two bytes counted; RECORD= is the greatest of that.

use crate::format::block::halfword;
use crate::status::StatusCode;
use dasd::{DataSetError, SequentialSet};
use definitions::model::dbd::{DataSet, RecordFormat as Recfm};

/// Bytes of the length before a record of variable length.
const DESCRIPTOR_BYTES: usize = 4;
/// Bytes of the length in the I/O area.
const AREA_LENGTH_BYTES: usize = 2;
/// The longest records.
const FIXED_BYTES_MAX: u32 = 32_760;
const VARIABLE_BYTES_MAX: u32 = 32_756;

/// How records lie in the data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RecordFormat {
    Fixed {
        bytes: usize,
    },
    Variable {
        /// The most bytes in the I/O area.
        bytes_max: usize,
    },
}

/// Why there is no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoRecord {
    /// The data set ends here.
    End,
    /// What is there is none, or only a part of one.
    Invalid,
    /// The data set can't be read.
    Trouble(DataSetError),
}

impl From<DataSetError> for NoRecord {
    fn from(error: DataSetError) -> Self {
        Self::Trouble(error)
    }
}

impl RecordFormat {
    /// The format of a DATASET statement; else what is wrong about it.
    pub(super) fn of(statement: &DataSet) -> Result<Self, &'static str> {
        let (variable, most) = match statement.record_format {
            Some(Recfm::Fixed | Recfm::FixedBlocked) => (false, FIXED_BYTES_MAX),
            Some(Recfm::Variable | Recfm::VariableBlocked) => (true, VARIABLE_BYTES_MAX),
            Some(Recfm::Undefined) => return Err("records of undefined length are not supported"),
            None => return Err("the format of its records is not given"),
        };
        let bytes = statement.record_bytes[0]
            .filter(|&bytes| bytes > 0)
            .ok_or("the length of its records is not given")?;
        match (variable, bytes) {
            (_, bytes) if bytes > most => Err("its records are too long"),
            (false, bytes) => Ok(Self::Fixed { bytes: bytes as usize }),
            (true, ..=2) => Err("its records are too short"),
            (true, bytes) => Ok(Self::Variable { bytes_max: bytes as usize }),
        }
    }

    /// The record at an offset, as the program gets it, and the offset of the next one.
    pub(super) fn read(self, set: &dyn SequentialSet, at: u64) -> Result<(Vec<u8>, u64), NoRecord> {
        let (bytes, prefix) = match self {
            Self::Fixed { bytes } => (bytes, 0),
            Self::Variable { bytes_max } => {
                let length = usize::from(halfword(&exactly(set, at, DESCRIPTOR_BYTES)?, 0));
                let bytes = length.checked_sub(DESCRIPTOR_BYTES).ok_or(NoRecord::Invalid)?;
                if bytes + AREA_LENGTH_BYTES > bytes_max {
                    return Err(NoRecord::Invalid);
                }
                (bytes, DESCRIPTOR_BYTES)
            }
        };
        let end = at + (prefix + bytes) as u64;
        if prefix > 0 && bytes == 0 {
            return Ok(((AREA_LENGTH_BYTES as u16).to_be_bytes().to_vec(), end));
        }
        let data = exactly(set, at + prefix as u64, bytes).map_err(|error| match (error, prefix) {
            // There was a length before it.
            (NoRecord::End, 1..) => NoRecord::Invalid,
            (error, _) => error,
        })?;
        let record = match self {
            Self::Fixed { .. } => data,
            Self::Variable { .. } => {
                [&((bytes + AREA_LENGTH_BYTES) as u16).to_be_bytes()[..], &data].concat()
            }
        };
        Ok((record, end))
    }

    /// The bytes in the data set of a record that is in the I/O area.
    pub(super) fn written(self, area: &[u8]) -> Result<Vec<u8>, StatusCode> {
        match self {
            Self::Fixed { bytes } => Ok(area.get(..bytes).ok_or(StatusCode::AT)?.to_vec()),
            Self::Variable { bytes_max } => {
                let length = usize::from(halfword(area.get(..AREA_LENGTH_BYTES).ok_or(StatusCode::AT)?, 0));
                if !(AREA_LENGTH_BYTES..=bytes_max).contains(&length) {
                    return Err(StatusCode::AF);
                }
                let data = area.get(AREA_LENGTH_BYTES..length).ok_or(StatusCode::AT)?;
                let descriptor = ((data.len() + DESCRIPTOR_BYTES) as u16).to_be_bytes();
                Ok([&descriptor[..], &[0, 0], data].concat())
            }
        }
    }

    /// Whether a record may begin at an offset.
    pub(super) fn may_begin_at(self, at: u64) -> bool {
        match self {
            Self::Fixed { bytes } => at.is_multiple_of(bytes as u64),
            Self::Variable { .. } => true,
        }
    }
}

/// So many bytes, no fewer.
fn exactly(set: &dyn SequentialSet, at: u64, count: usize) -> Result<Vec<u8>, NoRecord> {
    let mut bytes = vec![0; count];
    match set.read(at, &mut bytes)? {
        0 => Err(NoRecord::End),
        read if read < count => Err(NoRecord::Invalid),
        _ => Ok(bytes),
    }
}
