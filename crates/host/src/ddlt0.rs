//! `ims ddlt0`: runs a deck of DL/I calls (DFSDDLT0), as a batch region against databases in a folder, or as a program of a
//! member.
//!
//! In a batch region definitions are compiled on the way. Each data set is a file of the folder, called as its DD statement;
//! a new one is made empty. The log is in the folder `log` beside them: a run that was killed is made good by the next one,
//! before it does anything else. A member has its own definitions, databases and log. In either case the run is one unit of
//! work: what it changed since its last commit point is kept if it ends well, and backed out if a comparison or an abend
//! ends it.

use crate::batch::{ABORTED, Batch, BatchError, UNEQUAL, UNUSABLE, compile, complain, failed, telling_time};
use crate::remote_program::{MemberArgs, RemoteRegion};
use definitions::acb::{PcbBlock, PcbBlockKind, PsbBlock};
use definitions::report::Report;
use dli::{Engine, ddlt0};
use sci::{IdentityFiles, named_file};
use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vocabulary::{DbdName, PsbName};

/// The longest deck, in bytes.
const DECK_BYTES_MAX: u64 = 256 << 20;

/// What is run, and on what.
#[derive(Debug, clap::Args)]
pub struct Ddlt0Args {
    /// The PSB that the calls are made with
    #[arg(long, value_name = "NAME")]
    psb: PsbName,

    #[command(flatten)]
    member: MemberArgs,

    /// The folder with the data sets
    #[arg(long, value_name = "FOLDER", required_unless_present = "member", conflicts_with = "member")]
    data: Option<PathBuf>,

    /// DBD source: members, or folders whose files are all taken
    #[arg(long, required_unless_present = "member", conflicts_with = "member", num_args = 1.., value_name = "PATH")]
    dbd: Vec<PathBuf>,

    /// PSB source: members, or folders whose files are all taken
    #[arg(long, required_unless_present = "member", conflicts_with = "member", num_args = 1.., value_name = "PATH")]
    psb_source: Vec<PathBuf>,

    /// Commands of DBRC that register partitions of HALDBs (INIT.DB, INIT.PART)
    #[arg(long, conflicts_with = "member", value_name = "FILE")]
    recon: Option<PathBuf>,

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

/// Runs a deck, and gives the return code: 0, 4 when a comparison was unequal, 8 when the deck was ended early, 12 when
/// nothing could be run.
pub fn run(args: &Ddlt0Args) -> u8 {
    match run_deck(args) {
        Ok(code) => code,
        // A reader who went away has read enough.
        Err(BatchError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => 0,
        Err(error) => {
            complain(&format!("ims: {error}"));
            UNUSABLE
        }
    }
}

fn run_deck(args: &Ddlt0Args) -> Result<u8, BatchError> {
    let deck = read_deck(args.input.as_deref())?;
    match (&args.member, &args.data) {
        (
            MemberArgs {
                member: Some(address),
                authority: Some(authority),
                certificate: Some(certificate),
                key: Some(key),
            },
            _,
        ) => {
            let [authority, certificate, key] = [authority, certificate, key].map(Clone::clone);
            let files = IdentityFiles { ca: authority, certificate, key };
            run_on_member(args, &RemoteRegion::connect(address, &files)?, &deck)
        }
        (_, Some(folder)) => run_in_folder(args, folder, &deck),
        _ => Err(BatchError::NoPlace),
    }
}

fn run_on_member(args: &Ddlt0Args, region: &RemoteRegion, deck: &[u8]) -> Result<u8, BatchError> {
    let mut program = region.schedule(args.psb)?;
    program.missing.iter().for_each(complain);
    let databases = program.databases();
    let mut output = BufWriter::new(io::stdout().lock());
    let area_bytes = program.area_bytes;
    let summary = ddlt0::run(&mut program, area_bytes, deck, &mut output)?;
    output.flush()?;
    if summary.aborted {
        return Ok(ABORTED);
    }
    program.end()?;
    let mut sound = true;
    for name in databases.into_iter().filter(|_| args.check) {
        for finding in region.check(name)? {
            sound = false;
            writeln!(output, "{name}: {finding}")?;
        }
    }
    output.flush()?;
    Ok(match () {
        () if !sound => ABORTED,
        () if summary.unequal > 0 => UNEQUAL,
        () => 0,
    })
}

fn run_in_folder(args: &Ddlt0Args, folder: &Path, deck: &[u8]) -> Result<u8, BatchError> {
    let report = definitions(args)?;
    let psb = report.psb_blocks.get(&args.psb).ok_or(BatchError::NoPsb(args.psb))?;
    let mut batch = Batch::start(folder, args.buffers, args.recon.as_deref())?;
    batch.open(&report, &databases_of(psb))?;
    let outcome = telling_time(&batch.engine, || run_program(&batch.engine, psb, deck, &batch.databases));
    let mut output = io::stdout().lock();
    let mut sound = true;
    for name in batch.databases.iter().filter(|_| args.check) {
        for finding in batch.engine.check(name) {
            sound = false;
            writeln!(output, "{name}: {finding}")?;
        }
    }
    batch.end()?;
    Ok(if sound { outcome? } else { ABORTED })
}

fn databases_of(psb: &PsbBlock) -> BTreeSet<DbdName> {
    let used = |pcb: &PcbBlock| match &pcb.kind {
        PcbBlockKind::Db(db) => Some(db.dbd),
        PcbBlockKind::Gsam(gsam) => Some(gsam.dbd),
        PcbBlockKind::Tp(_) => None,
    };
    psb.pcbs.iter().filter_map(used).collect()
}

fn run_program(
    engine: &Arc<Engine>,
    psb: &PsbBlock,
    deck: &[u8],
    databases: &BTreeSet<DbdName>,
) -> Result<u8, BatchError> {
    let mut program = engine.schedule(psb).map_err(|error| BatchError::Refused(error.message(&psb.name)))?;
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

fn definitions(args: &Ddlt0Args) -> Result<Report, BatchError> {
    let report = compile(args.dbd.iter().chain(&args.psb_source), args.recon.as_deref())?;
    match report.psb_blocks.contains_key(&args.psb) {
        true => Ok(report),
        // Errors elsewhere are no reason not to run; without the PSB they may say why it is missing.
        false if report.return_code() >= 8 => Err(BatchError::Definitions(report.to_text())),
        false => Err(BatchError::NoPsb(args.psb)),
    }
}

fn read_deck(input: Option<&Path>) -> Result<Vec<u8>, BatchError> {
    match input {
        Some(path) => named_file::read(path, DECK_BYTES_MAX).map_err(|error| failed(path, error)),
        None => named_file::read_from(io::stdin().lock(), DECK_BYTES_MAX)
            .map_err(|error| failed(Path::new("standard input"), error)),
    }
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
    const GSAM: &str = " DBD NAME=CARDSDB,ACCESS=(GSAM,BSAM)
 DATASET DD1=CARDS,RECORD=(8),RECFM=F
 DBDGEN
 PCB TYPE=DB,DBDNAME=ACCTDB,PROCOPT=A,KEYLEN=4
 SENSEG NAME=ACCOUNT,PARENT=0
 PCB TYPE=GSAM,DBDNAME=CARDSDB,PROCOPT=G
 PSBGEN PSBNAME=READER
 PCB TYPE=GSAM,DBDNAME=CARDSDB,PROCOPT=L
 PSBGEN PSBNAME=PUNCHER
";
    const QUIET: &str = "S              ACCTDB\n";
    const GET: &str = "L        GU    ACCOUNT (NUMBER  = 0002)\n";

    /// A folder with definitions, and what runs decks there.
    fn runner(folder: &Path) -> impl Fn(&str, &str) -> u8 + '_ {
        std::fs::write(folder.join("acct.dbd"), DBD).unwrap();
        std::fs::write(folder.join("acct.psb"), format!("{PSBS}{GSAM}")).unwrap();
        move |psb, deck| {
            let input = folder.join("deck");
            std::fs::write(&input, format!("{QUIET}{deck}")).unwrap();
            run(&Ddlt0Args {
                psb: PsbName::new(psb).unwrap(),
                member: MemberArgs::default(),
                data: Some(folder.join("data")),
                dbd: vec![folder.join("acct.dbd")],
                psb_source: vec![folder.join("acct.psb")],
                recon: None,
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

    #[test]
    fn a_deck_reads_and_writes_the_files_of_gsam_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let run = runner(folder.path());
        let cards = folder.path().join("data/CARDS");
        std::fs::create_dir(folder.path().join("data")).unwrap();
        std::fs::write(&cards, "0001 ADA").unwrap();
        assert_eq!(run("PUNCHER", "S              CARDSDB\nL        ISRT\nL        DATA  0002 BOB\n"), 0);
        assert_eq!(std::fs::read(&cards).unwrap(), b"0001 ADA0002 BOB");
        let read = "S              CARDSDB\nL        GN\nE        DATA  0001 ADA\nL        GN\nE        DATA  0002 BOB\nL        GN\nE      GB\n";
        assert_eq!(run("READER", read), 0);
    }
}
