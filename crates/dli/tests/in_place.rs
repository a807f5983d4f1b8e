//! Calls that are made in place have the effect of the general way: the same random calls on two engines, of which one makes
//! none in place, give the same endings, masks and I/O areas, and leave the same database.

#![allow(clippy::unwrap_used, reason = "what fails in the helpers of a test fails the test")]

mod support;

use dli::{Ending, Program, Settings, StatusCode};
use proptest::prelude::*;
use support::House;

/// More than a path takes.
const AREA: usize = 80;

/// PCB 2 sees all and changes it, PCB 3 reads records without some types, PCB 4 sees fields, PCB 5 reads without integrity.
const SOURCE: &str = " DBD NAME=PLACEDB,ACCESS=HDAM,RMNAME=(DFSHDC40,2,4)
 DATASET DD1=PLACED,SIZE=512
 SEGM NAME=ROOT,PARENT=0,BYTES=10
 FIELD NAME=(RKEY,SEQ,U),BYTES=1,START=1
 FIELD NAME=REST,BYTES=4,START=4
 SEGM NAME=CHILD,PARENT=ROOT,BYTES=12
 FIELD NAME=(CKEY,SEQ,U),BYTES=1,START=2
 SEGM NAME=GRAND,PARENT=CHILD,BYTES=(14,6)
 FIELD NAME=(GKEY,SEQ,U),BYTES=1,START=3
 SEGM NAME=OTHER,PARENT=ROOT,BYTES=8
 FIELD NAME=(OKEY,SEQ,M),BYTES=1,START=1
 DBDGEN
 PCB TYPE=DB,DBDNAME=PLACEDB,PROCOPT=AP,KEYLEN=3
 SENSEG NAME=ROOT,PARENT=0
 SENSEG NAME=CHILD,PARENT=ROOT
 SENSEG NAME=GRAND,PARENT=CHILD
 SENSEG NAME=OTHER,PARENT=ROOT
 PCB TYPE=DB,DBDNAME=PLACEDB,PROCOPT=GP,KEYLEN=3
 SENSEG NAME=ROOT,PARENT=0
 SENSEG NAME=CHILD,PARENT=ROOT
 PCB TYPE=DB,DBDNAME=PLACEDB,PROCOPT=G,KEYLEN=3
 SENSEG NAME=ROOT,PARENT=0,PROCOPT=K
 SENSEG NAME=CHILD,PARENT=ROOT
 SENFLD NAME=CKEY,START=5
 SENSEG NAME=OTHER,PARENT=ROOT
 PCB TYPE=DB,DBDNAME=PLACEDB,PROCOPT=GO,KEYLEN=3
 SENSEG NAME=ROOT,PARENT=0
 SENSEG NAME=CHILD,PARENT=ROOT
 SENSEG NAME=GRAND,PARENT=CHILD
 PSBGEN PSBNAME=PLACES
";

/// What is done to both engines.
#[derive(Debug, Clone)]
enum Step {
    Call { pcb: usize, function: &'static str, ssas: Vec<String>, data: String, area: usize },
    Commit,
    BackOut,
}

fn house(in_place: bool) -> House {
    let settings = Settings { buffers: 16, in_place, ..Settings::default() };
    let mut house = House::with_settings(settings);
    let lines: Vec<String> = SOURCE.lines().map(str::to_string).collect();
    assert_eq!(house.generate(&lines).unwrap(), "");
    assert_eq!(house.open(&"PLACEDB".parse().unwrap()).unwrap(), "");
    house
}

fn program(house: &House) -> Program {
    house.engine.schedule(house.psb("PLACES").unwrap()).unwrap()
}

fn any_key() -> impl Strategy<Value = char> {
    prop::char::range('A', 'E')
}

/// A search argument on a level: mostly for one key, as programs have them.
fn any_ssa(level: usize) -> impl Strategy<Value = String> {
    let (name, field) = [("ROOT", "RKEY"), ("CHILD", "CKEY"), ("GRAND", "GKEY"), ("OTHER", "OKEY")][level];
    let text = move |codes: &str, operator: &str, key| format!("{name:<8}{codes}({field:<8}{operator}{key})");
    prop_oneof![
        12 => any_key().prop_map(move |key| text("", "= ", key)),
        1 => any_key().prop_map(move |key| text("", ">=", key)),
        1 => any_key().prop_map(move |key| text("*D", "EQ", key)),
        1 => any_key().prop_map(move |key| text("*P", " =", key)),
        1 => (any_key(), any_key()).prop_map(move |(one, other)| {
            format!("{name:<8}({field:<8}= {one}|{field:<8}= {other})")
        }),
        1 => Just(format!("{name:<8}")),
        1 => Just(format!("{name:<8}({field:<8}= ")),
    ]
}

/// Arguments down to some level, sometimes with one left out.
fn any_ssas() -> impl Strategy<Value = Vec<String>> {
    let path = (any_ssa(0), any_ssa(1), any_ssa(2), any_ssa(3), 0usize..5, 0usize..12);
    path.prop_map(|(root, child, grand, other, depth, left_out)| {
        let mut ssas = match depth {
            0 => vec![root],
            1 | 2 => vec![root, child],
            3 => vec![root, child, grand],
            _ => vec![root, other],
        };
        if left_out < ssas.len() && ssas.len() > 1 {
            ssas.remove(left_out);
        }
        ssas
    })
}

fn any_insert() -> impl Strategy<Value = Step> {
    (any_key(), any_key(), any_key(), 0usize..4).prop_map(|(root, child, grand, kind)| {
        let above = |name: &str, field: &str, key| format!("{name:<8}({field:<8}= {key})");
        let (above_child, above_grand) = (above("ROOT", "RKEY", root), above("CHILD", "CKEY", child));
        let (ssas, data) = match kind {
            0 => (vec!["ROOT    ".into()], format!("{root}-------root")),
            1 => (vec![above_child, "CHILD   ".into()], format!("-{child}----child---")),
            2 => (vec![above_child, above_grand, "GRAND   ".into()], format!("\0\x0a{grand}--grand")),
            _ => (vec![above_child, "OTHER   ".into()], format!("{child}--other")),
        };
        Step::Call { pcb: 2, function: "ISRT", ssas, data, area: AREA }
    })
}

fn any_step() -> impl Strategy<Value = Step> {
    let get = |function: &'static str, ssas: Vec<String>, pcb, area| Step::Call {
        pcb,
        function,
        ssas,
        data: String::new(),
        area,
    };
    let area = || prop_oneof![20 => Just(AREA), 1 => Just(11usize), 1 => Just(0usize)];
    let unique = (prop::sample::select(vec!["GU", "GHU"]), any_ssas(), 2usize..6, area());
    let along = (prop::sample::select(vec!["GN", "GNP", "GHN", "GHNP"]), 2usize..6, area());
    let next = (prop::sample::select(vec!["GN", "GNP"]), any_ssas(), 2usize..6);
    let change = |function: &'static str, data: &str| Step::Call {
        pcb: 2,
        function,
        ssas: Vec::new(),
        data: data.into(),
        area: AREA,
    };
    prop_oneof![
        8 => any_insert(),
        10 => unique.prop_map(move |(function, ssas, pcb, area)| get(function, ssas, pcb, area)),
        14 => along.prop_map(move |(function, pcb, area)| get(function, Vec::new(), pcb, area)),
        2 => next.prop_map(move |(function, ssas, pcb)| get(function, ssas, pcb, AREA)),
        2 => Just(change("DLET", "")),
        4 => Just(change("REPL", "")),
        1 => Just(Step::Commit),
        1 => Just(Step::BackOut),
    ]
}

/// What a program has after a step: how it ended, its area, and all its masks.
fn perform(program: &mut Program, step: &Step, held: &mut Vec<u8>) -> (String, Vec<u8>, Vec<Vec<u8>>) {
    let mut filled = vec![b'.'; AREA];
    let ending = match step {
        Step::Commit => format!("{:?}", program.commit()),
        Step::BackOut => {
            program.back_out();
            String::new()
        }
        Step::Call { pcb, function, ssas, data, area } => {
            let data = if *function == "REPL" { held.as_slice() } else { data.as_bytes() };
            filled[..data.len()].copy_from_slice(data);
            let texts: Vec<&[u8]> = ssas.iter().map(|ssa| ssa.as_bytes()).collect();
            let ending = program.call(*pcb, function.as_bytes(), &mut filled[..*area], &texts);
            if matches!(ending, Ending::Continues(_)) && function.starts_with("GH") {
                *held = filled[..program.area_used(*pcb).iter().sum()].to_vec();
            }
            format!("{ending:?} {:?}", program.area_used(*pcb))
        }
    };
    let masks = (2..6).map(|pcb| program.mask(pcb).unwrap().bytes().to_vec()).collect();
    (ending, filled, masks)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn calls_in_place_have_the_effect_of_the_general_way(steps in prop::collection::vec(any_step(), 20..150)) {
        let houses = [house(true), house(false)];
        let mut programs = houses.each_ref().map(program);
        let mut held = [Vec::new(), Vec::new()];
        for step in &steps {
            let [one, other] = &mut programs;
            let in_place = perform(one, step, &mut held[0]);
            let general = perform(other, step, &mut held[1]);
            prop_assert_eq!(in_place, general, "{:?}", step);
        }
        drop(programs);
        for house in &houses {
            let findings = house.engine.check(&"PLACEDB".parse().unwrap());
            prop_assert!(findings.is_empty(), "{:?}", findings);
        }
    }
}

#[test]
fn at_the_end_of_twins_nothing_is_held_any_more() {
    let house = house(true);
    let mut program = program(&house);
    let root = b"ROOT    (RKEY    = A)";
    let mut call = |function: &str, data: &str, ssas: &[&[u8]]| {
        let mut area = [b' '; AREA];
        area[..data.len()].copy_from_slice(data.as_bytes());
        program.call(2, function.as_bytes(), &mut area, ssas)
    };
    for (data, ssas) in [("A----root-", &[&b"ROOT    "[..]][..]), ("-A---other", &[&root[..], b"OTHER   "])] {
        assert_eq!(call("ISRT", data, ssas), Ending::Continues(StatusCode::OK));
    }
    let calls = [
        ("GU", StatusCode::OK),
        ("GHNP", StatusCode::OK),
        ("GHNP", StatusCode::GE),
        ("REPL", StatusCode::DJ),
    ];
    for (function, status) in calls {
        let ssas: &[&[u8]] = if function == "GU" { &[root] } else { &[] };
        assert_eq!(call(function, "-A---other", ssas), Ending::Continues(status), "{function}");
    }
}
