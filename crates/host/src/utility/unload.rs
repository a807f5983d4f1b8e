//! `ims unload`: the segments of a database in a sequential file (DFSURGU0, HD unload).

use super::files::write_sequential;
use super::progress::Progress;
use super::{Definition, Failure, Place, counted, end, ended};
use crate::member::now;
use std::path::PathBuf;
use vocabulary::DbdName;

const UTILITY: &str = "DFSURGU0";

/// What is unloaded, and into what.
#[derive(Debug, clap::Args)]
pub struct UnloadArgs {
    #[command(flatten)]
    place: Place,

    /// The database
    #[arg(long, value_name = "NAME")]
    database: DbdName,

    /// The file that gets its segments
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

/// Unloads, and gives the return code: 0, 12 when nothing was unloaded.
pub fn run(args: &UnloadArgs) -> u8 {
    ended(UTILITY, args.database.as_str(), unload(args))
}

fn unload(args: &UnloadArgs) -> Result<u8, Failure> {
    let report = args.place.compile()?;
    let definition = Definition::of(&report, args.database)?;
    definition.existing(&args.place)?;
    let mut batch = args.place.start()?;
    batch.open(&report, &[args.database].into())?;
    let mut progress = Progress::begin(UTILITY, &args.database);
    let unloaded = write_sequential(&args.output, |file| {
        let told = &mut |count| progress.told(count, &"SEGMENTS");
        utilities::unload(&batch.engine, definition.dmb, now(), file, told)
    });
    progress.end(&counted(&unloaded?));
    Ok(end(&batch))
}
