//! Work that would make a turn too long: it is done elsewhere, and what came of it comes back as an event.
//!
//! A piece of work has everything that it needs, as it was when the work was asked for, and touches nothing else. Its
//! result says which version of the staging data set it is about; whoever asked looks whether that is still the one.

use crate::activation::Verdict;
use crate::ddl::{DdlCompiled, DdlSource};
use crate::populate::{Checked, Compiled, Gathered};
use crate::utility::{Question, Surveyed};
use catalog::Catalog;
use csl::envelope::SourceFile;
use plex::ActivationMode;

/// Names a piece of work, until it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkId(pub u64);

/// A piece of work.
#[derive(Debug)]
pub struct Work(pub(crate) Task);

#[derive(Debug)]
pub(crate) enum Task {
    /// Compile the sources of a populate job.
    Compile(Vec<SourceFile>),
    /// Check what a populate job gathered beside this catalog.
    Check(Gathered, Catalog),
    /// Look whether what this catalog has staged can be imported so.
    Validate(ActivationMode, Catalog),
    /// Look what a utility has to do in this catalog.
    Survey(Question, Catalog),
    /// Compile the DDL of a job beside this catalog.
    Ddl(DdlSource, Catalog),
}

/// What came of a piece of work.
#[derive(Debug)]
pub struct Done(pub(crate) Product);

#[derive(Debug)]
pub(crate) enum Product {
    Compiled(Compiled),
    Checked(Checked),
    Verdict(Verdict),
    Surveyed(Surveyed),
    Ddl(DdlCompiled),
}

impl Work {
    /// Does it. May take seconds.
    pub fn perform(self) -> Done {
        Done(match self.0 {
            Task::Compile(sources) => Product::Compiled(Compiled::of(&sources)),
            Task::Check(gathered, catalog) => Product::Checked(gathered.check(&catalog)),
            Task::Survey(question, catalog) => Product::Surveyed(question.answer(&catalog)),
            Task::Validate(mode, catalog) => Product::Verdict(Verdict::on(&catalog, mode)),
            Task::Ddl(source, catalog) => Product::Ddl(source.compile(&catalog)),
        })
    }
}
