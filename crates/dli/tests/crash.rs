//! The power fails at every single write, in the work and in the restart after it: two databases, one of them with an
//! index whose nodes split, units of work over both, backouts, intermediate points and checkpoints.

#![allow(clippy::unwrap_used, reason = "what fails in the helpers of a test fails the test")]

mod support;

use dli::{Ending, Program};
use logger::CheckpointKind;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::atomic::Ordering;
use support::plant::{Plant, Started};

/// What is in the databases: by database and root key, the leaves.
type Content = BTreeMap<(usize, u32), Vec<String>>;

/// An HDAM and a HIDAM database, and a PSB for both: PCB 2 is for the first, PCB 3 for the second.
fn source() -> Vec<String> {
    let text = "
 DBD NAME=HASHDB,ACCESS=HDAM,RMNAME=(DFSHDC40,2,4)
 DATASET DD1=HASHDD,SIZE=512
 SEGM NAME=ROOT,PARENT=0,BYTES=60
 FIELD NAME=(KEY,SEQ,U),BYTES=40,START=1
 SEGM NAME=LEAF,PARENT=ROOT,BYTES=(120,10),PTR=TB
 DBDGEN
 DBD NAME=TREEDB,ACCESS=HIDAM
 DATASET DD1=TREEDD,SIZE=512
 SEGM NAME=ROOT,PARENT=0,BYTES=60,PTR=TB
 FIELD NAME=(KEY,SEQ,U),BYTES=40,START=1
 LCHILD NAME=(ENTRY,TREEIX),PTR=INDX
 SEGM NAME=LEAF,PARENT=ROOT,BYTES=(120,10),PTR=TB
 DBDGEN
 DBD NAME=TREEIX,ACCESS=INDEX
 DATASET DD1=TREEXX,SIZE=512
 SEGM NAME=ENTRY,PARENT=0,BYTES=40
 FIELD NAME=(KEY,SEQ,U),BYTES=40,START=1
 LCHILD NAME=(ROOT,TREEDB),INDEX=KEY,PTR=SNGL
 DBDGEN
 PCB TYPE=DB,DBDNAME=HASHDB,PROCOPT=A,KEYLEN=60
 SENSEG NAME=ROOT,PARENT=0
 SENSEG NAME=LEAF,PARENT=ROOT
 PCB TYPE=DB,DBDNAME=TREEDB,PROCOPT=A,KEYLEN=60
 SENSEG NAME=ROOT,PARENT=0
 SENSEG NAME=LEAF,PARENT=ROOT
 PSBGEN PSBNAME=BOTH
";
    text.lines().map(str::to_string).collect()
}

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize
    }
}

fn key(root: u32) -> String {
    format!("{root:0>40}")
}

/// A call; none when the program was ended or the database stopped.
fn call(program: &mut Program, pcb: usize, function: &str, data: &str, ssas: &[&str]) -> Option<[u8; 2]> {
    let mut area = [b' '; 400];
    area[..data.len()].copy_from_slice(data.as_bytes());
    let ssas: Vec<&[u8]> = ssas.iter().map(|ssa| ssa.as_bytes()).collect();
    match program.call(pcb, function.as_bytes(), &mut area, &ssas) {
        Ending::Continues(status) if ![*b"AO", *b"AI"].contains(&status.bytes()) => Some(status.bytes()),
        _ => None,
    }
}

fn leaf(text: &str) -> String {
    let length = 2 + text.len();
    format!("\0{}{text}", char::from(length as u8))
}

/// One change of a database, in the program and in the model.
fn step(program: &mut Program, content: &mut Content, numbers: &mut Numbers) -> Option<()> {
    let (db, root) = (numbers.next() % 2, (numbers.next() % 60) as u32);
    let (pcb, path) = (db + 2, format!("ROOT    (KEY     = {})", key(root)));
    if let Entry::Vacant(entry) = content.entry((db, root)) {
        call(program, pcb, "ISRT", &key(root), &["ROOT"])?;
        entry.insert(Vec::new());
    }
    match numbers.next() % 6 {
        0 => {
            call(program, pcb, "GHU", "", &[&path])?;
            call(program, pcb, "DLET", &key(root), &[])?;
            content.remove(&(db, root));
        }
        1 => {
            let leaves = content.get_mut(&(db, root))?;
            if !leaves.is_empty() {
                let text = format!("CHANGED {}", "X".repeat(numbers.next() % 100 + 4));
                call(program, pcb, "GHU", "", &[&path, "LEAF"])?;
                call(program, pcb, "REPL", &leaf(&text), &[])?;
                leaves[0] = text;
            }
        }
        _ => {
            let text = format!("LEAF {}", numbers.next() % 1000 + 10_000);
            call(program, pcb, "ISRT", &leaf(&text), &[&path, "LEAF"])?;
            content.get_mut(&(db, root))?.push(text);
        }
    }
    Some(())
}

/// Works until all is done or the power fails; gives what has to be there afterwards, and what may be instead.
fn work(started: &Started, plant: &Plant, seed: u64, units: usize) -> (Content, Option<Content>) {
    let mut numbers = Numbers(seed);
    let mut committed = Content::new();
    let mut program = started.engine.schedule(plant.psb("BOTH")).unwrap();
    for unit in 0..units {
        let mut content = committed.clone();
        let mut done = Some(());
        for _ in 0..=numbers.next() % 4 {
            done = done.and_then(|()| step(&mut program, &mut content, &mut numbers));
        }
        if unit % 5 == 2 {
            let kept = content.clone();
            done = done.and_then(|()| call(&mut program, 1, "SETS", "HERE", &[]).map(drop));
            done = done.and_then(|()| step(&mut program, &mut content, &mut numbers));
            done = done.and_then(|()| call(&mut program, 1, "ROLS", "HERE", &[]).map(drop));
            content = kept;
        }
        if unit % 7 == 3 {
            done = done.and_then(|()| call(&mut program, 1, "ROLB", "", &[]).map(drop));
            content = committed.clone();
        }
        if unit % 6 == 5 && started.engine.checkpoint(CheckpointKind::Simple).is_err() {
            done = None;
        }
        let stopped = plant.databases().iter().any(|name| started.engine.stop_message(name).is_some());
        if done.is_none() || stopped || started.log.stop_reason().is_some() {
            return (committed, None);
        }
        if call(&mut program, 1, "CHKP", "CHECK", &[]).is_none() || started.log.stop_reason().is_some() {
            return (committed, Some(content));
        }
        committed = content;
    }
    (committed, None)
}

/// Everything in the databases.
fn read(started: &Started, plant: &Plant) -> Content {
    let mut program = started.engine.schedule(plant.psb("BOTH")).unwrap();
    let mut content = Content::new();
    for db in 0..2 {
        let mut root = 0;
        let mut area = [0; 400];
        while let Ending::Continues(status) = program.call(db + 2, b"GN", &mut area, &[]) {
            if status.bytes() == *b"GB" {
                break;
            }
            let messages: Vec<_> =
                plant.databases().iter().filter_map(|name| started.engine.stop_message(name)).collect();
            assert_eq!(messages, [], "nothing is damaged");
            if &program.mask(db + 2).unwrap().bytes()[20..24] == b"ROOT" {
                root = String::from_utf8_lossy(&area[..40]).parse().unwrap();
                content.insert((db, root), Vec::new());
            } else {
                let text = String::from_utf8_lossy(&area[2..usize::from(area[1])]).into_owned();
                content.get_mut(&(db, root)).unwrap().push(text);
            }
        }
    }
    content
}

/// How much power the work takes, when there is enough.
fn power_needed(seed: u64, units: usize) -> i64 {
    let mut plant = Plant::new(&source());
    let started = plant.start().unwrap();
    plant.give(1_000_000);
    work(&started, &plant, seed, units);
    for name in plant.databases() {
        started.engine.close(&name).unwrap();
    }
    1_000_000 - plant.power.load(Ordering::Relaxed)
}

fn crash_at(power: i64, seed: u64, units: usize) {
    let mut numbers = Numbers(power as u64);
    let mut plant = Plant::new(&source());
    plant.checkpoint_records = 400;
    let started = plant.start().unwrap();
    plant.give(power);
    let (committed, instead) = work(&started, &plant, seed, units);
    for name in plant.databases() {
        // The power may fail here too.
        let _ = started.engine.close(&name);
    }
    drop(started);
    plant.crash(|| numbers.next());
    // Now it fails in the restart, a few times, and later each time.
    for attempt in 0..3 {
        plant.give((numbers.next() % 20) as i64 * (attempt + 1));
        drop(plant.start());
        plant.crash(|| numbers.next());
    }
    let started = plant.start().unwrap_or_else(|error| panic!("after {power} writes: {error}"));
    assert_holds(&started, &plant, power, &committed, instead.as_ref());
}

#[test]
fn the_power_fails_at_every_write() {
    let (seed, units) = (20, 22);
    let needed = power_needed(seed, units);
    assert!(needed > 150, "there is enough to fail at: {needed}");
    for power in 1..=needed {
        crash_at(power, seed, units);
    }
}

/// The disks of the databases break, and not those of the log. They are mended, and each database is closed and opened
/// again, in the same engine and then in another.
fn break_at(health: i64, seed: u64, units: usize) -> bool {
    let mut plant = Plant::new(&source());
    plant.checkpoint_records = 100;
    let started = plant.start().unwrap();
    plant.health.store(health, Ordering::Relaxed);
    let (committed, instead) = work(&started, &plant, seed, units);
    let stopped = plant.databases().iter().any(|name| started.engine.stop_message(name).is_some());
    plant.health.store(i64::MAX, Ordering::Relaxed);
    for name in plant.databases() {
        started.engine.close(&name).unwrap();
        plant.open(&started.engine, name).unwrap_or_else(|error| panic!("after {health} writes: {error}"));
    }
    assert_holds(&started, &plant, health, &committed, instead.as_ref());
    drop(started);
    plant.crash(|| 0);
    let started = plant.start().unwrap();
    assert_holds(&started, &plant, health, &committed, instead.as_ref());
    stopped
}

fn assert_holds(started: &Started, plant: &Plant, at: i64, committed: &Content, instead: Option<&Content>) {
    for name in plant.databases() {
        assert_eq!(started.engine.check(&name), [], "after {at} writes");
    }
    let found = read(started, plant);
    assert!(
        found == *committed || Some(&found) == instead,
        "after {at} writes: found {found:#?}, committed {committed:#?}, or {instead:#?}"
    );
}

#[test]
fn the_disks_of_the_databases_break_at_every_write() {
    let stopped = (1..=100).filter(|&health| break_at(health, 20, 40)).count();
    assert!(stopped > 50, "the faults hit: {stopped}");
}
