//! A batch program copies records from one data set to another, and takes checkpoints; the power fails at every write, and the
//! program is restarted each time. In the end every record is there once.

#![allow(clippy::unwrap_used, reason = "what fails in the helpers of a test fails the test")]

mod support;

use dasd::memory::MemorySequentialSet;
use dli::{Ending, Program, StatusCode};
use support::plant::{Plant, Started};

const RECORDS: usize = 20;
const OK: Ending = Ending::Continues(StatusCode::OK);

fn plant() -> Plant {
    let text = "
 DBD NAME=INDB,ACCESS=(GSAM,BSAM)
 DATASET DD1=IN,RECORD=8,RECFM=F
 DBDGEN
 DBD NAME=OUTDB,ACCESS=(GSAM,BSAM)
 DATASET DD1=OUT,RECORD=20,RECFM=V
 DBDGEN
 PCB TYPE=GSAM,DBDNAME=INDB,PROCOPT=G
 PCB TYPE=GSAM,DBDNAME=OUTDB,PROCOPT=L
 PSBGEN PSBNAME=COPIER
";
    let mut plant = Plant::new(&text.lines().map(str::to_string).collect::<Vec<_>>());
    let input: String = (0..RECORDS).map(|at| format!("REC{at:05}")).collect();
    plant.files.insert("IN".parse().unwrap(), MemorySequentialSet::new(input.as_bytes()));
    plant
}

/// What is in the output, if every record is there once.
fn expected() -> Vec<u8> {
    (0..RECORDS).flat_map(|at| [&b"\0\x0c\0\0"[..], format!("REC{at:05}").as_bytes()].concat()).collect()
}

/// Copies all records, with a checkpoint after every third one. None when the power failed.
fn copy(program: &mut Program) -> Option<()> {
    let mut area = *b"LAST        ";
    let mut copied = [0u8; 4];
    if program.restart(&mut area, &mut [&mut copied]) != OK {
        return None;
    }
    match u32::from_be_bytes(copied) {
        // Behind its end a data set is read from its beginning again: the program has to know that it was there.
        copied if copied as usize == RECORDS => Some(()),
        copied => go_on(program, copied),
    }
}

fn go_on(program: &mut Program, mut copied: u32) -> Option<()> {
    loop {
        let mut area = [0; 20];
        match program.call(2, b"GN", &mut area[2..], &[]) {
            OK => {}
            Ending::Continues(StatusCode::GB) => break,
            other => unreachable!("input can always be read: {other:?}"),
        }
        area[..2].copy_from_slice(&10u16.to_be_bytes());
        if program.call(3, b"ISRT", &mut area, &[]) != OK {
            return None;
        }
        copied += 1;
        if copied.is_multiple_of(3) && program.checkpoint_symbolic(b"COPIED", &[&copied.to_be_bytes()]) != OK
        {
            return None;
        }
    }
    assert_eq!(copied as usize, RECORDS, "the program has counted them all");
    (program.checkpoint_symbolic(b"COPIED", &[&copied.to_be_bytes()]) == OK).then_some(())
}

fn schedule(started: &Started, plant: &Plant) -> Program {
    started.engine.schedule(plant.psb("COPIER")).unwrap()
}

#[test]
fn a_copy_that_is_restarted_after_every_failure_has_each_record_once() {
    for power in 1..60 {
        let mut plant = plant();
        let out = "OUT".parse().unwrap();
        let mut left = (0usize..).map(|at| at * 7);
        let mut failures = 0;
        let mut is_new = true;
        loop {
            let started = plant.start().unwrap();
            let mut program = schedule(&started, &plant);
            // Each attempt gets further, so that the last one comes to the end.
            plant.give(power + failures * 5);
            let done = match is_new {
                true => go_on(&mut program, 0),
                false => copy(&mut program),
            };
            drop((program, started));
            if done.is_some() {
                break;
            }
            failures += 1;
            plant.crash(|| left.next().unwrap());
            // As long as no checkpoint counts there is none to restart from: the program begins anew, with nothing written.
            let started = plant.start().unwrap();
            is_new = started.log.saved_program("COPIER".parse().unwrap(), None).unwrap().is_none();
            drop(started);
            if is_new {
                plant.files.insert(out, MemorySequentialSet::default());
            }
        }
        assert_eq!(plant.files[&out].bytes(), expected(), "with power for {power} writes at first");
    }
}

#[test]
fn what_was_written_behind_a_checkpoint_goes_also_if_nothing_was_written_before_it() {
    let mut plant = plant();
    let out = "OUT".parse().unwrap();
    plant.files.insert(out, MemorySequentialSet::new(b"\0\x07\0\0OLD"));
    for begin in [b"            ", b"LAST        "] {
        let started = plant.start().unwrap();
        let mut program = schedule(&started, &plant);
        assert_eq!(program.restart(&mut begin.clone(), &mut [&mut [0; 4]]), OK);
        assert_eq!(program.call(3, b"CLSE", &mut [], &[]), OK);
        assert_eq!(program.checkpoint_symbolic(b"BEGUN", &[&[0; 4]]), OK);
        assert_eq!(program.call(3, b"ISRT", &mut b"\0\x06NOTE".clone(), &[]), OK);
        assert_eq!(program.call(1, b"CHKP", b"BASIC   ".clone().as_mut(), &[]), OK, "it is there for good");
    }
    assert_eq!(plant.files[&out].bytes(), b"\0\x07\0\0OLD\0\x08\0\0NOTE");
}

#[test]
fn a_data_set_that_is_shorter_than_it_was_is_not_gone_on_with() {
    let mut plant = plant();
    let started = plant.start().unwrap();
    let mut program = schedule(&started, &plant);
    go_on(&mut program, 0).unwrap();
    drop((program, started));
    plant.files.insert("OUT".parse().unwrap(), MemorySequentialSet::default());
    let started = plant.start().unwrap();
    let mut program = schedule(&started, &plant);
    assert_eq!(program.restart(&mut b"LAST        ".clone(), &mut [&mut [0; 4]]), Ending::Abend(102));
}

#[test]
fn nothing_is_written_to_a_data_set_that_refused() {
    let mut plant = plant();
    let started = plant.start().unwrap();
    let mut program = schedule(&started, &plant);
    let mut insert = || program.call(3, b"ISRT", &mut b"\0\x06NOTE".clone(), &[]);
    assert_eq!(insert(), OK);
    plant.give(0);
    assert_eq!(insert(), Ending::Continues(StatusCode::AO));
    plant.give(i64::MAX);
    assert_eq!(insert(), Ending::Continues(StatusCode::IX));
}
