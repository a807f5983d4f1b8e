//! The DATASET statement.

use super::DbdDeck;
use crate::arguments::{Arguments, Keywords};
use crate::model::dbd::{Access, DataSet, RecordFormat};
use crate::operands::{Parsed, Value};
use crate::origin::Part;
use std::collections::BTreeSet;
use vocabulary::DdName;
use vocabulary::message::*;

/// What its operands are called. DEVICE= and MODEL= are of the past and mean nothing.
pub(super) const KEYWORDS: Keywords = &[
    &["DD1"],
    &["DD2"],
    &["OVFLW"],
    &["DEVICE"],
    &["MODEL"],
    &["BLOCK"],
    &["SIZE"],
    &["RECORD"],
    &["RECFM"],
    &["SCAN"],
    &["FRSPC"],
    &["SEARCHA"],
    &["REL"],
    &["REMARKS"],
];

/// The longest block, control interval or record, in bytes.
const LENGTH_MAX: u32 = 32_767;
/// How many cylinders a search for space may look at.
const SCAN_MAX: u32 = 255;

const RECORD_FORMATS: &[(&str, RecordFormat)] = &[
    ("F", RecordFormat::Fixed),
    ("FB", RecordFormat::FixedBlocked),
    ("V", RecordFormat::Variable),
    ("VB", RecordFormat::VariableBlocked),
    ("U", RecordFormat::Undefined),
];

impl DbdDeck {
    /// `DATASET LOGICAL`, which says that a logical database has no data set.
    pub(super) fn is_logical_data_set(&self, parsed: &Parsed<'_>) -> bool {
        let [operand] = parsed.operands.as_slice() else { return false };
        let word = operand.item.value == Value::Word("LOGICAL");
        self.access == Some(Access::Logical) && operand.keyword.is_none() && word
    }

    pub(super) fn data_set(&mut self, arguments: &mut Arguments<'_, '_>) {
        if self.access == Some(Access::Dedb) {
            arguments
                .report(&DSET207, "", &[&"DATASET", &"DEDB"])
                .hint("AREA DD1=name,SIZE=bytes,UOW=(..),ROOT=(..)");
            return;
        }
        let label = arguments.label().map(|label| label.text.to_ascii_uppercase());
        if let Some(group) = self.group_labelled(label.as_deref()) {
            self.data_set_group = group;
            return;
        }
        let part = Part::DataSet(self.dbd.data_sets.len());
        self.places.insert(part, arguments.places());
        if self.access != Some(Access::Msdb) {
            arguments.require("DD1");
        }
        let mut data_set = lengths(arguments);
        (data_set.dd1, data_set.dd2) = (arguments.name("DD1"), arguments.name("DD2"));
        data_set.overflow = arguments.name("OVFLW");
        data_set.record_format = arguments.choice("RECFM", RECORD_FORMATS);
        free_space(arguments, &mut data_set);
        data_set.scan_cylinders = arguments.number("SCAN", 0, SCAN_MAX);
        data_set.search = arguments.number("SEARCHA", 0, 2);
        data_set.relation =
            arguments.words("REL", 2).into_iter().flatten().map(|token| token.text.to_string()).collect();
        data_set.remarks = arguments.text("REMARKS", 256);
        self.check_data_set(arguments, &data_set);
        self.data_set_group = self.dbd.data_sets.len();
        self.dbd.data_sets.push(data_set);
        self.labels.push(label);
    }

    /// Puts the segments that follow into this group, as the label of its DATASET does.
    pub(crate) fn use_data_set_group(&mut self, group: usize) {
        self.data_set_group = group;
    }

    /// The data set group that already has this label.
    fn group_labelled(&self, label: Option<&str>) -> Option<usize> {
        let label = label?;
        self.labels.iter().position(|other| other.as_deref() == Some(label))
    }

    fn check_data_set(&self, arguments: &mut Arguments<'_, '_>, data_set: &DataSet) {
        let mut names: BTreeSet<DdName> = self.dbd.dd_names().copied().collect();
        for (keyword, name) in [("DD1", data_set.dd1), ("DD2", data_set.dd2), ("OVFLW", data_set.overflow)] {
            if let Some(name) = name.filter(|name| !names.insert(*name)) {
                arguments.report(&DSET203, keyword, &[&name, &self.dbd.name]);
            }
        }
        let Some(access) = self.access else { return };
        if data_set.overflow.is_some() && !matches!(access, Access::Hisam | Access::Index) {
            arguments.report(&OPND043, "OVFLW", &[&"OVFLW", &access.name()]);
        }
        if data_set.scan_cylinders.is_some_and(|cylinders| cylinders > 0) && access.is_haldb() {
            arguments.report(&OPND043, "SCAN", &[&"SCAN", &access.name()]);
        }
    }
}

fn lengths(arguments: &mut Arguments<'_, '_>) -> DataSet {
    DataSet {
        blocks: pair(arguments, "BLOCK"),
        size_bytes: pair(arguments, "SIZE"),
        record_bytes: pair(arguments, "RECORD"),
        ..DataSet::default()
    }
}

/// One or two lengths, for the primary and the overflow data set.
fn pair(arguments: &mut Arguments<'_, '_>, keyword: &'static str) -> [Option<u32>; 2] {
    let mut lengths = [None; 2];
    for (length, token) in lengths.iter_mut().zip(arguments.words(keyword, 2)) {
        *length = token.and_then(|token| arguments.parse_number(keyword, token, 0, LENGTH_MAX));
    }
    lengths
}

fn free_space(arguments: &mut Arguments<'_, '_>, data_set: &mut DataSet) {
    let tokens = arguments.words("FRSPC", 2);
    let mut number = |at: usize, max: u32| {
        let token = tokens.get(at).copied().flatten()?;
        arguments.parse_number("FRSPC", token, 0, max)
    };
    data_set.free_block_frequency = number(0, 100).unwrap_or(0);
    data_set.free_space_percent = number(1, 99).unwrap_or(0);
    // Every block left free would leave none to load into.
    if data_set.free_block_frequency == 1 {
        arguments.report(&DSET205, "FRSPC", &[]);
    }
}
