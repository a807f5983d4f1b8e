//! Tries every order of events around one activation, and tells what was found.

use activation_model::{ActivationModel, Faults, Mutant, Rounds};
use stateright::{Checker, Expectation, Model};
use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

/// The searches that are made unless the arguments say another.
const WHOLE: [Faults; 2] = [
    Faults { crashes: 2, partitions: 0, returns: true, passes: 0 },
    Faults { crashes: 1, partitions: 1, returns: true, passes: 0 },
];

fn main() -> ExitCode {
    let Some(searches) = asked() else {
        say("say how many crashes, partitions and steps of the clock, or nothing");
        return ExitCode::FAILURE;
    };
    let each = |faults| [Rounds::One, Rounds::Two].map(|rounds| (faults, rounds));
    let mut searches = searches.into_iter().flat_map(each);
    let good = searches.all(|(faults, rounds)| match ActivationModel::new(faults, rounds, Mutant::None) {
        Ok(model) => search(model, faults, rounds),
        Err(error) => {
            say(&format!("the model can't be built: {error}"));
            false
        }
    });
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn asked() -> Option<Vec<Faults>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let numbers: Vec<u8> = words.iter().filter_map(|word| word.parse().ok()).collect();
    match (words.len(), &numbers[..]) {
        (0, _) => Some(WHOLE.to_vec()),
        (3, [crashes, partitions, passes]) => {
            let (crashes, partitions, passes) = (*crashes, *partitions, *passes);
            Some(vec![Faults { crashes, partitions, returns: true, passes }])
        }
        _ => None,
    }
}

fn search(model: ActivationModel, faults: Faults, rounds: Rounds) -> bool {
    let began = Instant::now();
    say(&format!(
        "three members, one activation (rounds: {rounds:?}), up to {} crashes, {} partitions, {} steps of the clock",
        faults.crashes, faults.partitions, faults.passes
    ));
    let checker = model.checker().spawn_dfs();
    while !checker.is_done() {
        std::thread::sleep(std::time::Duration::from_secs(10));
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
