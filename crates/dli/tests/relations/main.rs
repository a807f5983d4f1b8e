//! Random logical relationships, random calls on both ends of them, and the power that fails at any write: a naive model
//! says the status of every call and what is there on every path, and the pointer checker has to find nothing.

#![allow(clippy::unwrap_used, reason = "what fails in the helpers of a test fails the test")]

mod model;
mod shop;
#[path = "../support/mod.rs"]
mod support;

use dli::{Ending, Program};
use model::{Act, Model};
use proptest::prelude::*;
use shop::{Shop, any_shop};
use support::plant::{Plant, Started};

/// What a program does between two failures of the power.
#[derive(Debug, Clone)]
struct Round {
    power: i64,
    acts: Vec<Act>,
    left: Vec<usize>,
}

fn any_round() -> impl Strategy<Value = Round> {
    let acts = prop::collection::vec(model::any_act(), 1..60);
    let left = prop::collection::vec(any::<usize>(), 60);
    let power = prop_oneof![1i64..400, Just(i64::MAX)];
    (power, acts, left).prop_map(|(power, acts, left)| Round { power, acts, left })
}

fn call(program: &mut Program, pcb: usize, function: &str, data: &str, ssas: &[String]) -> (String, String) {
    let mut area = [b' '; 100];
    area[..data.len()].copy_from_slice(data.as_bytes());
    let ssas: Vec<&[u8]> = ssas.iter().map(|ssa| ssa.as_bytes()).collect();
    match program.call(pcb, function.as_bytes(), &mut area, &ssas) {
        Ending::Continues(status) => {
            let used: usize = program.area_used(pcb).iter().sum();
            (status.as_str().to_string(), String::from_utf8_lossy(&area[..used]).into_owned())
        }
        other => (format!("{other:?}"), String::new()),
    }
}

/// Does what is wanted, and gives the status of the last call made for it.
fn act(program: &mut Program, shop: &Shop, act: &Act) -> String {
    let mut status = String::new();
    for step in shop.calls(act) {
        // A replacement or a deletion gives back what the get hold call returned, as far as it is not to change.
        let mut data = step.data.clone();
        if let Some(change) = step.change {
            let (found, held) = call(program, step.pcb, "GHU", "", &step.ssas);
            if found != "  " {
                return found;
            }
            data = change(&held, &step.data);
        }
        let ssas = if step.change.is_some() { Vec::new() } else { step.ssas };
        status = call(program, step.pcb, step.function, &data, &ssas).0;
    }
    status
}

/// Everything that a PCB leads to: keys and data.
fn read(program: &mut Program, pcb: usize) -> Vec<String> {
    let mut all = Vec::new();
    let mut function = "GU";
    loop {
        let (status, data) = call(program, pcb, function, "", &[]);
        if matches!(status.as_str(), "GB" | "GE") {
            all.sort();
            return all;
        }
        let mask = program.mask(pcb).unwrap();
        let key = String::from_utf8_lossy(&mask.key_feedback()[..mask.key_length()]).into_owned();
        all.push(format!("{key} {data}"));
        assert!(matches!(status.as_str(), "  " | "GA" | "GK"), "{status} after {all:?}");
        function = "GN";
    }
}

fn is_ended(started: &Started) -> bool {
    let stopped = |name: &str| started.engine.stop_message(&name.parse().unwrap()).is_some();
    started.log.stop_reason().is_some() || stopped("CUST") || stopped("PARTS")
}

fn compare(started: &Started, plant: &Plant, shop: &Shop, model: &Model) -> Result<(), String> {
    for name in ["CUST", "PARTS"] {
        let findings = started.engine.check(&name.parse().unwrap());
        if !findings.is_empty() {
            return Err(format!("{name}: {findings:?}"));
        }
    }
    let mut program = started.engine.schedule(plant.psb("SHOP")).map_err(|error| error.to_string())?;
    for pcb in shop.pcbs() {
        let (is, should) = (read(&mut program, pcb), model.seen(pcb));
        if is != should {
            return Err(format!("PCB {pcb} shows {is:#?} and should show {should:#?}"));
        }
    }
    Ok(())
}

fn run(shop: &Shop, rounds: &[Round]) -> Result<(), TestCaseError> {
    let mut plant = Plant::new(&shop.source());
    let mut model = Model::new(shop.relation, shop.rules);
    let mut history: Vec<String> = Vec::new();
    for round in rounds {
        let started = plant.start().map_err(TestCaseError::fail)?;
        let mut committed = model.clone();
        let mut candidates = Vec::new();
        plant.give(round.power);
        let mut program = started.engine.schedule(plant.psb("SHOP")).unwrap();
        for wanted in &round.acts {
            let wanted = &wanted.for_relation(shop.relation);
            history.push(format!("{wanted:?}"));
            if *wanted == Act::Commit {
                let done = program.commit().is_ok() && !is_ended(&started);
                candidates = if done { Vec::new() } else { vec![committed.clone(), model.clone()] };
                if !done {
                    break;
                }
                committed = model.clone();
                continue;
            }
            let status = match wanted {
                Act::BackOut => {
                    program.back_out();
                    model = committed.clone();
                    continue;
                }
                wanted => act(&mut program, shop, wanted),
            };
            if is_ended(&started) {
                break;
            }
            let expected = model.act(wanted);
            prop_assert_eq!(&status, expected, "{:?} after {:#?} in {:#?}", wanted, history, shop);
        }
        if candidates.is_empty() {
            candidates.push(committed);
        }
        drop(program);
        drop(started);
        let mut left = round.left.iter().copied();
        plant.crash(|| left.next().unwrap_or_default());
        history.push("the power failed".into());
        let started =
            plant.start().map_err(|error| TestCaseError::fail(format!("{error} after {history:#?}")))?;
        let outcomes: Vec<_> =
            candidates.iter().map(|candidate| compare(&started, &plant, shop, candidate)).collect();
        let Some(at) = outcomes.iter().position(Result::is_ok) else {
            return Err(TestCaseError::fail(format!("{outcomes:?} after {history:#?} in {shop:#?}")));
        };
        model = candidates.swap_remove(at);
        drop(started);
        plant.crash(|| 0);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, max_shrink_time: 15_000, ..ProptestConfig::default() })]

    #[test]
    fn both_ends_of_a_relationship_are_as_the_model_says(
        shop in any_shop(),
        rounds in prop::collection::vec(any_round(), 1..4),
    ) {
        run(&shop, &rounds)?;
    }
}
