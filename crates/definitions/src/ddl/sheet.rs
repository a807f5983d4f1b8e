//! What one DBDGEN or PSBGEN statement is going to say, gathered clause by clause.
//!
//! DDL says with several clauses what a macro says with one operand: MAXBYTES and MINBYTES are the two values of
//! BYTES=. So a sheet keeps values by keyword and by their place within the operand, each with the place in the source
//! that it came from.

use crate::cards::{Operation, Place, Statement};

/// A statement in the making.
#[derive(Debug, Clone)]
pub(super) struct Sheet {
    pub(super) operation: Operation,
    pub(super) place: Place,
    entries: Vec<Entry>,
}

/// One value of an operand.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) keyword: &'static str,
    pub(super) slot: usize,
    /// As an operand writes it. Empty says that the value is left out.
    pub(super) text: String,
    pub(super) place: Place,
}

impl Sheet {
    /// Nothing said yet.
    pub(super) fn new(operation: Operation, place: Place) -> Self {
        Self { operation, place, entries: Vec::new() }
    }

    /// Says a value, in place of what was said before.
    pub(super) fn set(&mut self, keyword: &'static str, slot: usize, text: impl Into<String>, place: Place) {
        let text = text.into();
        match self.entries.iter_mut().find(|entry| entry.keyword == keyword && entry.slot == slot) {
            Some(entry) => (entry.text, entry.place) = (text, place),
            None => self.entries.push(Entry { keyword, slot, text, place }),
        }
    }

    /// What is said of a value, even that it is left out.
    pub(super) fn entry(&self, keyword: &str, slot: usize) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.keyword == keyword && entry.slot == slot)
    }

    /// The value, if there is one.
    pub(super) fn text(&self, keyword: &str, slot: usize) -> Option<&str> {
        self.entry(keyword, slot).map(|entry| entry.text.as_str()).filter(|text| !text.is_empty())
    }

    /// The value, if it is a number.
    pub(super) fn number(&self, keyword: &str, slot: usize) -> Option<u32> {
        self.text(keyword, slot)?.parse().ok()
    }

    /// Takes an operand back.
    pub(super) fn remove(&mut self, keyword: &str) {
        self.entries.retain(|entry| entry.keyword != keyword);
    }

    /// Takes over all that another sheet says.
    pub(super) fn merge(&mut self, other: Self) {
        for Entry { keyword, slot, text, place } in other.entries {
            // A list that is said anew has no values left from before.
            if slot == 0 && LISTS.contains(&keyword) {
                self.remove(keyword);
            }
            self.set(keyword, slot, text, place);
        }
    }

    /// Moves everything to one place.
    pub(super) fn relocate(&mut self, place: Place) {
        self.place = place;
        self.entries.iter_mut().for_each(|entry| entry.place = place);
    }

    /// The statement.
    pub(super) fn statement(&self) -> Statement {
        self.statement_of(self.operation, |_| true)
    }

    /// A statement of the operands that `wanted` lets through.
    pub(super) fn statement_of(&self, operation: Operation, wanted: impl Fn(&str) -> bool) -> Statement {
        let mut statement = Statement::new(None, operation, self.place);
        statement.of_ddl = true;
        let mut said: Vec<&str> = Vec::new();
        // A statement begins with its name, as one is used to read it.
        let (names, others): (Vec<&Entry>, Vec<&Entry>) = self
            .entries
            .iter()
            .filter(|entry| wanted(entry.keyword))
            .partition(|entry| entry.keyword == "NAME");
        for entry in names.into_iter().chain(others) {
            if !said.contains(&entry.keyword) {
                said.push(entry.keyword);
                self.operand(&mut statement, entry.keyword);
            }
        }
        statement
    }

    /// Whether any operand is one that `wanted` lets through.
    pub(super) fn says_any(&self, wanted: impl Fn(&str) -> bool) -> bool {
        self.entries.iter().any(|entry| wanted(entry.keyword) && !entry.text.is_empty())
    }

    fn operand(&self, statement: &mut Statement, keyword: &str) {
        let mut values: Vec<&Entry> =
            self.entries.iter().filter(|entry| entry.keyword == keyword && !entry.text.is_empty()).collect();
        values.sort_by_key(|entry| entry.slot);
        let Some(first) = values.first() else { return };
        let comma = if statement.operands().is_empty() { "" } else { "," };
        statement.push_standing_for(&format!("{comma}{keyword}="), first.place);
        match (keyword, self.operation) {
            ("RULES", Operation::Segm) => rules(statement, &values),
            ("PARENT", Operation::Segm) => parents(statement, &values),
            _ if values.iter().all(|entry| entry.slot == 0) => {
                statement.push_standing_for(&first.text, first.place);
            }
            _ => list(statement, &values, 0),
        }
    }
}

/// Operands whose values are one list, to be replaced as a whole.
const LISTS: &[&str] =
    &["SOURCE", "INDICES", "SSPTR", "EXIT", "SRCH", "SUBSEQ", "DDATA", "COMPRTN", "RMNAME"];

/// `(a,,c)`, from the slot that counts as the first.
fn list(statement: &mut Statement, values: &[&Entry], first_slot: usize) {
    let mut next = first_slot;
    let mut open = "(";
    for entry in values {
        statement.push_standing_for(open, entry.place);
        while next < entry.slot {
            statement.push_standing_for(",", entry.place);
            next += 1;
        }
        statement.push_standing_for(&entry.text, entry.place);
        (next, open) = (entry.slot, "");
    }
    statement.push_standing_for(")", values.last().map_or(statement.place, |entry| entry.place));
}

/// `(LLL,LAST)` of four values: the rules for insert, delete and replace, and where a twin goes.
fn rules(statement: &mut Statement, values: &[&Entry]) {
    let letters: Vec<&&Entry> = values.iter().filter(|entry| entry.slot < 3).collect();
    let letter =
        |slot: usize| letters.iter().find(|entry| entry.slot == slot).map_or("L", |entry| &entry.text);
    let first = values.first().map_or(statement.place, |entry| entry.place);
    statement.push_standing_for("(", first);
    if let Some(entry) = letters.first() {
        statement.push_standing_for(&format!("{}{}{}", letter(0), letter(1), letter(2)), entry.place);
    }
    if let Some(entry) = values.iter().find(|entry| entry.slot == 3) {
        statement.push_standing_for(&format!(",{}", entry.text), entry.place);
    }
    statement.push_standing_for(")", first);
}

/// `((parent,SNGL),(segment,VIRTUAL,dbd))`: two values of the physical parent, three of the logical one.
fn parents(statement: &mut Statement, values: &[&Entry]) {
    let (physical, logical): (Vec<&Entry>, Vec<&Entry>) = values.iter().partition(|entry| entry.slot < 2);
    let first = values.first().map_or(statement.place, |entry| entry.place);
    if let ([only], []) = (physical.as_slice(), logical.as_slice()) {
        return statement.push_standing_for(&only.text, only.place);
    }
    statement.push_standing_for("(", first);
    if !physical.is_empty() {
        list(statement, &physical, 0);
    }
    if !logical.is_empty() {
        statement.push_standing_for(",", first);
        list(statement, &logical, 2);
    }
    statement.push_standing_for(")", first);
}

/// A word as an operand writes it: plain where it can be, else in quotes.
pub(super) fn operand_word(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"@#$_/.:-+*".contains(&byte);
    match !word.is_empty() && word.bytes().all(plain) {
        true => word.to_string(),
        false => operand_text(word),
    }
}

/// A text in quotes.
pub(super) fn operand_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''").replace('&', "&&"))
}
