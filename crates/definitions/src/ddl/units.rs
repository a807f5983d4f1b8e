//! Units of work: statements applied to drafts, and what came of them at COMMIT DDL.

use super::compilation::{Change, Known, Options, Outcome, Unit};
use super::cursor::{Cursor, Named};
use super::draft::{Draft, Missing};
use super::generate;
use super::lexer::{Kind, Tokens};
use super::statement::{self, Statement};
use super::table::{Home, Table};
use super::view::View;
use crate::cards::{Place, Source};
use crate::finding::Findings;
use crate::model::Definition;
use crate::model::dbd::Dbd;
use crate::nearest::nearest;
use crate::operands::shown;
use crate::origin::{Origins, Places};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use vocabulary::message::*;
use vocabulary::{DbdName, PsbName, ResourceName};

/// The most tables and tablespaces of a database. One too many stands for all that are too many.
const TABLES_MAX: usize = 255;
const TABLESPACES_MAX: usize = 2048;

/// What a database or a program view is at some moment; none when it was dropped.
type Drafts<T> = BTreeMap<String, Option<Arc<T>>>;

#[derive(Clone, Default)]
struct State {
    databases: Drafts<Draft>,
    views: Drafts<View>,
}

impl State {
    /// Takes over what another state has of these.
    fn take(&mut self, other: &Self, keys: &[Key]) {
        for key in keys {
            match key {
                Key::Database(name) => {
                    self.databases
                        .extend(other.databases.get(name).map(|draft| (name.clone(), draft.clone())));
                }
                Key::View(name) => {
                    self.views.extend(other.views.get(name).map(|view| (name.clone(), view.clone())));
                }
            }
        }
    }
}

/// A database or a program view, by its name as it was given.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Database(String),
    View(String),
}

impl Key {
    fn resource(&self) -> Option<ResourceName> {
        match self {
            Self::Database(name) => name.parse::<DbdName>().ok().map(ResourceName::from),
            Self::View(name) => name.parse::<PsbName>().ok().map(ResourceName::from),
        }
    }
}

pub(super) struct Session<'k> {
    known: &'k dyn Known,
    pub(super) findings: Findings,
    pub(super) origins: Origins,
    pub(super) units: Vec<Unit>,
    /// What units touched that were refused.
    tainted: BTreeSet<Key>,
    /// As the last unit left it, refused or not: what statements find.
    committed: State,
    /// What was committed without error: what there would be.
    good: State,
    /// As the statements of this unit have made it.
    state: State,
    /// The DBDs of drafts, as they were last made.
    made: BTreeMap<String, Arc<Dbd>>,
    unit: Open,
    /// Where tokens could not be read whole, in the order of the source.
    broken: VecDeque<Place>,
}

/// The unit of work that is being read.
#[derive(Default)]
struct Open {
    /// What it touched, and the how manieth that was.
    touched: BTreeMap<Key, usize>,
    /// The database that was created or altered last, which statements mean that name none.
    current: Option<String>,
    statements: usize,
    first: Option<Place>,
    last_line: u32,
    /// The findings before it.
    mark: usize,
    /// A token of it could not be read whole.
    broken: bool,
}

impl<'k> Session<'k> {
    /// Nothing applied yet. The findings are those about tokens.
    pub(super) fn new(source: Arc<Source>, known: &'k dyn Known, findings: Findings) -> Self {
        let (mark, broken) = (findings.mark(), findings.places().collect());
        Self {
            known,
            findings,
            origins: Origins::new(source),
            units: Vec::new(),
            tainted: BTreeSet::new(),
            committed: State::default(),
            good: State::default(),
            state: State::default(),
            made: BTreeMap::new(),
            unit: Open { mark, ..Open::default() },
            broken,
        }
    }

    /// Reads and applies every statement, and counts them.
    pub(super) fn run(&mut self, tokens: &Tokens) -> usize {
        let (mut start, mut statements) = (0, 0);
        while start < tokens.list.len() {
            let length = tokens.list[start..].iter().position(|token| token.kind == Kind::Sign(';'));
            let end = length.map_or(tokens.list.len(), |length| start + length);
            let mut at = start;
            while at < end {
                at = self.statement(tokens, (at, end), length.is_some());
                statements += 1;
            }
            start = end + 1;
        }
        statements
    }

    /// Reads one statement and applies it; where the next one begins, if that is before the semicolon.
    fn statement(&mut self, tokens: &Tokens, (start, end): (usize, usize), closed: bool) -> usize {
        let first = tokens.list[start].place;
        self.unit.first.get_or_insert(first);
        self.unit.statements += 1;
        let last = tokens.list[end - 1].place;
        self.unit.last_line = last.line;
        while self.broken.front().is_some_and(|at| (at.line, at.column) <= (last.line, last.column)) {
            self.broken.pop_front();
            self.unit.broken = true;
        }
        let mut cursor = Cursor::new(tokens, start, end, &mut self.findings);
        let statement = statement::read(&mut cursor);
        let read = statement.is_some();
        if read && !cursor.at_end() && !statement::begins(&cursor) {
            cursor.unexpected("A SEMICOLON");
            cursor.skip_all();
        }
        // Behind what could not be read, the next statement begins where one can.
        while !(read || cursor.at_end() || cursor.position() > start && statement::begins(&cursor)) {
            cursor.skip();
        }
        let next = cursor.position();
        if read && next < end {
            let place = cursor.place();
            cursor.findings.report(&DDL102, place, &[&shown(cursor.word())]);
        } else if !closed && read {
            let place = tokens.list[end - 1].place;
            cursor.findings.report(&DDL103, place, &[]);
        }
        if let Some(statement) = statement {
            self.apply(statement, first);
        }
        next.max(start + 1)
    }

    fn apply(&mut self, statement: Statement, place: Place) {
        match statement {
            Statement::CreateDatabase { name, sheet, like } => self.create_database(name, sheet, like),
            Statement::AlterDatabase { name, sheet } => {
                self.unit.current = Some(name.name.clone());
                self.change_database(&name, |draft| {
                    draft.sheet.merge(sheet);
                    Vec::new()
                });
            }
            Statement::DropDatabase { name, if_exists } => self.drop_database(&name, if_exists),
            Statement::CreateTablespace { name, home, sheet } => self.create_tablespace(name, &home, sheet),
            Statement::AlterTablespace { name, home, sheet } => {
                self.change_home(&home, &name, |draft| match draft.space_mut(&name) {
                    Ok(space) => {
                        space.sheet.merge(sheet);
                        Vec::new()
                    }
                    Err(missing) => vec![missing],
                });
            }
            Statement::DropTablespace { name, home, if_exists } => {
                self.change_home(&home, &name, |draft| {
                    let found = draft.space_mut(&name).err();
                    draft.spaces.retain(|space| space.name.name != name.name);
                    found.filter(|_| !if_exists).into_iter().collect()
                });
            }
            Statement::CreateTable(table) => self.create_table(*table),
            Statement::AlterTable { name, home, sheet, changes } => {
                let mut existing = Vec::new();
                self.change_home(&home, &name, |draft| match draft.table_mut(&name) {
                    Ok(table) => table.alter(&home, sheet, changes, &mut existing),
                    Err(missing) => vec![missing],
                });
                existing.iter().for_each(|column| column.report(&name.name, &mut self.findings));
            }
            Statement::DropTable { name, home, if_exists } => {
                self.change_home(&home, &name, |draft| {
                    let found = draft.table_mut(&name).err();
                    draft.tables.retain(|table| table.name.name != name.name);
                    found.filter(|_| !if_exists).into_iter().collect()
                });
            }
            Statement::CreateView(view) => self.create_view(*view),
            Statement::DropView { name, if_exists } => self.drop_view(&name, if_exists),
            Statement::Comment { kind, names, home, text, place } => {
                self.comment((kind, &names), &home, &text, place);
            }
            Statement::Commit => self.commit(),
            Statement::Rollback => self.roll_back(place),
        }
    }

    fn touch(&mut self, key: Key) {
        let number = self.unit.touched.len();
        self.unit.touched.entry(key).or_insert(number);
    }

    /// What the unit touched, in the order in which it did first.
    fn touched(&self) -> Vec<Key> {
        let mut touched: Vec<(&Key, &usize)> = self.unit.touched.iter().collect();
        touched.sort_by_key(|(_, number)| **number);
        touched.into_iter().map(|(key, _)| key.clone()).collect()
    }

    /// The database as it is now.
    fn database(&mut self, name: &Named) -> Option<Arc<Draft>> {
        if let Some(draft) = self.state.databases.get(&name.name) {
            return draft.clone();
        }
        let known = self.known.dbd(&name.name.parse().ok()?)?;
        let mut draft = super::print::draft_of(&known)?;
        draft.relocate(name.place);
        let draft = Arc::new(draft);
        self.state.databases.insert(name.name.clone(), Some(Arc::clone(&draft)));
        Some(draft)
    }

    /// Changes a database that there is; what the change misses is reported.
    fn change_database(&mut self, name: &Named, change: impl FnOnce(&mut Draft) -> Vec<Missing>) {
        if self.database(name).is_none() {
            return self.report_missing(&Missing {
                kind: "DATABASE".into(),
                of: None,
                name: name.clone(),
                others: self.names(),
            });
        }
        self.touch(Key::Database(name.name.clone()));
        let draft = self.state.databases.get_mut(&name.name).and_then(Option::as_mut);
        let missing = draft.map(|draft| change(Arc::make_mut(draft))).unwrap_or_default();
        missing.iter().for_each(|missing| self.report_missing(missing));
    }

    /// Changes the database that a statement names, or the one that this unit created or altered last.
    fn change_home(&mut self, home: &Home, of: &Named, change: impl FnOnce(&mut Draft) -> Vec<Missing>) {
        let current = self.unit.current.clone().map(|name| Named { name, place: of.place });
        match home.database.clone().or(current) {
            Some(database) => self.change_database(&database, change),
            None => {
                self.findings.report(&DDL112, of.place, &[]).hint("IN DATABASE name");
            }
        }
    }

    fn names(&self) -> Vec<String> {
        self.state.databases.keys().cloned().collect()
    }

    fn report_missing(&mut self, missing: &Missing) {
        let of = missing.of.as_ref().map(|of| format!("{}.", shown(of))).unwrap_or_default();
        let name = format!("{of}{}", shown(&missing.name.name));
        let finding = self.findings.report(&DDL111, missing.name.place, &[&missing.kind, &name]);
        if let Some(nearest) = nearest(&missing.name.name, missing.others.iter().map(String::as_str)) {
            finding.hint(format!("{nearest} is the nearest"));
        }
    }

    fn create_database(&mut self, name: Named, sheet: super::sheet::Sheet, like: Option<Named>) {
        self.unit.current = Some(name.name.clone());
        let key = Key::Database(name.name.clone());
        let exists = self.database(&name).is_some();
        if self.clashes(&key, exists) {
            let hint = format!("DROP DATABASE {} IF EXISTS before it, or ALTER DATABASE", name.name);
            self.findings.report(&DDL110, name.place, &[&"DATABASE", &shown(&name.name)]).hint(hint);
            return;
        }
        let draft = match like {
            None => Draft::new(name.clone(), sheet),
            Some(model) => {
                let Some(base) = self.database(&model) else {
                    let others = self.names();
                    return self.report_missing(&Missing {
                        kind: "DATABASE".into(),
                        of: None,
                        name: model,
                        others,
                    });
                };
                // What a database is alike in is what is said of it as a whole, not its data sets and tables.
                let mut own = base.sheet.clone();
                own.relocate(model.place);
                own.place = name.place;
                own.remove("NAME");
                own.merge(sheet);
                Draft::new(name.clone(), own)
            }
        };
        self.tainted.remove(&key);
        self.touch(key);
        self.state.databases.insert(name.name, Some(Arc::new(draft)));
    }

    fn drop_database(&mut self, name: &Named, if_exists: bool) {
        if self.database(name).is_some() {
            self.touch(Key::Database(name.name.clone()));
            self.state.databases.insert(name.name.clone(), None);
        } else if !if_exists {
            let (kind, others) = ("DATABASE".into(), self.names());
            self.report_missing(&Missing { kind, of: None, name: name.clone(), others });
        }
    }

    fn create_tablespace(&mut self, name: Named, home: &Home, sheet: super::sheet::Sheet) {
        let mut exists = false;
        let of = name.clone();
        self.change_home(home, &of, |draft| {
            exists = draft.spaces.iter().any(|space| space.name.name == name.name);
            if !exists && draft.spaces.len() <= TABLESPACES_MAX {
                draft.spaces.push(super::draft::Space { name, sheet });
            }
            Vec::new()
        });
        if exists {
            self.findings.report(&DDL110, of.place, &[&"TABLESPACE", &shown(&of.name)]);
        }
    }

    fn create_table(&mut self, table: Table) {
        let (name, home, mut exists) = (table.name.clone(), table.home.clone(), false);
        self.change_home(&home, &name, |draft| {
            exists = draft.tables.iter().any(|other| other.name.name == table.name.name);
            if !exists && draft.tables.len() <= TABLES_MAX {
                draft.tables.push(table);
            }
            Vec::new()
        });
        if exists {
            self.findings.report(&DDL110, name.place, &[&"TABLE", &shown(&name.name)]);
        }
    }

    fn view(&mut self, name: &Named) -> Option<Arc<View>> {
        if let Some(view) = self.state.views.get(&name.name) {
            return view.clone();
        }
        let known = self.known.psb(&name.name.parse().ok()?)?;
        let mut view = super::print::view_of(&known)?;
        view.relocate(name.place);
        Some(Arc::new(view))
    }

    fn create_view(&mut self, view: View) {
        let name = view.name.clone();
        let key = Key::View(name.name.clone());
        let exists = self.view(&name).is_some();
        if self.clashes(&key, exists) {
            let hint = format!("DROP PROGRAMVIEW {} IF EXISTS before it", name.name);
            self.findings.report(&DDL110, name.place, &[&"PROGRAMVIEW", &shown(&name.name)]).hint(hint);
            return;
        }
        self.tainted.remove(&key);
        self.touch(key);
        self.state.views.insert(name.name, Some(Arc::new(view)));
    }

    fn drop_view(&mut self, name: &Named, if_exists: bool) {
        if self.view(name).is_some() {
            self.touch(Key::View(name.name.clone()));
            self.state.views.insert(name.name.clone(), None);
        } else if !if_exists {
            let others = self.state.views.keys().cloned().collect();
            self.report_missing(&Missing {
                kind: "PROGRAMVIEW".into(),
                of: None,
                name: name.clone(),
                others,
            });
        }
    }

    fn comment(&mut self, (kind, names): (&'static str, &[Named]), home: &Home, text: &str, place: Place) {
        let Some(first) = names.first() else { return };
        match kind {
            "DATABASE" => self.change_database(first, |draft| {
                draft.comment(kind, names, text, place).err().into_iter().collect()
            }),
            "PROGRAMVIEW" | "SCHEMA" | "SENSEGVIEW" | "SENFLD" => {
                self.comment_on_view(kind, names, home, (text, place))
            }
            _ => self.change_home(home, first, |draft| {
                draft.comment(kind, names, text, place).err().into_iter().collect()
            }),
        }
    }

    fn comment_on_view(&mut self, kind: &str, names: &[Named], home: &Home, (text, place): (&str, Place)) {
        let Some(name) = if kind == "PROGRAMVIEW" { names.first() } else { home.database.as_ref() }.cloned()
        else {
            let place = names.first().map_or(place, |name| name.place);
            self.findings.report(&DDL101, place, &[&"IN AND THE NAME OF A PROGRAM VIEW"]);
            return;
        };
        let Some(mut view) = self.view(&name) else {
            let others = self.state.views.keys().cloned().collect();
            return self.report_missing(&Missing { kind: "PROGRAMVIEW".into(), of: None, name, others });
        };
        if Arc::make_mut(&mut view).comment(kind, names, text, place).is_none() {
            let missing = names.last().cloned().unwrap_or_else(|| name.clone());
            let (kind, of) = (kind.to_string(), Some(name.name.clone()));
            self.report_missing(&Missing { kind, of, name: missing, others: Vec::new() });
        }
        self.touch(Key::View(name.name.clone()));
        self.state.views.insert(name.name, Some(view));
    }

    /// The end of a source. What is not committed by then is rolled back, which hardly anybody wants.
    pub(super) fn end(&mut self, source: &Source, options: Options) {
        if source.is_blank() {
            let hint = "give DDL statements, and COMMIT DDL behind them";
            self.findings.report(&CARD010, source.start(), &[&source.name]).hint(hint);
        }
        let Some(first) = self.unit.first else { return };
        if options.auto_commit {
            return self.commit();
        }
        self.findings.report(&DDL115, first, &[]).hint("COMMIT DDL; behind the last statement");
        self.roll_back(first);
    }

    fn roll_back(&mut self, place: Place) {
        self.state = self.committed.clone();
        self.made.clear();
        let touched = self.touched().iter().filter_map(Key::resource).collect();
        self.close(Outcome::RolledBack, Vec::new(), touched, place);
    }

    /// Makes definitions of what was touched; all of them, or none if any has an error.
    fn commit(&mut self) {
        let keys = self.touched();
        let (databases, views): (Vec<&Key>, Vec<&Key>) =
            keys.iter().partition(|key| matches!(key, Key::Database(_)));
        // Program views are judged against the databases of the same unit, wherever they stand.
        let mut changes: BTreeMap<&Key, Change> = BTreeMap::new();
        for key in databases.into_iter().chain(views) {
            changes.extend(self.change_of(key).map(|change| (key, change)));
        }
        let changes: Vec<Change> = keys.iter().filter_map(|key| changes.remove(key)).collect();
        let touched: Vec<ResourceName> = keys.iter().filter_map(Key::resource).collect();
        let place = self.unit.first.unwrap_or(Place { line: 1, column: 1, width: 1 });
        let mut refused = self.unit.broken || self.findings.errors_since(self.unit.mark);
        // What a refused unit created is not there for a later one to change.
        if let Some(name) = keys.iter().find(|key| self.tainted.contains(key)).and_then(Key::resource)
            && !refused
        {
            self.findings.report(&DDL117, place, &[&name]);
            refused = true;
        }
        match refused {
            true => self.tainted.extend(keys),
            false => self.good.take(&self.state, &keys),
        }
        self.committed = self.state.clone();
        match refused {
            true => self.close(Outcome::Refused, Vec::new(), touched, place),
            false => self.close(Outcome::Committed, changes, touched, place),
        }
    }

    fn close(&mut self, outcome: Outcome, changes: Vec<Change>, touched: Vec<ResourceName>, place: Place) {
        let line = self.unit.first.unwrap_or(place).line;
        let (statements, last_line) = (self.unit.statements, self.unit.last_line);
        self.units.push(Unit { outcome, changes, touched, statements, line, last_line });
        self.unit = Open { mark: self.findings.mark(), ..Open::default() };
    }

    fn change_of(&mut self, key: &Key) -> Option<Change> {
        let made = match key {
            Key::Database(name) => match self.state.databases.get(name).cloned().flatten() {
                Some(draft) => self.make_dbd(name, &draft),
                None => {
                    self.made.remove(name);
                    None
                }
            },
            Key::View(name) => {
                let view = self.state.views.get(name).cloned().flatten();
                view.and_then(|view| self.make_psb(&view))
            }
        };
        let resource = key.resource()?;
        match (made, self.existed(key)) {
            (Some((definition, places)), existed) => {
                self.origins.insert(definition.name(), places);
                Some(if existed { Change::Replace(definition) } else { Change::Create(definition) })
            }
            (None, existed) => existed.then_some(Change::Drop(resource)),
        }
    }

    fn make_dbd(&mut self, name: &str, draft: &Draft) -> Option<(Definition, Places)> {
        let (dbd, places) = generate::dbd(draft, &mut self.findings)?;
        self.made.insert(name.to_string(), Arc::new(dbd.clone()));
        Some((Definition::Dbd(dbd), places))
    }

    fn make_psb(&mut self, view: &View) -> Option<(Definition, Places)> {
        let (state, made, known) = (&self.state, &self.made, self.known);
        let find = |name: &str| match state.databases.get(name) {
            Some(None) => None,
            Some(Some(_)) if made.contains_key(name) => made.get(name).cloned(),
            _ => known.dbd(&name.parse().ok()?),
        };
        let (psb, places) = generate::psb(view, &find, &mut self.findings)?;
        Some((Definition::Psb(psb), places))
    }

    /// Whether there is one that a CREATE would clash with. What was created in a unit that was refused is none.
    fn clashes(&self, key: &Key, exists: bool) -> bool {
        exists && (self.existed(key) || !self.tainted.contains(key))
    }

    /// Whether there was one before this unit.
    fn existed(&self, key: &Key) -> bool {
        match key {
            Key::Database(name) => match self.good.databases.get(name) {
                Some(draft) => draft.is_some(),
                None => name.parse().is_ok_and(|name| self.known.dbd(&name).is_some()),
            },
            Key::View(name) => match self.good.views.get(name) {
                Some(view) => view.is_some(),
                None => name.parse().is_ok_and(|name| self.known.psb(&name).is_some()),
            },
        }
    }
}
