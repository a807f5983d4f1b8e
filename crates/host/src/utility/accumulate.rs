//! `ims accumulate`: what the log changed in databases, block by block (DFSUCUM0, change accumulation).

use super::files::{open_sequential, write_sequential};
use super::progress::Progress;
use super::{Definition, Failure, Place, end, ended};
use crate::batch::BatchError;
use crate::member::now;
use definitions::model::dbd::Access;
use definitions::report::Report;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::PathBuf;
use utilities::{Accumulation, LogMark};
use vocabulary::{DbdName, GroupName};

const UTILITY: &str = "DFSUCUM0";

/// What is accumulated, and into what.
#[derive(Debug, clap::Args)]
pub struct AccumulateArgs {
    #[command(flatten)]
    place: Place,

    /// The databases; all that are defined if left out
    #[arg(long, num_args = 1.., value_name = "NAME")]
    database: Vec<DbdName>,

    /// An accumulation from before, that this one goes on from; without it the log is read from its beginning
    #[arg(long, value_name = "FILE")]
    previous: Option<PathBuf>,

    /// The CAGRP that DBRC knows the databases by
    #[arg(long, value_name = "NAME")]
    group: Option<GroupName>,

    /// The file that gets the accumulation. Its name is a data set name where DBRC is told of it
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

/// Accumulates, and gives the return code: 0, 12 when nothing was accumulated.
pub fn run(args: &AccumulateArgs) -> u8 {
    ended(UTILITY, "(ALL)", accumulate(args))
}

fn accumulate(args: &AccumulateArgs) -> Result<u8, Failure> {
    let report = args.place.compile()?;
    let names = names(&report, &args.database);
    let mut sizes = std::collections::BTreeMap::new();
    for name in names {
        let sets = Definition::of(&report, name)?;
        sizes.insert(name, sets.data_sets().map(|set| (set.dd, set.block_bytes as u32)).collect());
    }
    let previous = match &args.previous {
        Some(path) => Some(Accumulation::read(&open_sequential(path)?)?),
        None => None,
    };
    let mut batch = args.place.start()?;
    // What was open when a run was killed is made whole first: the changes of a unit of work are never divided.
    batch.open(&report, &BTreeSet::new())?;
    for name in batch.databases.clone() {
        batch.close(&name)?;
    }
    if let Some(waiting) = batch.engine.not_recovered().iter().find(|name| sizes.contains_key(*name)) {
        let text = format!("database {waiting} waits to be made whole. Recover it, or leave it out");
        return Err(BatchError::Wanted(text).into());
    }
    let from = LogMark::oldest(batch.log())?;
    let all = "(ALL)";
    let mut progress = Progress::begin(UTILITY, &all);
    let told = &mut |count| progress.told(count, &"LOG RECORDS");
    let accumulation = utilities::accumulate(batch.log(), from, previous, sizes, now(), told)?;
    write_sequential(&args.output, |file| accumulation.write(file))?;
    let (head, blocks) = (&accumulation.head, accumulation.block_count());
    let span = format!("LOG RECORDS {} TO {}", head.from.sequence, head.to.sequence);
    progress.end(&format_args!("{blocks} BLOCKS CHANGED BY {span}"));
    tell_dbrc(args, &accumulation)?;
    Ok(end(&batch))
}

/// The databases that have a log: none of GSAM, no index of another.
fn names(report: &Report, wanted: &[DbdName]) -> BTreeSet<DbdName> {
    let logged = report.dmbs.values().filter(|dmb| matches!(dmb.access, Access::Hdam | Access::Hidam));
    if wanted.is_empty() { logged.map(|dmb| dmb.name).collect() } else { wanted.iter().copied().collect() }
}

fn tell_dbrc(args: &AccumulateArgs, accumulation: &Accumulation) -> io::Result<()> {
    let Some(group) = args.group else { return Ok(()) };
    let (run, stop) = (accumulation.head.run, accumulation.head.to.stamp);
    let dsn = args.output.file_name().unwrap_or_default().to_string_lossy();
    let mut output = io::stdout().lock();
    writeln!(output, "NOTIFY.CA GRPNAME({group}) RUNTIME('{run}') STOPTIME('{stop}') CADSN({dsn})")
}
