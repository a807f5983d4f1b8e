//! Tables: SEGM, with its columns, maps and relations to other databases.

use super::capture::DATA_CAPTURE;
use super::clause::{self, Clause, Value, clause, says};
use super::column::{Column, is_type};
use super::cursor::{Cursor, Named};
use super::database::USER_KEY;
use super::sheet::Sheet;
use crate::cards::{Operation, Place};
use crate::finding::Findings;
use crate::operands::shown;
use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};
use vocabulary::message::DDL110;

/// A table.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) name: Named,
    /// SEGM. PARENT= has the name of a table until the statement is made.
    pub(super) sheet: Sheet,
    pub(super) home: Home,
    pub(super) items: Vec<Item>,
    /// Where each column is, by the name of its case, if it is in one, and its own.
    columns: BTreeMap<(Option<String>, String), At>,
    /// The columns that stand apart from the case they belong to, by their names.
    apart: BTreeMap<String, BTreeSet<usize>>,
    /// Where each map is.
    maps: BTreeMap<String, usize>,
    /// Where each case is, by its map and its own name.
    cases: BTreeMap<(String, String), (usize, usize)>,
}

/// Where a table, or what belongs to one, was said to be.
#[derive(Debug, Clone, Default)]
pub(super) struct Home {
    pub(super) database: Option<Named>,
    pub(super) space: Option<Named>,
}

/// The place of a column: of the item, and within a map of the case and the column.
#[derive(Debug, Clone, Copy)]
struct At {
    item: usize,
    within: Option<(usize, usize)>,
}

/// What stands in the parentheses of a table.
#[derive(Debug, Clone)]
pub(super) enum Item {
    /// What was dropped.
    Gone,
    Column(Column),
    Map(Map),
    /// LCHILD, with the names of what it leads to.
    LogicalChild(Vec<Named>, Sheet),
    /// XDFLD, with its external name.
    IndexedField(Named, Sheet),
}

/// MAP: DFSMAP, with its cases.
#[derive(Debug, Clone)]
pub(super) struct Map {
    pub(super) name: Named,
    /// What it depends on.
    pub(super) column: Named,
    pub(super) sheet: Sheet,
    pub(super) cases: Vec<Case>,
}

/// CASE: DFSCASE, with its columns.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) name: Named,
    pub(super) sheet: Sheet,
    pub(super) columns: Vec<Column>,
}

/// Why a part can't be added to a table as it is.
#[derive(Debug)]
pub(super) enum Unfit {
    /// A key names a column that the table does not have.
    NoColumn(Named),
    /// The table has a column of this name.
    Exists(Existing),
}

/// A column that a table, or one of its cases, has already.
#[derive(Debug)]
pub(super) struct Existing {
    case: Option<String>,
    name: Named,
}

impl Existing {
    /// Reports it, as a column of this table.
    pub(super) fn report(&self, table: &str, findings: &mut Findings) {
        let case = self.case.as_ref().map_or_else(String::new, |case| format!("{}.", shown(case)));
        let column = format!("{}.{case}{}", shown(table), shown(&self.name.name));
        findings.report(&DDL110, self.name.place, &[&"COLUMN", &column]);
    }
}

/// One thing read from the parentheses of a table.
pub(super) enum Part {
    Item(Item),
    /// PRIMARY KEY(column,...), and whether no two rows have the same.
    PrimaryKey(Vec<Named>, bool),
    /// FOREIGN KEY REFERENCES table.
    ForeignKey(Named, Option<(&'static str, Place)>),
}

/// What is said of a table behind its parentheses.
pub(super) const TABLE: &[Clause] = &[
    clause(&["INTERNALNAME"], "NAME", 0, Value::Name),
    clause(&["MAXBYTES"], "BYTES", 0, Value::Number),
    clause(&["MINBYTES"], "BYTES", 1, Value::NumberOrNone),
    clause(&["FREQ"], "FREQ", 0, Value::Any),
    says(&["TWIN"], "POINTER", 0, "TWIN"),
    says(&["TWINBWD"], "POINTER", 0, "TWINBWD"),
    says(&["NOTWIN"], "POINTER", 0, "NOTWIN"),
    says(&["HIER"], "POINTER", 0, "HIER"),
    says(&["HIERBWD"], "POINTER", 0, "HIERBWD"),
    says(&["LTWIN"], "POINTER", 1, "LTWIN"),
    says(&["LTWINBWD"], "POINTER", 1, "LTWINBWD"),
    says(&["LPARNTYES"], "POINTER", 2, "LPARNT"),
    says(&["LPARNTNO"], "POINTER", 2, ""),
    says(&["CTRYES"], "POINTER", 3, "CTR"),
    says(&["CTRNO"], "POINTER", 3, ""),
    says(&["PAIREDYES"], "POINTER", 4, "PAIRED"),
    says(&["PAIREDNO"], "POINTER", 4, ""),
    says(&["INSERT", "PHYSICAL"], "RULES", 0, "P"),
    says(&["INSERT", "LOGICAL"], "RULES", 0, "L"),
    says(&["INSERT", "VIRTUAL"], "RULES", 0, "V"),
    says(&["DELETE", "PHYSICAL"], "RULES", 1, "P"),
    says(&["DELETE", "LOGICAL"], "RULES", 1, "L"),
    says(&["DELETE", "VIRTUAL"], "RULES", 1, "V"),
    says(&["DELETE", "BIDIRECTIONAL"], "RULES", 1, "B"),
    says(&["REPLACE", "PHYSICAL"], "RULES", 2, "P"),
    says(&["REPLACE", "LOGICAL"], "RULES", 2, "L"),
    says(&["REPLACE", "VIRTUAL"], "RULES", 2, "V"),
    says(&["AMBIGUOUS", "INSERT", "FIRST"], "RULES", 3, "FIRST"),
    says(&["AMBIGUOUS", "INSERT", "LAST"], "RULES", 3, "LAST"),
    says(&["AMBIGUOUS", "INSERT", "HERE"], "RULES", 3, "HERE"),
    clause(&["DSGROUP"], "DSGROUP", 0, Value::Name),
    clause(&["EDITPROC"], "COMPRTN", 0, Value::Read(edit_procedure)),
    says(&["DIRECT", "DEPENDENT"], "TYPE", 0, "DIR"),
    says(&["SEQUENTIAL", "DEPENDENT"], "TYPE", 0, "SEQ"),
    clause(&["SSPTR"], "SSPTR", 0, Value::Number),
    clause(&["CCSID"], "ENCODING", 0, Value::Text),
    clause(&["SOURCE"], "SOURCE", 0, Value::Read(sources)),
    clause(&["LPARENT"], "PARENT", 2, Value::Read(logical_parent)),
    DATA_CAPTURE,
    USER_KEY,
];

const LOGICAL_CHILD: &[Clause] = &[
    says(&["INDEX"], "POINTER", 0, "INDX"),
    says(&["SINGLE"], "POINTER", 0, "SNGL"),
    says(&["DOUBLE"], "POINTER", 0, "DBLE"),
    says(&["NONE"], "POINTER", 0, "NONE"),
    says(&["SYMBOLIC"], "POINTER", 0, "SYMB"),
    clause(&["PAIR"], "PAIR", 0, Value::Name),
    clause(&["INDEXFIELD"], "INDEX", 0, Value::Name),
    clause(&["RKSIZE"], "RKSIZE", 0, Value::Number),
    says(&["AMBIGUOUS", "INSERT", "FIRST"], "RULES", 0, "FIRST"),
    says(&["AMBIGUOUS", "INSERT", "LAST"], "RULES", 0, "LAST"),
    says(&["AMBIGUOUS", "INSERT", "HERE"], "RULES", 0, "HERE"),
    says(&["MULTISEGYES"], "MULTISEG", 0, "YES"),
    says(&["MULTISEGNO"], "MULTISEG", 0, ""),
];

const INDEXED_FIELD: &[Clause] = &[
    clause(&["INTERNALNAME"], "NAME", 0, Value::Name),
    clause(&["SEGMENT"], "SEGMENT", 0, Value::Name),
    clause(&["SRCH"], "SRCH", 0, Value::Names),
    clause(&["SUBSEQ"], "SUBSEQ", 0, Value::Names),
    clause(&["DDATA"], "DDATA", 0, Value::Names),
    clause(&["CONST"], "CONST", 0, Value::Any),
    clause(&["NULLVAL"], "NULLVAL", 0, Value::Any),
    clause(&["EXTRTN"], "EXTRTN", 0, Value::Name),
    clause(&["PSELRTN"], "PSELRTN", 0, Value::Name),
    clause(&["PSELOPT"], "PSELOPT", 0, Value::Any),
];

impl Table {
    /// An empty one.
    pub(super) fn new(name: Named) -> Self {
        let sheet = Sheet::new(Operation::Segm, name.place);
        Self {
            name,
            sheet,
            home: Home::default(),
            items: Vec::new(),
            columns: BTreeMap::new(),
            apart: BTreeMap::new(),
            maps: BTreeMap::new(),
            cases: BTreeMap::new(),
        }
    }

    /// What IMS calls it: INTERNALNAME, or its name.
    pub(super) fn internal_name(&self) -> &str {
        self.sheet.text("NAME", 0).unwrap_or(&self.name.name)
    }

    /// Adds a part. What is unfit about it is given back; of two of the same name the first one is found.
    pub(super) fn add(&mut self, part: Part) -> Result<(), Unfit> {
        match part {
            Part::Item(item) => {
                self.items.push(item);
                self.index_item(self.items.len() - 1)
            }
            Part::ForeignKey(parent, pointer) => {
                self.sheet.set("PARENT", 0, parent.operand(), parent.place);
                if let Some((word, place)) = pointer {
                    self.sheet.set("PARENT", 1, word, place);
                }
                Ok(())
            }
            Part::PrimaryKey(names, unique) => names.into_iter().try_for_each(|name| {
                let column = self.column_mut(None, &name.name);
                column.map(|column| column.set_key(unique, name.place)).ok_or(Unfit::NoColumn(name))
            }),
        }
    }

    fn index_item(&mut self, item: usize) -> Result<(), Unfit> {
        match &self.items[item] {
            Item::Column(column) => {
                let (case, name) = (column.case_name().map(str::to_string), column.name.clone());
                if case.is_some() {
                    self.apart.entry(name.name.clone()).or_default().insert(item);
                }
                self.index_column(case, name, At { item, within: None })
            }
            Item::Map(map) => {
                let (name, mut found, mut cases) = (map.name.clone(), Vec::new(), Vec::new());
                for (case_at, case) in map.cases.iter().enumerate() {
                    cases.push((case.name.name.clone(), case_at));
                    for (at, column) in case.columns.iter().enumerate() {
                        let at = At { item, within: Some((case_at, at)) };
                        found.push((Some(case.name.name.clone()), column.name.clone(), at));
                    }
                }
                for (case, at) in cases {
                    self.cases.entry((name.name.clone(), case)).or_insert((item, at));
                }
                // DBDGEN tells of a map or a case that is there twice.
                if self.maps.contains_key(&name.name) {
                    return Ok(());
                }
                self.maps.insert(name.name, item);
                let twice = found.into_iter().map(|(case, name, at)| self.index_column(case, name, at));
                twice.fold(Ok(()), Result::and)
            }
            _ => Ok(()),
        }
    }

    fn index_column(&mut self, case: Option<String>, name: Named, at: At) -> Result<(), Unfit> {
        match self.columns.entry((case, name.name.clone())) {
            Entry::Vacant(vacant) => {
                vacant.insert(at);
                Ok(())
            }
            Entry::Occupied(known) => {
                let case = known.key().0.clone();
                Err(Unfit::Exists(Existing { case, name }))
            }
        }
    }

    /// The map of this name.
    pub(super) fn map_mut(&mut self, name: &str) -> Option<&mut Map> {
        match self.items.get_mut(*self.maps.get(name)?)? {
            Item::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The case of this name, of this map.
    pub(super) fn case_mut(&mut self, map: &str, name: &str) -> Option<&mut Case> {
        let (_, at) = *self.cases.get(&(map.to_string(), name.to_string()))?;
        self.map_mut(map)?.cases.get_mut(at)
    }

    /// Where the column of this name is, of a case or of the table. One that stands apart from its case is of either.
    fn place_of(&self, case: Option<&str>, name: &str) -> Option<At> {
        let key = (case.map(str::to_string), name.to_string());
        let apart = || self.apart.get(name).filter(|_| case.is_none())?.first();
        self.columns.get(&key).copied().or_else(|| Some(At { item: *apart()?, within: None }))
    }

    /// The column of this name, of a case or of the table.
    pub(super) fn column_mut(&mut self, case: Option<&str>, name: &str) -> Option<&mut Column> {
        let At { item, within } = self.place_of(case, name)?;
        match (self.items.get_mut(item)?, within) {
            (Item::Column(column), None) => Some(column),
            (Item::Map(map), Some((case, at))) => map.cases.get_mut(case)?.columns.get_mut(at),
            _ => None,
        }
    }

    /// Whether it has a column of this name, outside of cases.
    pub(super) fn has_column(&self, name: &str) -> bool {
        self.columns.contains_key(&(None, name.to_string()))
    }

    /// The names of its columns, without those of cases.
    pub(super) fn column_names(&self) -> impl Iterator<Item = &str> {
        self.items.iter().filter_map(|item| match item {
            Item::Column(column) => Some(column.name.name.as_str()),
            _ => None,
        })
    }

    /// Removes a column or a map by its name, or the relations for which `unwanted` holds; whether there were any. The
    /// places of all others stay.
    pub(super) fn remove(&mut self, kind: &str, name: &str, unwanted: impl Fn(&Item) -> bool) -> bool {
        match kind {
            "COLUMN" => self.remove_column(name),
            "MAP" => match self.maps.remove(name) {
                Some(at) => {
                    self.columns.retain(|_, other| other.item != at);
                    self.cases.retain(|_, (other, _)| *other != at);
                    self.items[at] = Item::Gone;
                    true
                }
                None => false,
            },
            _ => self.remove_relations(unwanted),
        }
    }

    /// Changes the column of this name by what is said of it anew, which may be that it is of another case.
    pub(super) fn alter_column(&mut self, changed: Column) -> Result<(), Unfit> {
        let Some(At { item, .. }) = self.place_of(None, &changed.name.name) else {
            return Err(Unfit::NoColumn(changed.name));
        };
        self.forget_column(item);
        if let Some(Item::Column(column)) = self.items.get_mut(item) {
            column.change(changed);
        }
        self.index_item(item)
    }

    fn remove_column(&mut self, name: &str) -> bool {
        let Some(At { item, .. }) = self.place_of(None, name) else { return false };
        self.forget_column(item);
        self.items[item] = Item::Gone;
        true
    }

    /// A column is not found any more.
    fn forget_column(&mut self, item: usize) {
        let Some(Item::Column(column)) = self.items.get(item) else { return };
        let key = (column.case_name().map(str::to_string), column.name.name.clone());
        if let Some(apart) = self.apart.get_mut(&key.1) {
            apart.remove(&item);
        }
        if self.columns.get(&key).is_some_and(|at| at.item == item) {
            self.columns.remove(&key);
        }
    }

    fn remove_relations(&mut self, unwanted: impl Fn(&Item) -> bool) -> bool {
        let (mut without_child, mut any) = (false, false);
        for item in &mut self.items {
            // An XDFLD goes with the LCHILD before it.
            let orphan = without_child && matches!(item, Item::IndexedField(..));
            let dropped = orphan || unwanted(item);
            without_child = dropped && matches!(item, Item::LogicalChild(..));
            if dropped {
                *item = Item::Gone;
            }
            any |= dropped;
        }
        any
    }
}

impl Part {
    /// What stands between two commas of a table.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        // Any of these words may also be the name of a column, which a type follows.
        let is_column = is_type(cursor.word_at(1)) && !cursor.is_sign_at(2, '.');
        if !is_column {
            if cursor.is(&["PRIMARY", "KEY"]) {
                return primary_key(cursor);
            }
            if cursor.is(&["FOREIGN", "KEY"]) {
                return foreign_key(cursor);
            }
            if cursor.take_words(&["MAP"]).is_some() {
                return Map::read(cursor).map(|map| Self::Item(Item::Map(map)));
            }
            if let Some(place) = cursor.take_words(&["LCHILD"]) {
                return logical_child(cursor, place).map(Self::Item);
            }
            if let Some(place) = cursor.take_words(&["XDFLD"]) {
                return indexed_field(cursor, place).map(Self::Item);
            }
        }
        Column::read(cursor).map(|column| Self::Item(Item::Column(column)))
    }
}

impl Map {
    /// `[segment.]column AS name (CASE ...)`
    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let mut field = cursor.qualified("THE NAME OF A COLUMN", 1, 2)?;
        let column = field.pop()?;
        cursor.expect_words(&["AS"])?;
        let name = cursor.name("THE NAME OF A MAP")?;
        let mut sheet = Sheet::new(Operation::Dfsmap, name.place);
        sheet.set("NAME", 0, name.operand(), name.place);
        sheet.set("DEPENDINGON", 0, column.operand(), column.place);
        if let Some(segment) = field.pop() {
            sheet.set("CTLSEGNM", 0, segment.operand(), segment.place);
        }
        let mut map = Self { name, column, sheet, cases: Vec::new() };
        cursor.expect_sign('(')?;
        while !cursor.take_sign(')') {
            map.cases.push(Case::read(cursor, &map.name)?);
            if !cursor.take_sign(',') {
                cursor.expect_sign(')')?;
                break;
            }
        }
        Some(map)
    }
}

impl Case {
    /// `CASE 'value' AS name (columns)`
    fn read(cursor: &mut Cursor<'_>, map: &Named) -> Option<Self> {
        let start = cursor.expect_words(&["CASE"])?;
        let mut sheet = Sheet::new(Operation::Dfscase, start);
        if let Some((letter, text, place)) = cursor.typed() {
            sheet.set("CASEID", 0, super::sheet::operand_text(&text), place);
            sheet.set("CASEIDTYPE", 0, letter.to_string(), place);
        } else {
            let (value, place) = cursor.value()?;
            sheet.set("CASEID", 0, value, place);
        }
        cursor.expect_words(&["AS"])?;
        let name = cursor.name("THE NAME OF A CASE")?;
        sheet.set("NAME", 0, name.operand(), name.place);
        sheet.set("MAPNAME", 0, map.operand(), name.place);
        let mut case = Self { name, sheet, columns: Vec::new() };
        cursor.expect_sign('(')?;
        while !cursor.take_sign(')') {
            match Column::read(cursor) {
                Some(column) => case.columns.push(column),
                None => cursor.skip_item(),
            }
            if !cursor.take_sign(',') {
                cursor.expect_sign(')')?;
                break;
            }
        }
        Some(case)
    }
}

/// PRIMARY KEY(column)
fn primary_key(cursor: &mut Cursor<'_>) -> Option<Part> {
    cursor.expect_words(&["PRIMARY", "KEY"])?;
    let names = cursor.names("THE NAME OF A COLUMN")?;
    let unique = cursor.take_words(&["NONUNIQUE"]).is_none();
    Some(Part::PrimaryKey(names, unique))
}

/// FOREIGN KEY [(columns)] REFERENCES table [SINGLE|DOUBLE]
fn foreign_key(cursor: &mut Cursor<'_>) -> Option<Part> {
    cursor.expect_words(&["FOREIGN", "KEY"])?;
    if cursor.is_sign_at(0, '(') {
        cursor.names("THE NAME OF A COLUMN")?;
    }
    cursor.expect_words(&["REFERENCES"])?;
    let parent = cursor.name("THE NAME OF A TABLE")?;
    if cursor.is_sign_at(0, '(') {
        cursor.names("THE NAME OF A COLUMN")?;
    }
    let single = cursor.take_words(&["SINGLE"]).map(|place| ("SNGL", place));
    let pointer = single.or_else(|| cursor.take_words(&["DOUBLE"]).map(|place| ("DBLE", place)));
    Some(Part::ForeignKey(parent, pointer))
}

/// LCHILD [database.]segment, and clauses
fn logical_child(cursor: &mut Cursor<'_>, place: Place) -> Option<Item> {
    let names = cursor.qualified("THE NAME OF A SEGMENT", 1, 2)?;
    let mut sheet = Sheet::new(Operation::Lchild, place);
    let mut parts = names.iter().rev();
    if let Some(segment) = parts.next() {
        sheet.set("NAME", 0, segment.operand(), segment.place);
    }
    if let Some(database) = parts.next() {
        sheet.set("NAME", 1, database.operand(), database.place);
    }
    clauses(cursor, LOGICAL_CHILD, &mut sheet, "LCHILD")?;
    Some(Item::LogicalChild(names, sheet))
}

/// XDFLD name, and clauses
fn indexed_field(cursor: &mut Cursor<'_>, place: Place) -> Option<Item> {
    let name = cursor.name("THE NAME OF AN INDEXED FIELD")?;
    let mut sheet = Sheet::new(Operation::Xdfld, place);
    clauses(cursor, INDEXED_FIELD, &mut sheet, "XDFLD")?;
    if sheet.text("NAME", 0).is_none() {
        sheet.set("NAME", 0, name.operand(), name.place);
    }
    sheet.set("EXTERNALNAME", 0, name.operand(), name.place);
    Some(Item::IndexedField(name, sheet))
}

/// Reads the clauses of a table up to a comma or a parenthesis.
fn clauses(cursor: &mut Cursor<'_>, table: &[Clause], sheet: &mut Sheet, what: &str) -> Option<()> {
    while !cursor.at_end_of_item() {
        if !clause::read(cursor, &[table], sheet)? {
            cursor.unknown(what, &clause::phrases(&[table]));
            return None;
        }
    }
    Some(())
}

/// `(routine WITH DATA|KEY INIT MAX|PAD n)`
fn edit_procedure(cursor: &mut Cursor<'_>, sheet: &mut Sheet, _: Place) -> Option<()> {
    cursor.expect_sign('(')?;
    let routine = cursor.name("THE NAME OF A ROUTINE")?;
    sheet.set("COMPRTN", 0, routine.operand(), routine.place);
    cursor.take_words(&["WITH"]);
    let mut slot = 1;
    while !cursor.take_sign(')') {
        let (text, place) = match cursor.is_number() {
            true => cursor.number()?,
            false => cursor
                .name("DATA, KEY, INIT, MAX, PAD, A NUMBER OR )")
                .map(|name| (name.operand(), name.place))?,
        };
        sheet.set("COMPRTN", slot.min(7), text, place);
        slot += 1;
    }
    Some(())
}

/// `(database.segment DATA|KEY, ...)`
fn sources(cursor: &mut Cursor<'_>, sheet: &mut Sheet, _: Place) -> Option<()> {
    cursor.expect_sign('(')?;
    let (mut sources, first) = (Vec::new(), cursor.place());
    loop {
        let names = cursor.qualified("THE NAME OF A SEGMENT", 1, 2)?;
        let of = |at: usize| names.iter().rev().nth(at).map(Named::operand).unwrap_or_default();
        let what = ["KEY", "DATA"].into_iter().find(|word| cursor.take_words(&[word]).is_some());
        sources.push(format!("({},{},{})", of(0), what.unwrap_or_default(), of(1)));
        if !cursor.take_sign(',') {
            break;
        }
    }
    cursor.expect_sign(')')?;
    sheet.set("SOURCE", 0, format!("({})", sources.join(",")), first);
    Some(())
}

/// `[database.]segment VIRTUAL|PHYSICAL`
fn logical_parent(cursor: &mut Cursor<'_>, sheet: &mut Sheet, _: Place) -> Option<()> {
    let mut names = cursor.qualified("THE NAME OF A SEGMENT", 1, 2)?;
    let segment = names.pop()?;
    sheet.set("PARENT", 2, segment.operand(), segment.place);
    for word in ["VIRTUAL", "PHYSICAL"] {
        if let Some(place) = cursor.take_words(&[word]) {
            sheet.set("PARENT", 3, word, place);
        }
    }
    if let Some(database) = names.pop() {
        sheet.set("PARENT", 4, database.operand(), database.place);
    }
    Some(())
}
