//! DDL compiled against a catalog: units of work whose definitions stand on each other, and whose blocks can be built.

use super::definitions::{Before, Definitions};
use catalog::{Catalog, NewInstance};
use csl::envelope::{DdlOptions, SourceFile};
use definitions::ddl::{Change, DdlCompilation, Options, Outcome, Unit, compile_ddl};
use definitions::model::dbd::{Access, Dbd};
use definitions::{Definition, Finding};
use std::collections::BTreeSet;
use vocabulary::message::{DDL117, DFS4324E};
use vocabulary::{DbdName, InstanceStamp, Moment, ResourceName, Severity};

/// How many findings a job tells. Whoever has more of them has another kind of file.
const FINDINGS_MAX: usize = 500;
/// How many lines VERBOSE repeats of a job.
const REPEATED_LINES_MAX: usize = 20_000;

/// What a job is to carry out.
#[derive(Debug)]
pub(crate) struct DdlSource {
    pub(super) sources: Vec<SourceFile>,
    pub(super) options: DdlOptions,
    /// AUTOIMPORT(CREATE), and AUTOCREATE.
    pub(super) auto_import: bool,
    pub(super) auto_create: bool,
    /// When the job began.
    pub(super) since: Moment,
}

/// What it comes to beside a catalog.
#[derive(Debug)]
pub(crate) struct DdlCompiled {
    /// In case it has to be compiled again.
    pub(super) source: DdlSource,
    /// The version of the staging data set that it is about.
    pub(super) staging_version: u64,
    pub(super) units: Vec<ReadyUnit>,
    /// What was found and, with VERBOSE, what was read, line by line.
    pub(super) lines: Vec<String>,
    pub(super) worst: Option<Severity>,
}

/// A unit of work that was read.
#[derive(Debug, Clone)]
pub(super) struct ReadyUnit {
    /// Counted from 1 over all sources.
    pub(super) number: usize,
    pub(super) fate: Fate,
    /// What it changes. Empty unless it is to be committed.
    pub(super) changes: Vec<UnitChange>,
    /// What it touched and left as it was.
    pub(super) unchanged: Vec<ResourceName>,
    /// What it was about.
    pub(super) touched: Vec<ResourceName>,
    pub(super) activation: Activation,
}

/// Whether a unit is activated when it is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Activation {
    /// Nobody asks for that.
    Unwanted,
    /// It is.
    AtOnce,
    /// It can't be, because it stands on what waits for an IMPORT.
    NotYet,
}

/// What is to become of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Commit,
    RolledBack,
    Refused,
}

/// One definition that a unit changes.
#[derive(Debug, Clone)]
pub(super) struct UnitChange {
    pub(super) action: &'static str,
    pub(super) instance: NewInstance,
}

impl DdlSource {
    pub(crate) fn compile(self, catalog: &Catalog) -> DdlCompiled {
        let mut compiler = Compiler {
            catalog,
            source: &self,
            definitions: Definitions::coming(catalog),
            directory: Definitions::active(catalog),
            refused: BTreeSet::new(),
            stamp: InstanceStamp::at(self.since),
            told: 0,
            repeated: 0,
            units: Vec::new(),
            lines: Vec::new(),
            worst: None,
        };
        self.sources.iter().for_each(|source| compiler.source(source));
        let Compiler { units, lines, worst, .. } = compiler;
        DdlCompiled { source: self, staging_version: catalog.staging_version(), units, lines, worst }
    }
}

struct Compiler<'a> {
    catalog: &'a Catalog,
    source: &'a DdlSource,
    /// What the directory will have.
    definitions: Definitions<'a>,
    /// What it has, with what units before have activated.
    directory: Definitions<'a>,
    /// What units touched that were refused here.
    refused: BTreeSet<ResourceName>,
    /// The instance that the next unit makes, unless something has a later one.
    stamp: InstanceStamp,
    told: usize,
    repeated: usize,
    units: Vec<ReadyUnit>,
    lines: Vec<String>,
    worst: Option<Severity>,
}

impl Compiler<'_> {
    fn source(&mut self, source: &SourceFile) {
        let options = self.source.options;
        let mut compilation = compile_ddl(
            &source.name,
            &source.bytes,
            &self.definitions,
            Options { auto_commit: options.auto_commit },
        );
        self.tell(&compilation.findings);
        for unit in std::mem::take(&mut compilation.units) {
            if options.verbose {
                self.repeat(source, &unit);
            }
            self.unit(source, &compilation, unit);
        }
    }

    fn tell(&mut self, findings: &[Finding]) {
        for finding in findings {
            self.tell_one(finding.severity(), &finding.render());
        }
    }

    fn tell_one(&mut self, severity: Severity, text: &str) {
        self.worst = self.worst.max(Some(severity));
        self.told += 1;
        match self.told {
            ..=FINDINGS_MAX => self.lines.extend(text.lines().map(str::to_string)),
            told if told == FINDINGS_MAX + 1 => {
                self.lines.push(format!("there are more than {FINDINGS_MAX} findings; these come first"));
            }
            _ => {}
        }
    }

    /// What is wrong with the block of a definition. Where that is not one of the source, it is named.
    fn tell_of_block(&mut self, name: ResourceName, findings: &[Finding]) {
        for finding in findings {
            match finding.origin {
                Some(_) => self.tell_one(finding.severity(), &finding.render()),
                None => self.tell_one(finding.severity(), &format!("{name}: {}", finding.render())),
            }
        }
    }

    /// VERBOSE: the text of the unit, under the number that it has in messages.
    fn repeat(&mut self, source: &SourceFile, unit: &Unit) {
        let Ok(text) = std::str::from_utf8(&source.bytes) else {
            return self
                .lines
                .push(format!("{} is no text in ASCII or UTF-8, and is not repeated", source.name));
        };
        let count = (unit.last_line + 1).saturating_sub(unit.line) as usize;
        let room = REPEATED_LINES_MAX.saturating_sub(self.repeated);
        self.lines.push(format!("unit {}: {}:{}", self.units.len() + 1, source.name, unit.line));
        let lines = text.lines().zip(1u32..).skip(unit.line.saturating_sub(1) as usize).take(count.min(room));
        self.lines.extend(lines.map(|(line, number)| format!("{number:>6} | {}", line.trim_end())));
        if count > room {
            self.lines.push(format!("{} more lines of it are not repeated", count - room));
        }
        self.repeated += count;
    }

    fn unit(&mut self, source: &SourceFile, compilation: &DdlCompilation, unit: Unit) {
        let mut ready = ReadyUnit {
            number: self.units.len() + 1,
            fate: match unit.outcome {
                Outcome::Committed => Fate::Commit,
                Outcome::RolledBack => Fate::RolledBack,
                Outcome::Refused => Fate::Refused,
            },
            changes: Vec::new(),
            unchanged: Vec::new(),
            touched: unit.touched,
            activation: Activation::Unwanted,
        };
        if ready.fate == Fate::Commit {
            let wrong = match self.stands_on_refused(&ready.touched) {
                Some(name) => self.tell_refused(source, unit.line, name),
                None => self.commit(compilation, unit.changes, &mut ready),
            };
            if wrong {
                ready.fate = Fate::Refused;
            }
        }
        if ready.fate == Fate::Refused {
            self.refused.extend(&ready.touched);
        }
        self.units.push(ready);
    }

    fn stands_on_refused(&self, touched: &[ResourceName]) -> Option<ResourceName> {
        touched.iter().find(|name| self.refused.contains(name)).copied()
    }

    fn tell_refused(&mut self, source: &SourceFile, line: u32, name: ResourceName) -> bool {
        let text = format!("{}\n --> {}:{line}:1", DDL117.with(&[&name]), source.name);
        self.tell_one(Severity::Error, &text);
        true
    }

    /// Makes the changes of a unit, unless something could not be built any more; whether that is so.
    fn commit(&mut self, compilation: &DdlCompilation, changes: Vec<Change>, ready: &mut ReadyUnit) -> bool {
        let (same, changes): (Vec<_>, Vec<_>) =
            changes.into_iter().partition(|change| self.definitions.has(change));
        let before: Vec<Before> = changes.iter().map(|change| self.definitions.make(change)).collect();
        if self.cannot_be_built(compilation, &changes) {
            before.into_iter().rev().for_each(|before| self.definitions.restore(before));
            return true;
        }
        let stamp = self.next_stamp(&changes);
        ready.activation = self.activation_of(&changes);
        ready.unchanged = same.iter().map(Change::name).collect();
        ready.changes = changes.into_iter().map(|change| unit_change(change, stamp)).collect();
        false
    }

    /// Tells of every definition that the changes leave without a block: of their own, and of those that use them.
    fn cannot_be_built(&mut self, compilation: &DdlCompilation, changes: &[Change]) -> bool {
        let dbds: BTreeSet<DbdName> = changes.iter().filter_map(dbd_of).collect();
        let dropped: BTreeSet<DbdName> =
            changes.iter().filter(|change| is_drop(change)).filter_map(dbd_of).collect();
        let users = self.definitions.users_of(&dbds);
        let mut wrong = false;
        for (user, named) in &users {
            for dbd in named.intersection(&dropped) {
                let text = DFS4324E.with(&[user, &ResourceName::Dbd(*dbd)]).to_string();
                self.tell_one(Severity::Error, &text);
                wrong = true;
            }
        }
        let own = changes.iter().map(Change::name);
        let affected: BTreeSet<ResourceName> = own.chain(users.keys().copied()).collect();
        for name in affected {
            // What names a dropped database was told of already.
            if users.get(&name).is_some_and(|named| !named.is_disjoint(&dropped)) {
                continue;
            }
            let mut findings = self.definitions.findings_of(name);
            compilation.locate(&mut findings);
            wrong |= !findings.is_empty();
            self.tell_of_block(name, &findings);
        }
        wrong
    }

    /// Whether the changes are activated at once. The directory then has them for the units behind.
    fn activation_of(&mut self, changes: &[Change]) -> Activation {
        if changes.is_empty() || !self.wants_activation(changes) {
            return Activation::Unwanted;
        }
        let before: Vec<Before> = changes.iter().map(|change| self.directory.make(change)).collect();
        let dbds = changes.iter().filter_map(dbd_of).collect();
        let users = self.directory.users_of(&dbds);
        let mut affected = changes.iter().map(Change::name).chain(users.keys().copied());
        if affected.all(|name| self.directory.findings_of(name).is_empty()) {
            return Activation::AtOnce;
        }
        before.into_iter().rev().for_each(|before| self.directory.restore(before));
        Activation::NotYet
    }

    fn wants_activation(&self, changes: &[Change]) -> bool {
        let is_new = |change: &Change| !self.directory.contains(change.name());
        // What was never active is just not staged any more.
        if changes.iter().all(|change| is_drop(change) && is_new(change)) {
            return false;
        }
        let all_new = changes.iter().all(|change| !is_drop(change) && is_new(change));
        let views_alone = changes.iter().all(|change| !is_drop(change) && dbd_of(change).is_none());
        // AUTOIMPORT(CREATE) is not for the secondary indexes of fast path.
        let has_fast_path_index = changes.iter().any(|change| defines(change, |dbd| dbd.fast_path_index));
        let is_dedb = |dbd: &Dbd| dbd.access == Access::Dedb;
        let dedbs_alone = changes.iter().all(|change| dbd_of(change).is_none() || defines(change, is_dedb));
        self.source.options.auto_activate
            || (self.source.options.program_views && views_alone)
            || (self.source.auto_import && all_new && !has_fast_path_index)
            || (self.source.auto_create && all_new && dedbs_alone)
    }

    /// A timestamp that is later than every instance of what changes, although clocks differ from master to master and
    /// two units may fall into the same hundredth of a second.
    fn next_stamp(&mut self, changes: &[Change]) -> InstanceStamp {
        let records = changes.iter().filter_map(|change| self.catalog.record(&change.name()));
        let latest =
            records.filter_map(|record| record.instances().next_back()).map(|(stamp, _, _)| stamp).max();
        let stamp = latest.map_or(self.stamp, |latest| self.stamp.max(latest.next()));
        self.stamp = stamp.next();
        stamp
    }
}

fn dbd_of(change: &Change) -> Option<DbdName> {
    match change.name() {
        ResourceName::Dbd(name) => Some(name),
        ResourceName::Psb(_) => None,
    }
}

fn is_drop(change: &Change) -> bool {
    matches!(change, Change::Drop(_))
}

/// Whether it defines such a database.
fn defines(change: &Change, such: impl Fn(&Dbd) -> bool) -> bool {
    match change {
        Change::Create(Definition::Dbd(dbd)) | Change::Replace(Definition::Dbd(dbd)) => such(dbd),
        _ => false,
    }
}

fn unit_change(change: Change, stamp: InstanceStamp) -> UnitChange {
    let (action, instance) = match change {
        Change::Create(definition) => ("CREATE", NewInstance::of(&definition, stamp)),
        Change::Replace(definition) => ("REPLACE", NewInstance::of(&definition, stamp)),
        Change::Drop(name) => ("DROP", NewInstance::drop_of(name, stamp)),
    };
    UnitChange { action, instance }
}
