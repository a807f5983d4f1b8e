//! How values are put on a disk or a wire: serde models in bincode's standard form, behind a magic number and a
//! format version wherever they can meet another release.
//!
//! Nobody else calls bincode, so replacing it means replacing this file.

use serde::{Serialize, de::DeserializeOwned};

/// Bytes that are not an encoding of the type asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes do not read as this type.
    #[error("not a valid {what}: {reason}")]
    Malformed {
        /// What was to be read.
        what: &'static str,
        /// What the decoder met.
        reason: String,
    },
    /// The value was read, and bytes were left over.
    #[error("not a valid {what}: {count} bytes too many")]
    TrailingBytes {
        /// What was to be read.
        what: &'static str,
        /// How many bytes were left.
        count: usize,
    },
    /// The bytes do not begin with the magic number of this format.
    #[error("not a {what}: it does not begin as one")]
    WrongMagic {
        /// What was to be read.
        what: &'static str,
    },
    /// The format is newer than this program.
    #[error(
        "this {what} is of format {found}, and this program reads formats up to {newest}: use the release that wrote \
         it, or a newer one"
    )]
    NewerFormat {
        /// What was to be read.
        what: &'static str,
        /// The format that the bytes declare.
        found: u16,
        /// The newest that this program reads.
        newest: u16,
    },
}

/// The value as bytes.
///
/// # Panics
/// Only when a type of this project can't be written at all (a map with an unknown length), which its own tests
/// show.
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    #[expect(
        clippy::expect_used,
        reason = "writing to memory can't fail for the owned types of this project"
    )]
    bincode::serde::encode_to_vec(value, bincode::config::standard()).expect("encodable type")
}

/// The value that these bytes, and no more, encode. `what` names it in the error.
pub fn decode<T: DeserializeOwned>(what: &'static str, bytes: &[u8]) -> Result<T, DecodeError> {
    let (value, used) =
        decode_limited(bytes).map_err(|error| DecodeError::Malformed { what, reason: error.to_string() })?;
    match bytes.len() - used {
        0 => Ok(value),
        count => Err(DecodeError::TrailingBytes { what, count }),
    }
}

/// A forged length field must not ask for much more memory than the bytes could ever hold. The limits are steps,
/// because they have to be known when this is compiled.
fn decode_limited<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, usize), bincode::error::DecodeError> {
    let config = bincode::config::standard();
    match bytes.len() {
        0..0x1_0000 => bincode::serde::decode_from_slice(bytes, config.with_limit::<0x10_0000>()),
        0x1_0000..0x80_0000 => bincode::serde::decode_from_slice(bytes, config.with_limit::<0x800_0000>()),
        _ => bincode::serde::decode_from_slice(bytes, config.with_limit::<0x4000_0000>()),
    }
}

/// What the first ten bytes of a file or a conversation say: which format, and which version of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// What it is, for messages: "log segment", "snapshot".
    pub what: &'static str,
    /// Eight bytes that nothing else begins with.
    pub magic: [u8; 8],
    /// The newest version that this program reads, and the one it writes.
    pub version: u16,
}

impl Format {
    /// Length of [`Self::header`] in bytes.
    pub const HEADER_BYTES: usize = 10;

    /// The magic number and the version, big-endian.
    pub fn header(&self) -> [u8; Self::HEADER_BYTES] {
        let mut header = [0; Self::HEADER_BYTES];
        header[..8].copy_from_slice(&self.magic);
        header[8..].copy_from_slice(&self.version.to_be_bytes());
        header
    }

    /// The version of `bytes` and what follows the header, or why they can't be read.
    pub fn open<'a>(&self, bytes: &'a [u8]) -> Result<(u16, &'a [u8]), DecodeError> {
        let what = self.what;
        let Some((header, rest)) = bytes.split_first_chunk::<{ Self::HEADER_BYTES }>() else {
            return Err(DecodeError::WrongMagic { what });
        };
        if header[..8] != self.magic {
            return Err(DecodeError::WrongMagic { what });
        }
        let found = u16::from_be_bytes([header[8], header[9]]);
        if found > self.version {
            return Err(DecodeError::NewerFormat { what, found, newest: self.version });
        }
        Ok((found, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: Format = Format { what: "sample", magic: *b"IMSPTEST", version: 3 };

    #[test]
    fn a_value_survives_the_way_there_and_back() {
        let value = (7u32, "GU".to_string(), vec![Some(1u8), None]);
        assert_eq!(decode::<(u32, String, Vec<Option<u8>>)>("sample", &encode(&value)), Ok(value));
    }

    #[test]
    fn left_over_bytes_and_forged_lengths_are_refused() {
        let mut bytes = encode(&"AB".to_string());
        bytes.push(0);
        assert_eq!(
            decode::<String>("sample", &bytes),
            Err(DecodeError::TrailingBytes { what: "sample", count: 1 })
        );
        let forged = [0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
        assert!(matches!(decode::<Vec<u8>>("sample", &forged), Err(DecodeError::Malformed { .. })));
    }

    #[test]
    fn a_header_tells_another_file_from_a_newer_one() {
        let mut bytes = SAMPLE.header().to_vec();
        bytes.extend_from_slice(b"body");
        assert_eq!(SAMPLE.open(&bytes), Ok((3, &b"body"[..])));
        bytes[9] = 4;
        assert_eq!(
            SAMPLE.open(&bytes),
            Err(DecodeError::NewerFormat { what: "sample", found: 4, newest: 3 })
        );
        assert_eq!(SAMPLE.open(b"something else"), Err(DecodeError::WrongMagic { what: "sample" }));
        assert_eq!(SAMPLE.open(b""), Err(DecodeError::WrongMagic { what: "sample" }));
    }
}
