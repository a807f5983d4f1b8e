//! An index maintenance exit routine decides which source segments a secondary index has.

#![allow(clippy::unwrap_used, reason = "what fails in the helpers of a test fails the test")]

mod support;

use dli::{IndexExit, IndexExits, Program, Settings};
use std::sync::Arc;
use support::House;

/// Wants only customers whose debts are above zero.
struct Debtors;

impl IndexExit for Debtors {
    fn is_indexed(&self, source: &[u8], key: &[u8]) -> bool {
        assert_eq!(key, &source[2..6], "the key is made of the search field");
        source[6] > b'0'
    }
}

const SOURCE: &str = " DBD NAME=CUSTDB,ACCESS=HDAM,RMNAME=(DFSHDC40,1,3)
 DATASET DD1=CUSTD,SIZE=512
 SEGM NAME=CUSTOMER,PARENT=0,BYTES=7
 FIELD NAME=(CODE,SEQ,U),BYTES=2,START=1
 FIELD NAME=CITY,BYTES=4,START=3
 LCHILD NAME=(CITYX,CITYDB),PTR=INDX
 XDFLD NAME=XCITY,SRCH=CITY,EXTRTN=DEBTORS
 DBDGEN
 DBD NAME=CITYDB,ACCESS=INDEX
 DATASET DD1=CITYD,SIZE=512
 SEGM NAME=CITYX,PARENT=0,BYTES=4
 FIELD NAME=(KEY,SEQ,M),BYTES=4,START=1
 LCHILD NAME=(CUSTOMER,CUSTDB),INDEX=XCITY
 DBDGEN
 PCB TYPE=DB,DBDNAME=CUSTDB,PROCOPT=A,KEYLEN=4
 SENSEG NAME=CUSTOMER,PARENT=0
 PCB TYPE=DB,DBDNAME=CUSTDB,PROCOPT=G,KEYLEN=4,PROCSEQ=CITYDB
 SENSEG NAME=CUSTOMER,PARENT=0
 PSBGEN PSBNAME=CLERK";

/// A call, and the segment if it was blank.
fn call(program: &mut Program, pcb: usize, function: &str, data: &str, ssas: &[&str]) -> Option<String> {
    let mut area = [b' '; 7];
    area[..data.len()].copy_from_slice(data.as_bytes());
    let ssas: Vec<&[u8]> = ssas.iter().map(|ssa| ssa.as_bytes()).collect();
    program.call(pcb, function.as_bytes(), &mut area, &ssas);
    let is_blank = program.mask(pcb).unwrap().status() == *b"  ";
    is_blank.then(|| String::from_utf8_lossy(&area).into())
}

#[test]
fn only_what_the_routine_wants_is_in_the_index() {
    let index_exits = IndexExits::default().with("DEBTORS", Arc::new(Debtors));
    let mut house = House::with_settings(Settings { index_exits, ..Settings::default() });
    let lines: Vec<String> = SOURCE.lines().map(String::from).collect();
    assert_eq!(house.generate(&lines).unwrap(), "");
    let name = "CUSTDB".parse().unwrap();
    assert_eq!(house.open(&name).unwrap(), "");
    let mut program = house.program("CLERK").unwrap();
    for customer in ["C1OSLO0", "C2OSLO5", "C3ROME0"] {
        assert!(call(&mut program, 2, "ISRT", customer, &["CUSTOMER"]).is_some());
    }
    assert_eq!(call(&mut program, 3, "GU", "", &[]).as_deref(), Some("C2OSLO5"));
    assert_eq!(call(&mut program, 3, "GN", "", &[]), None);
    for (code, paid) in [("C2", "C2OSLO0"), ("C3", "C3ROME7")] {
        call(&mut program, 2, "GHU", "", &[&format!("CUSTOMER(CODE    = {code})")]).unwrap();
        call(&mut program, 2, "REPL", paid, &[]).unwrap();
    }
    assert_eq!(call(&mut program, 3, "GU", "", &[]).as_deref(), Some("C3ROME7"));
    assert_eq!(call(&mut program, 3, "GN", "", &[]), None);
    assert_eq!(house.check(&name), "sound\n");
}
