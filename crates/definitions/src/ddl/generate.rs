//! Drafts into definitions, by way of the statements of DBDGEN and PSBGEN: what is checked there is checked here.

use super::column::Column;
use super::draft::Draft;
use super::layout::{self, Layout};
use super::sheet::{Sheet, operand_word};
use super::table::{Case, Item, Map, Table};
use super::view::{Schema, View};
use crate::cards::{Operation, Place, Statement};
use crate::dbdgen::DbdDeck;
use crate::finding::Findings;
use crate::model::dbd::{Access, Dbd};
use crate::model::psb::{DbPcb, Psb, SensitiveSegment};
use crate::operands::{parse, shown};
use crate::origin::Places;
use crate::psbgen::PsbDeck;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use vocabulary::SegmentName;
use vocabulary::message::*;

/// A statement, or the change of data set group that a repeated label asks for.
pub(super) enum Step {
    Statement(Statement),
    Group(usize),
}

/// The DBD of a draft, and where its parts stand. It counts only when no error was found.
pub(super) fn dbd(draft: &Draft, findings: &mut Findings) -> Option<(Dbd, Places)> {
    let mut deck: Option<DbdDeck> = None;
    for step in steps(draft, findings) {
        match (step, &mut deck) {
            (Step::Statement(statement), None) => {
                deck = DbdDeck::open(&parse(&statement, findings), findings)
            }
            (Step::Statement(statement), Some(deck)) => deck.take(&parse(&statement, findings), findings),
            (Step::Group(group), Some(deck)) => deck.use_data_set_group(group),
            (Step::Group(_), None) => {}
        }
    }
    deck.map(|deck| deck.finish(findings))
}

/// The statements of DBDGEN that say what a draft says.
pub(super) fn steps(draft: &Draft, findings: &mut Findings) -> Vec<Step> {
    let mut steps = vec![Step::Statement(draft.sheet.statement())];
    let access = draft.access();
    for space in &draft.spaces {
        let mut sheet = space.sheet.clone();
        if access == Some(Access::Dedb) {
            sheet.operation = Operation::Area;
        }
        if !space.name.name.is_empty() {
            sheet.set("DD1", 0, space.name.operand(), space.name.place);
        }
        steps.push(Step::Statement(sheet.statement()));
    }
    let mut group = draft.spaces.len().saturating_sub(1);
    for table in hierarchical_order(&draft.tables) {
        if access == Some(Access::Gsam) {
            findings.report(&DDL116, table.name.place, &[&table.name.name]);
            continue;
        }
        let own = own_group(draft, table, findings);
        if access != Some(Access::Dedb) && group != own {
            steps.push(Step::Group(own));
            group = own;
        }
        add_table(&mut steps, draft, table);
    }
    steps
}

/// The data set group of a table: that of the tablespace it was put in, else the first.
fn own_group(draft: &Draft, table: &Table, findings: &mut Findings) -> usize {
    let Some(name) = &table.home.space else { return 0 };
    let found = draft.spaces.iter().position(|space| space.name.name == name.name);
    if found.is_none() {
        let space = format!("{}.{}", shown(&draft.name.name), shown(&name.name));
        findings.report(&DDL111, name.place, &[&"TABLESPACE", &space]);
    }
    found.unwrap_or(0)
}

/// Every parent before its children, and all that is under one before the next: tables may be created in any order.
/// What is under no root comes last, and is judged there.
fn hierarchical_order(tables: &[Table]) -> Vec<&Table> {
    let mut children: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
    for (at, table) in tables.iter().enumerate() {
        let parent = table.sheet.text("PARENT", 0);
        children.entry(parent.map(|parent| external_name(tables, parent))).or_default().push(at);
    }
    let (mut order, mut seen) = (Vec::with_capacity(tables.len()), BTreeSet::new());
    let mut next: Vec<usize> = children.get(&None).cloned().unwrap_or_default();
    next.reverse();
    while let Some(at) = next.pop() {
        if seen.insert(at) {
            order.push(&tables[at]);
            let below = children.get(&Some(tables[at].name.name.as_str()));
            next.extend(below.into_iter().flatten().rev());
        }
    }
    order.extend(tables.iter().enumerate().filter(|(at, _)| !seen.contains(at)).map(|(_, table)| table));
    order
}

/// FOREIGN KEY names a table as DDL does, or as IMS does.
fn external_name<'a>(tables: &'a [Table], parent: &'a str) -> &'a str {
    let by_name = tables.iter().any(|table| table.name.operand() == parent);
    let internal = tables.iter().find(|table| !by_name && table.internal_name() == parent);
    internal.map_or(parent, |table| table.name.name.as_str())
}

fn add_table(steps: &mut Vec<Step>, draft: &Draft, table: &Table) {
    let layout = layout::layout(table);
    steps.push(Step::Statement(segment(draft, table, &layout)));
    let mut starts = layout.starts.iter();
    let first = key_in_front(table);
    let mut fields: Vec<Vec<Statement>> = Vec::with_capacity(table.items.len());
    for item in &table.items {
        let mut statements = Vec::new();
        match item {
            Item::Column(column) => {
                add_column(&mut statements, column, None, starts.next().copied().flatten());
            }
            Item::Map(map) => {
                statements.push(map_statement(draft, table, map));
                for case in &map.cases {
                    statements.push(case.sheet.statement());
                    for column in &case.columns {
                        add_column(&mut statements, column, Some(case), starts.next().copied().flatten());
                    }
                }
            }
            Item::LogicalChild(_, sheet) | Item::IndexedField(_, sheet) => statements.push(sheet.statement()),
            Item::Gone => {}
        }
        fields.push(statements);
    }
    if let Some(key) = first {
        let statements = fields.remove(key);
        fields.insert(0, statements);
    }
    steps.extend(fields.into_iter().flatten().map(Step::Statement));
}

/// A map may depend on a column of a table above, which DFSMAP names with its segment.
fn map_statement(draft: &Draft, table: &Table, map: &Map) -> Statement {
    let mut sheet = map.sheet.clone();
    let column = &map.column;
    if sheet.text("CTLSEGNM", 0).is_none() && !table.has_column(&column.name) {
        let parent = |table: &&Table| {
            let parent = external_name(&draft.tables, table.sheet.text("PARENT", 0)?);
            draft.tables.iter().find(|other| other.name.operand() == parent)
        };
        let mut path = std::iter::successors(Some(table), parent).take(draft.tables.len());
        if let Some(control) = path.find(|table| table.has_column(&column.name)) {
            sheet.set("CTLSEGNM", 0, control.internal_name(), column.place);
        }
    }
    sheet.statement()
}

/// The key, where another column with an internal name stands before it: the sequence field is the first of a segment.
fn key_in_front(table: &Table) -> Option<usize> {
    let key = table.items.iter().position(|item| matches!(item, Item::Column(column) if column.is_key()))?;
    let named = |item: &Item| match item {
        Item::Column(column) => column.internal_name().is_some(),
        Item::Map(map) => {
            map.cases.iter().flat_map(|case| &case.columns).any(|column| column.internal_name().is_some())
        }
        _ => false,
    };
    table.items[..key].iter().any(named).then_some(key)
}

fn segment(draft: &Draft, table: &Table, layout: &Layout) -> Statement {
    let mut sheet = table.sheet.clone();
    let place = table.name.place;
    if sheet.text("NAME", 0).is_none() {
        sheet.set("NAME", 0, table.name.operand(), place);
    }
    set_external_name(&mut sheet, table.name.operand(), place);
    if let Some(entry) = table.sheet.entry("PARENT", 0).filter(|entry| !entry.text.is_empty()) {
        let parent = draft.tables.iter().find(|other| other.name.operand() == entry.text);
        let parent = parent.map_or(entry.text.as_str(), Table::internal_name);
        sheet.set("PARENT", 0, parent, entry.place);
    } else {
        let logical = table.sheet.text("PARENT", 2).is_some();
        if !logical {
            sheet.set("PARENT", 0, "0", place);
        }
    }
    let stands_for_others = draft.access() == Some(Access::Logical) || sheet.text("SOURCE", 0).is_some();
    if let Some(bytes) = layout.bytes.filter(|_| sheet.text("BYTES", 0).is_none() && !stands_for_others) {
        sheet.set("BYTES", 0, bytes.to_string(), place);
    }
    sheet.statement()
}

/// A name serves as external name too, unless another is said.
fn set_external_name(sheet: &mut Sheet, external: String, place: Place) {
    if sheet.text("NAME", 0) != Some(external.as_str()) {
        sheet.set("EXTERNALNAME", 0, external, place);
    }
}

/// FIELD, and DFSMARSH where anything is said for it.
fn add_column(
    statements: &mut Vec<Statement>,
    column: &Column,
    case: Option<&Case>,
    start: Option<(&'static str, u32)>,
) {
    let mut sheet = column.sheet.clone();
    let place = layout::place_of(column);
    if let Some(name) = column.internal_name().filter(|_| sheet.text("NAME", 0).is_none()) {
        let name = operand_word(name);
        sheet.set("NAME", 0, name, place);
    }
    set_external_name(&mut sheet, column.name.operand(), place);
    if let Some(case) = case {
        sheet.set("CASENAME", 0, case.name.operand(), case.name.place);
    }
    if let Some((keyword, start)) = start {
        sheet.set(keyword, 0, start.to_string(), place);
    }
    if let Some(bytes) = column.bytes_of_type.filter(|_| sheet.entry("BYTES", 0).is_none()) {
        sheet.set("BYTES", 0, bytes.to_string(), place);
    }
    statements.push(sheet.statement_of(Operation::Field, |keyword| !Column::is_of_marshaller(keyword)));
    if sheet.says_any(Column::is_of_marshaller) {
        statements.push(sheet.statement_of(Operation::Dfsmarsh, Column::is_of_marshaller));
    }
}

/// Finds a DBD that a program view uses.
pub(super) type FindDbd<'a> = &'a dyn Fn(&str) -> Option<Arc<Dbd>>;

/// The PSB of a program view, and where its parts stand. It counts only when no error was found.
pub(super) fn psb(view: &View, find: FindDbd<'_>, findings: &mut Findings) -> Option<(Psb, Places)> {
    let mut deck = PsbDeck::new(view.name.place);
    for statement in view_statements(view, find, findings) {
        deck.take(&parse(&statement, findings), findings);
    }
    deck.finish()
}

/// The statements of PSBGEN that say what a program view says.
pub(super) fn view_statements(view: &View, find: FindDbd<'_>, findings: &mut Findings) -> Vec<Statement> {
    let mut statements = Vec::new();
    for schema in &view.schemas {
        statements.push(schema.sheet.statement());
        add_segments(&mut statements, view, schema, find, findings);
    }
    statements.push(view.sheet.statement());
    statements
}

/// A SENSEGVIEW does not name its parent: it is where the database has it.
fn add_segments(
    statements: &mut Vec<Statement>,
    view: &View,
    schema: &Schema,
    find: FindDbd<'_>,
    findings: &mut Findings,
) {
    let said = |sheet: &Sheet| sheet.text("PARENT", 0).is_some();
    let all_said = schema.segments.iter().all(|segment| said(&segment.sheet));
    let dbd = schema.using.as_ref().filter(|_| !all_said).and_then(|using| {
        let dbd = find(&using.name);
        if dbd.is_none()
            && let Ok(name) = using.name.parse::<vocabulary::DbdName>()
        {
            findings.report(&DFS9041E, using.place, &[&shown(&view.name.name), &name]);
        }
        dbd
    });
    let first = schema.segments.first().map(|segment| segment.name.name.as_str());
    for segment in &schema.segments {
        let mut sheet = segment.sheet.clone();
        if !said(&sheet) {
            let is_first = first == Some(segment.name.name.as_str());
            let parent = dbd.as_ref().and_then(|dbd| parent(dbd, &segment.name.name, first));
            // Under what is not known everything is under the first segment, so that nothing more is told of it.
            let parent = parent.or(first.filter(|_| !is_first).map(str::to_string));
            sheet.set("PARENT", 0, parent.unwrap_or("0".to_string()), segment.name.place);
        }
        statements.push(sheet.statement());
        statements.extend(segment.fields.iter().map(|(_, sheet)| sheet.statement()));
    }
}

/// The parent of a segment as a program sees it. The first segment is the root; where it is not that of the database,
/// the program goes through an index, and the segments above the first one stand upside down under it.
fn parent(dbd: &Dbd, segment: &str, first: Option<&str>) -> Option<String> {
    parent_under(dbd, segment.parse().ok()?, first?.parse().ok()?).map(|parent| parent.to_string())
}

/// The parent that a segment of a PCB has where its SENSEGVIEW does not say it.
pub(super) fn implied_parent(dbd: &Dbd, pcb: &DbPcb, segment: &SensitiveSegment) -> Option<SegmentName> {
    let first = pcb.segments.first()?.name;
    parent_under(dbd, segment.name, first).or((segment.name != first).then_some(first))
}

fn parent_under(dbd: &Dbd, name: SegmentName, first: SegmentName) -> Option<SegmentName> {
    if name == first {
        return None;
    }
    let mut path = std::iter::successors(Some(first), |name| Some(dbd.segment(name)?.parent?.name));
    let mut below = None;
    for at in path.by_ref().take(dbd.segments.len()) {
        if at == name {
            return below;
        }
        below = Some(at);
    }
    dbd.segment(&name)?.parent.map(|parent| parent.name)
}
