//! What holds for every input.

use crate::support::{cards, ebcdic_cards, ebcdic_lines};
use definitions::report::{Input, generate};
use definitions::{Compilation, Definition, compile};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// A segment to be: how far above the segment before its parent is, its length, its fields.
type Plan = (usize, u32, usize);

/// The cards of a correct source: an HDAM database of such segments, and a PSB that sees all of them.
fn source(plans: &[Plan]) -> Vec<String> {
    let operands = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut lines = vec!["* A COMMENT".to_string()];
    lines.extend(cards(
        "DBD",
        &operands(&["NAME=SAMPLE", "ACCESS=(HDAM,OSAM)", "RMNAME=(DFSHDC40,2,500,1000)"]),
    ));
    lines.extend(cards("DATASET", &operands(&["DD1=SAMPLEDD", "SIZE=(4096)", "FRSPC=(0,20)"])));
    let mut path: Vec<String> = Vec::new();
    let mut senses = Vec::new();
    for (number, (up, bytes, fields)) in plans.iter().enumerate() {
        let name = format!("SEG{number}");
        path.truncate(path.len().saturating_sub(*up).max(1));
        let parent = path.last().cloned().unwrap_or("0".to_string());
        let remarks = "REMARKS='IT''S A SEGMENT, WITH (ALL) THAT BELONGS TO IT'".to_string();
        let segm = [format!("NAME={name}"), format!("PARENT={parent}"), format!("BYTES={bytes}"), remarks];
        lines.extend(cards("SEGM", &segm));
        lines.extend(cards(
            "FIELD",
            &[format!("NAME=(KEY{number},SEQ,U)"), "BYTES=2".into(), "START=1".into()],
        ));
        for field in 0..*fields {
            let name = format!("EXTERNALNAME=A_FIELD_WITH_A_LONG_NAME_{field}");
            lines.extend(cards("FIELD", &[name, "BYTES=1".into(), "START=3".into(), "TYPE=C".into()]));
        }
        senses.extend(cards("SENSEG", &[format!("NAME={name}"), format!("PARENT={parent}")]));
        if path.len() < 14 {
            path.push(name);
        }
    }
    lines.push("   DBDGEN".to_string());
    lines.extend(cards("PCB", &operands(&["TYPE=DB", "DBDNAME=SAMPLE", "PROCOPT=AP", "KEYLEN=30"])));
    lines.extend(senses);
    lines.extend(cards("PSBGEN", &operands(&["PSBNAME=PROGRAM", "LANG=PL/I", "CMPAT=YES"])));
    lines.push("   END".to_string());
    lines
}

fn plans() -> impl Strategy<Value = Vec<Plan>> {
    prop::collection::vec((0usize..4, 4u32..500, 0usize..5), 1..12)
}

/// One change to a source.
#[derive(Debug, Clone)]
enum Damage {
    DropLine(prop::sample::Index),
    RepeatLine(prop::sample::Index),
    SwapLines(prop::sample::Index, prop::sample::Index),
    CutLine(prop::sample::Index, prop::sample::Index),
    Put(prop::sample::Index, prop::sample::Index, String),
}

fn damage() -> impl Strategy<Value = Damage> {
    let index = any::<prop::sample::Index>;
    let text = prop_oneof![
        "[ -~]{1,12}",
        "[()',= ]{1,6}",
        Just("=".to_string()),
        Just("$UNNAMED".to_string()),
        Just("PARENT=SEG1,".to_string()),
        Just("\u{fc}\u{20ac}\t\0".to_string()),
        Just(" LCHILD NAME=(SEG0,SAMPLE),PAIR=SEG1".to_string()),
    ];
    prop_oneof![
        index().prop_map(Damage::DropLine),
        index().prop_map(Damage::RepeatLine),
        (index(), index()).prop_map(|(one, other)| Damage::SwapLines(one, other)),
        (index(), index()).prop_map(|(line, at)| Damage::CutLine(line, at)),
        (index(), index(), text).prop_map(|(line, at, text)| Damage::Put(line, at, text)),
    ]
}

fn apply(lines: &mut Vec<String>, damage: Damage) {
    if lines.is_empty() {
        return;
    }
    let byte = |line: &str, at: prop::sample::Index| {
        let places: Vec<usize> = line.char_indices().map(|(at, _)| at).chain([line.len()]).collect();
        *at.get(&places)
    };
    let count = lines.len();
    match damage {
        Damage::DropLine(line) => drop(lines.remove(line.index(count))),
        Damage::RepeatLine(line) => lines.insert(line.index(count), lines[line.index(count)].clone()),
        Damage::SwapLines(one, other) => lines.swap(one.index(count), other.index(count)),
        Damage::CutLine(line, at) => {
            let line = &mut lines[line.index(count)];
            line.truncate(byte(line, at));
        }
        Damage::Put(line, at, text) => {
            let line = &mut lines[line.index(count)];
            line.insert_str(byte(line, at), &text);
        }
    }
}

/// Invariant: a finding points into the source. A mark that is missing in column 72 lies behind a shorter line.
fn assert_findings_lie_in_the_source(compilation: &Compilation) {
    for finding in &compilation.findings {
        let origin = finding.origin.as_ref().unwrap();
        assert!(origin.line >= 1 && origin.line as usize <= compilation.lines.max(1), "{finding:?}");
        let columns = origin.source_line.chars().count().max(72);
        assert!(origin.column >= 1 && origin.column as usize <= columns, "{finding:?}");
        assert!(origin.width >= 1, "{finding:?}");
        assert!(!finding.render().is_empty());
    }
}

/// Invariant: what is accepted keeps the limits of IMS, and its parents come first.
fn assert_definitions_keep_the_limits(compilation: &Compilation) {
    for definition in &compilation.definitions {
        let Definition::Dbd(dbd) = definition else { continue };
        assert!(dbd.segments.len() <= 255);
        let mut levels: Vec<(vocabulary::SegmentName, usize)> = Vec::new();
        for segment in &dbd.segments {
            let level = match segment.parent {
                None => 1,
                Some(parent) => levels.iter().find(|(name, _)| *name == parent.name).unwrap().1 + 1,
            };
            assert!(level <= 15);
            levels.push((segment.name, level));
            assert!(segment.fields.iter().filter(|field| field.sequence.is_some()).count() <= 1);
        }
        let names: BTreeSet<_> = dbd.segments.iter().map(|segment| segment.name).collect();
        assert_eq!(names.len(), dbd.segments.len());
    }
}

fn assert_sound(bytes: &[u8]) {
    let compilation = compile("source", bytes);
    assert_findings_lie_in_the_source(&compilation);
    assert_definitions_keep_the_limits(&compilation);
    let again = compile("source", bytes);
    assert_eq!(compilation.definitions, again.definitions);
    assert_eq!(compilation.findings, again.findings);
    let report = generate(&[Input { name: "source", bytes }]);
    assert!(!report.to_text().is_empty() && !report.to_json().is_empty());
}

proptest! {
    #[test]
    fn a_correct_source_compiles_and_builds_in_every_encoding(plans in plans()) {
        let lines = source(&plans);
        let ascii = compile("source", lines.join("\n").as_bytes());
        prop_assert_eq!(&ascii.findings, &[]);
        prop_assert_eq!(ascii.definitions.len(), 2);
        for bytes in [ebcdic_lines(&lines), ebcdic_cards(&lines), lines.join("\r\n").into_bytes()] {
            let other = compile("source", &bytes);
            prop_assert_eq!(&other.definitions, &ascii.definitions);
        }
        let report = generate(&[Input { name: "source", bytes: lines.join("\n").as_bytes() }]);
        prop_assert_eq!(report.return_code(), 0, "{}", report.to_text());
        prop_assert_eq!(report.summary.acbs, 2);
    }

    #[test]
    fn definitions_and_blocks_survive_encoding(plans in plans()) {
        let lines = source(&plans).join("\n");
        let report = generate(&[Input { name: "source", bytes: lines.as_bytes() }]);
        for definition in compile("source", lines.as_bytes()).definitions {
            let bytes = vocabulary::encoding::encode(&definition);
            prop_assert_eq!(vocabulary::encoding::decode::<Definition>("definition", &bytes), Ok(definition));
        }
        for dmb in report.dmbs.values() {
            let bytes = vocabulary::encoding::encode(dmb);
            prop_assert_eq!(vocabulary::encoding::decode("DMB", &bytes), Ok(dmb.clone()));
        }
        for block in report.psb_blocks.values() {
            let bytes = vocabulary::encoding::encode(block);
            prop_assert_eq!(vocabulary::encoding::decode("PSB block", &bytes), Ok(block.clone()));
        }
    }

    #[test]
    fn arbitrary_bytes_are_judged_and_never_more(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        assert_sound(&bytes);
    }

    #[test]
    fn arbitrary_text_is_judged_and_never_more(lines in prop::collection::vec("[ -~]{0,90}", 0..20)) {
        assert_sound(lines.join("\n").as_bytes());
    }

    #[test]
    fn a_damaged_source_is_judged_and_never_more(
        plans in plans(),
        damages in prop::collection::vec(damage(), 1..8),
    ) {
        let mut lines = source(&plans);
        for damage in damages {
            apply(&mut lines, damage);
        }
        assert_sound(lines.join("\n").as_bytes());
        assert_sound(&ebcdic_cards(&lines));
    }

    #[test]
    fn a_broken_statement_hides_no_other(plans in plans(), garbage in "[A-Z]{9,12}") {
        let mut lines = source(&plans);
        lines.insert(1, format!(" {garbage} NAME=X"));
        lines.push(" DBD NAME=LAST,ACCESS=GSAM".into());
        lines.push(" DATASET DD1=LAST".into());
        lines.push(" DBDGEN".into());
        let compilation = compile("source", lines.join("\n").as_bytes());
        prop_assert_eq!(compilation.findings.len(), 1);
        prop_assert_eq!(compilation.findings[0].number(), "CARD020");
        prop_assert_eq!(compilation.rejected_count, 1);
        let names: Vec<String> = compilation.definitions.iter().map(|made| made.name().to_string()).collect();
        prop_assert_eq!(names, ["PSB PROGRAM", "DBD LAST"]);
    }
}
