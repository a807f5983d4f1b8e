//! What `ims acbgen` prints: all sources compiled, all ACBs built against each other, and what came of it.

use crate::acb::{Dmb, Library, PsbBlock, build_dmb_with_findings, build_psb_with_findings, check_library};
use crate::compiler::{Compilation, compile};
use crate::finding::Finding;
use crate::model::Definition;
use crate::model::dbd::{Access, Dbd};
use crate::model::psb::Psb;
use crate::origin::{Part, Subject};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use vocabulary::message::*;
use vocabulary::{DbdName, PsbName, ResourceName, Severity};

/// The return code when nothing was given to generate from.
const NOTHING_TO_DO: u8 = 12;

/// A source and the name it goes by.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// What findings call it.
    pub name: &'a str,
    /// Its content, in any of the character sets that sources come in.
    pub bytes: &'a [u8],
}

/// What came of a generation.
#[derive(Debug, Clone)]
pub struct Report {
    /// Everything found: source by source, then what the ACBs told.
    pub findings: Vec<Finding>,
    /// The counts.
    pub summary: Summary,
    /// The DBDs without an error of their own.
    pub dbds: BTreeMap<DbdName, Arc<Dbd>>,
    /// The PSBs without an error of their own.
    pub psbs: BTreeMap<PsbName, Arc<Psb>>,
    /// The databases that could be built.
    pub dmbs: BTreeMap<DbdName, Dmb>,
    /// The PSBs that could be built.
    pub psb_blocks: BTreeMap<PsbName, PsbBlock>,
}

/// How many of what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Sources given.
    pub sources: usize,
    /// Lines read.
    pub lines: usize,
    /// Statements read.
    pub statements: usize,
    /// DBDs compiled without error.
    pub dbds: usize,
    /// PSBs compiled without error.
    pub psbs: usize,
    /// ACBs built: a DMB for each database but GSAM, a block for each PSB.
    pub acbs: usize,
    /// Segments of the DBDs.
    pub segments: usize,
    /// Fields of the DBDs.
    pub fields: usize,
    /// Definitions that were not compiled, and ACBs that were not built.
    pub rejected: usize,
}

/// Compiles every input and builds every ACB. Findings about one definition never keep another out.
pub fn generate(inputs: &[Input<'_>]) -> Report {
    let mut generation = Generation::default();
    for input in inputs {
        generation.compile(input);
    }
    generation.build();
    generation.into_report(inputs.len())
}

#[derive(Default)]
struct Generation {
    findings: Vec<Finding>,
    compilations: Vec<Compilation>,
    dbds: BTreeMap<DbdName, Arc<Dbd>>,
    psbs: BTreeMap<PsbName, Arc<Psb>>,
    dmbs: BTreeMap<DbdName, Dmb>,
    psb_blocks: BTreeMap<PsbName, PsbBlock>,
    /// The definitions that ACBs could not be built of.
    rejected: usize,
}

/// The DBDs given, each under all of its names.
struct Given<'a> {
    dbds: &'a BTreeMap<DbdName, Arc<Dbd>>,
    shared: BTreeMap<DbdName, Arc<Dbd>>,
}

impl Library for Given<'_> {
    fn dbd(&self, name: &DbdName) -> Option<Arc<Dbd>> {
        self.dbds.get(name).or_else(|| self.shared.get(name)).cloned()
    }
}

impl Generation {
    fn compile(&mut self, input: &Input<'_>) {
        let mut compilation = compile(input.name, input.bytes);
        self.findings.append(&mut compilation.findings);
        let definitions = std::mem::take(&mut compilation.definitions);
        self.compilations.push(compilation);
        for definition in definitions {
            let name = definition.name();
            let repeated = match definition {
                Definition::Dbd(dbd) => self.dbds.insert(dbd.name, Arc::new(dbd)).is_some(),
                Definition::Psb(psb) => self.psbs.insert(psb.name, Arc::new(psb)).is_some(),
            };
            if repeated {
                self.report_repeated(name);
            }
        }
    }

    /// As in a library, the later member replaces the earlier one.
    fn report_repeated(&mut self, name: ResourceName) {
        let keyword = match name {
            ResourceName::Dbd(_) => "NAME",
            ResourceName::Psb(_) => "PSBNAME",
        };
        let subject = Subject { definition: name, part: Part::Whole, keyword };
        self.locate_and_add(vec![Finding::about(subject, &ACBG950, &[&name])]);
    }

    fn build(&mut self) {
        let dbds = self.dbds.clone();
        let shared =
            dbds.values().flat_map(|dbd| dbd.shared_names.iter().map(|name| (*name, Arc::clone(dbd))));
        let library = Given { dbds: &dbds, shared: shared.collect() };
        for (name, dbd) in dbds.iter().filter(|(_, dbd)| dbd.access != Access::Gsam) {
            let (dmb, findings) = build_dmb_with_findings(dbd, &library);
            self.rejected += usize::from(dmb.is_none());
            self.dmbs.extend(dmb.map(|dmb| (*name, dmb)));
            self.locate_and_add(findings);
        }
        let psbs = self.psbs.clone();
        for (name, psb) in &psbs {
            let (block, findings) = build_psb_with_findings(psb, &library);
            self.rejected += usize::from(block.is_none());
            self.psb_blocks.extend(block.map(|block| (*name, block)));
            self.locate_and_add(findings);
        }
        self.locate_and_add(check_library(dbds.values().map(Arc::as_ref)));
    }

    /// The place of a definition is in the last source that has it.
    fn locate_and_add(&mut self, mut findings: Vec<Finding>) {
        for compilation in self.compilations.iter().rev() {
            compilation.locate(&mut findings);
        }
        for finding in findings.iter_mut().filter(|finding| finding.number() == DFS0586I.number) {
            self.explain_missing(finding);
        }
        self.findings.append(&mut findings);
    }

    /// A definition that was given with errors is missing for another reason than one that was not given.
    fn explain_missing(&self, finding: &mut Finding) {
        let text = finding.message.text();
        let mut rejected = self.compilations.iter().flat_map(|compilation| &compilation.rejected);
        if let Some(name) = rejected.find(|name| text.starts_with(&format!("{name} "))) {
            finding.hint(format!("{name} was given, and has errors"));
        }
    }

    fn into_report(self, sources: usize) -> Report {
        let compiled = |count: fn(&Compilation) -> usize| self.compilations.iter().map(count).sum::<usize>();
        let summary = Summary {
            sources,
            lines: compiled(|compilation| compilation.lines),
            statements: compiled(|compilation| compilation.statements),
            dbds: self.dbds.len(),
            psbs: self.psbs.len(),
            acbs: self.dmbs.len() + self.psb_blocks.len(),
            segments: self.dbds.values().map(|dbd| dbd.segment_count()).sum(),
            fields: self.dbds.values().map(|dbd| dbd.field_count()).sum(),
            rejected: compiled(|compilation| compilation.rejected_count) + self.rejected,
        };
        let Self { findings, dbds, psbs, dmbs, psb_blocks, .. } = self;
        Report { findings, summary, dbds, psbs, dmbs, psb_blocks }
    }
}

impl Report {
    /// 0 when all is well, 4 with warnings, 8 when something was rejected, 12 when no source was given.
    pub fn return_code(&self) -> u8 {
        if self.summary.sources == 0 {
            return NOTHING_TO_DO;
        }
        self.findings.iter().map(|finding| finding.severity().return_code()).max().unwrap_or(0)
    }

    /// How many findings are this bad.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity() == severity).count()
    }

    /// The findings, each with its source line, and the summary, for people.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for finding in &self.findings {
            // Writing to a string can't fail.
            let _ = writeln!(text, "{}\n", finding.render());
        }
        let summary = &self.summary;
        let (errors, warnings) = (self.count(Severity::Error), self.count(Severity::Warning));
        let _ = writeln!(
            text,
            "{} sources, {} lines, {} statements: {} errors, {} warnings",
            summary.sources, summary.lines, summary.statements, errors, warnings
        );
        let _ = writeln!(
            text,
            "{} DBDs with {} segments and {} fields, {} PSBs, {} ACBs built, {} rejected",
            summary.dbds, summary.segments, summary.fields, summary.psbs, summary.acbs, summary.rejected
        );
        let _ = writeln!(text, "return code {}", self.return_code());
        text
    }

    /// The same for programs: `return_code`, `summary`, `findings`.
    pub fn to_json(&self) -> String {
        let findings: Vec<serde_json::Value> = self.findings.iter().map(finding_json).collect();
        let report = serde_json::json!({
            "return_code": self.return_code(),
            "summary": self.summary,
            "findings": findings,
        });
        format!("{report:#}")
    }
}

fn finding_json(finding: &Finding) -> serde_json::Value {
    let origin = finding.origin.as_ref();
    serde_json::json!({
        "number": finding.number(),
        "severity": finding.severity(),
        "text": finding.message.text(),
        "file": origin.map(|origin| &origin.file),
        "line": origin.map(|origin| origin.line),
        "column": origin.map(|origin| origin.column),
        "width": origin.map(|origin| origin.width),
        "source_line": origin.map(|origin| &origin.source_line),
        "hint": finding.hint,
    })
}
