//! What small files hold that are read whole: a format header, an encoded value, and a CRC-32 of both.

use serde::{Serialize, de::DeserializeOwned};
use vocabulary::encoding::{self, DecodeError, Format};

/// The content of a file that holds `value`.
pub(crate) fn seal<T: Serialize>(format: &Format, value: &T) -> Vec<u8> {
    let mut bytes = format.header().to_vec();
    bytes.extend(encoding::encode(value));
    bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
    bytes
}

/// The value that the content of a file holds. Refuses another format, a newer version, and damage.
pub(crate) fn unseal<T: DeserializeOwned>(format: &Format, bytes: &[u8]) -> Result<T, DecodeError> {
    format.open(bytes)?;
    let damaged = || DecodeError::Malformed { what: format.what, reason: "its checksum is wrong".into() };
    let (content, crc) = bytes.split_last_chunk::<4>().ok_or_else(damaged)?;
    if crc32fast::hash(content) != u32::from_be_bytes(*crc) {
        return Err(damaged());
    }
    encoding::decode(format.what, content.get(Format::HEADER_BYTES..).ok_or_else(damaged)?)
}
