//! Random units of work and a lock table: what it promises holds after every step.

use super::{Answer, LockState, LockTable, Refusal};
use crate::lock::{Item, Resource};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use vocabulary::Moment;

const STATES: [LockState; 3] = [LockState::Share, LockState::Update, LockState::Exclusive];
/// How many of the four resources a unit may hold.
const HELD_MAX: usize = 3;

/// What may happen: a unit asks for a resource, lets go of one, or ends.
#[derive(Debug, Clone, Copy)]
enum Step {
    Request(u32, u32, usize),
    Release(u32, u32),
    End(u32),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0u32..6, 0u32..4, 0usize..3).prop_map(|(unit, item, state)| Step::Request(unit, item, state)),
        3 => (0u32..6, 0u32..4).prop_map(|(unit, item)| Step::Release(unit, item)),
        2 => (0u32..6).prop_map(Step::End),
    ]
}

fn resource(item: u32) -> Resource {
    Resource { database: 1, item: Item::Anchor(item) }
}

/// Who waits for whom, read off the queues.
fn edges(table: &LockTable) -> BTreeMap<u32, BTreeSet<u32>> {
    let mut edges: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for queue in table.queues.values() {
        for (at, &(waiter, wanted)) in queue.waiting.iter().enumerate() {
            let holders = queue.held.iter().filter(|&&(holder, held)| {
                holder != waiter && !(wanted == LockState::Share && held == LockState::Share)
            });
            let before = queue.waiting.iter().take(at);
            let all = holders.chain(before).map(|&(unit, _)| unit);
            edges.entry(waiter).or_default().extend(all);
        }
    }
    edges
}

/// Whether units wait for each other: nobody is left once all who wait for nobody are taken away, again and again.
fn has_circle(edges: &BTreeMap<u32, BTreeSet<u32>>) -> bool {
    let mut left = edges.clone();
    loop {
        let waiting: BTreeSet<u32> = left.keys().copied().collect();
        let before = left.len();
        left.retain(|_, blockers| blockers.iter().any(|blocker| waiting.contains(blocker)));
        if left.len() == before {
            return before > 0;
        }
    }
}

fn assert_sound(table: &LockTable) -> Result<(), TestCaseError> {
    for (resource, queue) in &table.queues {
        let shares = queue.held.iter().all(|(_, state)| *state == LockState::Share);
        prop_assert!(queue.held.len() <= 1 || shares, "{resource:?} is held by {:?}", queue.held);
        if let Some(&(unit, state)) = queue.waiting.front() {
            prop_assert!(!queue.admits(unit, state), "{unit} waits for nobody in {queue:?}");
        }
        prop_assert!(!queue.held.is_empty(), "a queue that nobody holds is gone");
    }
    let too_many = table.units.values().any(|unit| unit.held.len() > HELD_MAX);
    prop_assert!(!too_many, "somebody holds more than he may: {table:?}");
    prop_assert!(!has_circle(&edges(table)), "units wait for each other: {table:?}");
    Ok(())
}

/// Those who wait for a resource and do not hold it, in their order.
fn newcomers(table: &LockTable, resource: Resource) -> Vec<u32> {
    let Some(queue) = table.queues.get(&resource) else { return Vec::new() };
    let holds = |unit: u32| queue.held.iter().any(|(holder, _)| *holder == unit);
    queue.waiting.iter().map(|(unit, _)| *unit).filter(|unit| !holds(*unit)).collect()
}

fn perform(table: &mut LockTable, step: Step) -> Result<(), TestCaseError> {
    let before: Vec<Vec<u32>> = (0..4).map(|item| newcomers(table, resource(item))).collect();
    let asked = match step {
        Step::Request(unit, item, state) => {
            let held = table
                .queues
                .get(&resource(item))
                .is_some_and(|queue| queue.held.iter().any(|(holder, _)| *holder == unit));
            let answer = table.request(unit, resource(item), STATES[state], HELD_MAX);
            if answer == Answer::Granted && !held {
                let stood_before: Vec<u32> =
                    before[item as usize].iter().copied().filter(|other| *other != unit).collect();
                let waits_still = newcomers(table, resource(item));
                let overtaken = stood_before.iter().any(|other| waits_still.contains(other));
                prop_assert!(!overtaken, "{unit} overtook {stood_before:?}");
            }
            Some(unit)
        }
        Step::Release(unit, item) => {
            table.release(unit, resource(item));
            None
        }
        Step::End(unit) => {
            table.end(unit);
            Some(unit)
        }
    };
    // Among those who go on waiting nobody comes before another who asked earlier.
    for (item, before) in before.iter().enumerate() {
        let now = newcomers(table, resource(item as u32));
        let kept: Vec<u32> =
            before.iter().copied().filter(|unit| now.contains(unit) && Some(*unit) != asked).collect();
        let their_order: Vec<u32> = now.iter().copied().filter(|unit| kept.contains(unit)).collect();
        prop_assert_eq!(their_order, kept);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn nobody_holds_what_does_not_go_together_and_nobody_waits_in_a_circle_or_for_nobody(
        steps in prop::collection::vec(any_step(), 1..120),
    ) {
        let mut table = LockTable::default();
        for step in steps {
            perform(&mut table, step)?;
            assert_sound(&table)?;
        }
    }

    #[test]
    fn whoever_waits_goes_on_once_all_others_have_ended(
        steps in prop::collection::vec(any_step(), 1..60),
        unit in 0u32..6,
    ) {
        let mut table = LockTable::default();
        for step in steps {
            perform(&mut table, step)?;
        }
        table.take_woken();
        let waited = table.waits(unit);
        (0..6).filter(|other| *other != unit).for_each(|other| table.end(other));
        prop_assert!(!table.waits(unit));
        prop_assert!(!waited || table.take_woken().contains(&unit), "it is told");
        table.end(unit);
        prop_assert!(table.queues.is_empty() && table.units.is_empty(), "nothing is left behind: {table:?}");
    }
}

fn share(table: &mut LockTable, unit: u32, item: u32) -> Answer {
    table.request(unit, resource(item), LockState::Share, HELD_MAX)
}

fn exclude(table: &mut LockTable, unit: u32, item: u32) -> Answer {
    table.request(unit, resource(item), LockState::Exclusive, HELD_MAX)
}

#[test]
fn the_one_with_the_fewest_changes_gives_way() {
    let mut table = LockTable::default();
    assert_eq!(exclude(&mut table, 1, 1), Answer::Granted);
    assert_eq!(exclude(&mut table, 1, 2), Answer::Granted);
    assert_eq!(exclude(&mut table, 2, 3), Answer::Granted);
    assert_eq!(exclude(&mut table, 2, 1), Answer::Waits);
    assert_eq!(exclude(&mut table, 1, 3), Answer::Waits, "the other one is to give way");
    assert_eq!(exclude(&mut table, 2, 1), Answer::Refused(Refusal::Deadlock));
    table.end(2);
    assert_eq!(exclude(&mut table, 1, 3), Answer::Granted);
}

#[test]
fn two_readers_that_both_want_to_change_what_they_read_do_not_wait_for_ever() {
    let mut table = LockTable::default();
    assert_eq!(share(&mut table, 1, 1), Answer::Granted);
    assert_eq!(share(&mut table, 2, 1), Answer::Granted);
    assert_eq!(exclude(&mut table, 1, 1), Answer::Waits);
    assert_eq!(exclude(&mut table, 2, 1), Answer::Refused(Refusal::Deadlock), "the younger of two equals");
    table.end(2);
    assert_eq!(exclude(&mut table, 1, 1), Answer::Granted);
}

#[test]
fn a_reader_does_not_overtake_a_writer_that_waits() {
    let mut table = LockTable::default();
    assert_eq!(share(&mut table, 1, 1), Answer::Granted);
    assert_eq!(exclude(&mut table, 2, 1), Answer::Waits);
    assert_eq!(share(&mut table, 3, 1), Answer::Waits);
    table.release(1, resource(1));
    assert_eq!(exclude(&mut table, 2, 1), Answer::Granted);
    assert_eq!(share(&mut table, 3, 1), Answer::Waits);
}

#[test]
fn what_was_changed_is_kept_until_the_end() {
    let mut table = LockTable::default();
    assert_eq!(exclude(&mut table, 1, 1), Answer::Granted);
    table.release(1, resource(1));
    assert_eq!(share(&mut table, 2, 1), Answer::Waits);
    table.end(1);
    assert_eq!(table.take_woken(), [2]);
    assert_eq!(share(&mut table, 2, 1), Answer::Granted);
}

#[test]
fn nobody_gets_more_than_he_may_have_and_what_he_has_he_may_change() {
    let mut table = LockTable::default();
    for item in 0..3 {
        assert_eq!(share(&mut table, 1, item), Answer::Granted);
    }
    assert_eq!(share(&mut table, 1, 3), Answer::Refused(Refusal::TooMany));
    assert_eq!(exclude(&mut table, 1, 2), Answer::Granted);
    table.release(1, resource(0));
    assert_eq!(share(&mut table, 1, 3), Answer::Granted);
}

#[test]
fn whoever_waits_too_long_is_told_so() {
    let mut table = LockTable::default();
    table.tell(Moment(1_000_000), Some(5));
    assert_eq!(exclude(&mut table, 1, 1), Answer::Granted);
    assert_eq!(exclude(&mut table, 2, 1), Answer::Waits);
    table.tell(Moment(1_005_000), Some(5));
    assert!(table.waits(2));
    table.tell(Moment(1_005_001), Some(5));
    assert_eq!(table.take_woken(), [2]);
    assert_eq!(exclude(&mut table, 2, 1), Answer::Refused(Refusal::TimedOut));
    assert_eq!(exclude(&mut table, 2, 1), Answer::Waits, "it may try again");
}
