//! The statements of DDL, each read into what it asks for.

use super::clause::{self, Clause};
use super::cursor::{Cursor, Named};
use super::database::{DATABASE, TABLESPACE};
use super::sheet::Sheet;
use super::table::{Home, Part, TABLE, Table, Unfit};
use super::view::View;
use crate::cards::{Operation, Place};
use crate::nearest::nearest;
use crate::operands::shown;
use vocabulary::message::*;

/// What a statement asks for.
pub(super) enum Statement {
    CreateDatabase { name: Named, sheet: Sheet, like: Option<Named> },
    AlterDatabase { name: Named, sheet: Sheet },
    DropDatabase { name: Named, if_exists: bool },
    CreateTablespace { name: Named, home: Home, sheet: Sheet },
    AlterTablespace { name: Named, home: Home, sheet: Sheet },
    DropTablespace { name: Named, home: Home, if_exists: bool },
    CreateTable(Box<Table>),
    AlterTable { name: Named, home: Home, sheet: Sheet, changes: Vec<TableChange> },
    DropTable { name: Named, home: Home, if_exists: bool },
    CreateView(Box<View>),
    DropView { name: Named, if_exists: bool },
    Comment { kind: &'static str, names: Vec<Named>, home: Home, text: String, place: Place },
    Commit,
    Rollback,
}

/// One change to the inside of a table.
pub(super) enum TableChange {
    Add(Part),
    AlterColumn(super::column::Column),
    Drop { kind: &'static str, names: Vec<Named> },
}

/// The longest that a table may be.
const BYTES_MAX: &str = "32767";

/// The words that statements begin with.
pub(super) const VERBS: &[&str] = &["CREATE", "ALTER", "DROP", "COMMENT", "COMMIT", "ROLLBACK"];

/// The beginnings of statements, by which a missing semicolon is seen.
const BEGINNINGS: &[&[&str]] = &[
    &["CREATE", "DATABASE"],
    &["CREATE", "TABLESPACE"],
    &["CREATE", "TABLE"],
    &["CREATE", "PROGRAMVIEW"],
    &["ALTER", "DATABASE"],
    &["ALTER", "TABLESPACE"],
    &["ALTER", "TABLE"],
    &["DROP", "DATABASE"],
    &["DROP", "TABLESPACE"],
    &["DROP", "TABLE"],
    &["DROP", "PROGRAMVIEW"],
    &["COMMENT", "ON"],
    &["COMMIT", "DDL"],
    &["ROLLBACK", "DDL"],
];

/// Whether a statement begins here.
pub(super) fn begins(cursor: &Cursor<'_>) -> bool {
    BEGINNINGS.iter().any(|words| cursor.is(words))
}

/// Reads the statement that is next; none when it could not be read, which was reported.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Option<Statement> {
    match cursor.word().to_ascii_uppercase().as_str() {
        "CREATE" => create(cursor),
        "ALTER" => alter(cursor),
        "DROP" => drop(cursor),
        "COMMENT" => comment(cursor),
        "COMMIT" => end_of_unit(cursor, "COMMIT", Statement::Commit),
        "ROLLBACK" => end_of_unit(cursor, "ROLLBACK", Statement::Rollback),
        _ => {
            let (word, place) = (cursor.word(), cursor.place());
            let finding = cursor.findings.report(&DFS9000E, place, &[&shown(word)]);
            if let Some(nearest) = nearest(word, VERBS.iter().copied()).filter(|_| !word.is_empty()) {
                finding.hint(format!("{nearest} is the nearest"));
            }
            None
        }
    }
}

/// COMMIT DDL and ROLLBACK DDL, which are not statements without their second word.
fn end_of_unit(cursor: &mut Cursor<'_>, verb: &'static str, statement: Statement) -> Option<Statement> {
    let place = cursor.expect_words(&[verb])?;
    if cursor.take_words(&["DDL"]).is_none() {
        cursor.findings.report(&DDL108, place, &[&verb]).hint(format!("{verb} DDL"));
        return None;
    }
    Some(statement)
}

fn create(cursor: &mut Cursor<'_>) -> Option<Statement> {
    cursor.expect_words(&["CREATE"])?;
    if cursor.take_words(&["DATABASE"]).is_some() {
        let name = cursor.name("THE NAME OF A DATABASE")?;
        let mut sheet = Sheet::new(Operation::Dbd, name.place);
        let like = match cursor.take_words(&["LIKE"]) {
            Some(_) => Some(cursor.name("THE NAME OF A DATABASE")?),
            None => None,
        };
        options(cursor, DATABASE, &mut sheet, "CREATE DATABASE");
        Some(Statement::CreateDatabase { name, sheet, like })
    } else if cursor.take_words(&["TABLESPACE"]).is_some() {
        let (name, home, sheet) = tablespace(cursor)?;
        Some(Statement::CreateTablespace { name, home, sheet })
    } else if cursor.take_words(&["TABLE"]).is_some() {
        create_table(cursor).map(|table| Statement::CreateTable(Box::new(table)))
    } else if cursor.take_words(&["PROGRAMVIEW"]).is_some() {
        View::read(cursor).map(|view| Statement::CreateView(Box::new(view)))
    } else {
        what_of(cursor, &["DATABASE", "TABLESPACE", "TABLE", "PROGRAMVIEW"])
    }
}

fn alter(cursor: &mut Cursor<'_>) -> Option<Statement> {
    let place = cursor.expect_words(&["ALTER"])?;
    if cursor.take_words(&["DATABASE"]).is_some() {
        let name = cursor.name("THE NAME OF A DATABASE")?;
        let mut sheet = Sheet::new(Operation::Dbd, name.place);
        options(cursor, DATABASE, &mut sheet, "ALTER DATABASE");
        Some(Statement::AlterDatabase { name, sheet })
    } else if cursor.take_words(&["TABLESPACE"]).is_some() {
        let (name, home, sheet) = tablespace(cursor)?;
        Some(Statement::AlterTablespace { name, home, sheet })
    } else if cursor.take_words(&["TABLE"]).is_some() {
        alter_table(cursor)
    } else if cursor.is(&["PROGRAMVIEW"]) {
        cursor
            .findings
            .report(&DDL113, place, &[])
            .hint("DROP PROGRAMVIEW and CREATE PROGRAMVIEW in one unit of work");
        cursor.skip_all();
        None
    } else {
        what_of(cursor, &["DATABASE", "TABLESPACE", "TABLE"])
    }
}

fn drop(cursor: &mut Cursor<'_>) -> Option<Statement> {
    cursor.expect_words(&["DROP"])?;
    let kinds = ["DATABASE", "PROGRAMVIEW", "TABLESPACE", "TABLE"];
    let Some(kind) = kinds.into_iter().find(|kind| cursor.take_words(&[kind]).is_some()) else {
        return what_of(cursor, &kinds);
    };
    let name = cursor.name("A NAME")?;
    let mut if_exists = cursor.take_words(&["IF", "EXISTS"]).is_some();
    let home = if kind.starts_with("TABLE") { home(cursor)? } else { Home::default() };
    if_exists |= cursor.take_words(&["IF", "EXISTS"]).is_some();
    Some(match kind {
        "DATABASE" => Statement::DropDatabase { name, if_exists },
        "PROGRAMVIEW" => Statement::DropView { name, if_exists },
        "TABLESPACE" => Statement::DropTablespace { name, home, if_exists },
        _ => Statement::DropTable { name, home, if_exists },
    })
}

fn what_of<T>(cursor: &mut Cursor<'_>, kinds: &[&str]) -> Option<T> {
    let word = cursor.word();
    let finding = cursor.unexpected(&kinds.join(", "));
    if let Some(nearest) = nearest(word, kinds.iter().copied()).filter(|_| !word.is_empty()) {
        finding.hint(format!("{nearest} is the nearest"));
    }
    None
}

/// `name IN database`, and clauses
fn tablespace(cursor: &mut Cursor<'_>) -> Option<(Named, Home, Sheet)> {
    let name = cursor.name("A DD NAME")?;
    let home = home(cursor)?;
    let mut sheet = Sheet::new(Operation::Dataset, name.place);
    options(cursor, TABLESPACE, &mut sheet, "TABLESPACE");
    Some((name, home, sheet))
}

/// `IN database.tablespace`, `IN DATABASE database` or `IN database`, where it is said.
fn home(cursor: &mut Cursor<'_>) -> Option<Home> {
    let mut home = Home::default();
    if cursor.take_words(&["IN"]).is_none() {
        return Some(home);
    }
    // A database may have the name DATABASE, and then no name follows.
    if cursor.is(&["DATABASE"]) && cursor.is_name_at(1) {
        cursor.take_words(&["DATABASE"]);
    }
    let mut names = cursor.qualified("THE NAME OF A DATABASE", 1, 2)?.into_iter();
    (home.database, home.space) = (names.next(), names.next());
    Some(home)
}

fn create_table(cursor: &mut Cursor<'_>) -> Option<Table> {
    let mut table = Table::new(cursor.name("THE NAME OF A TABLE")?);
    let mut whole = true;
    // The form without columns has no parentheses.
    if cursor.take_sign('(') {
        while !cursor.take_sign(')') {
            match Part::read(cursor) {
                Some(part) => add(cursor, &mut table, part),
                None => {
                    cursor.skip_item();
                    whole = false;
                }
            }
            if !cursor.take_sign(',') && !cursor.is_sign_at(0, ')') {
                let items = "A COMMA OR THE END OF THE TABLE";
                cursor.unexpected(items);
                cursor.skip_list();
                break;
            }
        }
    }
    let mut sheet = table.sheet.clone();
    table_options(cursor, &mut table.home, &mut sheet)?;
    // How long the columns are that could not be read is not known, and need not be told as well.
    if !whole && sheet.text("BYTES", 0).is_none() {
        sheet.set("BYTES", 0, BYTES_MAX, table.name.place);
    }
    table.sheet = sheet;
    Some(table)
}

fn add(cursor: &mut Cursor<'_>, table: &mut Table, part: Part) {
    if let Part::ForeignKey(parent, _) = &part
        && table.sheet.entry("PARENT", 0).is_some()
    {
        cursor.findings.report(&DDL107, parent.place, &[&"FOREIGN KEY"]);
    }
    match table.add(part) {
        Ok(()) => {}
        Err(Unfit::Exists(existing)) => existing.report(&table.name.name, cursor.findings),
        Err(Unfit::NoColumn(column)) => {
            let name = format!("{}.{}", shown(&table.name.name), shown(&column.name));
            let finding = cursor.findings.report(&DDL111, column.place, &[&"COLUMN", &name]);
            if let Some(nearest) = nearest(&column.name, table.column_names()) {
                finding.hint(format!("{nearest} is the nearest column"));
            }
        }
    }
}

/// What follows the parentheses of a table, in any order.
fn table_options(cursor: &mut Cursor<'_>, place: &mut Home, sheet: &mut Sheet) -> Option<()> {
    while !cursor.at_end() && !begins(cursor) {
        if cursor.is(&["IN"]) {
            if place.database.is_some() {
                let again = cursor.place();
                cursor.findings.report(&DDL107, again, &[&"IN"]);
            }
            *place = home(cursor)?;
        } else if !clause::read(cursor, &[TABLE], sheet)? && !cursor.take_sign(',') {
            cursor.unknown("CREATE TABLE", &clause::phrases(&[TABLE]));
            cursor.skip_all();
        }
    }
    Some(())
}

/// Clauses with or without commas between them, up to the end of the statement.
pub(super) fn options(cursor: &mut Cursor<'_>, table: &[Clause], sheet: &mut Sheet, what: &str) {
    while !cursor.at_end() && !begins(cursor) {
        match clause::read(cursor, &[table], sheet) {
            Some(true) => {}
            Some(false) if cursor.take_sign(',') => {}
            Some(false) => {
                cursor.unknown(what, &clause::phrases(&[table]));
                cursor.skip_all();
            }
            None => cursor.skip_all(),
        }
    }
}

fn alter_table(cursor: &mut Cursor<'_>) -> Option<Statement> {
    let name = cursor.name("THE NAME OF A TABLE")?;
    let (mut place, mut sheet, mut changes) =
        (home(cursor)?, Sheet::new(Operation::Segm, name.place), Vec::new());
    while !cursor.at_end() && !begins(cursor) {
        if let Some(change) = table_change(cursor)? {
            changes.push(change);
        } else if cursor.is(&["IN"]) {
            place = home(cursor)?;
        } else if cursor.is(&["INTERNALNAME"]) || cursor.is_dependent() {
            let place = cursor.place();
            let what = if cursor.is_dependent() { "THE KIND OF DEPENDENT" } else { "INTERNALNAME" };
            cursor
                .findings
                .report(&DDL114, place, &[&what, &shown(&name.name)])
                .hint("DROP TABLE and CREATE TABLE in one unit of work");
            cursor.skip_all();
            return None;
        } else if !clause::read(cursor, &[TABLE], &mut sheet)? && !cursor.take_sign(',') {
            cursor.unknown("ALTER TABLE", &clause::phrases(&[TABLE]));
            cursor.skip_all();
            return None;
        }
    }
    Some(Statement::AlterTable { name, home: place, sheet, changes })
}

/// ADD, ALTER or DROP of something within a table; within none where another clause is next.
#[expect(clippy::option_option, reason = "none that is reported, and none that is no change")]
fn table_change(cursor: &mut Cursor<'_>) -> Option<Option<TableChange>> {
    if cursor.take_words(&["ADD"]).is_some() {
        cursor.take_words(&["COLUMN"]);
        return Some(Some(TableChange::Add(Part::read(cursor)?)));
    }
    if cursor.take_words(&["ALTER"]).is_some() {
        cursor.take_words(&["COLUMN"]);
        return Some(Some(TableChange::AlterColumn(super::column::Column::read(cursor)?)));
    }
    if cursor.take_words(&["DROP"]).is_none() {
        return Some(None);
    }
    for words in [["PRIMARY", "KEY"], ["FOREIGN", "KEY"]] {
        if cursor.take_words(&words).is_some() {
            return Some(Some(TableChange::Drop { kind: words[0], names: Vec::new() }));
        }
    }
    let kinds = ["COLUMN", "MAP", "LCHILD", "XDFLD"];
    let Some(kind) = kinds.into_iter().find(|kind| cursor.take_words(&[kind]).is_some()) else {
        return what_of(cursor, &["COLUMN", "MAP", "LCHILD", "XDFLD", "PRIMARY KEY", "FOREIGN KEY"]);
    };
    let names = cursor.qualified("A NAME", 1, 2)?;
    Some(Some(TableChange::Drop { kind, names }))
}

/// COMMENT ON what IN where IS 'text'
fn comment(cursor: &mut Cursor<'_>) -> Option<Statement> {
    const KINDS: &[(&str, usize, usize)] = &[
        ("DATABASE", 1, 1),
        ("PROGRAMVIEW", 1, 1),
        ("TABLESPACE", 1, 1),
        ("TABLE", 1, 1),
        ("COLUMN", 2, 4),
        ("MAP", 2, 2),
        ("CASE", 3, 3),
        ("LCHILD", 2, 2),
        ("XDFLD", 2, 3),
        ("SCHEMA", 1, 1),
        ("SENSEGVIEW", 2, 2),
        ("SENFLD", 3, 3),
    ];
    cursor.expect_words(&["COMMENT", "ON"])?;
    let Some(&(kind, least, most)) = KINDS.iter().find(|(kind, ..)| cursor.take_words(&[kind]).is_some())
    else {
        let kinds: Vec<&str> = KINDS.iter().map(|&(kind, ..)| kind).collect();
        return what_of(cursor, &kinds);
    };
    let names = cursor.qualified("A NAME", least, most)?;
    let home = home(cursor)?;
    cursor.expect_words(&["IS"])?;
    let (text, place) = cursor.text()?;
    Some(Statement::Comment { kind, names, home, text, place })
}
