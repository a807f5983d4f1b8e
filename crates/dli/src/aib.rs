//! The application interface block (AIB): calls by the name of a PCB.

use crate::format::block::fullword;
use crate::status::StatusCode;

/// Where its fields are.
mod offset {
    pub(super) const LENGTH: usize = 8;
    pub(super) const SUBFUNCTION: usize = 12;
    pub(super) const RESOURCE: usize = 20;
    pub(super) const AREA_LENGTH: usize = 44;
    pub(super) const AREA_USED: usize = 48;
    pub(super) const RETURN: usize = 64;
    pub(super) const REASON: usize = 68;
    pub(super) const ADDRESS: usize = 76;
}

/// The return code of a call that a PCB has a status for.
const STATUS_RETURN: u32 = 0x900;
/// The return code of a call that was not made, because the AIB is not right.
const CALLER_RETURN: u32 = 0x104;

/// The application interface block: 128 bytes. Numbers are big-endian.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aib {
    bytes: [u8; Self::BYTES],
}

/// Why a call was not made. The numbers are the reason codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AibError {
    /// It does not begin with DFSAIB.
    NotAnAib = 0x204,
    /// There is no PCB of this name.
    NoPcb = 0x208,
    /// The subfunction is none.
    Subfunction = 0x210,
    /// The I/O area is too small.
    AreaTooSmall = 0x20c,
    /// Its length is less than it takes.
    Length = 0x218,
}

impl Aib {
    /// Bytes of an AIB.
    pub const BYTES: usize = 128;

    /// An AIB for calls on a PCB, with an I/O area of so many bytes.
    pub fn new(pcb: &str, subfunction: &str, area_bytes: usize) -> Self {
        let mut aib = Self { bytes: [0; Self::BYTES] };
        aib.put(0, b"DFSAIB  ");
        aib.put_number(offset::LENGTH, Self::BYTES as u32);
        aib.put(offset::SUBFUNCTION, &padded(subfunction.as_bytes()));
        aib.put(offset::RESOURCE, &padded(pcb.as_bytes()));
        aib.put(offset::RESOURCE + 8, b"        ");
        aib.put_number(offset::AREA_LENGTH, area_bytes as u32);
        aib
    }

    /// That of a program.
    pub fn of_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self { bytes }
    }

    /// All of it.
    pub fn bytes(&self) -> &[u8; Self::BYTES] {
        &self.bytes
    }

    /// The return code: zero, X'900' for a status in the PCB, X'104' when the call was not made.
    pub fn return_code(&self) -> u32 {
        self.number(offset::RETURN)
    }

    /// The reason code.
    pub fn reason_code(&self) -> u32 {
        self.number(offset::REASON)
    }

    /// Whether the call was not made, because the AIB is not right.
    pub fn is_refused(&self) -> bool {
        self.return_code() == CALLER_RETURN
    }

    /// How many bytes of the I/O area the call filled.
    pub fn area_used(&self) -> usize {
        self.number(offset::AREA_USED) as usize
    }

    /// The number of the PCB that it names; a program has its address there.
    pub fn resource_address(&self) -> u32 {
        self.number(offset::ADDRESS)
    }

    pub(crate) fn check(&self) -> Result<(), AibError> {
        match () {
            () if self.bytes[..8] != *b"DFSAIB  " => Err(AibError::NotAnAib),
            () if (self.number(offset::LENGTH) as usize) < Self::BYTES => Err(AibError::Length),
            () => Ok(()),
        }
    }

    pub(crate) fn resource(&self) -> [u8; 8] {
        self.name(offset::RESOURCE)
    }

    pub(crate) fn subfunction(&self) -> [u8; 8] {
        self.name(offset::SUBFUNCTION)
    }

    pub(crate) fn area_bytes(&self) -> usize {
        self.number(offset::AREA_LENGTH) as usize
    }

    pub(crate) fn set_area_used(&mut self, bytes: usize) {
        self.put_number(offset::AREA_USED, bytes as u32);
    }

    pub(crate) fn set_resource_address(&mut self, address: u32) {
        self.put_number(offset::ADDRESS, address);
    }

    pub(crate) fn set_status(&mut self, status: StatusCode) {
        self.put_number(offset::RETURN, if status == StatusCode::OK { 0 } else { STATUS_RETURN });
        self.put_number(offset::REASON, 0);
    }

    pub(crate) fn refuse(&mut self, error: AibError) {
        self.put_number(offset::RETURN, CALLER_RETURN);
        self.put_number(offset::REASON, error as u32);
    }

    fn name(&self, at: usize) -> [u8; 8] {
        let mut name = [0; 8];
        name.copy_from_slice(&self.bytes[at..at + 8]);
        name
    }

    fn number(&self, at: usize) -> u32 {
        fullword(&self.bytes, at)
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn put_number(&mut self, at: usize, number: u32) {
        self.put(at, &number.to_be_bytes());
    }
}

/// A name filled up with blanks, or cut off behind eight bytes.
pub(crate) fn padded(name: &[u8]) -> [u8; 8] {
    let mut padded = [b' '; 8];
    let length = name.len().min(8);
    padded[..length].copy_from_slice(&name[..length]);
    padded
}
