//! A program walks along a secondary index while it changes the database through another PCB, again and again, until the
//! power fails: what it meets is what is still before it, in the order of the index; and after a restart what was
//! committed is there, in the database and in its indexes.

#![allow(clippy::unwrap_used, reason = "what fails in the helpers of a test fails the test")]

mod support;

use dli::{Ending, Program};
use std::cmp::Reverse;
use support::plant::Plant;

/// PCB 2 is for the database, 3 for the courses in the order of the names of their students, 4 for the index itself.
fn source(access: &str, primary: bool) -> Vec<String> {
    let (link, index) = match primary {
        true => (
            " LCHILD NAME=(ENTRY,SCHOOLXD),PTR=INDX\n",
            "
 DBD NAME=SCHOOLXD,ACCESS=INDEX
 DATASET DD1=SCHOOLX,SIZE=512
 SEGM NAME=ENTRY,PARENT=0,BYTES=1
 FIELD NAME=(SKEY,SEQ,U),BYTES=1,START=1
 LCHILD NAME=(SCHOOL,SCHOOLDB),INDEX=SCODE
 DBDGEN",
        ),
        false => ("", ""),
    };
    let text = format!(
        " DBD NAME=SCHOOLDB,ACCESS={access}
 DATASET DD1=SCHOOLD,SIZE=512
 SEGM NAME=SCHOOL,PARENT=0,BYTES=10,PTR=TB
 FIELD NAME=(SCODE,SEQ,U),BYTES=1,START=1
{link} SEGM NAME=COURSE,PARENT=SCHOOL,BYTES=10
 FIELD NAME=(TITLE,SEQ,U),BYTES=1,START=1
 LCHILD NAME=(STUDX,STUDDB),PTR=INDX
 XDFLD NAME=XNAME,SEGMENT=STUDENT,SRCH=NAME
 SEGM NAME=STUDENT,PARENT=COURSE,BYTES=20
 FIELD NAME=(NUMBER,SEQ,U),BYTES=1,START=1
 FIELD NAME=NAME,BYTES=12,START=2
 FIELD NAME=/SX1
 LCHILD NAME=(NUMX,NUMDB),PTR=INDX
 XDFLD NAME=XNUM,SRCH=NUMBER,SUBSEQ=/SX1
 DBDGEN
{index}
 DBD NAME=STUDDB,ACCESS=INDEX
 DATASET DD1=STUDD,SIZE=512
 SEGM NAME=STUDX,PARENT=0,BYTES=20
 FIELD NAME=(NKEY,SEQ,M),BYTES=12,START=1
 LCHILD NAME=(COURSE,SCHOOLDB),INDEX=XNAME
 DBDGEN
 DBD NAME=NUMDB,ACCESS=INDEX
 DATASET DD1=NUMD,SIZE=512
 SEGM NAME=NUMX,PARENT=0,BYTES=5
 FIELD NAME=(UKEY,SEQ,U),BYTES=5,START=1
 LCHILD NAME=(STUDENT,SCHOOLDB),INDEX=XNUM
 DBDGEN
 PCB TYPE=DB,DBDNAME=SCHOOLDB,PROCOPT=AP,KEYLEN=3
 SENSEG NAME=SCHOOL,PARENT=0
 SENSEG NAME=COURSE,PARENT=SCHOOL
 SENSEG NAME=STUDENT,PARENT=COURSE
 PCB TYPE=DB,DBDNAME=SCHOOLDB,PROCOPT=AP,KEYLEN=14,PROCSEQ=STUDDB
 SENSEG NAME=COURSE,PARENT=0
 SENSEG NAME=SCHOOL,PARENT=COURSE
 SENSEG NAME=STUDENT,PARENT=COURSE
 PCB TYPE=DB,DBDNAME=STUDDB,PROCOPT=G,KEYLEN=12
 SENSEG NAME=STUDX,PARENT=0
 PSBGEN PSBNAME=DEAN
"
    );
    text.lines().filter(|line| !line.is_empty()).map(str::to_string).collect()
}

/// A student: school, course, number, name, and when that name came into the index.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Student {
    school: char,
    course: char,
    number: char,
    name: String,
    since: u32,
}

type Order = (String, Reverse<u32>);

impl Student {
    fn order(&self) -> Order {
        (self.name.clone(), Reverse(self.since))
    }
}

/// What is there: schools, courses, students.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Content {
    courses: Vec<(char, char)>,
    students: Vec<Student>,
    clock: u32,
}

impl Content {
    /// Name and course, in the order of the index, of what comes after a place in it.
    fn after(&self, place: Option<&Order>) -> Vec<(String, char)> {
        let mut rest: Vec<&Student> =
            self.students.iter().filter(|one| place.is_none_or(|place| one.order() > *place)).collect();
        rest.sort_by_key(|one| one.order());
        rest.iter().map(|one| (one.name.clone(), one.course)).collect()
    }
}

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn letter(&mut self, limit: usize) -> char {
        char::from(b'A' + self.below(limit) as u8)
    }

    fn name(&mut self) -> String {
        let letter = self.letter(9);
        String::from_iter([letter; 12])
    }
}

/// A call: its status, and the segment. None when the power failed.
fn call(
    program: &mut Program,
    pcb: usize,
    function: &str,
    data: &str,
    ssas: &[&str],
) -> Option<([u8; 2], String)> {
    let mut area = [b' '; 100];
    area[..data.len()].copy_from_slice(data.as_bytes());
    let ssas: Vec<&[u8]> = ssas.iter().map(|ssa| ssa.as_bytes()).collect();
    match program.call(pcb, function.as_bytes(), &mut area, &ssas) {
        Ending::Continues(status) if ![*b"AO", *b"AI"].contains(&status.bytes()) => {
            Some((status.bytes(), String::from_utf8_lossy(&area).trim_end().into()))
        }
        _ => None,
    }
}

/// A change through the PCB of the database; none when the power failed.
fn change(program: &mut Program, content: &mut Content, numbers: &mut Numbers) -> Option<()> {
    let (school, course, number) = (numbers.letter(3), numbers.letter(4), numbers.letter(5));
    let root = format!("SCHOOL  (SCODE   = {school})");
    let path = format!("COURSE  (TITLE   = {course})");
    let student = format!("STUDENT (NUMBER  = {number})");
    let is_it = |one: &Student| (one.school, one.course, one.number) == (school, course, number);
    match numbers.below(10) {
        0 => {
            if call(program, 2, "GHU", "", &[&root, &path])?.0 == *b"  " {
                assert_eq!(call(program, 2, "DLET", &course.to_string(), &[])?.0, *b"  ");
                content.courses.retain(|one| *one != (school, course));
                content.students.retain(|one| (one.school, one.course) != (school, course));
            }
        }
        1 => {
            if call(program, 2, "GHU", "", &[&root])?.0 == *b"  " {
                assert_eq!(call(program, 2, "DLET", &school.to_string(), &[])?.0, *b"  ");
                content.courses.retain(|one| one.0 != school);
                content.students.retain(|one| one.school != school);
            }
        }
        2 | 3 => {
            if call(program, 2, "GHU", "", &[&root, &path, &student])?.0 == *b"  " {
                let name = numbers.name();
                assert_eq!(call(program, 2, "REPL", &format!("{number}{name}"), &[])?.0, *b"  ");
                content.clock += 1;
                let (clock, one) =
                    (content.clock, content.students.iter_mut().find(|one| is_it(one)).unwrap());
                if one.name != name {
                    (one.name, one.since) = (name, clock);
                }
            }
        }
        4 => {
            if call(program, 2, "GHU", "", &[&root, &path, &student])?.0 == *b"  " {
                assert_eq!(call(program, 2, "DLET", &number.to_string(), &[])?.0, *b"  ");
                content.students.retain(|one| !is_it(one));
            }
        }
        _ => {
            call(program, 2, "ISRT", &school.to_string(), &["SCHOOL  "])?;
            call(program, 2, "ISRT", &course.to_string(), &[&root, "COURSE  "])?;
            if !content.courses.contains(&(school, course)) {
                content.courses.push((school, course));
            }
            let name = numbers.name();
            if call(program, 2, "ISRT", &format!("{number}{name}"), &[&root, &path, "STUDENT "])?.0 == *b"  "
            {
                content.clock += 1;
                content.students.push(Student { school, course, number, name, since: content.clock });
            }
        }
    }
    Some(())
}

/// Walks along the index, with changes on the way, and compares what comes with what is still before the program.
fn walk(program: &mut Program, content: &mut Content, numbers: &mut Numbers) -> Option<()> {
    let mut place = None;
    let mut function = "GU";
    loop {
        let rest = content.after(place.as_ref());
        let (status, segment) = call(program, 3, function, "", &["COURSE  "])?;
        function = "GN";
        let Some((name, course)) = rest.first() else {
            assert!([*b"GE", *b"GB"].contains(&status), "{status:?} at the end");
            return Some(());
        };
        assert_eq!((status, segment.chars().next()), (*b"  ", Some(*course)), "{name} in {content:?}");
        let mask = program.mask(3).unwrap();
        assert_eq!(String::from_utf8_lossy(&mask.key_feedback()[..12]), *name);
        let mut all: Vec<Order> = content.students.iter().map(Student::order).collect();
        all.retain(|order| place.as_ref().is_none_or(|place| order > place));
        place = all.into_iter().min();
        if numbers.below(3) == 0 {
            let above = call(program, 3, "GNP", "", &["SCHOOL  "])?;
            assert_eq!(above.0, *b"  ");
        }
        if numbers.below(3) == 0 {
            change(program, content, numbers)?;
        }
    }
}

/// All that a program gets without arguments, through a PCB.
fn all(program: &mut Program, pcb: usize) -> Vec<String> {
    let mut segments = Vec::new();
    let mut function = "GU";
    while let Some((status, segment)) = call(program, pcb, function, "", &[]) {
        if [*b"GE", *b"GB"].contains(&status) {
            break;
        }
        segments.push(segment);
        function = "GN";
    }
    segments
}

impl Content {
    /// Whether this is what is there. In the order of the hierarchy an HDAM database has its roots in any.
    fn is_there(&self, program: &mut Program) -> bool {
        let mut found: Vec<String> = all(program, 2);
        found.retain(|segment| segment.len() == 13);
        let mut expected: Vec<String> =
            self.students.iter().map(|one| format!("{}{}", one.number, one.name)).collect();
        found.sort();
        expected.sort();
        found == expected
    }
}

/// What may be there after the power has failed: what was committed last, or what was to be when it failed.
fn until_the_power_fails(plant: &mut Plant, content: Content, numbers: &mut Numbers) -> Vec<Content> {
    let started = plant.start().unwrap();
    let mut program = started.engine.schedule(plant.psb("DEAN")).unwrap();
    plant.give(numbers.below(400) as i64 + 20);
    let (mut committed, mut now) = (vec![content.clone()], content);
    for _ in 0..40 {
        let done = match numbers.below(4) {
            0 => walk(&mut program, &mut now, numbers),
            _ => change(&mut program, &mut now, numbers),
        };
        if done.is_none() || started.log.stop_reason().is_some() {
            break;
        }
        match numbers.below(8) {
            0 => {
                call(&mut program, 1, "ROLB", "", &[]);
                let clock = now.clock;
                now = Content { clock, ..committed[0].clone() };
            }
            1 => {
                if call(&mut program, 1, "CHKP", "POINT", &[]).is_none() {
                    committed.push(now);
                    break;
                }
                committed = vec![now.clone()];
            }
            _ => {}
        }
    }
    drop(program);
    drop(started);
    plant.crash(|| numbers.below(1000));
    committed
}

fn run(access: &str, primary: bool, seed: u64) {
    let mut numbers = Numbers(seed);
    let mut plant = Plant::new(&source(access, primary));
    let mut content = Content::default();
    for round in 0..12 {
        let candidates = until_the_power_fails(&mut plant, content, &mut numbers);
        let started = plant.start().unwrap();
        assert_eq!(started.engine.check(&"SCHOOLDB".parse().unwrap()), [], "seed {seed}, round {round}");
        let mut program = started.engine.schedule(plant.psb("DEAN")).unwrap();
        let found = candidates.iter().find(|one| one.is_there(&mut program));
        content = found.unwrap_or_else(|| panic!("seed {seed}, round {round}: {candidates:?}")).clone();
        let expected: Vec<String> = content.after(None).into_iter().map(|(name, _)| name).collect();
        let names: Vec<String> = all(&mut program, 4).iter().map(|entry| entry[..12].to_string()).collect();
        assert_eq!(names, expected, "seed {seed}, round {round}");
        walk(&mut program, &mut content.clone(), &mut numbers).unwrap();
        program.back_out();
        drop(program);
        drop(started);
        plant.crash(|| 0);
    }
}

#[test]
fn what_comes_along_an_index_is_what_is_there_before_and_after_a_crash() {
    for seed in 1..=5 {
        run("HDAM,RMNAME=(DFSHDC40,1,3)", false, seed);
        run("HIDAM", true, seed + 100);
    }
}
