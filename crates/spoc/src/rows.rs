//! Rows of answers as the pages of this program read them: text by short label, and what is known of it.

use csl::om::render::{Page, table};
use csl::om::{Answer, Column, Row};

/// What stands in a column; nothing where nothing does.
pub(crate) fn text(row: &Row, short: &str) -> String {
    row.get(short).map(ToString::to_string).unwrap_or_default()
}

/// A text that says something.
pub(crate) fn known(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// A number, where it is one.
pub(crate) fn number(text: &str) -> Option<u64> {
    text.parse().ok()
}

/// Columns of these short and long labels.
pub(crate) fn listed_columns(labels: &[(&str, &str)]) -> Vec<Column> {
    labels.iter().map(|(short, long)| Column::text(short, long).skip_blank()).collect()
}

/// Rows as a table.
pub(crate) fn rendered(columns: Vec<Column>, rows: Vec<Row>, page: Page) -> String {
    table::render_on(&Answer { columns, rows, ..Answer::default() }, page)
}

/// Who did not answer, and why what is told may be old.
pub(crate) fn remarks(answer: &Answer) -> Vec<String> {
    let silent = answer.member_errors.iter().map(|error| format!("{}: {}", error.member, error.text));
    let reason = (!answer.reason_text.is_empty()).then(|| answer.reason_text.clone());
    silent.chain(reason).collect()
}
