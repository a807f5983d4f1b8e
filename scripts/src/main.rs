//! The workshop: everything that is done *to* the house, as one program, `cargo xtask`.
//!
//! **What it guarantees.** `verify` is the gate, it only reads, and it is the same on a laptop and in CI: what
//! passes here passes there. It runs every step, also after one has failed, so that one run tells everything that
//! is wrong. `test` is the part of it that a user runs.
//!
//! **Its words.** A *step* ([`gate`]) is one check with a name and a time. *Floors* ([`verify::floors`]) are the
//! numbers in each manifest; dependencies go strictly down. The *water line* ([`verify::water_line`]) lies above
//! `control-region`: nothing in its dependency tree runs a runtime or touches a disk. *Tidy* ([`verify::tidy`])
//! is what no other tool looks at. *Pages* ([`pages`]) are documents that are made from the code or bound to it. The
//! *workshop's plex* ([`plex`]) is three members on this machine, in `run/`.
//!
//! **Its invariants.**
//! - Nothing but `fix` writes to the source tree; `up` writes to `run/` and nowhere else.
//! - `up` that fails or is interrupted leaves no process behind.
//! - A step that fails shows what it found; the exit status is not zero.
//!
//! **What it leaves out.** Rules that rustfmt, clippy or rustdoc can keep: those are configured, not written here.

mod cargo;
mod gate;
mod pages;
mod plex;
mod printer;
mod verify;

use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The workshop of the plex")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run every check, changing nothing: format, lints, floors, water line, tidiness, pages, docs, tests
    Verify,
    /// Format the code, apply what clippy can mend by itself, and write the pages that are made from the code
    Fix,
    /// Write only the pages that are made from the code: command reference, heads and index of messages
    Pages,
    /// Check only that dependencies go strictly down
    Floors,
    /// Start three members on this machine, with a sample bank in their catalog and one activation done
    Up {
        /// Leave the members running and return
        #[arg(long)]
        detach: bool,
        /// Build the programs for speed; takes longer to build
        #[arg(long)]
        release: bool,
    },
    /// Stop the members that `up --detach` left running
    Down,
    /// Build the binaries and run all tests, the end-to-end stories among them
    Test,
    /// Try every order of events around one activation with whole members, built for speed
    Model {
        /// Which faults there may be: `--crashes N --cuts N --passes N`; `--help` tells all of it
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run simulated worlds that are hard on a plex, or real processes under fire, built for speed, and judge what comes
    /// of each
    Chaos {
        /// What the runs are: `--seeds N --seed FIRST`, or `--processes --minutes M`; `--help` tells all of it
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Measure a plex of real processes, built for speed; without arguments it says what can be measured
    Bench {
        /// What is measured
        what: Vec<String>,
    },
}

fn main() -> ExitCode {
    let root = workspace_root();
    let passed = match Args::parse().command {
        Command::Verify => verify::all(&root),
        Command::Fix => told(cargo::fix(&root)) & told(pages::fix(&root)),
        Command::Pages => told(pages::fix(&root)),
        Command::Floors => verify::floors_alone(&root),
        Command::Up { detach, release } => told(plex::up(&root, detach, release)),
        Command::Down => told(plex::down(&root)),
        Command::Test => told(cargo::test(&root)),
        Command::Model { arguments } => told(cargo::model(&root, &arguments)),
        Command::Chaos { arguments } => told(cargo::chaos(&root, &arguments)),
        Command::Bench { what } => told(cargo::bench(&root, &what)),
    };
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The folder of the workspace manifest: this crate's own folder lies in it.
fn workspace_root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_path_buf()
}

fn told<E: std::error::Error>(result: Result<(), E>) -> bool {
    result.map_err(|error| printer::complain(&error)).is_ok()
}
