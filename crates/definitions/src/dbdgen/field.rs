//! The FIELD statement.

use super::DbdDeck;
use crate::arguments::{Arguments, Keywords, Token};
use crate::model::dbd::Access;
use crate::model::field::{DataType, Field, FieldKind, Sequence, is_system_related};
use crate::nearest::nearest;
use crate::operands::shown;
use vocabulary::FieldName;
use vocabulary::message::*;

/// What its operands are called.
pub(super) const KEYWORDS: Keywords = &[
    &["NAME"],
    &["EXTERNALNAME"],
    &["BYTES"],
    &["START"],
    &["TYPE"],
    &["DATATYPE"],
    &["CASENAME"],
    &["REMARKS"],
    &["PARENT"],
    &["RELSTART"],
    &["REDEFINES"],
    &["MINOCCURS"],
    &["MAXOCCURS"],
    &["MAXBYTES"],
    &["DEPENDSON"],
    &["STARTAFTER"],
];

/// The longest field that a search argument can name, in bytes.
const NAMED_BYTES_MAX: u32 = 255;
/// The last place where a field can begin, and the longest field that only the catalog knows.
const POSITION_MAX: u32 = 32_767;
/// The most repetitions of an array, and the longest one.
const ARRAY_MAX: u32 = 2_147_483_647;
/// The most fields with a NAME=, and XDFLDs, of a segment and of a database.
const NAMED_PER_SEGMENT_MAX: usize = 255;
const NAMED_PER_DBD_MAX: usize = 1000;

const KINDS: &[(&str, FieldKind)] = &[
    ("C", FieldKind::Character),
    ("P", FieldKind::Packed),
    ("X", FieldKind::Hexadecimal),
    ("F", FieldKind::Fullword),
    ("H", FieldKind::Halfword),
];

const DATA_TYPES: &[(&str, &str)] = &[
    ("CHAR", "CHAR"),
    ("DECIMAL", "DECIMAL"),
    ("DATE", "DATE"),
    ("OTHER", "OTHER"),
    ("STRUCT", "STRUCT"),
    ("XML", "XML"),
    ("INT", "INT"),
    ("SHORT", "SHORT"),
    ("ARRAY", "ARRAY"),
    ("BINARY", "BINARY"),
    ("LONG", "LONG"),
    ("USHORT", "USHORT"),
    ("BYTE", "BYTE"),
    ("TIMESTAMP", "TIMESTAMP"),
    ("TIME", "TIME"),
    ("FLOAT", "FLOAT"),
    ("DOUBLE", "DOUBLE"),
    ("BIT", "BIT"),
    ("UINT", "UINT"),
    ("ULONG", "ULONG"),
    ("UBYTE", "UBYTE"),
];

impl DbdDeck {
    pub(super) fn field(&mut self, arguments: &mut Arguments<'_, '_>) {
        let (name, sequence) = self.name_and_sequence(arguments);
        let external_name = arguments.external_name(name.as_ref().map(FieldName::as_str));
        if name.is_none() && external_name.is_none() && !arguments.has("NAME") {
            arguments.report(&FLD700, "", &[]);
        }
        let field = Field {
            bytes: self.field_bytes(arguments, name),
            start: self.field_start(arguments, name),
            name,
            sequence,
            kind: arguments.choice("TYPE", KINDS).unwrap_or_default(),
            data_type: data_type(arguments),
            bytes_max: arguments.number("MAXBYTES", 0, ARRAY_MAX),
            occurrences_min: arguments.number("MINOCCURS", 0, ARRAY_MAX),
            occurrences_max: arguments.number("MAXOCCURS", 0, ARRAY_MAX),
            relative_start: arguments.number("RELSTART", 1, POSITION_MAX),
            parent: self.earlier_field(arguments, "PARENT"),
            redefines: self.earlier_field(arguments, "REDEFINES"),
            depends_on: self.earlier_field(arguments, "DEPENDSON"),
            start_after: self.earlier_field(arguments, "STARTAFTER"),
            case: self.earlier_case(arguments),
            remarks: arguments.text("REMARKS", 256),
            external_name,
            marshaller: None,
        };
        check_occurrences(arguments, &field);
        self.check_extent(arguments, &field);
        self.remember_external_name(&field);
        if let Some(segment) = self.dbd.segments.last_mut() {
            segment.fields.push(field);
        }
    }

    /// `NAME=(name,SEQ,U|M)`. The sequence field is the first of its segment, and the only one.
    fn name_and_sequence(
        &mut self,
        arguments: &mut Arguments<'_, '_>,
    ) -> (Option<FieldName>, Option<Sequence>) {
        let tokens = arguments.words("NAME", 3);
        let at = |index: usize| tokens.get(index).copied().flatten();
        let name = at(0).and_then(|token| arguments.parse_name::<FieldName>("NAME", token));
        if let (Some(name), Some(token)) = (name, at(0)) {
            self.count_name(arguments, name, token);
        }
        let sequence = at(1).and_then(|token| arguments.parse_choice("NAME", token, &[("SEQ", ())]));
        let uniqueness = at(2).and_then(|token| {
            let choices = [("U", Sequence::Unique), ("M", Sequence::Multiple)];
            arguments.parse_choice("NAME", token, &choices)
        });
        if sequence.is_some() {
            self.check_sequence(arguments);
        }
        (name, sequence.map(|()| uniqueness.unwrap_or(Sequence::Unique)))
    }

    fn check_sequence(&self, arguments: &mut Arguments<'_, '_>) {
        let Some(segment) = self.dbd.segments.last() else { return };
        if let Some(key) = segment.key() {
            arguments.report(&FLD702, "NAME", &[&segment.name, &key.called()]);
        } else if segment.fields.iter().any(|field| field.name.is_some()) {
            arguments
                .report(&FLD701, "NAME", &[&segment.name])
                .hint("put it before the other FIELD statements of the segment");
        }
    }

    /// Counts a named field against the limits, which hold for named fields and XDFLDs together.
    pub(super) fn count_name(
        &mut self,
        arguments: &mut Arguments<'_, '_>,
        name: FieldName,
        token: Token<'_>,
    ) {
        let segment = self.dbd.segments.last().map_or("", |segment| segment.name.as_str());
        if !self.scope.names.insert(name) {
            arguments.findings.report(&FLD703, token.place, &[&name, &segment]);
            return;
        }
        self.named_fields += 1;
        if self.scope.names.len() == NAMED_PER_SEGMENT_MAX + 1 {
            arguments.findings.report(&FLD704, token.place, &[&segment, &NAMED_PER_SEGMENT_MAX]);
        }
        if self.named_fields == NAMED_PER_DBD_MAX + 1 {
            arguments.findings.report(&FLD705, token.place, &[&self.dbd.name, &NAMED_PER_DBD_MAX]);
        }
    }

    fn field_bytes(&self, arguments: &mut Arguments<'_, '_>, name: Option<FieldName>) -> Option<u32> {
        match name {
            Some(name) if !is_system_related(&name) => {
                arguments.require("BYTES");
                arguments.number("BYTES", 1, NAMED_BYTES_MAX)
            }
            _ => arguments.number("BYTES", 0, POSITION_MAX),
        }
    }

    fn field_start(&self, arguments: &mut Arguments<'_, '_>, name: Option<FieldName>) -> Option<u32> {
        match name {
            Some(name) if !is_system_related(&name) => {
                arguments.require("START");
                arguments.number("START", 1, POSITION_MAX)
            }
            _ => arguments.number("START", 0, POSITION_MAX),
        }
    }

    /// The external name of a field that has to stand before this one.
    fn earlier_field(&self, arguments: &mut Arguments<'_, '_>, keyword: &'static str) -> Option<String> {
        let name = arguments.text(keyword, 128)?;
        if !self.scope.external_names.contains(&name) {
            let segment = self.dbd.segments.last().map_or("", |segment| segment.name.as_str());
            let finding = arguments.report(&FLD706, keyword, &[&keyword, &shown(&name), &segment]);
            if let Some(nearest) = nearest(&name, self.scope.external_names.iter().map(String::as_str)) {
                finding.hint(format!("{nearest} is the nearest field"));
            }
        }
        Some(name)
    }

    fn earlier_case(&self, arguments: &mut Arguments<'_, '_>) -> Option<String> {
        let name = arguments.text("CASENAME", 128)?;
        if !self.scope.cases.contains(&name) {
            let finding = arguments.report(&FLD707, "CASENAME", &[&shown(&name)]);
            if let Some(nearest) = nearest(&name, self.scope.cases.iter().map(String::as_str)) {
                finding.hint(format!("{nearest} is the nearest case"));
            }
        }
        Some(name)
    }

    /// A field with a name has to lie within its segment. Others describe data to programs, and get a warning.
    fn check_extent(&self, arguments: &mut Arguments<'_, '_>, field: &Field) {
        let Some(segment) = self.dbd.segments.last() else { return };
        let (Some(start), Some(bytes)) = (field.start, field.bytes) else { return };
        let end = start.saturating_add(bytes).saturating_sub(1);
        let known = segment.bytes_max > 0 && segment.sources.is_empty() && self.access != Some(Access::Msdb);
        if known && !field.is_system_related() && end > segment.bytes_max && bytes > 0 {
            let definition = if field.name.is_some() { &FLD708 } else { &FLD709 };
            let inserts: &[&dyn std::fmt::Display] =
                &[&shown(field.called()), &end, &segment.name, &segment.bytes_max];
            arguments.report(definition, "START", inserts);
        }
        if let (Some(_), Some(min)) = (field.sequence, segment.bytes_min)
            && end > min
        {
            arguments.report(&FLD710, "START", &[&field.called(), &end, &segment.name, &min]);
        }
    }

    fn remember_external_name(&mut self, field: &Field) {
        let internal = field.name.map(|name| name.to_string());
        self.scope.external_names.extend(field.external_name.clone().or(internal));
    }
}

fn check_occurrences(arguments: &mut Arguments<'_, '_>, field: &Field) {
    if let (Some(min), Some(max)) = (field.occurrences_min, field.occurrences_max)
        && min > max
    {
        arguments.report(&FLD711, "MINOCCURS", &[&min, &max]);
    }
    if field.start.is_some() && field.relative_start.is_some() {
        arguments.report(&FLD712, "RELSTART", &[]);
    }
}

/// `CHAR`, `DECIMAL(7,2)`
fn data_type(arguments: &mut Arguments<'_, '_>) -> Option<DataType> {
    let token = arguments.word("DATATYPE")?;
    let (name, rest) = token.text.split_once('(').unwrap_or((token.text, ""));
    let name = arguments.parse_choice("DATATYPE", Token { text: name, ..token }, DATA_TYPES)?;
    if name != "DECIMAL" && !rest.is_empty() {
        arguments.report(&FLD713, "DATATYPE", &[&name]).hint("BYTES= gives the length of any other");
        return Some(DataType { name: name.to_string(), precision: None, scale: None });
    }
    let mut numbers = rest.trim_end_matches(')').split(',').filter(|text| !text.is_empty());
    let mut number = |arguments: &mut Arguments<'_, '_>| {
        let text = numbers.next()?;
        arguments.parse_number("DATATYPE", Token { text, ..token }, 0, 255)
    };
    let (precision, scale) = (number(arguments), number(arguments));
    Some(DataType { name: name.to_string(), precision, scale })
}
