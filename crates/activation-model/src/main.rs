//! Tries every order of events around one activation, or draws orders by chance, and tells what was found.

use activation_model::{ActivationModel, Faults, Mutant, Rounds};
use clap::Parser;
use stateright::{Checker, Expectation, Model, UniformChooser};
use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Tries every order of events around one activation of three members. Where no fault is asked for, three searches are
/// made: two crashes; a crash and a cut; and two crashes and a cut, with all coming back at the end.
#[derive(Parser)]
struct Arguments {
    /// How many members are killed
    #[arg(long, default_value_t = 0)]
    crashes: u8,
    /// How often a member is cut off from the others
    #[arg(long, default_value_t = 0)]
    cuts: u8,
    /// How often the clock goes on while members are at it
    #[arg(long, default_value_t = 0)]
    passes: u8,
    /// Who is gone comes back when nothing else can happen, and not before
    #[arg(long)]
    late: bool,
    /// Draw orders by chance for so many seconds, where there are too many to try each
    #[arg(long, value_name = "SECONDS")]
    walk_s: Option<u64>,
    /// What the drawing of orders begins with
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Arguments {
    fn searches(&self) -> Vec<Faults> {
        let asked =
            Faults { crashes: self.crashes, partitions: self.cuts, returns: !self.late, passes: self.passes };
        let nothing_asked = self.crashes + self.cuts + self.passes == 0;
        if nothing_asked { WHOLE.to_vec() } else { vec![asked] }
    }
}

const WHOLE: [Faults; 3] = [
    Faults { crashes: 2, partitions: 0, returns: true, passes: 0 },
    Faults { crashes: 1, partitions: 1, returns: true, passes: 0 },
    Faults { crashes: 2, partitions: 1, returns: false, passes: 0 },
];

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let each = |faults| [Rounds::One, Rounds::Two].map(|rounds| (faults, rounds));
    let mut searches = arguments.searches().into_iter().flat_map(each);
    let good = searches.all(|(faults, rounds)| match ActivationModel::new(faults, rounds, Mutant::None) {
        Ok(model) => {
            announce(faults, rounds);
            search(model, &arguments)
        }
        Err(error) => {
            say(&format!("the model can't be built: {error}"));
            false
        }
    });
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn announce(faults: Faults, rounds: Rounds) {
    let back = if faults.returns { "at any moment" } else { "at the end" };
    say(&format!(
        "three members, one activation (rounds: {rounds:?}), up to {} crashes, {} cuts, {} steps of the clock; who is \
         gone comes back {back}",
        faults.crashes, faults.partitions, faults.passes
    ));
}

fn search(model: ActivationModel, arguments: &Arguments) -> bool {
    match arguments.walk_s.map(Duration::from_secs) {
        Some(walk) => {
            let drawn = model.checker().timeout(walk);
            told(drawn.spawn_simulation(arguments.seed, UniformChooser))
        }
        None => told(model.checker().spawn_dfs()),
    }
}

/// Waits for a search, telling how far it is, and tells what it found; false if something is broken.
fn told(checker: impl Checker<ActivationModel>) -> bool {
    let began = Instant::now();
    while !checker.is_done() {
        std::thread::sleep(Duration::from_secs(10));
        let (worlds, depth) = (checker.unique_state_count(), checker.max_depth());
        say(&format!("{:>6} s  {worlds} worlds, {depth} events deep", began.elapsed().as_secs()));
    }
    let checker = checker.join();
    let (members, steps) = checker.model().worked_out();
    say(&format!(
        "{} worlds, reached in {} ways, at most {} events deep, in {} s; {members} states of members, {steps} steps \
         of them",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth(),
        began.elapsed().as_secs()
    ));
    let discoveries = checker.discoveries();
    let mut good = true;
    for property in checker.model().properties() {
        let found = discoveries.get(property.name);
        let is_example = matches!(property.expectation, Expectation::Sometimes);
        let verdict = match (is_example, found.is_some()) {
            (true, true) => "seen   ",
            // Without faults some things do not come about.
            (true, false) => "unseen ",
            (false, false) => "holds  ",
            (false, true) => "BROKEN ",
        };
        good &= verdict != "BROKEN ";
        say(&format!("{verdict} {}", property.name));
        if let (Some(path), false) = (found, is_example) {
            path.clone().into_actions().iter().for_each(|action| say(&format!("          {action:?}")));
        }
    }
    good
}

fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
