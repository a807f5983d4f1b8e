//! `chaos`: runs simulated worlds by their seeds, and tells what was found.

use chaos::{FireSettings, IdealSum};
#[cfg(simulated)]
use chaos::{RaftSum, Sabotage, Tally};
use clap::{Parser, ValueEnum};
use std::process::ExitCode;
use std::time::Duration;

/// Worlds are made of many small things that live shortly: with the allocator of the system a run takes a fifth longer.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(name = "cargo xtask chaos", about = "Simulated worlds that are hard on a plex")]
struct Args {
    /// How many seeds
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first of them
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// On how many threads; as many as there are processors where it is not said
    #[arg(long)]
    threads: Option<usize>,
    /// What members agree by
    #[arg(long, value_enum, default_value_t = Depth::Ideal)]
    depth: Depth,
    /// With real consensus: break something on purpose, which has to be found
    #[arg(long, value_enum)]
    sabotage: Option<Broken>,
    /// Real processes under fire instead of simulated worlds
    #[arg(long)]
    processes: bool,
    /// For how many minutes
    #[arg(long, default_value_t = 10.0, requires = "processes")]
    minutes: f64,
    /// With how many members
    #[arg(long, default_value_t = 3, requires = "processes")]
    members: usize,
    /// Tell the story of the first seed, though it does not fail
    #[arg(long)]
    story: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Depth {
    /// One ideal log
    Ideal,
    /// openraft with the log, the snapshots and the network of members
    Raft,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Broken {
    /// Disks say that they keep what is synced, and do not
    LyingDisks,
    /// Members answer reads without asking the master
    StaleReads,
}

fn main() -> ExitCode {
    let args = Args::parse();
    if args.processes {
        return processes(&args);
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = args.threads.unwrap_or(cores);
    match args.depth {
        Depth::Raft => real_consensus(&args, threads),
        Depth::Ideal => {
            if args.story {
                let report = chaos::ideal(args.seed, true);
                report.story.iter().chain(&report.failure).for_each(|line| say(line));
            }
            ended(chaos::sweep::<IdealSum>(args.seed, args.seeds, threads, &say).is_empty())
        }
    }
}

#[cfg(not(simulated))]
fn real_consensus(args: &Args, _: usize) -> ExitCode {
    let _ = args.sabotage;
    say("this program was not built for it: `cargo xtask chaos --depth raft` builds one that is");
    ExitCode::FAILURE
}

#[cfg(simulated)]
fn real_consensus(args: &Args, threads: usize) -> ExitCode {
    if let Some(broken) = args.sabotage {
        return sabotaged(args, broken);
    }
    if args.story {
        let report = chaos::raft(args.seed, None);
        report.story.iter().chain(&report.failure).for_each(|line| say(line));
        say(&report.counts());
        return ended(report.failure.is_none());
    }
    let story = || RaftSum::run(args.seed, true).story;
    if story() != story() {
        say(&format!("seed {} does not give the same story each time", args.seed));
        return ExitCode::FAILURE;
    }
    ended(chaos::sweep::<RaftSum>(args.seed, args.seeds, threads, &say).is_empty())
}

/// Succeeds where some world finds it.
#[cfg(simulated)]
fn sabotaged(args: &Args, broken: Broken) -> ExitCode {
    let broken = match broken {
        Broken::LyingDisks => Sabotage::LyingDisks,
        Broken::StaleReads => Sabotage::StaleReads,
    };
    let mut found = 0;
    for seed in args.seed..args.seed + args.seeds {
        let failure = chaos::raft(seed, Some(broken)).failure;
        found += u64::from(failure.is_some());
        let said = failure.as_deref().and_then(|failure| failure.lines().next());
        say(&format!("seed {seed}: {}", said.unwrap_or("not found")));
    }
    say(&format!("{found} of {} worlds found it", args.seeds));
    ended(found > 0)
}

fn ended(well: bool) -> ExitCode {
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn processes(args: &Args) -> ExitCode {
    match chaos::enter_namespaces() {
        Ok(Some(outcome)) => return outcome,
        Ok(None) => {}
        Err(error) => {
            say(&format!("the network of the members could not be set up: {error}"));
            return ExitCode::FAILURE;
        }
    }
    let length = Duration::from_secs_f64(args.minutes.max(0.0) * 60.0);
    let settings = FireSettings { members: args.members, length, seed: args.seed };
    let report = chaos::under_fire(settings, &say);
    say(&report.to_string());
    if report.wrong.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[expect(clippy::print_stdout, reason = "the report is what it is for")]
fn say(line: &str) {
    println!("{line}");
}
