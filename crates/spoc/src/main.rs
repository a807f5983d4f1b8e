//! The operator's hand: issues commands to the plex, fills its catalog and lists it.
//!
//! **What it guarantees.** What goes to stdout is the answer and nothing else, in the format that was asked for;
//! progress and complaints go to stderr. The exit status says how it went, and is the same in every format:
//!
//! | exit status | meaning |
//! |---|---|
//! | 0 | it worked |
//! | 4 | it worked with a warning, or for some and not for others |
//! | 8 | what was asked is wrong: the command, the arguments, the settings, the source files |
//! | 12 | it worked for none |
//! | 16 | nobody could be reached, the environment does not allow it, or the answer was lost on its way |
//!
//! **Its words.** *Arguments* ([`args`]) are what is typed, *settings* ([`settings`]) what the file says; a
//! *session* ([`session`]) is the connection to a member; the *printer* ([`printer`]) is the only one who writes.
//!
//! Contexts name the plexes of one file. What an argument says goes before the environment, and that before the file.
//!
//! **Its phases.** Arguments → the command is parsed here, so that a typo needs no plex → settings → the first
//! member that answers → its progress → its answer.
//!
//! **Its invariants.**
//! - Nothing is sent before everything that can be checked here is found right, all source files included.
//! - A request is sent to one member, once. Where its answer is lost, the operator is told that nobody knows.
//! - Whoever closes the pipe that stdout goes to has read enough: that is no error.
//!
//! **What it leaves out.** Knowing anything about commands, which is `csl`'s to know, or about connections, which is
//! `sci`'s.
//!
//! It follows the TSO SPOC (responses), the Batch SPOC CSLUSPOC (commands from a file), the populate utility
//! DFS3PU00 (`populate`), the data definition utility DFS3ID00 (`ddl`) and the catalog query DFS3CATQ (`list`). `status`
//! and `ha explain` are made of the answers to commands. `log` reads what every member keeps of its messages, each over a
//! connection of its own. `region` stands for a batch message region.

mod args;
mod batch;
#[cfg(test)]
mod conversation;
mod explain;
mod ha;
mod help;
mod interactive;
mod log;
mod operate;
mod printer;
mod region;
mod rows;
mod session;
mod settings;
mod sources;
mod status;
mod unsolicited;

use printer::Printer;
use std::process::ExitCode;

/// It worked for some and not for others.
const EXIT_WARNING: u8 = 4;
/// What was asked is wrong.
const EXIT_WRONG: u8 = 8;
/// Nobody could be reached, or the answer was lost.
const EXIT_ENVIRONMENT: u8 = 16;

fn main() -> ExitCode {
    match args::Args::of_process() {
        Ok(args) => {
            let preferences = operate::preferences(&args);
            let mut printer = Printer::standard(operate::style(&args, &preferences));
            operate::operate(&args, &preferences, &mut printer).into()
        }
        Err(refusal) => {
            // Help is no error, and where it can't be written there is nobody to tell.
            let _ = refusal.print();
            refusal_status(&refusal).into()
        }
    }
}

/// Arguments that can't be understood are wrong; help and version are not.
fn refusal_status(refusal: &clap::Error) -> u8 {
    if refusal.use_stderr() { EXIT_WRONG } else { 0 }
}
