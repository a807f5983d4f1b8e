//! The statements that say how bytes become values: DFSMARSH, DFSMAP, DFSCASE.

use super::DbdDeck;
use crate::arguments::{Arguments, Keywords};
use crate::model::field::{Case, Map, Marshaller};
use crate::nearest::nearest;
use crate::operands::{Item, Value, shown, unquoted};
use vocabulary::message::*;

/// What the operands of DFSMARSH are called.
pub(super) const MARSHALLER_KEYWORDS: Keywords = &[
    &["ENCODING"],
    &["INTERNALTYPECONVERTER"],
    &["USERTYPECONVERTER"],
    &["PROPERTIES"],
    &["PATTERN"],
    &["ISSIGNED"],
    &["URL"],
    &["OVERFLOW"],
];
/// What the operands of DFSMAP are called.
pub(super) const MAP_KEYWORDS: Keywords = &[&["NAME"], &["DEPENDINGON"], &["CTLSEGNM"], &["REMARKS"]];
/// What the operands of DFSCASE are called.
pub(super) const CASE_KEYWORDS: Keywords =
    &[&["NAME"], &["CASEID"], &["CASEIDTYPE"], &["MAPNAME"], &["REMARKS"]];

const INTERNAL_CONVERTERS: &[(&str, &str)] = &[
    ("CHAR", "CHAR"),
    ("PACKEDDECIMAL", "PACKEDDECIMAL"),
    ("ZONEDDECIMAL", "ZONEDDECIMAL"),
    ("BINARY", "BINARY"),
    ("SHORT", "SHORT"),
    ("INT", "INT"),
    ("LONG", "LONG"),
    ("USHORT", "USHORT"),
    ("UINT", "UINT"),
    ("ULONG", "ULONG"),
    ("BYTE", "BYTE"),
    ("UBYTE", "UBYTE"),
    ("BIT", "BIT"),
    ("FLOAT", "FLOAT"),
    ("DOUBLE", "DOUBLE"),
    ("STRUCT", "STRUCT"),
    ("ARRAY", "ARRAY"),
    ("XML_CLOB", "XML_CLOB"),
    ("CLOB", "CLOB"),
    ("BLOB", "BLOB"),
];

impl DbdDeck {
    /// DFSMARSH belongs to the FIELD right before it.
    pub(super) fn marshaller(&mut self, arguments: &mut Arguments<'_, '_>) {
        let marshaller = Marshaller {
            encoding: arguments.text("ENCODING", 25),
            internal_type_converter: arguments
                .choice("INTERNALTYPECONVERTER", INTERNAL_CONVERTERS)
                .map(str::to_string),
            user_type_converter: arguments.text("USERTYPECONVERTER", 256),
            properties: properties(arguments),
            pattern: arguments.text("PATTERN", 50),
            signed: arguments.yes_no("ISSIGNED"),
            url: arguments.text("URL", 256),
            overflow: arguments.text("OVERFLOW", 8),
        };
        if marshaller.internal_type_converter.is_some() && marshaller.user_type_converter.is_some() {
            arguments.report(&FLD771, "USERTYPECONVERTER", &[]);
        }
        let after_field = self.scope.after_field;
        match self.dbd.segments.last_mut().and_then(|segment| segment.fields.last_mut()) {
            Some(field) if after_field => {
                field.marshaller = Some(marshaller).filter(|given| !given.is_blank())
            }
            _ => {
                arguments.report(&FLD770, "", &[]);
            }
        }
    }

    pub(super) fn map(&mut self, arguments: &mut Arguments<'_, '_>) {
        arguments.require("NAME");
        arguments.require("DEPENDINGON");
        let name = arguments.text("NAME", 128).unwrap_or_default();
        let depending_on = arguments.text("DEPENDINGON", 128).unwrap_or_default();
        let control_segment = arguments.name("CTLSEGNM");
        let remarks = arguments.text("REMARKS", 256);
        let Some(segment) = self.dbd.segments.last_mut() else { return };
        if segment.maps.iter().any(|map| map.name == name) {
            arguments.report(&MAP600, "NAME", &[&shown(&name), &segment.name]);
        }
        segment.maps.push(Map { name, depending_on, control_segment, remarks, cases: Vec::new() });
        let number = segment.maps.len() - 1;
        self.map_places.push((segment.name, number, arguments.places()));
    }

    pub(super) fn case(&mut self, arguments: &mut Arguments<'_, '_>) {
        for keyword in ["NAME", "CASEID", "MAPNAME"] {
            arguments.require(keyword);
        }
        let case = Case {
            name: arguments.text("NAME", 128).unwrap_or_default(),
            id: arguments.text("CASEID", 256).unwrap_or_default(),
            id_hexadecimal: arguments.choice("CASEIDTYPE", &[("C", false), ("X", true)]).unwrap_or(false),
            remarks: arguments.text("REMARKS", 256),
        };
        if case.id_hexadecimal && !case.id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            arguments.report(&MAP603, "CASEID", &[&shown(&case.id)]);
        }
        let map_name = arguments.text("MAPNAME", 128);
        let Some(segment) = self.dbd.segments.last_mut() else { return };
        if !self.scope.cases.insert(case.name.clone()) {
            arguments.report(&MAP601, "NAME", &[&shown(&case.name), &segment.name]);
        }
        let Some(map_name) = map_name else { return };
        if let Some(map) = segment.maps.iter_mut().find(|map| map.name == map_name) {
            map.cases.push(case);
            return;
        }
        let finding = arguments.report(&MAP602, "MAPNAME", &[&shown(&map_name), &segment.name]);
        if let Some(nearest) = nearest(&map_name, segment.maps.iter().map(|map| map.name.as_str())) {
            finding.hint(format!("{nearest} is the nearest map"));
        }
    }
}

/// `PROPERTIES=(key=value,...)`
fn properties(arguments: &mut Arguments<'_, '_>) -> Vec<(String, String)> {
    let Some(item) = arguments.item("PROPERTIES") else { return Vec::new() };
    let items = std::slice::from_ref(item);
    let items: &[Item<'_>] = if let Value::List(items) = &item.value { items } else { items };
    let mut properties = Vec::new();
    for item in items.iter().filter(|item| item.value != Value::Empty) {
        match arguments.raw(item).split_once('=') {
            Some((key, value)) => {
                let quoted = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\''));
                properties.push((key.to_string(), quoted.map_or_else(|| value.to_string(), unquoted)));
            }
            None => {
                let (place, text) = (arguments.place_of(item), shown(arguments.raw(item)));
                arguments.findings.report(&FLD772, place, &[&text]);
            }
        }
    }
    properties
}
