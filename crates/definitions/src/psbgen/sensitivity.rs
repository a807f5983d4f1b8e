//! The statements that say which segments and fields a program sees: SENSEG and SENFLD.

use super::PsbDeck;
use crate::arguments::{Arguments, Keywords};
use crate::model::psb::{SensitiveField, SensitiveSegment};
use crate::names::{UNNAMED, or_unnamed};
use crate::nearest::nearest;
use crate::operands::{Item, Value};
use crate::origin::Part;
use vocabulary::SegmentName;
use vocabulary::message::*;

/// What the operands of SENSEG are called.
pub(super) const SEGMENT_KEYWORDS: Keywords =
    &[&["NAME"], &["PARENT"], &["PROCOPT"], &["INDICES"], &["SSPTR"], &["EXTERNALNAME"], &["REMARKS"]];
/// What the operands of SENFLD are called.
pub(super) const FIELD_KEYWORDS: Keywords = &[&["NAME"], &["START"], &["REPLACE", "REPL"], &["REMARKS"]];

/// The most SENSEGs of a PSB.
const SEGMENTS_MAX: usize = 30_000;
/// The most index databases of a SENSEG.
const INDICES_MAX: usize = 32;
/// The most subset pointers of a segment.
const SUBSET_POINTERS_MAX: u32 = 8;
/// The last place of an I/O area where a field can begin.
const START_MAX: u32 = 32_767;

impl PsbDeck {
    pub(super) fn sensitive_segment(&mut self, arguments: &mut Arguments<'_, '_>) {
        arguments.require("NAME");
        let Some(name) = or_unnamed(arguments.name::<SegmentName>("NAME")) else { return };
        self.fields.clear();
        self.segment_count += 1;
        if self.segment_count == SEGMENTS_MAX + 1 {
            arguments.report(&SENS835, "", &[&SEGMENTS_MAX]);
        }
        if self.current().is_none() {
            arguments
                .report(&SENS833, "", &[])
                .hint("PCB TYPE=DB,DBDNAME=dbd,PROCOPT=options,KEYLEN=n before it");
            return;
        }
        let parent = self.sensitive_parent(arguments);
        if !self.segments.insert(name) && name.as_str() != UNNAMED {
            arguments.report(&SENS830, "NAME", &[&name]);
        }
        let segment = SensitiveSegment {
            name,
            parent,
            options: super::pcb::options(arguments),
            indices: indices(arguments),
            subset_pointers: subset_pointers(arguments),
            fields: Vec::new(),
        };
        let pcb = self.pcbs.len() - 1;
        let Some(current) = self.current() else { return };
        current.segments.push(segment);
        let part = Part::SensitiveSegment(pcb, current.segments.len() - 1);
        self.places.insert(part, arguments.places());
    }

    /// PARENT=, which has to be a SENSEG before; none for the root, which comes first.
    fn sensitive_parent(&mut self, arguments: &mut Arguments<'_, '_>) -> Option<SegmentName> {
        let token = arguments.word("PARENT").filter(|token| token.text != "0");
        let parent: Option<SegmentName> = token.and_then(|token| arguments.parse_name("PARENT", token));
        let is_first = self.segments.is_empty();
        match parent {
            Some(parent) if !self.segments.contains(&parent) && !self.segments.iter().any(is_unnamed) => {
                let finding = arguments.report(&SENS831, "PARENT", &[&parent]);
                if let Some(nearest) = nearest(parent.as_str(), self.segments.iter().map(SegmentName::as_str))
                {
                    finding.hint(format!("{nearest} is the nearest segment"));
                } else if is_first {
                    finding.hint("the first SENSEG is the root, with PARENT=0");
                }
            }
            None if token.is_none() && !is_first => {
                arguments.report(&SENS832, "PARENT", &[]);
            }
            _ => {}
        }
        parent
    }

    pub(super) fn sensitive_field(&mut self, arguments: &mut Arguments<'_, '_>) {
        arguments.require("NAME");
        arguments.require("START");
        let name = or_unnamed(arguments.name("NAME"));
        let start = arguments.number("START", 1, START_MAX).unwrap_or(1);
        let replaceable = arguments.yes_no("REPLACE").unwrap_or(true);
        let Some(name) = name else { return };
        if !self.fields.insert(name) && name.as_str() != UNNAMED {
            arguments.report(&SENF851, "NAME", &[&name]);
        }
        let pcb = self.pcbs.len().wrapping_sub(1);
        let Some(segments) = self.current().map(|pcb| &mut pcb.segments) else {
            arguments.report(&SENF850, "", &[]);
            return;
        };
        let number = segments.len().wrapping_sub(1);
        let Some(segment) = segments.last_mut() else {
            arguments.report(&SENF850, "", &[]);
            return;
        };
        segment.fields.push(SensitiveField { name, start, replaceable });
        let part = Part::SensitiveField(pcb, number, segment.fields.len() - 1);
        self.places.insert(part, arguments.places());
    }
}

fn is_unnamed(name: &SegmentName) -> bool {
    name.as_str() == UNNAMED
}

fn indices(arguments: &mut Arguments<'_, '_>) -> Vec<vocabulary::DbdName> {
    let tokens = arguments.words("INDICES", INDICES_MAX);
    tokens.into_iter().flatten().filter_map(|token| arguments.parse_name("INDICES", token)).collect()
}

/// `((n,R|U),...)`, or `(n,R|U)` for one. R is read, U update.
fn subset_pointers(arguments: &mut Arguments<'_, '_>) -> Vec<(u32, bool)> {
    let Some(item) = arguments.item("SSPTR") else { return Vec::new() };
    let one = std::slice::from_ref(item);
    let items: &[Item<'_>] = match &item.value {
        Value::List(items) if items.iter().any(|item| matches!(item.value, Value::List(_))) => items,
        _ => one,
    };
    if items.len() > SUBSET_POINTERS_MAX as usize {
        arguments.report(&OPND037, "SSPTR", &[&"SSPTR", &SUBSET_POINTERS_MAX, &items.len()]);
    }
    items.iter().filter_map(|item| subset_pointer(arguments, item)).collect()
}

fn subset_pointer(arguments: &mut Arguments<'_, '_>, item: &Item<'_>) -> Option<(u32, bool)> {
    let tokens = arguments.words_of("SSPTR", item, 2);
    let number = tokens.first().copied().flatten()?;
    let number = arguments.parse_number("SSPTR", number, 1, SUBSET_POINTERS_MAX)?;
    let updates = match tokens.get(1).copied().flatten() {
        Some(token) => arguments.parse_choice("SSPTR", token, &[("R", false), ("U", true)])?,
        None => false,
    };
    Some((number, updates))
}
