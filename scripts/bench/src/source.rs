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

/// One unit of DDL of 2.4 MB: databases with as many columns as real ones, in records of 80 bytes.
pub(crate) fn ddl(version: u64) -> SourceFile {
    let mut text = String::new();
    for number in 0..DDL_DATABASES {
        let _ = writeln!(text, "CREATE DATABASE DB{number:05} ACCESS PHDAM OSAM RMNAME(DFSHDC40 RMANCH 4);");
        for table in 0..4 {
            let _ = writeln!(text, "CREATE TABLE TABLE_{table} (");
            let _ = writeln!(text, "  KEY_{table} CHAR(10) INTERNALNAME KEY{table} PRIMARY KEY,");
            for column in 0..60 {
                let _ = writeln!(
                    text,
                    "  A_COLUMN_OF_THIS_TABLE_{column:02} CHAR({}) INTERNALNAME F{table}{column:02} TYPE C,",
                    4 + version % 10
                );
            }
            let parent = if table == 0 { String::new() } else { format!(" REFERENCES TABLE_{}", table - 1) };
            let key = if table == 0 { String::new() } else { format!("  FOREIGN KEY{parent},\n") };
            let _ = write!(
                text,
                "{key}  LAST_COLUMN CHAR(4))\n  INTERNALNAME S{number:05}{table} IN DATABASE DB{number:05};\n"
            );
        }
    }
    text.push_str("COMMIT DDL;\n");
    SourceFile { name: "bench.ddl".to_string(), bytes: text.into_bytes() }
}

/// So many make 2.4 MB.
const DDL_DATABASES: usize = 155;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ddl_is_right_and_as_long_as_it_is_to_be() {
        let source = ddl(0);
        let known =
            std::collections::BTreeMap::<vocabulary::DbdName, std::sync::Arc<definitions::Dbd>>::new();
        let compiled = definitions::ddl::compile_ddl(&source.name, &source.bytes, &known, Default::default());
        let findings: Vec<String> = compiled.findings.iter().map(definitions::Finding::render).collect();
        assert!(findings.is_empty(), "{}", findings[0]);
        assert_eq!(compiled.units[0].changes.len(), DDL_DATABASES);
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
