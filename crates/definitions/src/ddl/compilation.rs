//! A DDL source compiled: its units of work and what was found.

use super::lexer::Tokens;
use super::statement::VERBS;
use super::units::Session;
use crate::acb::Library;
use crate::cards::Source;
use crate::finding::{Finding, Findings};
use crate::model::Definition;
use crate::model::dbd::Dbd;
use crate::model::psb::Psb;
use crate::origin::Origins;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use vocabulary::{DbdName, PsbName, ResourceName};

/// The definitions that there are before the first statement.
pub trait Known: Library {
    /// The PSB of this name.
    fn psb(&self, name: &PsbName) -> Option<Arc<Psb>>;
}

impl Known for BTreeMap<DbdName, Arc<Dbd>> {
    fn psb(&self, _: &PsbName) -> Option<Arc<Psb>> {
        None
    }
}

/// How DDL is to be carried out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// AUTOCOMMIT: what follows the last COMMIT DDL is committed, and not rolled back.
    pub auto_commit: bool,
}

/// What a DDL source gave.
#[derive(Debug, Clone)]
pub struct DdlCompilation {
    /// The units of work, in the order of the source.
    pub units: Vec<Unit>,
    /// Everything found, in the order of the source.
    pub findings: Vec<Finding>,
    /// How many statements were read.
    pub statements: usize,
    /// How many lines the source has.
    pub lines: usize,
    pub(crate) origins: Origins,
}

impl DdlCompilation {
    /// Gives the findings of an ACB check their places, as far as they speak of definitions of this source.
    pub fn locate(&self, findings: &mut [Finding]) {
        for finding in findings.iter_mut().filter(|finding| finding.origin.is_none()) {
            self.origins.locate(finding);
            super::hints::speak_ddl(finding);
        }
    }
}

/// One unit of work.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// How it ended.
    pub outcome: Outcome,
    /// What it changes, in the order in which it touched it first. Empty unless it was committed.
    pub changes: Vec<Change>,
    /// The databases and program views that it touched.
    pub touched: Vec<ResourceName>,
    /// How many statements it has, with the one that ends it.
    pub statements: usize,
    /// The line of its first statement, counted from 1.
    pub line: u32,
    /// The line of the end of its last statement.
    pub last_line: u32,
}

/// How a unit of work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Its changes are to be made.
    Committed,
    /// It asked for that itself, or never asked for anything else.
    RolledBack,
    /// It was to be committed, and has an error.
    Refused,
}

/// One definition that a unit of work changes.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It is new.
    Create(Definition),
    /// It takes the place of the one that there was.
    Replace(Definition),
    /// There is none any more.
    Drop(ResourceName),
}

impl Change {
    /// What it changes.
    pub fn name(&self) -> ResourceName {
        match self {
            Self::Create(definition) | Self::Replace(definition) => definition.name(),
            Self::Drop(name) => *name,
        }
    }
}

/// Whether a source is DDL: by the extension of its name, or because a statement of DDL is the first thing in it, or
/// because it commits a unit of work.
pub(crate) fn is_ddl(source: &Source) -> bool {
    let extension = source.name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if ["ddl", "sql"].iter().any(|known| known.eq_ignore_ascii_case(extension)) {
        return true;
    }
    let mut lines = (1..=source.line_count()).map(|line| source.line(line).trim());
    let first = lines.find(|line| !line.is_empty()).unwrap_or_default();
    let word = first.split(|character: char| !character.is_ascii_alphabetic()).next().unwrap_or_default();
    let begins = first.starts_with("/*") || VERBS.iter().any(|verb| verb.eq_ignore_ascii_case(word));
    begins || lines.any(|line| line.get(..10).is_some_and(|start| start.eq_ignore_ascii_case("COMMIT DDL")))
}

/// Whether a file is DDL, and no macro source: see the extension of its name, or what it begins with.
pub fn is_ddl_file(file_name: &str, bytes: &[u8]) -> bool {
    is_ddl(&Source::new(file_name, bytes))
}

/// Compiles DDL against the definitions that there are. Every input has a result; what is wrong is in the findings.
pub fn compile_ddl(file_name: &str, bytes: &[u8], known: &dyn Known, options: Options) -> DdlCompilation {
    compile_ddl_source(&Arc::new(Source::new(file_name, bytes)), known, options)
}

pub(crate) fn compile_ddl_source(
    source: &Arc<Source>,
    known: &dyn Known,
    options: Options,
) -> DdlCompilation {
    let mut findings = Findings::new(Arc::clone(source));
    let tokens = Tokens::read(source, &mut findings);
    let mut session = Session::new(Arc::clone(source), known, findings);
    let statements = session.run(&tokens);
    session.end(source, options);
    let mut findings = session.findings.into_sorted();
    findings.iter_mut().for_each(super::hints::speak_ddl);
    DdlCompilation {
        units: session.units,
        findings: without_repetitions(findings),
        statements,
        lines: source.line_count() as usize,
        origins: session.origins,
    }
}

/// A database that several units change is judged in each, and what is told of it once is enough.
fn without_repetitions(findings: Vec<Finding>) -> Vec<Finding> {
    let mut told = BTreeSet::new();
    let key = |finding: &Finding| {
        let origin = finding.origin.as_ref().map(|origin| (origin.line, origin.column));
        (origin, finding.number(), finding.message.text())
    };
    findings.into_iter().filter(|finding| told.insert(key(finding))).collect()
}
