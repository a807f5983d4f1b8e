//! What `ims acbgen` prints: all sources compiled, all ACBs built against each other, and what came of it.

use crate::acb::{Dmb, Library, PsbBlock, build_dmb_with_findings, build_psb_with_findings, check_library};
use crate::cards::{Members, Source, not_copied};
use crate::compiler::{Compilation, compile_source};
use crate::ddl::{Change, DdlCompilation, Known, Options, Outcome, compile_ddl_source, is_ddl};
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
    /// The physical databases that could be built.
    pub dmbs: BTreeMap<DbdName, Dmb>,
    /// The logical databases whose sources could be resolved. They are parts of PSBs, and no ACBs of their own.
    pub logical_structures: BTreeMap<DbdName, Dmb>,
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
    /// ACBs built: a DMB for each physical database but GSAM, a block for each PSB.
    pub acbs: usize,
    /// Segments of the DBDs.
    pub segments: usize,
    /// Fields of the DBDs.
    pub fields: usize,
    /// Definitions that were not compiled, and ACBs that were not built.
    pub rejected: usize,
}

/// Compiles every input and builds every ACB. Findings about one definition never keep another out. An input that
/// another one copies is a part of that one, and is not compiled by itself.
pub fn generate(inputs: &[Input<'_>]) -> Report {
    let mut generation = Generation::of(inputs);
    generation.build();
    generation.into_report(inputs.len())
}

/// The sources compiled, and what was found.
#[derive(Default)]
pub(crate) struct Generation {
    findings: Vec<Finding>,
    compiled: Vec<Compiled>,
    dbds: BTreeMap<DbdName, Arc<Dbd>>,
    psbs: BTreeMap<PsbName, Arc<Psb>>,
    dmbs: BTreeMap<DbdName, Dmb>,
    logical_structures: BTreeMap<DbdName, Dmb>,
    psb_blocks: BTreeMap<PsbName, PsbBlock>,
    /// The definitions that ACBs could not be built of.
    rejected: usize,
}

/// What is kept of a source that was compiled.
enum Compiled {
    Macros(Compilation),
    Ddl(DdlCompilation),
}

impl Compiled {
    fn locate(&self, findings: &mut [Finding]) {
        match self {
            Self::Macros(compilation) => compilation.locate(findings),
            Self::Ddl(compilation) => compilation.locate(findings),
        }
    }

    fn lines(&self) -> usize {
        match self {
            Self::Macros(compilation) => compilation.lines,
            Self::Ddl(compilation) => compilation.lines,
        }
    }

    fn statements(&self) -> usize {
        match self {
            Self::Macros(compilation) => compilation.statements,
            Self::Ddl(compilation) => compilation.statements,
        }
    }

    /// The names of definitions that had an error.
    fn rejected(&self) -> Vec<ResourceName> {
        match self {
            Self::Macros(compilation) => compilation.rejected.clone(),
            Self::Ddl(compilation) => {
                let refused = compilation.units.iter().filter(|unit| unit.outcome == Outcome::Refused);
                refused.flat_map(|unit| unit.touched.iter().copied()).collect()
            }
        }
    }

    fn rejected_count(&self) -> usize {
        match self {
            Self::Macros(compilation) => compilation.rejected_count,
            Self::Ddl(_) => self.rejected().len(),
        }
    }
}

/// The definitions given, each DBD under all of its names.
pub(crate) struct Given<'a> {
    dbds: &'a BTreeMap<DbdName, Arc<Dbd>>,
    psbs: &'a BTreeMap<PsbName, Arc<Psb>>,
    shared: BTreeMap<DbdName, Arc<Dbd>>,
}

impl<'a> Given<'a> {
    pub(crate) fn of(dbds: &'a BTreeMap<DbdName, Arc<Dbd>>, psbs: &'a BTreeMap<PsbName, Arc<Psb>>) -> Self {
        let shared =
            dbds.values().flat_map(|dbd| dbd.shared_names.iter().map(|name| (*name, Arc::clone(dbd))));
        Self { dbds, psbs, shared: shared.collect() }
    }
}

impl Library for Given<'_> {
    fn dbd(&self, name: &DbdName) -> Option<Arc<Dbd>> {
        self.dbds.get(name).or_else(|| self.shared.get(name)).cloned()
    }
}

impl Known for Given<'_> {
    fn psb(&self, name: &PsbName) -> Option<Arc<Psb>> {
        self.psbs.get(name).cloned()
    }
}

impl Generation {
    /// Compiles every input but those that another one copies.
    pub(crate) fn of(inputs: &[Input<'_>]) -> Self {
        let sources: Vec<Arc<Source>> =
            inputs.iter().map(|input| Arc::new(Source::new(input.name, input.bytes))).collect();
        let members = Members::of(sources.iter().cloned());
        let mut generation = Self::default();
        for source in not_copied(&sources) {
            generation.compile(source, &members);
        }
        generation
    }

    /// The definitions without an error of their own.
    pub(crate) fn definitions(&self) -> (BTreeMap<DbdName, Arc<Dbd>>, BTreeMap<PsbName, Arc<Psb>>) {
        (self.dbds.clone(), self.psbs.clone())
    }

    /// How many definitions had an error.
    pub(crate) fn rejected_sources(&self) -> usize {
        self.compiled.iter().map(Compiled::rejected_count).sum()
    }

    /// Everything found.
    pub(crate) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    fn compile(&mut self, source: Arc<Source>, members: &Members) {
        if is_ddl(&source) {
            return self.compile_ddl(&source);
        }
        let mut compilation = compile_source(source, members);
        self.findings.append(&mut compilation.findings);
        let definitions = std::mem::take(&mut compilation.definitions);
        self.compiled.push(Compiled::Macros(compilation));
        for definition in definitions {
            let name = definition.name();
            if self.insert(definition) {
                self.report_repeated(name);
            }
        }
    }

    /// DDL changes what the sources before it have defined.
    fn compile_ddl(&mut self, source: &Arc<Source>) {
        let known = Given::of(&self.dbds, &self.psbs);
        let mut compilation = compile_ddl_source(source, &known, Options::default());
        self.findings.append(&mut compilation.findings);
        let changes: Vec<Change> =
            compilation.units.iter_mut().flat_map(|unit| std::mem::take(&mut unit.changes)).collect();
        self.compiled.push(Compiled::Ddl(compilation));
        for change in changes {
            match change {
                Change::Create(definition) | Change::Replace(definition) => {
                    self.insert(definition);
                }
                Change::Drop(ResourceName::Dbd(name)) => {
                    self.dbds.remove(&name);
                }
                Change::Drop(ResourceName::Psb(name)) => {
                    self.psbs.remove(&name);
                }
            }
        }
    }

    /// Whether there was one of this name.
    fn insert(&mut self, definition: Definition) -> bool {
        match definition {
            Definition::Dbd(dbd) => self.dbds.insert(dbd.name, Arc::new(dbd)).is_some(),
            Definition::Psb(psb) => self.psbs.insert(psb.name, Arc::new(psb)).is_some(),
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
        let (dbds, psbs) = self.definitions();
        let library = Given::of(&dbds, &psbs);
        for (name, dbd) in dbds.iter().filter(|(_, dbd)| dbd.access != Access::Gsam) {
            let (dmb, findings) = build_dmb_with_findings(dbd, &library);
            self.rejected += usize::from(dmb.is_none());
            let kept =
                if dbd.access == Access::Logical { &mut self.logical_structures } else { &mut self.dmbs };
            kept.extend(dmb.map(|dmb| (*name, dmb)));
            self.locate_and_add(findings);
        }
        for (name, psb) in &psbs {
            let (block, findings) = build_psb_with_findings(psb, &library);
            self.rejected += usize::from(block.is_none());
            self.psb_blocks.extend(block.map(|block| (*name, block)));
            self.locate_and_add(findings);
        }
        self.locate_and_add(check_library(dbds.values().map(Arc::as_ref)));
    }

    /// The place of a definition is in the last source that has it.
    pub(crate) fn locate_and_add(&mut self, mut findings: Vec<Finding>) {
        for compiled in self.compiled.iter().rev() {
            compiled.locate(&mut findings);
        }
        for finding in findings.iter_mut().filter(|finding| finding.number() == DFS0586I.number) {
            self.explain_missing(finding);
        }
        self.findings.append(&mut findings);
    }

    /// A definition that was given with errors is missing for another reason than one that was not given.
    fn explain_missing(&self, finding: &mut Finding) {
        let text = finding.message.text();
        let mut rejected = self.compiled.iter().flat_map(Compiled::rejected);
        if let Some(name) = rejected.find(|name| text.starts_with(&format!("{name} "))) {
            finding.hint(format!("{name} was given, and has errors"));
        }
    }

    fn into_report(self, sources: usize) -> Report {
        let compiled = |count: fn(&Compiled) -> usize| self.compiled.iter().map(count).sum::<usize>();
        let summary = Summary {
            sources,
            lines: compiled(Compiled::lines),
            statements: compiled(Compiled::statements),
            dbds: self.dbds.len(),
            psbs: self.psbs.len(),
            acbs: self.dmbs.len() + self.psb_blocks.len(),
            segments: self.dbds.values().map(|dbd| dbd.segment_count()).sum(),
            fields: self.dbds.values().map(|dbd| dbd.field_count()).sum(),
            rejected: self.rejected_sources() + self.rejected,
        };
        let Self { findings, dbds, psbs, dmbs, logical_structures, psb_blocks, .. } = self;
        Report { findings, summary, dbds, psbs, dmbs, logical_structures, psb_blocks }
    }
}

impl Report {
    /// 0 when all is well, 4 with warnings, 8 when something was rejected, 12 when no source was given.
    pub fn return_code(&self) -> u8 {
        return_code(self.summary.sources, &self.findings)
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

/// As the worst finding has it; 12 where no source was given.
pub(crate) fn return_code(sources: usize, findings: &[Finding]) -> u8 {
    match sources {
        0 => NOTHING_TO_DO,
        _ => findings.iter().map(|finding| finding.severity().return_code()).max().unwrap_or(0),
    }
}

/// A finding for programs.
pub(crate) fn finding_json(finding: &Finding) -> serde_json::Value {
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
