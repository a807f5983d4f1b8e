//! One record as it lies in a segment.
//!
//! ```text
//! offset  bytes
//!      0      4  length of the content
//!      4      4  CRC-32 of all that follows
//!      8      8  position
//!     16      8  first position that was not forced when this was written
//!     24      …  content
//! ```
//! Numbers are big-endian. Position 0 does not exist, so no record reads as zeros.

use std::ops::Range;

const CRC: Range<usize> = 4..8;
const POSITION: Range<usize> = CRC.end..CRC.end + 8;
const UNFORCED: Range<usize> = POSITION.end..POSITION.end + 8;

/// Bytes of a record before its content.
pub(super) const HEADER_BYTES: usize = UNFORCED.end;

/// A record that reads well.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record<'a> {
    pub(super) position: u64,
    /// First position that was not forced when this was written.
    pub(super) unforced: u64,
    pub(super) content: &'a [u8],
}

impl<'a> Record<'a> {
    /// Bytes that the record takes up.
    pub(super) fn bytes(&self) -> usize {
        HEADER_BYTES + self.content.len()
    }

    /// Adds the record to `buffer`.
    pub(super) fn write(&self, buffer: &mut Vec<u8>) {
        let start = buffer.len();
        buffer.extend((self.content.len() as u32).to_be_bytes());
        buffer.extend([0; 4]);
        buffer.extend(self.position.to_be_bytes());
        buffer.extend(self.unforced.to_be_bytes());
        buffer.extend(self.content);
        let crc = crc32fast::hash(&buffer[start + CRC.end..]);
        buffer[start..][CRC].copy_from_slice(&crc.to_be_bytes());
    }

    /// The record that `bytes` begins with, or why there is none. `position` is the one it must have.
    pub(super) fn read(bytes: &'a [u8], position: u64) -> Result<Self, &'static str> {
        let record = Self::read_any(bytes)?;
        match record.position == position {
            true => Ok(record),
            false => Err("a record of another position"),
        }
    }

    /// The record that `bytes` begins with, whatever its position.
    pub(super) fn read_any(bytes: &'a [u8]) -> Result<Self, &'static str> {
        let Some((header, rest)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
            return Err("an incomplete record");
        };
        if header.iter().all(|&byte| byte == 0) {
            return Err("no record");
        }
        let content = rest.get(..content_bytes(header)).ok_or("an incomplete record")?;
        let crc = u32::from_be_bytes(array(&header[CRC]));
        if crc32fast::hash(&bytes[CRC.end..HEADER_BYTES + content.len()]) != crc {
            return Err("a record with a wrong checksum");
        }
        let position = u64::from_be_bytes(array(&header[POSITION]));
        Ok(Self { position, unforced: u64::from_be_bytes(array(&header[UNFORCED])), content })
    }

    /// The position that the header at the beginning of `bytes` claims, before anything is checked.
    pub(super) fn claimed_position(bytes: &[u8]) -> Option<u64> {
        bytes.get(POSITION).map(|bytes| u64::from_be_bytes(array(bytes)))
    }
}

fn content_bytes(header: &[u8; HEADER_BYTES]) -> usize {
    u32::from_be_bytes(array(&header[..CRC.start])) as usize
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(bytes);
    array
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_bit_is_noticed_wherever_it_is() {
        let record = Record { position: 7, unforced: 5, content: b"content" };
        let mut bytes = Vec::new();
        record.write(&mut bytes);
        assert_eq!(bytes.len(), record.bytes());
        assert_eq!(Record::read(&bytes, 7), Ok(record));
        assert!(Record::read(&bytes, 8).is_err());
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(Record::read_any(&bytes).is_err(), "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        for length in 0..bytes.len() {
            assert!(Record::read_any(&bytes[..length]).is_err(), "cut at {length}");
        }
    }
}
