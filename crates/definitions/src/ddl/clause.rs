//! Clauses: tables that say which words of DDL stand for which value of which operand.

use super::cursor::Cursor;
use super::sheet::{Sheet, operand_text};
use crate::cards::Place;
use vocabulary::message::*;

/// The most values of one clause that are kept. No operand takes as many; the rest would only make checking slow.
const VALUES_MAX: usize = 100;

/// A clause: its words, the operand and the value within it that it stands for, and what follows the words.
pub(super) struct Clause {
    pub(super) words: &'static [&'static str],
    pub(super) keyword: &'static str,
    pub(super) slot: usize,
    pub(super) value: Value,
}

/// What follows the words of a clause.
pub(super) enum Value {
    /// Nothing: the words say it all. Empty takes a value back.
    Says(&'static str),
    /// A name.
    Name,
    /// A name in parentheses.
    InParentheses,
    /// Names in parentheses, for one value after the other.
    Names,
    /// A number.
    Number,
    /// A number, or NONE, which says that there is none.
    NumberOrNone,
    /// One or two numbers in parentheses, for one value after the other.
    Numbers,
    /// A text in single quotes.
    Text,
    /// A word, a number or a text, as it is written.
    Any,
    /// Whatever this reads. It says the values itself.
    Read(fn(&mut Cursor<'_>, &mut Sheet, Place) -> Option<()>),
}

/// A clause of words and what follows them.
pub(super) const fn clause(
    words: &'static [&'static str],
    keyword: &'static str,
    slot: usize,
    value: Value,
) -> Clause {
    Clause { words, keyword, slot, value }
}

/// A clause whose words say it all.
pub(super) const fn says(
    words: &'static [&'static str],
    keyword: &'static str,
    slot: usize,
    text: &'static str,
) -> Clause {
    Clause { words, keyword, slot, value: Value::Says(text) }
}

/// Reads a clause of one of the tables, if one is next; false when none is, none when it could not be read.
pub(super) fn read(cursor: &mut Cursor<'_>, tables: &[&[Clause]], sheet: &mut Sheet) -> Option<bool> {
    let candidates = tables.iter().flat_map(|table| table.iter());
    let Some(clause) =
        candidates.filter(|clause| cursor.is(clause.words)).max_by_key(|clause| clause.words.len())
    else {
        return Some(false);
    };
    let place = cursor.take_words(clause.words)?;
    if sheet.entry(clause.keyword, clause.slot).is_some() {
        cursor.findings.report(&DDL107, place, &[&clause.words.join(" ")]);
    }
    value(cursor, clause, sheet, place)?;
    Some(true)
}

fn value(cursor: &mut Cursor<'_>, clause: &Clause, sheet: &mut Sheet, place: Place) -> Option<()> {
    let Clause { keyword, slot, .. } = *clause;
    match clause.value {
        Value::Says(text) => sheet.set(keyword, slot, text, place),
        Value::Name => {
            let name = cursor.name("A NAME")?;
            sheet.set(keyword, slot, name.operand(), name.place);
        }
        Value::InParentheses => {
            cursor.expect_sign('(')?;
            let name = cursor.name("A NAME")?;
            cursor.expect_sign(')')?;
            sheet.set(keyword, slot, name.operand(), name.place);
        }
        Value::Names => {
            for (number, name) in cursor.names("A NAME")?.into_iter().enumerate().take(VALUES_MAX) {
                sheet.set(keyword, slot + number, name.operand(), name.place);
            }
        }
        Value::NumberOrNone if cursor.take_words(&["NONE"]).is_some() => sheet.set(keyword, slot, "", place),
        Value::Number | Value::NumberOrNone => {
            let (text, place) = cursor.number()?;
            sheet.set(keyword, slot, text, place);
        }
        Value::Numbers => numbers(cursor, (keyword, slot), sheet)?,
        Value::Text => {
            let (text, place) = cursor.text()?;
            sheet.set(keyword, slot, operand_text(&text), place);
        }
        Value::Any => {
            let (text, place) = cursor.value()?;
            sheet.set(keyword, slot, text, place);
        }
        Value::Read(read) => read(cursor, sheet, place)?,
    }
    Some(())
}

fn numbers(cursor: &mut Cursor<'_>, (keyword, slot): (&'static str, usize), sheet: &mut Sheet) -> Option<()> {
    cursor.expect_sign('(')?;
    for number in 0.. {
        if !cursor.is_sign_at(0, ',') {
            let (text, place) = cursor.number()?;
            if number < VALUES_MAX {
                sheet.set(keyword, slot + number, text, place);
            }
        }
        if !cursor.take_sign(',') {
            break;
        }
    }
    cursor.expect_sign(')')
}

/// The words of the clauses of tables.
pub(super) fn phrases(tables: &[&[Clause]]) -> Vec<String> {
    tables.iter().flat_map(|table| table.iter()).map(|clause| clause.words.join(" ")).collect()
}
