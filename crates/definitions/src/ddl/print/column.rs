//! A field as a column.

use super::writer::{column_name, name, quoted};
use crate::ddl::column::bytes_of_type;
use crate::model::field::{DataType, Field, FieldKind, Marshaller, Sequence};

/// A column with all its clauses. `case` is said where the column does not stand within it.
pub(super) fn column(field: &Field, case: Option<&str>) -> String {
    let mut words = vec![column_name(external_name(field))];
    words.extend(type_and_bytes(field));
    words.extend(place(field));
    words.push(format!("TYPE {}", kind_letter(field.kind)));
    let numbers = [
        ("MAXBYTES", field.bytes_max),
        ("MINOCCURS", field.occurrences_min),
        ("MAXOCCURS", field.occurrences_max),
    ];
    words.extend(numbers.iter().filter_map(|(word, number)| Some(format!("{word} {}", (*number)?))));
    let names = [
        ("IN", &field.parent),
        ("REDEFINES", &field.redefines),
        ("DEPENDSON", &field.depends_on),
        ("CASENAME", &case.map(str::to_string)),
    ]
    .map(|(word, given)| given.as_ref().map(|given| format!("{word} {}", name(given))));
    words.extend(names.into_iter().flatten());
    words.extend(field.name.map(|internal| format!("INTERNALNAME {}", name(internal.as_str()))));
    words.extend(field.sequence.map(|sequence| match sequence {
        Sequence::Unique => "PRIMARY KEY".to_string(),
        Sequence::Multiple => "PRIMARY KEY NONUNIQUE".to_string(),
    }));
    words.extend(field.marshaller.iter().flat_map(marshaller));
    words.join(" ")
}

/// What a column is called: the external name of its field, or the name that serves as one.
pub(super) fn external_name(field: &Field) -> &str {
    let internal = field.name.as_ref().map(|name| name.as_str());
    field.external_name.as_deref().or(internal).unwrap_or_default()
}

/// The type, if there is one, and the length where the type does not say it.
fn type_and_bytes(field: &Field) -> Vec<String> {
    let bytes = field.bytes.map(|bytes| format!("BYTES {bytes}"));
    let Some(data_type) = &field.data_type else { return bytes.into_iter().collect() };
    if data_type.name == "CHAR"
        && let Some(bytes) = field.bytes
    {
        return vec![format!("CHAR({bytes})")];
    }
    let of_type = bytes_of_type(&data_type.name, data_type.precision);
    let bytes = match (field.bytes, of_type) {
        (None, Some(_)) => Some("BYTES NONE".to_string()),
        (given, of_type) if given == of_type => None,
        _ => bytes,
    };
    std::iter::once(type_name(data_type)).chain(bytes).collect()
}

fn type_name(data_type: &DataType) -> String {
    match (data_type.precision, data_type.scale) {
        (Some(precision), Some(scale)) => format!("{}({precision}, {scale})", data_type.name),
        (Some(precision), None) => format!("{}({precision})", data_type.name),
        _ => data_type.name.clone(),
    }
}

/// Where the column begins. That it says nothing of it has to be said, or else it would begin behind the others.
fn place(field: &Field) -> Vec<String> {
    let mut words = Vec::new();
    words.extend(field.start.map(|start| format!("START {start}")));
    words.extend(field.relative_start.map(|start| format!("RELSTART {start}")));
    words.extend(field.start_after.as_ref().map(|after| format!("STARTAFTER {}", name(after))));
    let system_related = external_name(field).starts_with('/') || field.is_system_related();
    if words.is_empty() && field.redefines.is_none() && !system_related {
        words.push("START NONE".to_string());
    }
    words
}

fn kind_letter(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Character => "C",
        FieldKind::Packed => "P",
        FieldKind::Hexadecimal => "X",
        FieldKind::Fullword => "F",
        FieldKind::Halfword => "H",
    }
}

fn marshaller(marshaller: &Marshaller) -> Vec<String> {
    let mut words = Vec::new();
    words
        .extend(marshaller.internal_type_converter.as_ref().map(|to| format!("INTERNAL TYPECONVERTER {to}")));
    words.extend(
        marshaller.user_type_converter.as_ref().map(|to| format!("USER TYPECONVERTER {}", quoted(to))),
    );
    if !marshaller.properties.is_empty() {
        let properties: Vec<String> = marshaller
            .properties
            .iter()
            .map(|(key, value)| format!("{}={}", quoted(key), quoted(value)))
            .collect();
        words.push(format!("PROPERTIES({})", properties.join(", ")));
    }
    let texts = [
        ("CCSID", &marshaller.encoding),
        ("PATTERN", &marshaller.pattern),
        ("URL", &marshaller.url),
        ("OVERFLOW", &marshaller.overflow),
    ];
    words.extend(texts.iter().filter_map(|(word, text)| Some(format!("{word} {}", quoted(text.as_ref()?)))));
    words.extend(
        marshaller.signed.map(|signed| if signed { "ISSIGNEDYES" } else { "ISSIGNEDNO" }.to_string()),
    );
    words
}
