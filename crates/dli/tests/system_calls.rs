//! System calls that the log, or the AIB, is needed for: symbolic checkpoints and the restart from them, records of a
//! program's own, inquiries.

#![allow(clippy::unwrap_used, reason = "what fails in the helpers of a test fails the test")]

mod support;

use dli::{Aib, Ending, Program, StatusCode};
use logger::{Body, LogSequence};
use std::sync::atomic::Ordering;
use support::plant::{Plant, Started};

fn source() -> Vec<String> {
    let text = "
 DBD NAME=ACCTDB,ACCESS=HDAM,RMNAME=(DFSHDC40,2,4)
 DATASET DD1=ACCTDD,SIZE=512
 SEGM NAME=ACCT,PARENT=0,BYTES=10
 FIELD NAME=(NUMBER,SEQ,U),BYTES=2,START=1
 SEGM NAME=ITEM,PARENT=ACCT,BYTES=8
 FIELD NAME=(DAY,SEQ,U),BYTES=2,START=1
 DBDGEN
 PCB TYPE=DB,DBDNAME=ACCTDB,PROCOPT=A,KEYLEN=4,PCBNAME=ACCOUNTS
 SENSEG NAME=ACCT,PARENT=0
 SENSEG NAME=ITEM,PARENT=ACCT
 PSBGEN PSBNAME=TELLER
 PCB TYPE=DB,DBDNAME=ACCTDB,PROCOPT=A,KEYLEN=4
 SENSEG NAME=ACCT,PARENT=0
 SENSEG NAME=ITEM,PARENT=ACCT
 PSBGEN PSBNAME=TERSE,SSASIZE=12
 PCB TYPE=DB,DBDNAME=ACCTDB,PROCOPT=L,KEYLEN=4
 SENSEG NAME=ACCT,PARENT=0
 PSBGEN PSBNAME=LOADER
 PCB TYPE=DB,DBDNAME=ACCTDB,PROCOPT=G,KEYLEN=4,PCBNAME=ACCOUNTS
 SENSEG NAME=ACCT,PARENT=0
 PSBGEN PSBNAME=READER
";
    text.lines().map(str::to_string).collect()
}

const OK: Ending = Ending::Continues(StatusCode::OK);

fn insert(program: &mut Program, data: &str, ssas: &[&str]) {
    let mut area = data.as_bytes().to_vec();
    area.resize(100, b' ');
    let ssas: Vec<&[u8]> = ssas.iter().map(|ssa| ssa.as_bytes()).collect();
    assert_eq!(program.call(2, b"ISRT", &mut area, &ssas), OK);
}

fn program(started: &Started, plant: &Plant) -> Program {
    started.engine.schedule(plant.psb("TELLER")).unwrap()
}

/// Restarts from a checkpoint: how that ended, which one it was, and the area that was saved.
fn restart(program: &mut Program, id: &str) -> (Ending, String, String) {
    let mut area = format!("{id:<12}").into_bytes();
    let mut saved = *b"????????";
    let ending = program.restart(&mut area, &mut [&mut saved]);
    (ending, String::from_utf8_lossy(&area).trim_end().into(), String::from_utf8_lossy(&saved).into())
}

#[test]
fn a_program_goes_on_where_it_took_its_last_checkpoint_that_was_committed() {
    let mut plant = Plant::new(&source());
    let started = plant.start().unwrap();
    let mut batch = program(&started, &plant);
    assert_eq!(restart(&mut batch, "").0, OK, "it begins anew");
    insert(&mut batch, "10", &["ACCT"]);
    insert(&mut batch, "01", &["ACCT    (NUMBER  = 10)", "ITEM"]);
    assert_eq!(batch.checkpoint_symbolic(b"FIRST", &[b"ONE DONE"]), OK);
    insert(&mut batch, "20", &["ACCT"]);
    insert(&mut batch, "02", &["ACCT    (NUMBER  = 20)", "ITEM"]);
    assert_eq!(batch.checkpoint_symbolic(b"SECOND", &[b"TWO DONE"]), OK);
    insert(&mut batch, "30", &["ACCT"]);
    // The log has what is saved here, and not that it is committed.
    plant.give(1);
    assert_ne!(batch.checkpoint_symbolic(b"THIRD", &[b"3 LOST  "]), OK);
    drop((batch, started));
    plant.crash(|| 0);

    let started = plant.start().unwrap();
    let mut batch = program(&started, &plant);
    assert_eq!(restart(&mut batch, "LAST"), (OK, "SECOND".into(), "TWO DONE".into()));
    let mask = batch.mask(2).unwrap();
    assert_eq!((mask.level(), mask.segment()), (&b"02"[..], &b"ITEM    "[..]), "it stands where it stood");
    assert_eq!(&mask.key_feedback()[..mask.key_length()], b"2002");
    drop(batch);
    let mut batch = program(&started, &plant);
    assert_eq!(restart(&mut batch, "FIRST"), (OK, "FIRST".into(), "ONE DONE".into()));
    drop(batch);
    let mut batch = program(&started, &plant);
    assert_eq!(restart(&mut batch, "THIRD").0, Ending::Abend(102), "it was not committed");
    drop(batch);
    let mut batch = program(&started, &plant);
    insert(&mut batch, "40", &["ACCT"]);
    assert_eq!(restart(&mut batch, "LAST").0, Ending::Abend(102), "it is not the first call");
}

#[test]
fn a_program_that_was_ended_has_nothing_locked_and_changed_nothing() {
    let mut plant = Plant::new(&source());
    let started = plant.start().unwrap();
    let mut batch = program(&started, &plant);
    insert(&mut batch, "10", &["ACCT"]);
    assert_eq!(restart(&mut batch, "LAST").0, Ending::Abend(102), "it is not the first call");
    let mut reader = started.engine.schedule(plant.psb("READER")).unwrap();
    let got = reader.call(2, b"GU", &mut [b' '; 100], &[b"ACCT    (NUMBER  = 10)"]);
    assert_eq!(got, Ending::Continues(StatusCode::GE));
}

#[test]
fn a_program_stands_where_it_stood_however_short_its_own_arguments_have_to_be() {
    let mut plant = Plant::new(&source());
    let started = plant.start().unwrap();
    let mut batch = started.engine.schedule(plant.psb("TERSE")).unwrap();
    insert(&mut batch, "10", &["ACCT"]);
    insert(&mut batch, "01", &["ITEM"]);
    assert_eq!(batch.checkpoint_symbolic(b"FIRST", &[b"ONE DONE"]), OK);
    drop(batch);
    let mut batch = started.engine.schedule(plant.psb("TERSE")).unwrap();
    assert_eq!(restart(&mut batch, "FIRST").0, OK);
    let mask = batch.mask(2).unwrap();
    assert_eq!((mask.level(), mask.segment()), (&b"02"[..], &b"ITEM    "[..]));
    let long = batch.call(2, b"GU", &mut [b' '; 100], &[b"ACCT    (NUMBER  = 10)"]);
    assert_eq!(long, Ending::Continues(StatusCode::AU), "its own are limited still");
}

#[test]
fn a_checkpoint_of_a_load_that_could_not_be_written_is_none_to_restart_from() {
    let mut plant = Plant::new(&source());
    let started = plant.start().unwrap();
    let mut batch = started.engine.schedule(plant.psb("LOADER")).unwrap();
    insert(&mut batch, "10", &["ACCT"]);
    plant.health.store(0, Ordering::Relaxed);
    assert_eq!(batch.checkpoint_symbolic(b"FIRST", &[b"ONE DONE"]), Ending::Abend(3303));
    drop(batch);
    let mut batch = started.engine.schedule(plant.psb("LOADER")).unwrap();
    assert_eq!(restart(&mut batch, "FIRST").0, Ending::Abend(102));
}

#[test]
fn a_call_on_a_database_that_was_stopped_returns_nothing() {
    let mut plant = Plant::new(&source());
    let started = plant.start().unwrap();
    let mut batch = program(&started, &plant);
    assert_eq!(batch.call(1, b"INIT", &mut b"..  STATUS GROUPA".to_vec(), &[]), OK);
    insert(&mut batch, "10", &["ACCT"]);
    assert_eq!(batch.call(2, b"GU", &mut [b' '; 100], &[]), OK);
    assert_eq!(batch.area_used(2), [10]);
    plant.health.store(0, Ordering::Relaxed);
    assert!(started.engine.flush(&plant.databases()[0]).is_err());
    let got = batch.call(2, b"GU", &mut [b' '; 100], &[]);
    assert_eq!((got, batch.area_used(2)), (Ending::Continues(StatusCode::BA), Vec::new()));
}

#[test]
fn what_a_program_saves_without_having_changed_anything_is_there_and_may_be_long() {
    let mut plant = Plant::new(&source());
    let started = plant.start().unwrap();
    let mut batch = program(&started, &plant);
    let long: Vec<u8> = (0..40_000u32).map(|at| (at % 251) as u8).collect();
    assert_eq!(batch.checkpoint_symbolic(b"LONG", &[&long, b"SHORT"]), OK);
    assert_eq!(batch.checkpoint_symbolic(b"MANY", &[&[][..]; 8]), Ending::Continues(StatusCode::AP));
    drop((batch, started));
    plant.crash(|| 0);
    let started = plant.start().unwrap();
    let mut batch = program(&started, &plant);
    let (mut one, mut other) = (vec![0; 40_000], *b"        ");
    let mut area = *b"LONG        ";
    assert_eq!(batch.restart(&mut area, &mut [&mut one, &mut other]), OK);
    assert_eq!((one, other), (long, *b"SHORT   "));
    let mut other_program = started.engine.schedule(plant.psb("READER")).unwrap();
    assert_eq!(restart(&mut other_program, "LONG").0, Ending::Abend(102), "it is another program's");
}

#[test]
fn a_program_logs_records_of_its_own() {
    let mut plant = Plant::new(&source());
    let started = plant.start().unwrap();
    let mut batch = program(&started, &plant);
    let mut log = |record: &[u8]| batch.call(1, b"LOG ", &mut record.to_vec(), &[]);
    assert_eq!(log(b"\0\x09\0\0\xa1FIVE and more"), OK);
    assert_eq!(log(b"\0\x09\0\0\x50FIVE"), Ending::Continues(StatusCode::GL), "that is a type of the system");
    assert_eq!(log(b"\0\x04\0\0\xa1"), Ending::Continues(StatusCode::QF));
    assert_eq!(log(b"\0\x90\0\0\xa1SHORT"), Ending::Continues(StatusCode::AT));
    let longer_than_any_record = [&b"\xff\xff\0\0\xa1"[..], &[b'.'; 65_530]].concat();
    assert_eq!(log(&longer_than_any_record), Ending::Continues(StatusCode::AT));
    started.log.force_all().unwrap();
    let mut reader = started.log.read(LogSequence(1)).unwrap();
    let mut found = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        if let Some(Body::User { code, bytes }) = record.body() {
            found.push((code, bytes.to_vec()));
        }
    }
    assert_eq!(found, [(0xa1, b"FIVE".to_vec())]);
}

#[test]
fn a_call_through_the_aib_goes_to_the_pcb_that_it_names() {
    let mut plant = Plant::new(&source());
    let started = plant.start().unwrap();
    let mut batch = program(&started, &plant);
    let mut area = [b' '; 100];
    let mut ask = |pcb: &str, function: &str, subfunction: &str, bytes: usize| {
        let mut aib = Aib::new(pcb, subfunction, bytes);
        area[..2].copy_from_slice(b"10");
        let ending = batch.aib_call(function.as_bytes(), &mut aib, &mut area, &[b"ACCT    "]);
        assert!(matches!(ending, Ending::Continues(_)));
        let said = String::from_utf8_lossy(&area[..aib.area_used()]).into_owned();
        (aib.return_code(), aib.reason_code(), aib.resource_address(), said)
    };
    assert_eq!(ask("ACCOUNTS", "ISRT", "", 100), (0, 0, 2, String::new()));
    assert_eq!(ask("ACCOUNTS", "ISRT", "", 100), (0x900, 0, 2, String::new()), "II is in the PCB");
    assert_eq!(ask("ACCOUNTS", "GU", "", 100), (0, 0, 2, "10        ".into()));
    assert_eq!(
        ask("ACCOUNTS", "GU", "", 5),
        (0x900, 0, 2, String::new()),
        "AT: the AIB says how long the area is"
    );
    assert_eq!(ask("NOBODY", "GU", "", 100), (0x104, 0x208, 0, String::new()));
    assert_eq!(ask("ACCOUNTS", "INQY", "FIND", 100), (0, 0, 2, String::new()));
    assert_eq!(ask("IOPCB", "INQY", "PROGRAM", 100), (0, 0, 1, "TELLER  ".into()));
    assert_eq!(ask("IOPCB", "INQY", "DBQUERY", 100), (0, 0, 1, String::new()));
    assert_eq!(ask("IOPCB", "INQY", "NOTHING", 100), (0x104, 0x210, 1, String::new()));
    assert_eq!(ask("IOPCB", "INQY", "PROGRAM", 3), (0x104, 0x20c, 1, String::new()));
    let (code, _, _, environment) = ask("IOPCB", "INQY", "ENVIRON", 100);
    assert_eq!((code, &environment[..8], &environment[12..20]), (0, "IMS1    ", "BATCH   "));
    assert_eq!(&environment[40..48], "TELLER  ");
    let mut bytes = *Aib::new("ACCOUNTS", "", 100).bytes();
    bytes[0] = b'X';
    let mut aib = Aib::of_bytes(bytes);
    batch.aib_call(b"GU", &mut aib, &mut [b' '; 100], &[]);
    assert_eq!((aib.return_code(), aib.reason_code()), (0x104, 0x204));
}
