//! The snapshot file.
//!
//! ```text
//! format header (10) | length of the position (4) | position | CRC-32 of the position (4)
//! block | block | …      length (4) | CRC-32 of the content (4) | content
//! end                    0 (4) | number of records (8) | CRC-32 of all before the end (4)
//! ```
//! A block's content is whole records: length of the key (4), key, length of the value (4), value. Numbers are
//! big-endian.

use crate::consensus::{
    format::{PositionRecord, invalid},
    machine::{Frozen, MachineRecord},
    types::SnapshotMeta,
};
use crate::files::fs::File;
use std::{
    io::{self, BufReader, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};
use vocabulary::encoding::Format;

const FORMAT: Format = Format { what: "snapshot", magic: *b"IMSPSNAP", version: 1 };

/// A block is written when it holds so many bytes.
const BLOCK_BYTES: usize = 64 << 10;

/// No block is longer, whatever a damaged length says: the longest record and its lengths fit.
const BLOCK_BYTES_MAX: u32 = 1 << 30;

/// A snapshot that lies in a file. The file stays readable through this when it is deleted meanwhile.
#[derive(Debug, Clone)]
pub(crate) struct SnapshotFile {
    pub(super) path: PathBuf,
    pub(in crate::consensus) file: Arc<File>,
    pub(in crate::consensus) position: PositionRecord,
    /// Removes a received file that nobody adopted.
    pub(super) _unadopted: Option<Arc<super::folder::RemoveOnDrop>>,
}

impl SnapshotFile {
    /// Opens a file and reads its position.
    pub(in crate::consensus) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let position = PositionRecord::from_bytes(&read_position(&mut Checked::new(&file))?)?;
        Ok(Self { path: path.into(), file: Arc::new(file), position, _unadopted: None })
    }

    pub(in crate::consensus) fn meta(&self) -> io::Result<SnapshotMeta> {
        self.position.meta()
    }

    pub(in crate::consensus) fn bytes(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// All records; the last item is an error when the file is damaged anywhere.
    pub(in crate::consensus) fn records(&self) -> io::Result<SnapshotRecords> {
        let mut input = Checked::new(BufReader::new(File::open(&self.path)?));
        read_position(&mut input)?;
        Ok(SnapshotRecords { input, block: Vec::new(), at: 0, count: 0, ended: false })
    }

    /// Reads all of it through.
    pub(super) fn verify(&self) -> io::Result<()> {
        self.records()?.try_for_each(|record| record.map(drop))
    }
}

/// Writes a snapshot of `frozen`.
pub(super) fn write(output: &mut dyn Write, frozen: Frozen) -> io::Result<()> {
    let mut output = Checked::new(output);
    let length = u32::try_from(frozen.position.len()).map_err(invalid)?;
    output.write_all(&FORMAT.header())?;
    output.write_all(&length.to_be_bytes())?;
    output.write_all(&frozen.position)?;
    output.write_all(&crc32fast::hash(&frozen.position).to_be_bytes())?;
    let (mut block, mut count) = (Vec::new(), 0u64);
    for record in frozen.records {
        let (key, value) = record?;
        for part in [key, value] {
            block.extend(u32::try_from(part.len()).map_err(invalid)?.to_be_bytes());
            block.extend(part);
        }
        count += 1;
        if block.len() >= BLOCK_BYTES {
            write_block(&mut output, &block)?;
            block.clear();
        }
    }
    if !block.is_empty() {
        write_block(&mut output, &block)?;
    }
    let crc = output.crc.clone().finalize();
    output.write_all(&0u32.to_be_bytes())?;
    output.write_all(&count.to_be_bytes())?;
    output.write_all(&crc.to_be_bytes())
}

fn write_block(output: &mut impl Write, block: &[u8]) -> io::Result<()> {
    let length = u32::try_from(block.len()).ok().filter(|&length| length <= BLOCK_BYTES_MAX);
    let length = length.ok_or_else(|| invalid("a record is too long for a snapshot"))?;
    output.write_all(&length.to_be_bytes())?;
    output.write_all(&crc32fast::hash(block).to_be_bytes())?;
    output.write_all(block)
}

fn read_position(input: &mut Checked<impl Read>) -> io::Result<Vec<u8>> {
    FORMAT.open(&input.array::<{ Format::HEADER_BYTES }>()?).map_err(invalid)?;
    let length = u32::from_be_bytes(input.array()?);
    let position = input.bytes(length)?;
    match crc32fast::hash(&position) == u32::from_be_bytes(input.array()?) {
        true => Ok(position),
        false => Err(invalid("the position of the snapshot has a wrong checksum")),
    }
}

/// The records of a snapshot, checked as they are read.
pub(in crate::consensus) struct SnapshotRecords {
    input: Checked<BufReader<File>>,
    block: Vec<u8>,
    /// How much of the block was taken.
    at: usize,
    count: u64,
    ended: bool,
}

impl Iterator for SnapshotRecords {
    type Item = io::Result<MachineRecord>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let record = self.read().transpose();
        self.ended = !matches!(record, Some(Ok(_)));
        record
    }
}

impl SnapshotRecords {
    fn read(&mut self) -> io::Result<Option<MachineRecord>> {
        if self.at == self.block.len() && !self.read_block()? {
            return Ok(None);
        }
        self.count += 1;
        Ok(Some((self.part()?, self.part()?)))
    }

    /// Reads the next block; at the end of the file, checks that it is the end.
    fn read_block(&mut self) -> io::Result<bool> {
        let whole = self.input.crc.clone().finalize();
        let length = u32::from_be_bytes(self.input.array()?);
        if length == 0 {
            let count = u64::from_be_bytes(self.input.array()?);
            let crc = u32::from_be_bytes(self.input.array()?);
            let more = self.input.inner.read(&mut [0])? > 0;
            return match count == self.count && crc == whole && !more {
                true => Ok(false),
                false => Err(invalid("the snapshot does not end as it was written")),
            };
        }
        let crc = u32::from_be_bytes(self.input.array()?);
        self.block = self.input.bytes(length)?;
        self.at = 0;
        match crc32fast::hash(&self.block) == crc {
            true => Ok(true),
            false => Err(invalid("a block of the snapshot has a wrong checksum")),
        }
    }

    fn part(&mut self) -> io::Result<Vec<u8>> {
        let rest = self.block.get(self.at..).unwrap_or_default();
        let cut = || invalid("a record of the snapshot does not end with its block");
        let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
        let length = u32::from_be_bytes(*length) as usize;
        let part = rest.get(..length).ok_or_else(cut)?.to_vec();
        self.at += 4 + length;
        Ok(part)
    }
}

/// Reads or writes, and keeps the checksum of all that passed.
struct Checked<T> {
    inner: T,
    crc: crc32fast::Hasher,
}

impl<T> Checked<T> {
    fn new(inner: T) -> Self {
        Self { inner, crc: crc32fast::Hasher::new() }
    }
}

impl<R: Read> Checked<R> {
    fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.inner.read_exact(&mut bytes)?;
        self.crc.update(&bytes);
        Ok(bytes)
    }

    /// As many bytes as `length` says, without believing it before they are there.
    fn bytes(&mut self, length: u32) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let length = u64::from(length.min(BLOCK_BYTES_MAX));
        if (&mut self.inner).take(length).read_to_end(&mut bytes)? as u64 != length {
            return Err(invalid("the snapshot is cut off"));
        }
        self.crc.update(&bytes);
        Ok(bytes)
    }
}

impl<W: Write> Write for Checked<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.crc.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
