//! `chaos`: runs simulated worlds by their seeds, and tells what was found.

use chaos::FireSettings;
use clap::Parser;
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

fn main() -> ExitCode {
    let args = Args::parse();
    if args.processes {
        return processes(&args);
    }
    if args.story {
        let report = chaos::ideal(args.seed, true);
        report.story.iter().chain(&report.failure).for_each(|line| say(line));
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let sum = chaos::sweep(args.seed, args.seeds, args.threads.unwrap_or(cores), &say);
    if sum.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
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
