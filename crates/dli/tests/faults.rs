//! Data sets that fail, and threads that share an engine.

#![allow(clippy::unwrap_used, reason = "what fails in the helpers of a test fails the test")]

mod support;

use dasd::memory::MemoryBlockSet;
use dasd::{Fault, Faulty};
use dbrc::{Access, Recon, ShareLevel};
use dli::{DataSets, Ending, Engine, Program, Settings, StatusCode};
use std::sync::Arc;
use support::House;
use vocabulary::{DbdName, MemberName};

/// Two databases alike, and a PSB for both: PCB 2 is for the first, PCB 3 for the second.
fn source() -> Vec<String> {
    let mut lines = Vec::new();
    for at in 1..=2 {
        lines.push(format!(" DBD NAME=DB{at},ACCESS=HDAM,RMNAME=(DFSHDC40,2,20)"));
        lines.push(format!(" DATASET DD1=DD{at},SIZE=512"));
        lines.push(" SEGM NAME=ROOT,PARENT=0,BYTES=20".into());
        lines.push(" FIELD NAME=(KEY,SEQ,U),BYTES=4,START=1".into());
        lines.push(" SEGM NAME=LEAF,PARENT=ROOT,BYTES=(100,10),PTR=TB".into());
        lines.push(" FIELD NAME=(NUM,SEQ,U),BYTES=2,START=3".into());
        lines.push(" DBDGEN".into());
    }
    for at in 1..=2 {
        lines.push(format!(" PCB TYPE=DB,DBDNAME=DB{at},PROCOPT=A,KEYLEN=6"));
        lines.push(" SENSEG NAME=ROOT,PARENT=0".into());
        lines.push(" SENSEG NAME=LEAF,PARENT=ROOT".into());
    }
    lines.push(" PSBGEN PSBNAME=BOTH".into());
    for (at, options, psb) in [(1, "G", "READER"), (2, "A", "WRITER"), (1, "A", "OTHER"), (1, "AE", "ALONE")]
    {
        lines.push(format!(" PCB TYPE=DB,DBDNAME=DB{at},PROCOPT={options},KEYLEN=6"));
        lines.push(" SENSEG NAME=ROOT,PARENT=0".into());
        lines.push(" SENSEG NAME=LEAF,PARENT=ROOT".into());
        lines.push(format!(" PSBGEN PSBNAME={psb}"));
    }
    lines
}

fn call(program: &mut Program, number: usize, function: &str, data: &str, ssas: &[&str]) -> StatusCode {
    let mut area = [b' '; 200];
    area[..data.len()].copy_from_slice(data.as_bytes());
    let ssas: Vec<&[u8]> = ssas.iter().map(|ssa| ssa.as_bytes()).collect();
    match program.call(number, function.as_bytes(), &mut area, &ssas) {
        Ending::Continues(status) => status,
        Ending::Abend(code) => unreachable!("nothing here abends, and U{code} came"),
        Ending::Waits => unreachable!("nobody here waits for another"),
    }
}

/// Inserts roots with leaves, makes some longer, deletes some; ends at the first status that is not blank.
fn work(program: &mut Program, number: usize, roots: usize) -> StatusCode {
    for root in 0..roots {
        let key = format!("{root:04}");
        let path = format!("ROOT    (KEY     = {key})");
        let mut calls = vec![("ISRT", format!("{key} A ROOT"), vec!["ROOT".to_string()])];
        for leaf in 0..4 {
            // Ten bytes, these two counted.
            calls.push(("ISRT", format!("\0\n{leaf:02} SHORT"), vec![path.clone(), "LEAF".into()]));
        }
        let leaf = "LEAF    (NUM     = 02)".to_string();
        calls.push(("GHU", String::new(), vec![path.clone(), leaf]));
        calls.push(("REPL", "\0P02 MUCH LONGER".into(), Vec::new()));
        if root % 3 == 0 {
            calls.push(("GHU", format!("{key} A ROOT"), vec![path]));
            calls.push(("DLET", format!("{key} A ROOT"), Vec::new()));
        }
        for (function, data, ssas) in calls {
            let ssas: Vec<&str> = ssas.iter().map(String::as_str).collect();
            let status = call(program, number, function, &data, &ssas);
            if status != StatusCode::OK {
                return status;
            }
        }
    }
    StatusCode::OK
}

/// An engine with both databases open; operations on the first one's data set fail as planned.
fn engine(house: &House, after: u64, fault: Fault) -> Option<Arc<Engine>> {
    let engine = Arc::new(Engine::new(Settings { buffers: 16, ..Settings::default() }));
    let mut recon = Recon::new();
    for name in ["DB1", "DB2"] {
        let name: DbdName = name.parse().unwrap();
        let dmb = Arc::new(house.report.as_ref().unwrap().dmbs[&name].clone());
        let mut set = Faulty::new(MemoryBlockSet::new(512));
        if name.as_str() == "DB1" {
            set.fail_after(after, fault);
        }
        let sets =
            DataSets::from([(dmb.data_sets[0].dd1.unwrap(), Box::new(set) as Box<dyn dasd::BlockSet>)]);
        recon.register(name, ShareLevel::One);
        let authorization = recon.authorize(MemberName::new("IMS1").unwrap(), name, Access::Update).unwrap();
        engine.open(&authorization, dmb, None, sets).ok()?;
    }
    Some(engine)
}

#[test]
fn a_data_set_that_fails_stops_its_database_and_no_other() {
    let mut house = House::default();
    assert_eq!(house.generate(&source()).unwrap(), "");
    let (one, two): (DbdName, DbdName) = ("DB1".parse().unwrap(), "DB2".parse().unwrap());
    let mut stopped = 0;
    for after in 0..150 {
        for fault in [Fault::Io, Fault::Full] {
            let Some(engine) = engine(&house, after, fault) else { continue };
            let mut program = engine.schedule(house.psb("BOTH").unwrap()).unwrap();
            let status = work(&mut program, 2, 40);
            match engine.stop_message(&one) {
                None => assert_eq!(status, StatusCode::OK, "nothing was wrong, after {after} operations"),
                Some(message) => {
                    stopped += 1;
                    assert_eq!(status, StatusCode::AO, "{message}");
                    assert_eq!(call(&mut program, 2, "GU", "", &[]), StatusCode::AI, "{message}");
                }
            }
            assert_eq!(work(&mut program, 3, 40), StatusCode::OK, "the other database works");
            program.commit().unwrap();
            assert_eq!(engine.check(&two), [], "and is sound");
            assert!(engine.close(&two).is_ok());
        }
    }
    assert!(stopped > 20, "the faults hit: {stopped}");
}

/// Both databases, open, with a pool that is smaller than either.
fn small_house() -> (House, Vec<DbdName>) {
    let mut house = House::with_buffers(24);
    assert_eq!(house.generate(&source()).unwrap(), "");
    let names: Vec<DbdName> = ["DB1", "DB2"].iter().map(|name| name.parse().unwrap()).collect();
    for name in &names {
        assert_eq!(house.open(name).unwrap(), "");
    }
    (house, names)
}

#[test]
fn threads_share_an_engine_whose_pool_is_smaller_than_its_databases() {
    let (house, names) = small_house();
    let mut program = house.program("BOTH").unwrap();
    assert_eq!(work(&mut program, 2, 200), StatusCode::OK);
    program.commit().unwrap();
    drop(program);
    let house = &house;
    std::thread::scope(|scope| {
        for reader in 0..3 {
            scope.spawn(move || {
                let mut program = house.program("READER").unwrap();
                for round in 0..1000 {
                    let root = (round * 7 + reader * 31) % 200;
                    let path = format!("ROOT    (KEY     = {root:04})");
                    let found = call(&mut program, 2, "GU", "", &[&path, "LEAF    (NUM     = 03)"]);
                    let expected = if root % 3 == 0 { StatusCode::GE } else { StatusCode::OK };
                    assert_eq!(found, expected, "root {root}");
                }
            });
        }
        scope.spawn(move || {
            let mut program = house.program("WRITER").unwrap();
            assert_eq!(work(&mut program, 2, 200), StatusCode::OK);
            program.commit().unwrap();
        });
    });
    for name in &names {
        assert_eq!(house.check(name), "sound\n");
    }
}

#[test]
fn a_program_that_needs_a_database_alone_has_it_alone() {
    let mut house = House::default();
    assert_eq!(house.generate(&source()).unwrap(), "");
    for name in ["DB1", "DB2"] {
        assert_eq!(house.open(&name.parse().unwrap()).unwrap(), "");
    }
    let refused = |psb: &str| house.program(psb).err().map(|error| error.to_string()).unwrap_or_default();
    let reader = house.program("READER").unwrap();
    let other = house.program("OTHER").unwrap();
    assert!(house.program("BOTH").is_ok(), "readers and updaters share");
    assert!(refused("ALONE").contains("another program uses database DB1"));
    drop((reader, other));
    let alone = house.program("ALONE").unwrap();
    assert!(refused("READER").contains("another program uses database DB1"));
    assert!(refused("BOTH").contains("database DB1"));
    assert!(house.program("WRITER").is_ok(), "a refusal keeps nothing");
    drop(alone);
    assert!(house.program("BOTH").is_ok());
}

/// Takes one from an account and gives it to another, in two databases. None when it had to give way.
fn transfer(program: &mut Program, from: (usize, usize), to: (usize, usize)) -> Option<()> {
    for ((pcb, account), sum) in [(from, -1i32), (to, 1)] {
        let path = format!("ROOT    (KEY     = {account:04})");
        let mut area = [b' '; 200];
        waiting(program, pcb, "GHU", &mut area, &[&path])?;
        let balance: i32 = String::from_utf8_lossy(&area[4..10]).trim().parse().unwrap();
        area[4..10].copy_from_slice(format!("{:>6}", balance + sum).as_bytes());
        waiting(program, pcb, "REPL", &mut area, &[])?;
    }
    program.commit().unwrap();
    Some(())
}

fn waiting(program: &mut Program, pcb: usize, function: &str, area: &mut [u8], ssas: &[&str]) -> Option<()> {
    let ssas: Vec<&[u8]> = ssas.iter().map(|ssa| ssa.as_bytes()).collect();
    loop {
        match program.call(pcb, function.as_bytes(), area, &ssas) {
            Ending::Continues(status) => {
                assert_eq!(status, StatusCode::OK);
                return Some(());
            }
            Ending::Waits => program.wait(),
            Ending::Abend(code) => {
                assert_eq!(code, 777, "the only reason");
                return None;
            }
        }
    }
}

#[test]
fn threads_that_update_the_same_records_lose_nothing_and_do_not_stand_still() {
    let (house, names) = small_house();
    let mut program = house.program("BOTH").unwrap();
    for (pcb, account) in (0..16).map(|at| (at % 2 + 2, at / 2)) {
        assert_eq!(
            call(&mut program, pcb, "ISRT", &format!("{account:04}  1000"), &["ROOT"]),
            StatusCode::OK
        );
    }
    program.commit().unwrap();
    drop(program);
    let house = &house;
    std::thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                let mut program = house.program("BOTH").unwrap();
                for round in 0..200 {
                    let place = |at: usize| (at % 2 + 2, at / 2 % 8);
                    let (from, to) = (place(round * 7 + thread * 3), place(round * 5 + thread + 1));
                    while from != to && transfer(&mut program, from, to).is_none() {}
                }
            });
        }
    });
    let mut program = house.program("BOTH").unwrap();
    let mut sum = 0;
    for (pcb, account) in (0..16).map(|at| (at % 2 + 2, at / 2)) {
        let mut area = [b' '; 200];
        waiting(&mut program, pcb, "GU", &mut area, &[&format!("ROOT    (KEY     = {account:04})")]).unwrap();
        sum += String::from_utf8_lossy(&area[4..10]).trim().parse::<i32>().unwrap();
    }
    assert_eq!(sum, 16_000);
    for name in &names {
        assert_eq!(house.check(name), "sound\n");
    }
}
