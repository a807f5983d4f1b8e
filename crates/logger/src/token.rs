//! What names a unit of work.

use std::fmt;
use vocabulary::{LogSequence, MemberName};

/// Names a unit of work in the log: who does it, and the record it began with (X'5607'). No two units of a subsystem ever
/// have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecoveryToken {
    subsystem: [u8; 8],
    unit: LogSequence,
}

impl RecoveryToken {
    /// Bytes of a token in a record.
    pub const BYTES: usize = 16;

    pub(crate) fn new(subsystem: MemberName, unit: LogSequence) -> Self {
        Self { subsystem: subsystem.padded(), unit }
    }

    /// The record that the unit began with; zero for a record of no unit.
    pub fn unit(&self) -> LogSequence {
        self.unit
    }

    pub(crate) fn bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..8].copy_from_slice(&self.subsystem);
        bytes[8..].copy_from_slice(&self.unit.0.to_be_bytes());
        bytes
    }

    pub(crate) fn of_bytes(bytes: [u8; Self::BYTES]) -> Self {
        let (mut subsystem, mut unit) = ([0; 8], [0; 8]);
        subsystem.copy_from_slice(&bytes[..8]);
        unit.copy_from_slice(&bytes[8..]);
        Self { subsystem, unit: LogSequence(u64::from_be_bytes(unit)) }
    }
}

/// The subsystem, a slash and the number.
impl fmt::Display for RecoveryToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", String::from_utf8_lossy(&self.subsystem).trim_end(), self.unit)
    }
}
