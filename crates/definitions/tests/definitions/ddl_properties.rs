//! What holds for every DDL source, and for every definition that is printed.

use crate::support::{cards, ebcdic_cards, ebcdic_lines};
use definitions::ddl::{Change, DdlCompilation, Options, Outcome, compile_ddl, to_ddl, to_macros};
use definitions::report::{Input, generate};
use definitions::{Dbd, Definition, compile};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use vocabulary::DbdName;

type Library = BTreeMap<DbdName, Arc<Dbd>>;

fn ddl(bytes: &[u8]) -> DdlCompilation {
    compile_ddl("source", bytes, &Library::new(), Options { auto_commit: true })
}

fn definitions(compilation: DdlCompilation) -> Vec<Definition> {
    let changes = compilation.units.into_iter().flat_map(|unit| unit.changes);
    changes
        .filter_map(|change| match change {
            Change::Create(definition) | Change::Replace(definition) => Some(definition),
            Change::Drop(_) => None,
        })
        .collect()
}

/// The operands of a FIELD, without its name: a type, a length, a place, and whatever else it may say.
fn field() -> impl Strategy<Value = Vec<String>> {
    let kind = prop::sample::select(vec![
        "",
        "DATATYPE=CHAR",
        "DATATYPE=INT",
        "DATATYPE=DECIMAL(7,2)",
        "DATATYPE=DECIMAL",
        "DATATYPE=DATE",
    ]);
    let bytes = prop::option::of(1u32..9).prop_map(|bytes| bytes.map(|bytes| format!("BYTES={bytes}")));
    let place = prop_oneof![
        Just(None),
        (1u32..90).prop_map(|start| Some(format!("START={start}"))),
        (1u32..90).prop_map(|start| Some(format!("RELSTART={start}"))),
        Just(Some("STARTAFTER=KEY".to_string())),
        Just(Some("REDEFINES=KEY".to_string())),
    ];
    let further = prop::sample::subsequence(
        vec!["TYPE=P", "MINOCCURS=0", "MAXOCCURS=9", "MAXBYTES=90", "PARENT=KEY", "DEPENDSON=KEY"],
        0..4,
    );
    let remarks = prop::option::of(text()).prop_map(|text| text.map(|text| format!("REMARKS={text}")));
    (kind, bytes, place, further, remarks).prop_map(|(kind, bytes, place, further, remarks)| {
        let mut operands: Vec<String> =
            [kind].into_iter().filter(|kind| !kind.is_empty()).map(Into::into).collect();
        operands.extend(bytes.into_iter().chain(place));
        operands.extend(further.into_iter().map(Into::into));
        operands.extend(remarks);
        operands
    })
}

/// A text in quotes, as an operand writes it. Long blanks would be lost where a card is cut.
fn text() -> impl Strategy<Value = String> {
    "[A-Za-z0-9(),.;:=/*\"'&-]( ?[A-Za-z0-9(),.;:=/*\"'&-]){0,120}"
        .prop_map(|text| format!("'{}'", text.replace('\'', "''").replace('&', "&&")))
}

/// The operands of a DFSMARSH.
fn marshaller() -> impl Strategy<Value = Option<Vec<String>>> {
    let operands = (prop::option::of(text_up_to(20)), prop::option::of(text_up_to(20)), any::<bool>());
    prop::option::of(operands.prop_map(|(pattern, property, signed)| {
        let mut operands = vec![format!("ISSIGNED={}", if signed { "Y" } else { "N" })];
        operands.extend(pattern.map(|pattern| format!("PATTERN={pattern}")));
        operands.extend(property.map(|value| format!("PROPERTIES=(a='x',b={value})")));
        operands
    }))
}

fn text_up_to(characters: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!['a', 'Z', '9', ',', '(', ')', '=', '.']), 1..characters)
        .prop_map(|characters| format!("'{}'", characters.into_iter().collect::<String>()))
}

/// A segment to be: how far above the one before its parent is, its options, and its fields, each in a case or in none.
type Plan = (usize, Vec<&'static str>, Vec<(Vec<String>, Option<Vec<String>>, Option<usize>)>);

fn plan() -> impl Strategy<Value = Plan> {
    let options = prop::sample::subsequence(
        vec![
            "FREQ=2.50",
            "POINTER=(TB,CTR)",
            "RULES=(PBV,FIRST)",
            "COMPRTN=(CMP,DATA,INIT,MAX,7)",
            "EXIT=(*,NOKEY,(CASCADE,KEY,NODATA,PATH))",
            "ENCODING=Cp1141",
            "EXTERNALNAME='A name, so to say'",
            "REMARKS='AN ''ODD'' REMARK; /* WITH */ \"SIGNS\"'",
        ],
        0..6,
    );
    let fields = prop::collection::vec((field(), marshaller(), prop::option::of(0usize..4)), 0..8);
    (0usize..4, options, fields)
}

/// A correct source: an HDAM database of two data sets, whose segments have maps with two cases each.
fn source(plans: &[Plan]) -> String {
    let mut lines =
        cards("DBD", &["NAME=D".into(), "ACCESS=(HDAM,OSAM)".into(), "RMNAME=(MODULE,2,500)".into()]);
    lines.extend(["ONE DATASET DD1=AA,SIZE=2048", "TWO DATASET DD1=BB"].map(String::from));
    let mut path: Vec<String> = Vec::new();
    for (number, (up, options, fields)) in plans.iter().enumerate() {
        path.truncate(path.len().saturating_sub(*up).max(1));
        lines.push(format!("{} DATASET", if number % 2 == 0 { "ONE" } else { "TWO" }));
        let mut operands =
            vec![format!("NAME=S{number}"), format!("PARENT={}", path.last().map_or("0", |name| name))];
        operands.push("BYTES=(20000,100)".to_string());
        // An external name is that of one table.
        operands.extend(
            options.iter().filter(|text| number == 0 || !text.starts_with("EXT")).map(ToString::to_string),
        );
        lines.extend(cards("SEGM", &operands));
        lines.extend(cards("FIELD", &["NAME=(KEY,SEQ,U)".into(), "BYTES=4".into(), "START=1".into()]));
        for map in 0..2 {
            lines.extend(cards("DFSMAP", &[format!("NAME=M{map}"), "DEPENDINGON=KEY".into()]));
            for case in 0..2 {
                let names =
                    [format!("NAME=C{map}{case}"), format!("MAPNAME=M{map}"), format!("CASEID={case}")];
                lines.extend(cards("DFSCASE", &names));
            }
        }
        for (at, (operands, marshaller, case)) in fields.iter().enumerate() {
            let mut operands = operands.clone();
            operands.insert(0, format!("EXTERNALNAME=FIELD_{at}"));
            operands.extend(case.map(|case| format!("CASENAME=C{}{}", case / 2, case % 2)));
            lines.extend(cards("FIELD", &operands));
            lines.extend(marshaller.iter().flat_map(|operands| cards("DFSMARSH", operands)));
        }
        if path.len() < 14 {
            path.push(format!("S{number}"));
        }
    }
    lines.push(" DBDGEN".to_string());
    lines.join("\n")
}

/// Words of DDL in any order.
fn soup() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "CREATE",
        "ALTER",
        "DROP",
        "DATABASE",
        "TABLE",
        "TABLESPACE",
        "PROGRAMVIEW",
        "SCHEMA",
        "SENSEGVIEW",
        "COMMENT",
        "ON",
        "COLUMN",
        "IS",
        "COMMIT",
        "ROLLBACK",
        "DDL",
        ";",
        ";",
        "(",
        ")",
        ",",
        ".",
        "=",
        "A",
        "B",
        "\"c\"",
        "'text'",
        "X'00'",
        "CHAR",
        "INT",
        "12",
        "3.4",
        "PRIMARY",
        "FOREIGN",
        "KEY",
        "REFERENCES",
        "MAP",
        "CASE",
        "AS",
        "LCHILD",
        "XDFLD",
        "INDEX",
        "IN",
        "START",
        "BYTES",
        "INTERNALNAME",
        "MAXBYTES",
        "USING",
        "ADD",
        "IF",
        "EXISTS",
        "ACCESS",
        "HDAM",
        "PSINDEX",
        "GSAM",
        "DEDB",
        "LIKE",
        "DATA",
        "CAPTURE",
        "CHANGES",
        "PROPERTIES",
        "/* c */",
        "'",
        "/*",
    ]);
    prop::collection::vec(word, 0..120).prop_map(|words| words.join(" "))
}

/// Invariants: findings point into the source; a unit that was not committed changes nothing, and one that was has
/// definitions that keep the limits; the same source gives the same.
fn assert_sound(bytes: &[u8]) {
    let compilation = ddl(bytes);
    for finding in &compilation.findings {
        let origin = finding.origin.as_ref().unwrap();
        assert!(origin.line >= 1 && origin.line as usize <= compilation.lines.max(1), "{finding:?}");
        assert!(origin.column >= 1 && origin.width >= 1, "{finding:?}");
        assert!(!finding.render().is_empty());
    }
    for unit in &compilation.units {
        assert!(unit.outcome == Outcome::Committed || unit.changes.is_empty());
        for change in &unit.changes {
            assert!(unit.touched.contains(&change.name()));
            if let Change::Create(Definition::Dbd(dbd)) | Change::Replace(Definition::Dbd(dbd)) = change {
                assert!(dbd.segments.len() <= 255);
                assert!(
                    dbd.segments.iter().all(|segment| segment
                        .fields
                        .iter()
                        .filter(|f| f.sequence.is_some())
                        .count()
                        <= 1)
                );
            }
        }
    }
    let again = ddl(bytes);
    assert_eq!(compilation.units, again.units);
    assert_eq!(compilation.findings, again.findings);
    let report = generate(&[Input { name: "source.ddl", bytes }]);
    assert!(!report.to_text().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_definition_stays_the_same_through_ddl_and_through_macros(plans in prop::collection::vec(plan(), 1..5)) {
        let source = source(&plans);
        let compilation = compile("source", source.as_bytes());
        prop_assert_eq!(compilation.definitions.len(), 1, "{}\n{:?}", source, compilation.findings);
        let definition = &compilation.definitions[0];
        let printed = to_ddl([definition], &Library::new());
        prop_assert_eq!(&definitions(ddl(printed.as_bytes())), &compilation.definitions, "{}", printed);
        let macros = to_macros(definition);
        prop_assert_eq!(&compile("macros", macros.as_bytes()).definitions, &compilation.definitions, "{}", macros);
    }

    #[test]
    fn printed_ddl_fits_records_and_reads_the_same_in_ebcdic(plans in prop::collection::vec(plan(), 1..3)) {
        let compilation = compile("source", source(&plans).as_bytes());
        let printed = to_ddl(&compilation.definitions, &Library::new());
        let lines: Vec<&str> = printed.lines().collect();
        prop_assert!(lines.iter().all(|line| line.chars().count() <= 80));
        for bytes in [ebcdic_lines(&lines), ebcdic_cards(&lines)] {
            prop_assert_eq!(&definitions(ddl(&bytes)), &compilation.definitions);
        }
    }

    #[test]
    fn arbitrary_bytes_are_judged_and_never_more(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        assert_sound(&bytes);
    }

    #[test]
    fn words_of_ddl_in_any_order_are_judged_and_never_more(text in soup()) {
        assert_sound(text.as_bytes());
        assert_sound(format!("CREATE DATABASE A; CREATE TABLE T (K INT PRIMARY KEY, {text}").as_bytes());
        assert_sound(format!("CREATE PROGRAMVIEW P (CREATE SCHEMA S USING A ({text}").as_bytes());
    }

    #[test]
    fn what_is_altered_is_told_where_it_is_altered(plans in prop::collection::vec(plan(), 1..3), text in soup()) {
        let compilation = compile("source", source(&plans).as_bytes());
        let Some(Definition::Dbd(dbd)) = compilation.definitions.first().cloned() else { return Ok(()) };
        let known = Library::from([(dbd.name, Arc::new(dbd))]);
        for text in [format!("ALTER TABLE S0 IN DATABASE D {text}\n"), "ALTER TABLE S0 IN D MAXBYTES 3 MINBYTES 9".into()] {
            let altered = compile_ddl("source", text.as_bytes(), &known, Options { auto_commit: true });
            for finding in &altered.findings {
                let origin = finding.origin.as_ref().unwrap();
                prop_assert!(origin.line == 1 && origin.column as usize <= text.len() + 1, "{}", finding.render());
            }
        }
    }

    #[test]
    fn damaged_ddl_is_judged_and_never_more(
        plans in prop::collection::vec(plan(), 1..3),
        damages in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), "[ -~]{0,8}"), 1..6),
    ) {
        let compilation = compile("source", source(&plans).as_bytes());
        let mut text: Vec<char> = to_ddl(&compilation.definitions, &Library::new()).chars().collect();
        for (at, length, put) in damages {
            let at = at.index(text.len());
            let end = (at + length.index(40)).min(text.len());
            text.splice(at..end, put.chars());
            text.push(' ');
        }
        let text: String = text.into_iter().collect();
        assert_sound(text.as_bytes());
        assert_sound(&ebcdic_cards(&text.lines().collect::<Vec<_>>()));
    }

    #[test]
    fn a_broken_statement_hides_no_other(plans in prop::collection::vec(plan(), 1..3), garbage in "[A-Z]{9,12}") {
        let compilation = compile("source", source(&plans).as_bytes());
        let printed = to_ddl(&compilation.definitions, &Library::new());
        let broken = format!("{garbage} DATABASE X;\nROLLBACK DDL;\n{printed}");
        let read = ddl(broken.as_bytes());
        prop_assert_eq!(read.findings.iter().filter(|finding| finding.number() == "DFS9000E").count(), 1);
        prop_assert_eq!(&definitions(read), &compilation.definitions);
    }
}
