//! Programs take turns on a database with a unique secondary index. Whatever the others did and have not committed, each
//! call finds what was committed and what its own program did, or waits.

#![allow(clippy::unwrap_used, reason = "what fails in the helpers of a test fails the test")]

mod support;

use dli::{Ending, Program};
use std::collections::BTreeMap;
use support::House;

/// PCB 2 is for the customers by their codes, 3 in the order of their names.
fn source(access: &str, link: &str, index: &str) -> Vec<String> {
    let text = format!(
        " DBD NAME=CUSTDB,ACCESS={access}
 DATASET DD1=CUSTD,SIZE=512
 SEGM NAME=CUSTOMER,PARENT=0,BYTES=10,PTR=TB
 FIELD NAME=(CODE,SEQ,U),BYTES=1,START=1
 FIELD NAME=NAME,BYTES=1,START=2
{link} LCHILD NAME=(NAMEX,NAMEDB),PTR=INDX
 XDFLD NAME=XNAME,SRCH=NAME
 DBDGEN
{index} DBD NAME=NAMEDB,ACCESS=INDEX
 DATASET DD1=NAMED,SIZE=512
 SEGM NAME=NAMEX,PARENT=0,BYTES=1
 FIELD NAME=(NKEY,SEQ,U),BYTES=1,START=1
 LCHILD NAME=(CUSTOMER,CUSTDB),INDEX=XNAME
 DBDGEN
 PCB TYPE=DB,DBDNAME=CUSTDB,PROCOPT=A,KEYLEN=1
 SENSEG NAME=CUSTOMER,PARENT=0
 PCB TYPE=DB,DBDNAME=CUSTDB,PROCOPT=G,KEYLEN=1,PROCSEQ=NAMEDB
 SENSEG NAME=CUSTOMER,PARENT=0
 PSBGEN PSBNAME=CLERK"
    );
    text.lines().map(str::to_string).collect()
}

/// Names by codes.
type Customers = BTreeMap<char, char>;

#[derive(Debug, Clone, Copy)]
enum Act {
    Insert(char, char),
    Rename(char, char),
    Delete(char),
    Find(char),
    Next,
    Commit,
    RollBack,
}

struct Worker {
    program: Program,
    /// What it sees: what was committed, with its own changes on top. None of a code: it deleted that.
    own: BTreeMap<char, Option<char>>,
    /// The name that its position in their order is on.
    at: Option<char>,
    /// What it has to do again.
    waiting: Option<Act>,
}

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn act(&mut self) -> Act {
        let (code, name) = (char::from(b'A' + self.below(6) as u8), char::from(b'a' + self.below(8) as u8));
        match self.below(16) {
            0..4 => Act::Insert(code, name),
            4..6 => Act::Rename(code, name),
            6 => Act::Delete(code),
            7..10 => Act::Find(name),
            10..13 => Act::Next,
            13..15 => Act::Commit,
            _ => Act::RollBack,
        }
    }
}

fn call(
    program: &mut Program,
    pcb: usize,
    function: &str,
    data: &str,
    ssa: &str,
) -> Result<([u8; 2], String), Ending> {
    let mut area = [b' '; 10];
    area[..data.len()].copy_from_slice(data.as_bytes());
    let ssas = [ssa.as_bytes()];
    match program.call(pcb, function.as_bytes(), &mut area, &ssas[..usize::from(!ssa.is_empty())]) {
        Ending::Continues(status) => {
            Ok((status.bytes(), String::from_utf8_lossy(&area).trim_end().to_string()))
        }
        ending => Err(ending),
    }
}

impl Worker {
    fn sees(&self, committed: &Customers) -> Customers {
        let mut seen = committed.clone();
        for (&code, name) in &self.own {
            match name {
                Some(name) => seen.insert(code, *name),
                None => seen.remove(&code),
            };
        }
        seen
    }

    fn forget(&mut self) {
        self.own.clear();
        self.at = None;
    }

    /// Does something, and compares it with what it sees. What it did is in `committed` if it was a commit.
    fn act(&mut self, act: Act, committed: &mut Customers) -> Result<(), Ending> {
        let seen = self.sees(committed);
        let of_name = |name: char| seen.iter().find(|(_, its)| **its == name).map(|(code, _)| *code);
        let program = &mut self.program;
        match act {
            Act::Insert(code, name) => {
                let (status, _) = call(program, 2, "ISRT", &format!("{code}{name}"), "CUSTOMER ")?;
                let expected = match () {
                    () if seen.contains_key(&code) => *b"II",
                    () if of_name(name).is_some() => *b"NI",
                    () => *b"  ",
                };
                assert_eq!(status, expected, "{act:?} in {seen:?}");
                if status == *b"  " {
                    self.own.insert(code, Some(name));
                }
            }
            Act::Rename(code, _) | Act::Delete(code) => {
                let (status, found) = call(program, 2, "GHU", "", &format!("CUSTOMER(CODE    = {code})"))?;
                let expected = seen.get(&code).map(|name| format!("{code}{name}"));
                assert_eq!((status == *b"  ").then_some(found), expected, "{act:?} in {seen:?}");
                if expected.is_some() {
                    self.change(act, &seen)?;
                }
            }
            Act::Find(name) => {
                let (status, found) = call(program, 3, "GU", "", &format!("CUSTOMER(XNAME   = {name})"))?;
                let expected = of_name(name).map(|code| format!("{code}{name}"));
                assert_eq!((status == *b"  ").then_some(found), expected, "{act:?} in {seen:?}");
                self.at = expected.is_some().then_some(name);
                if self.at.is_none() {
                    // Where it stands now is tried elsewhere.
                    self.program.commit().unwrap();
                    *committed = seen;
                    self.forget();
                }
            }
            Act::Next => {
                let (status, found) = call(program, 3, "GN", "", "")?;
                let next = seen.values().filter(|&&name| self.at.is_none_or(|at| name > at)).min().copied();
                let expected = next.map(|name| format!("{}{name}", of_name(name).unwrap()));
                assert_eq!((status == *b"  ").then_some(found), expected, "behind {:?} in {seen:?}", self.at);
                self.at = next;
            }
            Act::Commit => {
                program.commit().unwrap();
                *committed = seen;
                self.forget();
            }
            Act::RollBack => {
                program.back_out();
                self.forget();
            }
        }
        Ok(())
    }

    /// Changes the customer that was just got.
    fn change(&mut self, act: Act, seen: &Customers) -> Result<(), Ending> {
        match act {
            Act::Rename(code, name) => {
                let (status, _) = call(&mut self.program, 2, "REPL", &format!("{code}{name}"), "")?;
                let is_taken = seen.iter().any(|(other, its)| *its == name && *other != code);
                assert_eq!(status, if is_taken { *b"NI" } else { *b"  " }, "{act:?} in {seen:?}");
                // What stays as it was is not changed: others may change it.
                if !is_taken && seen[&code] != name {
                    self.own.insert(code, Some(name));
                }
            }
            Act::Delete(code) => {
                let (status, _) = call(&mut self.program, 2, "DLET", &code.to_string(), "")?;
                assert_eq!(status, *b"  ", "{act:?} in {seen:?}");
                self.own.insert(code, None);
            }
            _ => {}
        }
        Ok(())
    }
}

/// How often somebody waited, and was backed out.
fn run(lines: &[String], seed: u64) -> (usize, usize) {
    let mut house = House::default();
    assert_eq!(house.generate(lines).unwrap(), "");
    let name = "CUSTDB".parse().unwrap();
    assert_eq!(house.open(&name).unwrap(), "");
    let worker = |house: &House| Worker {
        program: house.program("CLERK").unwrap(),
        own: BTreeMap::new(),
        at: None,
        waiting: None,
    };
    let mut workers: Vec<Worker> = (0..4).map(|_| worker(&house)).collect();
    let (mut committed, mut numbers) = (Customers::new(), Numbers(seed));
    let (mut waits, mut abends) = (0, 0);
    for _ in 0..1500 {
        let at = numbers.below(workers.len());
        let one = &mut workers[at];
        if one.waiting.is_some() && one.program.waits() {
            continue;
        }
        let act = one.waiting.take().unwrap_or_else(|| numbers.act());
        match one.act(act, &mut committed) {
            Ok(()) => {}
            Err(Ending::Waits) => {
                waits += 1;
                one.waiting = Some(act);
            }
            Err(_) => {
                abends += 1;
                *one = worker(&house);
            }
        }
    }
    for mut one in workers {
        one.program.back_out();
    }
    assert_eq!(house.check(&name), "sound\n", "seed {seed}");
    let mut last = worker(&house);
    let mut names = Vec::new();
    while let Ok((status, found)) = call(&mut last.program, 3, "GN", "", "") {
        if status != *b"  " {
            break;
        }
        names.push(found);
    }
    let mut expected: Vec<(char, char)> = committed.iter().map(|(code, name)| (*name, *code)).collect();
    expected.sort_unstable();
    let expected: Vec<String> = expected.iter().map(|(name, code)| format!("{code}{name}")).collect();
    assert_eq!(names, expected, "seed {seed}");
    (waits, abends)
}

#[test]
fn who_reads_along_an_index_sees_what_was_committed_and_what_it_did() {
    let hdam = source("HDAM,RMNAME=(DFSHDC40,3,3)", "", "");
    let primary = " DBD NAME=CODEDB,ACCESS=INDEX
 DATASET DD1=CODED,SIZE=512
 SEGM NAME=CODEX,PARENT=0,BYTES=1
 FIELD NAME=(CKEY,SEQ,U),BYTES=1,START=1
 LCHILD NAME=(CUSTOMER,CUSTDB),INDEX=CODE
 DBDGEN
";
    let hidam = source("HIDAM", " LCHILD NAME=(CODEX,CODEDB),PTR=INDX\n", primary);
    let mut total = (0, 0);
    for seed in 1..=15 {
        for lines in [&hdam, &hidam] {
            let (waits, abends) = run(lines, seed);
            total = (total.0 + waits, total.1 + abends);
        }
    }
    assert!(total.0 > 100 && total.1 > 0, "they were in each other's way: {total:?}");
}
