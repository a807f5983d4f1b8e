//! Limits of IMS that take large sources to reach, and sources that are made to be slow.

use crate::support::{cards, ebcdic_cards, ebcdic_lines};
use definitions::ddl::{Options, compile_ddl};
use definitions::report::{Input, generate};
use definitions::{Compilation, Dbd, Members, compile, compile_with_members};
use std::collections::BTreeMap;
use std::fmt::Write as _;

fn numbers(compilation: &Compilation) -> Vec<&'static str> {
    compilation.findings.iter().map(|finding| finding.number()).collect()
}

fn dbd(body: &str) -> Compilation {
    let source = format!(" DBD NAME=A,ACCESS=HDAM,RMNAME=MODULE\n DATASET DD1=AA\n{body} DBDGEN\n");
    compile("source", source.as_bytes())
}

fn fields(range: std::ops::Range<usize>, named: bool) -> String {
    let mut text = String::new();
    for number in range {
        let keyword = if named { "NAME=F" } else { "EXTERNALNAME=FIELD_" };
        writeln!(text, " FIELD {keyword}{number},BYTES=1,START=1").unwrap();
    }
    text
}

#[test]
fn a_segment_has_255_named_fields_and_any_number_of_others() {
    let segment = " SEGM NAME=ROOT,PARENT=0,BYTES=10\n";
    assert_eq!(
        numbers(&dbd(&format!("{segment}{}{}", fields(0..255, true), fields(0..3000, false)))),
        [""; 0]
    );
    assert_eq!(numbers(&dbd(&format!("{segment}{}", fields(0..300, true)))), ["FLD704"]);
}

#[test]
fn a_database_has_1000_named_fields() {
    let segments = |count: usize| {
        let mut text = " SEGM NAME=ROOT,PARENT=0,BYTES=10\n".to_string();
        for number in 0..count {
            writeln!(text, " SEGM NAME=S{number},PARENT=ROOT,BYTES=10").unwrap();
            text.push_str(&fields(0..200, true));
        }
        text
    };
    assert_eq!(numbers(&dbd(&segments(5))), [""; 0]);
    assert_eq!(numbers(&dbd(&segments(6))), ["FLD705"]);
}

#[test]
fn a_database_has_255_segments() {
    let segments = |count: usize| {
        let mut text = " SEGM NAME=S0,PARENT=0,BYTES=10\n".to_string();
        for number in 1..count {
            writeln!(text, " SEGM NAME=S{number},PARENT=S0,BYTES=10").unwrap();
        }
        text
    };
    assert_eq!(numbers(&dbd(&segments(255))), [""; 0]);
    assert_eq!(numbers(&dbd(&segments(256))), ["DBD107"]);
    let many = dbd(&segments(5000));
    assert!(many.definitions.is_empty() && many.rejected_count == 1);
}

#[test]
fn a_psb_has_2500_pcbs_and_30000_sensegs() {
    let psb = |pcbs: usize, segments: usize| {
        let mut text = String::new();
        for _ in 0..pcbs {
            text.push_str(" PCB TYPE=DB,DBDNAME=A,PROCOPT=G,KEYLEN=1\n SENSEG NAME=ROOT,PARENT=0\n");
            for number in 1..segments {
                writeln!(text, " SENSEG NAME=S{number},PARENT=ROOT").unwrap();
            }
        }
        text.push_str(" PSBGEN PSBNAME=P\n");
        compile("source", text.as_bytes())
    };
    assert_eq!(numbers(&psb(2500, 1)), [""; 0]);
    assert_eq!(numbers(&psb(2501, 1)), ["PCB802"]);
    assert_eq!(numbers(&psb(120, 250)), [""; 0]);
    assert_eq!(numbers(&psb(120, 251)), ["SENS835"]);
}

#[test]
fn a_segment_has_32_indexes() {
    let indexes = |count: usize| {
        let mut text = " SEGM NAME=ROOT,PARENT=0,BYTES=10\n FIELD NAME=KEY,BYTES=1,START=1\n".to_string();
        for number in 0..count {
            writeln!(text, " LCHILD NAME=(IX,IXDB{number}),PTR=INDX\n XDFLD NAME=X{number},SRCH=KEY")
                .unwrap();
        }
        text
    };
    assert_eq!(numbers(&dbd(&indexes(32))), [""; 0]);
    assert_eq!(numbers(&dbd(&indexes(33))), ["XDFL501"]);
}

/// Each of these would take hours if its cost rose with the square of its length.
#[test]
fn hostile_sources_end() {
    let continued = |text: &str| {
        let mut lines = cards("SEGM", &[text.to_string()]);
        lines.insert(0, " DBD NAME=A,ACCESS=HDAM,RMNAME=MODULE".to_string());
        lines.join("\n").into_bytes()
    };
    let opened = continued(&format!("NAME={}", "((((((((((A,".repeat(30_000)));
    let unknown = continued(&"UNKNOWN=1,".repeat(10_000));
    let quotes = continued(&format!("REMARKS={}", "'A'B".repeat(50_000)));
    let commas = vec![b','; 400_000];
    let lines = b" SEGM NAME=A,PARENT=B,BYTES=1\n".repeat(10_000);
    let maps = b" DFSMAP NAME=A,DEPENDINGON=B\n".repeat(5_000);
    for bytes in [opened, unknown, quotes, commas, lines, maps] {
        let compilation = compile("source", &bytes);
        assert!(!compilation.findings.is_empty() && compilation.definitions.is_empty());
    }
}

/// As [`hostile_sources_end`], for DDL.
#[test]
fn hostile_ddl_ends() {
    let table = |inside: &str| {
        format!("CREATE DATABASE A; CREATE TABLE T (K INT PRIMARY KEY, {inside}) IN DATABASE A;")
    };
    let columns: String = (0..20_000).map(|number| format!("C{number} INT, ")).collect();
    let comments: String =
        (0..20_000).map(|number| format!("COMMENT ON COLUMN T.C{number} IN A IS 'X'; ")).collect();
    let tables: String =
        (0..30_000).map(|number| format!("CREATE TABLE T{number} (K INT) IN DATABASE A; ")).collect();
    let drops: String =
        (0..10_000).map(|number| format!("ALTER TABLE T IN DATABASE A DROP COLUMN C{number}; ")).collect();
    let databases: String =
        (0..10_000).map(|number| format!("CREATE DATABASE A{number}; ")).collect::<String>() + "COMMIT DDL;";
    let hostile = [
        "(".repeat(400_000),
        "'".repeat(400_001),
        "/*".repeat(200_000),
        table(&"X INT (".repeat(50_000)),
        table(&format!("X INT START {}", "1,".repeat(20_000))),
        table(&format!("X INT {}", "TYPE C ".repeat(50_000))),
        table(&format!("XDFLD X SRCH({}) {}", "A,".repeat(100_000), "CONST A ".repeat(50_000))),
        format!("{} {comments} COMMIT DDL;", table(&format!("{columns} L INT"))),
        format!("CREATE DATABASE A; {tables} COMMIT DDL;"),
        format!(
            "{} {}",
            table(&format!("{columns} L INT")),
            "COMMENT ON COLUMN T.NONE IN A IS 'X'; ".repeat(3_000)
        ),
        format!("{} {drops} COMMIT DDL; X", table(&format!("{columns} L INT"))),
        databases,
        "DROP DATABASE A IF EXISTS; COMMIT DDL; ".repeat(10_000) + "X",
        "INVALID ".repeat(50_000),
        format!("CREATE PROGRAMVIEW P ({}", "CREATE SCHEMA S USING A (CREATE SENSEGVIEW T),".repeat(5_000)),
    ];
    for text in hostile {
        let compilation = compile_ddl(
            "source",
            text.as_bytes(),
            &BTreeMap::<_, std::sync::Arc<Dbd>>::new(),
            Options::default(),
        );
        assert!(!compilation.findings.is_empty(), "{}", &text[..40]);
    }
}

/// Members that copy members twice each would grow without end.
#[test]
fn members_that_multiply_end() {
    let texts: Vec<(String, String)> = (0..30)
        .map(|number| (format!("M{number}"), format!(" COPY M{0}\n COPY M{0}\n", number + 1)))
        .collect();
    let members = Members::new(texts.iter().map(|(name, text)| (name.as_str(), text.as_bytes())));
    let compilation = compile_with_members("source", b" COPY M0\n", &members);
    assert!(numbers(&compilation).contains(&"CARD028"));
    assert!(compilation.lines < 10_000);
    let inputs: Vec<Input<'_>> =
        texts.iter().map(|(name, text)| Input { name, bytes: text.as_bytes() }).collect();
    assert_eq!(generate(&inputs).return_code(), 8);
}

#[test]
fn a_large_source_in_ebcdic_is_read_whole() {
    let mut lines = vec![" DBD NAME=BIG,ACCESS=GSAM,ENCODING=Cp1141".to_string()];
    lines.extend(std::iter::repeat_n("* A COMMENT ".repeat(6), 2_000));
    lines.extend([" DATASET DD1=BIGDD".to_string(), " DBDGEN".to_string()]);
    for bytes in [ebcdic_lines(&lines), ebcdic_cards(&lines)] {
        let compilation = compile("source", &bytes);
        assert_eq!((compilation.lines, compilation.statements), (2_003, 3));
        assert_eq!(compilation.definitions.len(), 1);
    }
}
