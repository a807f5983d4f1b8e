//! `chaos`: runs simulated worlds by their seeds, and tells what was found.

use clap::{Parser, ValueEnum};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask chaos", about = "Simulated worlds that are hard on a plex")]
struct Args {
    /// How many seeds
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first of them
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What the members agree by
    #[arg(long, value_enum, default_value_t = Depth::Ideal)]
    depth: Depth,
    /// On how many threads; as many as there are processors where it is not said
    #[arg(long)]
    threads: Option<usize>,
    /// Tell the story of the first seed, though it does not fail
    #[arg(long)]
    story: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Depth {
    /// An ideal ordered log: aimed at the protocols of the plex
    Ideal,
}

fn main() -> ExitCode {
    let args = Args::parse();
    // What a run breaks off with is in its report.
    std::panic::set_hook(Box::new(|_| {}));
    let Depth::Ideal = args.depth;
    if args.story {
        let report = chaos::ideal(args.seed, true);
        report.story.iter().chain(&report.failure).for_each(|line| say(line));
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let sum = chaos::sweep(args.seed, args.seeds, args.threads.unwrap_or(cores), &say);
    if sum.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[expect(clippy::print_stdout, reason = "the report is what it is for")]
fn say(line: &str) {
    println!("{line}");
}
