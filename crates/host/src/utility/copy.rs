//! `ims copy`: image copies of the data sets of a database (DFSUDMP0).

use super::files::{sync, write_sequential};
use super::progress::Progress;
use super::{DataSetName, Definition, Failure, Place, end, ended};
use crate::batch::{BatchError, failed};
use crate::files::BlockFile;
use crate::member::now;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use utilities::{CopyHead, LogMark};
use vocabulary::{DbdName, DdName, Moment};

const UTILITY: &str = "DFSUDMP0";

/// What is copied, and where to.
#[derive(Debug, clap::Args)]
pub struct CopyArgs {
    #[command(flatten)]
    place: Place,

    /// The database
    #[arg(long, value_name = "NAME")]
    database: DbdName,

    /// The data sets; all of them if left out
    #[arg(long, num_args = 1.., value_name = "DDNAME")]
    dd: Vec<DdName>,

    /// The folder that gets the copies. Each is called as its database, its data set and the time
    #[arg(long, value_name = "FOLDER")]
    output: PathBuf,
}

/// Copies, and gives the return code: 0, 12 when not every data set was copied.
pub fn run(args: &CopyArgs) -> u8 {
    ended(UTILITY, args.database.as_str(), copy(args))
}

fn copy(args: &CopyArgs) -> Result<u8, Failure> {
    let report = args.place.compile()?;
    let definition = Definition::of(&report, args.database)?.in_one_piece()?;
    let wanted = wanted(&definition, &args.dd)?;
    definition.existing(&args.place)?;
    fs::create_dir_all(&args.output).map_err(|error| failed(&args.output, error))?;
    let mut batch = args.place.start()?;
    // What a run that was killed left is made good, and the data sets have all that was logged.
    batch.open(&report, &[args.database].into())?;
    batch.close(&args.database)?;
    let mark = LogMark::last(batch.log())?;
    let mut commands = Vec::new();
    for set in wanted {
        commands.push(copy_one(args, set, mark)?);
    }
    sync(&args.output)?;
    let mut output = io::stdout().lock();
    for command in commands {
        writeln!(output, "{command}")?;
    }
    Ok(end(&batch))
}

fn wanted(definition: &Definition<'_>, dds: &[DdName]) -> Result<Vec<DataSetName>, BatchError> {
    let all: Vec<DataSetName> = definition.data_sets().collect();
    let one = |dd: &DdName| {
        let found = all.iter().find(|set| set.dd == *dd).copied();
        let database = definition.dmb.name;
        found.ok_or_else(|| BatchError::Wanted(format!("database {database} has no data set {dd}")))
    };
    if dds.is_empty() { Ok(all.clone()) } else { dds.iter().map(one).collect() }
}

/// Makes a copy, and gives the command that tells DBRC of it.
fn copy_one(args: &CopyArgs, set: DataSetName, mark: LogMark) -> Result<String, BatchError> {
    let DataSetName { dbd, dd, block_bytes } = set;
    let run = now();
    let dsn = data_set_name(set, run);
    let path = args.output.join(&dsn);
    if path.exists() {
        return Err(BatchError::Wanted(format!("{} is there already", path.display())));
    }
    let mut progress = Progress::begin(UTILITY, &args.database);
    let head = CopyHead { database: args.database, dbd, dd, block_bytes: block_bytes as u32, run, mark };
    let file = BlockFile::open(&args.place.data.join(dd.as_str()), block_bytes)?;
    let copied = write_sequential(&path, |into| {
        let told = &mut |count| progress.told(count, &format_args!("BLOCKS OF {dd}"));
        utilities::copy_data_set(&file, &head, into, told)
    })?;
    progress.end(&format_args!("{} BLOCKS OF DATA SET {dd} IN {dsn}", copied.blocks));
    let blocks = copied.blocks;
    Ok(format!("NOTIFY.IC DBD({dbd}) DDN({dd}) RUNTIME('{run}') ICDSN({dsn}) BATCH RECDCT({blocks})"))
}

/// What a copy is called: `CUSTDB.CUSTDD.D2026100.T101112`.
fn data_set_name(set: DataSetName, run: Moment) -> String {
    let digits: String = run.to_string().chars().filter(char::is_ascii_digit).collect();
    let (date, time) = (digits.get(..7).unwrap_or_default(), digits.get(7..13).unwrap_or_default());
    format!("{}.{}.D{date}.T{time}", set.dbd, set.dd)
}
