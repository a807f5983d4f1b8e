//! `ims backout`: makes databases in a folder whole after a run that was killed, and runs nothing (DFSBBO00, batch backout).
//!
//! What the log says and a data set lacks is done again, and what was not committed is taken back. The next `ims ddlt0` in
//! the folder does the same for the databases whose definitions it is given; this is for those that it is not, and for
//! whoever wants to copy or read the data sets first.

use crate::batch::{ABORTED, Batch, BatchError, UNEQUAL, UNUSABLE, compile, complain};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Where, and with which definitions.
#[derive(Debug, clap::Args)]
pub struct BackoutArgs {
    /// The folder with the data sets
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,

    /// DBD source: members, or folders whose files are all taken
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    dbd: Vec<PathBuf>,

    /// Commands of DBRC that register partitions of HALDBs (INIT.DB, INIT.PART)
    #[arg(long, value_name = "FILE")]
    recon: Option<PathBuf>,

    /// How many blocks the buffer pool holds
    #[arg(long, default_value_t = 1000, value_name = "BLOCKS")]
    buffers: usize,

    /// Delete what of the archived log no restart needs any more
    #[arg(long)]
    trim_log: bool,
}

/// Backs out, and gives the return code: 0, 4 when a database waits still, 12 when nothing could be done.
pub fn run(args: &BackoutArgs) -> u8 {
    match back_out(args) {
        Ok(code) => code,
        Err(error) => {
            complain(&format!("ims: {error}"));
            UNUSABLE
        }
    }
}

fn back_out(args: &BackoutArgs) -> Result<u8, BatchError> {
    let report = compile(&args.dbd, args.recon.as_deref())?;
    // Errors are no reason not to run; they may say why a database waits.
    if report.return_code() >= ABORTED {
        complain(&report.to_text());
    }
    let mut batch = Batch::start(&args.data, args.buffers, args.recon.as_deref())?;
    batch.open(&report, &BTreeSet::new())?;
    batch.end()?;
    if args.trim_log {
        batch.trim_log()?;
    }
    Ok(if batch.waits() { UNEQUAL } else { 0 })
}
