//! Random databases, random calls, and the power that fails at any write: what comes back is what the naive model had at
//! its last commit point, or, when the power failed in the middle of one, before or after it.

use crate::calls::{self, Call, Choices};
use crate::naive::Naive;
use crate::schema::{Schema, any_schema};
use crate::support::haldb;
use crate::support::plant::{Plant, Started};
use crate::{perform, read_all, shown};
use dli::{Ending, Program};
use logger::CheckpointKind;
use proptest::prelude::*;

/// How a round ended.
enum Ended {
    /// Everything was done.
    Well,
    /// The power failed in the middle of something.
    InCall,
    /// In the middle of a commit point.
    InCommit,
}

/// One start, some calls, one failure of the power.
#[derive(Debug, Clone)]
struct Round {
    power: i64,
    drawn: Vec<Vec<u8>>,
    /// What of unsynced writes is there after the crash.
    left: Vec<usize>,
}

fn any_round() -> impl Strategy<Value = Round> {
    let drawn = prop::collection::vec(prop::collection::vec(any::<u8>(), 0..120), 1..60);
    let left = prop::collection::vec(any::<usize>(), 60);
    (1i64..400, drawn, left).prop_map(|(power, drawn, left)| Round { power, drawn, left })
}

fn work(
    started: &Started,
    program: &mut Program,
    model: &mut Naive,
    schema: &Schema,
    round: &Round,
    history: &mut Vec<String>,
) -> Ended {
    for bytes in &round.drawn {
        if bytes.first().is_some_and(|byte| *byte > 240) {
            history.push("checkpoint".into());
            if started.engine.checkpoint(CheckpointKind::Simple).is_err() {
                return Ended::InCall;
            }
        }
        let call = calls::draw(schema, model, &mut Choices::new(bytes));
        history.push(shown(&call, schema));
        if matches!(call, Call::Checkpoint) {
            let ending = program.call(1, b"CHKP", &mut [b' '; 8], &[]);
            if !matches!(ending, Ending::Continues(_)) || started.log.stop_reason().is_some() {
                return Ended::InCommit;
            }
            model.call(&call);
            continue;
        }
        let held = model.held_data();
        perform(program, schema, &call, &held);
        if started.log.stop_reason().is_some()
            || started.engine.stop_message(&"TESTDB".parse().unwrap()).is_some()
        {
            return Ended::InCall;
        }
        model.call(&call);
    }
    Ended::Well
}

fn crash_and_restart(schema: &Schema, rounds: &[Round]) -> Result<(), TestCaseError> {
    let mut plant = Plant::new(&schema.source());
    let name = plant.databases()[0];
    if schema.high_keys.is_some() {
        haldb::register(&mut plant.recon, name, None, &schema.partitions());
    }
    let mut history = Vec::new();
    let mask = {
        let started = plant.start().map_err(TestCaseError::fail)?;
        let program = started.engine.schedule(plant.psb("TESTPSB")).unwrap();
        program.mask(2).unwrap().bytes().to_vec()
    };
    plant.crash(|| 0);
    let mut model = Naive::new(schema.clone(), mask.clone());
    for round in rounds {
        let started = plant.start();
        let started = started.map_err(|error| TestCaseError::fail(format!("{error} after {history:#?}")))?;
        let findings = started.engine.check(&name);
        prop_assert!(findings.is_empty(), "{:?} after {:#?}", findings, history);
        let mut program = started.engine.schedule(plant.psb("TESTPSB")).unwrap();
        plant.give(round.power);
        let ended = work(&started, &mut program, &mut model, schema, round, &mut history);
        drop(program);
        drop(started);
        let mut left = round.left.iter().copied();
        plant.crash(|| left.next().unwrap_or_default());
        history.push("the power failed".into());
        model = recovered(&mut plant, schema, &model, &ended, &mask, &history)?;
    }
    Ok(())
}

/// Restarts, checks, and gives the model of what is there now.
fn recovered(
    plant: &mut Plant,
    schema: &Schema,
    model: &Naive,
    ended: &Ended,
    mask: &[u8],
    history: &[String],
) -> Result<Naive, TestCaseError> {
    let started = plant.start();
    let started = started.map_err(|error| TestCaseError::fail(format!("{error} after {history:#?}")))?;
    let findings = started.engine.check(&plant.databases()[0]);
    prop_assert!(findings.is_empty(), "{:?} after {:#?}", findings, history);
    let mut before = model.clone();
    before.call(&Call::Rollback);
    let mut after = model.clone();
    after.call(&Call::Checkpoint);
    let candidates = if matches!(ended, Ended::InCommit) { vec![before, after] } else { vec![before] };
    let mut outcome = Ok(());
    for candidate in candidates {
        let mut fresh = candidate.clone().at_restart(mask.to_vec());
        let mut program = started.engine.schedule(plant.psb("TESTPSB")).unwrap();
        outcome = read_all(&mut program, &mut fresh, schema, history);
        if outcome.is_ok() {
            let mut left = [7usize, 3, 100].into_iter().cycle();
            drop(program);
            drop(started);
            plant.crash(|| left.next().unwrap_or_default());
            let mut kept = candidate.at_restart(mask.to_vec());
            kept.call(&Call::Checkpoint);
            return Ok(kept);
        }
    }
    outcome.map(|()| model.clone())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, max_shrink_time: 30_000, ..ProptestConfig::default() })]

    #[test]
    fn what_was_committed_is_there_after_a_crash_and_nothing_else(
        schema in any_schema(),
        rounds in prop::collection::vec(any_round(), 1..4),
    ) {
        crash_and_restart(&schema.opened(), &rounds)?;
    }
}
