//! `ims ddlt0`: runs a deck of DL/I calls against databases in a folder, without a plex (DFSDDLT0 in a batch region).
//!
//! Definitions are compiled on the way. Each data set is a file of the folder, called as its DD statement; a new one is
//! made empty. The log is in the folder `log` beside them: a run that was killed is made good by the next one, before it
//! does anything else. The run is one unit of work: what it changed since its last commit point is kept if it ends well, and
//! backed out if a comparison or an abend ends it.

use crate::files::BlockFile;
use crate::log_folder::open_log;
use dasd::DataSetError;
use dbrc::{Access, Recon, ShareLevel};
use definitions::acb::{Dmb, PcbBlock, PcbBlockKind, PsbBlock};
use definitions::report::{Input, Report, generate};
use dli::{DataSets, Engine, RestartOwed, Settings, block_bytes, ddlt0};
use logger::{CheckpointKind, Log, LogError, RestartKind};
use sci::named_file::{self, SOURCE_BYTES_MAX};
use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vocabulary::message::{LOG110I, LOG111W};
use vocabulary::{DbdName, Epoch, MemberName, Message, NameError, PsbName, Severity};
use walkdir::WalkDir;

/// Return codes: a comparison was unequal, the deck was ended early, nothing could be done.
const UNEQUAL: u8 = 4;
const ABORTED: u8 = 8;
const UNUSABLE: u8 = 12;
/// Blocks of an online log data set: 2 MiB.
const BLOCKS_PER_OLDS: u32 = 512;
/// The longest deck, in bytes.
const DECK_BYTES_MAX: u64 = 256 << 20;

/// What is run, and on what.
#[derive(Debug, clap::Args)]
pub struct Ddlt0Args {
    /// The PSB that the calls are made with
    #[arg(long, value_name = "NAME")]
    psb: PsbName,

    /// The folder with the data sets
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,

    /// DBD source: members, or folders whose files are all taken
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    dbd: Vec<PathBuf>,

    /// PSB source: members, or folders whose files are all taken
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    psb_source: Vec<PathBuf>,

    /// The deck; standard input if left out
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,

    /// How many blocks the buffer pool holds
    #[arg(long, default_value_t = 1000, value_name = "BLOCKS")]
    buffers: usize,

    /// Check every pointer of the databases afterwards
    #[arg(long)]
    check: bool,
}

/// Why nothing was run, or the run could not end.
#[derive(Debug, thiserror::Error)]
enum Ddlt0Error {
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("the definitions have errors:\n{0}")]
    Definitions(String),
    #[error("PSB {0} is not among the definitions given")]
    NoPsb(PsbName),
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
    #[error("the output can't be written: {0}")]
    Output(#[from] io::Error),
}

/// Runs a deck, and gives the return code: 0, 4 when a comparison was unequal, 8 when the deck was ended early, 12 when
/// nothing could be run.
pub fn run(args: &Ddlt0Args) -> u8 {
    match run_deck(args) {
        Ok(code) => code,
        // A reader who went away has read enough.
        Err(Ddlt0Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => 0,
        Err(error) => {
            // Where stderr can't be written there is nobody to tell.
            let _ = writeln!(io::stderr(), "ims: {error}");
            UNUSABLE
        }
    }
}

fn run_deck(args: &Ddlt0Args) -> Result<u8, Ddlt0Error> {
    let report = compile(args)?;
    let psb = report.psb_blocks.get(&args.psb).ok_or(Ddlt0Error::NoPsb(args.psb))?;
    let deck = read_deck(args.input.as_deref())?;
    let batch = MemberName::new("BATCH")?;
    let log = Arc::new(open_log(&args.data.join("log"), batch, Epoch::default(), BLOCKS_PER_OLDS)?);
    let settings = Settings { buffers: args.buffers, ..Settings::default() };
    let (engine, owed) = Engine::restart(settings, log.clone())?;
    let engine = Arc::new(engine);
    let databases = open_databases(args, &report, psb, (&engine, &owed), batch)?;
    if owed.kind == RestartKind::Emergency {
        engine.checkpoint(CheckpointKind::Simple)?;
    }
    tell(&log, &engine);
    let outcome = run_program(&engine, psb, &deck, &databases);
    let mut output = io::stdout().lock();
    let mut sound = true;
    for name in databases.iter().filter(|_| args.check) {
        for finding in engine.check(name) {
            sound = false;
            writeln!(output, "{name}: {finding}")?;
        }
    }
    for name in &databases {
        engine.close(name).map_err(|error| Ddlt0Error::Refused(error.message(name)))?;
    }
    let nothing_waits = engine.not_recovered().is_empty();
    engine.checkpoint(if nothing_waits { CheckpointKind::Freeze } else { CheckpointKind::Simple })?;
    for message in log.take_messages().iter().filter(|message| message.severity() > Severity::Information) {
        complain(message);
    }
    Ok(if sound { outcome? } else { ABORTED })
}

/// Says what became of the log, and which databases wait to be made whole. Standard output is for the deck alone.
fn tell(log: &Log, engine: &Engine) {
    log.take_messages().iter().for_each(complain);
    for name in engine.not_recovered() {
        complain(&LOG111W.with(&[&name]));
    }
}

fn complain(message: &Message) {
    // Where stderr can't be written there is nobody to tell.
    let _ = writeln!(io::stderr(), "{message}");
}

fn run_program(
    engine: &Arc<Engine>,
    psb: &PsbBlock,
    deck: &[u8],
    databases: &BTreeSet<DbdName>,
) -> Result<u8, Ddlt0Error> {
    let mut program = engine.schedule(psb).map_err(|error| Ddlt0Error::Refused(error.message(&psb.name)))?;
    let mut output = BufWriter::new(io::stdout().lock());
    let summary = ddlt0::run(&mut program, psb.io_area_bytes as usize, deck, &mut output)?;
    if !summary.aborted {
        program.commit()?;
    }
    drop(program);
    let mut stopped = false;
    for message in databases.iter().filter_map(|name| engine.stop_message(name)) {
        stopped = true;
        writeln!(output, "{message}")?;
    }
    output.flush()?;
    Ok(match () {
        () if summary.aborted || stopped => ABORTED,
        () if summary.unequal > 0 => UNEQUAL,
        () => 0,
    })
}

fn compile(args: &Ddlt0Args) -> Result<Report, Ddlt0Error> {
    let mut sources = Vec::new();
    for path in args.dbd.iter().chain(&args.psb_source) {
        read_sources(path, &mut sources)?;
    }
    let inputs: Vec<Input<'_>> = sources.iter().map(|(name, bytes)| Input { name, bytes }).collect();
    let report = generate(&inputs);
    match report.psb_blocks.contains_key(&args.psb) {
        true => Ok(report),
        // Errors elsewhere are no reason not to run; without the PSB they may say why it is missing.
        false if report.return_code() >= 8 => Err(Ddlt0Error::Definitions(report.to_text())),
        false => Err(Ddlt0Error::NoPsb(args.psb)),
    }
}

fn read_sources(path: &Path, sources: &mut Vec<(String, Vec<u8>)>) -> Result<(), Ddlt0Error> {
    for entry in WalkDir::new(path).sort_by_file_name() {
        let entry = entry.map_err(|error| failed(path, error.into()))?;
        let hidden = entry.depth() > 0 && entry.file_name().as_encoded_bytes().starts_with(b".");
        // What is named is read or refused; of a folder only what is a file is meant.
        let meant = entry.file_type().is_file() || (entry.depth() == 0 && !entry.file_type().is_dir());
        if meant && !hidden {
            let read = named_file::read(entry.path(), SOURCE_BYTES_MAX);
            let bytes = read.map_err(|error| failed(entry.path(), error))?;
            sources.push((entry.path().display().to_string(), bytes));
        }
    }
    Ok(())
}

fn read_deck(input: Option<&Path>) -> Result<Vec<u8>, Ddlt0Error> {
    match input {
        Some(path) => named_file::read(path, DECK_BYTES_MAX).map_err(|error| failed(path, error)),
        None => named_file::read_from(io::stdin().lock(), DECK_BYTES_MAX)
            .map_err(|error| failed(Path::new("standard input"), error)),
    }
}

fn failed(path: &Path, source: io::Error) -> Ddlt0Error {
    Ddlt0Error::File { path: path.to_path_buf(), source }
}

/// Opens every database of the PSB for this run alone, and those that a run which was killed had open, as far as their
/// definitions are given.
fn open_databases(
    args: &Ddlt0Args,
    report: &Report,
    psb: &PsbBlock,
    (engine, owed): (&Engine, &RestartOwed),
    batch: MemberName,
) -> Result<BTreeSet<DbdName>, Ddlt0Error> {
    let used = |pcb: &PcbBlock| match &pcb.kind {
        PcbBlockKind::Db(db) => Some(db.dbd),
        _ => None,
    };
    let mut names: BTreeSet<DbdName> = psb.pcbs.iter().filter_map(used).collect();
    for name in &names {
        open_database(args, report, engine, *name, batch)?;
    }
    for name in owed.databases.iter().filter(|name| report.dmbs.contains_key(name)) {
        // One that can't be made whole now waits, and is no reason not to run.
        if !names.contains(name) && open_database(args, report, engine, *name, batch).is_ok() {
            names.insert(*name);
        }
    }
    Ok(names)
}

fn open_database(
    args: &Ddlt0Args,
    report: &Report,
    engine: &Engine,
    name: DbdName,
    batch: MemberName,
) -> Result<(), Ddlt0Error> {
    let dmb = report.dmbs.get(&name).ok_or(Ddlt0Error::NoDbd(name))?;
    let index = dmb.primary_index.as_ref().and_then(|index| report.dmbs.get(&index.dbd));
    let sets = data_sets(&args.data, dmb, index)?;
    let mut recon = Recon::new();
    recon.register(name, ShareLevel::One);
    let authorization = recon.authorize(batch, name, Access::Exclusive)?;
    let opened = engine.open(&authorization, Arc::new(dmb.clone()), index, sets);
    let opened = opened.map_err(|error| Ddlt0Error::Refused(error.message(&name)))?;
    if opened.recovered {
        complain(&LOG110I.with(&[&name, &opened.redone, &opened.backed_out]));
    }
    Ok(())
}

fn data_sets(folder: &Path, dmb: &Dmb, index: Option<&Dmb>) -> Result<DataSets, Ddlt0Error> {
    let mut sets = DataSets::new();
    for statement in [Some(dmb), index].into_iter().flatten().flat_map(|dmb| &dmb.data_sets) {
        if let Some(dd) = statement.dd1 {
            let file = BlockFile::open(&folder.join(dd.as_str()), block_bytes(statement))?;
            sets.insert(dd, Box::new(file));
        }
    }
    Ok(sets)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DBD: &str = " DBD NAME=ACCTDB,ACCESS=HDAM,RMNAME=(DFSHDC40,2,10)
 DATASET DD1=ACCTDD,SIZE=1024
 SEGM NAME=ACCOUNT,PARENT=0,BYTES=20
 FIELD NAME=(NUMBER,SEQ,U),BYTES=4,START=1
 DBDGEN
";
    const PSBS: &str = " PCB TYPE=DB,DBDNAME=ACCTDB,PROCOPT=L,KEYLEN=4
 SENSEG NAME=ACCOUNT,PARENT=0
 PSBGEN PSBNAME=LOADER
 PCB TYPE=DB,DBDNAME=ACCTDB,PROCOPT=A,KEYLEN=4
 SENSEG NAME=ACCOUNT,PARENT=0
 PSBGEN PSBNAME=TELLER
";
    const QUIET: &str = "S              ACCTDB\n";
    const GET: &str = "L        GU    ACCOUNT (NUMBER  = 0002)\n";

    /// A folder with definitions, and what runs decks there.
    fn runner(folder: &Path) -> impl Fn(&str, &str) -> u8 + '_ {
        std::fs::write(folder.join("acct.dbd"), DBD).unwrap();
        std::fs::write(folder.join("acct.psb"), PSBS).unwrap();
        move |psb, deck| {
            let input = folder.join("deck");
            std::fs::write(&input, format!("{QUIET}{deck}")).unwrap();
            run(&Ddlt0Args {
                psb: PsbName::new(psb).unwrap(),
                data: folder.join("data"),
                dbd: vec![folder.join("acct.dbd")],
                psb_source: vec![folder.join("acct.psb")],
                input: Some(input),
                buffers: 20,
                check: true,
            })
        }
    }

    #[test]
    fn what_a_deck_did_is_there_for_the_next_one_unless_it_was_ended_early() {
        let folder = tempfile::tempdir().unwrap();
        let run = runner(folder.path());
        let load = "L        ISRT  ACCOUNT\nL        DATA  0001 ADA\nL        ISRT  ACCOUNT\nL        DATA  0002 BLAISE\n";
        assert_eq!(run("LOADER", load), 0);
        assert_eq!(
            run("TELLER", &format!("{GET}E      OK\nE        DATA  0002 BLAISE\n")),
            0,
            "it was loaded"
        );
        assert_eq!(run("TELLER", &format!("{GET}E      GE\n")), UNEQUAL);
        let delete = "L        GHU   ACCOUNT (NUMBER  = 0002)\nL        DLET\n";
        assert_eq!(run("TELLER", &format!("{delete}{GET}E 8    OK\n")), ABORTED, "the delete is backed out");
        assert_eq!(run("TELLER", &format!("{GET}E      OK\n")), 0, "the account is there still");
        assert_eq!(run("TELLER", delete), 0);
        assert_eq!(run("TELLER", &format!("{GET}E      GE\n")), 0, "now it is gone");
        assert_eq!(run("NOBODY", GET), UNUSABLE);
        std::fs::write(folder.path().join("data/ACCTDD"), "no data set").unwrap();
        assert_eq!(run("TELLER", GET), UNUSABLE);
    }
}
