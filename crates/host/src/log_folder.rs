//! The log in a folder: online log data sets in pairs, the archive, and the restart data set.
//!
//! ```text
//! DFSOLP00 DFSOLP01 DFSOLP02    the primaries, blocks in files of a fixed size
//! DFSOLS00 DFSOLS01 DFSOLS02    the secondaries
//! SLDS/                         the archive
//! RDS                           the checkpoints
//! ```
//!
//! The files of the online log are filled with zeros when they are made, so that a log that is written later needs neither
//! room nor a change of the file's size.

use crate::files::{BlockFile, KeyedFile, SegmentBounds, SegmentLog};
use crate::member::now;
use dasd::{BlockSet, DataSetError};
use logger::{Log, LogError, LogSets, Olds};
use std::path::Path;
use vocabulary::{Epoch, MemberName};

/// Bytes of a block: what a disk writes whole.
const BLOCK_BYTES: usize = 4096;
/// Bytes of a file of the archive.
const ARCHIVE_BYTES: u64 = 8 << 20;

/// In how many copies the online log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copies {
    /// Primaries only: single logging.
    One,
    /// Primaries and secondaries, of which one may be lost: dual logging.
    Two,
}

/// How large the online log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OldsSizes {
    /// Pairs of online log data sets.
    pub pairs: u32,
    /// Blocks of each data set.
    pub blocks: u32,
}

impl OldsSizes {
    /// What a short run needs: three pairs of 2 MiB.
    pub const SMALL: Self = Self { pairs: 3, blocks: 512 };

    /// Those of the log that is in a folder, if there is one.
    pub fn of_folder(folder: &Path) -> Option<Self> {
        let bytes =
            |at: u32| std::fs::metadata(folder.join(format!("DFSOLP{at:02}"))).ok().map(|file| file.len());
        let all: Vec<u64> = (0..100).map_while(bytes).collect();
        // The file begins with a header as long as a block.
        let blocks = (all.iter().min()? / BLOCK_BYTES as u64).checked_sub(1).filter(|&blocks| blocks > 0)?;
        Some(Self { pairs: all.len() as u32, blocks: u32::try_from(blocks).ok()? })
    }

    /// Pairs of so many MiB.
    pub fn of_mib(pairs: u32, mib: u32) -> Self {
        Self { pairs, blocks: mib.saturating_mul((1 << 20) / BLOCK_BYTES as u32) }
    }
}

/// Opens the log in a folder, in two copies. See [`open_log_in`].
///
/// # Errors
/// As there.
pub fn open_log(
    folder: &Path,
    subsystem: MemberName,
    epoch: Epoch,
    sizes: OldsSizes,
) -> Result<Log, LogError> {
    open_log_in(folder, subsystem, epoch, sizes, Copies::Two)
}

/// Opens the log in a folder, which is made when there is none. Each online log data set has so many blocks; one that is
/// there already keeps what it has.
///
/// # Errors
/// A folder that another process uses, and data sets that are damaged on both copies.
pub fn open_log_in(
    folder: &Path,
    subsystem: MemberName,
    epoch: Epoch,
    sizes: OldsSizes,
    copies: Copies,
) -> Result<Log, LogError> {
    std::fs::create_dir_all(folder)
        .map_err(|error| DataSetError::Io { set: folder.display().to_string(), reason: error.to_string() })?;
    let mut oldses = Vec::new();
    let OldsSizes { pairs, blocks: blocks_per_olds } = sizes;
    for at in 0..pairs {
        let mut pair = Vec::new();
        for copy in if copies == Copies::One { &["DFSOLP"][..] } else { &["DFSOLP", "DFSOLS"] } {
            let name = format!("{copy}{at:02}");
            let file = BlockFile::open(&folder.join(&name), BLOCK_BYTES)?;
            fill(&file, blocks_per_olds)?;
            pair.push((name, Box::new(file) as Box<dyn BlockSet>));
        }
        oldses.push(Olds::new(pair));
    }
    let bounds = SegmentBounds { segment_bytes: ARCHIVE_BYTES, cache_bytes: 0 };
    let sets = LogSets {
        oldses,
        blocks_per_olds,
        slds: Box::new(SegmentLog::open(&folder.join("SLDS"), bounds)?),
        rds: Box::new(open_rds(&folder.join("RDS"))),
    };
    Log::open(sets, subsystem, epoch, now())
}

/// A restart data set that can't be read is made anew: the log has the checkpoints too.
fn open_rds(path: &Path) -> KeyedFile {
    KeyedFile::open(path).unwrap_or_else(|_| KeyedFile::anew(path))
}

/// Writes zeros where the file ends early.
fn fill(file: &BlockFile, blocks: u32) -> Result<(), DataSetError> {
    let from = file.block_count();
    if from >= blocks {
        return Ok(());
    }
    let zeros = vec![0; BLOCK_BYTES];
    for block in from..blocks {
        file.write(file.admitted(), block, &zeros)?;
    }
    file.sync()
}
