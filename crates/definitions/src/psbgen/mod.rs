//! PSBGEN: the statements of a program specification block, from the first PCB to PSBGEN.

mod generation;
mod pcb;
mod sensitivity;

use crate::arguments::Arguments;
use crate::cards::{Operation, Place};
use crate::finding::Findings;
use crate::model::psb::{DbPcb, Pcb, PcbKind, Psb};
use crate::operands::Parsed;
use crate::origin::Places;
use std::collections::BTreeSet;
use vocabulary::{FieldName, PcbName, SegmentName};

/// A program specification block under construction.
pub(crate) struct PsbDeck {
    pcbs: Vec<Pcb>,
    /// What the PSBGEN statement says, once it was read.
    psb: Option<Psb>,
    opened: Place,
    places: Places,
    /// The names of the PCBs so far.
    names: BTreeSet<PcbName>,
    /// The segments of the PCB whose statements are being read.
    segments: BTreeSet<SegmentName>,
    /// The fields of the SENSEG whose statements are being read.
    fields: BTreeSet<FieldName>,
    /// How many PCBs there are, copies counted.
    pcb_count: usize,
    /// How many SENSEGs there are.
    segment_count: usize,
}

impl PsbDeck {
    /// Nothing yet; `opened` is the place of the first statement.
    pub(crate) fn new(opened: Place) -> Self {
        Self {
            pcbs: Vec::new(),
            psb: None,
            opened,
            places: Places::new(),
            names: BTreeSet::new(),
            segments: BTreeSet::new(),
            fields: BTreeSet::new(),
            pcb_count: 0,
            segment_count: 0,
        }
    }

    /// Where the first statement stands.
    pub(crate) fn opened(&self) -> Place {
        self.opened
    }

    /// Takes one more statement.
    pub(crate) fn take(&mut self, parsed: &Parsed<'_>, findings: &mut Findings) {
        match parsed.statement.operation {
            Operation::Pcb => self.pcb(&mut Arguments::new(parsed, pcb::KEYWORDS, findings)),
            Operation::Senseg => {
                self.sensitive_segment(&mut Arguments::new(parsed, sensitivity::SEGMENT_KEYWORDS, findings));
            }
            Operation::Senfld => {
                self.sensitive_field(&mut Arguments::new(parsed, sensitivity::FIELD_KEYWORDS, findings));
            }
            Operation::Psbgen => self.generation(&mut Arguments::new(parsed, generation::KEYWORDS, findings)),
            _ => {}
        }
    }

    /// The whole, if PSBGEN gave it a name.
    pub(crate) fn finish(self) -> Option<(Psb, Places)> {
        let mut psb = self.psb?;
        psb.pcbs = self.pcbs;
        Some((psb, self.places))
    }

    /// The database PCB whose SENSEGs are being read.
    fn current(&mut self) -> Option<&mut DbPcb> {
        match self.pcbs.last_mut().map(|pcb| &mut pcb.kind) {
            Some(PcbKind::Db(pcb)) => Some(pcb),
            _ => None,
        }
    }
}
