//! Random databases and random units of work, with image copies and change accumulations in between: whatever data sets are
//! destroyed, a recovery gives back what was committed, at the end or at any moment since the copy, and the pointer checker
//! finds nothing. What is unloaded and reloaded is the same.

#![allow(clippy::unwrap_used, reason = "what fails in the helpers of a test fails the test")]

mod house;
#[path = "../../../dli/tests/model/indexes.rs"]
#[allow(dead_code, reason = "the model of the engine uses the rest")]
mod indexes;
#[path = "../../../dli/tests/model/schema.rs"]
#[allow(dead_code, reason = "the model of the engine uses the rest")]
mod schema;

use dasd::memory::{MemoryBlockSet, MemorySequentialSet};
use dli::{DataSets, Engine, Program, Settings};
use house::{AREA, Content, Copies, House, Started, compile, content, name};
use proptest::prelude::*;
use schema::{FIXED, Schema, VARIABLE_MAX, VARIABLE_MIN, any_schema};
use std::collections::BTreeSet;
use std::sync::Arc;
use utilities::Accumulation;
use vocabulary::{DdName, Moment};

/// Something that is done to a database.
#[derive(Debug, Clone)]
enum Step {
    Insert { kind: prop::sample::Index, keys: [u8; 8], length: usize, fill: u8 },
    Replace { kind: prop::sample::Index, keys: [u8; 8], fill: u8 },
    Delete { kind: prop::sample::Index, keys: [u8; 8] },
    Commit,
    Rollback,
    Copy,
    Accumulate,
}

fn any_step() -> impl Strategy<Value = Step> {
    let kind = any::<prop::sample::Index>;
    let keys = || any::<[u8; 8]>();
    prop_oneof![
        12 => (kind(), keys(), VARIABLE_MIN..=VARIABLE_MAX, any::<u8>())
            .prop_map(|(kind, keys, length, fill)| Step::Insert { kind, keys, length, fill }),
        3 => (kind(), keys(), any::<u8>()).prop_map(|(kind, keys, fill)| Step::Replace { kind, keys, fill }),
        3 => (kind(), keys()).prop_map(|(kind, keys)| Step::Delete { kind, keys }),
        3 => Just(Step::Commit),
        1 => Just(Step::Rollback),
        1 => Just(Step::Copy),
        1 => Just(Step::Accumulate),
    ]
}

fn key(byte: u8) -> u8 {
    b'A' + byte % 6
}

/// The search arguments down to a type: the last one names the segment alone where it is to be inserted.
fn path(schema: &Schema, kind: usize, keys: &[u8; 8], inserts: bool) -> Vec<Vec<u8>> {
    let types = schema.path(kind);
    let argument = |(at, kind): (usize, &usize)| {
        let of = &schema.types[*kind];
        let mut text = format!("{:<8}", of.name).into_bytes();
        match of.key.filter(|_| !inserts || at + 1 < types.len()) {
            Some(_) => {
                text.extend(format!("(K{:<7} =", &of.name[1..]).bytes());
                text.extend([key(keys[at % 8]), b')']);
            }
            None => text.push(b' '),
        }
        text
    };
    types.iter().enumerate().map(argument).collect()
}

fn data(schema: &Schema, kind: usize, keys: &[u8; 8], length: usize, fill: u8) -> Vec<u8> {
    let of = &schema.types[kind];
    let level = schema.path(kind).len() - 1;
    let mut data = vec![b'a' + fill % 26; if of.variable { length } else { FIXED }];
    if of.variable {
        let bytes = (data.len() as u16).to_be_bytes();
        data[..2].copy_from_slice(&bytes);
    }
    data[of.key_at()] = key(keys[level % 8]);
    data
}

fn call(program: &mut Program, function: &str, data: &[u8], path: &[Vec<u8>]) -> Vec<u8> {
    let mut area = [b' '; AREA];
    area[..data.len()].copy_from_slice(data);
    let ssas: Vec<&[u8]> = path.iter().map(Vec::as_slice).collect();
    program.call(2, function.as_bytes(), &mut area, &ssas);
    let used: usize = program.area_used(2).iter().sum();
    area[..used].to_vec()
}

fn change(program: &mut Program, schema: &Schema, step: &Step) {
    match step {
        Step::Insert { kind, keys, length, fill } => {
            let kind = kind.index(schema.types.len());
            let data = data(schema, kind, keys, *length, *fill);
            call(program, "ISRT", &data, &path(schema, kind, keys, true));
        }
        Step::Replace { kind, keys, fill } => {
            let kind = kind.index(schema.types.len());
            let mut held = call(program, "GHU", &[], &path(schema, kind, keys, false));
            if let Some(last) = held.last_mut() {
                *last = *fill;
                call(program, "REPL", &held, &[]);
            }
        }
        Step::Delete { kind, keys } => {
            let kind = kind.index(schema.types.len());
            call(program, "GHU", &[], &path(schema, kind, keys, false));
            call(program, "DLET", &[], &[]);
        }
        Step::Rollback => {
            program.call(1, b"ROLB", &mut [b' '; AREA], &[]);
        }
        Step::Commit | Step::Copy | Step::Accumulate => {}
    }
}

/// What was there when, as far as it was committed.
#[derive(Default)]
struct History {
    committed: Vec<(Moment, Content)>,
    copies: Option<(usize, Copies)>,
    accumulation: Option<Accumulation>,
}

impl History {
    fn at(&self, to: Moment) -> &Content {
        &self.committed.iter().rev().find(|(at, _)| *at <= to).unwrap().1
    }
}

fn commit(house: &House, program: &mut Program, history: &mut History) {
    program.commit().unwrap();
    history.committed.push((house.now, content(program)));
}

fn work(house: &mut House, schema: &Schema, steps: &[Step]) -> (Started, Program, History) {
    let mut history = History { committed: vec![(Moment(0), Content::new())], ..History::default() };
    let mut started = house.start();
    house.open(&started.engine).unwrap();
    let mut program = started.program(house);
    for step in steps {
        house.now.0 += 1;
        started.log.tell(house.now);
        match step {
            Step::Commit => commit(house, &mut program, &mut history),
            Step::Copy | Step::Accumulate => {
                commit(house, &mut program, &mut history);
                drop(program);
                started.engine.close(&name()).unwrap();
                if matches!(step, Step::Copy) {
                    history.copies = Some((history.committed.len() - 1, house.copy(&started.log)));
                } else {
                    let previous = history.accumulation.take();
                    history.accumulation = Some(house.accumulate(&started.log, previous));
                }
                started.end(house);
                started = house.start();
                house.open(&started.engine).unwrap();
                program = started.program(house);
            }
            change_step => change(&mut program, schema, change_step),
        }
    }
    (started, program, history)
}

/// What happens to the data sets, and what is given to get them back.
#[derive(Debug, Clone)]
struct Loss {
    /// The system ended in the middle of its work.
    crashed: bool,
    /// A data set is destroyed where the bit of its number is on; all are where none is.
    destroyed: u8,
    accumulated: bool,
    to: prop::sample::Index,
}

fn any_loss() -> impl Strategy<Value = Loss> {
    (any::<bool>(), 0u8..8, any::<bool>(), any::<prop::sample::Index>())
        .prop_map(|(crashed, destroyed, accumulated, to)| Loss { crashed, destroyed, accumulated, to })
}

fn destroyed(house: &House, loss: &Loss) -> BTreeSet<DdName> {
    let all = house.data_sets();
    let hit = |at: usize| loss.destroyed == 0 || loss.destroyed & (1 << (at % 8)) != 0;
    let some: BTreeSet<DdName> =
        all.iter().enumerate().filter(|(at, _)| hit(*at)).map(|(_, (_, dd, _))| *dd).collect();
    if some.is_empty() { all.iter().map(|(_, dd, _)| *dd).collect() } else { some }
}

fn is_as(house: &House, started: &Started, expected: &Content, when: &str) -> Result<(), TestCaseError> {
    let findings = started.engine.check(&name());
    prop_assert!(findings.is_empty(), "{}: {:?}", when, findings);
    let mut program = started.program(house);
    prop_assert_eq!(&content(&mut program), expected, "{}", when);
    Ok(())
}

fn check_recovery(schema: &Schema, steps: &[Step], loss: &Loss) -> Result<(), TestCaseError> {
    let mut house = House::new(&schema.source());
    let mut steps = steps.to_vec();
    // There is a copy from the middle at the latest.
    steps.insert(steps.len() / 2, Step::Copy);
    let (started, program, history) = work(&mut house, schema, &steps);
    let (since, copies) = history.copies.clone().unwrap();
    let last = house.now;
    if loss.crashed {
        std::mem::forget(program);
        drop(started);
    } else {
        drop(program);
        started.end(&mut house);
    }
    let all: BTreeSet<DdName> = house.data_sets().iter().map(|(_, dd, _)| *dd).collect();
    let lost = destroyed(&house, loss);
    for dd in &lost {
        let bytes = dasd::BlockSet::block_bytes(&house.disks[dd]);
        house.disks.insert(*dd, MemoryBlockSet::new(bytes));
    }
    let started = house.start();
    let accumulation = history.accumulation.as_ref().filter(|_| loss.accumulated);
    house.recover(&started, &copies, accumulation, &lost, None).unwrap();
    is_as(&house, &started, history.at(last), "recovered to the end of the log")?;
    started.end(&mut house);

    let span = last.0 - copies.mark.stamp.0.max(history.committed[since].0.0);
    let to = Moment(last.0 - loss.to.index(span as usize + 1) as u64);
    let started = house.start();
    let used = accumulation.filter(|accumulation| accumulation.head.to.stamp <= to);
    house.recover(&started, &copies, used, &all, Some(to)).unwrap();
    is_as(&house, &started, history.at(to), &format!("recovered to {to:?} of {last:?}"))?;
    started.end(&mut house);
    // What was left out stays so: the log has it, and nobody takes it back from there.
    let started = house.start();
    let again = house.recover(&started, &copies, None, &all, None);
    let replaced = matches!(again, Err(utilities::UtilityError::Replaced { .. }));
    prop_assert!(replaced || again.is_ok_and(|restored| restored.until.is_none()));
    Ok(())
}

/// Unloads, reloads with the DBD of another schema that has the same segment types, and reads.
fn check_reload(schema: &Schema, steps: &[Step], block_bytes: usize) -> Result<(), TestCaseError> {
    let mut house = House::new(&schema.source());
    let (started, mut program, _) = work(&mut house, schema, steps);
    program.commit().unwrap();
    let before = content(&mut program);
    drop(program);
    let mut file = MemorySequentialSet::new(b"");
    let unloaded =
        utilities::unload(&started.engine, house.dmb(), Moment(1), &mut file, &mut |_| {}).unwrap();
    prop_assert_eq!(unloaded.iter().map(|count| count.segments).sum::<u64>(), before.len() as u64);
    started.end(&mut house);

    let source: Vec<String> =
        schema.source().iter().map(|line| line.replace("SIZE=512", &format!("SIZE={block_bytes}"))).collect();
    house.report = compile(&source);
    house.disks.clear();
    let engine = Arc::new(Engine::new(Settings { buffers: 16, ..Settings::default() }));
    let mut sets = DataSets::new();
    for (_, dd, bytes) in house.data_sets() {
        sets.insert(dd, Box::new(MemoryBlockSet::new(bytes)));
    }
    let dmb = Arc::new(house.dmb().clone());
    engine.open(&House::authorization(), dmb.clone(), house.indexes(), sets).unwrap();
    let loaded = utilities::reload(&engine, &dmb, &file, &mut |_| {}).unwrap();
    prop_assert_eq!(loaded, unloaded);
    prop_assert_eq!(engine.check(&name()), Vec::new());
    let mut program = engine.schedule(house.psb()).unwrap();
    let (mut before, mut after) = (before, content(&mut program));
    // An HDAM database with blocks of another size has its roots in the same order, as long as the randomizer is the same.
    if schema.hdam.is_some() && block_bytes != 512 {
        before.sort();
        after.sort();
    }
    prop_assert_eq!(after, before);
    Ok(())
}

/// In one piece: each partition of a HALDB is a database of its own to a utility.
fn any_whole_schema() -> impl Strategy<Value = Schema> {
    any_schema().prop_map(|mut schema| {
        schema.high_keys = None;
        schema
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, max_shrink_time: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn what_was_committed_is_recovered_and_nothing_else(
        schema in any_whole_schema(),
        steps in prop::collection::vec(any_step(), 1..160),
        loss in any_loss(),
    ) {
        check_recovery(&schema.opened(), &steps, &loss)?;
    }

    #[test]
    fn what_is_unloaded_and_reloaded_is_the_same(
        schema in any_whole_schema(),
        steps in prop::collection::vec(any_step(), 1..160),
        block_bytes in prop::sample::select(vec![512usize, 1024, 4096]),
    ) {
        check_reload(&schema.opened(), &steps, block_bytes)?;
    }
}
