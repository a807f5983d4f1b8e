//! What the generators and ACBGEN find: source is compiled, and every block built from the job and the catalog together.

use crate::library::CatalogLibrary;
use catalog::{Catalog, NewInstance};
use csl::envelope::SourceFile;
use definitions::ddl::is_ddl_file;
use definitions::{Compilation, Definition, Finding, acb};
use std::sync::Arc;
use vocabulary::message::CARD029;
use vocabulary::{InstanceStamp, Moment, ResourceName, Severity};

/// What is wrong, and with what.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// What generators and checks say, line by line.
    pub(super) lines: Vec<String>,
    pub(super) worst: Option<Severity>,
    pub(super) rejected_count: usize,
    /// Those whose names are known.
    pub(super) rejected: Vec<ResourceName>,
}

impl Found {
    fn tell(&mut self, findings: &[Finding]) {
        for finding in findings {
            self.worst = self.worst.max(Some(finding.severity()));
            self.lines.extend(finding.render().lines().map(str::to_string));
        }
    }

    fn tell_of_ddl(&mut self, file_name: &str) {
        self.worst = self.worst.max(Some(Severity::Error));
        self.lines.push(CARD029.with(&[&file_name]).to_string());
        self.rejected_count += 1;
    }

    pub(super) fn add(&mut self, other: Self) {
        self.lines.extend(other.lines);
        self.worst = self.worst.max(other.worst);
        self.rejected_count += other.rejected_count;
        self.rejected.extend(other.rejected);
    }
}

/// What the sources of a job gave.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(super) compilations: Vec<Compilation>,
    pub(super) found: Found,
}

impl Compiled {
    pub(crate) fn of(sources: &[SourceFile]) -> Self {
        let files = sources.iter().map(|source| (source.name.as_str(), &source.bytes[..]));
        let (ddl, macros): (Vec<_>, Vec<_>) = files.partition(|(name, bytes)| is_ddl_file(name, bytes));
        let mut compiled =
            Self { compilations: definitions::compile_together(macros), found: Found::default() };
        ddl.into_iter().for_each(|(name, _)| compiled.found.tell_of_ddl(name));
        for compilation in &compiled.compilations {
            compiled.found.rejected_count += compilation.rejected_count;
            compiled.found.rejected.extend(&compilation.rejected);
            compiled.found.tell(&compilation.findings);
        }
        compiled
    }
}

/// All that a job gave, to be checked.
#[derive(Debug)]
pub(crate) struct Gathered {
    pub(super) compilations: Vec<Compilation>,
    /// The instance that its definitions become, where its operator says.
    pub(super) stamp: Option<InstanceStamp>,
    /// When the job began.
    pub(super) since: Moment,
}

/// What a check came to.
#[derive(Debug)]
pub(crate) struct Checked {
    /// The version of the staging data set that it is about.
    pub(super) staging_version: u64,
    /// The definitions whose blocks can be built.
    pub(super) instances: Vec<NewInstance>,
    pub(super) found: Found,
    /// What was checked, in case it has to be checked again.
    pub(super) gathered: Gathered,
}

impl Gathered {
    /// Makes instances of what can be built from the job and the catalog together.
    pub(crate) fn check(self, catalog: &Catalog) -> Checked {
        let compiled = self.compilations.iter().flat_map(|compilation| &compilation.definitions).collect();
        let (sound, wrong) = sound_and_wrong(compiled, catalog);
        let mut found = Found::default();
        for (name, mut findings) in wrong {
            self.compilations.iter().for_each(|compilation| compilation.locate(&mut findings));
            found.tell(&findings);
            found.rejected.push(name);
            found.rejected_count += 1;
        }
        let stamp = self.stamp.unwrap_or_else(|| self.new_stamp(&sound, catalog));
        Checked {
            staging_version: catalog.staging_version(),
            instances: sound.into_iter().map(|definition| NewInstance::of(definition, stamp)).collect(),
            found,
            gathered: self,
        }
    }

    /// A timestamp that is later than every instance of these names, although clocks differ from master to master,
    /// and two jobs may fall into the same hundredth of a second.
    fn new_stamp(&self, definitions: &[&Definition], catalog: &Catalog) -> InstanceStamp {
        let latest = definitions
            .iter()
            .filter_map(|definition| catalog.record(&definition.name()))
            .filter_map(|record| record.instances().next_back().map(|(stamp, _, _)| stamp))
            .max();
        let now = InstanceStamp::at(self.since);
        latest.map_or(now, |latest| now.max(latest.next()))
    }
}

type Wrong = Vec<(ResourceName, Vec<Finding>)>;

/// Parts the definitions whose blocks can be built from those whose blocks can't, and from those that name one of these.
fn sound_and_wrong<'a>(compiled: Vec<&'a Definition>, catalog: &Catalog) -> (Vec<&'a Definition>, Wrong) {
    let (mut sound, mut wrong) = (compiled, Wrong::new());
    loop {
        let before = wrong.len();
        let definitions = std::mem::take(&mut sound);
        let findings = findings_of(&definitions, catalog);
        for (definition, findings) in definitions.into_iter().zip(findings) {
            match findings {
                None => sound.push(definition),
                Some(findings) => wrong.push((definition.name(), findings)),
            }
        }
        if wrong.len() == before {
            return (sound, wrong);
        }
    }
}

fn findings_of(definitions: &[&Definition], catalog: &Catalog) -> Vec<Option<Vec<Finding>>> {
    let dbds = definitions.iter().filter_map(|definition| match definition {
        Definition::Dbd(dbd) => Some(Arc::new(dbd.clone())),
        Definition::Psb(_) => None,
    });
    let library = CatalogLibrary::coming(catalog, dbds);
    let wrong = definitions.iter().map(|definition| match definition {
        Definition::Dbd(dbd) => acb::build_dmb(dbd, &library).err(),
        Definition::Psb(psb) => acb::build_psb(psb, &library).err(),
    });
    wrong.collect()
}
