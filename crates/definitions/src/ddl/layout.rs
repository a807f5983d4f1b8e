//! Where columns lie that don't say it, and how long a table is that doesn't say it.
//!
//! A column without START begins behind all columns before it. Those of a case begin where the map stands, each case
//! anew, and those within a structure or an array behind the others in it. A table without MAXBYTES is as long as its
//! columns need.

use super::column::Column;
use super::table::{Item, Table};
use crate::cards::Place;
use std::collections::BTreeMap;

/// What was worked out for the columns of a table, in their order.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// START or RELSTART, where the column has none of its own, and which of them it is.
    pub(super) starts: Vec<Option<(&'static str, u32)>>,
    /// Bytes up to the end of the last column.
    pub(super) bytes: Option<u32>,
}

/// How far a table, a case or a structure is filled; none once a length was not known.
#[derive(Debug, Clone, Copy)]
struct Filled {
    next: Option<u32>,
}

/// Works out what a table leaves out.
pub(super) fn layout(table: &Table) -> Layout {
    let mut layout = Layout::default();
    let mut filled = Filled { next: Some(1) };
    let mut structures = BTreeMap::new();
    for item in &table.items {
        match item {
            Item::Column(column) => layout.place(column, &mut filled, &mut structures),
            Item::Map(map) => {
                let start = filled;
                for case in &map.cases {
                    let (mut within, mut structures) = (start, structures.clone());
                    for column in &case.columns {
                        layout.place(column, &mut within, &mut structures);
                    }
                    filled = filled.max(within);
                }
            }
            Item::Gone | Item::LogicalChild(..) | Item::IndexedField(..) => {}
        }
    }
    layout.bytes = filled.next.map(|next| next - 1).filter(|&bytes| bytes > 0);
    layout
}

impl Layout {
    fn place(&mut self, column: &Column, filled: &mut Filled, structures: &mut BTreeMap<String, Filled>) {
        let bytes = bytes(column);
        let says = |keyword: &str| column.sheet.entry(keyword, 0).is_some();
        if column.is_system_related() {
            return self.starts.push(None);
        }
        let (keyword, filled) = match column.sheet.text("PARENT", 0) {
            Some(parent) => {
                let start = Filled { next: Some(1) };
                ("RELSTART", structures.entry(parent.to_string()).or_insert(start))
            }
            None => ("START", filled),
        };
        let given = column.sheet.number(keyword, 0);
        let left_out = !["START", "RELSTART", "STARTAFTER", "REDEFINES"].into_iter().any(says);
        let start = if left_out { filled.next } else { given };
        self.starts.push(start.filter(|_| left_out).map(|start| (keyword, start)));
        if given.is_some() || left_out {
            filled.add(start, bytes);
        }
    }
}

impl Filled {
    /// A column of so many bytes begins here.
    fn add(&mut self, start: Option<u32>, bytes: Option<u32>) {
        self.next = match (self.next, start, bytes) {
            (Some(next), Some(start), Some(bytes)) => Some(next.max(start.saturating_add(bytes))),
            _ => None,
        };
    }

    fn max(self, other: Self) -> Self {
        let next = match (self.next, other.next) {
            (Some(one), Some(other)) => Some(one.max(other)),
            _ => None,
        };
        Self { next }
    }
}

/// Bytes of a column: as said, or as its type has them.
pub(super) fn bytes(column: &Column) -> Option<u32> {
    match column.sheet.entry("BYTES", 0) {
        Some(entry) => entry.text.parse().ok(),
        None => column.bytes_of_type,
    }
}

/// Where a length or a start that was worked out is told to stand: where the column does.
pub(super) fn place_of(column: &Column) -> Place {
    column.name.place
}
