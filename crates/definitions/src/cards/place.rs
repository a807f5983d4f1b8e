//! Where something stands in a source.

/// A stretch of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Counted from 1.
    pub(crate) line: u32,
    /// Counted from 1, in characters.
    pub(crate) column: u32,
    /// In characters, at least 1.
    pub(crate) width: u32,
}
