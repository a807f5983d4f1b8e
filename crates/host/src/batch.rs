//! What programs do without a plex (batch): databases in a folder, definitions that are compiled on the way, and the log in
//! the folder `log` beside the data sets. What a run that was killed left is made good by the next one.

use crate::files::{BlockFile, SequentialFile};
use crate::log_folder::{OldsSizes, open_log};
use crate::member::now;
use crate::recon_deck;
use crate::remote_program::RemoteError;
use crate::sources::read_all;
use dasd::DataSetError;
use dbrc::{Access, Authorization, Recon, ShareLevel};
use definitions::acb::Dmb;
use definitions::model::dbd::Dbd;
use definitions::report::{Input, Report, generate};
use dli::{DataSets, Engine, RestartOwed, SequentialSets, Settings, block_bytes};
use logger::{CheckpointKind, Log, LogError, RestartKind};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;
use vocabulary::message::{LOG110I, LOG111W};
use vocabulary::{DbdName, Epoch, MemberName, Message, NameError, PsbName, Severity};

/// Return codes: something is not as expected, or waits; the run was ended early; nothing could be done.
pub(crate) const UNEQUAL: u8 = 4;
pub(crate) const ABORTED: u8 = 8;
pub(crate) const UNUSABLE: u8 = 12;

/// How exact the time of log records is.
const TIME_TOLD_EVERY: Duration = Duration::from_millis(5);

/// Why nothing was run, or the run could not end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BatchError {
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("{0}")]
    Sources(#[source] io::Error),
    #[error("the definitions have errors:\n{0}")]
    Definitions(String),
    #[error("PSB {0} is not among the definitions given")]
    NoPsb(PsbName),
    #[error("neither a folder nor a member is given")]
    NoPlace,
    #[error("DBD {0} is not among the definitions given")]
    NoDbd(DbdName),
    #[error("{0}")]
    DataSet(#[from] DataSetError),
    #[error("{0}")]
    Log(#[from] LogError),
    #[error("{0}")]
    Refused(Message),
    #[error("{0}")]
    Authorization(#[from] dbrc::Refusal),
    #[error("nothing since the last commit point is kept: {0}")]
    Commit(#[from] dli::CommitError),
    #[error("{0}")]
    Name(#[from] NameError),
    #[error("{0}")]
    Remote(#[from] RemoteError),
    #[error("the output can't be written: {0}")]
    Output(#[source] io::Error),
    #[error("{0}")]
    Utility(#[from] utilities::UtilityError),
    #[error("{path}, line {line}: {reason}")]
    Recon { path: PathBuf, line: usize, reason: String },
    #[error("{0}")]
    Wanted(String),
}

/// An engine on the log of a folder, with the databases that were opened in it.
pub(crate) struct Batch {
    pub(crate) engine: Arc<Engine>,
    log: Arc<Log>,
    /// What is registered of HALDBs.
    pub(crate) recon: Recon,
    owed: RestartOwed,
    pub(crate) folder: PathBuf,
    subsystem: MemberName,
    /// The databases that are open.
    pub(crate) databases: BTreeSet<DbdName>,
}

/// An error of the output; or of a member, whose program makes the calls.
impl From<io::Error> for BatchError {
    fn from(error: io::Error) -> Self {
        match error.downcast::<RemoteError>() {
            Ok(error) => Self::Remote(error),
            Err(error) => Self::Output(error),
        }
    }
}

impl Batch {
    /// With the log in the folder `log` of the data sets, and what a file of DBRC commands registers.
    pub(crate) fn start(folder: &Path, buffers: usize, recon: Option<&Path>) -> Result<Self, BatchError> {
        Self::start_on(folder, &folder.join("log"), buffers, recon)
    }

    /// With this log, which may be that of a member that is not running.
    pub(crate) fn start_on(
        folder: &Path,
        log: &Path,
        buffers: usize,
        recon: Option<&Path>,
    ) -> Result<Self, BatchError> {
        let recon = recon.map(recon_deck::read).transpose()?.unwrap_or_default();
        let subsystem = MemberName::new("BATCH")?;
        let sizes = OldsSizes::of_folder(log).unwrap_or(OldsSizes::SMALL);
        let log = Arc::new(open_log(log, subsystem, Epoch::default(), sizes)?);
        let settings = Settings { buffers, ..Settings::default() };
        let (engine, owed) = Engine::restart(settings, log.clone())?;
        let engine = Arc::new(engine);
        let (folder, databases) = (folder.to_path_buf(), BTreeSet::new());
        Ok(Self { engine, log, recon, owed, folder, subsystem, databases })
    }

    /// Opens the databases that are needed for this run alone, and those that a run which was killed had open, as far as
    /// their definitions are given: they are made whole. Says so, and which ones wait.
    pub(crate) fn open(&mut self, report: &Report, needed: &BTreeSet<DbdName>) -> Result<(), BatchError> {
        let needed = physical(report, needed);
        for dmb in report.logical_structures.values() {
            self.engine.define_logical(Arc::new(dmb.clone()));
        }
        for name in &needed {
            self.open_one(report, *name)?;
        }
        for name in self.owed.databases.clone() {
            // One that can't be made whole now waits, and is no reason not to run.
            let is_part = self.recon.haldb_of(&name).is_some_and(|(master, _)| needed.contains(&master));
            if report.dmbs.contains_key(&name)
                && !needed.contains(&name)
                && !is_part
                && let Err(error) = self.open_one(report, name)
            {
                complain(&error);
            }
        }
        if self.owed.kind == RestartKind::Emergency {
            self.engine.checkpoint(CheckpointKind::Simple)?;
        }
        self.log.take_messages().iter().for_each(complain);
        self.engine.not_recovered().iter().for_each(|name| complain(&LOG111W.with(&[name])));
        Ok(())
    }

    /// The log of the folder.
    pub(crate) fn log(&self) -> &Arc<Log> {
        &self.log
    }

    /// Closes a database that was opened.
    pub(crate) fn close(&mut self, name: &DbdName) -> Result<(), BatchError> {
        self.databases.remove(name);
        self.engine.close(name).map_err(|error| BatchError::Refused(error.message(name)))
    }

    /// The right to have a database alone.
    pub(crate) fn authorization(&self, name: DbdName) -> Result<Authorization, BatchError> {
        let mut recon = self.recon.clone();
        if recon.database(&name).is_none() {
            recon.register(name, ShareLevel::One);
        }
        Ok(recon.authorize(self.subsystem, name, Access::Exclusive)?)
    }

    fn open_one(&mut self, report: &Report, name: DbdName) -> Result<(), BatchError> {
        if let Some(dbd) = report.dbds.get(&name).filter(|dbd| dbd.is_gsam()) {
            return self.open_gsam(dbd);
        }
        let dmb = report.dmbs.get(&name).ok_or(BatchError::NoDbd(name))?;
        if dmb.access.is_haldb() || self.recon.haldb_of(&name).is_some() {
            return self.open_haldb(report, name);
        }
        let indexes: Vec<&Dmb> = dmb.indexes().filter_map(|index| report.dmbs.get(&index)).collect();
        let sets = data_sets_in(&self.folder, dmb, &indexes)?;
        let authorization = self.authorization(name)?;
        let opened = self.engine.open(&authorization, Arc::new(dmb.clone()), indexes, sets);
        let opened = opened.map_err(|error| BatchError::Refused(error.message(&name)))?;
        if opened.recovered {
            complain(&LOG110I.with(&[&name, &opened.redone, &opened.backed_out]));
        }
        self.databases.insert(name);
        Ok(())
    }

    fn open_gsam(&mut self, dbd: &Dbd) -> Result<(), BatchError> {
        let mut sets = SequentialSets::new();
        for dd in dbd.dd_names() {
            sets.insert(*dd, Box::new(SequentialFile::open(&self.folder.join(dd.as_str()))?));
        }
        let authorization = self.authorization(dbd.name)?;
        let opened = self.engine.open_gsam(&authorization, dbd, sets);
        opened.map_err(|error| BatchError::Refused(error.message(&dbd.name)))?;
        self.databases.insert(dbd.name);
        Ok(())
    }

    /// Databases that wait to be made whole.
    pub(crate) fn waits(&self) -> bool {
        !self.engine.not_recovered().is_empty()
    }

    /// Closes the databases, and takes a checkpoint: nothing is under way, unless a database waits.
    pub(crate) fn end(&self) -> Result<(), BatchError> {
        for name in &self.databases {
            self.engine.close(name).map_err(|error| BatchError::Refused(error.message(name)))?;
        }
        self.engine.checkpoint(if self.waits() { CheckpointKind::Simple } else { CheckpointKind::Freeze })?;
        let news = self.log.take_messages();
        news.iter().filter(|message| message.severity() > Severity::Information).for_each(complain);
        Ok(())
    }

    /// Lets go of what of the archived log no restart needs. Gives how many blocks went.
    pub(crate) fn trim_log(&self) -> Result<u64, BatchError> {
        Ok(self.log.trim(0)?)
    }
}

/// The physical databases that calls on some go into: those that a logical database is made of, and those that logical
/// relationships lead to.
fn physical(report: &Report, named: &BTreeSet<DbdName>) -> BTreeSet<DbdName> {
    let mut found = BTreeSet::new();
    let mut next: Vec<DbdName> = named.iter().map(|name| indexed_by(report, *name)).collect();
    while let Some(name) = next.pop() {
        let described = report.dmbs.get(&name).or_else(|| report.logical_structures.get(&name));
        if found.insert(name) {
            next.extend(described.into_iter().flat_map(Dmb::relatives));
        }
    }
    found.retain(|name| !report.logical_structures.contains_key(name));
    found
}

/// A secondary index is opened with the database that it is of.
fn indexed_by(report: &Report, name: DbdName) -> DbdName {
    let index = report.dmbs.get(&name).filter(|dmb| dmb.access.is_index());
    let target = index.and_then(|index| index.segments.first()?.index_target.as_ref());
    target.map_or(name, |target| target.dbd)
}

/// Runs something while the engine is told the time, so that each log record has its own, as a recovery to a moment needs it.
pub(crate) fn telling_time<T>(engine: &Engine, run: impl FnOnce() -> T) -> T {
    let (ended, end) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        // It ends when the sender is dropped, however the run ends.
        scope.spawn(move || {
            while end.recv_timeout(TIME_TOLD_EVERY) == Err(RecvTimeoutError::Timeout) {
                engine.tell(now());
            }
        });
        let _ended = ended;
        run()
    })
}

/// The data sets of a database, each a file that is called as its DD statement.
pub(crate) fn data_sets_in(folder: &Path, dmb: &Dmb, indexes: &[&Dmb]) -> Result<DataSets, DataSetError> {
    let mut sets = DataSets::new();
    for statement in [dmb].iter().chain(indexes).flat_map(|dmb| &dmb.data_sets) {
        if let Some(dd) = statement.dd1 {
            let file = BlockFile::open(&folder.join(dd.as_str()), block_bytes(statement))?;
            sets.insert(dd, Box::new(file));
        }
    }
    Ok(sets)
}

/// Compiles members, or all files of folders; a file of DBRC commands says which partitions there are.
pub(crate) fn compile<'p>(
    paths: impl IntoIterator<Item = &'p PathBuf>,
    recon: Option<&Path>,
) -> Result<Report, BatchError> {
    let sources = read_all(paths).map_err(BatchError::Sources)?;
    let inputs: Vec<Input<'_>> = sources.iter().map(|(name, bytes)| Input { name, bytes }).collect();
    let mut report = generate(&inputs);
    if let Some(path) = recon {
        recon_deck::add_partitions(&mut report, &recon_deck::read(path)?)?;
    }
    Ok(report)
}

pub(crate) fn failed(path: &Path, source: io::Error) -> BatchError {
    BatchError::File { path: path.to_path_buf(), source }
}

/// Tells an operator; standard output is for the run alone.
pub(crate) fn complain(message: &impl std::fmt::Display) {
    // Where stderr can't be written there is nobody to tell.
    let _ = writeln!(io::stderr(), "{message}");
}
