//! Source of as many definitions as are wanted, of the size that they have in real systems.

use csl::envelope::SourceFile;
use std::fmt::Write;

/// DBD number `number`, told apart from its other versions by `version`.
pub(crate) fn dbd(number: usize, version: u64) -> SourceFile {
    // Only the length of the segments tells versions apart.
    let bytes = 200 + version % 1_000;
    let mut text = format!(
        "         DBD   NAME=BD{number:05},ACCESS=(HDAM,OSAM),RMNAME=(DFSHDC40,4,5000)\n         \
         DATASET DD1=BD{number:05},DEVICE=3390,SIZE=(8192)\n"
    );
    for segment in 0..4 {
        let parent = if segment == 0 { "0".to_string() } else { format!("S{number:05}{}", segment - 1) };
        let _ = writeln!(text, "         SEGM  NAME=S{number:05}{segment},PARENT={parent},BYTES={bytes}");
        let _ = writeln!(text, "         FIELD NAME=(KEY{segment},SEQ,U),BYTES=10,START=1,TYPE=C");
        for field in 0..8 {
            let start = 11 + field * 10;
            let _ = writeln!(
                text,
                "         FIELD NAME=F{segment}{field},BYTES=10,START={start},TYPE=C,EXTERNALNAME=COLUMN{segment}{field}"
            );
        }
    }
    text.push_str("         DBDGEN\n         FINISH\n         END\n");
    SourceFile { name: format!("BD{number:05}.dbd"), bytes: text.into_bytes() }
}

/// PSB number `number`, which uses the DBD of half its number.
pub(crate) fn psb(number: usize, version: u64) -> SourceFile {
    let dbd = number / 2;
    let mut text =
        format!("         PCB   TYPE=DB,DBDNAME=BD{dbd:05},PROCOPT=AP,KEYLEN={}\n", 40 + version % 200);
    for segment in 0..4 {
        let parent = if segment == 0 { "0".to_string() } else { format!("S{dbd:05}{}", segment - 1) };
        let _ = writeln!(text, "         SENSEG NAME=S{dbd:05}{segment},PARENT={parent}");
    }
    let _ = writeln!(text, "         PSBGEN PSBNAME=BP{number:05},LANG=COBOL,CMPAT=YES");
    text.push_str("         END\n");
    SourceFile { name: format!("BP{number:05}.psb"), bytes: text.into_bytes() }
}

/// One unit of DDL of 2.4 MB, of the shape that large ones have: few databases of wide tables, whose columns stand in the
/// cases of maps, and a comment on nearly everything, in records of 80 columns.
pub(crate) fn ddl() -> SourceFile {
    let mut text = "CREATE DATABASE BENCH ACCESS PHIDAM OSAM DATA CAPTURE NONE CCSID 'Cp1141';\n".to_string();
    for table in 0..DDL_TABLES {
        add_table(&mut text, table);
        add_comments(&mut text, table);
    }
    for index in 0..DDL_INDEXES {
        let _ = write!(
            text,
            "CREATE DATABASE BENCHX{index} ACCESS PSINDEX;\nCREATE TABLE X{index} (\n    KEY{index} CHAR(8)\n        \
             START 1\n        INTERNALNAME KEY{index}\n        PRIMARY KEY,\n    LCHILD BENCH.SEG0\n        INDEXFIELD \
             XF{index}\n        RKSIZE 10\n    ) IN DATABASE BENCHX{index}\n    MAXBYTES 8;\n"
        );
    }
    text.push_str("COMMIT DDL;\n");
    SourceFile { name: "bench.ddl".to_string(), bytes: text.into_bytes() }
}

/// So many make 2.4 MB, and 7,800 comments.
const DDL_TABLES: usize = 8;
const DDL_CASES: usize = 61;
const DDL_COLUMNS: usize = 15;
const DDL_INDEXES: usize = 4;

fn add_table(text: &mut String, table: usize) {
    let _ = write!(
        text,
        "CREATE TABLE TABLE_{table} (\n    KEY_{table} CHAR(10)\n        START 3\n        TYPE C\n        INTERNALNAME \
         KEY{table}\n        PRIMARY KEY,\n    KIND_{table} CHAR(4)\n        START 13\n        TYPE C\n        INTERNALNAME \
         KIND{table},\n    MAP KIND_{table} AS TABLE_{table}_MAP(\n"
    );
    for case in 0..DDL_CASES {
        let _ = writeln!(text, "        CASE '{case:04}' AS TABLE_{table}_{case:04}_CASE(");
        for column in 0..DDL_COLUMNS {
            let start = 60 + column * 8;
            let end = if column + 1 == DDL_COLUMNS { "" } else { "," };
            let _ =
                writeln!(text, "            COLUMN_{case:04}_{column:02} {}", column_of(column, start, end));
        }
        text.push_str(if case + 1 == DDL_CASES { "        )\n    )" } else { "        ),\n" });
    }
    let relations = match table {
        0 => (0..DDL_INDEXES).fold(String::new(), |text, index| {
            format!(
                "{text},\n    SEARCHED_{index} CHAR(8)\n        START {}\n        INTERNALNAME FX{index},\n    LCHILD \
                 BENCHX{index}.X{index} INDEX,\n    XDFLD SEARCH_{index} INTERNALNAME XF{index} SRCH(FX{index})",
                17 + index * 8
            )
        }),
        _ => ",\n    FOREIGN KEY REFERENCES TABLE_0".to_string(),
    };
    let _ = writeln!(
        text,
        "{relations}\n    ) IN DATABASE BENCH\n    INTERNALNAME SEG{table}\n    MAXBYTES 400;"
    );
}

/// Some have a converter of their own, most have none.
fn column_of(column: usize, start: usize, end: &str) -> String {
    match column % 5 {
        0 => format!(
            "DATE BYTES 4\n                START {start}\n                TYPE P\n                USER TYPECONVERTER\n                    \
             'class://org.example.ims.converters.PackedDateConverter'\n                    PROPERTIES (\n                        \
             'pattern'='ddMMyyyy',\n                        'meaningfulSign'='true'\n                    ){end}"
        ),
        1 => format!("DECIMAL(7,3) BYTES 4\n                START {start}\n                TYPE P{end}"),
        _ => format!("CHAR(8)\n                START {start}\n                TYPE C{end}"),
    }
}

fn add_comments(text: &mut String, table: usize) {
    for case in 0..DDL_CASES {
        let name = format!("TABLE_{table}.TABLE_{table}_MAP.TABLE_{table}_{case:04}_CASE");
        add_records(text, &format!("COMMENT ON CASE {name} IN BENCH IS 'What a row of kind {case:04} has';"));
        for column in 0..DDL_COLUMNS {
            add_records(
                text,
                &format!(
                    "COMMENT ON COLUMN {name}.COLUMN_{case:04}_{column:02} IN BENCH IS 'Field {column} of a row of kind \
                     {case:04}, as it comes from whoever delivers it, and is checked';"
                ),
            );
        }
    }
}

/// A statement cut where a record is full.
fn add_records(text: &mut String, statement: &str) {
    for record in statement.as_bytes().chunks(80) {
        text.push_str(&String::from_utf8_lossy(record));
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ddl_is_right_and_as_long_as_it_is_to_be() {
        let source = ddl();
        let known =
            std::collections::BTreeMap::<vocabulary::DbdName, std::sync::Arc<definitions::Dbd>>::new();
        let compiled = definitions::ddl::compile_ddl(&source.name, &source.bytes, &known, Default::default());
        let findings: Vec<String> = compiled.findings.iter().map(definitions::Finding::render).collect();
        assert!(findings.is_empty(), "{}", findings[0]);
        assert_eq!(compiled.units[0].changes.len(), 1 + DDL_INDEXES);
        let input = definitions::report::Input { name: &source.name, bytes: &source.bytes };
        assert_eq!(definitions::report::generate(&[input]).return_code(), 0, "it can be activated");
        assert!((2_300_000..2_600_000).contains(&source.bytes.len()), "{}", source.bytes.len());
    }

    /// What is measured must be what is meant: definitions that the compiler takes without a finding.
    #[test]
    fn the_source_is_right() {
        for source in [dbd(1, 0), dbd(9_999, 999), psb(2, 0), psb(19_999, 999)] {
            let compiled = definitions::compile(&source.name, &source.bytes);
            let findings: Vec<String> = compiled.findings.iter().map(definitions::Finding::render).collect();
            assert!(findings.is_empty(), "{}", findings.join("\n"));
            assert_eq!(compiled.definitions.len(), 1);
        }
    }
}
