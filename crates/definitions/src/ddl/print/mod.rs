//! Definitions as DDL, and as the macro source that says the same.

mod cards;
mod column;
mod dbd;
mod psb;
mod table;
mod writer;

use super::cursor::Cursor;
use super::draft::Draft;
use super::generate::{self, Step};
use super::lexer::{Kind, Tokens};
use super::statement::{self, Statement};
use super::view::View;
use crate::acb::Library;
use crate::cards::{Operation, Source};
use crate::finding::Findings;
use crate::model::Definition;
use crate::model::dbd::Dbd;
use crate::model::psb::Psb;
use std::sync::Arc;
use vocabulary::ResourceName;
use writer::Writer;

/// These definitions as DDL, one unit of work. Reading it beside the same databases gives the same definitions: DDL
/// leaves to the database which segment is under which, so that a SENSEGVIEW says it only where `library` does not.
pub fn to_ddl<'a>(definitions: impl IntoIterator<Item = &'a Definition>, library: &dyn Library) -> String {
    let mut text: String =
        definitions.into_iter().map(|definition| statements_of(definition, library)).collect();
    text.push_str(END_OF_UNIT);
    text
}

/// What ends the unit of work that definitions are printed as.
pub const END_OF_UNIT: &str = "COMMIT DDL;\n";

/// The statements that make a definition, as [`to_ddl`] prints them.
pub fn statements_of(definition: &Definition, library: &dyn Library) -> String {
    let mut writer = Writer::default();
    match definition {
        Definition::Dbd(dbd) => dbd::write(&mut writer, dbd),
        Definition::Psb(psb) => psb::write(&mut writer, psb, &|pcb, segment| {
            let dbd = library.dbd(&pcb.dbd);
            dbd.is_none_or(|dbd| generate::implied_parent(&dbd, pcb, segment) != segment.parent)
        }),
    }
    writer.into_text()
}

/// The statement that drops a definition.
pub fn drop_of(name: &ResourceName) -> String {
    match name {
        ResourceName::Dbd(dbd) => format!("DROP DATABASE {};\n", writer::name(dbd.as_str())),
        ResourceName::Psb(psb) => format!("DROP PROGRAMVIEW {};\n", writer::name(psb.as_str())),
    }
}

/// A definition as macro source. Compiling it gives the same definition.
pub fn to_macros(definition: &Definition) -> String {
    match definition {
        Definition::Dbd(dbd) => dbd_cards(dbd),
        Definition::Psb(psb) => psb_cards(psb),
    }
}

/// A DBD as a draft, as if its DDL had just been read. None only if the DDL could not be read back.
pub(super) fn draft_of(dbd: &Dbd) -> Option<Draft> {
    let mut writer = Writer::default();
    dbd::write(&mut writer, dbd);
    let mut draft: Option<Draft> = None;
    for statement in statements(&writer.into_text()) {
        match (statement, &mut draft) {
            (Statement::CreateDatabase { name, sheet, .. }, _) => draft = Some(Draft::new(name, sheet)),
            (Statement::CreateTablespace { name, sheet, .. }, Some(draft)) => {
                draft.spaces.push(super::draft::Space { name, sheet });
            }
            (Statement::CreateTable(table), Some(draft)) => draft.tables.push(*table),
            (Statement::Comment { kind, names, text, place, .. }, Some(draft)) => {
                draft.comment(kind, &names, &text, place).ok()?;
            }
            _ => return None,
        }
    }
    draft
}

/// A PSB as a program view, as if its DDL had just been read.
pub(super) fn view_of(psb: &Psb) -> Option<View> {
    let mut writer = Writer::default();
    psb::write(&mut writer, psb, &|_, _| true);
    let mut view: Option<View> = None;
    for statement in statements(&writer.into_text()) {
        match (statement, &mut view) {
            (Statement::CreateView(created), _) => view = Some(*created),
            (Statement::Comment { kind, names, text, place, .. }, Some(view)) => {
                view.comment(kind, &names, &text, place)?;
            }
            _ => return None,
        }
    }
    view
}

fn statements(text: &str) -> Vec<Statement> {
    let source = Arc::new(Source::new("", text.as_bytes()));
    let mut findings = Findings::new(Arc::clone(&source));
    let tokens = Tokens::read(&source, &mut findings);
    let (mut statements, mut start) = (Vec::new(), 0);
    for (end, _) in tokens.list.iter().enumerate().filter(|(_, token)| token.kind == Kind::Sign(';')) {
        statements.extend(statement::read(&mut Cursor::new(&tokens, start, end, &mut findings)));
        start = end + 1;
    }
    statements
}

fn dbd_cards(dbd: &Dbd) -> String {
    let source = Arc::new(Source::new("", b""));
    let steps =
        draft_of(dbd).map(|draft| generate::steps(&draft, &mut Findings::new(source))).unwrap_or_default();
    // Only segments that come back to a data set group need to name it.
    let labelled = steps.iter().any(|step| matches!(step, Step::Group(_)));
    let label = |group: usize| if labelled { format!("DSG{:03}", group + 1) } else { String::new() };
    let (mut text, mut groups) = (String::new(), 0);
    for step in &steps {
        match step {
            Step::Group(group) => cards::write(&mut text, &label(*group), Operation::Dataset.name(), ""),
            Step::Statement(statement) if statement.operation == Operation::Dataset => {
                cards::write_statement(&mut text, &label(groups), statement);
                groups += 1;
            }
            Step::Statement(statement) => cards::write_statement(&mut text, "", statement),
        }
    }
    cards::write(&mut text, "", Operation::Dbdgen.name(), "");
    cards::write(&mut text, "", Operation::End.name(), "");
    text
}

fn psb_cards(psb: &Psb) -> String {
    let source = Arc::new(Source::new("", b""));
    let mut text = String::new();
    if let Some(view) = view_of(psb) {
        let statements = generate::view_statements(&view, &|_| None, &mut Findings::new(source));
        statements.iter().for_each(|statement| cards::write_statement(&mut text, "", statement));
    }
    cards::write(&mut text, "", Operation::End.name(), "");
    text
}
