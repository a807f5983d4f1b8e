//! An answer as the TSO SPOC shows it: the command, headings, rows; then messages, and what went wrong.

use crate::om::answer::{Answer, MemberError, MemberMessage, Row};
use crate::om::code::meaning;
use crate::om::column::{Align, Column};
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};

/// The answer as text, each line with its end.
pub fn render(answer: &Answer) -> String {
    let mut text = String::new();
    if !answer.command.is_empty() {
        line(&mut text, &format!("Response for: {}", one_line(&answer.command)));
    }
    if !answer.rows.is_empty() {
        line(&mut text, &table(answer));
    }
    paragraph(&mut text, answer.messages.iter().map(message));
    paragraph(&mut text, answer.member_errors.iter().map(member_error));
    paragraph(&mut text, closing(answer).into_iter());
    text
}

fn line(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}

/// Lines with an empty one before them, if there are any.
fn paragraph(text: &mut String, lines: impl Iterator<Item = String>) {
    for (at, content) in lines.enumerate() {
        if at == 0 && !text.is_empty() {
            text.push('\n');
        }
        line(text, &content);
    }
}

fn table(answer: &Answer) -> String {
    let shown: Vec<&Column> = answer.columns.iter().filter(|column| is_shown(column, &answer.rows)).collect();
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(shown.iter().map(|column| cell(&column.long, column)));
    for row in &answer.rows {
        table.add_row(shown.iter().map(|column| {
            let value = row.get(&column.short).map_or_else(String::new, ToString::to_string);
            cell(&one_line(&value), column)
        }));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 1));
    }
    table.trim_fmt()
}

fn is_shown(column: &Column, rows: &[Row]) -> bool {
    !(column.skipb && rows.iter().all(|row| row.is_blank(&column.short)))
}

fn cell(content: &str, column: &Column) -> Cell {
    let alignment = match column.align {
        Align::Left => CellAlignment::Left,
        Align::Right => CellAlignment::Right,
    };
    Cell::new(content).set_alignment(alignment)
}

fn message(message: &MemberMessage) -> String {
    match message.member {
        Some(member) => format!("{member:<8} {}", message.body),
        None => message.body.to_string(),
    }
}

fn member_error(error: &MemberError) -> String {
    format!("{:<8} rc={} rsn={} {}", error.member, error.rc, error.rsn, one_line(&error.text))
}

/// What the codes mean, and what they can't say; nothing where all is well.
fn closing(answer: &Answer) -> Option<String> {
    let (rc, rsn) = (answer.rc, answer.rsn);
    if (rc.0, rsn.0) == (0, 0) {
        return None;
    }
    let text = match answer.reason_text.as_str() {
        "" => meaning(rc, rsn).to_string(),
        text => format!("{}: {}", meaning(rc, rsn), one_line(text)),
    };
    Some(format!("rc={rc} rsn={rsn} {text}"))
}

/// A line end within a value would break the table.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
