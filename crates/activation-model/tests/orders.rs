//! Every order of events around one activation keeps the invariants, and a member with a fault put in breaks one.

use activation_model::{ActivationModel, Faults, Mutant, Rounds, properties};
use stateright::{Checker, Expectation, Model};

/// Who is killed or cut off comes back when nothing else can happen: the orders in which it comes back earlier are for
/// `cargo xtask model`.
fn faults(crashes: u8, partitions: u8, passes: u8) -> Faults {
    Faults { crashes, partitions, returns: false, passes }
}

fn search(faults: Faults, rounds: Rounds, mutant: Mutant) -> impl Checker<ActivationModel> {
    match ActivationModel::new(faults, rounds, mutant) {
        Ok(model) => model.checker().spawn_bfs().join(),
        Err(error) => panic!("{error}"),
    }
}

/// The names of what does not hold.
fn broken(checker: &impl Checker<ActivationModel>) -> Vec<&'static str> {
    let always = |name: &&'static str| {
        let properties = checker.model().properties();
        properties.iter().any(|one| one.name == *name && matches!(one.expectation, Expectation::Always))
    };
    checker.discoveries().into_keys().filter(always).collect()
}

/// Whether the members agree in one round or in two.
fn assert_holds(faults: Faults) {
    for rounds in [Rounds::One, Rounds::Two] {
        let checker = search(faults, rounds, Mutant::None);
        for (name, path) in checker.discoveries() {
            assert!(!broken(&checker).contains(&name), "{name} is broken by {:?}", path.into_actions());
        }
    }
}

#[test]
fn without_a_fault_every_order_commits_or_is_kept_from_it_by_a_program() {
    assert_holds(faults(0, 0, 0));
}

#[test]
fn time_that_runs_out_on_votes_breaks_nothing() {
    assert_holds(faults(0, 0, 1));
}

#[test]
fn one_crash_at_any_moment_breaks_nothing() {
    assert_holds(faults(1, 0, 0));
}

#[test]
fn orders_are_tried_in_which_survivors_finish_what_a_master_left() {
    let checker = search(faults(1, 0, 0), Rounds::Two, Mutant::None);
    for wanted in [properties::CAN_COMMIT, properties::CAN_BACK_OUT, properties::CAN_COMPLETE] {
        assert!(checker.discovery(wanted).is_some(), "no order was tried in which {wanted}");
    }
}

#[test]
fn one_cut_at_any_moment_breaks_nothing() {
    assert_holds(faults(0, 1, 0));
}

#[test]
fn a_master_that_commits_without_a_vote_is_found() {
    let checker = search(faults(0, 0, 2), Rounds::Two, Mutant::CommitsUnasked);
    assert!(broken(&checker).contains(&properties::EVERY_VOTE), "{:?}", broken(&checker));
}

#[test]
fn two_winners_of_a_takeover_are_found() {
    let checker = search(faults(1, 0, 0), Rounds::Two, Mutant::TakesOverToo);
    assert!(broken(&checker).contains(&properties::ONE_WINNER), "{:?}", broken(&checker));
}

#[test]
fn a_member_that_misses_a_commit_is_found() {
    let checker = search(faults(0, 0, 0), Rounds::Two, Mutant::DeafToCommit);
    assert!(broken(&checker).contains(&properties::AS_LOGGED), "{:?}", broken(&checker));
}

#[test]
fn an_activation_that_does_not_end_is_found() {
    let checker = search(faults(0, 0, 0), Rounds::Two, Mutant::NeverEnds);
    assert!(broken(&checker).contains(&properties::ENDS), "{:?}", broken(&checker));
}
