//! A partition selection routine says which partition a root belongs to, in place of high keys.

#![allow(clippy::unwrap_used, reason = "what fails in the helpers of a test fails the test")]

mod support;

use dli::{PartitionSelection, PartitionSelections, PartitionString, Program, Settings};
use std::sync::Arc;
use support::House;

/// A root belongs to the partition whose string has the last character of its key.
struct LastCharacter;

impl PartitionSelection for LastCharacter {
    fn select(&self, key: &[u8], partitions: &[PartitionString<'_>]) -> Option<usize> {
        partitions.iter().position(|partition| partition.string.contains(key.last().unwrap_or(&0)))
    }
}

/// A HALDB with a partition for odd numbers, and one for even ones.
fn house(access: &str, routines: PartitionSelections) -> House {
    let source = format!(
        " DBD NAME=CUSTDB,ACCESS={access}
 SEGM NAME=CUST,PARENT=0,BYTES=8,PTR=TB
 FIELD NAME=(CODE,SEQ,U),BYTES=2,START=1
 DBDGEN
 PCB TYPE=DB,DBDNAME=CUSTDB,PROCOPT=A,KEYLEN=2
 SENSEG NAME=CUST,PARENT=0
 PSBGEN PSBNAME=CLERK
"
    );
    let settings = Settings { partition_selections: routines, ..Settings::default() };
    let mut house = House::with_settings(settings);
    let lines: Vec<String> = source.lines().map(str::to_string).collect();
    assert_eq!(house.generate(&lines).unwrap(), "");
    let parts = [("ODD".to_string(), b"13579".to_vec()), ("EVEN".to_string(), b"02468".to_vec())];
    house.register("CUSTDB".parse().unwrap(), Some("LASTCHAR".to_string()), &parts);
    house
}

fn call(program: &mut Program, function: &str, data: &str, ssa: &str) -> String {
    let mut area = [b' '; 8];
    area[..data.len()].copy_from_slice(data.as_bytes());
    let ssas: Vec<&[u8]> = if ssa.is_empty() { Vec::new() } else { vec![ssa.as_bytes()] };
    program.call(2, function.as_bytes(), &mut area, &ssas);
    let status = String::from_utf8(program.mask(2).unwrap().status().to_vec()).unwrap();
    let got = if program.area_used(2).is_empty() { b"" } else { &area[..2] };
    format!("{}{}", status.trim(), String::from_utf8_lossy(got))
}

/// Makes a call again and again until it finds nothing more.
fn all(program: &mut Program, ssa: &str) -> Vec<String> {
    let mut found = Vec::new();
    loop {
        found.push(call(program, "GN", "", ssa));
        if found.last().is_some_and(|last| last.starts_with('G')) {
            return found;
        }
    }
}

fn works(access: &str) -> Program {
    let mut house = house(access, PartitionSelections::default().with("LASTCHAR", Arc::new(LastCharacter)));
    let name = "CUSTDB".parse().unwrap();
    assert_eq!(house.open(&name).unwrap(), "");
    let mut program = house.program("CLERK").unwrap();
    for key in ["B2", "A2", "C3", "A1", "B1"] {
        assert_eq!(call(&mut program, "ISRT", key, "CUST     "), "");
    }
    assert_eq!(call(&mut program, "ISRT", "AX", "CUST     "), "FM", "no partition takes it");
    assert_eq!(call(&mut program, "GU", "", "CUST    (CODE    = AX)"), "FM");
    assert_eq!(call(&mut program, "GU", "", "CUST    (CODE    = A2)"), "A2");
    assert_eq!(call(&mut program, "GU", "", "CUST    (CODE    = A4)"), "GE");
    program.commit().unwrap();
    assert_eq!(house.check(&name), "sound\n");
    program
}

#[test]
fn roots_come_partition_by_partition_and_ranges_are_looked_for_in_each() {
    let mut program = works("PHIDAM");
    assert_eq!(all(&mut program, ""), ["A1", "B1", "C3", "A2", "B2", "GB"]);
    assert_eq!(all(&mut program, "CUST    (CODE    <=A2)"), ["A1", "A2", "GB"]);
    let mut program = works("PHDAM,RMNAME=(DFSHDC40,1,2)");
    let mut roots = all(&mut program, "");
    roots[..3].sort();
    roots[3..5].sort();
    assert_eq!(roots, ["A1", "B1", "C3", "A2", "B2", "GB"]);
    assert_eq!(all(&mut program, "CUST    (CODE    <=A2)"), ["A1", "A2", "GB"]);
}

#[test]
fn a_routine_that_is_not_there_keeps_the_database_closed() {
    let mut house = house("PHIDAM", PartitionSelections::default());
    let told = house.open(&"CUSTDB".parse().unwrap()).unwrap();
    assert!(told.contains("no partition selection routine LASTCHAR"), "{told}");
    assert!(house.program("CLERK").is_err());
}
