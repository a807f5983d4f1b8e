//! `ims reload`: a database made anew of unloaded segments, with its DBD as it is now (DFSURGL0, HD reload).

use super::files::{Aside, open_sequential, sync};
use super::progress::Progress;
use super::{DataSetName, Definition, Failure, Place, counted, end, ended};
use crate::batch::{Batch, BatchError};
use crate::files::BlockFile;
use crate::member::now;
use dasd::SequentialSet;
use definitions::report::Report;
use dli::{DataSets, Engine, Settings};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use utilities::Count;
use vocabulary::DbdName;

const UTILITY: &str = "DFSURGL0";

/// What is reloaded, and from what.
#[derive(Debug, clap::Args)]
pub struct ReloadArgs {
    #[command(flatten)]
    place: Place,

    /// The database
    #[arg(long, value_name = "NAME")]
    database: DbdName,

    /// What `ims unload` wrote
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
}

/// Reloads, and gives the return code: 0, 12 when the database was not reloaded.
pub fn run(args: &ReloadArgs) -> u8 {
    ended(UTILITY, args.database.as_str(), reload(args))
}

fn reload(args: &ReloadArgs) -> Result<u8, Failure> {
    let report = args.place.compile()?;
    let definition = Definition::of(&report, args.database)?.in_one_piece()?;
    let input = open_sequential(&args.input)?;
    // The log is this process's alone from here on, and with it the data sets.
    let batch = args.place.start()?;
    let mut progress = Progress::begin(UTILITY, &args.database);
    let mut asides = Vec::new();
    for set in definition.data_sets() {
        asides.push((set, Aside::of(&args.place.data.join(set.dd.as_str()), "RELOAD")?));
    }
    let counts = load_aside(args, &batch, (&report, &definition), &asides, &input, &mut progress)?;
    take_places(args, &batch, &asides).map_err(|error| Failure { error, replacing: true })?;
    progress.end(&counted(&counts));
    tell_dbrc(&definition)?;
    Ok(end(&batch))
}

/// Loads data sets beside those that are there. Nothing of it is logged.
fn load_aside(
    args: &ReloadArgs,
    batch: &Batch,
    (report, definition): (&Report, &Definition<'_>),
    asides: &[(DataSetName, Aside)],
    input: &dyn SequentialSet,
    progress: &mut Progress<'_>,
) -> Result<Vec<Count>, BatchError> {
    let sets = || -> Result<DataSets, BatchError> {
        let mut sets = DataSets::new();
        for (set, aside) in asides {
            sets.insert(set.dd, Box::new(BlockFile::open(aside.is_at(), set.block_bytes)?));
        }
        Ok(sets)
    };
    let engine = Arc::new(Engine::new(Settings { buffers: args.place.buffers, ..Settings::default() }));
    let authorization = batch.authorization(args.database)?;
    let refused = |error: dli::OpenError| BatchError::Refused(error.message(&args.database));
    let (dmb, indexes) = (Arc::new(definition.dmb.clone()), definition.indexes.iter().copied());
    match batch.partitions_of(args.database).is_empty() {
        true => engine.open(&authorization, dmb, indexes, sets()?).map(drop).map_err(refused)?,
        false => batch.open_reorganized(&engine, report, args.database, sets)?,
    }
    let told = &mut |count| progress.told(count, &"SEGMENTS");
    let counts = utilities::reload(&engine, definition.dmb, input, told)?;
    if let Some(stray) = engine.strayed(&args.database).first() {
        return Err(BatchError::Wanted(stray.to_string()));
    }
    engine.close(&args.database).map_err(refused)?;
    Ok(counts)
}

fn take_places(args: &ReloadArgs, batch: &Batch, asides: &[(DataSetName, Aside)]) -> Result<(), BatchError> {
    let refused = |error: dli::OpenError| BatchError::Refused(error.message(&args.database));
    batch.engine.begin_replacing(args.database).map_err(refused)?;
    for (_, aside) in asides {
        aside.take_place()?;
    }
    sync(&args.place.data)?;
    batch.engine.end_replacing(args.database).map_err(refused)
}

/// After a reorganization each data set needs an image copy; DBRC keeps that in mind.
fn tell_dbrc(definition: &Definition<'_>) -> io::Result<()> {
    let mut output = io::stdout().lock();
    let run = now();
    for DataSetName { dbd, dd, .. } in definition.data_sets() {
        writeln!(output, "NOTIFY.REORG DBD({dbd}) DDN({dd}) RUNTIME('{run}')")?;
    }
    Ok(())
}
