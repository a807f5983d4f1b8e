//! The columns of an answer: what OM's XML calls a `hdr`.

use serde::{Deserialize, Serialize};

/// Short label of the member that built a row.
pub const MBR: &str = "MBR";
/// Short label of the completion code.
pub const CC: &str = "CC";
/// Short label of the completion code's text.
pub const CCTXT: &str = "CCTXT";

/// One column. Rows name it by its short label, people by its long one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// The label that rows use, up to 8 characters: `PGM`.
    pub short: String,
    /// The heading: `PgmName`.
    pub long: String,
    /// Whether the value belongs to one member or to the plex.
    pub scope: Scope,
    /// How a merged answer is sorted by it.
    pub sort: Sort,
    /// Its rank among the sort keys, from 1; 0 is no sort key.
    pub key: u8,
    /// Whether it moves when a wide answer scrolls; the others stay at the left.
    pub scroll: bool,
    /// The most characters of a value; `None` is any number (`*`).
    pub len: Option<u16>,
    /// What values are.
    pub dtype: DataType,
    /// Where values stand.
    pub align: Align,
    /// Leave the column out where every row is blank in it.
    pub skipb: bool,
}

/// Whether a value belongs to one member or to the plex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// `LCL`.
    Local,
    /// `GBL`.
    Global,
}

/// How a merged answer is sorted by a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sort {
    /// `A`.
    Ascending,
    /// `D`.
    Descending,
    /// `N`: not by this column.
    None,
}

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DataType {
    /// `CHAR`.
    Char,
    /// `INT`.
    Int,
}

/// Where the values of a column stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Align {
    /// `left`.
    Left,
    /// `right`.
    Right,
}

impl Column {
    /// A column of text of any length.
    pub fn text(short: &str, long: &str) -> Self {
        Self {
            short: short.to_string(),
            long: long.to_string(),
            scope: Scope::Local,
            sort: Sort::None,
            key: 0,
            scroll: true,
            len: None,
            dtype: DataType::Char,
            align: Align::Left,
            skipb: false,
        }
    }

    /// A column of whole numbers.
    pub fn number(short: &str, long: &str) -> Self {
        Self { dtype: DataType::Int, align: Align::Right, ..Self::text(short, long) }
    }

    /// The name of what the rows are about: stays at the left, and is sort key number `key`.
    pub fn name(short: &str, long: &str, key: u8) -> Self {
        Self { sort: Sort::Ascending, key, scroll: false, len: Some(8), ..Self::text(short, long) }
    }

    /// `MbrName`: the member that built the row.
    pub fn member() -> Self {
        Self { scroll: false, len: Some(8), ..Self::text(MBR, "MbrName") }
    }

    /// `CC`: how it went.
    pub fn completion() -> Self {
        Self { len: Some(4), ..Self::number(CC, "CC") }
    }

    /// `CCText`: what the completion code means; left out where all is well.
    pub fn completion_text() -> Self {
        Self::text(CCTXT, "CCText").skip_blank()
    }

    /// The same, for values of the plex.
    #[must_use]
    pub fn global(self) -> Self {
        Self { scope: Scope::Global, ..self }
    }

    /// The same, left out where every row is blank in it.
    #[must_use]
    pub fn skip_blank(self) -> Self {
        Self { skipb: true, ..self }
    }
}
