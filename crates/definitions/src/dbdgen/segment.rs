//! The SEGM statement.

use super::{DbdDeck, Scope, UNNAMED, or_unnamed};
use crate::arguments::{Arguments, Keywords};
use crate::model::dbd::Access;
use crate::model::segment::{Dependent, Segment};
use crate::origin::Part;
use vocabulary::SegmentName;
use vocabulary::message::*;

/// What its operands are called.
pub(super) const KEYWORDS: Keywords = &[
    &["NAME"],
    &["EXTERNALNAME"],
    &["PARENT"],
    &["BYTES"],
    &["POINTER", "PTR"],
    &["RULES"],
    &["FREQ"],
    &["SOURCE"],
    &["COMPRTN"],
    &["DSGROUP"],
    &["TYPE"],
    &["SSPTR"],
    &["EXIT"],
    &["ENCODING"],
    &["REMARKS"],
];

/// The most segment types of a database: a segment code is one byte, and never zero.
const SEGMENTS_MAX: usize = 255;
/// The longest segment, in bytes.
const BYTES_MAX: u32 = 32_767;
/// The most subset pointers of a segment.
const SUBSET_POINTERS_MAX: u32 = 8;

impl DbdDeck {
    pub(super) fn segment(&mut self, arguments: &mut Arguments<'_, '_>) {
        arguments.require("NAME");
        let given = arguments.name::<SegmentName>("NAME");
        let Some(name) = or_unnamed(given) else { return };
        self.scope = Scope::default();
        if name.as_str() != UNNAMED && self.dbd.segment(&name).is_some() {
            arguments.report(&SEGM300, "NAME", &[&name, &self.dbd.name]);
        }
        if self.dbd.segments.len() == SEGMENTS_MAX {
            arguments.report(&DBD107, "", &[&self.dbd.name, &SEGMENTS_MAX]);
        }
        self.places.entry(Part::Segment(name)).or_insert_with(|| arguments.places());
        let (parent, logical_parent) = self.parents(arguments);
        let (bytes_max, bytes_min) = self.bytes(arguments);
        let segment = Segment {
            name,
            external_name: arguments.external_name(Some(name.as_str())),
            parent,
            logical_parent,
            bytes_max,
            bytes_min,
            frequency: self.frequency(arguments),
            pointers: self.pointers(arguments),
            rules: self.rules(arguments),
            sources: self.sources(arguments),
            compression: self.compression(arguments),
            data_set_group: self.group(arguments),
            dependent: self.dependent(arguments, parent.is_none()),
            subset_pointers: self.subset_pointers(arguments),
            exits: super::capture::exits(arguments),
            encoding: arguments.text("ENCODING", 25),
            remarks: arguments.text("REMARKS", 256),
            fields: Vec::new(),
            maps: Vec::new(),
            logical_children: Vec::new(),
        };
        // One too many stands for all that are too many, whose number then can't make checking slow.
        self.dbd.segments.truncate(SEGMENTS_MAX);
        self.dbd.segments.push(segment);
    }

    /// The greatest and the least length. What stands for segments of other databases has none of its own.
    fn bytes(&mut self, arguments: &mut Arguments<'_, '_>) -> (u32, Option<u32>) {
        let has_length = self.access != Some(Access::Logical) && !arguments.has("SOURCE");
        if has_length && self.access.is_some() {
            arguments.require("BYTES");
        }
        let tokens = arguments.words("BYTES", 2);
        let mut number = |at: usize| {
            let token = tokens.get(at).copied().flatten()?;
            arguments.parse_number("BYTES", token, 1, BYTES_MAX)
        };
        let (max, min) = (number(0), number(1));
        if let (Some(max), Some(min)) = (max, min)
            && min > max
        {
            arguments
                .report(&SEGM305, "BYTES", &[&min, &max])
                .hint(format!("the greatest length comes first: BYTES=({min},{max})"));
        }
        (max.unwrap_or_default(), min)
    }

    /// A decimal number, which stays as it is written.
    fn frequency(&self, arguments: &mut Arguments<'_, '_>) -> Option<String> {
        let token = arguments.word("FREQ")?;
        let (whole, fraction) = token.text.split_once('.').unwrap_or((token.text, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if token.text == "." || !digits(whole) || !digits(fraction) || token.text.len() > 13 {
            arguments.report(&SEGM314, "FREQ", &[&crate::operands::shown(token.text)]);
            return None;
        }
        Some(token.text.to_string())
    }

    /// DSGROUP= of a partitioned database, or the DATASET statement before.
    fn group(&self, arguments: &mut Arguments<'_, '_>) -> usize {
        const LETTERS: &[(&str, usize)] = &[
            ("A", 0),
            ("B", 1),
            ("C", 2),
            ("D", 3),
            ("E", 4),
            ("F", 5),
            ("G", 6),
            ("H", 7),
            ("I", 8),
            ("J", 9),
        ];
        let group = arguments.choice("DSGROUP", LETTERS);
        if let (Some(_), Some(access)) = (group, self.access)
            && !access.is_haldb()
        {
            arguments.report(&OPND043, "DSGROUP", &[&"DSGROUP", &access.name()]);
        }
        group.unwrap_or(self.data_set_group)
    }

    /// TYPE= of a dependent in a DEDB. There is one sequential dependent at most, the first under the root.
    fn dependent(&self, arguments: &mut Arguments<'_, '_>, is_root: bool) -> Option<Dependent> {
        let choices = [("DIR", Dependent::Direct), ("SEQ", Dependent::Sequential)];
        let given = arguments.choice("TYPE", &choices);
        let access = self.access?;
        if access != Access::Dedb {
            if given.is_some() {
                arguments.report(&OPND043, "TYPE", &[&"TYPE", &access.name()]);
            }
            return None;
        }
        if given == Some(Dependent::Sequential) && self.dbd.segments.len() != 1 {
            arguments.report(&SEGM312, "TYPE", &[]);
        }
        (!is_root).then(|| given.unwrap_or(Dependent::Direct))
    }

    fn subset_pointers(&self, arguments: &mut Arguments<'_, '_>) -> u32 {
        let count = arguments.number("SSPTR", 0, SUBSET_POINTERS_MAX).unwrap_or(0);
        if let Some(access) = self.access.filter(|access| *access != Access::Dedb && count > 0) {
            arguments.report(&OPND043, "SSPTR", &[&"SSPTR", &access.name()]);
        }
        count
    }
}
