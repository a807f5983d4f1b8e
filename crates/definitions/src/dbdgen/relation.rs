//! The statements that tie segments to other databases: LCHILD and XDFLD.

use super::{DbdDeck, or_unnamed};
use crate::arguments::{Arguments, Keywords};
use crate::model::dbd::Access;
use crate::model::relation::{IndexedField, LogicalChild, LogicalChildPointer};
use crate::origin::Part;
use vocabulary::message::*;
use vocabulary::{FieldName, SegmentName};

/// What the operands of LCHILD are called.
pub(super) const LCHILD_KEYWORDS: Keywords =
    &[&["NAME"], &["POINTER", "PTR"], &["PAIR"], &["INDEX"], &["RULES"], &["RKSIZE"], &["MULTISEG"]];
/// What the operands of XDFLD are called.
pub(super) const XDFLD_KEYWORDS: Keywords = &[
    &["NAME"],
    &["EXTERNALNAME"],
    &["SEGMENT"],
    &["CONST"],
    &["SRCH"],
    &["SUBSEQ"],
    &["DDATA"],
    &["NULLVAL"],
    &["EXTRTN"],
    &["PSELRTN"],
    &["PSELOPT"],
    &["REMARKS"],
];

/// The most XDFLDs of a segment.
const INDEXED_FIELDS_MAX: usize = 32;
/// The most fields of SRCH=, SUBSEQ= and DDATA=.
const FIELDS_MAX: usize = 5;

const POINTERS: &[(&str, LogicalChildPointer)] = &[
    ("SNGL", LogicalChildPointer::Single),
    ("DBLE", LogicalChildPointer::Double),
    ("NONE", LogicalChildPointer::None),
    ("INDX", LogicalChildPointer::Index),
    ("SYMB", LogicalChildPointer::Symbolic),
];

impl DbdDeck {
    pub(super) fn logical_child(&mut self, arguments: &mut Arguments<'_, '_>) {
        arguments.require("NAME");
        let tokens = arguments.words("NAME", 2);
        let at = |index: usize| tokens.get(index).copied().flatten();
        let segment = at(0).and_then(|token| arguments.parse_name::<SegmentName>("NAME", token));
        let dbd = match at(1) {
            Some(token) => arguments.parse_name("NAME", token),
            None => Some(self.dbd.name),
        };
        let Some(segment) = or_unnamed(segment) else { return };
        let Some(dbd) = or_unnamed(dbd) else { return };
        let child = LogicalChild {
            segment,
            dbd,
            pointer: arguments.choice("POINTER", POINTERS).unwrap_or(LogicalChildPointer::Single),
            pair: arguments.name("PAIR"),
            index: arguments.name("INDEX"),
            place: arguments.choice("RULES", super::segment_options::INSERT_PLACES),
            root_key_bytes: arguments.number("RKSIZE", 1, 255),
            multiple_segments: arguments.yes_no("MULTISEG").unwrap_or(false),
            indexed_field: None,
        };
        self.check_logical_child(arguments, &child);
        let Some(parent) = self.dbd.segments.last_mut() else { return };
        let part = Part::LogicalChild(parent.name, parent.logical_children.len());
        self.places.insert(part, arguments.places());
        parent.logical_children.push(child);
    }

    fn check_logical_child(&self, arguments: &mut Arguments<'_, '_>, child: &LogicalChild) {
        let Some(access) = self.access else { return };
        match access {
            Access::Index | Access::Psindex => {
                arguments.require("INDEX");
            }
            // HISAM and SHISAM databases index DEDBs.
            _ if child.index.is_some()
                && !matches!(access, Access::Dedb | Access::Hisam | Access::Shisam) =>
            {
                arguments.report(&OPND043, "INDEX", &[&"INDEX", &access.name()]);
            }
            _ => {}
        }
        if matches!(access, Access::Hsam | Access::Shsam | Access::Msdb | Access::Gsam | Access::Logical) {
            arguments.report(&LCHD400, "", &[&access.name()]);
        }
        if access == Access::Psindex && child.root_key_bytes.is_none() {
            arguments.require("RKSIZE");
        }
        // A partitioned index holds the extended pointer set, never a concatenated key.
        if access.is_haldb() && child.pointer == LogicalChildPointer::Symbolic {
            arguments.report(&LCHD401, "POINTER", &[&access.name()]);
        }
    }

    pub(super) fn indexed_field(&mut self, arguments: &mut Arguments<'_, '_>) {
        arguments.require("NAME");
        arguments.require("SRCH");
        let name = self.indexed_field_name(arguments);
        let Some(target) = self.dbd.segments.last().map(|segment| segment.name) else { return };
        let Some(name) = or_unnamed(name) else { return };
        let field = IndexedField {
            name,
            external_name: arguments.external_name(Some(name.as_str())),
            source: arguments.name("SEGMENT").unwrap_or(target),
            constant: constant(arguments),
            search: fields(arguments, "SRCH"),
            subsequence: fields(arguments, "SUBSEQ"),
            duplicate_data: fields(arguments, "DDATA"),
            null_value: null_value(arguments),
            exit: module(arguments, "EXTRTN"),
            partition_selection: module(arguments, "PSELRTN"),
            partition_selection_option: arguments.text("PSELOPT", 8),
            remarks: arguments.text("REMARKS", 256),
        };
        if let Some(access) = self.access.filter(|access| access.is_haldb() && field.constant.is_some()) {
            arguments.report(&XDFL503, "CONST", &[&access.name()]);
        }
        self.attach(arguments, field);
    }

    fn indexed_field_name(&mut self, arguments: &mut Arguments<'_, '_>) -> Option<FieldName> {
        let token = arguments.word("NAME")?;
        let name = arguments.parse_name("NAME", token)?;
        self.count_name(arguments, name, token);
        Some(name)
    }

    /// An XDFLD belongs to the LCHILD before it, which names the index.
    fn attach(&mut self, arguments: &mut Arguments<'_, '_>, field: IndexedField) {
        let access = self.access;
        let Some(segment) = self.dbd.segments.last_mut() else { return };
        let count = segment.indexed_fields().count();
        if count == INDEXED_FIELDS_MAX {
            arguments.report(&XDFL501, "", &[&segment.name, &INDEXED_FIELDS_MAX]);
        }
        let number = segment.logical_children.len().saturating_sub(1);
        let symbolic_allowed = access == Some(Access::Dedb);
        match segment.logical_children.last_mut() {
            Some(child)
                if child.indexed_field.is_none()
                    && (child.pointer == LogicalChildPointer::Index
                        || (symbolic_allowed && child.pointer == LogicalChildPointer::Symbolic)) =>
            {
                child.indexed_field = Some(field);
                self.places.insert(Part::IndexedField(segment.name, number), arguments.places());
            }
            _ => {
                arguments
                    .report(&XDFL500, "", &[&field.name])
                    .hint("LCHILD NAME=(index segment,index dbd),POINTER=INDX before it");
            }
        }
    }
}

fn fields(arguments: &mut Arguments<'_, '_>, keyword: &'static str) -> Vec<FieldName> {
    let tokens = arguments.words(keyword, FIELDS_MAX);
    tokens.into_iter().flatten().filter_map(|token| arguments.parse_name(keyword, token)).collect()
}

fn module(arguments: &mut Arguments<'_, '_>, keyword: &'static str) -> Option<String> {
    let token = arguments.word(keyword)?;
    arguments.module(keyword, token)
}

/// One character: plain, `C'c'` or `X'xx'`.
fn constant(arguments: &mut Arguments<'_, '_>) -> Option<String> {
    let text = arguments.text("CONST", 71)?;
    if !(text.chars().count() == 1 || is_one_byte(&text)) {
        arguments.report(&XDFL504, "CONST", &[&crate::operands::shown(&text)]);
    }
    Some(text)
}

/// BLANK, ZERO, `C'c'` or `X'xx'`.
fn null_value(arguments: &mut Arguments<'_, '_>) -> Option<String> {
    let text = arguments.text("NULLVAL", 71)?;
    let upper = text.to_ascii_uppercase();
    if !(upper == "BLANK" || upper == "ZERO" || is_one_byte(&text)) {
        arguments.report(&XDFL505, "NULLVAL", &[&crate::operands::shown(&text)]);
    }
    Some(text)
}

fn is_one_byte(text: &str) -> bool {
    let inner = |prefix: char| {
        text.strip_prefix([prefix, prefix.to_ascii_lowercase()])?.strip_prefix('\'')?.strip_suffix('\'')
    };
    let character = inner('C').is_some_and(|text| text.chars().count() == 1);
    let hexadecimal = inner('X')
        .is_some_and(|text| matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_hexdigit()));
    character || hexadecimal
}
