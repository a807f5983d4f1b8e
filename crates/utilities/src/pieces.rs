//! What utilities write and read: a head, pieces of data, and a tail, each with its checksum.
//!
//! ```text
//! magic 8, version 2
//! pieces, one behind the other:
//!   0  bytes of what follows the checksum   4
//!   4  CRC-32 of the piece's number (8, from 0) and of what follows   4
//!   8  kind   1   0 head, 1 data, 2 tail
//!   9  content
//! ```
//!
//! Numbers are big-endian. A piece that was left out or put elsewhere has another number, and its checksum is wrong. The
//! tail is the last piece, and nothing follows it.

use crate::UtilityError;
use dasd::SequentialSet;
use serde::Serialize;
use serde::de::DeserializeOwned;
use vocabulary::encoding::{Format, decode, encode};

/// A piece is written when it has so many bytes.
const PIECE_BYTES: usize = 256 << 10;
/// No piece has more: a record is put into one piece.
const PIECE_BYTES_MAX: usize = 16 << 20;
const FRAME_BYTES: usize = 8;

const HEAD: u8 = 0;
const DATA: u8 = 1;
const TAIL: u8 = 2;

pub(crate) struct PieceWriter<'s> {
    set: &'s mut dyn SequentialSet,
    number: u64,
    /// The piece that is filled, from its frame on.
    piece: Vec<u8>,
}

impl<'s> PieceWriter<'s> {
    /// Begins anew, whatever the set held.
    pub(crate) fn begin(
        set: &'s mut dyn SequentialSet,
        format: &Format,
        head: &impl Serialize,
    ) -> Result<Self, UtilityError> {
        set.truncate(0)?;
        set.append(&format.header())?;
        let mut writer = Self { set, number: 0, piece: Vec::with_capacity(PIECE_BYTES) };
        writer.frame(HEAD);
        writer.piece.extend(encode(head));
        writer.write()?;
        writer.frame(DATA);
        Ok(writer)
    }

    /// Adds a record, whose parts stand one behind the other. It is never divided between pieces.
    pub(crate) fn put(&mut self, parts: &[&[u8]]) -> Result<(), UtilityError> {
        let bytes: usize = parts.iter().map(|part| part.len()).sum();
        if self.piece.len() + bytes > PIECE_BYTES && self.piece.len() > FRAME_BYTES + 1 {
            self.write()?;
            self.frame(DATA);
        }
        parts.iter().for_each(|part| self.piece.extend_from_slice(part));
        Ok(())
    }

    /// Writes what is left and the tail, and makes all of it durable.
    pub(crate) fn end(mut self, tail: &impl Serialize) -> Result<(), UtilityError> {
        self.write()?;
        self.frame(TAIL);
        self.piece.extend(encode(tail));
        self.write()?;
        Ok(self.set.sync()?)
    }

    fn frame(&mut self, kind: u8) {
        self.piece.clear();
        self.piece.extend([0; FRAME_BYTES]);
        self.piece.push(kind);
    }

    fn write(&mut self) -> Result<(), UtilityError> {
        let content = &self.piece[FRAME_BYTES..];
        let (bytes, checksum) = (content.len() as u32, checksum(self.number, content));
        self.piece[..4].copy_from_slice(&bytes.to_be_bytes());
        self.piece[4..FRAME_BYTES].copy_from_slice(&checksum.to_be_bytes());
        self.number += 1;
        Ok(self.set.append(&self.piece)?)
    }
}

pub(crate) struct PieceReader<'s> {
    set: &'s dyn SequentialSet,
    what: &'static str,
    number: u64,
    /// Where the next piece begins.
    at: u64,
    piece: Vec<u8>,
}

impl<'s> PieceReader<'s> {
    /// Opens what a [`PieceWriter`] wrote, and gives its head.
    pub(crate) fn open<H: DeserializeOwned>(
        set: &'s dyn SequentialSet,
        format: &Format,
    ) -> Result<(Self, H), UtilityError> {
        let mut reader = Self { set, what: format.what, number: 0, at: 0, piece: Vec::new() };
        let mut header = [0; Format::HEADER_BYTES];
        reader.read(&mut header)?;
        format.open(&header).map_err(|error| reader.refuse(error.to_string()))?;
        let head = match reader.piece()? {
            HEAD => reader.decode()?,
            _ => return Err(reader.refuse("it has no head")),
        };
        Ok((reader, head))
    }

    /// The records of the next piece; none when only the tail is left.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>, UtilityError> {
        match self.piece()? {
            DATA => Ok(Some(&self.piece[1..])),
            TAIL => Ok(None),
            _ => Err(self.refuse("a piece is of an unknown kind")),
        }
    }

    /// The tail, after [`Self::next`] gave none.
    pub(crate) fn tail<T: DeserializeOwned>(&self) -> Result<T, UtilityError> {
        match self.at == self.set.byte_count() {
            true => self.decode(),
            false => Err(self.refuse("something follows its end")),
        }
    }

    pub(crate) fn refuse(&self, reason: impl Into<String>) -> UtilityError {
        UtilityError::Input { what: self.what, reason: reason.into() }
    }

    fn decode<T: DeserializeOwned>(&self) -> Result<T, UtilityError> {
        decode(self.what, &self.piece[1..]).map_err(|error| self.refuse(error.to_string()))
    }

    /// Reads a piece, and gives its kind.
    fn piece(&mut self) -> Result<u8, UtilityError> {
        let begins = self.at;
        let mut frame = [0; FRAME_BYTES];
        self.read(&mut frame)?;
        let [l0, l1, l2, l3, c0, c1, c2, c3] = frame;
        let bytes = u32::from_be_bytes([l0, l1, l2, l3]) as usize;
        if !(1..=PIECE_BYTES_MAX).contains(&bytes) {
            return Err(self.refuse(format!("it is damaged at byte {begins}")));
        }
        let mut piece = std::mem::take(&mut self.piece);
        piece.resize(bytes, 0);
        self.read(&mut piece)?;
        if checksum(self.number, &piece) != u32::from_be_bytes([c0, c1, c2, c3]) {
            return Err(self.refuse(format!("it is damaged at byte {begins}")));
        }
        self.number += 1;
        self.piece = piece;
        Ok(self.piece[0])
    }

    fn read(&mut self, into: &mut [u8]) -> Result<(), UtilityError> {
        let bytes = self.set.read(self.at, into)?;
        if bytes < into.len() {
            return Err(self.refuse(format!("it is cut off at byte {}", self.set.byte_count())));
        }
        self.at += bytes as u64;
        Ok(())
    }
}

fn checksum(number: u64, content: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&number.to_be_bytes());
    hasher.update(content);
    hasher.finalize()
}

/// Takes the first bytes of what is left.
pub(crate) fn take<'b>(rest: &mut &'b [u8], bytes: usize) -> Option<&'b [u8]> {
    let (taken, left) = rest.split_at_checked(bytes)?;
    *rest = left;
    Some(taken)
}

/// The fullword at the beginning of what is left.
pub(crate) fn take_fullword(rest: &mut &[u8]) -> Option<u32> {
    let (number, left) = rest.split_first_chunk::<4>()?;
    *rest = left;
    Some(u32::from_be_bytes(*number))
}
