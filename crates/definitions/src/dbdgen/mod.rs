//! DBDGEN: the statements of a database description, from DBD to DBDGEN.

mod area;
mod capture;
mod checks;
mod data_set;
mod field;
mod header;
mod mapping;
mod parent;
mod relation;
mod segment;
mod segment_options;

use crate::arguments::Arguments;
use crate::cards::{Operation, Place};
use crate::finding::Findings;
use crate::model::dbd::{Access, Dbd};
use crate::names::{UNNAMED, or_unnamed};
use crate::operands::Parsed;
use crate::origin::{Part, Places, StatementPlaces};
use std::collections::BTreeSet;
use vocabulary::message::*;
use vocabulary::{FieldName, SegmentName};

/// A database description under construction.
pub(crate) struct DbdDeck {
    dbd: Dbd,
    /// ACCESS= as far as it could be read; checks that depend on it wait until it is.
    access: Option<Access>,
    /// Where the first statement stands.
    opened: Place,
    places: Places,
    scope: Scope,
    /// How many fields with a NAME= there are.
    named_fields: usize,
    /// Where the DFSMAP statements stand, to be judged when every field is known.
    map_places: Vec<(SegmentName, usize, StatementPlaces)>,
    /// The data set group that the next segments belong to.
    data_set_group: usize,
    /// The label of each DATASET, which a later one repeats to go on with its group.
    labels: Vec<Option<String>>,
}

/// What is known about the segment whose statements are being read.
#[derive(Debug, Default)]
struct Scope {
    /// Its named fields and index fields.
    names: BTreeSet<FieldName>,
    /// The external names so far.
    external_names: BTreeSet<String>,
    /// The cases so far.
    cases: BTreeSet<String>,
    /// The statement before was a FIELD, so that a DFSMARSH can follow.
    after_field: bool,
}

impl DbdDeck {
    /// Begins with the DBD statement.
    pub(crate) fn open(parsed: &Parsed<'_>, findings: &mut Findings) -> Option<Self> {
        let mut deck = Self::new(parsed.statement.place)?;
        deck.header(&mut Arguments::new(parsed, header::KEYWORDS, findings));
        Some(deck)
    }

    /// Begins without a DBD statement, which is an error, and lets the other statements be checked.
    pub(crate) fn open_without_header(parsed: &Parsed<'_>, findings: &mut Findings) -> Option<Self> {
        let place = parsed.statement.place;
        findings
            .report(&DBD101, place, &[&parsed.statement.operation.name()])
            .hint("begin with DBD NAME=name,ACCESS=access");
        Self::new(place)
    }

    fn new(opened: Place) -> Option<Self> {
        Some(Self {
            dbd: header::blank_dbd(or_unnamed(None)?),
            access: None,
            opened,
            places: Places::new(),
            scope: Scope::default(),
            named_fields: 0,
            map_places: Vec::new(),
            data_set_group: 0,
            labels: Vec::new(),
        })
    }

    /// Where the first statement stands.
    pub(crate) fn opened(&self) -> Place {
        self.opened
    }

    /// NAME= of the DBD statement, or what stands for it.
    pub(crate) fn name(&self) -> &str {
        self.dbd.name.as_str()
    }

    /// Takes one more statement.
    pub(crate) fn take(&mut self, parsed: &Parsed<'_>, findings: &mut Findings) {
        let operation = parsed.statement.operation;
        let keywords = match operation {
            Operation::Dataset => data_set::KEYWORDS,
            Operation::Area => area::KEYWORDS,
            Operation::Segm => segment::KEYWORDS,
            Operation::Field => field::KEYWORDS,
            Operation::Lchild => relation::LCHILD_KEYWORDS,
            Operation::Xdfld => relation::XDFLD_KEYWORDS,
            Operation::Dfsmarsh => mapping::MARSHALLER_KEYWORDS,
            Operation::Dfsmap => mapping::MAP_KEYWORDS,
            Operation::Dfscase => mapping::CASE_KEYWORDS,
            _ => return,
        };
        if operation == Operation::Dataset && self.is_logical_data_set(parsed) {
            return;
        }
        let mut arguments = Arguments::new(parsed, keywords, findings);
        self.dispatch(operation, &mut arguments);
        self.scope.after_field = operation == Operation::Field;
    }

    fn dispatch(&mut self, operation: Operation, arguments: &mut Arguments<'_, '_>) {
        if belongs_to_segment(operation) && self.dbd.segments.is_empty() {
            arguments.report(&DBD102, "", &[&operation.name(), &"A SEGM STATEMENT"]);
            return;
        }
        match operation {
            Operation::Dataset => self.data_set(arguments),
            Operation::Area => self.area(arguments),
            Operation::Segm => self.segment(arguments),
            Operation::Field => self.field(arguments),
            Operation::Lchild => self.logical_child(arguments),
            Operation::Xdfld => self.indexed_field(arguments),
            Operation::Dfsmarsh => self.marshaller(arguments),
            Operation::Dfsmap => self.map(arguments),
            Operation::Dfscase => self.case(arguments),
            _ => {}
        }
    }

    /// The DBDGEN statement: checks the whole. The result counts only when no error was found.
    pub(crate) fn finish(mut self, findings: &mut Findings) -> (Dbd, Places) {
        self.check(findings);
        (self.dbd, self.places)
    }

    /// A place of a part that was read before.
    fn place(&self, part: &Part, keyword: &str) -> Place {
        self.places.get(part).map_or(self.opened, |places| places.of(keyword))
    }
}

fn belongs_to_segment(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::Field
            | Operation::Lchild
            | Operation::Xdfld
            | Operation::Dfsmarsh
            | Operation::Dfsmap
            | Operation::Dfscase
    )
}
