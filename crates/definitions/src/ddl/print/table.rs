//! A segment as DDL.

use super::column;
use super::dbd::{data_capture, home};
use super::writer::{Writer, name, names, quoted};
use crate::model::dbd::Dbd;
use crate::model::field::{Field, Map};
use crate::model::relation::{IndexedField, LogicalChild, LogicalChildPointer};
use crate::model::segment::{
    ChildPointer, Compression, Dependent, InsertPlace, LogicalTwinPointer, PathRule, PhysicalPointer,
    Pointers, Rules, Segment,
};

/// Writes the statement that makes a table.
pub(super) fn write(writer: &mut Writer, dbd: &Dbd, segment: &Segment) {
    writer.line(0, &format!("CREATE TABLE {} (", name(external_name(segment))));
    let mut items = Vec::new();
    add_columns(&mut items, segment);
    for child in &segment.logical_children {
        items.push((4, logical_child(child)));
        items.extend(child.indexed_field.iter().map(|field| (4, indexed_field(field))));
    }
    if let Some(parent) = segment.parent {
        let table = dbd.segment(&parent.name).map_or(parent.name.as_str(), external_name);
        let pointer = match parent.pointer {
            ChildPointer::First => "SINGLE",
            ChildPointer::FirstAndLast => "DOUBLE",
        };
        items.push((4, format!("FOREIGN KEY REFERENCES {} {pointer}", name(table))));
    }
    let last = items.len().saturating_sub(1);
    for (number, (indent, item)) in items.iter().enumerate() {
        // A map that goes on takes no comma behind its beginnings.
        let comma =
            if number == last || item.ends_with('(') || closes_next(&items, number) { "" } else { "," };
        writer.line(*indent, &format!("{item}{comma}"));
    }
    options(writer, dbd, segment);
}

fn closes_next(items: &[(usize, String)], number: usize) -> bool {
    items.get(number + 1).is_some_and(|(_, item)| item.starts_with(')'))
}

/// What a table is called: the external name of its segment, or the name that serves as one.
pub(super) fn external_name(segment: &Segment) -> &str {
    segment.external_name.as_deref().unwrap_or(segment.name.as_str())
}

/// The columns, and the maps where the first column of one of their cases stands. A column of a case that does not stand
/// in its order says the case itself.
fn add_columns(items: &mut Vec<(usize, String)>, segment: &Segment) {
    let mut maps = segment.maps.iter();
    let mut at = 0;
    while at < segment.fields.len() {
        let field = &segment.fields[at];
        let of_next = |map: &Map| field.case.as_ref().is_some_and(|case| case_number(map, case).is_some());
        if maps.clone().any(of_next) {
            for map in maps.by_ref() {
                let holds = of_next(map);
                let fields = if holds { &segment.fields[at..] } else { &[] };
                at += add_map(items, map, fields);
                if holds {
                    break;
                }
            }
        } else {
            items.push((4, column::column(field, field.case.as_deref())));
            at += 1;
        }
    }
    maps.for_each(|map| {
        add_map(items, map, &[]);
    });
}

/// Adds a map with the first of these fields, as many as stand in the order of its cases; how many they were.
fn add_map(items: &mut Vec<(usize, String)>, map: &Map, fields: &[Field]) -> usize {
    let control =
        map.control_segment.map(|segment| format!("{}.", name(segment.as_str()))).unwrap_or_default();
    items.push((4, format!("MAP {control}{} AS {} (", name(&map.depending_on), name(&map.name))));
    let mut taken = 0;
    for (number, case) in map.cases.iter().enumerate() {
        let id = match case.id_hexadecimal {
            true => format!("X{}", quoted(&case.id)),
            false => quoted(&case.id),
        };
        items.push((8, format!("CASE {id} AS {} (", name(&case.name))));
        let of_case =
            |field: &&Field| field.case.as_ref().is_some_and(|case| case_number(map, case) == Some(number));
        let own = fields[taken..].iter().take_while(of_case);
        let before = items.len();
        items.extend(own.map(|field| (12, column::column(field, None))));
        taken += items.len() - before;
        items.push((8, ")".to_string()));
    }
    items.push((4, ")".to_string()));
    taken
}

fn case_number(map: &Map, name: &str) -> Option<usize> {
    map.cases.iter().position(|case| case.name == name)
}

fn logical_child(child: &LogicalChild) -> String {
    let mut text = format!("LCHILD {}.{}", name(child.dbd.as_str()), name(child.segment.as_str()));
    text.push_str(match child.pointer {
        LogicalChildPointer::Single => "",
        LogicalChildPointer::Double => " DOUBLE",
        LogicalChildPointer::None => " NONE",
        LogicalChildPointer::Index => " INDEX",
        LogicalChildPointer::Symbolic => " SYMBOLIC",
    });
    if let Some(pair) = child.pair {
        text.push_str(&format!(" PAIR {}", name(pair.as_str())));
    }
    if let Some(field) = child.index {
        text.push_str(&format!(" INDEXFIELD {}", name(field.as_str())));
    }
    if let Some(bytes) = child.root_key_bytes {
        text.push_str(&format!(" RKSIZE {bytes}"));
    }
    if let Some(place) = child.place {
        text.push_str(&format!(" AMBIGUOUS INSERT {}", place_word(place)));
    }
    if child.multiple_segments {
        text.push_str(" MULTISEGYES");
    }
    text
}

fn indexed_field(field: &IndexedField) -> String {
    let external = field.external_name.as_deref().unwrap_or(field.name.as_str());
    let mut text = format!(
        "XDFLD {} INTERNALNAME {} SEGMENT {}",
        name(external),
        name(field.name.as_str()),
        name(field.source.as_str())
    );
    let lists = [("SRCH", &field.search), ("SUBSEQ", &field.subsequence), ("DDATA", &field.duplicate_data)];
    for (word, fields) in lists.into_iter().filter(|(_, fields)| !fields.is_empty()) {
        text.push_str(&format!(" {word}{}", names(fields.iter().map(|field| field.as_str()))));
    }
    for (word, value) in [("CONST", &field.constant), ("NULLVAL", &field.null_value)] {
        if let Some(value) = value {
            text.push_str(&format!(" {word} {}", constant(value)));
        }
    }
    for (word, routine) in [("EXTRTN", &field.exit), ("PSELRTN", &field.partition_selection)] {
        if let Some(routine) = routine {
            text.push_str(&format!(" {word} {}", name(routine)));
        }
    }
    if let Some(option) = &field.partition_selection_option {
        text.push_str(&format!(" PSELOPT {}", quoted(option)));
    }
    text
}

/// A word, or `C'c'` and `X'xx'`, as they are; any other character in quotes.
fn constant(value: &str) -> String {
    let word = value.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let typed = value.len() > 2 && value.as_bytes()[1] == b'\'' && value.ends_with('\'');
    if word || typed { value.to_string() } else { quoted(value) }
}

fn options(writer: &mut Writer, dbd: &Dbd, segment: &Segment) {
    writer.line(4, &format!(") {}", home(dbd, segment.data_set_group)));
    writer.line(4, &format!("INTERNALNAME {}", name(segment.name.as_str())));
    let mut lines = vec![bytes(segment), pointers(&segment.pointers)];
    lines.push(rules(&segment.rules));
    lines.push(format!("AMBIGUOUS INSERT {}", place_word(segment.rules.place)));
    if dbd.access.is_haldb() {
        lines.push(format!("DSGROUP {}", char::from(b'A' + (segment.data_set_group.min(25) as u8))));
    }
    lines.extend(segment.compression.as_ref().map(edit_procedure));
    lines.extend(segment.dependent.map(|dependent| match dependent {
        Dependent::Direct => "DIRECT DEPENDENT".to_string(),
        Dependent::Sequential => "SEQUENTIAL DEPENDENT".to_string(),
    }));
    if segment.subset_pointers > 0 {
        lines.push(format!("SSPTR {}", segment.subset_pointers));
    }
    if let Some(parent) = segment.logical_parent {
        let kept = if parent.key_stored { "PHYSICAL" } else { "VIRTUAL" };
        let segment = name(parent.segment.as_str());
        lines.push(format!("LPARENT {}.{segment} {kept}", name(parent.dbd.as_str())));
    }
    lines.push(sources(segment));
    lines.extend(segment.exits.as_ref().map(|exits| data_capture(exits)));
    lines.extend(segment.encoding.as_ref().map(|encoding| format!("CCSID {}", quoted(encoding))));
    lines.iter().filter(|line| !line.is_empty()).for_each(|line| writer.line(4, line));
    writer.append(";");
}

fn bytes(segment: &Segment) -> String {
    let mut words = Vec::new();
    if segment.bytes_max > 0 {
        words.push(format!("MAXBYTES {}", segment.bytes_max));
    }
    words.extend(segment.bytes_min.map(|bytes| format!("MINBYTES {bytes}")));
    words.extend(segment.frequency.as_ref().map(|frequency| format!("FREQ {}", decimal(frequency))));
    words.join(" ")
}

/// A decimal number that has digits before and behind its point, or none, as it is; any other in quotes.
fn decimal(number: &str) -> String {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || fraction.is_empty() { quoted(number) } else { number.to_string() }
}

fn pointers(pointers: &Pointers) -> String {
    let physical = pointers.physical.map(|pointer| match pointer {
        PhysicalPointer::Hierarchic => "HIER",
        PhysicalPointer::HierarchicBackward => "HIERBWD",
        PhysicalPointer::Twin => "TWIN",
        PhysicalPointer::TwinBackward => "TWINBWD",
        PhysicalPointer::NoTwin => "NOTWIN",
    });
    let twin = pointers.logical_twin.map(|pointer| match pointer {
        LogicalTwinPointer::Forward => "LTWIN",
        LogicalTwinPointer::Backward => "LTWINBWD",
    });
    let flags = [
        (pointers.logical_parent, "LPARNTYES"),
        (pointers.counter, "CTRYES"),
        (pointers.paired, "PAIREDYES"),
    ];
    let flags = flags.into_iter().filter(|(given, _)| *given).map(|(_, word)| word);
    physical.into_iter().chain(twin).chain(flags).collect::<Vec<_>>().join(" ")
}

fn rules(rules: &Rules) -> String {
    let word = |rule: PathRule| match rule {
        PathRule::Physical => "PHYSICAL",
        PathRule::Logical => "LOGICAL",
        PathRule::Virtual => "VIRTUAL",
        PathRule::BidirectionalVirtual => "BIDIRECTIONAL",
    };
    format!("INSERT {} DELETE {} REPLACE {}", word(rules.insert), word(rules.delete), word(rules.replace))
}

fn place_word(place: InsertPlace) -> &'static str {
    match place {
        InsertPlace::First => "FIRST",
        InsertPlace::Last => "LAST",
        InsertPlace::Here => "HERE",
    }
}

fn edit_procedure(compression: &Compression) -> String {
    let mut words = vec![name(&compression.routine), "WITH".to_string()];
    words.push(if compression.key { "KEY" } else { "DATA" }.to_string());
    words.extend(compression.init.then(|| "INIT".to_string()));
    words.extend(compression.pad.then(|| "PAD".to_string()));
    words.extend(compression.growth_bytes_max.map(|bytes| bytes.to_string()));
    format!("EDITPROC({})", words.join(" "))
}

fn sources(segment: &Segment) -> String {
    if segment.sources.is_empty() {
        return String::new();
    }
    let sources = segment.sources.iter().map(|source| {
        let what = if source.data { "DATA" } else { "KEY" };
        format!("{}.{} {what}", name(source.dbd.as_str()), name(source.segment.as_str()))
    });
    format!("SOURCE({})", sources.collect::<Vec<_>>().join(", "))
}

/// Writes the comments on a table and on what it has.
pub(super) fn comments(writer: &mut Writer, dbd: &Dbd, segment: &Segment) {
    let (table, database) = (name(external_name(segment)), name(dbd.name.as_str()));
    let mut comment = |what: &str, text: &Option<String>| {
        if let Some(text) = text {
            writer.line(0, &format!("COMMENT ON {what} IN {database} IS {};", quoted(text)));
        }
    };
    comment(&format!("TABLE {table}"), &segment.remarks);
    let nested = nested_columns(segment);
    // A column that stands apart from its case is named with it all the same: another case may have one of its name.
    let map_of = |case: &str| segment.maps.iter().find(|map| case_number(map, case).is_some());
    for (field, map) in segment.fields.iter().zip(nested) {
        let apart = field.case.as_deref().and_then(map_of).map(|map| map.name.as_str());
        let within = match (map.or(apart), &field.case) {
            (Some(map), Some(case)) => format!("{}.{}.", name(map), name(case)),
            _ => String::new(),
        };
        comment(&format!("COLUMN {table}.{within}{}", name(column::external_name(field))), &field.remarks);
    }
    for map in &segment.maps {
        comment(&format!("MAP {table}.{}", name(&map.name)), &map.remarks);
        for case in &map.cases {
            comment(&format!("CASE {table}.{}.{}", name(&map.name), name(&case.name)), &case.remarks);
        }
    }
    for (child, field) in segment.indexed_fields() {
        let external = field.external_name.as_deref().unwrap_or(field.name.as_str());
        let child = name(child.segment.as_str());
        comment(&format!("XDFLD {table}.{child}.{}", name(external)), &field.remarks);
    }
}

/// For each field the map within whose case it is written, if it is.
fn nested_columns(segment: &Segment) -> Vec<Option<&str>> {
    let mut nested = Vec::with_capacity(segment.fields.len());
    let mut maps = segment.maps.iter();
    while nested.len() < segment.fields.len() {
        let at = nested.len();
        let of = |map: &&Map| {
            segment.fields[at].case.as_ref().is_some_and(|case| case_number(map, case).is_some())
        };
        match maps.clone().any(|map| of(&map)).then(|| maps.by_ref().find(of)).flatten() {
            Some(map) => {
                let taken = add_map(&mut Vec::new(), map, &segment.fields[at..]);
                nested.extend(std::iter::repeat_n(Some(map.name.as_str()), taken));
                if taken == 0 {
                    nested.push(None);
                }
            }
            None => nested.push(None),
        }
    }
    nested
}
