//! The utilities that reorganize and recover the databases of a folder, without a plex.
//!
//! A new data set is made aside, and takes the place of the old one when it is whole and durable: whatever ends a utility
//! before that leaves the database as it was. What DBRC has to be told of stands on standard output, as the commands that tell
//! it; progress is on standard error.

mod accumulate;
mod check;
mod copy;
mod files;
mod initialize;
mod progress;
mod recover;
mod reload;
mod unload;

pub use accumulate::{AccumulateArgs, run as accumulate};
pub use check::{CheckArgs, run as check};
pub use copy::{CopyArgs, run as copy};
pub use initialize::{InitializeArgs, run as initialize};
pub use recover::{RecoverArgs, run as recover};
pub use reload::{ReloadArgs, run as reload};
pub use unload::{UnloadArgs, run as unload};

use crate::batch::{ABORTED, Batch, BatchError, UNUSABLE, compile, complain};
use definitions::acb::Dmb;
use definitions::report::Report;
use std::path::PathBuf;
use utilities::Count;
use vocabulary::message::{UTIL103E, UTIL104E};
use vocabulary::{DbdName, DdName};

/// Where databases are, and their definitions.
#[derive(Debug, clap::Args)]
pub struct Place {
    /// The folder with the data sets
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,

    /// The folder with the log; `log` beside the data sets if left out. That of a member is `log` in its data folder, and the
    /// member is not running then
    #[arg(long, value_name = "FOLDER")]
    log: Option<PathBuf>,

    /// DBD source: members, or folders whose files are all taken
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    dbd: Vec<PathBuf>,

    /// Commands of DBRC that register partitions of HALDBs (INIT.DB, INIT.PART)
    #[arg(long, value_name = "FILE")]
    recon: Option<PathBuf>,

    /// How many blocks the buffer pool holds
    #[arg(long, default_value_t = 4000, value_name = "BLOCKS")]
    buffers: usize,
}

impl Place {
    fn compile(&self) -> Result<Report, BatchError> {
        compile(&self.dbd, self.recon.as_deref())
    }

    /// An engine on its log.
    fn start(&self) -> Result<Batch, BatchError> {
        let recon = self.recon.as_deref();
        match &self.log {
            Some(log) => {
                files::existing(&log.join("DFSOLP00"))?;
                Batch::start_on(&self.data, log, self.buffers, recon)
            }
            None => Batch::start(&self.data, self.buffers, recon),
        }
    }
}

/// What a database is defined as.
struct Definition<'r> {
    dmb: &'r Dmb,
    /// Of its indexes.
    indexes: Vec<&'r Dmb>,
}

/// A data set of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct DataSetName {
    /// The DBD that names it.
    dbd: DbdName,
    dd: DdName,
    block_bytes: usize,
}

impl<'r> Definition<'r> {
    fn of(report: &'r Report, name: DbdName) -> Result<Self, BatchError> {
        // Errors in other definitions are no reason not to run; without the DBD they may say why it is missing.
        let dmb = match report.dmbs.get(&name) {
            Some(dmb) => dmb,
            None if report.return_code() >= 8 => return Err(BatchError::Definitions(report.to_text())),
            None => return Err(BatchError::NoDbd(name)),
        };
        let indexes = dmb.indexes().map(|index| report.dmbs.get(&index).ok_or(BatchError::NoDbd(index)));
        Ok(Self { dmb, indexes: indexes.collect::<Result<_, _>>()? })
    }

    /// Refuses a HALDB: what is done with data sets is done partition by partition.
    fn in_one_piece(self) -> Result<Self, BatchError> {
        match self.dmb.access.is_haldb() {
            true => {
                Err(BatchError::Wanted(format!("{} is a HALDB. Name one of its partitions", self.dmb.name)))
            }
            false => Ok(self),
        }
    }

    /// Refuses a database of which a data set is missing: opening it would make an empty one.
    fn existing(&self, place: &Place) -> Result<(), BatchError> {
        self.data_sets().try_for_each(|set| files::existing(&place.data.join(set.dd.as_str())))
    }

    /// Its data sets, those of the indexes at the end.
    fn data_sets(&self) -> impl Iterator<Item = DataSetName> + '_ {
        std::iter::once(&self.dmb).chain(&self.indexes).flat_map(|dmb| {
            dmb.data_sets.iter().filter_map(|statement| {
                let block_bytes = dli::block_bytes(statement);
                // The primary index of a partition is no database of its own.
                let dbd = if dmb.access.is_index() { dmb.name } else { self.dmb.name };
                statement.dd1.map(|dd| DataSetName { dbd, dd, block_bytes })
            })
        })
    }
}

/// How a utility ended, on standard error, and its return code.
fn ended(utility: &str, database: &str, outcome: Result<u8, Failure>) -> u8 {
    match outcome {
        Ok(code) => code,
        // The work is done; only the commands for DBRC, or the report, did not get out.
        Err(Failure { error: error @ BatchError::Output(_), .. }) => {
            complain(&format!("ims: {error}"));
            ABORTED
        }
        Err(Failure { error, replacing: false }) => {
            complain(&UTIL103E.with(&[&utility, &database, &error]));
            UNUSABLE
        }
        Err(Failure { error, replacing: true }) => {
            complain(&UTIL104E.with(&[&utility, &database, &error]));
            UNUSABLE
        }
    }
}

/// Ends what was begun in the folder after the work is done, and gives the return code. What the utility wrote is whole,
/// whatever becomes of the checkpoint: the next one is taken from the log.
fn end(batch: &Batch) -> u8 {
    match batch.end() {
        Ok(()) => 0,
        Err(error) => {
            complain(&format!("ims: {error}"));
            ABORTED
        }
    }
}

/// Why a utility ended early.
struct Failure {
    error: BatchError,
    /// The data sets were about to be replaced, and the log says so.
    replacing: bool,
}

impl<E: Into<BatchError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { error: error.into(), replacing: false }
    }
}

/// What was unloaded or loaded, for standard error.
fn counted(counts: &[Count]) -> String {
    let all: u64 = counts.iter().map(|count| count.segments).sum();
    let bytes: u64 = counts.iter().map(|count| count.bytes).sum();
    let each = counts.iter().map(|count| format!("{} {}", count.segments, count.segment));
    format!("{all} SEGMENTS WITH {bytes} BYTES ({})", each.collect::<Vec<_>>().join(", "))
}
