//! The database that is measured.

use dbrc::{Access, Recon, ShareLevel};
use definitions::report::{Input, generate};
use dli::{DataSets, Engine, Program, Settings, StatusCode, block_bytes};
use host::files::BlockFile;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use vocabulary::{DbdName, MemberName};

/// Its definitions, with the PSBs of those that load it and change it.
pub(crate) const SOURCE: &str = " DBD NAME=BENCHDB,ACCESS=HIDAM
 DATASET DD1=BENCHDD,SIZE=8192
 SEGM NAME=ROOT,PARENT=0,BYTES=100,PTR=TB
 FIELD NAME=(KEY,SEQ,U),BYTES=8,START=1
 LCHILD NAME=(ENTRY,BENCHIX),PTR=INDX
 SEGM NAME=CHILD,PARENT=ROOT,BYTES=100,PTR=T
 FIELD NAME=(NUM,SEQ,U),BYTES=4,START=1
 DBDGEN
 DBD NAME=BENCHIX,ACCESS=INDEX
 DATASET DD1=BENCHXX,SIZE=4096
 SEGM NAME=ENTRY,PARENT=0,BYTES=8
 FIELD NAME=(ENTKEY,SEQ,U),BYTES=8,START=1
 LCHILD NAME=(ROOT,BENCHDB),INDEX=KEY,PTR=SNGL
 DBDGEN
 PCB TYPE=DB,DBDNAME=BENCHDB,PROCOPT=L,KEYLEN=12
 SENSEG NAME=ROOT,PARENT=0
 SENSEG NAME=CHILD,PARENT=ROOT
 PSBGEN PSBNAME=LOADER
 PCB TYPE=DB,DBDNAME=BENCHDB,PROCOPT=A,KEYLEN=12
 SENSEG NAME=ROOT,PARENT=0
 SENSEG NAME=CHILD,PARENT=ROOT
 PSBGEN PSBNAME=CHANGER
";
/// Its data sets.
pub(crate) const DATA_SETS: [&str; 2] = ["BENCHDD", "BENCHXX"];
const CHILDREN: u64 = 10;
/// What a root with its children takes, prefixes and the entry of the index among it.
const RECORD_BYTES: u64 = 1220;

/// Loads a database of about so many bytes, and gives how many roots it has.
pub(crate) fn load(folder: &Path, bytes: u64) -> u64 {
    std::fs::create_dir_all(folder).expect("a folder");
    let report = generate(&[Input { name: "bench", bytes: SOURCE.as_bytes() }]);
    assert!(report.return_code() <= 4, "{}", report.to_text());
    let name: DbdName = "BENCHDB".parse().expect("a name");
    let (dmb, index) = (&report.dmbs[&name], &report.dmbs[&"BENCHIX".parse().expect("a name")]);
    let mut sets = DataSets::new();
    for statement in dmb.data_sets.iter().chain(&index.data_sets) {
        let dd = statement.dd1.expect("a DD name");
        let file = BlockFile::open(&folder.join(dd.as_str()), block_bytes(statement)).expect("a data set");
        sets.insert(dd, Box::new(file));
    }
    let mut recon = Recon::new();
    recon.register(name, ShareLevel::One);
    let bench = MemberName::new("BENCH").expect("a name");
    let authorization = recon.authorize(bench, name, Access::Exclusive).expect("nobody else has it");
    let engine = Arc::new(Engine::new(Settings { buffers: 4000, ..Settings::default() }));
    engine.open(&authorization, Arc::new(dmb.clone()), Some(index), sets).expect("a database");
    let psb = &report.psb_blocks[&"LOADER".parse().expect("a name")];
    let mut program = engine.schedule(psb).expect("a program");
    let roots = roots_of(bytes);
    insert_all(&mut program, roots);
    drop(program);
    engine.close(&name).expect("it is closed");
    roots
}

/// How many roots a database of about so many bytes has.
pub(crate) fn roots_of(bytes: u64) -> u64 {
    bytes / RECORD_BYTES
}

/// Loads so many roots, each with its children, and commits.
pub(crate) fn insert_all(program: &mut Program, roots: u64) {
    for root in 0..roots {
        insert(program, &format!("{root:08} A ROOT"), &[b"ROOT     "]);
        for child in 0..CHILDREN {
            insert(program, &format!("{child:04} A CHILD"), &[b"ROOT     ", b"CHILD    "]);
        }
    }
    program.commit().expect("a commit");
}

fn insert(program: &mut Program, text: &str, ssas: &[&[u8]]) {
    let mut area = [b'.'; 100];
    area[..text.len()].copy_from_slice(text.as_bytes());
    program.call(2, b"ISRT", &mut area, ssas);
    let status = program.mask(2).map(|mask| mask.status());
    assert_eq!(status, Some(StatusCode::OK.bytes()), "{text}");
}

/// A deck that replaces so many roots, all over the database.
pub(crate) fn changes(roots: u64, count: usize) -> String {
    let mut deck = String::from("S 1 1 1 1 1    BENCHDB\n");
    for change in 0..count as u64 {
        let root = change.wrapping_mul(0x9e37_79b9_7f4a_7c15) % roots;
        let _ = write!(deck, "L        GHU   ROOT    (KEY     = {root:08})\nL        REPL\n");
        let _ = writeln!(deck, "L        DATA  {root:08} CHANGED {change}");
        if change % 100 == 99 {
            let _ = write!(deck, "L        CHKP\nL        DATA  {change:08}\n");
        }
    }
    deck
}
