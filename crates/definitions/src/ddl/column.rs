//! Columns: FIELD, and the DFSMARSH that says how its bytes become a value.

use super::clause::{self, Clause, Value, clause, says};
use super::cursor::{Cursor, Named};
use super::sheet::{Sheet, operand_text};
use crate::cards::{Operation, Place};

/// A column, or one of a case.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: Named,
    /// FIELD and DFSMARSH together.
    pub(super) sheet: Sheet,
    /// Bytes that its type has, where nothing else is said.
    pub(super) bytes_of_type: Option<u32>,
}

/// The operands of DFSMARSH, which share a sheet with those of FIELD.
const MARSHALLER: &[&str] = &[
    "ENCODING",
    "INTERNALTYPECONVERTER",
    "USERTYPECONVERTER",
    "PROPERTIES",
    "PATTERN",
    "ISSIGNED",
    "URL",
    "OVERFLOW",
];

/// What is said of a column after its type.
const COLUMN: &[Clause] = &[
    clause(&["BYTES"], "BYTES", 0, Value::NumberOrNone),
    clause(&["START"], "START", 0, Value::NumberOrNone),
    clause(&["RELSTART"], "RELSTART", 0, Value::NumberOrNone),
    clause(&["STARTAFTER"], "STARTAFTER", 0, Value::Name),
    clause(&["MAXBYTES"], "MAXBYTES", 0, Value::NumberOrNone),
    clause(&["MINOCCURS"], "MINOCCURS", 0, Value::NumberOrNone),
    clause(&["MAXOCCURS"], "MAXOCCURS", 0, Value::NumberOrNone),
    clause(&["DEPENDSON"], "DEPENDSON", 0, Value::Name),
    clause(&["REDEFINES"], "REDEFINES", 0, Value::Name),
    clause(&["IN"], "PARENT", 0, Value::Name),
    clause(&["CASENAME"], "CASENAME", 0, Value::Name),
    clause(&["TYPE"], "TYPE", 0, Value::Name),
    clause(&["INTERNALNAME"], "NAME", 0, Value::Name),
    clause(&["PRIMARY", "KEY"], "NAME", 1, Value::Read(primary_key)),
    clause(&["NONUNIQUE", "KEY"], "NAME", 1, Value::Read(multiple_key)),
    clause(&["INTERNAL", "TYPECONVERTER"], "INTERNALTYPECONVERTER", 0, Value::Name),
    clause(&["USER", "TYPECONVERTER"], "USERTYPECONVERTER", 0, Value::Text),
    clause(&["PROPERTIES"], "PROPERTIES", 0, Value::Read(properties)),
    clause(&["CCSID"], "ENCODING", 0, Value::Text),
    clause(&["PATTERN"], "PATTERN", 0, Value::Text),
    clause(&["URL"], "URL", 0, Value::Text),
    clause(&["OVERFLOW"], "OVERFLOW", 0, Value::Any),
    says(&["ISSIGNEDYES"], "ISSIGNED", 0, "YES"),
    says(&["ISSIGNEDNO"], "ISSIGNED", 0, "NO"),
];

/// The data types, and the bytes of those that have a length of their own.
const TYPES: &[(&str, Option<u32>)] = &[
    ("CHAR", Some(1)),
    ("INT", Some(4)),
    ("UINT", Some(4)),
    ("SHORT", Some(2)),
    ("USHORT", Some(2)),
    ("LONG", Some(8)),
    ("ULONG", Some(8)),
    ("BYTE", Some(1)),
    ("UBYTE", Some(1)),
    ("BIT", Some(1)),
    ("FLOAT", Some(4)),
    ("DOUBLE", Some(8)),
    ("DECIMAL", None),
    ("DATE", None),
    ("TIME", None),
    ("TIMESTAMP", None),
    ("BINARY", None),
    ("ARRAY", None),
    ("STRUCT", None),
    ("XML", None),
    ("OTHER", None),
];

/// Bytes of a column of this type where nothing else is said. A decimal is packed.
pub(super) fn bytes_of_type(name: &str, precision: Option<u32>) -> Option<u32> {
    match name {
        "DECIMAL" => precision.map(|digits| digits / 2 + 1),
        _ => TYPES.iter().find(|(other, _)| *other == name).and_then(|&(_, bytes)| bytes),
    }
}

/// Whether a word names a data type.
pub(super) fn is_type(word: &str) -> bool {
    TYPES.iter().any(|(name, _)| name.eq_ignore_ascii_case(word))
}

impl Column {
    /// A name, a type and clauses.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let name = cursor.name("THE NAME OF A COLUMN")?;
        let sheet = Sheet::new(Operation::Field, name.place);
        let mut column = Self { name, sheet, bytes_of_type: None };
        column.read_rest(cursor)?;
        Some(column)
    }

    /// A type, if one is next, and clauses, up to a comma or a parenthesis.
    pub(super) fn read_rest(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        if let Some(&(name, _)) = TYPES.iter().find(|(name, _)| cursor.is(&[name])) {
            cursor.take_words(&[name]).and_then(|place| self.read_type(cursor, name, place))?;
        }
        while !cursor.at_end_of_item() {
            if !clause::read(cursor, &[COLUMN], &mut self.sheet)? {
                cursor.unknown(
                    "A COLUMN",
                    &[clause::phrases(&[COLUMN]), TYPES.iter().map(|&(name, _)| name.to_string()).collect()]
                        .concat(),
                );
                return None;
            }
        }
        Some(())
    }

    /// The numbers after a type: precision and scale of a decimal, else a length.
    fn read_type(&mut self, cursor: &mut Cursor<'_>, name: &'static str, place: Place) -> Option<()> {
        let mut numbers = Vec::new();
        if cursor.take_sign('(') {
            numbers.push(cursor.number()?);
            while numbers.len() < 2 && cursor.take_sign(',') {
                numbers.push(cursor.number()?);
            }
            cursor.expect_sign(')')?;
        }
        let texts: Vec<&str> = numbers.iter().map(|(text, _)| text.as_str()).collect();
        if name == "DECIMAL" && !texts.is_empty() {
            self.sheet.set("DATATYPE", 0, format!("DECIMAL({})", texts.join(",")), place);
        } else {
            self.sheet.set("DATATYPE", 0, name, place);
            if let Some((text, place)) = numbers.first() {
                self.sheet.set("BYTES", 0, text.as_str(), *place);
            }
        }
        let precision = texts.first().and_then(|text| text.parse().ok());
        self.bytes_of_type = bytes_of_type(name, precision);
        Some(())
    }

    /// Makes this the key.
    pub(super) fn set_key(&mut self, unique: bool, place: Place) {
        self.sheet.set("NAME", 1, "SEQ", place);
        self.sheet.set("NAME", 2, if unique { "U" } else { "M" }, place);
    }

    /// Takes over what is said of it anew.
    pub(super) fn change(&mut self, changed: Self) {
        // Another type has another length, unless one is said with it.
        if changed.sheet.entry("DATATYPE", 0).is_some() {
            self.bytes_of_type = changed.bytes_of_type;
            self.sheet.remove("BYTES");
        }
        self.sheet.merge(changed.sheet);
    }

    /// Moves everything to one place.
    pub(super) fn relocate(&mut self, place: Place) {
        self.name.place = place;
        self.sheet.relocate(place);
    }

    /// Whether this is the key.
    pub(super) fn is_key(&self) -> bool {
        self.sheet.text("NAME", 1).is_some()
    }

    /// What IMS calls it, if anything: a column has an internal name when one is said, and when it is the key.
    pub(super) fn internal_name(&self) -> Option<&str> {
        self.sheet.text("NAME", 0).or_else(|| self.is_key().then_some(self.name.name.as_str()))
    }

    /// The case that it belongs to, where it says that itself.
    pub(super) fn case_name(&self) -> Option<&str> {
        self.sheet.text("CASENAME", 0)
    }

    /// It stands for a part of the concatenated key, or makes an index entry unique.
    pub(super) fn is_system_related(&self) -> bool {
        self.internal_name().unwrap_or(&self.name.name).trim_start_matches('\'').starts_with('/')
    }

    /// What makes up DFSMARSH of the operands.
    pub(super) fn is_of_marshaller(keyword: &str) -> bool {
        MARSHALLER.contains(&keyword)
    }
}

fn primary_key(cursor: &mut Cursor<'_>, sheet: &mut Sheet, place: Place) -> Option<()> {
    let unique = cursor.take_words(&["NONUNIQUE"]).is_none();
    sheet.set("NAME", 1, "SEQ", place);
    sheet.set("NAME", 2, if unique { "U" } else { "M" }, place);
    Some(())
}

fn multiple_key(_: &mut Cursor<'_>, sheet: &mut Sheet, place: Place) -> Option<()> {
    sheet.set("NAME", 1, "SEQ", place);
    sheet.set("NAME", 2, "M", place);
    Some(())
}

/// `('key'='value',...)`
fn properties(cursor: &mut Cursor<'_>, sheet: &mut Sheet, place: Place) -> Option<()> {
    cursor.expect_sign('(')?;
    let mut properties = Vec::new();
    loop {
        let (key, _) = cursor.text()?;
        cursor.expect_sign('=')?;
        let (value, _) = cursor.text()?;
        properties.push(format!("{key}={}", operand_text(&value)));
        if !cursor.take_sign(',') {
            break;
        }
    }
    cursor.expect_sign(')')?;
    sheet.set("PROPERTIES", 0, format!("({})", properties.join(",")), place);
    Some(())
}
