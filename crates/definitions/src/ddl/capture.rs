//! DATA CAPTURE, which is EXIT= of DBD and SEGM.

use super::clause::{Clause, Value};
use super::cursor::Cursor;
use super::sheet::Sheet;
use crate::cards::Place;

/// DATA CAPTURE NONE | CHANGES(...).
pub(super) const DATA_CAPTURE: Clause =
    Clause { words: &["DATA", "CAPTURE"], keyword: "EXIT", slot: 0, value: Value::Read(data_capture) };

/// What can be said of an exit: the word of DDL, the word of EXIT=, and whether it is about cascading deletes.
const ATTRIBUTES: &[(&str, &str, bool)] = &[
    ("LOG", "LOG", false),
    ("NOLOG", "NOLOG", false),
    ("KEY", "KEY", false),
    ("NOKEY", "NOKEY", false),
    ("PATH", "PATH", false),
    ("NOPATH", "NOPATH", false),
    ("DATA", "DATA", false),
    ("NODATA", "NODATA", false),
    ("BEFORE", "BEFORE", false),
    ("NOBEFORE", "NOBEFORE", false),
    ("DLET", "DLET", false),
    ("NODLET", "NODLET", false),
    ("INPOS", "INPOS", false),
    ("NOINPOS", "NOINPOS", false),
    ("SSPCMD", "SSPCMD", false),
    ("NOSSPCMD", "NOSSPCMD", false),
    ("FLD", "FLD", false),
    ("NOFLD", "NOFLD", false),
    ("CASCADE", "CASCADE", true),
    ("NOCASCADE", "NOCASCADE", true),
    ("CKEY", "KEY", true),
    ("CNOKEY", "NOKEY", true),
    ("CPATH", "PATH", true),
    ("CNOPATH", "NOPATH", true),
    ("CDATA", "DATA", true),
    ("CNODATA", "NODATA", true),
    ("CBEFORE", "BEFORE", true),
    ("CNOBEFORE", "NOBEFORE", true),
];

fn data_capture(cursor: &mut Cursor<'_>, sheet: &mut Sheet, _: Place) -> Option<()> {
    if let Some(place) = cursor.take_words(&["NONE"]) {
        sheet.set("EXIT", 0, "NONE", place);
        return Some(());
    }
    let place = cursor.expect_words(&["CHANGES"])?;
    cursor.expect_sign('(')?;
    let mut exits = vec![exit(cursor)?];
    while cursor.take_sign(',') {
        exits.push(exit(cursor)?);
    }
    cursor.expect_sign(')')?;
    sheet.set("EXIT", 0, format!("({})", exits.join(",")), place);
    Some(())
}

/// The routine, unless the first word says something of one, and what is passed to it.
fn exit(cursor: &mut Cursor<'_>) -> Option<String> {
    let routine = match attribute(cursor) {
        Some(_) => "*".to_string(),
        None => cursor.name("THE NAME OF A ROUTINE, OR WHAT IS CAPTURED")?.operand(),
    };
    let (mut words, mut cascade) = (vec![routine], Vec::new());
    while let Some(&(word, said, of_cascade)) = attribute(cursor) {
        cursor.take_words(&[word]);
        let list = if of_cascade { &mut cascade } else { &mut words };
        list.push(said.to_string());
    }
    if !cascade.is_empty() {
        words.push(format!("({})", cascade.join(",")));
    }
    Some(format!("({})", words.join(",")))
}

fn attribute(cursor: &Cursor<'_>) -> Option<&'static (&'static str, &'static str, bool)> {
    ATTRIBUTES.iter().find(|(word, ..)| cursor.is(&[word]))
}
