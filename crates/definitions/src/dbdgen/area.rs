//! The AREA statement.

use super::DbdDeck;
use crate::arguments::{Arguments, Keywords};
use crate::model::dbd::{Access, Area};
use crate::origin::Part;
use vocabulary::message::*;

/// What its operands are called. DEVICE= and MODEL= are of the past and mean nothing.
pub(super) const KEYWORDS: Keywords =
    &[&["DD1"], &["DEVICE"], &["MODEL"], &["SIZE"], &["UOW"], &["ROOT"], &["REMARKS"]];

/// The longest control interval, in bytes.
const SIZE_MAX: u32 = 28_672;
/// The most control intervals of a unit of work, and units of work of an area.
const COUNT_MAX: u32 = 32_767;

impl DbdDeck {
    pub(super) fn area(&mut self, arguments: &mut Arguments<'_, '_>) {
        if let Some(access) = self.access.filter(|access| *access != Access::Dedb) {
            arguments.report(&DSET207, "", &[&"AREA", &access.name()]);
            return;
        }
        if !self.dbd.segments.is_empty() {
            arguments.report(&DBD102, "", &[&"AREA", &"THE DBD STATEMENT, BEFORE ANY SEGM"]);
        }
        self.places.insert(Part::DataSet(self.dbd.areas.len()), arguments.places());
        for keyword in ["DD1", "SIZE", "UOW", "ROOT"] {
            arguments.require(keyword);
        }
        let dd1 = arguments.name("DD1");
        let size = arguments.number("SIZE", 512, SIZE_MAX);
        let unit_of_work = whole_and_overflow(arguments, "UOW");
        let root = whole_and_overflow(arguments, "ROOT");
        let remarks = arguments.text("REMARKS", 256);
        let Some(dd1) = dd1 else { return };
        if self.dbd.areas.iter().any(|area| area.dd1 == dd1) {
            arguments.report(&DSET203, "DD1", &[&dd1, &self.dbd.name]);
        }
        let size_bytes = size.unwrap_or_default();
        let (unit_of_work, root) = (unit_of_work.unwrap_or_default(), root.unwrap_or_default());
        self.dbd.areas.push(Area { dd1, size_bytes, unit_of_work, root, remarks });
    }
}

/// A count and how many of it are overflow, which has to leave something over.
fn whole_and_overflow(arguments: &mut Arguments<'_, '_>, keyword: &'static str) -> Option<(u32, u32)> {
    let tokens = arguments.words(keyword, 2);
    let mut number = |at: usize, min: u32| {
        let token = tokens.get(at).copied().flatten()?;
        arguments.parse_number(keyword, token, min, COUNT_MAX)
    };
    let (whole, overflow) = (number(0, 2), number(1, 1));
    if arguments.has(keyword) && tokens.len() < 2 {
        arguments.report(&AREA221, keyword, &[&keyword]);
    }
    let (whole, overflow) = (whole?, overflow?);
    if overflow >= whole {
        arguments.report(&AREA222, keyword, &[&keyword, &overflow, &whole]);
    }
    Some((whole, overflow))
}
