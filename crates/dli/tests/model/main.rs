//! Random databases, random calls: the engine and a naive model of DL/I have to agree, call by call, on the status, the
//! whole PCB mask and the I/O area, and the pointer checker has to find nothing.

#![allow(clippy::unwrap_used, reason = "what fails in the helpers of a test fails the test")]

mod calls;
mod crash;
mod indexes;
mod naive;
mod schema;
#[path = "../support/mod.rs"]
mod support;

use calls::{Call, Choices, Ssa};
use dli::Program;
use naive::Naive;
use proptest::prelude::*;
use schema::{Schema, any_schema};
use support::House;
use vocabulary::DbdName;

/// More than the longest path takes.
const AREA: usize = 1000;

/// Makes a call, and gives what the engine returned.
fn perform(program: &mut Program, schema: &Schema, call: &Call, held: &[Vec<u8>]) -> Vec<u8> {
    let mut area = vec![b'.'; AREA];
    let mut fill = |data: &[Vec<u8>]| {
        let data = data.concat();
        area[..data.len()].copy_from_slice(&data);
    };
    let (number, function, ssas): (usize, &str, Vec<Vec<u8>>) = match call {
        Call::Get { scope, hold, ssas } => {
            let names = [["GU", "GHU"], ["GN", "GHN"], ["GNP", "GHNP"]];
            (2, names[usize::from(*scope)][usize::from(*hold)], render(schema, ssas))
        }
        Call::Insert { ssas, data } => {
            fill(data);
            (2, "ISRT", render(schema, ssas))
        }
        Call::Replace { data, kept } => {
            fill(data);
            let argument = |kind: &usize| format!("{:<8}*N--", schema.types[*kind].name).into_bytes();
            (2, "REPL", kept.iter().map(argument).collect())
        }
        Call::Delete { level } => {
            fill(held);
            let name = level.map(|kind| schema.types[kind].name.clone().into_bytes());
            (2, "DLET", name.into_iter().collect())
        }
        Call::Dequeue(class) => {
            area[0] = *class;
            (1, "DEQ", Vec::new())
        }
        Call::Rollback => (1, "ROLB", Vec::new()),
        Call::Checkpoint => (1, "CHKP", Vec::new()),
    };
    let ssas: Vec<&[u8]> = ssas.iter().map(Vec::as_slice).collect();
    program.call(number, function.as_bytes(), &mut area, &ssas);
    let used = if number == 2 { program.area_used(2).iter().sum() } else { 0 };
    area[..used].to_vec()
}

fn render(schema: &Schema, ssas: &[Ssa]) -> Vec<Vec<u8>> {
    ssas.iter().map(|ssa| ssa.render(schema)).collect()
}

fn shown(call: &Call, schema: &Schema) -> String {
    let ssas = match call {
        Call::Get { ssas, .. } | Call::Insert { ssas, .. } => render(schema, ssas),
        _ => Vec::new(),
    };
    let ssas: Vec<_> = ssas.iter().map(|ssa| String::from_utf8_lossy(ssa).into_owned()).collect();
    format!("{call:?}\n  {ssas:?}")
}

fn mask_text(mask: &[u8]) -> String {
    String::from_utf8_lossy(&mask[8..]).into_owned()
}

fn check(schema: &Schema, drawn: &[Vec<u8>]) -> Result<(), TestCaseError> {
    let name: DbdName = "TESTDB".parse().unwrap();
    let mut house = House::with_buffers(16);
    let source = schema.source();
    prop_assert_eq!(house.generate(&source).unwrap(), "", "the definitions are right: {:#?}", source);
    if schema.high_keys.is_some() {
        house.register(name, None, &schema.partitions());
    }
    prop_assert_eq!(house.open(&name).unwrap(), "");
    let open = schema.opened();
    let mut program = house.program("FILLPSB").unwrap();
    let mut model = Naive::new(open.clone(), mask(&program));
    let mut history = source;
    // The first calls are those of a program that may do everything, so that there is something for the other one.
    let (first, others) = drawn.split_at(drawn.len() / 3);
    make_calls(&mut program, &mut model, &open, first, &mut history)?;
    end(&mut program, &mut model);
    drop(program);
    let mut program = house.program("TESTPSB").unwrap();
    let mut model = model.seen_by(schema.clone(), mask(&program));
    make_calls(&mut program, &mut model, schema, others, &mut history)?;
    prop_assert_eq!(house.check(&name), "sound\n", "after {:#?}", history);
    read_all(&mut program, &mut model, schema, &history)?;
    end(&mut program, &mut model);
    drop(program);
    read_in_sequences(&mut house, &model.clone().seen_by(open.clone(), Vec::new()), others, &mut history)?;
    let mut program = house.program("TESTPSB").unwrap();
    let mut model = model.seen_by(schema.clone(), mask(&program));
    end(&mut program, &mut model);
    drop(program);
    house.close(&name).unwrap();
    prop_assert_eq!(house.open(&name).unwrap(), "");
    let mut program = house.program("FILLPSB").unwrap();
    let mut model = model.seen_by(open.clone(), mask(&program));
    prop_assert_eq!(house.check(&name), "sound\n", "opened again after {:#?}", history);
    read_all(&mut program, &mut model, &open, &history)
}

/// Reads what there is in the order of each secondary index.
fn read_in_sequences(
    house: &mut House,
    model: &Naive,
    drawn: &[Vec<u8>],
    history: &mut Vec<String>,
) -> Result<(), TestCaseError> {
    for number in 0..model.schema().indexes.len() {
        let mut program = house.program(&format!("SEQPSB{number}")).unwrap();
        let mut seen = model.in_sequence(number, mask(&program));
        let schema = seen.schema().clone();
        history.push(format!("in the order of index {number}"));
        read_all(&mut program, &mut seen, &schema, history)?;
        for bytes in drawn {
            let call = calls::get(&schema, &seen, &mut Choices::new(bytes));
            history.push(shown(&call, &schema));
            let area = perform(&mut program, &schema, &call, &[]);
            seen.call(&call);
            agree(&program, &seen, &area, history)?;
        }
    }
    Ok(())
}

fn mask(program: &Program) -> Vec<u8> {
    program.mask(2).unwrap().bytes().to_vec()
}

/// A commit point, and the end of a program.
fn end(program: &mut Program, model: &mut Naive) {
    program.commit().unwrap();
    model.call(&Call::Checkpoint);
}

fn make_calls(
    program: &mut Program,
    model: &mut Naive,
    schema: &Schema,
    drawn: &[Vec<u8>],
    history: &mut Vec<String>,
) -> Result<(), TestCaseError> {
    for bytes in drawn {
        let call = calls::draw(schema, model, &mut Choices::new(bytes));
        history.push(shown(&call, schema));
        let held = model.held_data();
        let area = perform(program, schema, &call, &held);
        model.call(&call);
        agree(program, model, &area, history)?;
    }
    Ok(())
}

fn agree(program: &Program, model: &Naive, area: &[u8], history: &[String]) -> Result<(), TestCaseError> {
    let mask = program.mask(2).unwrap().bytes();
    let last = history.last().map_or("", String::as_str);
    prop_assert!(
        mask == model.mask,
        "the PCB is {:?} and should be {:?} after {} in {:#?}",
        mask_text(mask),
        mask_text(&model.mask),
        last,
        history
    );
    prop_assert!(
        area == model.area,
        "returned {:?} and should return {:?} after {} in {:#?}",
        String::from_utf8_lossy(area),
        String::from_utf8_lossy(&model.area),
        last,
        history
    );
    Ok(())
}

/// Reads the whole database from its beginning.
fn read_all(
    program: &mut Program,
    model: &mut Naive,
    schema: &Schema,
    history: &[String],
) -> Result<(), TestCaseError> {
    for at in 0..=model.len() {
        let scope = u8::from(at > 0);
        let call = Call::Get { scope, hold: false, ssas: Vec::new() };
        let area = perform(program, schema, &call, &[]);
        model.call(&call);
        agree(program, model, &area, history)?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_shrink_time: 15_000, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_does_what_the_model_does(
        schema in any_schema(),
        drawn in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..120), 1..150),
    ) {
        check(&schema, &drawn)?;
    }
}
