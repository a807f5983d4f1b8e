//! Where the parts of a definition stand in its source.
//!
//! Definitions themselves carry no positions, so that a definition is the same however its source is laid out. The
//! checks of ACBGEN name the part they speak of; where the source is at hand, this table turns that into a place.

use crate::cards::{Place, Source};
use crate::finding::{Finding, Origin};
use std::{collections::BTreeMap, sync::Arc};
use vocabulary::{ResourceName, SegmentName};

/// A part of a definition that a statement of its own made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// The DBD statement, or the PSBGEN statement.
    Whole,
    /// A DATASET or AREA statement, counted from 0.
    DataSet(usize),
    /// A SEGM statement.
    Segment(SegmentName),
    /// An LCHILD statement: its segment, and its number there, counted from 0.
    LogicalChild(SegmentName, usize),
    /// The XDFLD statement after that LCHILD.
    IndexedField(SegmentName, usize),
    /// A PCB statement, counted from 0.
    Pcb(usize),
    /// A SENSEG statement: its PCB, and its number there, counted from 0.
    SensitiveSegment(usize, usize),
    /// A SENFLD statement: its PCB, its SENSEG, and its number there, counted from 0.
    SensitiveField(usize, usize, usize),
}

/// A part of a definition, and the operand of it that matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) definition: ResourceName,
    pub(crate) part: Part,
    pub(crate) keyword: &'static str,
}

/// Where one statement and the values of its operands stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StatementPlaces {
    pub(crate) statement: Place,
    pub(crate) operands: Vec<(&'static str, Place)>,
}

impl StatementPlaces {
    /// The place of an operand's value; the operation's where it is not given.
    pub(crate) fn of(&self, keyword: &str) -> Place {
        self.operands.iter().find(|(given, _)| *given == keyword).map_or(self.statement, |&(_, place)| place)
    }
}

/// The parts of one definition.
pub(crate) type Places = BTreeMap<Part, StatementPlaces>;

/// The parts of every definition of one source.
#[derive(Debug, Clone)]
pub(crate) struct Origins {
    source: Arc<Source>,
    definitions: BTreeMap<ResourceName, Places>,
}

impl Origins {
    pub(crate) fn new(source: Arc<Source>) -> Self {
        Self { source, definitions: BTreeMap::new() }
    }

    pub(crate) fn insert(&mut self, name: ResourceName, places: Places) {
        self.definitions.insert(name, places);
    }

    /// Gives the finding its place, if this source has what it speaks of.
    pub(crate) fn locate(&self, finding: &mut Finding) {
        let Some(subject) = &finding.subject else { return };
        let Some(places) = self.definitions.get(&subject.definition) else { return };
        if let Some(statement) = places.get(&subject.part).or_else(|| places.get(&Part::Whole)) {
            finding.origin = Some(Origin::new(&self.source, statement.of(subject.keyword)));
        }
    }
}
