//! `ims check`: every pointer of databases is followed, and every byte accounted for (the pointer checker).

use super::progress::Progress;
use super::{Definition, Failure, Place, end, ended};
use crate::batch::ABORTED;
use std::io::{self, Write};
use vocabulary::DbdName;

const UTILITY: &str = "POINTER CHECK";

/// What is checked.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    #[command(flatten)]
    place: Place,

    /// The databases
    #[arg(long, required = true, num_args = 1.., value_name = "NAME")]
    database: Vec<DbdName>,
}

/// Checks, and gives the return code: 0, 8 when something was found, 12 when nothing could be checked.
pub fn run(args: &CheckArgs) -> u8 {
    let names = args.database.iter().map(DbdName::as_str).collect::<Vec<_>>().join(", ");
    ended(UTILITY, &names, check(args))
}

fn check(args: &CheckArgs) -> Result<u8, Failure> {
    let report = args.place.compile()?;
    for name in &args.database {
        Definition::of(&report, *name)?.existing(&args.place)?;
    }
    let mut batch = args.place.start()?;
    batch.open(&report, &args.database.iter().copied().collect())?;
    let mut output = io::stdout().lock();
    let mut sound = true;
    for name in &args.database {
        let progress = Progress::begin(UTILITY, name);
        let inspection = batch.engine.inspect(name);
        write!(output, "{inspection}")?;
        sound &= inspection.findings.is_empty();
        progress.end(&format_args!("{} FINDINGS", inspection.findings.len()));
    }
    Ok(if sound { end(&batch) } else { end(&batch).max(ABORTED) })
}
