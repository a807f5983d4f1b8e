//! A database as DDL has described it so far, and what DDL may do to it.

use super::cursor::Named;
use super::sheet::{Sheet, operand_text};
use super::statement::TableChange;
use super::table::{Existing, Home, Item, Table, Unfit};
use crate::cards::Place;
use crate::model::dbd::Access;
use crate::nearest::CANDIDATES_MAX;

/// A database in the making.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) name: Named,
    /// The DBD statement.
    pub(super) sheet: Sheet,
    pub(super) spaces: Vec<Space>,
    /// In the order in which they were created.
    pub(super) tables: Vec<Table>,
}

/// A data set or an area.
#[derive(Debug, Clone)]
pub(super) struct Space {
    pub(super) name: Named,
    pub(super) sheet: Sheet,
}

/// What a statement speaks of and is not there: its kind, what it would belong to, its name, and names that are.
pub(super) struct Missing {
    pub(super) kind: String,
    pub(super) of: Option<String>,
    pub(super) name: Named,
    pub(super) others: Vec<String>,
}

impl Draft {
    /// A database without tables, PHIDAM and OSAM where nothing is said of it.
    pub(super) fn new(name: Named, mut sheet: Sheet) -> Self {
        sheet.set("NAME", 0, name.operand(), name.place);
        if sheet.text("ACCESS", 0).is_none() {
            sheet.set("ACCESS", 0, "PHIDAM", name.place);
            sheet.set("ACCESS", 1, "OSAM", name.place);
        }
        Self { name, sheet, spaces: Vec::new(), tables: Vec::new() }
    }

    /// ACCESS.
    pub(super) fn access(&self) -> Option<Access> {
        let name = self.sheet.text("ACCESS", 0)?;
        Access::SPELLINGS.iter().find(|(other, _)| *other == name).map(|&(_, access)| access)
    }

    /// Moves everything to one place, which stands for what no source at hand says.
    pub(super) fn relocate(&mut self, place: Place) {
        self.name.place = place;
        self.sheet.relocate(place);
        for space in &mut self.spaces {
            space.name.place = place;
            space.sheet.relocate(place);
        }
        self.tables.iter_mut().for_each(|table| table.relocate(place));
    }

    /// The table of this name.
    pub(super) fn table_mut(&mut self, name: &Named) -> Result<&mut Table, Missing> {
        match self.tables.iter().position(|table| table.name.name == name.name) {
            Some(at) => Ok(&mut self.tables[at]),
            None => {
                let others = self.tables.iter().map(|table| table.name.name.clone()).collect();
                Err(self.missing("TABLE", name, others))
            }
        }
    }

    /// The data set or area of this name.
    pub(super) fn space_mut(&mut self, name: &Named) -> Result<&mut Space, Missing> {
        match self.spaces.iter().position(|space| space.name.name == name.name) {
            Some(at) => Ok(&mut self.spaces[at]),
            None => {
                let others = self.spaces.iter().map(|space| space.name.name.clone()).collect();
                Err(self.missing("TABLESPACE", name, others))
            }
        }
    }

    fn missing(&self, kind: &str, name: &Named, others: Vec<String>) -> Missing {
        Missing { kind: kind.to_string(), of: Some(self.name.name.clone()), name: name.clone(), others }
    }

    /// Puts a comment on the database or on what belongs to it.
    pub(super) fn comment(
        &mut self,
        kind: &str,
        names: &[Named],
        text: &str,
        place: Place,
    ) -> Result<(), Missing> {
        let sheet = match (kind, names) {
            ("DATABASE", _) => &mut self.sheet,
            ("TABLESPACE", [name]) => &mut self.space_mut(name)?.sheet,
            (_, [table, rest @ ..]) => {
                let table = self.table_mut(table)?;
                let called = table.name.name.clone();
                match table.sheet_of(kind, rest) {
                    Some(sheet) => sheet,
                    None => {
                        let name = rest.last().cloned().unwrap_or_else(|| names[0].clone());
                        let others = self
                            .table_mut(&names[0])?
                            .column_names()
                            .take(CANDIDATES_MAX)
                            .map(str::to_string)
                            .collect();
                        return Err(Missing { kind: kind.to_string(), of: Some(called), name, others });
                    }
                }
            }
            _ => return Ok(()),
        };
        sheet.set("REMARKS", 0, operand_text(text), place);
        Ok(())
    }
}

impl Table {
    fn relocate(&mut self, place: Place) {
        self.name.place = place;
        self.sheet.relocate(place);
        for home in [&mut self.home.database, &mut self.home.space].into_iter().flatten() {
            home.place = place;
        }
        for item in &mut self.items {
            match item {
                Item::Gone => {}
                Item::Column(column) => column.relocate(place),
                Item::Map(map) => {
                    (map.name.place, map.column.place) = (place, place);
                    map.sheet.relocate(place);
                    for case in &mut map.cases {
                        case.name.place = place;
                        case.sheet.relocate(place);
                        case.columns.iter_mut().for_each(|column| column.relocate(place));
                    }
                }
                Item::LogicalChild(names, sheet) => {
                    names.iter_mut().for_each(|name| name.place = place);
                    sheet.relocate(place);
                }
                Item::IndexedField(name, sheet) => {
                    name.place = place;
                    sheet.relocate(place);
                }
            }
        }
    }

    /// The statement that a comment on part of a table belongs to.
    fn sheet_of(&mut self, kind: &str, names: &[Named]) -> Option<&mut Sheet> {
        match (kind, names) {
            ("TABLE", []) => Some(&mut self.sheet),
            ("COLUMN", [column]) => self.column_mut(None, &column.name).map(|column| &mut column.sheet),
            ("COLUMN", [_, case, column]) => {
                self.column_mut(Some(&case.name), &column.name).map(|column| &mut column.sheet)
            }
            ("XDFLD", [.., field]) => self.items.iter_mut().find_map(|item| match item {
                Item::IndexedField(name, sheet) if name.name == field.name => Some(sheet),
                _ => None,
            }),
            ("LCHILD", [.., child]) => self.items.iter_mut().find_map(|item| match item {
                Item::LogicalChild(names, sheet)
                    if names.last().is_some_and(|name| name.name == child.name) =>
                {
                    Some(sheet)
                }
                _ => None,
            }),
            ("MAP", [map]) => self.map_mut(&map.name).map(|map| &mut map.sheet),
            ("CASE", [map, case]) => self.case_mut(&map.name, &case.name).map(|case| &mut case.sheet),
            _ => None,
        }
    }

    /// Carries out ALTER TABLE, as far as it can be; adds to `existing` what it was to add and is there.
    pub(super) fn alter(
        &mut self,
        home: &Home,
        sheet: Sheet,
        changes: Vec<TableChange>,
        existing: &mut Vec<Existing>,
    ) -> Vec<Missing> {
        self.sheet.merge(sheet);
        if home.space.is_some() {
            self.home.space = home.space.clone();
        }
        changes.into_iter().filter_map(|change| self.change(change, existing).err()).collect()
    }

    fn change(&mut self, change: TableChange, existing: &mut Vec<Existing>) -> Result<(), Missing> {
        match change {
            TableChange::Add(part) => {
                let added = self.add(part);
                self.fits(added, existing)
            }
            TableChange::AlterColumn(changed) => {
                let altered = self.alter_column(changed);
                self.fits(altered, existing)
            }
            TableChange::Drop { kind: "FOREIGN", .. } => {
                for slot in 0..2 {
                    self.sheet.set("PARENT", slot, "", self.sheet.place);
                }
                Ok(())
            }
            TableChange::Drop { kind: "PRIMARY", .. } => {
                self.drop_key();
                Ok(())
            }
            TableChange::Drop { kind, names } => {
                let Some(name) = names.last().cloned() else { return Ok(()) };
                let removed = self.remove(kind, &name.name, |item| match (kind, item) {
                    ("LCHILD", Item::LogicalChild(own, _)) => {
                        own.iter().rev().zip(names.iter().rev()).all(|(own, given)| own.name == given.name)
                    }
                    ("XDFLD", Item::IndexedField(field, _)) => field.name == name.name,
                    _ => false,
                });
                if removed { Ok(()) } else { Err(self.missing(kind, name)) }
            }
        }
    }

    fn fits(&self, outcome: Result<(), Unfit>, existing: &mut Vec<Existing>) -> Result<(), Missing> {
        match outcome {
            Ok(()) => Ok(()),
            Err(Unfit::NoColumn(name)) => Err(self.missing("COLUMN", name)),
            Err(Unfit::Exists(found)) => {
                existing.push(found);
                Ok(())
            }
        }
    }

    /// The key becomes a column like others, and keeps the name that it had as the key.
    fn drop_key(&mut self) {
        for item in &mut self.items {
            if let Item::Column(column) = item
                && column.is_key()
            {
                let name = column.internal_name().unwrap_or_default().to_string();
                let place = column.sheet.place;
                column.sheet.remove("NAME");
                column.sheet.set("NAME", 0, name, place);
            }
        }
    }

    fn missing(&self, kind: &str, name: Named) -> Missing {
        let others = self.column_names().take(CANDIDATES_MAX).map(str::to_string).collect();
        Missing { kind: kind.to_string(), of: Some(self.name.name.clone()), name, others }
    }
}
