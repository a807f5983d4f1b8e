//! `ims initialize`: partitions of a HALDB become empty ones (DFSUPNT0, partition initialization).

use super::progress::Progress;
use super::{Failure, Place, end, ended};
use crate::batch::BatchError;
use vocabulary::DbdName;

const UTILITY: &str = "DFSUPNT0";

/// What is initialized.
#[derive(Debug, clap::Args)]
pub struct InitializeArgs {
    #[command(flatten)]
    place: Place,

    /// The HALDB, all of whose partitions are initialized that were not, or one of them
    #[arg(long, value_name = "NAME")]
    database: DbdName,
}

/// Initializes, and gives the return code: 0, 12 when a partition was not initialized.
pub fn run(args: &InitializeArgs) -> u8 {
    ended(UTILITY, args.database.as_str(), initialize(args))
}

fn initialize(args: &InitializeArgs) -> Result<u8, Failure> {
    let report = args.place.compile()?;
    let batch = args.place.start()?;
    let partitions = batch.partitions_of(args.database);
    if partitions.is_empty() {
        let text = format!("{} is neither a HALDB nor a partition of one", args.database);
        return Err(BatchError::Wanted(text).into());
    }
    for partition in partitions {
        let progress = Progress::begin(UTILITY, &partition);
        let done = batch.initialize(&report, partition)?;
        progress.end(&if done { "INITIALIZED" } else { "IT IS INITIALIZED ALREADY" });
    }
    Ok(end(&batch))
}
