//! The I/O PCB as a program has it.

use crate::status::StatusCode;

/// The I/O PCB's mask: 64 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IoMask {
    bytes: [u8; Self::BYTES],
}

impl IoMask {
    const BYTES: usize = 64;

    pub(super) fn new() -> Self {
        let mut bytes = [b' '; Self::BYTES];
        bytes[12..24].fill(0);
        bytes[48..60].fill(0);
        Self { bytes }
    }

    /// One that a program has elsewhere.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        Some(Self { bytes: bytes.try_into().ok()? })
    }

    /// All of it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The status code.
    pub fn status(&self) -> [u8; 2] {
        [self.bytes[10], self.bytes[11]]
    }

    pub(super) fn set_status(&mut self, status: StatusCode) {
        self.bytes[10..12].copy_from_slice(&status.bytes());
    }
}
