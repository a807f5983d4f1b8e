//! `ims`: the member process, and the utilities that need no plex.

use clap::{Parser, Subcommand};
use host::acbgen::{self, AcbgenArgs};
use host::backout::{self, BackoutArgs};
use host::certificates::{self, CertificateArgs};
use host::config::Config;
use host::ddlgen::{self, DdlgenArgs};
use host::ddlt0::{self, Ddlt0Args};
use host::utility::{
    AccumulateArgs, CheckArgs, CopyArgs, InitializeArgs, RecoverArgs, ReloadArgs, UnloadArgs,
};
use host::{logging, member, utility};
use std::fmt::Display;
use std::path::PathBuf;
use std::process::ExitCode;
use vocabulary::Message;
use vocabulary::message::{START301E, START306E, START307E};

/// An open IMS: a member of an IMSplex, and its utilities.
#[derive(Debug, Parser)]
#[command(name = "ims", version, arg_required_else_help = true)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a member of a plex until SIGTERM
    Member {
        /// The member's configuration
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Cold start: load the directory as it is
        #[arg(long)]
        cold: bool,
    },
    /// Compile DBD and PSB source and build the ACBs (DBDGEN, PSBGEN, ACBGEN)
    Acbgen(AcbgenArgs),
    /// Print what DBD and PSB source or DDL defines as DDL, or as macro source
    Ddlgen(DdlgenArgs),
    /// Run a deck of DL/I calls against databases in a folder (DFSDDLT0)
    Ddlt0(Ddlt0Args),
    /// Make databases in a folder whole after a run that was killed (DFSBBO00)
    Backout(BackoutArgs),
    /// Make partitions of a HALDB empty ones, before they are used (DFSUPNT0)
    Initialize(InitializeArgs),
    /// Unload a database into a sequential file (DFSURGU0)
    Unload(UnloadArgs),
    /// Load a database anew from an unload, with its DBD as it is now (DFSURGL0)
    Reload(ReloadArgs),
    /// Make image copies of the data sets of a database (DFSUDMP0)
    Copy(CopyArgs),
    /// Accumulate what the log changed in databases (DFSUCUM0)
    Accumulate(AccumulateArgs),
    /// Recover data sets from image copies and the log (DFSURDB0)
    Recover(RecoverArgs),
    /// Follow every pointer of databases, and account for every byte
    Check(CheckArgs),
    /// Make development certificates for a plex
    Certificates(CertificateArgs),
}

/// What was asked is wrong, or what it needs is not there.
const EXIT_WRONG: u8 = 8;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(refusal) => {
            // Help is no error, and where it can't be written there is nobody to tell.
            let _ = refusal.print();
            return if refusal.use_stderr() { EXIT_WRONG.into() } else { ExitCode::SUCCESS };
        }
    };
    match args.command {
        Command::Member { config, cold } => run_member(&config, cold),
        Command::Acbgen(args) => acbgen::run(&args).into(),
        Command::Ddlgen(args) => ddlgen::run(&args).into(),
        Command::Ddlt0(args) => ddlt0::run(&args).into(),
        Command::Backout(args) => backout::run(&args).into(),
        Command::Initialize(args) => utility::initialize(&args).into(),
        Command::Unload(args) => utility::unload(&args).into(),
        Command::Reload(args) => utility::reload(&args).into(),
        Command::Copy(args) => utility::copy(&args).into(),
        Command::Accumulate(args) => utility::accumulate(&args).into(),
        Command::Recover(args) => utility::recover(&args).into(),
        Command::Check(args) => utility::check(&args).into(),
        Command::Certificates(args) => match certificates::make(&args) {
            Ok(_) => ExitCode::SUCCESS,
            Err(error) => complain(&error),
        },
    }
}

fn run_member(file: &std::path::Path, cold: bool) -> ExitCode {
    let config = match Config::load(file) {
        Ok(config) => config,
        Err(error) => return complain(&START301E.with(&[&error])),
    };
    let member = config.member;
    let messages = logging::start(&config.log);
    // One worker: nearly all of a member's work is handing things on, and handing on within a thread costs no change
    // of threads. A turn that takes long gets a thread of its own.
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return refuse(&START306E.with(&[&member, &error])),
    };
    // On a worker, because each event that reaches the main thread costs a change of threads.
    match runtime.block_on(runtime.spawn(member::run(config, cold, messages))) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => refuse(&error.message(member)),
        Err(error) => refuse(&START307E.with(&[&member, &error])),
    }
}

/// Once there is a log, that is where a person looks.
fn refuse(message: &Message) -> ExitCode {
    logging::issue(message);
    EXIT_WRONG.into()
}

#[expect(clippy::print_stderr, reason = "before there is a log, stderr is where a person looks")]
fn complain(error: &dyn Display) -> ExitCode {
    eprintln!("ims: {error}");
    EXIT_WRONG.into()
}
