//! `ims recover`: data sets from image copies, a change accumulation, and the log (DFSURDB0).
//!
//! All data sets of a database take their places before the log is read: until that is done the log says that the database is
//! being replaced. Where only some are recovered the others are whole, and those that come from copies are made whole beside
//! the old ones, before they take their places.

use super::files::{Aside, existing, open_sequential, sync};
use super::progress::Progress;
use super::{DataSetName, Definition, Failure, Place, end, ended};
use crate::batch::{Batch, BatchError, data_sets_in};
use crate::files::{BlockFile, SequentialFile};
use crate::member::now;
use dli::{DataSets, Opened, Restored};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use utilities::{Accumulation, CopyHead, UtilityError};
use vocabulary::{DbdName, DdName, Moment};

const UTILITY: &str = "DFSURDB0";
/// What a mark is said to be of.
const WHAT: &str = "image copy";

/// What is recovered, and from what.
#[derive(Debug, clap::Args)]
pub struct RecoverArgs {
    #[command(flatten)]
    place: Place,

    /// Image copies of the data sets that are recovered, of one database
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    image: Vec<PathBuf>,

    /// A change accumulation that has what was logged after the copies
    #[arg(long, value_name = "FILE")]
    accumulation: Option<PathBuf>,

    /// The moment to recover to, `yyyy.ddd hh:mm:ss.f`; the end of the log if left out
    #[arg(long, value_name = "MOMENT")]
    to: Option<Moment>,
}

/// Recovers, and gives the return code: 0, 12 when nothing was recovered.
pub fn run(args: &RecoverArgs) -> u8 {
    let copies = match copies(args) {
        Ok(copies) => copies,
        Err(error) => return ended(UTILITY, "?", Err(error.into())),
    };
    let database = copies[0].head.database;
    ended(UTILITY, database.as_str(), recover(args, database, &copies))
}

/// An image copy that was found to be one.
struct Copy {
    head: CopyHead,
    file: SequentialFile,
}

fn copies(args: &RecoverArgs) -> Result<Vec<Copy>, BatchError> {
    let mut copies: Vec<Copy> = Vec::new();
    for path in &args.image {
        let file = open_sequential(path)?;
        let head = utilities::read_copy_head(&file)?;
        let (dbd, dd) = (head.dbd, head.dd);
        if let Some(other) = copies.iter().find(|copy| copy.head.database != head.database) {
            let text = format!("the copies are of databases {} and {}", other.head.database, head.database);
            return Err(BatchError::Wanted(text));
        }
        if copies.iter().any(|copy| copy.head.dd == dd) {
            return Err(BatchError::Wanted(format!("there are two copies of data set {dd} of {dbd}")));
        }
        copies.push(Copy { head, file });
    }
    Ok(copies)
}

fn recover(args: &RecoverArgs, database: DbdName, copies: &[Copy]) -> Result<u8, Failure> {
    let report = args.place.compile()?;
    let definition = Definition::of(&report, database)?.in_one_piece()?;
    let all: Vec<DataSetName> = definition.data_sets().collect();
    copies.iter().try_for_each(|copy| check(&all, &copy.head))?;
    let is_all = all.iter().all(|set| copies.iter().any(|copy| copy.head.dd == set.dd));
    let accumulation = match &args.accumulation {
        Some(path) => Some(Accumulation::read(&open_sequential(path)?)?),
        None => None,
    };
    let batch = args.place.start()?;
    if !is_all {
        check_some(args, &batch, &definition, copies)?;
    }
    let restored = survey(args, &batch, copies, accumulation.as_ref())?;
    let mut progress = Progress::begin(UTILITY, &database);
    let mut asides = BTreeMap::new();
    for copy in copies {
        let aside = restore(args, copy, accumulation.as_ref(), &mut progress)?;
        asides.insert(copy.head.dd, aside);
    }
    let recovery = Recovery { args, batch: &batch, definition: &definition, restored };
    let opened = match is_all {
        true => recovery.replace(&asides).map_err(|error| Failure { error, replacing: true })?,
        false => recovery.beside(&asides)?,
    };
    let (redone, backed_out) = (opened.redone, opened.backed_out);
    let what = format!(
        "{} DATA SETS, {redone} CHANGES DONE AGAIN, {backed_out} UNITS OF WORK BACKED OUT",
        copies.len()
    );
    progress.end(&what);
    tell_dbrc(args, copies)?;
    Ok(end(&batch))
}

/// The DBD has that data set, and it has blocks of that size.
fn check(all: &[DataSetName], head: &CopyHead) -> Result<(), BatchError> {
    let CopyHead { dbd, dd, block_bytes, .. } = head;
    match all.iter().find(|set| (set.dbd, set.dd) == (*dbd, *dd)) {
        None => Err(BatchError::Wanted(format!("{dbd} has no data set {dd} in the definitions given"))),
        Some(set) if set.block_bytes != *block_bytes as usize => Err(BatchError::Wanted(format!(
            "the copy of data set {dd} has blocks of {block_bytes} bytes, and the DBD says {}. Use the DBD that it was copied with",
            set.block_bytes
        ))),
        Some(_) => Ok(()),
    }
}

/// What allows that some data sets are recovered and others stay.
fn check_some(
    args: &RecoverArgs,
    batch: &Batch,
    definition: &Definition<'_>,
    copies: &[Copy],
) -> Result<(), BatchError> {
    let missing = |set: &DataSetName| copies.iter().all(|copy| copy.head.dd != set.dd);
    let others: Vec<DataSetName> = definition.data_sets().filter(missing).collect();
    let names = others.iter().map(|set| set.dd.to_string()).collect::<Vec<_>>().join(", ");
    if args.to.is_some() {
        let text = format!("to a moment all data sets are recovered. Give copies of {names} too");
        return Err(BatchError::Wanted(text));
    }
    if batch.engine.is_replacing(&definition.dmb.name) {
        let text =
            format!("a reload or recovery ended early: all data sets are needed. Give copies of {names} too");
        return Err(BatchError::Wanted(text));
    }
    others.iter().try_for_each(|set| existing(&args.place.data.join(set.dd.as_str())))
}

/// What of the log is to be done, found out before anything is changed.
fn survey(
    args: &RecoverArgs,
    batch: &Batch,
    copies: &[Copy],
    accumulation: Option<&Accumulation>,
) -> Result<Restored, BatchError> {
    let mut first: Option<Restored> = None;
    for Copy { head, .. } in copies {
        if let Some(to) = args.to.filter(|to| *to < head.mark.stamp) {
            let stop = head.mark.stamp;
            return Err(UtilityError::TooLate { what: WHAT, stop, to }.into());
        }
        let after = match accumulation {
            Some(accumulation) => accumulation.after(head, args.to)?,
            None => None,
        };
        let mark = after.unwrap_or(head.mark);
        let restored = utilities::survey(batch.log(), &mark, WHAT, head.database, args.to)?;
        if first.as_ref().is_none_or(|first| restored.since < first.since) {
            first = Some(restored);
        }
    }
    first.ok_or_else(|| BatchError::Wanted("no image copy was given".into()))
}

/// Restores a data set beside the one that is there.
fn restore(
    args: &RecoverArgs,
    copy: &Copy,
    accumulation: Option<&Accumulation>,
    progress: &mut Progress<'_>,
) -> Result<Aside, BatchError> {
    let dd = copy.head.dd;
    let aside = Aside::of(&args.place.data.join(dd.as_str()), "RECOVER")?;
    let file = BlockFile::open(aside.is_at(), copy.head.block_bytes as usize)?;
    let told = &mut |count| progress.told(count, &format_args!("BLOCKS OF {dd} RESTORED"));
    utilities::restore(&copy.file, accumulation, &file, told)?;
    Ok(aside)
}

struct Recovery<'r> {
    args: &'r RecoverArgs,
    batch: &'r Batch,
    definition: &'r Definition<'r>,
    restored: Restored,
}

impl Recovery<'_> {
    /// All data sets come from copies.
    fn replace(&self, asides: &BTreeMap<DdName, Aside>) -> Result<Opened, BatchError> {
        let name = self.definition.dmb.name;
        self.batch.engine.begin_replacing(name).map_err(|error| self.refused(&error))?;
        self.take_places(asides)?;
        let sets = data_sets_in(&self.args.place.data, self.definition.dmb, &self.definition.indexes)?;
        let opened = self.open(sets)?;
        self.close()?;
        Ok(opened)
    }

    /// Some do; the others are used where they are.
    fn beside(&self, asides: &BTreeMap<DdName, Aside>) -> Result<Opened, BatchError> {
        let mut sets = DataSets::new();
        for DataSetName { dd, block_bytes, .. } in self.definition.data_sets() {
            let own = self.args.place.data.join(dd.as_str());
            let path = asides.get(&dd).map_or(own.as_path(), Aside::is_at);
            sets.insert(dd, Box::new(BlockFile::open(path, block_bytes)?));
        }
        let opened = self.open(sets)?;
        self.take_places(asides)?;
        self.close()?;
        Ok(opened)
    }

    fn open(&self, sets: DataSets) -> Result<Opened, BatchError> {
        let Definition { dmb, indexes } = self.definition;
        let authorization = self.batch.authorization(dmb.name)?;
        let opened = self.batch.engine.recover(
            &authorization,
            Arc::new((*dmb).clone()),
            indexes.iter().copied(),
            sets,
            &self.restored,
        );
        opened.map_err(|error| self.refused(&error))
    }

    fn take_places(&self, asides: &BTreeMap<DdName, Aside>) -> Result<(), BatchError> {
        asides.values().try_for_each(Aside::take_place)?;
        sync(&self.args.place.data)
    }

    fn close(&self) -> Result<(), BatchError> {
        self.batch.engine.close(&self.definition.dmb.name).map_err(|error| self.refused(&error))
    }

    fn refused(&self, error: &dli::OpenError) -> BatchError {
        BatchError::Refused(error.message(&self.definition.dmb.name))
    }
}

fn tell_dbrc(args: &RecoverArgs, copies: &[Copy]) -> io::Result<()> {
    let mut output = io::stdout().lock();
    let run = now();
    let to = args.to.map_or(String::new(), |to| format!(" RCVTIME('{to}')"));
    for CopyHead { dbd, dd, .. } in copies.iter().map(|copy| &copy.head) {
        writeln!(output, "NOTIFY.RECOV DBD({dbd}) DDN({dd}) RUNTIME('{run}'){to}")?;
    }
    Ok(())
}
